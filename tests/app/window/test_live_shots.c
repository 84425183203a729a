/* The window of `besra live` in all its states, painted by the module on an Xvfb, held to goldens: on a live
 * that computes nothing, so that no number depends on the machine. */
#include "app/window/live_view.h"

#include "tests/app/window/fake_live.h"
#include "tests/app/window/harness.h"
#include "tests/app/window/screen.h"

#include <stdio.h>
#include <string.h>

struct session {
    struct screen    screen;
    struct live_view view;
};

static const struct count_point across[] = {{320, 40}, {320, 440}};
static const struct count_point corners[] = {{400, 250}, {600, 280}, {560, 450}, {420, 440}};
static const struct count_shape shapes[] = {{across, 2}, {corners, 4}};

static void pass(void *context, const struct event *event, int width, int height, float scale, double now_ms)
{
    live_view_pass(context, event, width, height, scale, now_ms);
}

static void start(struct session *session, int width, int height, float scale, const char *source,
                  int shape_count)
{
    fake_live_start();
    live_view_start(&session->view, &(struct live_view_options){.source = source,
                                                                .command = "besra live gate.mkv",
                                                                .precision = "f32",
                                                                .lens_model = "srcnn",
                                                                .shapes = shapes,
                                                                .shape_count = shape_count,
                                                                .look = view_usual_look()});
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
    live_view_stop(&session->view);
    screen_close(&session->screen);
    fake_live_stop();
}

static void test_things_are_followed_and_counted(void **state)
{
    (void)state;
    NEEDS_DISPLAY();
    struct session s;
    start(&s, 1000, 700, 1, "gate.mkv", 2);
    screen_key(&s.screen, "r");
    assert_true(fake_live.shot.recording);
    fake_live.shot.recorded = 83;
    screen_check(&s.screen, "live_counts");
    screen_key(&s.screen, "t");
    screen_check(&s.screen, "live_counts_light");
    screen_key(&s.screen, "?");
    screen_check(&s.screen, "live_keys_light");
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
    screen_check(&s.screen, "live_2x");
    stop(&s);
    start(&s, 640, 480, 1, name, 2);
    screen_check(&s.screen, "live_small");
    screen_key(&s.screen, "?");
    screen_check(&s.screen, "live_small_keys");
    stop(&s);
}

static void test_tools_say_what_to_do(void **state)
{
    (void)state;
    NEEDS_DISPLAY();
    struct session s;
    start(&s, 1000, 700, 1, "gate.mkv", 0);
    screen_key(&s.screen, "z");
    for (int i = 0; i < 3; i++) {
        const struct event press = {.kind = EVENT_PRESS,
                                    .x = (float)(150 + 120 * i),
                                    .y = (float)(250 + 90 * (i % 2)),
                                    .button = 1,
                                    .clicks = 1};
        struct event       release = press;
        release.kind = EVENT_RELEASE;
        screen_send(&s.screen, &press);
        screen_send(&s.screen, &release);
    }
    screen_send(&s.screen, &(struct event){.kind = EVENT_POINTER, .x = 300, .y = 500});
    screen_check(&s.screen, "live_zone_tool");
    screen_key(&s.screen, "escape");
    fake_live.lens_opening = true;
    screen_key(&s.screen, "u");
    screen_send(&s.screen, &(struct event){.kind = EVENT_POINTER, .x = 300, .y = 400});
    screen_check(&s.screen, "live_lens_opens");
    fake_live.lens_opening = false; /* there is no model for it */
    screen_check(&s.screen, "live_no_lens");
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
    screen_check(&s.screen, "live_waiting");
    set_state(LIVE_ENDED, "");
    screen_check(&s.screen, "live_ended");
    take_frame_away();
    set_state(LIVE_OPENING, "");
    screen_check(&s.screen, "live_opening");
    stop(&s);
    start(&s, 1000, 700, 1, "/dev/video7", 0);
    take_frame_away();
    set_state(LIVE_FAILED,
              "there is no such camera; there are /dev/video0 (Integrated Camera: Integrated C) and "
              "/dev/video2 (a camera with a long name)");
    screen_check(&s.screen, "live_failed");
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
