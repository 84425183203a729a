/* A recording plays, whatever happened while it was made; and nothing is written over. */
#include "base/alloc.h"
#include "base/file.h"
#include "tests/media/video_clips.h"

#include <fcntl.h>
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static const struct video_writer_options plain = {.width = CLIP_WIDTH, .height = CLIP_HEIGHT};

static bsr_status add(struct video_writer *writer, int number, double time, struct bsr_error *err)
{
    struct bsr_image image = clip_draw(number);
    bsr_status       status = video_writer_add(writer, &image, time, err);
    image_free(&image);
    return status;
}

static void test_nothing_is_written_over(void **state)
{
    struct video_writer *writer = NULL;
    struct bsr_error     err;
    const char          *path = clip_path("there.mp4");
    (void)state;
    clip_need_module();
    clip_save(path, "precious", 8);
    assert_int_equal(video_writer_open(&writer, path, &plain, &err), BSR_EEXIST);
    assert_string_equal(err.subject, path);
    assert_null(writer);

    /* and not what appeared between opening and beginning, either */
    struct video_writer_options held = plain;
    held.held = true;
    path = clip_path("late.mp4");
    assert_int_equal(video_writer_open(&writer, path, &held, &err), BSR_OK);
    assert_int_equal(add(writer, 1, 0, &err), BSR_OK);
    clip_save(path, "precious", 8);
    assert_int_equal(video_writer_begin(writer, &err), BSR_EEXIST);
    assert_int_equal(video_writer_close(writer, 1, &err), BSR_OK);
    struct bytes file = {0};
    assert_int_equal(file_read(&file, path, 100, NULL), BSR_OK);
    assert_string_equal(bytes_text(&file), "precious");
    bytes_free(&file);
}

static void test_what_cant_be_written_is_said(void **state)
{
    static const struct {
        const char                 *name;
        struct video_writer_options options;
        bsr_status                  status;
    } cases[] = {
        {"a.avi", {.width = 160, .height = 120}, BSR_EFORMAT},
        {"mp4", {.width = 160, .height = 120}, BSR_EFORMAT},
        {"a.mp4", {.width = 0, .height = 120}, BSR_ERANGE},
        {"a.mp4", {.width = 160, .height = 1 << 20}, BSR_ERANGE},
        {"a.mp4", {.width = 160, .height = 120, .quality = 101}, BSR_ERANGE},
        {"a.mp4", {.width = 160, .height = 120, .hold = -1}, BSR_ERANGE},
        {"a.mp4", {.width = 160, .height = 120, .hold = (double)NAN}, BSR_ERANGE},
        {"a.mp4", {.width = 160, .height = 120, .encoder = "no-such-encoder"}, BSR_EMISSING},
        {"none/a.mp4", {.width = 160, .height = 120}, BSR_EIO},
    };
    (void)state;
    clip_need_module();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct video_writer *writer = NULL;
        struct bsr_error     err = {0};
        const char          *path = clip_path(cases[i].name);
        assert_int_equal(video_writer_open(&writer, path, &cases[i].options, &err), cases[i].status);
        assert_string_equal(err.subject, path);
        assert_int_not_equal(access(path, F_OK), 0);
    }
}

static void test_frames_out_of_order_or_size_are_refused(void **state)
{
    struct video_writer *writer;
    struct bsr_error     err;
    struct bsr_image     small;
    const char          *path = clip_path("order.mp4");
    (void)state;
    clip_need_module();
    assert_int_equal(video_writer_open(&writer, path, &plain, &err), BSR_OK);
    assert_int_equal(add(writer, 0, (double)NAN, &err), BSR_ERANGE);
    assert_int_equal(add(writer, 0, 5, &err), BSR_OK);
    assert_int_equal(add(writer, 1, 5, &err), BSR_ERANGE);
    assert_int_equal(add(writer, 1, 4, &err), BSR_ERANGE);
    assert_int_equal(add(writer, 1, 1e300, &err), BSR_ERANGE);
    assert_int_equal(image_alloc(&small, 32, 32, 3, 8, NULL), BSR_OK);
    assert_int_equal(video_writer_add(writer, &small, 6, &err), BSR_ERANGE);
    image_free(&small);
    assert_int_equal(add(writer, 2, 5.5, &err), BSR_OK); /* goes on all the same */
    assert_int_equal(video_writer_close(writer, 7, &err), BSR_OK);
    struct clip_seen seen = clip_see(path);
    assert_int_equal(seen.count, 2);
    assert_true(fabs(seen.end - 0.5) < 0.001 && fabs(seen.duration - 2) < 0.002);
}

static void test_where_nothing_came_there_is_no_file(void **state)
{
    struct video_writer        *writer;
    struct video_writer_options held = plain;
    held.held = true;
    (void)state;
    clip_need_module();
    assert_int_equal(video_writer_open(&writer, clip_path("no.mp4"), &held, NULL), BSR_OK);
    for (int i = 0; i < 5; i++)
        assert_int_equal(add(writer, i, i, NULL), BSR_OK);
    assert_int_equal(video_writer_close(writer, 5, NULL), BSR_OK);
    assert_int_not_equal(access(clip_path("no.mp4"), F_OK), 0);
    assert_int_equal(video_writer_open(&writer, clip_path("no.mkv"), &plain, NULL), BSR_OK);
    assert_int_equal(video_writer_close(writer, 5, NULL), BSR_OK);
    assert_int_not_equal(access(clip_path("no.mkv"), F_OK), 0);
}

/* 10 s at 10 fps, begun at 8 s: what came in the last `hold` seconds is there, and at most one more. */
static void test_a_held_recording_begins_earlier(void **state)
{
    static const double holds[] = {0, 1, 3.5, 100};
    (void)state;
    clip_need_module();
    for (size_t i = 0; i < 2 * (sizeof holds / sizeof *holds); i++) {
        struct video_writer        *writer;
        struct video_writer_options held = plain;
        char                        name[32];
        held.held = true;
        held.hold = holds[i / 2];
        snprintf(name, sizeof name, "held-%zu.%s", i, i % 2 ? "mkv" : "mp4");
        const char *path = clip_path(name);
        assert_int_equal(video_writer_open(&writer, path, &held, NULL), BSR_OK);
        for (int k = 0; k < 100; k++) {
            assert_int_equal(add(writer, k, 1000 + k / 10.0, NULL), BSR_OK);
            if (k == 80)
                assert_int_equal(video_writer_begin(writer, NULL), BSR_OK);
        }
        assert_int_equal(video_writer_close(writer, 1010, NULL), BSR_OK);
        struct clip_seen seen = clip_see(path);
        double           before = (80 - seen.first) / 10.0;
        assert_int_equal(seen.last, 99);
        assert_int_equal(seen.count, 100 - seen.first);
        assert_true(before >= fmin(held.hold, 8) && before <= held.hold + 1.0);
        assert_true(fabs(seen.end - (99 - seen.first) / 10.0) < 0.002);
        assert_true(fabs(seen.duration - seen.count / 10.0) < 0.02 * seen.duration);
    }
}

/* Fails once without x264; the file has to play all the same. */
static void test_other_encoders_and_odd_sizes_do(void **state)
{
    struct video_writer_options odd = {
        .width = CLIP_WIDTH + 1, .height = CLIP_HEIGHT + 1, .encoder = "mpeg4"};
    struct video_writer *writer;
    struct bsr_image     image;
    (void)state;
    clip_need_module();
    assert_int_equal(video_writer_open(&writer, clip_path("odd.mp4"), &odd, NULL), BSR_OK);
    assert_string_equal(video_writer_encoder(writer), "mpeg4");
    assert_int_equal(image_alloc(&image, odd.width, odd.height, 3, 8, NULL), BSR_OK);
    memset(image.data, 20, image.stride * (size_t)image.height);
    for (int i = 0; i < 30; i++)
        assert_int_equal(video_writer_add(writer, &image, i / 7.0, NULL), BSR_OK);
    image_free(&image);
    assert_int_equal(video_writer_close(writer, 30 / 7.0, NULL), BSR_OK);

    struct video_reader *reader;
    struct video_frame   frame;
    bool                 end = false;
    assert_int_equal(video_open(&reader, clip_path("odd.mp4"), NULL, NULL), BSR_OK);
    for (int i = 0; i < 30; i++) {
        assert_int_equal(video_read(reader, &frame, &end, NULL, NULL), BSR_OK);
        assert_false(end);
        assert_int_equal(clip_number(&frame.image), 0);
        assert_true(fabs(frame.time - i / 7.0) < 0.001);
    }
    video_close(reader);
}

/* ---- what goes wrong ---- */

/* A child writes 45 frames of 10 fps and is killed; what is lost is the last second. */
static void test_a_killed_recording_plays(void **state)
{
    static const char *const names[] = {"killed.mp4", "killed.mkv"};
    (void)state;
    clip_need_module();
    for (size_t n = 0; n < 2; n++) {
        const char *path = clip_path(names[n]);
        pid_t       child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            struct video_writer *writer;
            if (video_writer_open(&writer, path, &plain, NULL) != BSR_OK)
                _exit(1);
            for (int i = 0; i < 45; i++)
                add(writer, i, i / 10.0, NULL);
            raise(SIGKILL);
        }
        int status = 0;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status));
        struct clip_seen seen = clip_see(path);
        assert_int_equal(seen.first, 0);
        if (seen.count < 34 || seen.count > 45)
            fail_msg("%s: %d of 45 frames are left", path, seen.count);
        assert_true(fabs(seen.end - (seen.count - 1) / 10.0) < 0.002);
    }
}

/* The n-th write fails, for each n: an error, and a file whose beginning plays. */
static void test_a_full_disk_leaves_what_was_written(void **state)
{
    static const char *const names[] = {"full.mp4", "full.mkv"};
    (void)state;
    clip_need_module();
    for (size_t n = 0; n < 2; n++) {
        const char *path = clip_path(names[n]);
        bool        failed = true;
        for (unsigned write = 1; failed && write < 100; write++) {
            struct video_writer *writer = NULL;
            struct bsr_error     err = {0};
            unlink(path);
            file_fail_write(write);
            bsr_status status = video_writer_open(&writer, path, &plain, &err);
            bool       began = status == BSR_OK;
            int        added = 0;
            for (; status == BSR_OK && added < 45; added += status == BSR_OK)
                status = add(writer, added, added / 10.0, &err);
            if (began) {
                bsr_status closed = video_writer_close(writer, 4.5, &err);
                status = status == BSR_OK ? closed : status;
            }
            file_fail_write(0);
            failed = status != BSR_OK;
            if (failed) {
                assert_int_equal(status, BSR_EIO);
                assert_non_null(strstr(err.message, "No space left on device"));
            }
            if (added > 20) { /* of the first second and the one in the works nothing may be left */
                struct clip_seen seen = clip_see(path);
                assert_int_equal(seen.first, 0);
                assert_int_equal(seen.last, seen.count - 1);
                assert_true(seen.count >= added - 20);
            }
        }
        assert_false(failed);
    }
}

/* The system's own limit: in a child, as it can't be lifted again. */
static void test_a_limit_of_size_is_a_full_disk(void **state)
{
    const char *path = clip_path("limit.mp4");
    (void)state;
    clip_need_module();
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        const struct rlimit  limit = {20000, 20000};
        struct video_writer *writer;
        struct bsr_error     err = {0};
        signal(SIGXFSZ, SIG_IGN);
        setrlimit(RLIMIT_FSIZE, &limit);
        bsr_status status = video_writer_open(&writer, path, &plain, &err);
        for (int i = 0; status == BSR_OK && i < 4000; i++)
            status = add(writer, i, i / 10.0, &err);
        bool said = status == BSR_EIO && strstr(err.message, "File too large");
        video_writer_close(writer, 400, NULL);
        _exit(said ? 0 : 1);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    struct clip_seen seen = clip_see(path);
    assert_true(seen.count >= 10);
    assert_int_equal(seen.last, seen.count - 1);
}

static void test_no_allocation_is_believed(void **state)
{
    (void)state;
    clip_need_module();
    const char *path = clip_path("memory.mp4");
    for (size_t n = 1; n < 200; n++) {
        struct video_writer *writer = NULL;
        struct bsr_error     err;
        struct bsr_image     images[] = {clip_draw(0), clip_draw(1), clip_draw(2)};
        unlink(path);
        mem_fail_from(n);
        bsr_status status = video_writer_open(&writer, path, &plain, &err);
        bool       began = status == BSR_OK;
        for (int i = 0; status == BSR_OK && i < 3; i++)
            status = video_writer_add(writer, &images[i], i, &err);
        if (began) {
            bsr_status closed = video_writer_close(writer, 5, &err);
            status = status == BSR_OK ? closed : status;
        }
        size_t asked = mem_fail_from(0);
        for (int i = 0; i < 3; i++)
            image_free(&images[i]);
        if (status != BSR_OK)
            assert_int_equal(status, BSR_ENOMEM);
        else
            assert_int_equal(clip_see(path).count,
                             3); /* without memory for an index it plays by its fragments */
        if (asked < n)
            return;
    }
    fail_msg("it never succeeded");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_is_written_over),
        cmocka_unit_test(test_what_cant_be_written_is_said),
        cmocka_unit_test(test_frames_out_of_order_or_size_are_refused),
        cmocka_unit_test(test_where_nothing_came_there_is_no_file),
        cmocka_unit_test(test_a_held_recording_begins_earlier),
        cmocka_unit_test(test_other_encoders_and_odd_sizes_do),
        cmocka_unit_test(test_a_killed_recording_plays),
        cmocka_unit_test(test_a_full_disk_leaves_what_was_written),
        cmocka_unit_test(test_a_limit_of_size_is_a_full_disk),
        cmocka_unit_test(test_no_allocation_is_believed),
    };
    return cmocka_run_group_tests(tests, clip_make_folder, clip_remove_folder);
}
