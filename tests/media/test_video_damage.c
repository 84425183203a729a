/* Files that are no videos, or not whole: a sentence, and what of them can be read. */
#include "base/alloc.h"
#include "base/file.h"
#include "media/picture.h"
#include "tests/media/video_clips.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

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

    struct video_reader *reader = clip_open(clip_path("frames.mjpeg"));
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
    clip_turn(clip_path("memory.mp4"), (const int32_t[4]){0, 65536, -65536, 0});
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_video_is_a_sentence),
        cmocka_unit_test(test_a_file_cut_off_plays_to_there),
        cmocka_unit_test(test_mutated_files_end),
        cmocka_unit_test(test_damaged_frames_are_passed_over_and_sizes_may_change),
        cmocka_unit_test(test_nothing_but_damage_is_said),
        cmocka_unit_test(test_no_allocation_is_believed),
    };
    return cmocka_run_group_tests(tests, clip_make_folder, clip_remove_folder);
}
