/* The window of `besra live` on an Xvfb, with the shipped model and a film of sliding cards: a session from
 * end to end. How it looks is test_live_shots.c's. */
#include "app/window/live_view.h"
#include "base/alloc.h"
#include "base/clock.h"

#include "tests/app/window/film.h"
#include "tests/app/window/harness.h"
#include "tests/app/window/screen.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATIENCE_MS = 120 * 1000 };

static char film[] = "/tmp/besra-test-live-XXXXXX.mkv"; /* what is seen of it is "film.mkv" */

static struct screen    screen;
static struct live     *live;
static const char      *record_to; /* NULL: nothing is recorded */
static struct live_view view;

static bool make_film(void)
{
    close(mkstemps(film, 4));
    unlink(film);
    return film_make(film);
}

/* ---- the window ------------------------------------------------------------------------------------ */

static void pass(void *context, const struct event *event, int width, int height, float scale, double now_ms)
{
    live_view_pass(context, event, width, height, scale, now_ms);
}

static void point(enum event_kind kind, float x, float y, int clicks)
{
    screen_send(&screen,
                &(struct event){
                    .kind = kind, .x = x, .y = y, .button = kind == EVENT_POINTER ? 0 : 1, .clicks = clicks});
}

static void click(float x, float y)
{
    point(EVENT_PRESS, x, y, 1);
    point(EVENT_RELEASE, x, y, 1);
}

static void wait_for(enum live_state wanted)
{
    const double end = clock_ms() + PATIENCE_MS;

    for (bool there = false; !there; usleep(10 * 1000)) {
        struct live_snapshot shot = live_snapshot(live);
        there = shot.state == wanted;
        live_release(live, &shot);
        screen_rest(&screen);
        if (clock_ms() > end)
            fail_msg("waited for too long");
    }
    screen_rest(&screen);
}

/* The texts that are shown must be the same everywhere. */
static void open_all(const char *source, const struct count_shape *shapes, int count)
{
    const struct live_options  options = {.source = source,
                                          .model = BESRA_SOURCE_DIR "/models/cards.cfg",
                                          .detect = {.confidence = -1, .iou = -1},
                                          .tracking = track_options_default(),
                                          .threads = 2,
                                          .record_path = record_to,
                                          .shapes = shapes,
                                          .shape_count = count};
    const struct window_client client = {.context = &view,
                                         .ui = &view.ui,
                                         .list = &view.list,
                                         .wishes = &view.wishes,
                                         .pictures = &view.pictures,
                                         .pass = pass};
    struct bsr_error           err;

    setenv("BESRA_MODELS", BESRA_SOURCE_DIR "/models", 1);
    assert_int_equal(live_open(&live, &options, &err), BSR_OK);
    live_view_start(&view, &(struct live_view_options){.live = live,
                                                       .source = "film.mkv",
                                                       .command = "besra live film.mkv",
                                                       .precision = "f32",
                                                       .lens_model = "srcnn",
                                                       .shapes = shapes,
                                                       .shape_count = count,
                                                       .look = view_usual_look()});
    screen_open(&screen, &client, SCREEN_CLOCK, 1000, 700, 1);
    view.numbers = false; /* no two runs have the same */
}

static void close_all(void)
{
    struct bsr_error err;

    live_view_stop(&view);
    assert_int_equal(live_close(live, &err), BSR_OK);
    screen_close(&screen);
}

/* ---- sessions -------------------------------------------------------------------------------------- */

static const struct count_point across[] = {{320, 40}, {320, 440}};
static const struct count_shape line = {across, 2};

/* The frame is 640 x 480 on a stage of 736 x 628 below a bar of 44. */
static void test_a_session_from_end_to_end(void **state)
{
    (void)state;
    NEEDS_DISPLAY();
    if (!make_film())
        skip();
    open_all(film, &line, 1);
    wait_for(LIVE_ENDED);

    screen_key(&screen, "l");
    point(EVENT_PRESS, 100, 200, 1);
    point(EVENT_POINTER, 400, 420, 0);
    point(EVENT_RELEASE, 600, 500, 1);
    assert_int_equal(view.shapes.count, 2);
    assert_int_equal(view.tool, TOOL_NONE);
    screen_key(&screen, "z");
    click(120, 260);
    click(300, 260);
    screen_key(&screen, "backspace"); /* the last corner again */
    assert_int_equal(view.making.count, 1);
    click(320, 240);
    click(300, 420);
    screen_key(&screen, "return");
    assert_int_equal(view.shapes.count, 3);
    assert_int_equal(view.shapes.items[2].count, 3);
    const struct count_point before = view.shapes.items[1].points[0];
    point(EVENT_POINTER, 100, 200, 0);
    point(EVENT_PRESS, 100, 200, 1);
    point(EVENT_POINTER, 140, 240, 0);
    point(EVENT_RELEASE, 140, 240, 1);
    assert_true(view.shapes.items[1].points[0].x > before.x && view.shapes.items[1].points[0].y > before.y);
    screen_rest(&screen);
    assert_non_null(strstr(bytes_text(&view.command), " --count-line 320,40,320,440 --count-line "));
    assert_non_null(strstr(bytes_text(&view.command), " --zone "));
    view.notice.until_ms = 0;
    screen_rest(&screen);
    harness_tour(screen.display, "live");

    screen_send(&screen, &(struct event){.kind = EVENT_KEY, .text = "z", .modifiers = MODIFIER_CTRL});
    assert_true(view.shapes.items[1].points[0].x == before.x);
    screen_send(&screen, &(struct event){.kind = EVENT_KEY, .text = "z", .modifiers = MODIFIER_CTRL});
    assert_int_equal(view.shapes.count, 2);
    live_view_pass(&view, &(struct event){.kind = EVENT_NONE}, 1000, 700, 1, clock_ms());

    screen_key(&screen, "t");
    screen_key(&screen, "?");
    assert_true(view.keys_shown);
    screen_key(&screen, "escape");
    assert_false(view.keys_shown);
    close_all();
    unlink(film);
}

static void test_what_can_be_set_acts_and_is_in_the_command(void **state)
{
    struct live_snapshot shot;

    (void)state;
    NEEDS_DISPLAY();
    if (!make_film())
        skip();
    open_all(film, NULL, 0);
    wait_for(LIVE_ENDED);
    for (int i = 0; i < 4; i++)
        screen_key(&screen, "]");
    screen_rest(&screen);
    shot = live_snapshot(live);
    assert_true(shot.confidence > view.shot.confidence - 1e-9 && shot.confidence > 0.4);
    live_release(live, &shot);
    assert_non_null(strstr(bytes_text(&view.command), " --conf 0."));
    screen_send(&screen, &(struct event){.kind = EVENT_KEY, .text = "c"}); /* wishes are those of one pass */
    assert_string_equal(view.wishes.copy, bytes_text(&view.command));

    screen_key(&screen, "u"); /* the lens, whose picture comes when it is done */
    const double end = clock_ms() + PATIENCE_MS;
    while (!view.lens_picture.image.data && clock_ms() < end) {
        point(EVENT_POINTER, 300, 300, 0);
        usleep(10 * 1000);
    }
    assert_non_null(view.lens_picture.image.data);
    assert_int_equal(view.lens_picture.image.width, 2 * view.lens_picture.width);
    screen_key(&screen, "escape");
    assert_false(view.lens_on);
    screen_send(&screen, &(struct event){.kind = EVENT_KEY, .text = "q"});
    assert_true(view.wishes.quit);
    close_all();
    unlink(film);
}

static bool is_recording(void)
{
    struct live_snapshot shot = live_snapshot(live);
    const bool           recording = shot.recording;

    live_release(live, &shot);
    return recording;
}

static void wait_recording(bool wanted)
{
    const double end = clock_ms() + PATIENCE_MS;

    while (is_recording() != wanted && clock_ms() < end)
        usleep(10 * 1000);
    assert_true(is_recording() == wanted);
    screen_rest(&screen);
}

/* What was begun with the first frame is at 1.1 s, and stands there as the film has ended. */
static void test_a_recording_is_seen_and_ended(void **state)
{
    static char recorded[] = "/tmp/besra-test-record-XXXXXX.mkv";

    (void)state;
    NEEDS_DISPLAY();
    if (!make_film())
        skip();
    close(mkstemps(recorded, 4));
    unlink(recorded);
    record_to = recorded;
    open_all(film, NULL, 0);
    record_to = NULL;
    wait_for(LIVE_ENDED);
    wait_recording(true);
    assert_true(view.shot.recorded == 0 && view.recording); /* a snapshot is let go after its pass */
    screen_key(&screen, "r");
    wait_recording(false);
    assert_non_null(strstr(view.notice.text, "recorded: /tmp/besra-test-record-"));
    assert_false(view.notice.bad);
    assert_int_equal(access(recorded, F_OK), 0);
    close_all();
    unlink(recorded);
    unlink(film);
}

static void test_a_source_that_fails_says_why(void **state)
{
    (void)state;
    NEEDS_DISPLAY();
    open_all("no-such-film.mkv", NULL, 0);
    wait_for(LIVE_FAILED);
    struct live_snapshot shot = live_snapshot(live);
    assert_non_null(strstr(shot.why, "no such file"));
    live_release(live, &shot);
    close_all();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_session_from_end_to_end),
        cmocka_unit_test(test_what_can_be_set_acts_and_is_in_the_command),
        cmocka_unit_test(test_a_recording_is_seen_and_ended),
        cmocka_unit_test(test_a_source_that_fails_says_why),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
