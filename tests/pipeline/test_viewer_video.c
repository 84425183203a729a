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

static bool has_settled(const struct viewer_snapshot *snapshot)
{
    return has_picture(snapshot) && !snapshot->video.seeking && !snapshot->video.playing;
}

static bool has_settled_result(const struct viewer_snapshot *snapshot)
{
    return has_settled(snapshot) && has_result(snapshot);
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

/* ---- what is said of a frame -------------------------------------------------------------------- */

/* A clip of cards, which the shipped model finds. */
static const char *cards_clip(void)
{
    static char path[128];
    if (path[0])
        return path;
    snprintf(path, sizeof path, "%s", clip_path("cards.mp4"));
    struct bsr_image     images[2];
    struct bsr_error     err = {0};
    struct video_writer *writer = NULL;
    require(bsr_image_read(&images[0], CARDS "/cards-1.jpg", &err), &err);
    require(bsr_image_read(&images[1], CARDS "/cards-2.jpg", &err), &err);
    int width = images[0].width < images[1].width ? images[0].width : images[1].width;
    int height = images[0].height < images[1].height ? images[0].height : images[1].height;
    images[0].width = images[1].width = width / 2 * 2;
    images[0].height = images[1].height = height / 2 * 2;
    const struct video_writer_options options = {
        .width = images[0].width, .height = images[0].height, .quality = 95};
    require(video_writer_open(&writer, path, &options, &err), &err);
    for (int i = 0; i < 20; i++)
        require(video_writer_add(writer, &images[i / 10], i / 10.0, &err), &err);
    require(video_writer_close(writer, 2, &err), &err);
    bsr_image_free(&images[0]);
    bsr_image_free(&images[1]);
    return path;
}

static struct viewer *open_cards(void)
{
    struct viewer *viewer = open_viewer(0);
    add_inputs(viewer, cards_clip(), NULL);
    load_model(viewer, CARDS_MODEL, CARD_DETECT);
    return viewer;
}

static void test_boxes_are_those_of_the_frame_and_settings_act_on_them(void **unused)
{
    (void)unused;
    clip_need_module();
    struct viewer         *viewer = open_cards();
    struct viewer_snapshot first = wait_for(viewer, has_settled_result);
    assert_true(first.detection_count > 0);
    viewer_seek(viewer, 1.5);
    struct viewer_snapshot second = wait_for(viewer, has_settled_result);
    assert_int_equal(second.video.number, 15);
    assert_true(second.detection_count > 0);
    assert_true(
        first.detection_count != second.detection_count ||
        memcmp(first.detections, second.detections, first.detection_count * sizeof *first.detections) != 0);

    struct viewer_settings settings = second.settings;
    settings.confidence = 0.999;
    viewer_set(viewer, &settings);
    struct viewer_snapshot sure = wait_for(viewer, has_settled_result);
    assert_true(sure.detection_count < second.detection_count);
    viewer_undo(viewer);
    viewer_seek(viewer, 0); /* what was said is still known */
    struct viewer_snapshot again = wait_for(viewer, has_settled_result);
    assert_int_equal(again.detection_count, first.detection_count);
    assert_memory_equal(again.detections, first.detections, first.detection_count * sizeof *first.detections);
    viewer_release(viewer, &first);
    viewer_release(viewer, &second);
    viewer_release(viewer, &sure);
    viewer_release(viewer, &again);
    viewer_close(viewer);
}

static bool plays_with_boxes(const struct viewer_snapshot *snapshot)
{
    return snapshot->video.playing && snapshot->video.number > 0 && snapshot->detection_count > 0;
}

static void test_the_newest_boxes_are_shown_while_it_plays(void **unused)
{
    (void)unused;
    clip_need_module();
    struct viewer *viewer = open_cards();
    wait_until(viewer, has_settled_result);
    viewer_play(viewer, true);
    wait_until(viewer, plays_with_boxes);
    wait_until(viewer, has_settled_result); /* at the end, of that frame */
    viewer_close(viewer);
}

static void test_enlarging_waits_until_it_stands_still(void **unused)
{
    (void)unused;
    clip_need_module();
    struct viewer *viewer = open_clip(0);
    load_model(viewer, SRCNN_MODEL, CARD_UPSCALE);
    viewer_play(viewer, true);
    struct viewer_snapshot snapshot = wait_for(viewer, has_settled_result);
    assert_int_equal(snapshot.video.number, FRAMES - 1);
    assert_int_equal(snapshot.enlarged->width, 2 * CLIP_WIDTH);
    viewer_release(viewer, &snapshot);
    viewer_close(viewer);
}

/* ---- the command, and what is written ----------------------------------------------------------- */

static void expect_command(struct viewer *viewer, const struct viewer_snapshot *snapshot, const char *begins,
                           const char *ends)
{
    struct bytes     line = {0};
    struct bsr_error err = {0};
    require(viewer_command(viewer, snapshot, &line, &err), &err);
    const char *text = bytes_text(&line);
    size_t      length = strlen(text);
    if (strncmp(text, begins, strlen(begins)) != 0 || length < strlen(ends) ||
        strcmp(text + length - strlen(ends), ends) != 0)
        fail_msg("'%s' should be '%s ... %s'", text, begins, ends);
    bytes_free(&line);
}

static bool is_playing(const struct viewer_snapshot *snapshot)
{
    return snapshot->video.playing;
}

static void test_the_command_names_the_frame_or_plays(void **unused)
{
    (void)unused;
    clip_need_module();
    struct viewer *viewer = open_cards();
    viewer_seek(viewer, 1.3);
    struct viewer_snapshot snapshot = wait_for(viewer, has_settled_result);
    expect_command(viewer, &snapshot, "besra detect -m ", "cards.mp4#t=1.3'");
    viewer_release(viewer, &snapshot);
    viewer_play(viewer, true);
    snapshot = wait_for(viewer, is_playing);
    expect_command(viewer, &snapshot, "besra live -m ", "/cards.mp4");
    viewer_release(viewer, &snapshot);
    viewer_close(viewer);
}

static void test_the_frame_and_its_record_are_saved(void **unused)
{
    struct bsr_error err = {0};
    struct bytes     record = {0}, file = {0}, seen = {0};
    (void)unused;
    clip_need_module();
    struct viewer *viewer = open_cards();
    viewer_seek(viewer, 1.3);
    struct viewer_snapshot snapshot = wait_for(viewer, has_settled_result);
    require(viewer_save_picture(viewer, &snapshot, clip_path("out.png"), false, &err), &err);
    require(file_read(&file, clip_path("out.png"), SIZE_MAX, &err), &err);
    require(viewer_encode_picture(viewer, &snapshot, &seen, &err), &err); /* the same for the clipboard */
    assert_int_equal(file.size, seen.size);
    assert_memory_equal(file.data, seen.data, seen.size);
    assert_int_equal(viewer_save_picture(viewer, &snapshot, cards_clip(), true, &err), BSR_EUSAGE);
    require(viewer_save_record(viewer, &snapshot, clip_path("out.json"), false, &err), &err);
    require(file_read(&record, clip_path("out.json"), SIZE_MAX, &err), &err);
    assert_non_null(strstr(bytes_text(&record), "cards.mp4#t=1.3\",\"width\""));
    bytes_free(&record);
    bytes_free(&file);
    bytes_free(&seen);
    viewer_release(viewer, &snapshot);
    viewer_close(viewer);
}

static bool batch_is_over(const struct viewer_snapshot *snapshot)
{
    return snapshot->batch_state == VIEWER_READY || snapshot->batch_state == VIEWER_FAILED;
}

static void test_all_pictures_are_done_without_the_videos(void **unused)
{
    char folder[64];
    (void)unused;
    clip_need_module();
    struct viewer *viewer = open_cards();
    add_inputs(viewer, CARDS "/cards-1.jpg", NULL);
    make_folder(folder);
    viewer_start_batch(viewer, folder);
    struct viewer_snapshot snapshot = wait_for(viewer, batch_is_over);
    assert_int_equal(snapshot.batch_done, 2);
    assert_int_equal(snapshot.batch_failed, 1);
    assert_non_null(strstr(snapshot.batch_why, "besra live"));
    viewer_release(viewer, &snapshot);
    remove_folder(folder);
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
        cmocka_unit_test(test_boxes_are_those_of_the_frame_and_settings_act_on_them),
        cmocka_unit_test(test_the_newest_boxes_are_shown_while_it_plays),
        cmocka_unit_test(test_enlarging_waits_until_it_stands_still),
        cmocka_unit_test(test_the_command_names_the_frame_or_plays),
        cmocka_unit_test(test_the_frame_and_its_record_are_saved),
        cmocka_unit_test(test_all_pictures_are_done_without_the_videos),
        cmocka_unit_test(test_a_file_cut_off_says_so_and_stays_at_its_last_frame),
        cmocka_unit_test(test_what_is_no_video_says_why),
        cmocka_unit_test(test_a_video_that_is_gone_says_so_and_keeps_its_frame),
    };
    return cmocka_run_group_tests(tests, clip_make_folder, clip_remove_folder);
}
