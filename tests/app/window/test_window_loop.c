/* What a window promises whoever uses it, counted in frames, not in seconds: each input is in exactly one
 * frame first, and frames go on while a net runs. */
#include "app/window/live_view_loop.h"
#include "app/window/window_loop.h"
#include "base/clock.h"
#include "fake_display.h"
#include "film.h"
#include "pipeline/live.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- a display that hands out what a script says ----------------------------------------------------- */

enum { STEPS = 4000, ALONE = 3 /* pauses: who takes movements together looks further */ };

#define PAUSE EVENT_NONE /* of the script: nothing is there */

struct script_of_kinds {
    enum event_kind kinds[STEPS];
    int             count, next;
};

static struct script_of_kinds steps;
static int                    handed_out; /* inputs so far: their numbers, from 1 */

static bool next_of_script(struct display *display, struct event *out, int wait_ms)
{
    (void)display;
    (void)wait_ms;
    if (steps.next >= steps.count && steps.next < steps.count + ALONE) { /* so that the end comes alone */
        steps.next++;
        return false;
    }
    if (steps.next >= steps.count) {
        *out = (struct event){.kind = EVENT_QUIT, .at_ms = clock_ms()};
        return true;
    }
    const enum event_kind kind = steps.kinds[steps.next++];
    if (kind == PAUSE)
        return false;
    *out = (struct event){.kind = kind, .at_ms = clock_ms()};
    if (kind != EVENT_WAKE)
        out->button = ++handed_out;
    return true;
}

/* ---- what is in the window ---------------------------------------------------------------------------- */

/* Its picture is the number of the newest input that it knows. */
struct counting {
    struct ui          ui;
    struct paint_list  list;
    struct view_wishes wishes;
    struct ui_pictures pictures;
    int                passes[STEPS + 2]; /* by the input's number */
    int                newest;
    bool               restless; /* wants another pass at once, now and then */
};

static int shown, frames, answering,
    answered;                      /* the newest input on the screen; frames, those with newer inputs than the
                                    * one before, and those that were noted as such */
static int first_frame[STEPS + 2]; /* that shows an input, by its number */

static void count_pass(void *context, const struct event *event, int width, int height, float scale,
                       double now_ms)
{
    struct counting *counting = context;
    (void)width;
    (void)height;
    (void)scale;
    (void)now_ms;
    counting->wishes = (struct view_wishes){.quit = event->kind == EVENT_QUIT};
    if (event->button) {
        counting->passes[event->button]++;
        counting->newest = event->button;
    }
    counting->ui.again_ms = counting->restless && event->button % 3 == 1 ? 0 : -1;
    paint_clear(&counting->list);
    paint_rect(&counting->list, (struct rect){0, 0, (float)counting->newest + 1, 1},
               (struct colour){1, 1, 1, 255}, 0);
}

static void show_count(struct display *display, const struct paint_list *list, struct colour background)
{
    (void)display;
    (void)background;
    const int number = (int)list->items[0].rect.width - 1;
    assert_true(number >= shown); /* nothing goes back */
    answering += number > shown;
    for (int i = shown + 1; i <= number; i++)
        first_frame[i] = frames;
    shown = number;
    frames++;
}

static void note_count(void *context, double build_ms, double answer_ms)
{
    (void)context;
    assert_true(build_ms >= 0);
    answered += answer_ms >= 0;
}

static void run_counting(struct counting *counting)
{
    struct display_module      module = fake_display;
    struct display            *display = NULL;
    const struct window_client client = {.context = counting,
                                         .ui = &counting->ui,
                                         .list = &counting->list,
                                         .wishes = &counting->wishes,
                                         .pictures = &counting->pictures,
                                         .title = "",
                                         .pass = count_pass,
                                         .note_frame = note_count};
    module.next_event = next_of_script;
    module.show = show_count;
    counting->ui.theme = theme_of(THEME_DARK);
    shown = frames = answering = answered = handed_out = steps.next = 0;
    assert_int_equal(module.open(&display, NULL, NULL), BSR_OK);
    assert_int_equal(window_loop(&client, &module, display, NULL), BSR_OK);
    module.close(display);
    paint_free(&counting->list);
}

/* Inputs in bunches of any length, woken in between, movements and others; the same at every run. */
static void write_steps(unsigned seed, int pauses)
{
    static const enum event_kind kinds[] = {EVENT_POINTER, EVENT_POINTER, EVENT_POINTER,
                                            EVENT_PRESS,   EVENT_RELEASE, EVENT_WHEEL,
                                            EVENT_KEY,     EVENT_TEXT,    EVENT_WAKE};
    steps.count = STEPS;
    for (int i = 0; i < STEPS; i++) {
        seed = seed * 1664525U + 1013904223U; /* Numerical Recipes */
        steps.kinds[i] =
            (int)(seed >> 16) % 100 < pauses ? PAUSE : kinds[(seed >> 8) % (sizeof kinds / sizeof *kinds)];
    }
}

/* Of a row of movements only the last has a pass; all others have exactly one. */
static void check_passes(const struct counting *counting)
{
    int number = 0;
    for (int i = 0; i < STEPS; i++) {
        if (steps.kinds[i] == PAUSE || steps.kinds[i] == EVENT_WAKE)
            continue;
        number++;
        if (steps.kinds[i] != EVENT_POINTER || i + 1 == STEPS || steps.kinds[i + 1] != EVENT_POINTER)
            assert_int_equal(counting->passes[number], 1);
        else
            assert_true(counting->passes[number] <= 1);
    }
    assert_int_equal(number, handed_out);
}

static void test_each_input_is_shown_by_exactly_one_following_frame(void **state)
{
    static const int pauses[] = {90, 50, 20, 3, 0};
    (void)state;
    for (size_t i = 0; i < sizeof pauses / sizeof *pauses; i++)
        for (int restless = 0; restless <= 1; restless++) {
            struct counting counting = {.restless = restless};
            write_steps((unsigned)(10 * i + (size_t)restless), pauses[i]);
            run_counting(&counting);
            check_passes(&counting);
            assert_int_equal(shown, handed_out); /* none is lost */
            assert_int_equal(answered,
                             answering + 1); /* and none is told of twice; the last is that of EVENT_QUIT */
        }
}

/* Inputs that come one by one are shown one by one: the very next frame. */
static void test_an_input_alone_is_shown_by_the_next_frame(void **state)
{
    struct counting counting = {.restless = false};
    (void)state;
    steps.count = 0;
    for (int i = 0; i < 300; i++) {
        steps.kinds[steps.count++] = i % 3 == 0 ? EVENT_POINTER : i % 3 == 1 ? EVENT_KEY : EVENT_WHEEL;
        for (int k = 0; k < ALONE; k++)
            steps.kinds[steps.count++] = PAUSE;
    }
    run_counting(&counting);
    assert_int_equal(handed_out, 300);
    assert_int_equal(shown, 300);
    for (int i = 1; i <= 300; i++)
        assert_int_equal(first_frame[i], i); /* frame 0 is that of the opening */
}

/* ---- a net that ends only when frames were shown ------------------------------------------------------- */

enum { FRAMES_A_RUN = 30, RUNS = 3, PATIENCE_S = 300 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t  was_shown = PTHREAD_COND_INITIALIZER;
static long            displayed;
static int             runs;
static bool            gave_up;
static atomic_bool     woken;

/* In the net's thread, as part of its run: it takes as long as so many frames. */
static void run_until_frames_were_shown(void *context, const char *line, size_t length)
{
    struct timespec until;
    (void)context;
    (void)line;
    (void)length;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += PATIENCE_S;
    pthread_mutex_lock(&lock);
    const long enough = displayed + FRAMES_A_RUN;
    while (displayed < enough && runs < RUNS && !gave_up)
        gave_up = pthread_cond_timedwait(&was_shown, &lock, &until) == ETIMEDOUT;
    runs++;
    pthread_mutex_unlock(&lock);
}

static void show_and_tell(struct display *display, const struct paint_list *list, struct colour background)
{
    (void)display;
    (void)list;
    (void)background;
    pthread_mutex_lock(&lock);
    displayed++;
    pthread_cond_broadcast(&was_shown);
    pthread_mutex_unlock(&lock);
}

static void wake(struct display *display)
{
    (void)display;
    atomic_store(&woken, true);
}

static void wake_window(void *context)
{
    (void)context;
    atomic_store(&woken, true);
}

/* The reader's wakes, and a pointer that moves now and then. */
static bool next_while_net_runs(struct display *display, struct event *out, int wait_ms)
{
    static int turn;
    (void)display;
    pthread_mutex_lock(&lock);
    const bool done = runs >= RUNS || gave_up;
    pthread_mutex_unlock(&lock);
    *out = (struct event){.kind = EVENT_QUIT, .at_ms = clock_ms()};
    if (done)
        return true;
    out->kind = EVENT_WAKE;
    if (atomic_exchange(&woken, false))
        return true;
    if (!wait_ms)
        return false;
    usleep(1000);
    out->kind = EVENT_POINTER;
    out->x = out->y = (float)(100 + turn++ % 200);
    return turn % 20 == 0;
}

static void test_frames_go_on_while_the_net_runs(void **state)
{
    static struct live_view   view;
    char                      film[] = "/tmp/besra-test-loop-XXXXXX.mkv";
    struct display_module     module = fake_display;
    struct display           *display = NULL;
    struct live              *live = NULL;
    struct bsr_error          err = {0};
    const struct live_options options = {.source = film,
                                         .realtime = true,
                                         .loop = true,
                                         .model = BESRA_SOURCE_DIR "/models/cards.cfg",
                                         .detect = {.confidence = -1, .iou = -1},
                                         .tracking = track_options_default(),
                                         .threads = 2,
                                         .on_record = run_until_frames_were_shown,
                                         .wake = wake_window};
    (void)state;
    setenv("BESRA_MODULES", BESRA_BUILT_MODULES, 0);
    setenv("BESRA_MODELS", BESRA_SOURCE_DIR "/models", 1);
    close(mkstemps(film, 4));
    unlink(film);
    if (!film_make(film))
        skip();
    module.next_event = next_while_net_runs;
    module.show = show_and_tell;
    module.wake = wake;
    assert_int_equal(module.open(&display, NULL, &err), BSR_OK);
    assert_int_equal(live_open(&live, &options, &err), BSR_OK);
    live_view_start(&view, &(struct live_view_options){.live = live,
                                                       .source = "film.mkv",
                                                       .command = "besra live film.mkv",
                                                       .precision = "f32",
                                                       .lens_model = "srcnn",
                                                       .look = view_usual_look()});
    assert_int_equal(live_view_loop(&view, &module, display, &err), BSR_OK);
    assert_true(view.times.answers > 0 && view_times_answer(&view.times, 0.5) >= 0);
    live_view_stop(&view);
    assert_int_equal(live_close(live, &err), BSR_OK);
    module.close(display);
    assert_false(gave_up);
    assert_true(runs >= RUNS && displayed >= (long)RUNS * FRAMES_A_RUN);
    unlink(film);
}

static void test_times_are_those_of_the_last_frames(void **state)
{
    struct view_times times = {.count = 0};
    (void)state;
    assert_true(view_times_build(&times, 0.5) == 0 && view_times_answer(&times, 0.99) == 0);
    for (int i = 0; i < 1000; i++)
        view_times_note(&times, i, i % 2 ? i : -1);
    assert_true(view_times_build(&times, 0) == 1000 - VIEW_FRAMES && view_times_build(&times, 1) == 999);
    assert_true(view_times_answer(&times, 0) == 1001 - 2 * VIEW_FRAMES &&
                view_times_answer(&times, 1) == 999);
    assert_int_equal(times.count, 1000);
    assert_int_equal(times.answers, 500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_input_is_shown_by_exactly_one_following_frame),
        cmocka_unit_test(test_an_input_alone_is_shown_by_the_next_frame),
        cmocka_unit_test(test_frames_go_on_while_the_net_runs),
        cmocka_unit_test(test_times_are_those_of_the_last_frames),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
