/* The line that the window shows makes what is seen: for each option that `besra view` shares with a command,
 * a viewer is opened as `besra view` with it would open one, its line is read back and run, and the picture
 * and the record are those that the window would save. */
#include "app/viewing.h"
#include "base/clock.h"
#include "config/option_table.h"
#include "scenes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wordexp.h>

#include <cmocka.h>

enum { PATIENCE_MS = 120 * 1000 };

#define CARD    " -m cards " BESRA_SOURCE_DIR "/assets/cards/cards-1.jpg"
#define BERRIES " -m berries scene.png"
#define COLUMNS " -m " BESRA_SOURCE_DIR "/tests/app/data/berries-columns.onnx scene.png"
#define COLOURS " -m " BESRA_SOURCE_DIR "/tests/app/data/colours.onnx wide.png"

/* What an option is to the line. */
static const struct row {
    enum option_id id;
    const char    *view;  /* what follows `besra view` */
    const char    *shown; /* of the line */
    enum {
        RUN,
        RUN_IF_THERE, /* it may be missing where this is built */
        LOOK,         /* what it names is not there: the line is only looked at */
    } how;
} rows[] = {
    {OPTION_MODEL, BERRIES, " -m berries", RUN},
    {OPTION_CONF, "--conf 0.03" CARD, " --conf 0.03", RUN},
    {OPTION_IOU, "--iou 0.9 --conf 0.05" CARD, " --iou 0.9", RUN},
    {OPTION_MAX_DET, "--max-det 2" CARD, " --max-det 2", RUN},
    {OPTION_CLASSES, "--classes 'green leaf'" BERRIES, " --classes 'green leaf'", RUN},
    {OPTION_CLASSES, "--classes 0" BERRIES, " --classes berry", RUN},
    {OPTION_AGNOSTIC, "--no-agnostic --conf 0.01" CARD, " --no-agnostic", RUN},
    {OPTION_AGNOSTIC, "--agnostic" BERRIES, " --agnostic", RUN},
    {OPTION_LETTERBOX, "--letterbox square" CARD, " --letterbox square", RUN},
    {OPTION_PROFILE, "--profile ignore" CARD, " --profile ignore", RUN},
    {OPTION_SHRINK_ON_LOAD, "--shrink-on-load on --size 320" CARD, " --shrink-on-load on", RUN},
    {OPTION_SIZE, "--size 320x256" CARD, " --size 320x256", RUN},
    {OPTION_LABEL, "--label '{index}: {name}'" CARD, " --label '{index}: {name}'", RUN},
    {OPTION_LINE_WIDTH, "--line-width 9" CARD, " --line-width 9", RUN},
    {OPTION_HIDE_LABELS, "--hide-labels" CARD, " --hide-labels", RUN},
    {OPTION_HIDE_CONF, "--hide-conf" CARD, " --hide-conf", RUN},
    {OPTION_INPUT_COLOR, "--input-color bgr" CARD, " --input-color bgr", RUN},
    {OPTION_INPUT_RANGE, "--input-range imagenet --conf 0.01" CARD, " --input-range imagenet", RUN},
    {OPTION_LAYOUT, "--layout yolov8" COLUMNS, " --layout yolov8", RUN},
    {OPTION_ENGINE, "--engine opencv" CARD, " --engine opencv", RUN},
    {OPTION_PRECISION, "--precision bf16" CARD, " --precision bf16", RUN_IF_THERE},
    {OPTION_QDQ, "--qdq drop" CARD, " --qdq drop", RUN},
    {OPTION_OPS, "--ops 'my own.so'" CARD, " --ops 'my own.so'", LOOK},
    {OPTION_SCALE, "--scale 1.7 -m srcnn wide.png", " --scale 1.7", RUN},
    {OPTION_TOP, "--top 2" COLOURS, " --top 2", RUN},
    {OPTION_FIT, "--fit stretch" COLOURS, " --fit stretch", RUN},
    {OPTION_SCORES, "--scores logits" COLOURS, " --scores logits", RUN},
};

/* These change no result: limits, how much is done at once, where options come from, how things are said. */
static const enum option_id others[] = {
    OPTION_RECURSIVE, OPTION_MAX_PIXELS, OPTION_TILE,  OPTION_THREADS, OPTION_MEMORY, OPTION_CONFIG,
    OPTION_NO_CONFIG, OPTION_VERBOSE,    OPTION_QUIET, OPTION_COLOR,   OPTION_HELP,   OPTION_VERSION};

/* These are not the window's: it has the factor alone (--to), and its own way to compare; what is written and
 * where is told when it is saved. */
static const enum option_id unseen[] = {
    OPTION_LIST,     OPTION_SHARD,     OPTION_OUTPUT,  OPTION_FORMAT,    OPTION_QUALITY,    OPTION_JSON,
    OPTION_RESUME,   OPTION_OVERWRITE, OPTION_DRY_RUN, OPTION_SAVE_TXT,  OPTION_SAVE_CONF,  OPTION_SAVE_CROP,
    OPTION_NO_IMAGE, OPTION_TO,        OPTION_COMPARE, OPTION_FAIL_FAST, OPTION_KEEP_GOING, OPTION_PROGRESS};

enum { ROWS = sizeof rows / sizeof *rows };

static bool is_among(enum option_id id, const enum option_id *ids, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (ids[i] == id)
            return true;
    return false;
}

static bool has_row(enum option_id id)
{
    for (size_t i = 0; i < ROWS; i++)
        if (rows[i].id == id)
            return true;
    return false;
}

/* An option that is new to a command has to be sorted in. */
static void test_each_option_of_the_commands_is_shown_or_changes_nothing(void **state)
{
    (void)state;
    for (int id = 0; id < OPTION_COUNT; id++) {
        const struct option_row *row = &option_rows[id];
        bool command = option_is_in(row, COMMAND_DETECT) || option_is_in(row, COMMAND_UPSCALE) ||
                       option_is_in(row, COMMAND_CLASSIFY);
        bool view = option_is_in(row, COMMAND_VIEW);
        bool shown = has_row((enum option_id)id);
        bool other = is_among((enum option_id)id, others, sizeof others / sizeof *others);
        bool away = is_among((enum option_id)id, unseen, sizeof unseen / sizeof *unseen);
        if (command && (shown + other + away != 1 || view == away))
            fail_msg("%s is to be in one of the lists, and in `besra view` unless in the last", row->flag);
    }
}

/* ---- a window without a window ---- */

static struct viewer *open_view(struct options *options, wordexp_t *words, const char *arguments)
{
    struct bsr_error err = {0};
    struct bytes     text = {0};
    struct viewer   *viewer = NULL;

    bytes_append_format(&text, "besra view --no-config -j 2 %s", arguments);
    assert_int_equal(wordexp(bytes_text(&text), words, WRDE_NOCMD), 0);
    bytes_free(&text);
    if (options_parse(options, (int)words->we_wordc, words->we_wordv, &err) != BSR_OK)
        fail_msg("%s: %s", err.subject, err.message);
    const struct viewer_options  how = viewing_options(options);
    const struct viewer_settings settings = viewing_settings(options);
    assert_int_equal(viewer_open(&viewer, &how, &err), BSR_OK);
    viewer_set(viewer, &settings);
    assert_int_equal(viewer_add(viewer, options->inputs, options->input_count, false, &err), BSR_OK);
    viewer_load_model(viewer, options->model, CARD_TASK_UNKNOWN);
    return viewer;
}

static struct viewer_snapshot wait_for_result(struct viewer *viewer)
{
    double end = clock_ms() + PATIENCE_MS;
    for (;;) {
        struct viewer_snapshot shot = viewer_snapshot(viewer);
        if (shot.result_state == VIEWER_READY || shot.result_state == VIEWER_FAILED ||
            shot.model_state == VIEWER_FAILED || shot.picture_state == VIEWER_FAILED)
            return shot;
        viewer_release(viewer, &shot);
        if (clock_ms() > end)
            fail_msg("waited for too long");
        usleep(5000);
    }
}

/* ---- what the program makes of the line ---- */

/* But for what it took, and where an enlarged one went. */
static json_t *read_record(const char *path)
{
    json_error_t why;
    json_t      *record = json_load_file(path, 0, &why);
    if (!record)
        fail_msg("%s: %s", path, why.text);
    json_object_del(record, "ms");
    json_object_del(record, "output");
    return record;
}

static void compare_with_program(struct viewer *viewer, const struct viewer_snapshot *shot, const char *line)
{
    struct bsr_error err = {0};
    const bool       picture = shot->task != CARD_CLASSIFY;

    assert_int_equal(viewer_save_record(viewer, shot, "saved.json", true, &err), BSR_OK);
    if (picture)
        assert_int_equal(viewer_save_picture(viewer, shot, "saved.png", true, &err), BSR_OK);
    struct run_result run = run_shell("\"$BESRA\"%s --no-config -q -y --json=written.json%s",
                                      line + strlen("besra"), picture ? " -o written.png" : "");
    expect_code(&run, 0);
    run_free(&run);
    if (picture)
        expect_same_file("saved.png", "written.png");
    json_t *saved = read_record("saved.json"), *written = read_record("written.json");
    if (!json_equal(saved, written))
        fail_msg("the record of: %s", line);
    json_decref(saved);
    json_decref(written);
}

static void check_row(const struct row *row)
{
    struct options   options = {0};
    struct bsr_error err = {0};
    struct bytes     line = {0};
    wordexp_t        words = {0};
    struct viewer   *viewer = open_view(&options, &words, row->view);

    struct viewer_snapshot shot = wait_for_result(viewer);
    const char            *why = shot.model_why ? shot.model_why : shot.result_why;
    if (shot.result_state == VIEWER_READY) {
        assert_int_equal(viewer_command(viewer, &shot, &line, &err), BSR_OK);
        if (!strstr(bytes_text(&line), row->shown))
            fail_msg("%s shows: %s", row->view, bytes_text(&line));
        if (row->how != LOOK)
            compare_with_program(viewer, &shot, bytes_text(&line));
    } else if (row->how == RUN_IF_THERE) {
        print_message("SKIPPED: %s: %s\n", row->view, why ? why : "");
    } else {
        fail_msg("%s: %s", row->view, why ? why : "failed");
    }
    viewer_release(viewer, &shot);
    viewer_close(viewer);
    options_free(&options);
    wordfree(&words);
    bytes_free(&line);
}

/* Twice as wide as it is high, with a slope. */
static void write_wide(const char *path)
{
    struct picture   picture = {.format = PICTURE_PNG};
    struct bsr_error err;
    assert_int_equal(image_alloc(&picture.image, 120, 60, 3, 8, &err), BSR_OK);
    for (int y = 0; y < 60; y++)
        for (int i = 0; i < 360; i++)
            image_row(&picture.image, y)[i] = (uint8_t)(y + i * (i % 3) / 4);
    picture_write(path, &picture);
    picture_free(&picture);
}

static void test_the_line_of_each_option_makes_what_is_seen(void **state)
{
    (void)state;
    scene_write("scene.png");
    write_wide("wide.png");
    for (size_t i = 0; i < ROWS; i++)
        check_row(&rows[i]);
}

static void test_a_class_that_the_model_does_not_have_is_told(void **state)
{
    (void)state;
    struct options options = {0};
    wordexp_t      words = {0};
    scene_write("scene.png");
    struct viewer         *viewer = open_view(&options, &words, "--classes cherry" BERRIES);
    struct viewer_snapshot shot = wait_for_result(viewer);
    assert_int_equal(shot.model_state, VIEWER_FAILED);
    expect_part(shot.model_why, "no class 'cherry'");
    viewer_release(viewer, &shot);
    viewer_load_model(viewer, "berries", CARD_TASK_UNKNOWN); /* chosen by hand it is taken */
    for (shot = wait_for_result(viewer); shot.model_state == VIEWER_FAILED; shot = wait_for_result(viewer))
        viewer_release(viewer, &shot);
    assert_int_equal(shot.detection_count, 2);
    viewer_release(viewer, &shot);
    viewer_close(viewer);
    options_free(&options);
    wordfree(&words);
}

static void test_where_all_is_hidden_the_line_says_so(void **state)
{
    (void)state;
    struct options   options = {0};
    wordexp_t        words = {0};
    struct bytes     line = {0};
    struct bsr_error err;
    const bool       hidden[] = {true, true};
    scene_write("scene.png");
    struct viewer         *viewer = open_view(&options, &words, BERRIES);
    struct viewer_snapshot shot = wait_for_result(viewer);
    struct viewer_settings settings = shot.settings;
    settings.hidden = hidden;
    settings.hidden_count = 2;
    viewer_release(viewer, &shot);
    viewer_set(viewer, &settings);
    shot = wait_for_result(viewer);
    assert_int_equal(shot.detection_count, 0);
    assert_int_equal(viewer_command(viewer, &shot, &line, &err), BSR_OK);
    expect_part(bytes_text(&line), " # but all classes are hidden");
    viewer_release(viewer, &shot);
    viewer_close(viewer);
    options_free(&options);
    wordfree(&words);
    bytes_free(&line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_option_of_the_commands_is_shown_or_changes_nothing),
        IN_SCRATCH(test_the_line_of_each_option_makes_what_is_seen),
        IN_SCRATCH(test_a_class_that_the_model_does_not_have_is_told),
        IN_SCRATCH(test_where_all_is_hidden_the_line_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
