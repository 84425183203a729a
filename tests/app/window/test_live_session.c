/* The window of `besra live` on an Xvfb, with the shipped model and a film of sliding cards: a session from
 * end to end. How it looks is test_live_shots.c's. */
#include "app/window/ground.h"
#include "app/window/live_view.h"
#include "base/alloc.h"
#include "base/clock.h"

#include "tests/app/window/film.h"
#include "tests/app/window/harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATIENCE_MS = 120 * 1000 };

static char film[] = "/tmp/besra-test-live-XXXXXX.mkv"; /* what is seen of it is "film.mkv" */

static const struct display_module *module;
static struct display              *display;
static struct ground                ground;
static struct live                 *live;
static const char                  *record_to; /* NULL: nothing is recorded */
static struct live_view             view;

static bool make_film(void)
{
    close(mkstemps(film, 4));
    unlink(film);
    return film_make(film);
}

/* ---- the window ------------------------------------------------------------------------------------ */

static void send(const struct event *event)
{
    live_view_pass(&view, event, 1000, 700, 1, clock_ms());
    module->show(display, &view.list, view.ui.theme->stage);
}

static void rest(void)
{
    send(&(struct event){.kind = EVENT_NONE});
    send(&(struct event){.kind = EVENT_NONE});
}

/* As a keyboard does it: what a key types comes behind it. */
static void key(const char *name)
{
    struct event event = {.kind = EVENT_KEY};
    snprintf(event.text, sizeof event.text, "%s", name);
    send(&event);
    event.kind = EVENT_TEXT;
    if (!name[1])
        send(&event);
}

static void point(enum event_kind kind, float x, float y, int clicks)
{
    send(&(struct event){
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
        rest();
        if (clock_ms() > end)
            fail_msg("waited for too long");
    }
    rest();
}

/* The texts that are shown must be the same everywhere. */
static void open_all(const char *source, const struct count_shape *shapes, int count)
{
    const struct live_options options = {.source = source,
                                         .model = BESRA_SOURCE_DIR "/models/cards.cfg",
                                         .detect = {.confidence = -1, .iou = -1},
                                         .tracking = track_options_default(),
                                         .threads = 2,
                                         .record_path = record_to,
                                         .shapes = shapes,
                                         .shape_count = count};
    struct bsr_error          err;

    setenv("BESRA_MODELS", BESRA_SOURCE_DIR "/models", 1);
    module = harness_module();
    display = harness_open(1000, 700);
    assert_int_equal(ground_open(&ground, module, display, &err), BSR_OK);
    assert_int_equal(live_open(&live, &options, &err), BSR_OK);
    live_view_start(&view, &(struct live_view_options){.live = live,
                                                       .source = "film.mkv",
                                                       .command = "besra live film.mkv",
                                                       .precision = "f32",
                                                       .lens_model = "srcnn",
                                                       .shapes = shapes,
                                                       .shape_count = count,
                                                       .look = view_usual_look()});
    ground_carry(&ground, &view.ui, &view.pictures);
    view.numbers = false; /* no two runs have the same */
}

static void close_all(void)
{
    struct bsr_error err;

    live_view_stop(&view);
    assert_int_equal(live_close(live, &err), BSR_OK);
    ground_close(&ground);
    module->close(display);
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

    key("l");
    point(EVENT_PRESS, 100, 200, 1);
    point(EVENT_POINTER, 400, 420, 0);
    point(EVENT_RELEASE, 600, 500, 1);
    assert_int_equal(view.shapes.count, 2);
    assert_int_equal(view.tool, TOOL_NONE);
    key("z");
    click(120, 260);
    click(300, 260);
    key("backspace"); /* the last corner again */
    assert_int_equal(view.making.count, 1);
    click(320, 240);
    click(300, 420);
    key("return");
    assert_int_equal(view.shapes.count, 3);
    assert_int_equal(view.shapes.items[2].count, 3);
    const struct count_point before = view.shapes.items[1].points[0];
    point(EVENT_POINTER, 100, 200, 0);
    point(EVENT_PRESS, 100, 200, 1);
    point(EVENT_POINTER, 140, 240, 0);
    point(EVENT_RELEASE, 140, 240, 1);
    assert_true(view.shapes.items[1].points[0].x > before.x && view.shapes.items[1].points[0].y > before.y);
    rest();
    assert_non_null(strstr(bytes_text(&view.command), " --count-line 320,40,320,440 --count-line "));
    assert_non_null(strstr(bytes_text(&view.command), " --zone "));
    view.notice.until_ms = 0;
    rest();
    harness_tour(display, "live");

    send(&(struct event){.kind = EVENT_KEY, .text = "z", .modifiers = MODIFIER_CTRL});
    assert_true(view.shapes.items[1].points[0].x == before.x);
    send(&(struct event){.kind = EVENT_KEY, .text = "z", .modifiers = MODIFIER_CTRL});
    assert_int_equal(view.shapes.count, 2);
    live_view_pass(&view, &(struct event){.kind = EVENT_NONE}, 1000, 700, 1, clock_ms());

    key("t");
    key("?");
    assert_true(view.keys_shown);
    key("escape");
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
        key("]");
    rest();
    shot = live_snapshot(live);
    assert_true(shot.confidence > view.shot.confidence - 1e-9 && shot.confidence > 0.4);
    live_release(live, &shot);
    assert_non_null(strstr(bytes_text(&view.command), " --conf 0."));
    send(&(struct event){.kind = EVENT_KEY, .text = "c"}); /* wishes are those of one pass */
    assert_string_equal(view.wishes.copy, bytes_text(&view.command));

    key("u"); /* the lens, whose picture comes when it is done */
    const double end = clock_ms() + PATIENCE_MS;
    while (!view.lens_picture.image.data && clock_ms() < end) {
        point(EVENT_POINTER, 300, 300, 0);
        usleep(10 * 1000);
    }
    assert_non_null(view.lens_picture.image.data);
    assert_int_equal(view.lens_picture.image.width, 2 * view.lens_picture.width);
    key("escape");
    assert_false(view.lens_on);
    send(&(struct event){.kind = EVENT_KEY, .text = "q"});
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
    rest();
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
    key("r");
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
