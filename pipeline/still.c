#include "pipeline/still.h"

#include "base/file.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char mark[] = "#t=";

/* ---- names -------------------------------------------------------------------------------------- */

bool still_is_named(const char *name, size_t *length, double *time)
{
    const char *at = strrchr(name, '#');
    char       *end;
    char        path[4096];

    if (!at || at == name || strncmp(at, mark, sizeof mark - 1) != 0)
        return false;
    const char *digits = at + sizeof mark - 1;
    if (!*digits || digits[strspn(digits, "0123456789.")])
        return false;
    double seconds = strtod(digits, &end);
    if (*end || !isfinite(seconds) || access(name, F_OK) == 0 || (size_t)(at - name) >= sizeof path)
        return false;
    snprintf(path, sizeof path, "%.*s", (int)(at - name), name);
    if (!video_is_file(path))
        return false;
    *length = (size_t)(at - name);
    *time = seconds;
    return true;
}

/* Four digits are a tenth of what two frames are taken for one by (media/video.c). */
static void append_seconds(struct bytes *out, double time)
{
    char text[40];
    snprintf(text, sizeof text, "%.4f", fmax(time, 0));
    size_t length = strlen(text);
    while (text[length - 1] == '0')
        length--;
    length -= text[length - 1] == '.';
    bytes_append(out, text, length);
}

void still_append_time(struct bytes *out, double time)
{
    bytes_append_text(out, mark);
    append_seconds(out, time);
}

void still_append_picture_name(struct bytes *out, const char *file, size_t length, double time)
{
    size_t stem = length;
    while (stem > 0 && file[stem - 1] != '.' && file[stem - 1] != '/')
        stem--;
    bool has_ending = stem > 1 && file[stem - 1] == '.' && file[stem - 2] != '/';
    bytes_append(out, file, has_ending ? stem - 1 : length);
    bytes_append_text(out, "-t");
    append_seconds(out, time);
    bytes_append_text(out, ".png");
}

/* ---- frames ------------------------------------------------------------------------------------- */

static bsr_status check_size(const struct still_reading *how, const char *path,
                             const struct video_facts *facts, struct bsr_error *err)
{
    uint64_t most = how->limits.max_pixels ? how->limits.max_pixels : PICTURE_MAX_PIXELS;
    uint64_t pixels = (uint64_t)facts->width * (uint64_t)facts->height;

    if (pixels > most) {
        bsr_fail(err, BSR_ELIMIT, path, "%d x %d pixels, over the limit of %llu", facts->width, facts->height,
                 (unsigned long long)most);
        bsr_hint(err, "allow more with --max-pixels");
        return BSR_ELIMIT;
    }
    return how->reserve ? how->reserve(how->context, facts, err) : BSR_OK;
}

static bsr_status copy_frame(struct still *out, const struct video_frame *frame, struct bsr_error *err)
{
    const struct bsr_image *from = &frame->image;
    bsr_status              status = image_alloc(&out->image, from->width, from->height, 3, 8, err);

    for (int y = 0; status == BSR_OK && y < from->height; y++)
        memcpy(image_row(&out->image, y), image_row(from, y), 3 * (size_t)from->width);
    out->time = frame->time;
    out->number = frame->number;
    return status;
}

static bsr_status read_frame(struct still *out, struct video_reader *reader, const char *path, double time,
                             struct bsr_error *err)
{
    struct video_frame frame;
    bool               end = false;
    bsr_status         status = time > 0 ? video_seek(reader, time, err) : BSR_OK;

    if (status == BSR_OK)
        status = video_read(reader, &frame, &end, NULL, err);
    if (status == BSR_OK && end)
        status = bsr_fail(err, BSR_ERANGE, path, "there is no frame at %g seconds or behind: it ends before",
                          time);
    return status == BSR_OK ? copy_frame(out, &frame, err) : status;
}

bsr_status still_read(struct still *out, const char *path, double time, const struct still_reading *how,
                      struct bsr_error *err)
{
    static const struct still_reading any;
    struct still                      made = {.time = 0};
    struct video_reader              *reader = NULL;

    if (!how)
        how = &any;
    bsr_status status = video_open(&reader, path, &(struct video_options){.stop = how->stop}, err);
    if (status != BSR_OK)
        return status;
    const struct video_facts *facts = video_facts(reader);
    made.duration = facts->duration;
    made.fps = facts->fps;
    made.steady = facts->steady;
    status = check_size(how, path, facts, err);
    if (status == BSR_OK)
        status = read_frame(&made, reader, path, time, err);
    video_close(reader);
    if (status != BSR_OK) {
        if (err && !*err->subject)
            bsr_error_set_subject(err, path);
        still_free(&made);
        return status;
    }
    *out = made;
    return BSR_OK;
}

void still_free(struct still *still)
{
    image_free(&still->image);
    *still = (struct still){.time = 0};
}
