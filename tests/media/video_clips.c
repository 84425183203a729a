#include "tests/media/video_clips.h"

#include "base/alloc.h"
#include "base/file.h"
#include "media/picture.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { BLOCK = 40, COLUMNS = CLIP_WIDTH / BLOCK, BITS = 12 };

static char folder[] = "/tmp/besra-video-XXXXXX";

int clip_make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *walk)
{
    (void)st;
    (void)type;
    (void)walk;
    return remove(path);
}

int clip_remove_folder(void **state)
{
    (void)state;
    return nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

const char *clip_path(const char *name)
{
    static char paths[8][128];
    static int  next;
    char       *path = paths[next++ % 8];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

struct bsr_image clip_draw(int number)
{
    struct bsr_image image;
    assert_int_equal(image_alloc(&image, CLIP_WIDTH, CLIP_HEIGHT, 3, 8, NULL), BSR_OK);
    for (int y = 0; y < CLIP_HEIGHT; y++)
        for (int x = 0; x < CLIP_WIDTH; x++)
            memset(image_row(&image, y) + 3 * x, number >> (y / BLOCK * COLUMNS + x / BLOCK) & 1 ? 235 : 20,
                   3);
    return image;
}

int clip_number(const struct bsr_image *image)
{
    if (image->width != CLIP_WIDTH || image->height != CLIP_HEIGHT || image->channels != 3)
        return -1;
    int number = 0;
    for (int bit = 0; bit < BITS; bit++) {
        int x = bit % COLUMNS * BLOCK + BLOCK / 2, y = bit / COLUMNS * BLOCK + BLOCK / 2;
        int value = image_row(image, y)[3 * x + 1];
        if (value > 80 && value < 170)
            return -1;
        number |= (value >= 170) << bit;
    }
    return number;
}

double clip_time(int number, double fps)
{
    if (fps > 0)
        return number / fps;
    double time = 0;
    for (int i = 0; i < number; i++)
        time += 0.005 * (1 + i * 7 % 24);
    return time;
}

void clip_write(const char *path, int count, double fps)
{
    const struct video_writer_options options = {.width = CLIP_WIDTH, .height = CLIP_HEIGHT};
    struct video_writer              *writer;
    struct bsr_error                  err;
    assert_int_equal(video_writer_open(&writer, path, &options, &err), BSR_OK);
    for (int i = 0; i < count; i++) {
        struct bsr_image image = clip_draw(i);
        bsr_status       status = video_writer_add(writer, &image, clip_time(i, fps), &err);
        image_free(&image);
        assert_int_equal(status, BSR_OK);
    }
    assert_int_equal(video_writer_close(writer, clip_time(count, fps), &err), BSR_OK);
}

struct video_reader *clip_open(const char *path)
{
    struct video_reader *reader = NULL;
    struct bsr_error     err;
    bsr_status           status = video_open(&reader, path, NULL, &err);
    if (status != BSR_OK)
        fail_msg("%s: %s", err.subject, err.message);
    return reader;
}

struct video_frame clip_next(struct video_reader *reader)
{
    struct video_frame frame;
    struct bsr_error   err;
    bool               end = false;
    bsr_status         status = video_read(reader, &frame, &end, NULL, &err);
    if (status != BSR_OK)
        fail_msg("%s: %s", err.subject, err.message);
    assert_false(end);
    return frame;
}

struct clip_seen clip_see(const char *path)
{
    struct clip_seen     seen = {.first = -1, .last = -1};
    struct video_reader *reader = NULL;
    struct video_frame   frame;
    struct bsr_error     err;
    bool                 end = false;
    if (video_open(&reader, path, NULL, &err) != BSR_OK)
        fail_msg("%s: %s", path, err.message);
    seen.duration = video_facts(reader)->duration;
    for (;;) {
        assert_int_equal(video_read(reader, &frame, &end, NULL, NULL), BSR_OK);
        if (end)
            break;
        int number = clip_number(&frame.image);
        assert_true(number > seen.last);
        seen.first = seen.count++ ? seen.first : number;
        seen.last = number;
        seen.end = frame.time;
    }
    video_close(reader);
    return seen;
}

void clip_turn(const char *path, const int32_t matrix[4])
{
    struct bytes file = {0};
    assert_int_equal(file_read(&file, path, 1 << 24, NULL), BSR_OK);
    uint8_t *tkhd = NULL; /* the last one counts: the first is from before the index, and now within `mdat` */
    for (uint8_t *at = file.data; (at = memmem(at, file.size - (size_t)(at - file.data), "tkhd", 4)); at++)
        tkhd = at;
    /* version 1: 4 + 4 flags + 8 + 8 + 4 + 4 + 8 + 8 + 8 */
    assert_true(tkhd && tkhd[4] == 1);
    static const int places[4] = {0, 1, 3, 4};
    for (int i = 0; i < 4; i++)
        for (int b = 0; b < 4; b++)
            tkhd[56 + 4 * places[i] + b] = (uint8_t)((uint32_t)matrix[i] >> (24 - 8 * b));
    clip_save(path, file.data, file.size);
    bytes_free(&file);
}

void clip_append_jpeg(struct bytes *out, int number, int width, int height)
{
    struct picture picture = {.image = clip_draw(number)};
    if (width) {
        image_free(&picture.image);
        assert_int_equal(image_alloc(&picture.image, width, height, 3, 8, NULL), BSR_OK);
        memset(picture.image.data, 128, picture.image.stride * (size_t)height);
    }
    assert_int_equal(picture_encode(out, &picture, PICTURE_JPEG, 90, NULL), BSR_OK);
    image_free(&picture.image);
}

void clip_save(const char *path, const void *data, size_t size)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

void clip_need_module(void)
{
#ifndef BESRA_HAS_VIDEO
    print_message("SKIPPED: besra-video.so was not built, for want of libav's development packages\n");
    skip();
#endif
}
