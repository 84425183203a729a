/* Moving pictures out: a file that plays whatever happens to the program that writes it. */
#include "media/video.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "media/video_index.h"
#include "media/video_parts.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MIN_SIDE = 16, MAX_SIDE = 16384, DEFAULT_QUALITY = 80 };

struct video_writer {
    const struct video_module *module;
    struct video_output       *output;
    struct video_host          host;
    struct video_file          file;
    char                      *path;
    int                        width, height;
    bool                       mp4, begun, failed;
    bool                       some; /* a frame came */
    double                     first;
    int64_t                    ticks; /* of the newest frame */
    char                       why[512];
};

/* ---- what the module asks ---- */

static void *host_alloc(size_t count, size_t size)
{
    return mem_alloc_zeroed(count, size);
}

static bool host_interrupted(void *context)
{
    (void)context;
    return false;
}

static void host_explain(void *context, const char *why)
{
    struct video_writer *writer = context;
    snprintf(writer->why, sizeof writer->why, "%s", why);
}

static int host_write(void *context, const uint8_t *data, int size)
{
    struct video_writer *writer = context;
    return video_file_write(&writer->file, data, size);
}

static int64_t host_seek(void *context, int64_t offset)
{
    struct video_writer *writer = context;
    return video_file_seek(&writer->file, offset);
}

static int64_t host_size(void *context)
{
    struct video_writer *writer = context;
    return video_file_size(&writer->file);
}

static bsr_status explain(struct video_writer *writer, bsr_status status, struct bsr_error *err)
{
    writer->failed = true;
    if (status == BSR_ENOMEM)
        return bsr_fail_memory(err, writer->path, 0);
    return bsr_fail(err, status, writer->path, "%s", writer->why[0] ? writer->why : "can't be written");
}

/* ---- opening ---- */

static const char *format_of(const char *path)
{
    const char *dot = strrchr(path, '.');
    if (dot && strcasecmp(dot, ".mp4") == 0)
        return "mp4";
    return dot && strcasecmp(dot, ".mkv") == 0 ? "matroska" : NULL;
}

static bsr_status check(const char *path, const struct video_writer_options *options, struct bsr_error *err)
{
    struct stat st;
    if (!format_of(path)) {
        bsr_fail(err, BSR_EFORMAT, path, "videos are written as .mp4 and .mkv");
        bsr_hint(err, "end the name with one of them");
        return BSR_EFORMAT;
    }
    if (options->width < MIN_SIDE || options->height < MIN_SIDE || options->width > MAX_SIDE ||
        options->height > MAX_SIDE)
        return bsr_fail(err, BSR_ERANGE, path, "a video of %d x %d can't be written: %d to %d pixels a side",
                        options->width, options->height, MIN_SIDE, MAX_SIDE);
    if (options->quality < 0 || options->quality > 100 || options->threads < 0 || !(options->hold >= 0) ||
        options->hold > 3600)
        return bsr_fail(err, BSR_ERANGE, path, "quality is 1 to 100, seconds to hold are 0 to 3600");
    if (lstat(path, &st) == 0)
        return bsr_fail(err, BSR_EEXIST, path, "exists already");
    return BSR_OK;
}

static bsr_status open_output(struct video_writer *writer, const struct video_writer_options *options,
                              struct bsr_error *err)
{
    bsr_status status = video_find_module(&writer->module, VIDEO_BY_LIBAV, writer->path, err);
    if (status != BSR_OK)
        return status;
    const struct video_encoding encoding = {.format = format_of(writer->path),
                                            .encoder = options->encoder,
                                            .width = options->width & ~1,
                                            .height = options->height & ~1,
                                            .quality = options->quality ? options->quality : DEFAULT_QUALITY,
                                            .threads = options->threads ? options->threads : 1,
                                            .hold = options->hold};
    status = writer->module->create(&writer->output, &encoding, &writer->host);
    return status == BSR_OK ? BSR_OK : explain(writer, status, err);
}

static void destroy(struct video_writer *writer)
{
    if (writer->output)
        writer->module->destroy(writer->output);
    video_file_close(&writer->file);
    if (writer->begun && !writer->some)
        unlink(writer->path); /* no video, and it was us who made it */
    mem_free(writer->path);
    mem_free(writer);
}

bsr_status video_writer_open(struct video_writer **out, const char *path,
                             const struct video_writer_options *options, struct bsr_error *err)
{
    bsr_status status = check(path, options, err);
    if (status != BSR_OK)
        return status;
    struct video_writer *writer = mem_alloc_zeroed(1, sizeof *writer);
    if (!writer)
        return bsr_fail_memory(err, path, sizeof *writer);
    writer->file.fd = -1;
    writer->width = options->width;
    writer->height = options->height;
    writer->mp4 = strcmp(format_of(path), "mp4") == 0;
    writer->host = (struct video_host){.context = writer,
                                       .alloc = host_alloc,
                                       .release = mem_free,
                                       .clock_ms = clock_ms,
                                       .interrupted = host_interrupted,
                                       .explain = host_explain,
                                       .write = host_write,
                                       .seek = host_seek,
                                       .size = host_size};
    writer->path = mem_copy_text(path);
    status = writer->path ? open_output(writer, options, err) : bsr_fail_memory(err, path, strlen(path));
    if (status == BSR_OK && !options->held)
        status = video_writer_begin(writer, err);
    if (status != BSR_OK) {
        destroy(writer);
        return status;
    }
    *out = writer;
    return BSR_OK;
}

const char *video_writer_encoder(const struct video_writer *writer)
{
    return writer->module->encoder(writer->output);
}

/* ---- frames ---- */

bsr_status video_writer_begin(struct video_writer *writer, struct bsr_error *err)
{
    if (writer->begun || writer->failed)
        return BSR_OK;
    bsr_status status = video_file_create(&writer->file, writer->path, err);
    if (status != BSR_OK) {
        writer->failed = true;
        return status;
    }
    writer->begun = true;
    status = writer->module->begin(writer->output);
    return status == BSR_OK ? BSR_OK : explain(writer, status, err);
}

/* Ticks since the first frame; false where that makes no sense: not a number, or centuries. */
static bool to_ticks(int64_t *out, const struct video_writer *writer, double time)
{
    double ticks = (time - writer->first) * VIDEO_TICKS;
    if (!(ticks >= 0 && ticks < 1e15))
        return false;
    *out = llround(ticks);
    return true;
}

bsr_status video_writer_add(struct video_writer *writer, const struct bsr_image *image, double time,
                            struct bsr_error *err)
{
    int64_t ticks;
    if (writer->failed)
        return bsr_fail(err, BSR_EIO, writer->path, "%s", writer->why[0] ? writer->why : "can't be written");
    if (image->width != writer->width || image->height != writer->height || image->channels != 3 ||
        image->depth != 8)
        return bsr_fail(err, BSR_ERANGE, writer->path,
                        "a frame of %d x %d doesn't fit into a video of %d x %d", image->width, image->height,
                        writer->width, writer->height);
    if (!writer->some)
        writer->first = time;
    if (!to_ticks(&ticks, writer, time) || (writer->some && ticks <= writer->ticks))
        return bsr_fail(err, BSR_ERANGE, writer->path, "a frame at %g s can't follow the one before", time);
    bsr_status status = writer->module->add(writer->output, image->data, image->stride, ticks);
    if (status != BSR_OK)
        return explain(writer, status, err);
    writer->some = true;
    writer->ticks = ticks;
    return BSR_OK;
}

bsr_status video_writer_close(struct video_writer *writer, double end_time, struct bsr_error *err)
{
    bsr_status status = BSR_OK;
    int64_t    end;
    if (!writer)
        return BSR_OK;
    if (writer->begun && writer->some && !writer->failed) {
        if (!to_ticks(&end, writer, end_time) || end <= writer->ticks)
            end = writer->ticks + 1;
        status = writer->module->finish(writer->output, end);
        if (status != BSR_OK)
            status = explain(writer, status, err);
    }
    /* Also where the disk is full: then what is whole is kept. Without an index the file plays as well. */
    if (writer->begun && writer->some && writer->mp4)
        (void)video_index_file(writer->file.fd, NULL);
    destroy(writer);
    return status;
}
