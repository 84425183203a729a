/* The window in all its modes, painted by the module on an Xvfb, held to goldens. */
#include "app/window/ground.h"
#include "app/window/view.h"
#include "base/image.h"
#include "media/picture.h"

#include "tests/app/window/fake_viewer.h"
#include "tests/app/window/harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A window with a view in it. */
struct session {
    const struct display_module *module;
    struct display              *display;
    struct ground                ground;
    struct view                  view;
    struct viewer               *viewer;
    int                          width, height;
    float                        scale;
    double                       now_ms;
};

static void send(struct session *session, const struct event *event)
{
    session->now_ms += 10;
    view_pass(&session->view, event, session->width, session->height, session->scale, session->now_ms);
}

static void wait(struct session *session, double ms)
{
    session->now_ms += ms;
    send(session, &(struct event){.kind = EVENT_NONE});
    send(session, &(struct event){.kind = EVENT_NONE});
}

static void key(struct session *session, const char *name)
{
    struct event event = {.kind = EVENT_KEY};
    snprintf(event.text, sizeof event.text, "%s", name);
    send(session, &event);
    event.kind = EVENT_TEXT;
    if (!name[1])
        send(session, &event);
    wait(session, 0);
}

static void start(struct session *session, int width, int height, float scale)
{
    struct bsr_error err;
    *session = (struct session){.width = width, .height = height, .scale = scale, .now_ms = 1000};
    session->module = harness_module();
    session->display = harness_open(width, height);
    fake_start();
    assert_int_equal(ground_open(&session->ground, session->module, session->display, &err), BSR_OK);
    assert_int_equal(viewer_open(&session->viewer, &(struct viewer_options){0}, &err), BSR_OK);
    const struct view_look look = view_usual_look();
    view_start(&session->view, session->viewer, &look);
    ground_carry(&session->ground, &session->view.ui, &session->view.pictures);
}

static void check(struct session *session, const char *name)
{
    wait(session, 0);
    session->module->show(session->display, &session->view.list, session->view.ui.theme->stage);
    harness_check(session->display, name);
}

static void stop(struct session *session)
{
    view_stop(&session->view);
    ground_close(&session->ground);
    session->module->close(session->display);
    fake_stop();
}

static void test_an_empty_window_says_what_can_be_done(void **state)
{
    (void)state;
    NEEDS_DISPLAY();
    struct session s;
    start(&s, 1000, 700, 1);
    check(&s, "view_empty");
    key(&s, "n");
    check(&s, "view_empty_light");
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
    check(&s, "view_detect");
    key(&s, "n");
    check(&s, "view_detect_light");
    send(&s, &(struct event){.kind = EVENT_PRESS, .button = 1, .clicks = 1, .x = 300, .y = 300});
    send(&s, &(struct event){.kind = EVENT_RELEASE, .button = 1, .x = 300, .y = 300});
    check(&s, "view_detect_picked");
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
    check(&s, "view_detect_2x");
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
    check(&s, "view_small");
    key(&s, "p");
    check(&s, "view_small_panel");
    key(&s, "p");
    key(&s, "?");
    check(&s, "view_small_keys");
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
    check(&s, "view_enlarge_divider");
    key(&s, "v");
    check(&s, "view_enlarge_side");
    key(&s, "v");
    send(&s, &(struct event){.kind = EVENT_POINTER, .x = 400, .y = 300});
    check(&s, "view_enlarge_lens");
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
    check(&s, "view_classify");
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
    key(&s, "?");
    check(&s, "view_keys");
    key(&s, "?");
    key(&s, "m");
    check(&s, "view_models");
    key(&s, "escape");
    fake.save_status = BSR_EEXIST;
    key(&s, "s");
    check(&s, "view_save");
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
    check(&s, "view_video");
    key(&s, "n");
    fake.shot.video.playing = true;
    send(&s, &(struct event){.kind = EVENT_PRESS, .button = 1, .clicks = 1, .x = 500, .y = 668});
    check(&s, "view_video_dragged_light");
    send(&s, &(struct event){.kind = EVENT_RELEASE, .button = 1, .x = 500, .y = 668});
    stop(&s);
    start(&s, 480, 360, 1);
    fake_pictures(1);
    fake_video();
    fake_detector(5);
    fake.shot.video.why = "the file was cut off or is damaged: 8.1 of its 30.2 seconds can be read";
    check(&s, "view_video_small_cut_off");
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
    check(&s, "view_broken_picture");
    fake_pictures(3);
    fake.shot.model_state = VIEWER_FAILED;
    fake.shot.model_name = "missing.onnx";
    fake.shot.model_why = "missing.onnx: there is no such file\nbesra model list shows what there is";
    check(&s, "view_broken_model");
    fake_detector(5);
    viewer_start_batch(s.viewer, "x");
    fake.shot.batch_done = 2;
    fake.shot.batch_failed = 1;
    fake.shot.batch_why = "b.jpg: not a JPEG";
    key(&s, "f3");
    check(&s, "view_batch");
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
