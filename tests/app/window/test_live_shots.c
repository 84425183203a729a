/* The window of `besra live` in all its states, painted by the module on an Xvfb, held to goldens: on a live
 * that computes nothing, so that no number depends on the machine. */
#include "app/window/ground.h"
#include "app/window/live_view.h"

#include "tests/app/window/fake_live.h"
#include "tests/app/window/harness.h"

#include <stdio.h>
#include <string.h>

struct session {
    const struct display_module *module;
    struct display              *display;
    struct ground                ground;
    struct live_view             view;
    int                          width, height;
    float                        scale;
    double                       now_ms;
};

static const struct count_point across[] = {{320, 40}, {320, 440}};
static const struct count_point corners[] = {{400, 250}, {600, 280}, {560, 450}, {420, 440}};
static const struct count_shape shapes[] = {{across, 2}, {corners, 4}};

static void send(struct session *session, const struct event *event)
{
    session->now_ms += 10;
    live_view_pass(&session->view, event, session->width, session->height, session->scale, session->now_ms);
}

static void rest(struct session *session)
{
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
    rest(session);
}

static void start(struct session *session, int width, int height, float scale, const char *source,
                  int shape_count)
{
    struct bsr_error err;
    *session = (struct session){.width = width, .height = height, .scale = scale, .now_ms = 1000};
    session->module = harness_module();
    session->display = harness_open(width, height);
    fake_live_start();
    assert_int_equal(ground_open(&session->ground, session->module, session->display, &err), BSR_OK);
    live_view_start(&session->view, &(struct live_view_options){.source = source,
                                                                .command = "besra live gate.mkv",
                                                                .precision = "f32",
                                                                .lens_model = "srcnn",
                                                                .shapes = shapes,
                                                                .shape_count = shape_count,
                                                                .look = view_usual_look()});
    ground_carry(&session->ground, &session->view.ui, &session->view.pictures);
}

static void check(struct session *session, const char *name)
{
    rest(session);
    session->module->show(session->display, &session->view.list, session->view.ui.theme->stage);
    harness_check(session->display, name);
}

static void stop(struct session *session)
{
    live_view_stop(&session->view);
    ground_close(&session->ground);
    session->module->close(session->display);
    fake_live_stop();
}

static void test_things_are_followed_and_counted(void **state)
{
    (void)state;
    NEEDS_DISPLAY();
    struct session s;
    start(&s, 1000, 700, 1, "gate.mkv", 2);
    key(&s, "r");
    assert_true(fake_live.shot.recording);
    fake_live.shot.recorded = 83;
    check(&s, "live_counts");
    key(&s, "t");
    check(&s, "live_counts_light");
    key(&s, "?");
    check(&s, "live_keys_light");
    stop(&s);
}

static void test_large_points_and_small_windows(void **state)
{
    static const char name[] =
        "a folder/with a name that is much longer/than the window is wide, of a film.mkv";
    struct session s;
    (void)state;
    NEEDS_DISPLAY();
    start(&s, 1600, 1200, 2, "gate.mkv", 2);
    check(&s, "live_2x");
    stop(&s);
    start(&s, 640, 480, 1, name, 2);
    check(&s, "live_small");
    key(&s, "?");
    check(&s, "live_small_keys");
    stop(&s);
}

static void test_tools_say_what_to_do(void **state)
{
    (void)state;
    NEEDS_DISPLAY();
    struct session s;
    start(&s, 1000, 700, 1, "gate.mkv", 0);
    key(&s, "z");
    for (int i = 0; i < 3; i++) {
        const struct event press = {.kind = EVENT_PRESS,
                                    .x = (float)(150 + 120 * i),
                                    .y = (float)(250 + 90 * (i % 2)),
                                    .button = 1,
                                    .clicks = 1};
        struct event       release = press;
        release.kind = EVENT_RELEASE;
        send(&s, &press);
        send(&s, &release);
    }
    send(&s, &(struct event){.kind = EVENT_POINTER, .x = 300, .y = 500});
    check(&s, "live_zone_tool");
    key(&s, "escape");
    fake_live.lens_opening = true;
    key(&s, "u");
    send(&s, &(struct event){.kind = EVENT_POINTER, .x = 300, .y = 400});
    check(&s, "live_lens_opens");
    fake_live.lens_opening = false; /* there is no model for it */
    check(&s, "live_no_lens");
    stop(&s);
}

static void set_state(enum live_state state, const char *why)
{
    fake_live.shot.state = state;
    snprintf(fake_live.shot.why, sizeof fake_live.shot.why, "%s", why);
}

static void take_frame_away(void)
{
    fake_live.shot.frame = NULL;
    fake_live.shot.tracks = NULL;
    fake_live.shot.count = 0;
    fake_live.shot.stats = (struct live_stats){0};
}

static void test_trouble_with_the_source_is_said(void **state)
{
    (void)state;
    NEEDS_DISPLAY();
    struct session s;
    start(&s, 1000, 700, 1, "rtsp://camera.example/1", 0);
    fake_live.shot.stats.reconnects = 3;
    fake_live.shot.stats.damaged = 2;
    set_state(LIVE_WAITING, "nothing came for 10 s; trying again in 4 s");
    check(&s, "live_waiting");
    set_state(LIVE_ENDED, "");
    check(&s, "live_ended");
    take_frame_away();
    set_state(LIVE_OPENING, "");
    check(&s, "live_opening");
    stop(&s);
    start(&s, 1000, 700, 1, "/dev/video7", 0);
    take_frame_away();
    set_state(LIVE_FAILED,
              "there is no such camera; there are /dev/video0 (Integrated Camera: Integrated C) and "
              "/dev/video2 (a camera with a long name)");
    check(&s, "live_failed");
    stop(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_things_are_followed_and_counted),
        cmocka_unit_test(test_large_points_and_small_windows),
        cmocka_unit_test(test_tools_say_what_to_do),
        cmocka_unit_test(test_trouble_with_the_source_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
