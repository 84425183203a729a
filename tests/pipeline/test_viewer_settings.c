/* Settings of the viewer: what is in force, the way back, and the command line of it. */
#include "base/alloc.h"
#include "base/bytes.h"
#include "tests/pipeline/viewing.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static struct viewer_settings settings_now(struct viewer *viewer)
{
    struct viewer_snapshot snapshot = viewer_snapshot(viewer);
    struct viewer_settings settings = snapshot.settings;
    settings.hidden = NULL; /* the snapshot's */
    settings.hidden_count = 0;
    viewer_release(viewer, &snapshot);
    return settings;
}

static void set_confidence(struct viewer *viewer, double confidence)
{
    struct viewer_settings settings = settings_now(viewer);
    settings.confidence = confidence;
    viewer_set(viewer, &settings);
}

static void set_iou(struct viewer *viewer, double iou)
{
    struct viewer_settings settings = settings_now(viewer);
    settings.iou = iou;
    viewer_set(viewer, &settings);
}

static void expect(struct viewer *viewer, double confidence, double iou)
{
    struct viewer_settings settings = settings_now(viewer);
    assert_true(settings.confidence == confidence);
    assert_true(settings.iou == iou);
}

/* ---- what is in force --------------------------------------------------------------------------- */

static void test_what_was_not_asked_for_is_as_the_card_says(void **unused)
{
    struct viewer *viewer = open_viewer(0);
    (void)unused;

    struct viewer_settings settings = settings_now(viewer);
    assert_true(settings.confidence < 0 && settings.iou < 0 && settings.factor == 0);
    assert_true(settings.max_detections == 0 && settings.top == 0 && !settings.agnostic);
    settings.iou = 0.3; /* as --iou 0.3 before the model is there */
    viewer_set(viewer, &settings);
    load_model(viewer, CARDS_MODEL, CARD_TASK_UNKNOWN);
    settings = settings_now(viewer);
    assert_true(settings.confidence == 0.4 && settings.iou == 0.3 && settings.max_detections == 60);
    assert_true(settings.agnostic && settings.factor == 2 && settings.top == 5);
    settings.iou = -1;
    viewer_set(viewer, &settings);
    expect(viewer, 0.4, 0.45);
    viewer_close(viewer);
}

static void test_values_out_of_range_are_brought_into_it(void **unused)
{
    struct viewer *viewer = open_viewer(0);
    (void)unused;

    load_model(viewer, CARDS_MODEL, CARD_TASK_UNKNOWN);
    viewer_set(viewer, &(struct viewer_settings){.confidence = 1.5,
                                                 .iou = INFINITY,
                                                 .max_detections = 2000000000,
                                                 .factor = 1e9,
                                                 .top = 2000000000});
    struct viewer_settings settings = settings_now(viewer);
    assert_true(settings.confidence == 1 && settings.iou == 1 && settings.factor == 64);
    assert_true(settings.max_detections == 100000 && settings.top == 1000 && !settings.agnostic);
    viewer_set(viewer, &(struct viewer_settings){.confidence = NAN,
                                                 .iou = -INFINITY,
                                                 .max_detections = -5,
                                                 .factor = 0.5,
                                                 .top = -1,
                                                 .agnostic = true});
    settings = settings_now(viewer);
    assert_true(settings.confidence == 0.4 && settings.iou == 0.45 && settings.factor == 2);
    assert_true(settings.max_detections == 60 && settings.top == 5 && settings.agnostic);
    viewer_close(viewer);
}

/* ---- undo --------------------------------------------------------------------------------------- */

static void test_a_drag_is_one_step_to_undo(void **unused)
{
    struct viewer *viewer = open_viewer(0);
    (void)unused;

    load_model(viewer, CARDS_MODEL, CARD_TASK_UNKNOWN);
    assert_false(viewer_undo(viewer));
    assert_false(viewer_redo(viewer));
    for (int i = 0; i < 50; i++)
        set_confidence(viewer, 0.41 + 0.001 * i);
    double last = settings_now(viewer).confidence;
    for (int i = 0; i < 50; i++)
        set_iou(viewer, 0.5 + 0.001 * i);
    assert_true(viewer_undo(viewer));
    expect(viewer, last, 0.45);
    assert_true(viewer_undo(viewer));
    expect(viewer, 0.4, 0.45);
    assert_false(viewer_undo(viewer));
    assert_true(viewer_redo(viewer));
    expect(viewer, last, 0.45);
    set_confidence(viewer, 0.9); /* another way: what was undone is gone */
    assert_false(viewer_redo(viewer));
    assert_true(viewer_undo(viewer));
    expect(viewer, last, 0.45);
    viewer_close(viewer);
}

static void test_a_slider_that_was_let_go_of_begins_a_step(void **unused)
{
    struct viewer *viewer = open_viewer(0);
    (void)unused;

    load_model(viewer, CARDS_MODEL, CARD_TASK_UNKNOWN);
    set_confidence(viewer, 0.5);
    viewer_settle(viewer);
    set_confidence(viewer, 0.6);
    set_confidence(viewer, 0.6); /* changes nothing, and is no step */
    assert_true(viewer_undo(viewer));
    expect(viewer, 0.5, 0.45);
    assert_true(viewer_undo(viewer));
    expect(viewer, 0.4, 0.45);
    viewer_close(viewer);
}

static void test_many_steps_forget_the_oldest(void **unused)
{
    struct viewer *viewer = open_viewer(0);
    int            steps = 0;
    (void)unused;

    load_model(viewer, CARDS_MODEL, CARD_TASK_UNKNOWN);
    for (int i = 0; i < 150; i++) {
        set_confidence(viewer, 0.41 + 0.001 * i);
        viewer_settle(viewer);
    }
    while (viewer_undo(viewer))
        steps++;
    assert_int_equal(steps, 100);
    for (; viewer_redo(viewer); steps--) {
    }
    assert_int_equal(steps, 0);
    viewer_close(viewer);
}

static void test_out_of_memory_changes_nothing_or_all(void **unused)
{
    struct viewer *viewer = open_viewer(0);
    (void)unused;

    add_inputs(viewer, CARDS "/cards-1.jpg", NULL);
    load_model(viewer, CARDS_MODEL, CARD_TASK_UNKNOWN);
    wait_until(viewer, has_result);
    usleep(100000); /* nothing else allocates now */
    for (size_t n = 1; n < 12; n++) {
        struct viewer_settings settings = settings_now(viewer);
        settings.confidence = 0.3 + 0.01 * (double)n;
        mem_fail_from(n);
        viewer_set(viewer, &settings);
        struct viewer_snapshot snapshot = viewer_snapshot(viewer);
        mem_fail_from(0);
        assert_true(snapshot.picture_state == VIEWER_READY);
        viewer_release(viewer, &snapshot);
    }
    struct viewer_settings settings = settings_now(viewer);
    settings.confidence = 0.2;
    viewer_set(viewer, &settings);
    wait_until(viewer, has_result);
    expect(viewer, 0.2, 0.45);
    viewer_close(viewer);
}

/* ---- the command line --------------------------------------------------------------------------- */

static void expect_command(struct viewer *viewer, const char *expected)
{
    struct bytes           text = {0};
    struct bsr_error       err = {0};
    struct viewer_snapshot snapshot = viewer_snapshot(viewer);

    bytes_append_text(&text, "$ ");
    require(viewer_command(viewer, &snapshot, &text, &err), &err);
    assert_string_equal(bytes_text(&text) + 2, expected);
    viewer_release(viewer, &snapshot);
    bytes_free(&text);
}

static void test_the_command_has_what_differs_from_the_defaults(void **unused)
{
    struct viewer *viewer = open_viewer(0);
    bool           hidden[52] = {false};
    (void)unused;

    expect_command(viewer, "besra detect");
    load_model(viewer, "cards", CARD_TASK_UNKNOWN);
    expect_command(viewer, "besra detect -m cards");
    add_inputs(viewer, "a.jpg", "it's b.jpg");
    expect_command(viewer, "besra detect -m cards a.jpg");
    viewer_select(viewer, 1);
    expect_command(viewer, "besra detect -m cards 'it'\\''s b.jpg'");
    viewer_select(viewer, 0);

    struct viewer_settings settings = settings_now(viewer);
    settings.confidence = 0.1 + 0.2; /* 0.30000000000000004 */
    viewer_set(viewer, &settings);
    expect_command(viewer, "besra detect -m cards --conf 0.30000000000000004 a.jpg");
    settings.confidence = 0.25;
    settings.iou = 0.5;
    settings.max_detections = 7;
    settings.agnostic = false;
    viewer_set(viewer, &settings);
    expect_command(viewer, "besra detect -m cards --conf 0.25 --iou 0.5 --max-det 7 --no-agnostic a.jpg");
    viewer_undo(viewer);
    viewer_undo(viewer);
    add_inputs(viewer, CARDS "/cards-1.jpg", NULL); /* names are known of what was looked at */
    wait_until(viewer, has_result);
    settings = settings_now(viewer);
    settings.hidden = hidden;
    settings.hidden_count = 52;
    for (int i = 2; i < 52; i++)
        hidden[i] = true;
    viewer_set(viewer, &settings);
    expect_command(viewer,
                   "besra detect -m cards --classes 'ace of clubs,ace of diamonds' " CARDS "/cards-1.jpg");
    viewer_close(viewer);
}

static void test_the_command_quotes_what_a_shell_would_read_otherwise(void **unused)
{
    static const char *const cases[][2] = {
        {"plain-1_2.jpg", "plain-1_2.jpg"},
        {"a b.jpg", "'a b.jpg'"},
        {"-x.jpg", "./-x.jpg"},
        {"$HOME.jpg", "'$HOME.jpg'"},
        {"a;rm.jpg", "'a;rm.jpg'"},
        {"~x.jpg", "'~x.jpg'"},
        {"tick'.jpg", "'tick'\\''.jpg'"},
        {"new\nline.jpg", "'new\nline.jpg'"},
        {"- x", "'./- x'"},
        {"\xC3\xA9t\xC3\xA9.jpg", "'\xC3\xA9t\xC3\xA9.jpg'"},
    };
    char folder[] = "/tmp/besra-quotes-XXXXXX", before[4096];
    (void)unused;
    assert_non_null(getcwd(before, sizeof before));
    assert_non_null(mkdtemp(folder));
    assert_int_equal(chdir(folder), 0); /* names that are there: others are no entries */
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct viewer *viewer = open_viewer(0);
        char           expected[64];
        FILE          *file = fopen(cases[i][0], "w");
        assert_non_null(file);
        fclose(file);
        add_inputs(viewer, cases[i][0], NULL);
        snprintf(expected, sizeof expected, "besra detect %s", cases[i][1]);
        expect_command(viewer, expected);
        viewer_close(viewer);
        assert_int_equal(unlink(cases[i][0]), 0);
    }
    assert_int_equal(chdir(before), 0);
    assert_int_equal(rmdir(folder), 0);
}

static void test_the_command_has_what_was_said_of_the_model(void **unused)
{
    const struct viewer_options options = {.threads = 1,
                                           .hints = {.colour_given = true,
                                                     .colour = CARD_BGR,
                                                     .range = MODEL_RANGE_BYTE,
                                                     .width = 416,
                                                     .height = 320,
                                                     .engine = {.backend = "opencv"}}};
    struct viewer              *viewer = NULL;
    struct bsr_error            err = {0};
    (void)unused;

    require(viewer_open(&viewer, &options, &err), &err);
    load_model(viewer, "cards", CARD_TASK_UNKNOWN);
    expect_command(viewer, "besra detect -m cards --size 416x320 --input-color bgr --input-range byte "
                           "--engine opencv");
    viewer_close(viewer);
}

static void test_the_command_of_enlarging_has_its_factor(void **unused)
{
    struct viewer *viewer = open_viewer(0);
    (void)unused;

    load_model(viewer, "srcnn", CARD_TASK_UNKNOWN);
    expect_command(viewer, "besra upscale -m srcnn");
    struct viewer_settings settings = settings_now(viewer);
    settings.factor = 2.5;
    viewer_set(viewer, &settings);
    expect_command(viewer, "besra upscale -m srcnn --scale 2.5");
    viewer_close(viewer);
}

int main(void)
{
    setenv("BESRA_MODELS", BESRA_SOURCE_DIR "/models", 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_was_not_asked_for_is_as_the_card_says),
        cmocka_unit_test(test_values_out_of_range_are_brought_into_it),
        cmocka_unit_test(test_a_drag_is_one_step_to_undo),
        cmocka_unit_test(test_a_slider_that_was_let_go_of_begins_a_step),
        cmocka_unit_test(test_many_steps_forget_the_oldest),
        cmocka_unit_test(test_out_of_memory_changes_nothing_or_all),
        cmocka_unit_test(test_the_command_has_what_differs_from_the_defaults),
        cmocka_unit_test(test_the_command_quotes_what_a_shell_would_read_otherwise),
        cmocka_unit_test(test_the_command_has_what_was_said_of_the_model),
        cmocka_unit_test(test_the_command_of_enlarging_has_its_factor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
