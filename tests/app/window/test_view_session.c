/* The window with a real viewer and the shipped models on an Xvfb: a session from end to end. With
 * BESRA_UPDATE_TOUR=1 its shots become the pictures of docs/view.md. */
#include "app/window/view.h"
#include "base/clock.h"
#include "base/file.h"
#include "config/options.h"
#include "media/picture.h"

#include "tests/app/window/harness.h"
#include "tests/app/window/screen.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATIENCE_MS = 120 * 1000 };

static struct screen  screen;
static struct view    view;
static struct viewer *viewer;
static atomic_int     wakes;

static void wake(void *context)
{
    (void)context;
    atomic_fetch_add(&wakes, 1);
}

static void pass(void *context, const struct event *event, int width, int height, float scale, double now_ms)
{
    view_pass(context, event, width, height, scale, now_ms);
}

typedef bool condition(const struct viewer_snapshot *shot);

static bool is_ready(const struct viewer_snapshot *shot)
{
    return shot->model_state == VIEWER_READY && shot->picture_state == VIEWER_READY &&
           shot->result_state == VIEWER_READY;
}

static bool is_detected(const struct viewer_snapshot *shot)
{
    return shot->task == CARD_DETECT && is_ready(shot);
}

static bool is_enlarged(const struct viewer_snapshot *shot)
{
    return shot->task == CARD_UPSCALE && is_ready(shot) && shot->enlarged && shot->plain;
}

/* Frames go on being shown meanwhile. */
static void wait_until(condition *holds)
{
    double end = clock_ms() + PATIENCE_MS;
    for (;;) {
        struct viewer_snapshot shot = viewer_snapshot(viewer);
        bool                   there = holds(&shot);
        viewer_release(viewer, &shot);
        screen_rest(&screen);
        if (there)
            break;
        if (clock_ms() > end)
            fail_msg("waited for too long");
        usleep(10 * 1000);
    }
    for (int i = 0; i < 50; i++) { /* small pictures of the filmstrip come one by one */
        usleep(10 * 1000);
        screen_rest(&screen);
    }
}

static size_t found(void)
{
    struct viewer_snapshot shot = viewer_snapshot(viewer);
    size_t                 count = shot.detection_count;
    viewer_release(viewer, &shot);
    return count;
}

/* Into the docs, where that is asked for. */
static void shoot(const char *name)
{
    screen_send(&screen, &(struct event){.kind = EVENT_POINTER, .x = 620, .y = 750}); /* no tip in the way */
    harness_tour(screen.display, name);
}

static void open_all(void)
{
    static char                folder[] = "assets/cards"; /* a path that is the same everywhere */
    char                      *inputs[] = {folder};
    const struct window_client client = {.context = &view,
                                         .ui = &view.ui,
                                         .list = &view.list,
                                         .wishes = &view.wishes,
                                         .pictures = &view.pictures,
                                         .pass = pass};
    struct bsr_error           err;
    const struct view_look     look = view_usual_look();

    assert_int_equal(chdir(BESRA_SOURCE_DIR), 0);
    setenv("BESRA_MODELS", BESRA_SOURCE_DIR "/models", 1);
    assert_int_equal(viewer_open(&viewer, &(struct viewer_options){.threads = 2, .wake = wake}, &err),
                     BSR_OK);
    view_start(&view, viewer, &look);
    screen_open(&screen, &client, SCREEN_CLOCK, 1200, 800, 1);
    screen_rest(&screen);
    assert_int_equal(viewer_add(viewer, inputs, 1, true, &err), BSR_OK);
    viewer_load_model(viewer, "cards", CARD_TASK_UNKNOWN);
}

static void close_all(void)
{
    view_stop(&view);
    viewer_close(viewer);
    screen_close(&screen);
}

/* What the status line says is a command that is understood, with these settings. */
static void check_command(double confidence)
{
    char             line[8192], *words[64];
    int              count = 0;
    struct options   options = {0};
    struct bsr_error err;

    screen_rest(&screen);
    snprintf(line, sizeof line, "%s", bytes_text(&view.command));
    for (char *word = strtok(line, " "); word && count < 63; word = strtok(NULL, " "))
        words[count++] = word;
    words[count] = NULL;
    assert_int_equal(options_parse(&options, count, words, &err), BSR_OK);
    assert_int_equal(options.command, COMMAND_DETECT);
    assert_string_equal(options.model, "cards");
    assert_int_equal(options.input_count, 1);
    assert_true(options.conf > confidence - 0.006 && options.conf < confidence + 0.006);
    options_free(&options);
}

static void drag_confidence(float from, float to)
{
    screen_send(&screen, &(struct event){.kind = EVENT_PRESS, .x = from, .y = 108, .button = 1, .clicks = 1});
    for (int i = 1; i <= 20; i++)
        screen_send(&screen, &(struct event){
                                 .kind = EVENT_POINTER, .x = from + (to - from) * (float)i / 20, .y = 108});
    screen_send(&screen, &(struct event){.kind = EVENT_RELEASE, .x = to, .y = 108, .button = 1});
}

static void test_a_session_from_end_to_end(void **state)
{
    (void)state;
    NEEDS_DISPLAY();
    open_all();
    wait_until(is_detected);
    size_t before = found();
    assert_true(before > 3);
    assert_true(atomic_load(&wakes) > 3);
    shoot("view-detect");

    /* the track is from 959 to 1178: nearly nothing is as sure as 0.9 */
    drag_confidence(1046, 959 + 0.9F * 219);
    wait_until(is_detected);
    assert_true(found() < before);
    check_command(0.90);
    screen_key(&screen, "n");
    screen_key(&screen, "right");
    wait_until(is_detected);
    viewer_undo(viewer);
    wait_until(is_detected);
    assert_true(found() > 0);
    screen_key(&screen, "n");
    screen_key(&screen, "left");
    screen_key(&screen, "u");
    wait_until(is_enlarged);
    shoot("view-enlarge");
    for (int i = 0; i < COMPARE_COUNT; i++) {
        screen_key(&screen, "v");
        screen_rest(&screen);
    }
    screen_key(&screen, "d");
    wait_until(is_detected);
    close_all();
}

/* Without a clock: each frame of a drag is there, whatever the net does meanwhile. */
static void test_every_input_has_its_frame_while_the_net_runs(void **state)
{
    (void)state;
    NEEDS_DISPLAY();
    open_all();
    wait_until(is_detected);
    int moved = 0;
    for (int i = 0; i < 60; i++) {
        if (i % 10 == 0)
            screen_key(&screen, i % 20 ? "left" : "right"); /* another picture to look at */
        double             was = view.canvas.x;
        unsigned long long frames = view.list.count;
        screen_send(&screen, &(struct event){
                                 .kind = EVENT_WHEEL, .x = (float)(300 + i), .y = 300, .dy = i % 2 ? -1 : 1});
        moved += view.canvas.x != was || view.list.count != frames;
    }
    assert_true(moved > 20);
    close_all();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_session_from_end_to_end),
        cmocka_unit_test(test_every_input_has_its_frame_while_the_net_runs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
