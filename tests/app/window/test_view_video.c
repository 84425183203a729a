/* A video in the window: its keys, its buttons, its time line, what is painted of it. */
#include "app/window/keys.h"
#include "app/window/view.h"
#include "app/window/view_words.h"
#include "app/window/widget_timeline.h"

#include "tests/app/window/fake_viewer.h"
#include "tests/app/window/plain_ground.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { WIDTH = 1200, HEIGHT = 800 };

static struct view         view;
static struct plain_ground ground;
static double              now;

static void send(const struct event *event)
{
    plain_ground_clear(&ground);
    now += 5;
    view_pass(&view, event, WIDTH, HEIGHT, 1, now);
    assert_false(view.list.failed);
}

static void rest(void)
{
    send(&(struct event){.kind = EVENT_NONE});
}

static void key(const char *name, int modifiers)
{
    struct event event = {.kind = EVENT_KEY, .modifiers = modifiers};
    snprintf(event.text, sizeof event.text, "%s", name);
    send(&event);
    event.kind = EVENT_TEXT;
    if (!name[1])
        send(&event);
}

static void press(float x, float y)
{
    send(&(struct event){.kind = EVENT_POINTER, .x = x, .y = y});
    send(&(struct event){.kind = EVENT_PRESS, .x = x, .y = y, .button = 1, .clicks = 1});
}

static void release(float x, float y)
{
    send(&(struct event){.kind = EVENT_RELEASE, .x = x, .y = y, .button = 1});
}

static int setup(void **state)
{
    const struct view_look look = view_usual_look();
    (void)state;
    fake_start();
    now = 1000;
    struct viewer *viewer = NULL;
    assert_int_equal(viewer_open(&viewer, &(struct viewer_options){0}, NULL), BSR_OK);
    view_start(&view, viewer, &look);
    plain_ground_carry(&ground, &view.ui, &view.pictures);
    fake_pictures(5);
    fake_video();
    fake_detector(3);
    rest();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    view_stop(&view);
    fake_stop();
    return 0;
}

static bool saw(const char *text)
{
    return strstr(ground.said, text) != NULL;
}

/* ---- keys ----------------------------------------------------------------------------------------- */

static void test_each_key_asks_for_what_it_says(void **state)
{
    static const struct {
        const char *key;
        int         modifiers;
        const char *asked;
    } rows[] = {{"space", 0, "play"},
                {"space", 0, "pause"},
                {".", 0, "step 1"},
                {",", 0, "step -1"},
                {"right", MODIFIER_SHIFT, "seek 13.00"},
                {"right", 0, "select 1"}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        fake_was_asked(NULL);
        key(rows[i].key, rows[i].modifiers);
        if (!fake_was_asked(rows[i].asked))
            fail_msg("%s should ask for '%s', and asked for '%s'", rows[i].key, rows[i].asked, fake.asked);
    }
}

static void test_ways_by_key_add_up_while_it_is_sought(void **state)
{
    (void)state;
    key("left", MODIFIER_SHIFT);
    assert_true(fake_was_asked("seek 3.00"));
    key("right", MODIFIER_SHIFT);
    key("right", MODIFIER_SHIFT);
    assert_true(fake_was_asked("seek 13.00"));
    for (int i = 0; i < 5; i++)
        key("right", MODIFIER_SHIFT);
    assert_true(fake_was_asked("seek 30.16")); /* not behind the end */
    fake.shot.video.seeking = false;
    fake.shot.video.time = 2;
    rest();
    key("left", MODIFIER_SHIFT);
    assert_true(fake_was_asked("seek 0.00"));
}

static void test_of_a_picture_the_keys_are_as_before(void **state)
{
    (void)state;
    fake.shot.video = (struct viewer_video){.there = false};
    rest();
    assert_false(saw("0:08.00 / 0:30.16"));
    fake_was_asked(NULL);
    key("space", 0);
    assert_true(fake_was_asked("select 1"));
    fake_was_asked(NULL);
    key("right", MODIFIER_SHIFT);
    assert_string_equal(fake.asked, "");
}

/* ---- places to click ------------------------------------------------------------------------------- */

/* The row of the time line is above the filmstrip and the status line. */
static const float row = HEIGHT - POINT_STATUS - POINT_STRIP - POINT_TIMELINE / 2.0F;

static void test_buttons_do_the_same(void **state)
{
    (void)state;
    press(20, row);
    release(20, row);
    assert_true(fake_was_asked("step -1"));
    press(54, row);
    release(54, row);
    assert_true(fake_was_asked("play"));
    press(88, row);
    release(88, row);
    assert_true(fake_was_asked("step 1"));
}

static void test_the_time_line_is_dragged(void **state)
{
    (void)state;
    press(400, row);
    assert_non_null(strstr(fake.asked, "seek "));
    double before = view.sought;
    send(&(struct event){.kind = EVENT_POINTER, .x = 500, .y = row});
    assert_true(view.sought > before);
    assert_true(saw("0:08.00 / 0:30.16")); /* what is shown is still that frame */
    send(&(struct event){.kind = EVENT_POINTER, .x = 1e6F, .y = row});
    assert_true(fake_was_asked("seek 30.16"));
    send(&(struct event){.kind = EVENT_POINTER, .x = -50, .y = 3});
    assert_true(fake_was_asked("seek 0.00"));
    release(-50, 3);
    fake_was_asked(NULL);
    send(&(struct event){.kind = EVENT_POINTER, .x = 400, .y = row});
    assert_string_equal(fake.asked, "");
    fake.shot.video.seeking = false; /* it has arrived */
    rest();
    assert_true(view.sought < 0);
}

static void test_without_a_duration_there_is_nothing_to_drag(void **state)
{
    (void)state;
    fake.shot.video.duration = 0;
    fake_was_asked(NULL);
    press(400, row);
    release(400, row);
    assert_string_equal(fake.asked, "");
    assert_true(saw("0:08.00"));
    assert_false(saw("0:08.00 /"));
}

/* ---- what is shown --------------------------------------------------------------------------------- */

static void test_time_and_number_are_shown(void **state)
{
    (void)state;
    assert_true(saw("0:08.00 / 0:30.16"));
    assert_true(saw("frame 100"));
    fake.shot.video.steady = false; /* the number would not be exact */
    rest();
    assert_false(saw("frame 100"));
}

static void test_each_frame_goes_into_the_same_texture(void **state)
{
    (void)state;
    rest();
    int before = ground.changes;
    rest();
    assert_int_equal(ground.changes, before);
    fake.shot.video.frame_id++;
    rest();
    assert_int_equal(ground.changes, before + 1);
    assert_int_equal(ground.changed, fake.shot.picture_id);
}

static void test_what_keeps_it_from_going_on_is_said(void **state)
{
    (void)state;
    fake.shot.video.why = "the file was cut off";
    rest();
    assert_true(saw("the file was cut off"));
}

static void test_a_frame_is_saved_under_a_name_with_its_number(void **state)
{
    (void)state;
    fake.shot.video.playing = true;
    key("s", 0);
    assert_true(fake_was_asked("pause"));
    assert_string_equal(view.field.text, "besra-out/cards/street-frame-100.png");
    key("escape", 0);
    key("r", 0);
    assert_string_equal(view.field.text, "besra-out/cards/street-frame-100.json");
    key("escape", 0);
    fake.shot.video.steady = false;
    key("s", 0);
    assert_string_equal(view.field.text, "besra-out/cards/street-t8.000.png");
}

static void test_scripts_wait_for_the_frame(void **state)
{
    (void)state;
    fake.shot.model_state = fake.shot.result_state = VIEWER_READY;
    assert_int_equal(view_is_reached(NULL, "paused"), 1);
    assert_int_equal(view_is_reached(NULL, "idle"), 1);
    fake.shot.video.seeking = true;
    assert_int_equal(view_is_reached(NULL, "paused"), 0);
    assert_int_equal(view_is_reached(NULL, "idle"), 0);
    fake.shot.video = (struct viewer_video){.there = false};
    assert_int_equal(view_is_reached(NULL, "paused"), 0);
}

static void test_times_are_written_in_hours_minutes_and_seconds(void **state)
{
    static const struct {
        double      time;
        const char *text;
    } rows[] = {{0, "0:00.00"},       {-3, "0:00.00"},          {8.004, "0:08.00"},
                {59.999, "1:00.00"},  {61.25, "1:01.25"},       {3599.99, "59:59.99"},
                {3600, "1:00:00.00"}, {36061.5, "10:01:01.50"}, {1e300, "99:59:59.99"}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[TIMELINE_TEXT];
        timeline_write(text, rows[i].time);
        assert_string_equal(text, rows[i].text);
    }
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_each_key_asks_for_what_it_says),
        T(test_ways_by_key_add_up_while_it_is_sought),
        T(test_of_a_picture_the_keys_are_as_before),
        T(test_buttons_do_the_same),
        T(test_the_time_line_is_dragged),
        T(test_without_a_duration_there_is_nothing_to_drag),
        T(test_time_and_number_are_shown),
        T(test_each_frame_goes_into_the_same_texture),
        T(test_what_keeps_it_from_going_on_is_said),
        T(test_a_frame_is_saved_under_a_name_with_its_number),
        T(test_scripts_wait_for_the_frame),
        T(test_times_are_written_in_hours_minutes_and_seconds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
