/* Videos among the pictures: which frame is shown, what is said of it, and what can't be read. */
#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "tests/media/video_encode.h"
#include "tests/pipeline/viewing.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { FRAMES = 61, FPS = 15 };

/* A clip of FRAMES frames, written once. */
static const char *clip(void)
{
    static char path[128];
    if (!path[0]) {
        snprintf(path, sizeof path, "%s", clip_path("clip.mp4"));
        clip_write(path, FRAMES, FPS);
    }
    return path;
}

static struct viewer *open_clip(uint64_t memory)
{
    struct viewer *viewer = open_viewer(memory);
    add_inputs(viewer, clip(), NULL);
    wait_until(viewer, has_picture);
    return viewer;
}

/* The frame that is shown in the end is this one, by its pixels, its number and its time. */
static void expect_frame(struct viewer *viewer, int number)
{
    struct viewer_snapshot snapshot = wait_for(viewer, has_settled);
    assert_true(snapshot.video.there);
    assert_int_equal(clip_number(snapshot.picture), number);
    assert_int_equal(snapshot.video.number, number);
    assert_true(fabs(snapshot.video.time - (double)number / FPS) < 0.0011);
    viewer_release(viewer, &snapshot);
}

/* ---- frames ------------------------------------------------------------------------------------- */

static void test_a_video_is_one_of_the_list_and_shows_its_first_frame(void **unused)
{
    struct viewer *viewer = open_viewer(0);
    (void)unused;
    clip_need_module();

    add_inputs(viewer, clip(), CARDS "/cards-1.jpg");
    struct viewer_snapshot snapshot = wait_for(viewer, has_picture);
    assert_int_equal(snapshot.count, 2);
    assert_true(viewer_is_video(&snapshot, 0));
    assert_false(viewer_is_video(&snapshot, 1));
    assert_false(viewer_is_video(&snapshot, 2));
    assert_true(snapshot.video.there);
    assert_false(snapshot.video.playing);
    assert_true(snapshot.video.steady);
    assert_true(fabs(snapshot.video.duration - (double)FRAMES / FPS) < 0.05);
    assert_null(snapshot.video.why);
    viewer_release(viewer, &snapshot);
    expect_frame(viewer, 0);
    viewer_select(viewer, 1);
    snapshot = wait_for(viewer, has_picture);
    assert_false(snapshot.video.there);
    viewer_release(viewer, &snapshot);
    viewer_play(viewer, true); /* nothing to play */
    viewer_seek(viewer, 1);
    viewer_step(viewer, 1);
    snapshot = viewer_snapshot(viewer);
    assert_false(snapshot.video.there || snapshot.video.playing || snapshot.video.seeking);
    viewer_release(viewer, &snapshot);
    viewer_close(viewer);
}

static void test_any_frame_is_found_exactly(void **unused)
{
    static const int frames[] = {30, 7, 8, 60, 0, 44, 43};
    (void)unused;
    clip_need_module();
    struct viewer *viewer = open_clip(0);

    for (size_t i = 0; i < sizeof frames / sizeof *frames; i++) {
        viewer_seek(viewer, (double)frames[i] / FPS);
        expect_frame(viewer, frames[i]);
    }
    viewer_seek(viewer, 1e6);
    expect_frame(viewer, FRAMES - 1);
    viewer_seek(viewer, -3);
    expect_frame(viewer, 0);
    viewer_seek(viewer, NAN);
    expect_frame(viewer, 0);
    viewer_close(viewer);
}

static void test_steps_go_to_the_next_frame_and_to_the_one_before(void **unused)
{
    static const struct {
        int by, then;
    } steps[] = {{1, 31}, {1, 32},  {-1, 31}, {-1, 30}, {-1, 29},          {-20, 9},        {-1, 8},
                 {1, 9},  {-30, 0}, {-1, 0},  {5, 5},   {100, FRAMES - 1}, {1, FRAMES - 1}, {-1, FRAMES - 2}};
    (void)unused;
    clip_need_module();
    struct viewer *viewer = open_clip(0);

    viewer_seek(viewer, 30.0 / FPS);
    expect_frame(viewer, 30);
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        viewer_step(viewer, steps[i].by);
        expect_frame(viewer, steps[i].then);
    }
    viewer_close(viewer);
}

#ifdef BESRA_HAS_VIDEO
/* Frames that are stored in another order, of uneven rate, with few key frames or none but the first. */
static void test_steps_over_any_order_miss_no_frame(void **unused)
{
    static const struct {
        const char          *name;
        struct clip_encoding how;
    } clips[] = {{"uneven.mp4", {"libx264", "bf=3:g=20", 40, 0}},
                 {"one-key.mkv", {"libx264", "bf=2:g=100000:sc_threshold=0", 40, 25}},
                 {"transport.ts", {"mpeg2video", "bf=2:g=12", 40, 25}}};
    (void)unused;
    for (size_t i = 0; i < sizeof clips / sizeof *clips; i++) {
        if (!clip_encode(clip_path(clips[i].name), &clips[i].how))
            continue;
        struct viewer *viewer = open_viewer(0);
        int            by = -1;
        add_inputs(viewer, clip_path(clips[i].name), NULL);
        wait_until(viewer, has_picture);
        viewer_seek(viewer, 1e6);
        for (int k = 39; k < 40; k += by) {
            struct viewer_snapshot snapshot = wait_for(viewer, has_settled);
            if (clip_number(snapshot.picture) != k)
                fail_msg("%s: this is frame %d, and should be %d", clips[i].name,
                         clip_number(snapshot.picture), k);
            assert_true(fabs(snapshot.video.time - clip_time(k, clips[i].how.fps)) < 0.0011);
            viewer_release(viewer, &snapshot);
            by = k == 0 ? 1 : by;
            viewer_step(viewer, by);
        }
        viewer_close(viewer);
    }
}
#endif

/* As many frames as are kept, however little memory there is. */
static void test_steps_back_do_with_little_memory(void **unused)
{
    (void)unused;
    clip_need_module();
    struct viewer *viewer = open_clip((uint64_t)4 * 3 * CLIP_WIDTH * CLIP_HEIGHT);

    viewer_seek(viewer, 40.0 / FPS);
    for (int i = 39; i > 20; i--) {
        viewer_step(viewer, -1);
        expect_frame(viewer, i);
    }
    viewer_close(viewer);
}

static void test_a_frame_is_where_it_was_left(void **unused)
{
    struct viewer *viewer = open_viewer(0);
    (void)unused;
    clip_need_module();
    add_inputs(viewer, clip(), CARDS);
    viewer_seek(viewer, 25.0 / FPS);
    expect_frame(viewer, 25);
    for (size_t i = 6; i-- > 0;) {
        viewer_select(viewer, i);
        wait_until(viewer, has_picture);
    }
    expect_frame(viewer, 25);
    viewer_remove(viewer, 0);
    wait_until(viewer, has_picture);
    viewer_close(viewer);
}

static void test_a_named_frame_is_what_a_video_begins_with(void **unused)
{
    char           name[256];
    struct viewer *viewer = open_viewer(0);
    (void)unused;
    clip_need_module();
    snprintf(name, sizeof name, "%s#t=2", clip());
    add_inputs(viewer, name, NULL);
    expect_frame(viewer, 30);
    struct viewer_snapshot snapshot = viewer_snapshot(viewer);
    assert_string_equal(snapshot.path, clip());
    assert_string_equal(viewer_name(&snapshot, 0), "clip.mp4");
    viewer_release(viewer, &snapshot);
    viewer_close(viewer);
}

static bool has_small(struct viewer *viewer, int *number)
{
    struct viewer_snapshot  snapshot = viewer_snapshot(viewer);
    const struct bsr_image *small = viewer_thumbnail(viewer, &snapshot, 0, NULL);
    *number = small ? clip_number(small) : -1;
    viewer_release(viewer, &snapshot);
    return small != NULL;
}

static void test_the_small_picture_is_the_first_frame(void **unused)
{
    int number;
    (void)unused;
    clip_need_module();
    struct viewer *viewer = open_clip(0);
    viewer_seek(viewer, 2);
    expect_frame(viewer, 30);
    for (double start = clock_ms(); !has_small(viewer, &number); usleep(1000))
        assert_true(clock_ms() - start < 120e3);
    assert_int_equal(number, 0);
    viewer_close(viewer);
}

/* ---- playing ------------------------------------------------------------------------------------ */

static bool plays_late(const struct viewer_snapshot *snapshot)
{
    return snapshot->video.number >= 10;
}

static void test_it_plays_pauses_and_ends_with_its_last_frame(void **unused)
{
    (void)unused;
    clip_need_module();
    struct viewer *viewer = open_clip(0);

    viewer_play(viewer, true);
    struct viewer_snapshot snapshot = wait_for(viewer, plays_late);
    assert_true(snapshot.video.playing);
    unsigned long long texture = snapshot.picture_id, frame = snapshot.video.frame_id;
    viewer_release(viewer, &snapshot);
    viewer_step(viewer, 1); /* pauses, too */
    snapshot = wait_for(viewer, has_settled);
    assert_int_equal(snapshot.picture_id, texture); /* one texture for all frames */
    assert_int_not_equal(snapshot.video.frame_id, frame);
    assert_int_equal(clip_number(snapshot.picture), snapshot.video.number);
    viewer_release(viewer, &snapshot);
    viewer_play(viewer, true);
    expect_frame(viewer, FRAMES - 1); /* at the end it pauses */
    snapshot = viewer_snapshot(viewer);
    assert_null(snapshot.video.why);
    viewer_release(viewer, &snapshot);

    viewer_play(viewer, true); /* from the beginning */
    viewer_seek(viewer, 50.0 / FPS);
    expect_frame(viewer, FRAMES - 1);
    viewer_play(viewer, true);
    wait_until(viewer, plays_late);
    viewer_play(viewer, false);
    wait_until(viewer, has_settled);
    viewer_close(viewer);
}

static void test_another_picture_or_the_end_stops_it(void **unused)
{
    (void)unused;
    clip_need_module();
    struct viewer *viewer = open_clip(0);
    add_inputs(viewer, CARDS "/cards-1.jpg", NULL);
    viewer_select(viewer, 0);
    viewer_play(viewer, true);
    wait_until(viewer, plays_late);
    viewer_select(viewer, 1);
    viewer_select(viewer, 0);
    struct viewer_snapshot snapshot = viewer_snapshot(viewer);
    assert_false(snapshot.video.playing);
    viewer_release(viewer, &snapshot);
    wait_until(viewer, has_settled);
    viewer_play(viewer, true);
    viewer_remove(viewer, 0);
    wait_until(viewer, has_picture);
    viewer_close(viewer); /* in the middle of whatever it does */
    viewer = open_clip(0);
    viewer_play(viewer, true);
    viewer_seek(viewer, 3);
    viewer_close(viewer);
}

/* ---- trouble ------------------------------------------------------------------------------------ */

/* By playing to its end, or by going to where there is nothing. */
static void expect_cut_off(bool play)
{
    struct viewer *viewer = open_viewer(0);
    add_inputs(viewer, clip_path("cut.mkv"), NULL);
    wait_until(viewer, has_picture);
    viewer_play(viewer, play);
    viewer_seek(viewer, play ? 2 : 7.5);
    struct viewer_snapshot snapshot = wait_for(viewer, has_settled);
    assert_true(snapshot.video.number > 30 && snapshot.video.number < 110);
    assert_non_null(snapshot.video.why);
    assert_non_null(strstr(snapshot.video.why, "cut off"));
    assert_true(snapshot.video.duration < 7.5);
    viewer_release(viewer, &snapshot);
    viewer_step(viewer, -1);
    snapshot = wait_for(viewer, has_settled);
    assert_int_equal(clip_number(snapshot.picture), snapshot.video.number);
    viewer_release(viewer, &snapshot);
    viewer_close(viewer);
}

static void test_a_file_cut_off_says_so_and_stays_at_its_last_frame(void **unused)
{
    struct bytes     file = {0};
    struct bsr_error err = {0};
    (void)unused;
    clip_need_module();
    clip_write(clip_path("whole.mkv"), 121, FPS);
    require(file_read(&file, clip_path("whole.mkv"), SIZE_MAX, &err), &err);
    require(file_write(clip_path("cut.mkv"), file.data, file.size / 2, false, false, &err), &err);
    bytes_free(&file);
    expect_cut_off(true);
    expect_cut_off(false);
}

static void test_what_is_no_video_says_why(void **unused)
{
    static const char bytes[] = "\0\0\0\x18"
                                "ftypisom\0\0\0\0isomiso2";
    struct viewer    *viewer = open_viewer(0);
    (void)unused;
    clip_save(clip_path("none.mp4"), bytes, sizeof bytes - 1);
    add_inputs(viewer, clip_path("none.mp4"), NULL);
    struct viewer_snapshot snapshot = wait_for(viewer, picture_failed);
    assert_non_null(strstr(snapshot.picture_why, "none.mp4"));
    assert_true(snapshot.video.there);
    viewer_release(viewer, &snapshot);
    viewer_play(viewer, true);
    viewer_seek(viewer, 1);
    viewer_close(viewer);
}

static void test_a_video_that_is_gone_says_so_and_keeps_its_frame(void **unused)
{
    (void)unused;
    clip_need_module();
    clip_write(clip_path("gone.mp4"), 10, FPS);
    struct viewer *viewer = open_viewer(0);
    add_inputs(viewer, clip_path("gone.mp4"), NULL);
    wait_until(viewer, has_picture);
    assert_int_equal(unlink(clip_path("gone.mp4")), 0);
    viewer_step(viewer, 1);
    struct viewer_snapshot snapshot = wait_for(viewer, has_settled);
    assert_int_equal(clip_number(snapshot.picture), 0);
    assert_non_null(snapshot.video.why);
    assert_non_null(strstr(snapshot.video.why, "no such file"));
    viewer_release(viewer, &snapshot);
    viewer_close(viewer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_video_is_one_of_the_list_and_shows_its_first_frame),
        cmocka_unit_test(test_any_frame_is_found_exactly),
        cmocka_unit_test(test_steps_go_to_the_next_frame_and_to_the_one_before),
#ifdef BESRA_HAS_VIDEO
        cmocka_unit_test(test_steps_over_any_order_miss_no_frame),
#endif
        cmocka_unit_test(test_steps_back_do_with_little_memory),
        cmocka_unit_test(test_a_frame_is_where_it_was_left),
        cmocka_unit_test(test_a_named_frame_is_what_a_video_begins_with),
        cmocka_unit_test(test_the_small_picture_is_the_first_frame),
        cmocka_unit_test(test_it_plays_pauses_and_ends_with_its_last_frame),
        cmocka_unit_test(test_another_picture_or_the_end_stops_it),
        cmocka_unit_test(test_a_file_cut_off_says_so_and_stays_at_its_last_frame),
        cmocka_unit_test(test_what_is_no_video_says_why),
        cmocka_unit_test(test_a_video_that_is_gone_says_so_and_keeps_its_frame),
    };
    return cmocka_run_group_tests(tests, clip_make_folder, clip_remove_folder);
}
