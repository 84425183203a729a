#include "app/window/script.h"
#include "base/alloc.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct script parsed(const char *text)
{
    struct script    script = {0};
    struct bsr_error err = {0};
    if (script_parse(&script, text, strlen(text), "tour", &err) != BSR_OK)
        fail_msg("%s", err.message);
    return script;
}

static void test_a_step_of_each_kind_is_read(void **state)
{
    static const char text[] = "# a tour\n"
                               "move 100 200.5\n"
                               "\n"
                               "  ctrl+shift+press 1 2\r\n"
                               "release 1\n"
                               "wheel 0 -1.5\n"
                               "key ctrl+shift+z\n"
                               "key ctrl++\n"
                               "text  two spaces \\\\ \\n\\x41\n"
                               "drop /a b/c.jpg\n"
                               "leave\n"
                               "wait-for detected\n"
                               "wait 200\n"
                               "shot detect-boxes_2\n"
                               "click 3 4\n"
                               "quit";
    static const struct {
        enum step_kind  kind;
        enum event_kind event;
        int             line, button, clicks, modifiers;
        float           x, y;
        const char     *text;
    } steps[] = {
        {STEP_EVENT, EVENT_POINTER, 2, 0, 0, 0, 100, 200.5F, ""},
        {STEP_EVENT, EVENT_PRESS, 4, 1, 2, MODIFIER_CTRL | MODIFIER_SHIFT, 100, 200.5F, ""},
        {STEP_EVENT, EVENT_RELEASE, 5, 1, 1, 0, 100, 200.5F, ""},
        {STEP_EVENT, EVENT_WHEEL, 6, 0, 0, 0, 100, 200.5F, ""},
        {STEP_EVENT, EVENT_KEY, 7, 0, 0, MODIFIER_CTRL | MODIFIER_SHIFT, 100, 200.5F, "z"},
        {STEP_EVENT, EVENT_KEY, 8, 0, 0, MODIFIER_CTRL, 100, 200.5F, "+"},
        {STEP_EVENT, EVENT_TEXT, 9, 0, 0, 0, 100, 200.5F, " two spaces \\ \nA"},
        {STEP_EVENT, EVENT_DROP, 10, 0, 0, 0, 100, 200.5F, "/a b/c.jpg"},
        {STEP_EVENT, EVENT_LEAVE, 11, 0, 0, 0, 100, 200.5F, ""},
        {STEP_WAIT_FOR, EVENT_NONE, 12, 0, 0, 0, 100, 200.5F, "detected"},
        {STEP_WAIT, EVENT_NONE, 13, 0, 0, 0, 100, 200.5F, ""},
        {STEP_SHOT, EVENT_NONE, 14, 0, 0, 0, 100, 200.5F, "detect-boxes_2"},
        {STEP_EVENT, EVENT_POINTER, 15, 0, 0, 0, 3, 4, ""},
        {STEP_EVENT, EVENT_PRESS, 15, 1, 1, 0, 3, 4, ""},
        {STEP_EVENT, EVENT_RELEASE, 15, 1, 1, 0, 3, 4, ""},
        {STEP_EVENT, EVENT_QUIT, 16, 0, 0, 0, 3, 4, ""},
    };
    struct script script = parsed(text);
    (void)state;
    assert_int_equal(script.count, sizeof steps / sizeof *steps);
    for (size_t i = 0; i < script.count; i++) {
        const struct script_step *step = &script.steps[i];
        struct event              event;
        script_event(&event, &script, step);
        assert_int_equal(step->kind, steps[i].kind);
        assert_int_equal(step->line, steps[i].line);
        assert_int_equal(event.kind, steps[i].event);
        assert_int_equal(event.button, steps[i].button);
        assert_int_equal(event.clicks, steps[i].clicks);
        assert_int_equal(event.modifiers, steps[i].modifiers);
        if (step->kind == STEP_EVENT)
            assert_true(event.x == steps[i].x && event.y == steps[i].y);
        assert_string_equal(event.text, steps[i].text);
    }
    assert_true(script.steps[3].dx == 0 && script.steps[3].dy == -1.5F);
    assert_int_equal(script.steps[10].wait_ms, 200);
    script_free(&script);
    script = parsed("");
    assert_int_equal(script.count, 0);
    script_free(&script);
}

static void test_a_line_that_is_no_step_is_named(void **state)
{
    static const char *const wrong[] = {
        "jump 1 2",     "move",        "move 1",      "move 1 2 3",     "move a b",
        "move nan 2",   "move 1e30 2", "press",       "press 0",        "press 10",
        "press 1.5",    "press 1 0",   "press 1 2 3", "wheel 1",        "key",
        "text",         "text \\",     "text \\q",    "text \\x4",      "text \\x00",
        "text \xFF",    "drop",        "leave it",    "quit now",       "wait-for",
        "wait-for a/b", "wait -1",     "wait 600001", "shot",           "shot ../up",
        "shot a b",     "ctrl+leave",  "ctrl+key a",  "shift+text a",   "movee 1 2",
        "move 1,5 2",   "wait 1 2",    "ctrl+shift+", "move 0x1p500 1", "move inf 1",
        "key \\x00",    "click 1",
    };
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char             text[100];
        struct script    script = {.count = 77};
        struct bsr_error err = {0};
        snprintf(text, sizeof text, "leave\n%s\n", wrong[i]);
        if (script_parse(&script, text, strlen(text), "tour", &err) == BSR_OK)
            fail_msg("'%s' was taken", wrong[i]);
        assert_int_equal(err.code, BSR_EUSAGE);
        assert_string_equal(err.subject, "tour");
        assert_non_null(strstr(err.message, "line 2"));
        assert_int_equal(script.count, 77);
    }
}

static void test_limits_hold(void **state)
{
    enum { LONGEST = sizeof((struct event *)0)->text };
    struct script    script = {0};
    struct bsr_error err = {0};
    struct bytes     text = {0};
    (void)state;
    for (int i = 0; i < LONGEST - 1; i++)
        bytes_append_text(&text, "a");
    struct bytes fits = {0}, beyond = {0}, many = {0}, nul = {0};
    bytes_append_format(&fits, "text %s\n", bytes_text(&text));
    bytes_append_format(&beyond, "text %sa\n", bytes_text(&text));
    assert_int_equal(script_parse(&script, bytes_text(&fits), fits.size, "", &err), BSR_OK);
    assert_int_equal(strlen(script_text(&script, script.steps)), LONGEST - 1);
    script_free(&script);
    assert_int_equal(script_parse(&script, bytes_text(&beyond), beyond.size, "", &err), BSR_EUSAGE);
    for (int i = 0; i <= SCRIPT_MOST_STEPS; i++)
        bytes_append_text(&many, "leave\n");
    assert_int_equal(script_parse(&script, bytes_text(&many), many.size, "", &err), BSR_ELIMIT);
    assert_int_equal(script_parse(&script, bytes_text(&many), many.size - 6, "", &err), BSR_OK);
    script_free(&script);
    bytes_append(&nul, "leave\0\n", 7);
    assert_int_equal(script_parse(&script, bytes_text(&nul), nul.size, "", &err), BSR_EUSAGE);
    bytes_free(&text);
    bytes_free(&fits);
    bytes_free(&beyond);
    bytes_free(&many);
    bytes_free(&nul);
}

/* ---- written and read again ---- */

static struct event random_event(void)
{
    static const char *const keys[] = {
        "a",        "left",
        "page up",  "+",
        "\xC3\xA4", "f1",
        "\\",       "\xFF\xFE\xFF\xFE\xFF\xFE\xFF\xFE\xFF\xFE\xFF\xFE\xFF\xFE\xFF\xFE\xFF\xFE"};
    static const char *const texts[] = {"hello", " ", "\\n", "\xE5\xBF\x83", "tab\there\n", "\x7F"};
    static const char *const paths[] = {"/a/b.jpg", "/a b/\xFF\xFE.png", "/new\nline", "C:\\x41"};
    struct event             event = {.kind = EVENT_POINTER + rand() % (EVENT_LEAVE - EVENT_POINTER + 1)};
    bool                     place = event.kind == EVENT_POINTER;
    event.x = place ? (float)(rand() % 40000) / 16 : 0;
    event.y = place ? (float)(rand() % 40000) / 7 : 0;
    event.modifiers = rand() % 8;
    if (event.kind == EVENT_PRESS || event.kind == EVENT_RELEASE) {
        event.button = 1 + rand() % 5;
        event.clicks = 1 + rand() % 3;
    } else if (event.kind == EVENT_WHEEL) {
        event.dx = (float)(rand() % 100 - 50) / 33;
        event.dy = (float)(rand() % 100 - 50) / 1e5F;
    } else if (event.kind == EVENT_KEY) {
        strcpy(event.text, keys[rand() % 8]);
    } else if (event.kind == EVENT_TEXT) {
        strcpy(event.text, texts[rand() % 6]);
    } else if (event.kind == EVENT_DROP) {
        strcpy(event.text, paths[rand() % 4]);
    }
    if (!place && event.kind != EVENT_PRESS && event.kind != EVENT_RELEASE && event.kind != EVENT_WHEEL &&
        event.kind != EVENT_KEY)
        event.modifiers = 0; /* of no meaning */
    return event;
}

static void test_what_is_written_is_read_as_it_was(void **state)
{
    (void)state;
    srand(3);
    for (int i = 0; i < 3000; i++) {
        struct event  event = random_event(), again;
        struct bytes  line = {0};
        struct script script = {0};
        script_write(&line, &event);
        if (event.kind == EVENT_WAKE) {
            assert_int_equal(line.size, 0);
            continue;
        }
        script = parsed(bytes_text(&line));
        assert_int_equal(script.count, 1);
        script_event(&again, &script, script.steps);
        event.at_ms = again.at_ms;
        assert_memory_equal(&event, &again, offsetof(struct event, text));
        assert_string_equal(event.text, again.text);
        script_free(&script);
        bytes_free(&line);
    }
}

/* ---- hostile ---- */

static void test_spoilt_scripts_do_no_harm(void **state)
{
    static const char text[] =
        "move 100 200.5\nctrl+press 1 2\nwheel 0 -1.5\nkey ctrl+z\ntext a\\x41\\n\ndrop "
        "/a\nleave\nwait-for x\nwait 200\nshot a\nclick 3 4\nquit\n";
    (void)state;
    srand(7);
    for (int i = 0; i < 20000; i++) {
        char             spoilt[sizeof text];
        struct script    script = {0};
        struct bsr_error err = {0};
        size_t           size = (size_t)rand() % sizeof text;
        memcpy(spoilt, text, sizeof text);
        for (int k = rand() % 4; k > 0; k--)
            spoilt[(size_t)rand() % sizeof text] = (char)rand();
        if (script_parse(&script, spoilt, size, "x", &err) != BSR_OK) {
            assert_int_not_equal(err.message[0], 0);
            continue;
        }
        for (size_t k = 0; k < script.count; k++) {
            struct event event;
            script_event(&event, &script, &script.steps[k]);
            assert_true(isfinite(event.x) && isfinite(event.y) && isfinite(event.dx) && isfinite(event.dy));
        }
        script_free(&script);
    }
}

static void test_reading_survives_each_failing_allocation(void **state)
{
    static const char text[] = "text one\nclick 1 2\nkey a\n";
    bsr_status        status = BSR_ENOMEM;
    size_t            n = 1;
    (void)state;
    for (; status != BSR_OK; n++) {
        struct script script = {0};
        mem_fail_from(n);
        status = script_parse(&script, text, sizeof text - 1, "x", NULL);
        mem_fail_from(0);
        assert_true(status == BSR_OK || (status == BSR_ENOMEM && !script.steps));
        script_free(&script);
    }
    assert_true(n > 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_step_of_each_kind_is_read),
        cmocka_unit_test(test_a_line_that_is_no_step_is_named),
        cmocka_unit_test(test_limits_hold),
        cmocka_unit_test(test_what_is_written_is_read_as_it_was),
        cmocka_unit_test(test_spoilt_scripts_do_no_harm),
        cmocka_unit_test(test_reading_survives_each_failing_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
