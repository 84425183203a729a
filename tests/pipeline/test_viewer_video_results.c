/* What nets say of a video's frames, the command that makes it, and what is written. */
#include "base/file.h"
#include "tests/media/video_clips.h"
#include "tests/pipeline/viewing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { FRAMES = 31 };

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
    clip_write(clip_path("clip.mp4"), FRAMES, 15);
    struct viewer *viewer = open_viewer(0);
    add_inputs(viewer, clip_path("clip.mp4"), NULL);
    wait_until(viewer, has_picture);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_boxes_are_those_of_the_frame_and_settings_act_on_them),
        cmocka_unit_test(test_the_newest_boxes_are_shown_while_it_plays),
        cmocka_unit_test(test_enlarging_waits_until_it_stands_still),
        cmocka_unit_test(test_the_command_names_the_frame_or_plays),
        cmocka_unit_test(test_the_frame_and_its_record_are_saved),
        cmocka_unit_test(test_all_pictures_are_done_without_the_videos),
    };
    return cmocka_run_group_tests(tests, clip_make_folder, clip_remove_folder);
}
