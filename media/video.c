/* Moving pictures in: names to modules, their frames to besra's images and times. */
#include "media/video.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "media/convert.h"
#include "media/video_parts.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Two times are the same when they differ by less: half of a millisecond. */
static const double same_time = 0.0005;

struct video_reader {
    const struct video_module *module;
    struct video_input        *input;
    struct video_host          host;
    struct video_watch         watch;
    struct video_file          file;
    struct video_facts         facts;
    struct video_clock         clock;
    struct video_decoded       decoded; /* the newest, and the one to be read next where `waiting` */
    double                     decoded_time;
    bool                       waiting;
    struct bsr_image           image;
    long long                  number; /* of the next frame */
    char                       why[512];
    char                       title[256]; /* the name as it is shown: without a password */
};

/* ---- what the module asks ---- */

static void *host_alloc(size_t count, size_t size)
{
    return mem_alloc_zeroed(count, size);
}

static bool host_interrupted(void *context)
{
    struct video_reader *reader = context;
    return video_watch_over(&reader->watch);
}

static void host_explain(void *context, const char *why)
{
    struct video_reader *reader = context;
    snprintf(reader->why, sizeof reader->why, "%s", why);
}

static int host_read(void *context, uint8_t *data, int size)
{
    struct video_reader *reader = context;
    return video_file_read(&reader->file, data, size);
}

static int64_t host_seek(void *context, int64_t offset)
{
    struct video_reader *reader = context;
    return video_file_seek(&reader->file, offset);
}

static int64_t host_size(void *context)
{
    struct video_reader *reader = context;
    return video_file_size(&reader->file);
}

/* ---- failures ---- */

/* What a failed call of the module's is to the caller: interrupted and late are known here only. */
static bsr_status explain(struct video_reader *reader, bsr_status status, struct bsr_error *err)
{
    if (atomic_load(&reader->watch.stopped))
        return bsr_fail(err, BSR_ECANCELED, reader->title, "interrupted");
    if (atomic_load(&reader->watch.late))
        return bsr_fail(err, BSR_EIO, reader->title, "nothing came for %g seconds",
                        reader->watch.timeout_ms / 1e3);
    if (status == BSR_ENOMEM)
        return bsr_fail_memory(err, reader->title, 0);
    return bsr_fail(err, status, reader->title, "%s", reader->why[0] ? reader->why : "can't be read");
}

/* "rtsp://user:secret@host/" is shown as "rtsp://host/". */
static void set_title(struct video_reader *reader, const char *source)
{
    const char *host = video_is_url(source) ? strstr(source, "://") + 3 : NULL;
    const char *at = host ? memchr(host, '@', strcspn(host, "/?#")) : NULL;
    if (at)
        snprintf(reader->title, sizeof reader->title, "%.*s%s", (int)(host - source), source, at + 1);
    else
        snprintf(reader->title, sizeof reader->title, "%s",
                 strcmp(source, "-") == 0 ? "standard input" : source);
}

/* ---- frames ---- */

/* Decodes one more frame, which is then waiting; or *end. */
static bsr_status decode_next(struct video_reader *reader, bool *end, long long *damaged,
                              struct bsr_error *err)
{
    struct video_decoded decoded;
    reader->waiting = false;
    bsr_status status = reader->module->next(reader->input, &decoded, end, damaged);
    if (status != BSR_OK || (*end && video_watch_was_over(&reader->watch)))
        return explain(reader, status != BSR_OK ? status : BSR_EIO, err);
    if (*end)
        return BSR_OK;
    if (decoded.width > IMAGE_MAX_SIDE || decoded.height > IMAGE_MAX_SIDE)
        return bsr_fail(err, BSR_ELIMIT, reader->title, "%d x %d pixels, over the limit of %d a side",
                        decoded.width, decoded.height, IMAGE_MAX_SIDE);
    reader->decoded = decoded;
    reader->decoded_time = video_clock_time(&reader->clock, decoded.time);
    reader->waiting = true;
    return BSR_OK;
}

/* Writes the frame that waits into the reader's image, upright. */
static bsr_status take_pixels(struct video_reader *reader, struct bsr_error *err)
{
    const struct video_decoded *decoded = &reader->decoded;
    struct bsr_image           *image = &reader->image;
    bsr_status                  status = BSR_OK;
    if (!image->data || image->width != decoded->width || image->height != decoded->height) {
        image_free(image);
        status = image_alloc(image, decoded->width, decoded->height, 3, 8, err);
    }
    if (status != BSR_OK)
        return status;
    status = reader->module->pixels(reader->input, image->data, image->stride);
    if (status != BSR_OK)
        return explain(reader, status, err);
    return convert_upright(image, decoded->orientation, err);
}

bsr_status video_read(struct video_reader *reader, struct video_frame *out, bool *end, long long *damaged,
                      struct bsr_error *err)
{
    long long  passed_over = 0;
    bool       ended = false;
    bsr_status status = BSR_OK;
    video_watch_begin(&reader->watch);
    if (video_watch_over(&reader->watch))
        return explain(reader, BSR_ECANCELED, err);
    if (!reader->waiting)
        status = decode_next(reader, &ended, &passed_over, err);
    video_watch_end(&reader->watch);
    if (status == BSR_OK && !ended)
        status = take_pixels(reader, err);
    if (damaged)
        *damaged += passed_over;
    if (status != BSR_OK)
        return status;
    *end = ended;
    if (ended)
        return BSR_OK;
    reader->waiting = false;
    *out = (struct video_frame){.image = reader->image,
                                .time = reader->decoded_time,
                                .arrived_ms = reader->decoded.arrived_ms,
                                .number = reader->number++};
    return BSR_OK;
}

/* ---- opening ---- */

static bsr_status open_input(struct video_reader *reader, const char *source,
                             const struct video_options *options, struct bsr_error *err)
{
    char                 device[32];
    enum video_by        by = VIDEO_BY_LIBAV;
    struct video_request request = {.name = source};
    bsr_status           status = BSR_OK;
    if (video_camera(device, source)) {
        status = video_check_camera(device, err);
        if (status != BSR_OK)
            return status;
        request = (struct video_request){.name = device,
                                         .device = true,
                                         .width = options->width,
                                         .height = options->height,
                                         .fps = options->fps};
        memcpy(request.fourcc, options->fourcc, sizeof request.fourcc);
        request.fourcc[4] = '\0';
    } else if (video_is_pipeline(source)) {
        by = VIDEO_BY_GSTREAMER;
    } else if (!video_is_url(source)) {
        status = video_file_open(&reader->file, source, &reader->watch, err);
        reader->host.read = host_read;
        reader->host.seek = reader->file.seekable ? host_seek : NULL;
        reader->host.size = reader->file.seekable ? host_size : NULL;
    }
    if (status == BSR_OK)
        status = video_find_module(&reader->module, by, reader->title, err);
    if (status != BSR_OK)
        return status;
    struct video_found found;
    status = reader->module->open(&reader->input, &found, &request, &reader->host);
    if (status != BSR_OK)
        return explain(reader, status, err);
    struct video_facts *facts = &reader->facts;
    facts->fps = found.fps;
    facts->duration = found.duration;
    facts->live = found.live;
    facts->steady = found.steady;
    memcpy(facts->format, found.format, sizeof facts->format);
    memcpy(facts->codec, found.codec, sizeof facts->codec);
    return BSR_OK;
}

/* The first frame tells how large it is, and that it can be decoded. */
static bsr_status find_first(struct video_reader *reader, struct bsr_error *err)
{
    bool       end = false;
    long long  damaged = 0;
    bsr_status status = decode_next(reader, &end, &damaged, err);
    if (status != BSR_OK)
        return status;
    if (end && damaged && !reader->host.seek && reader->host.read &&
        strcmp(reader->facts.format, "mp4") == 0) {
        bsr_fail(err, BSR_EDECODE, reader->title,
                 "its index is behind its frames, which can't be read again");
        bsr_hint(err, "an .mp4 of this kind can't come through a pipe: name the file, or use an .mkv");
        return BSR_EDECODE;
    }
    if (end && damaged)
        return bsr_fail(err, BSR_EDECODE, reader->title, "there is nothing but damaged frames in it");
    if (end)
        return bsr_fail(err, BSR_EFORMAT, reader->title, "there is no frame in it");
    bool turned = reader->decoded.orientation >= 5;
    reader->facts.width = turned ? reader->decoded.height : reader->decoded.width;
    reader->facts.height = turned ? reader->decoded.width : reader->decoded.height;
    return BSR_OK;
}

bsr_status video_open(struct video_reader **out, const char *source, const struct video_options *options,
                      struct bsr_error *err)
{
    static const struct video_options none;
    struct video_reader              *reader = mem_alloc_zeroed(1, sizeof *reader);
    if (!reader)
        return bsr_fail_memory(err, source, sizeof *reader);
    if (!options)
        options = &none;
    reader->file.fd = -1;
    reader->watch.stop = options->stop;
    reader->watch.timeout_ms = options->timeout_ms;
    reader->host = (struct video_host){.context = reader,
                                       .alloc = host_alloc,
                                       .release = mem_free,
                                       .clock_ms = clock_ms,
                                       .interrupted = host_interrupted,
                                       .explain = host_explain};
    set_title(reader, source);
    video_watch_begin(&reader->watch);
    bsr_status status = video_watch_over(&reader->watch) ? explain(reader, BSR_ECANCELED, err) : BSR_OK;
    if (status == BSR_OK)
        status = open_input(reader, source, options, err);
    reader->clock.nominal = reader->facts.fps > 0 ? 1 / reader->facts.fps : 0.04;
    if (status == BSR_OK)
        status = find_first(reader, err);
    video_watch_end(&reader->watch);
    if (status != BSR_OK) {
        video_close(reader);
        return status;
    }
    *out = reader;
    return BSR_OK;
}

void video_close(struct video_reader *reader)
{
    if (!reader)
        return;
    if (reader->input)
        reader->module->close(reader->input);
    video_file_close(&reader->file);
    image_free(&reader->image);
    mem_free(reader);
}

const struct video_facts *video_facts(const struct video_reader *reader)
{
    return &reader->facts;
}

/* ---- going elsewhere ---- */

/* Decodes from where the module landed to the frame at or behind `time`; *overshot when the very first is
 * behind it already, when there is none at all, or when it doesn't say where it is: from the beginning that
 * is known. */
static bsr_status decode_until(struct video_reader *reader, double time, bool beginning, bool *overshot,
                               struct bsr_error *err)
{
    bool      end = false;
    long long damaged = 0;
    for (long long frames = 0;; frames++) {
        bsr_status status = decode_next(reader, &end, &damaged, err);
        if (status != BSR_OK || end) {
            *overshot = frames == 0;
            return status;
        }
        if (frames == 0 && !beginning && !isfinite(reader->decoded.time)) {
            *overshot = true;
            return BSR_OK;
        }
        if (reader->decoded_time >= time - same_time) {
            *overshot = frames == 0 && reader->decoded_time > time + same_time;
            return BSR_OK;
        }
    }
}

/* Where an index is only nearly right, it is tried from further and further back; at last from the beginning.
 */
static bsr_status find_time(struct video_reader *reader, double time, struct bsr_error *err)
{
    static const double back[] = {0, 2, 10};
    enum { TRIES = sizeof back / sizeof *back };
    bool overshot = true;
    for (size_t i = 0; overshot && i <= TRIES; i++) {
        double from = i < TRIES ? time - back[i] : -INFINITY;
        if (from < 0)
            from = i == 0 ? 0 : -INFINITY;
        bsr_status status =
            reader->module->seek(reader->input, reader->clock.start + from, reader->clock.start + time);
        if (status != BSR_OK)
            return explain(reader, status, err);
        video_clock_jump(&reader->clock);
        overshot = false;
        status = decode_until(reader, time, from < 0, &overshot, err);
        if (status != BSR_OK || from < 0)
            return status;
    }
    return BSR_OK;
}

bsr_status video_seek(struct video_reader *reader, double time, struct bsr_error *err)
{
    video_watch_begin(&reader->watch);
    bsr_status status = find_time(reader, time > 0 ? time : 0, err);
    video_watch_end(&reader->watch);
    if (status != BSR_OK)
        return status;
    double frames = reader->waiting ? reader->decoded_time * reader->facts.fps : 0;
    reader->number = frames < 1e15 ? llround(frames) : 0;
    return BSR_OK;
}
