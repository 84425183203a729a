#include "app/window/session.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "fake_display.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* A window in a folder of its own, and what it saw: a letter an event, '.' for a frame that it shows. */
struct scene {
    char            folder[64], script[96], record[96], times[96];
    struct display *real, *session;
    char            seen[4096];
    size_t          length;
    int             asked; /* how often a word was waited for */
};

/* "later" comes true at the fifth time, "never" never. */
static int is_reached(void *context, const char *word)
{
    struct scene *scene = context;
    scene->asked++;
    return strcmp(word, "later") == 0 ? scene->asked >= 5 : strcmp(word, "never") == 0 ? 0 : -1;
}

static bsr_status start_session(struct scene *scene, const char *script, bool record, int pace_ms,
                                struct bsr_error *err)
{
    *scene = (struct scene){.folder = "/tmp/besra-session-XXXXXX"};
    assert_non_null(mkdtemp(scene->folder));
    snprintf(scene->script, sizeof scene->script, "%s/script", scene->folder);
    snprintf(scene->record, sizeof scene->record, "%s/record", scene->folder);
    snprintf(scene->times, sizeof scene->times, "%s/times", scene->folder);
    if (script)
        assert_int_equal(file_write(scene->script, script, strlen(script), true, false, NULL), BSR_OK);
    assert_int_equal(fake_display.open(&scene->real, NULL, NULL), BSR_OK);
    const struct session_options options = {.module = &fake_display,
                                            .display = scene->real,
                                            .play = script ? scene->script : NULL,
                                            .record = record ? scene->record : NULL,
                                            .shots = scene->folder,
                                            .times = scene->times,
                                            .pace_ms = pace_ms,
                                            .is_reached = is_reached,
                                            .context = scene,
                                            .wait_ms = 50};
    return session_open(&scene->session, &options, err);
}

static bsr_status start(struct scene *scene, const char *script, bool record, struct bsr_error *err)
{
    return start_session(scene, script, record, 0, err);
}

static bsr_status start_paced(struct scene *scene, const char *script, int pace_ms)
{
    return start_session(scene, script, false, pace_ms, NULL);
}

static void end(struct scene *scene)
{
    char command[128];
    if (scene->session)
        session_module.close(scene->session);
    else
        fake_display.close(scene->real);
    snprintf(command, sizeof command, "rm -r %s", scene->folder);
    assert_int_equal(system(command), 0);
}

static void note(struct scene *scene, char letter)
{
    assert_true(scene->length + 1 < sizeof scene->seen);
    scene->seen[scene->length++] = letter;
}

static char letter_of(const struct event *event)
{
    static const char letters[] = "-QRmprwktdWl";
    return letters[event->kind];
}

static void show(struct scene *scene)
{
    const struct paint_list none = {0};
    session_module.show(scene->session, &none, (struct colour){0, 0, 0, 255});
    note(scene, '.');
}

/* The loop of a window: waits for an event, takes all that are there, shows a frame. Returns at EVENT_QUIT;
 * with `merging` it looks behind a movement for another one, as loops do. */
static void run_window(struct scene *scene, bool merging)
{
    struct event event;
    show(scene);
    for (int i = 0; i < 10000; i++) {
        if (!session_module.next_event(scene->session, &event, 5))
            continue;
        do {
            note(scene, letter_of(&event));
            if (event.kind == EVENT_QUIT)
                return;
            if (merging && event.kind == EVENT_POINTER &&
                session_module.next_event(scene->session, &event, 0))
                note(scene, letter_of(&event));
        } while (session_module.next_event(scene->session, &event, 0));
        show(scene);
    }
    fail_msg("the window did not end: %s", scene->seen);
}

static void test_events_come_one_a_frame_and_shots_behind_it(void **state)
{
    static const char text[] = "move 1 2\npress 1\nrelease 1\nshot first\nkey a\nshot second\n";
    (void)state;
    for (int merging = 0; merging < 2; merging++) {
        struct scene scene;
        char         path[128];
        assert_int_equal(start(&scene, text, false, NULL), BSR_OK);
        run_window(&scene, merging);
        assert_string_equal(scene.seen, ".m.p.r.k.Q");
        assert_int_equal(scene.real->shots, 2);
        assert_int_equal(session_outcome(scene.session, NULL), BSR_OK);
        snprintf(path, sizeof path, "%s/first.png", scene.folder);
        assert_int_equal(access(path, R_OK), 0);
        snprintf(path, sizeof path, "%s/second.png", scene.folder);
        assert_int_equal(access(path, R_OK), 0);
        end(&scene);
    }
}

static void test_a_word_is_waited_for_and_then_shown(void **state)
{
    struct scene scene;
    (void)state;
    assert_int_equal(start(&scene, "key a\nwait-for later\nshot a\nwait 20\nkey b", false, NULL), BSR_OK);
    run_window(&scene, true);
    assert_string_equal(scene.seen, ".k.W.W.k.Q"); /* woken behind both waits, so that what came is painted */
    assert_int_equal(scene.asked, 5);
    assert_int_equal(scene.real->shots, 1);
    end(&scene);
}

static void test_a_word_that_never_comes_ends_the_session(void **state)
{
    static const struct {
        const char *text, *why;
    } cases[] = {{"wait-for never\nkey a\n", "line 1: 'never' did not come in time"},
                 {"key a\nwait-for nonsense\n", "line 2: 'nonsense' is no state of this window"}};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct scene     scene;
        struct bsr_error err = {0};
        assert_int_equal(start(&scene, cases[i].text, false, NULL), BSR_OK);
        run_window(&scene, false);
        assert_int_equal(session_outcome(scene.session, &err), BSR_ECANCELED);
        assert_string_equal(err.message, cases[i].why);
        end(&scene);
    }
}

static void test_a_shot_that_can_not_be_written_ends_the_session(void **state)
{
    struct scene     scene;
    struct bsr_error err = {0};
    (void)state;
    assert_int_equal(start(&scene, "shot a\nkey a\n", false, NULL), BSR_OK);
    file_fail_write(1);
    run_window(&scene, false);
    file_fail_write(0);
    assert_string_equal(scene.seen, ".Q");
    assert_int_equal(session_outcome(scene.session, &err), BSR_EIO);
    end(&scene);
}

/* While a script is played, the system's events come through and a person's don't. */
static void test_what_a_person_does_meanwhile_is_left_out(void **state)
{
    static const enum event_kind kinds[] = {EVENT_KEY, EVENT_WAKE, EVENT_POINTER, EVENT_RESIZE, EVENT_TEXT};
    struct scene                 scene;
    (void)state;
    assert_int_equal(start(&scene, "press 1\n", false, NULL), BSR_OK);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        scene.real->events[scene.real->event_count++].kind = kinds[i];
    run_window(&scene, false);
    assert_string_equal(scene.seen, ".pWR.Q");
    end(&scene);
}

/* A line a frame: when, how long it took, how long its first input had waited, how many it answers. */
static void test_each_frame_is_written_down_with_the_inputs_that_it_answers(void **state)
{
    static const int answers[] = {0, 1, 1, 0, 1};
    struct scene     scene;
    struct bytes     file = {0};
    double           last = 0;
    int              count = 0;
    (void)state;
    assert_int_equal(start(&scene, "move 1 2\nkey a\nwait 20\nkey b\n", false, NULL), BSR_OK);
    run_window(&scene, true);
    session_module.close(scene.session);
    scene.session = NULL;
    assert_int_equal(fake_display.open(&scene.real, NULL, NULL), BSR_OK); /* for end() */
    assert_string_equal(scene.seen, ".m.k.W.k.Q");
    assert_int_equal(file_read(&file, scene.times, 10000, NULL), BSR_OK);
    for (char *line = strtok((char *)file.data, "\n"); line; line = strtok(NULL, "\n")) {
        double ended, took;
        char   waited[32];
        int    inputs;
        assert_true(count < 5);
        assert_int_equal(sscanf(line, "%lf %lf %31s %d", &ended, &took, waited, &inputs), 4);
        assert_true(ended >= last && took >= 0);
        assert_int_equal(inputs, answers[count]);
        assert_int_equal(strcmp(waited, "-") == 0, inputs == 0);
        last = ended;
        count++;
    }
    assert_int_equal(count, 5);
    bytes_free(&file);
    end(&scene);
}

/* With a pace they come whether the one before was shown or not, and have waited since they were due. */
static void test_with_a_pace_events_come_when_they_are_due(void **state)
{
    struct scene scene;
    struct event event;
    double       first = 0, due[3];
    (void)state;
    assert_int_equal(start_paced(&scene, "key a\nkey b\nkey c\n", 40), BSR_OK);
    show(&scene);
    for (int i = 0; i < 3; i++) {
        while (!session_module.next_event(scene.session, &event, 0))
            ;
        assert_int_equal(event.kind, EVENT_KEY);
        assert_true(clock_ms() >= event.at_ms);
        first = i ? first : event.at_ms;
        due[i] = event.at_ms - first;
    }
    assert_true(due[1] > 39.9 && due[1] < 40.1 && due[2] > 79.9 && due[2] < 80.1);
    assert_true(session_module.next_event(scene.session, &event, 0));
    assert_int_equal(event.kind, EVENT_QUIT);
    end(&scene);
}

static void test_what_is_recorded_can_be_played(void **state)
{
    static const struct event done[] = {{.kind = EVENT_POINTER, .x = 3, .y = 4.5F},
                                        {.kind = EVENT_PRESS, .button = 1, .clicks = 2},
                                        {.kind = EVENT_WAKE},
                                        {.kind = EVENT_KEY, .modifiers = MODIFIER_CTRL, .text = "z"},
                                        {.kind = EVENT_QUIT}};
    struct scene              scene, again;
    struct bytes              file = {0};
    (void)state;
    assert_int_equal(start(&scene, NULL, true, NULL), BSR_OK);
    memcpy(scene.real->events, done, sizeof done);
    scene.real->event_count = sizeof done / sizeof *done;
    run_window(&scene, false);
    assert_int_equal(file_read(&file, scene.record, 1000, NULL), BSR_OK);
    assert_string_equal(bytes_text(&file), "move 3 4.5\npress 1 2\nkey ctrl+z\nquit\n");
    assert_int_equal(start(&again, bytes_text(&file), false, NULL), BSR_OK);
    run_window(&again, false);
    assert_string_equal(again.seen, ".m.p.k.Q");
    bytes_free(&file);
    end(&scene);
    end(&again);
}

static void test_a_session_that_can_not_begin_says_why(void **state)
{
    struct scene           scene;
    struct bsr_error       err = {0};
    struct session_options options = {.module = &fake_display, .play = "/nonexistent/script"};
    (void)state;
    assert_int_equal(start(&scene, "jump\n", false, &err), BSR_EUSAGE);
    assert_non_null(strstr(err.message, "line 1"));
    options.display = scene.real;
    assert_int_equal(session_open(&scene.session, &options, &err), BSR_EMISSING);
    options.play = NULL;
    options.record = "/nonexistent/record";
    assert_int_equal(session_open(&scene.session, &options, &err), BSR_EIO);
    options.record = NULL;
    options.times = "/nonexistent/times";
    assert_int_equal(session_open(&scene.session, &options, &err), BSR_EIO);
    options.times = scene.times;
    for (size_t n = 1; n <= 4; n++) {
        mem_fail_from(n);
        options.play = scene.script;
        assert_true(session_open(&scene.session, &options, &err) != BSR_OK);
        mem_fail_from(0);
    }
    assert_null(scene.session);
    end(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_events_come_one_a_frame_and_shots_behind_it),
        cmocka_unit_test(test_a_word_is_waited_for_and_then_shown),
        cmocka_unit_test(test_a_word_that_never_comes_ends_the_session),
        cmocka_unit_test(test_a_shot_that_can_not_be_written_ends_the_session),
        cmocka_unit_test(test_what_a_person_does_meanwhile_is_left_out),
        cmocka_unit_test(test_each_frame_is_written_down_with_the_inputs_that_it_answers),
        cmocka_unit_test(test_with_a_pace_events_come_when_they_are_due),
        cmocka_unit_test(test_what_is_recorded_can_be_played),
        cmocka_unit_test(test_a_session_that_can_not_begin_says_why),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
