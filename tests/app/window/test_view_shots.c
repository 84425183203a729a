/* The window in all its modes, painted by the module on an Xvfb, held to goldens. */
#include "app/window/view.h"
#include "base/image.h"
#include "media/picture.h"

#include "tests/app/window/fake_viewer.h"
#include "tests/app/window/harness.h"
#include "tests/app/window/screen.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A window with a view in it. */
struct session {
    struct screen  screen;
    struct view    view;
    struct viewer *viewer;
};

static void pass(void *context, const struct event *event, int width, int height, float scale, double now_ms)
{
    view_pass(context, event, width, height, scale, now_ms);
}

static void start(struct session *session, int width, int height, float scale)
{
    struct bsr_error err;
    fake_start();
    assert_int_equal(viewer_open(&session->viewer, &(struct viewer_options){0}, &err), BSR_OK);
    const struct view_look look = view_usual_look();
    view_start(&session->view, session->viewer, &look);
    const struct window_client client = {.context = &session->view,
                                         .ui = &session->view.ui,
                                         .list = &session->view.list,
                                         .wishes = &session->view.wishes,
                                         .pictures = &session->view.pictures,
                                         .pass = pass};
    screen_open(&session->screen, &client, SCREEN_COUNTS, width, height, scale);
}

static void stop(struct session *session)
{
    view_stop(&session->view);
    screen_close(&session->screen);
    fake_stop();
}

static void test_an_empty_window_says_what_can_be_done(void **state)
{
    (void)state;
    NEEDS_DISPLAY();
    struct session s;
    start(&s, 1000, 700, 1);
    screen_check(&s.screen, "view_empty");
    screen_key(&s.screen, "n");
    screen_check(&s.screen, "view_empty_light");
    stop(&s);
}

static void test_detections(void **state)
{
    (void)state;
    NEEDS_DISPLAY();
    struct session s;
    start(&s, 1200, 800, 1);
    fake_pictures(500);
    fake_detector(8);
    screen_check(&s.screen, "view_detect");
    screen_key(&s.screen, "n");
    screen_check(&s.screen, "view_detect_light");
    screen_send(&s.screen,
                &(struct event){.kind = EVENT_PRESS, .button = 1, .clicks = 1, .x = 300, .y = 300});
    screen_send(&s.screen, &(struct event){.kind = EVENT_RELEASE, .button = 1, .x = 300, .y = 300});
    screen_check(&s.screen, "view_detect_picked");
    stop(&s);
}

static void test_large_points(void **state)
{
    (void)state;
    NEEDS_DISPLAY();
    struct session s;
    start(&s, 1600, 1200, 2);
    fake_pictures(12);
    fake_detector(8);
    screen_check(&s.screen, "view_detect_2x");
    stop(&s);
}

static void test_a_small_window(void **state)
{
    (void)state;
    NEEDS_DISPLAY();
    struct session s;
    start(&s, 480, 360, 1);
    fake_pictures(12);
    snprintf(fake.names[0], sizeof fake.names[0],
             "a folder/with a name that is much longer than the window is wide, and its picture.jpg");
    fake_detector(8);
    screen_check(&s.screen, "view_small");
    screen_key(&s.screen, "p");
    screen_check(&s.screen, "view_small_panel");
    screen_key(&s.screen, "p");
    screen_key(&s.screen, "?");
    screen_check(&s.screen, "view_small_keys");
    stop(&s);
}

static void test_enlarging(void **state)
{
    (void)state;
    NEEDS_DISPLAY();
    struct session s;
    start(&s, 1200, 800, 1);
    fake_pictures(3);
    fake_enlarger();
    screen_check(&s.screen, "view_enlarge_divider");
    screen_key(&s.screen, "v");
    screen_check(&s.screen, "view_enlarge_side");
    screen_key(&s.screen, "v");
    screen_send(&s.screen, &(struct event){.kind = EVENT_POINTER, .x = 400, .y = 300});
    screen_check(&s.screen, "view_enlarge_lens");
    stop(&s);
}

static void test_classifying(void **state)
{
    (void)state;
    NEEDS_DISPLAY();
    struct session s;
    start(&s, 1000, 700, 1);
    fake_pictures(1);
    fake_classifier();
    screen_check(&s.screen, "view_classify");
    stop(&s);
}

static void test_dialogues(void **state)
{
    (void)state;
    NEEDS_DISPLAY();
    struct session s;
    start(&s, 1000, 700, 1);
    fake_pictures(12);
    fake_detector(4);
    setenv("BESRA_MODELS", BESRA_SOURCE_DIR "/models", 1);
    screen_key(&s.screen, "?");
    screen_check(&s.screen, "view_keys");
    screen_key(&s.screen, "?");
    screen_key(&s.screen, "m");
    screen_check(&s.screen, "view_models");
    screen_key(&s.screen, "escape");
    fake.save_status = BSR_EEXIST;
    screen_key(&s.screen, "s");
    screen_check(&s.screen, "view_save");
    stop(&s);
}

static void test_a_video(void **state)
{
    (void)state;
    NEEDS_DISPLAY();
    struct session s;
    start(&s, 1200, 800, 1);
    fake_pictures(12);
    fake_video();
    fake_detector(5);
    screen_check(&s.screen, "view_video");
    screen_key(&s.screen, "n");
    fake.shot.video.playing = true;
    screen_send(&s.screen,
                &(struct event){.kind = EVENT_PRESS, .button = 1, .clicks = 1, .x = 500, .y = 668});
    screen_check(&s.screen, "view_video_dragged_light");
    screen_send(&s.screen, &(struct event){.kind = EVENT_RELEASE, .button = 1, .x = 500, .y = 668});
    stop(&s);
    start(&s, 480, 360, 1);
    fake_pictures(1);
    fake_video();
    fake_detector(5);
    fake.shot.video.why = "the file was cut off or is damaged: 8.1 of its 30.2 seconds can be read";
    screen_check(&s.screen, "view_video_small_cut_off");
    stop(&s);
}

static void test_trouble(void **state)
{
    (void)state;
    NEEDS_DISPLAY();
    struct session s;
    start(&s, 1000, 700, 1);
    fake_pictures(3);
    fake.shot.picture = NULL;
    fake.shot.picture_state = VIEWER_FAILED;
    fake.shot.picture_why = "not a JPEG: truncated at byte 1,024 of 80,113";
    screen_check(&s.screen, "view_broken_picture");
    fake_pictures(3);
    fake.shot.model_state = VIEWER_FAILED;
    fake.shot.model_name = "missing.onnx";
    fake.shot.model_why = "missing.onnx: there is no such file\nbesra model list shows what there is";
    screen_check(&s.screen, "view_broken_model");
    fake_detector(5);
    viewer_start_batch(s.viewer, "x");
    fake.shot.batch_done = 2;
    fake.shot.batch_failed = 1;
    fake.shot.batch_why = "b.jpg: not a JPEG";
    screen_key(&s.screen, "f3");
    screen_check(&s.screen, "view_batch");
    stop(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_empty_window_says_what_can_be_done),
        cmocka_unit_test(test_detections),
        cmocka_unit_test(test_large_points),
        cmocka_unit_test(test_a_small_window),
        cmocka_unit_test(test_enlarging),
        cmocka_unit_test(test_classifying),
        cmocka_unit_test(test_dialogues),
        cmocka_unit_test(test_a_video),
        cmocka_unit_test(test_trouble),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
