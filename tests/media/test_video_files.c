/* What is written is read again: which frames, when, in which colours, from where. */
#include "base/alloc.h"
#include "base/file.h"
#include "media/picture.h"
#include "tests/media/video_clips.h"

#include <malloc.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static struct video_reader *open_clip(const char *path)
{
    struct video_reader *reader = NULL;
    struct bsr_error     err;
    bsr_status           status = video_open(&reader, path, NULL, &err);
    if (status != BSR_OK)
        fail_msg("%s: %s", err.subject, err.message);
    return reader;
}

/* Reads the next frame, which must be there. */
static struct video_frame next(struct video_reader *reader)
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

static void check_frames(const char *path, int count, double fps)
{
    struct video_reader *reader = open_clip(path);
    double               length = clip_time(count, fps);
    double               offset = fabs(video_facts(reader)->duration - length);
    if (offset > 0.02 * length)
        fail_msg("%s lasts %g s, and should %g s", path, video_facts(reader)->duration, length);
    assert_int_equal(video_facts(reader)->width, CLIP_WIDTH);
    assert_int_equal(video_facts(reader)->height, CLIP_HEIGHT);
    assert_false(video_facts(reader)->live);
    for (int i = 0; i < count; i++) {
        struct video_frame frame = next(reader);
        assert_int_equal(clip_number(&frame.image), i);
        assert_int_equal(frame.number, i);
        assert_int_equal((uintptr_t)frame.image.data % 64, 0);
        assert_int_equal(frame.image.stride % 64, 0);
        if (fabs(frame.time - clip_time(i, fps)) > 0.0011) /* Matroska counts milliseconds */
            fail_msg("%s: frame %d is at %g s, and should be at %g s", path, i, frame.time,
                     clip_time(i, fps));
    }
    struct video_frame frame;
    bool               end = false;
    assert_int_equal(video_read(reader, &frame, &end, NULL, NULL), BSR_OK);
    assert_true(end);
    video_close(reader);
}

static void test_frames_come_back_at_their_times(void **state)
{
    static const struct {
        const char *name;
        int         count;
        double      fps;
    } clips[] = {{"5.mp4", 12, 5},    {"15.mp4", 40, 15},
                 {"60.mp4", 150, 60}, {"odd.mp4", 60, 0},
                 {"5.mkv", 12, 5},    {"15.mkv", 40, 15},
                 {"60.mkv", 150, 60}, {"odd.mkv", 60, 0},
                 {"one.mp4", 1, 4},   {"29.97.MP4", 90, 30000 / 1001.0}};
    (void)state;
    clip_need_module();
    for (size_t i = 0; i < sizeof clips / sizeof *clips; i++) {
        clip_write(clip_path(clips[i].name), clips[i].count, clips[i].fps);
        check_frames(clip_path(clips[i].name), clips[i].count, clips[i].fps);
    }
}

/* ---- colours ---- */

/* Patches of pure colours and of greys; YUV of 8 bits and limited range is off by as much as 3 of 255. */
static const uint8_t patches[][3] = {{0, 0, 255}, {0, 255, 0},     {255, 0, 0},    {255, 255, 255},
                                     {0, 0, 0},   {128, 128, 128}, {30, 200, 220}, {180, 60, 90}};
enum { PATCHES = sizeof patches / sizeof *patches, OFF = 5 };

static struct bsr_image draw_patches(int width, int height)
{
    struct bsr_image image;
    assert_int_equal(image_alloc(&image, width, height, 3, 8, NULL), BSR_OK);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            memcpy(image_row(&image, y) + 3 * x, patches[x * PATCHES / width], 3);
    return image;
}

/* Compares the first frame with them. */
static void check_patches(const char *path, int width, int height)
{
    struct video_reader *reader = open_clip(path);
    struct video_frame   frame = next(reader);
    assert_int_equal(frame.image.width, width);
    for (int i = 0; i < PATCHES; i++) {
        const uint8_t *pixel =
            image_row(&frame.image, height / 2) + 3 * ((2 * i + 1) * width / (2 * PATCHES));
        for (int c = 0; c < 3; c++)
            if (abs(pixel[c] - patches[i][c]) > OFF)
                fail_msg("%s: patch %d is %d %d %d and should be %d %d %d", path, i, pixel[0], pixel[1],
                         pixel[2], patches[i][0], patches[i][1], patches[i][2]);
    }
    video_close(reader);
}

static void check_colours(const char *path, int width, int height)
{
    const struct video_writer_options options = {.width = width, .height = height, .quality = 95};
    struct video_writer              *writer;
    struct bsr_image                  image = draw_patches(width, height);
    assert_int_equal(video_writer_open(&writer, path, &options, NULL), BSR_OK);
    for (int i = 0; i < 3; i++)
        assert_int_equal(video_writer_add(writer, &image, i * 0.1, NULL), BSR_OK);
    assert_int_equal(video_writer_close(writer, 0.3, NULL), BSR_OK);
    image_free(&image);
    check_patches(path, width, height);
}

/* JPEG is of BT.601 and full range, however large it is. */
static void test_colours_of_jpeg_are_its_own(void **state)
{
    static const int sizes[][2] = {{320, 240}, {1280, 720}};
    (void)state;
    clip_need_module();
    for (size_t i = 0; i < 2; i++) {
        struct picture picture = {.image = draw_patches(sizes[i][0], sizes[i][1])};
        struct bytes   file = {0};
        for (int k = 0; k < 3; k++)
            assert_int_equal(picture_encode(&file, &picture, PICTURE_JPEG, 95, NULL), BSR_OK);
        clip_save(clip_path("patches.mjpeg"), file.data, file.size);
        image_free(&picture.image);
        bytes_free(&file);
        check_patches(clip_path("patches.mjpeg"), sizes[i][0], sizes[i][1]);
    }
}

static void test_colours_stay_in_both_matrices(void **state)
{
    (void)state;
    clip_need_module();
    check_colours(clip_path("601.mp4"), 320, 240);  /* BT.601 */
    check_colours(clip_path("709.mp4"), 1280, 720); /* BT.709 */
    check_colours(clip_path("709.mkv"), 1280, 720);
}

/* ---- places ---- */

static void test_seek_finds_the_first_frame_at_or_behind_a_time(void **state)
{
    static const double times[] = {0, 3.1, 0.04, 7.999, 2, 5.52, -3, 1.0 / 15};
    const double        fps = 15;
    (void)state;
    clip_need_module();
    static const char *const names[] = {"seek.mp4", "seek.mkv"};
    for (size_t n = 0; n < 2; n++) {
        clip_write(clip_path(names[n]), 121, fps);
        struct video_reader *reader = open_clip(clip_path(names[n]));
        for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
            int              expected = times[i] > 0 ? (int)ceil(times[i] * fps - 0.01) : 0;
            struct bsr_error err;
            if (video_seek(reader, times[i], &err) != BSR_OK)
                fail_msg("%s at %g: %s", names[n], times[i], err.message);
            for (int k = expected; k < expected + 2 && k < 121; k++) {
                struct video_frame frame = next(reader);
                assert_int_equal(clip_number(&frame.image), k);
                assert_int_equal(frame.number, k);
                assert_true(fabs(frame.time - k / fps) < 0.0011);
            }
        }
        struct video_frame frame;
        bool               end = false;
        struct bsr_error   err;
        if (video_seek(reader, 100, &err) != BSR_OK)
            fail_msg("%s: %s", names[n], err.message);
        assert_int_equal(video_read(reader, &frame, &end, NULL, NULL), BSR_OK);
        assert_true(end);
        assert_int_equal(video_seek(reader, 0, NULL), BSR_OK); /* and back from the end */
        frame = next(reader);
        assert_int_equal(clip_number(&frame.image), 0);
        video_close(reader);
    }
}

/* Pictures one after the other have no index, nor times. */
static void test_seek_without_an_index_begins_anew(void **state)
{
    static const int places[] = {0, 7, 3, 19, 0};
    struct bytes     all = {0};
    (void)state;
    clip_need_module();
    for (int i = 0; i < 20; i++)
        clip_append_jpeg(&all, i, 0, 0);
    clip_save(clip_path("places.mjpeg"), all.data, all.size);
    bytes_free(&all);
    struct video_reader *reader = open_clip(clip_path("places.mjpeg"));
    double               each = 1 / video_facts(reader)->fps;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        assert_int_equal(video_seek(reader, places[i] * each, NULL), BSR_OK);
        struct video_frame frame = next(reader);
        assert_int_equal(clip_number(&frame.image), places[i]);
        assert_int_equal(frame.number, places[i]);
        assert_true(fabs(frame.time - places[i] * each) < 1e-6);
    }
    video_close(reader);
}

static void test_memory_stays_flat_over_10000_frames(void **state)
{
    (void)state;
    clip_need_module();
#ifdef BESRA_SANITIZED
    enum { FRAMES = 1000 };
#else
    enum { FRAMES = 10000 };
#endif
    size_t before = 0;
    clip_write(clip_path("loop.mp4"), 100, 30);
    struct video_reader *reader = open_clip(clip_path("loop.mp4"));
    for (int i = 0; i < FRAMES; i++) {
        if (i % 100 == 0)
            assert_int_equal(video_seek(reader, 0, NULL), BSR_OK);
        struct video_frame frame = next(reader);
        assert_int_equal(clip_number(&frame.image), i % 100);
        if (i == FRAMES / 10)
            before = mallinfo2().uordblks;
    }
    assert_true(mallinfo2().uordblks < before + 256 * 1024);
    video_close(reader);
}

/* A quarter turn as phones write it: the matrix in the track's header, here in the index of our own file.
 */
static void turn_file(const char *path, const int32_t matrix[4])
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

static void test_turned_pictures_of_phones_are_upright(void **state)
{
    enum { ONE = 65536 };
    /* Where the first pixel of the stored picture (of block 0, white) is seen. */
    static const struct {
        int32_t matrix[4];
        bool    across, right, bottom;
    } turns[] = {
        {{ONE, 0, 0, ONE}, false, false, false}, {{0, ONE, -ONE, 0}, true, true, false},
        {{-ONE, 0, 0, -ONE}, false, true, true}, {{0, -ONE, ONE, 0}, true, false, true},
        {{-ONE, 0, 0, ONE}, false, true, false}, {{ONE, 0, 0, -ONE}, false, false, true},
    };
    (void)state;
    clip_need_module();
    for (size_t i = 0; i < sizeof turns / sizeof *turns; i++) {
        char name[32];
        snprintf(name, sizeof name, "turned-%zu.mp4", i);
        const char *path = clip_path(name);
        clip_write(path, 2, 10); /* frame 1 has its first block white, all others black */
        turn_file(path, turns[i].matrix);
        struct video_reader *reader = open_clip(path);
        int                  width = turns[i].across ? CLIP_HEIGHT : CLIP_WIDTH;
        int                  height = turns[i].across ? CLIP_WIDTH : CLIP_HEIGHT;
        assert_int_equal(video_facts(reader)->width, width);
        assert_int_equal(video_facts(reader)->height, height);
        next(reader);
        struct video_frame frame = next(reader);
        assert_int_equal(frame.image.width, width);
        for (int corner = 0; corner < 4; corner++) {
            bool white = (corner & 1) == turns[i].right && corner >> 1 == turns[i].bottom;
            int  x = corner & 1 ? width - 10 : 10, y = corner >> 1 ? height - 10 : 10;
            assert_int_equal(image_row(&frame.image, y)[3 * x] > 128, white);
        }
        video_close(reader);
    }
}

/* ---- what is damaged ---- */

static bsr_status open_status(const char *path, struct bsr_error *err)
{
    struct video_reader *reader = NULL;
    bsr_status           status = video_open(&reader, path, NULL, err);
    assert_ptr_equal(status == BSR_OK ? NULL : (void *)reader, NULL);
    video_close(reader);
    return status;
}

/* Reads to the end; the frames that come must be in order. */
static int count_frames(const char *path, long long *damaged, bsr_status *status)
{
    struct video_reader *reader = NULL;
    struct video_frame   frame;
    bool                 end = false;
    int                  count = 0, last = -1;
    *status = video_open(&reader, path, NULL, NULL);
    if (*status != BSR_OK)
        return 0;
    while ((*status = video_read(reader, &frame, &end, damaged, NULL)) == BSR_OK && !end) {
        int number = clip_number(&frame.image);
        assert_true(number < 0 || number > last);
        last = number > last ? number : last;
        count++;
    }
    video_close(reader);
    return count;
}

static void test_no_video_is_a_sentence(void **state)
{
    static const struct {
        const char *name, *text;
        size_t      size;
        bsr_status  status;
    } files[] = {
        {"text.mp4", "This is a text, and calls itself a video.\n", 42, BSR_EFORMAT},
        {"empty.mkv", "", 0, BSR_EFORMAT},
        {"magic.mp4",
         "\0\0\0\x20"
         "ftypisom\0\0\2\0isomiso2avc1mp41"
         "\0\0\1\0moov and then garbage",
         57, BSR_EFORMAT},
        {"magic.mkv", "\x1a\x45\xdf\xa3 and garbage behind it: 0123456789", 38, BSR_EFORMAT},
        {"magic.avi",
         "RIFF\xff\xff\xff\xff"
         "AVI LIST and then garbage 0123456789",
         44, BSR_EFORMAT},
        {"magic.flv", "FLV\1\1\0\0\0\x09 garbage behind the magic 0123456789", 44, BSR_EFORMAT},
    };
    struct bsr_error err;
    (void)state;
    clip_need_module();
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        const char *path = clip_path(files[i].name);
        clip_save(path, files[i].text, files[i].size);
        assert_int_equal(open_status(path, &err), files[i].status);
        assert_string_equal(err.subject, path);
        assert_true(err.message[0]);
    }
    assert_int_equal(open_status(clip_path("none.mp4"), &err), BSR_EMISSING);
    assert_string_equal(err.message, "no such file");
    assert_int_equal(open_status(clip_path(""), &err), BSR_EIO);
    assert_non_null(strstr(err.message, "a folder"));
}

static void test_a_file_cut_off_plays_to_there(void **state)
{
    static const char *const names[] = {"whole.mkv", "whole.mp4"};
    (void)state;
    clip_need_module();
    for (size_t n = 0; n < 2; n++) {
        struct bytes file = {0};
        const char  *path = clip_path(names[n]);
        clip_write(path, 90, 30);
        assert_int_equal(file_read(&file, path, 1 << 24, NULL), BSR_OK);
        for (size_t part = 0; part < 10; part++) {
            long long   damaged = 0;
            bsr_status  status;
            const char *cut = clip_path(n ? "cut.mp4" : "cut.mkv");
            clip_save(cut, file.data, file.size * part / 10);
            int count = count_frames(cut, &damaged, &status);
            if (n == 0 && part >= 5)
                assert_true(status == BSR_OK && count >= 90 * ((int)part - 3) / 10);
            assert_true(count <= 90);
        }
        bytes_free(&file);
    }
}

/* Bytes of a recording are turned over, one place at a time: no crash, no endless reading. */
static void test_mutated_files_end(void **state)
{
    static const char *const names[] = {"mutate.mkv", "mutate.mp4"};
    (void)state;
    clip_need_module();
    for (size_t n = 0; n < 2; n++) {
        struct bytes file = {0};
        uint32_t     seed = 1;
        clip_write(clip_path(names[n]), 20, 10);
        assert_int_equal(file_read(&file, clip_path(names[n]), 1 << 24, NULL), BSR_OK);
        for (int round = 0; round < 150; round++) {
            long long  damaged = 0;
            bsr_status status;
            seed = seed * 1664525 + 1013904223;
            size_t  at = seed % file.size;
            uint8_t was = file.data[at];
            file.data[at] ^= (uint8_t)(1 + (seed >> 16) % 255);
            clip_save(clip_path(n ? "mutated.mp4" : "mutated.mkv"), file.data, file.size);
            file.data[at] = was;
            struct video_reader *reader = NULL;
            struct video_frame   frame;
            bool                 end = false;
            int                  count = 0;
            status = video_open(&reader, clip_path(n ? "mutated.mp4" : "mutated.mkv"), NULL, NULL);
            while (status == BSR_OK && !end && count++ < 1000)
                status = video_read(reader, &frame, &end, &damaged, NULL);
            assert_true(count < 1000);
            video_close(reader);
        }
        bytes_free(&file);
    }
}

/* Pictures one after the other: one of them broken, one of another size. */
static void test_damaged_frames_are_passed_over_and_sizes_may_change(void **state)
{
    struct bytes all = {0};
    (void)state;
    clip_need_module();
    for (int i = 0; i < 12; i++) {
        struct bytes one = {0};
        clip_append_jpeg(&one, i, i == 8 ? 96 : 0, i == 8 ? 64 : 0);
        bytes_append(&all, one.data, i == 4 ? one.size * 9 / 10 : one.size);
        bytes_free(&one);
    }
    clip_save(clip_path("frames.mjpeg"), all.data, all.size);
    bytes_free(&all);

    struct video_reader *reader = open_clip(clip_path("frames.mjpeg"));
    struct video_frame   frame;
    bool                 end = false;
    long long            damaged = 0;
    double               last = -1;
    int                  seen = 0;
    while (video_read(reader, &frame, &end, &damaged, NULL) == BSR_OK && !end) {
        int number = clip_number(&frame.image);
        if (number < 0)
            assert_int_equal(frame.image.width, 96);
        else
            assert_int_equal(frame.image.width, CLIP_WIDTH);
        assert_true(frame.time > last);
        last = frame.time;
        seen++;
    }
    assert_true(end);
    assert_int_equal(seen, 11);
    assert_int_equal(damaged, 1);
    video_close(reader);
}

static void test_nothing_but_damage_is_said(void **state)
{
    struct bytes     all = {0};
    struct bsr_error err;
    (void)state;
    clip_need_module();
    for (int i = 0; i < 4; i++) {
        struct bytes one = {0};
        clip_append_jpeg(&one, i, 0, 0);
        bytes_append(&all, one.data, one.size * 9 / 10);
        bytes_free(&one);
    }
    clip_save(clip_path("damage.mjpeg"), all.data, all.size);
    bytes_free(&all);
    assert_int_equal(open_status(clip_path("damage.mjpeg"), &err), BSR_EDECODE);
    assert_string_equal(err.message, "there is nothing but damaged frames in it");
}

static void test_no_allocation_is_believed(void **state)
{
    (void)state;
    clip_need_module();
    clip_write(clip_path("memory.mp4"), 3, 10);
    turn_file(clip_path("memory.mp4"), (const int32_t[4]){0, 65536, -65536, 0});
    for (size_t n = 1; n < 100; n++) {
        struct video_reader *reader = NULL;
        struct video_frame   frame;
        bool                 end = false;
        struct bsr_error     err;
        mem_fail_from(n);
        bsr_status status = video_open(&reader, clip_path("memory.mp4"), NULL, &err);
        while (status == BSR_OK && !end)
            status = video_read(reader, &frame, &end, NULL, &err);
        mem_fail_from(0);
        video_close(reader);
        if (status == BSR_OK)
            return;
        assert_int_equal(status, BSR_ENOMEM);
    }
    fail_msg("it never succeeded");
}

/* The clip from Intel's samples: how many frames, at which times. */
static void test_car_detection_is_read(void **state)
{
    char        path[512];
    const char *folder = getenv("BESRA_SHARED");
    (void)state;
    clip_need_module();
    snprintf(path, sizeof path, "%s/video/car-detection.mp4", folder ? folder : "");
    if (!folder || access(path, R_OK) != 0) {
        print_message("SKIPPED: no video/car-detection.mp4 in BESRA_SHARED\n");
        skip();
    }
    struct video_reader *reader = open_clip(path);
    assert_int_equal(video_facts(reader)->width, 768);
    assert_int_equal(video_facts(reader)->height, 432);
    assert_true(fabs(video_facts(reader)->fps - 12.5) < 1e-9);
    assert_string_equal(video_facts(reader)->format, "mp4");
    assert_string_equal(video_facts(reader)->codec, "h264");
    for (int i = 0; i < 377; i++)
        assert_true(fabs(next(reader).time - i * 0.08) < 1e-6);
    struct video_frame frame;
    bool               end = false;
    assert_int_equal(video_read(reader, &frame, &end, NULL, NULL), BSR_OK);
    assert_true(end);
    video_close(reader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_frames_come_back_at_their_times),
        cmocka_unit_test(test_colours_stay_in_both_matrices),
        cmocka_unit_test(test_colours_of_jpeg_are_its_own),
        cmocka_unit_test(test_seek_finds_the_first_frame_at_or_behind_a_time),
        cmocka_unit_test(test_seek_without_an_index_begins_anew),
        cmocka_unit_test(test_memory_stays_flat_over_10000_frames),
        cmocka_unit_test(test_turned_pictures_of_phones_are_upright),
        cmocka_unit_test(test_no_video_is_a_sentence),
        cmocka_unit_test(test_a_file_cut_off_plays_to_there),
        cmocka_unit_test(test_mutated_files_end),
        cmocka_unit_test(test_damaged_frames_are_passed_over_and_sizes_may_change),
        cmocka_unit_test(test_nothing_but_damage_is_said),
        cmocka_unit_test(test_no_allocation_is_believed),
        cmocka_unit_test(test_car_detection_is_read),
    };
    return cmocka_run_group_tests(tests, clip_make_folder, clip_remove_folder);
}
