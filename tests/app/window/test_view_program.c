/* `besra view` itself, from end to end, on an Xvfb: each mode once, by the steps of sessions/. With a
 * sanitizer it has nothing to say. With BESRA_UPDATE_TOUR=1 shots become the pictures of docs/view.md. */
#include "tests/app/window/play.h"

#include "base/file.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define WINDOW "view --window 1000x700 "

static json_t *read_record(const char *path)
{
    struct bytes file = {0};
    assert_int_equal(file_read(&file, path, 1 << 20, NULL), BSR_OK);
    json_t *record = json_loadb(bytes_text(&file), file.size, 0, NULL);
    assert_non_null(record);
    bytes_free(&file);
    return record;
}

static void expect_task(const char *path, const char *task, const char *list)
{
    json_t *record = read_record(path);
    assert_string_equal(json_string_value(json_object_get(record, "task")), task);
    if (list)
        assert_true(json_array_size(json_object_get(record, list)) > 0);
    json_decref(record);
}

static void expect_remembered(const char *part)
{
    struct bytes file = {0};
    assert_int_equal(file_read(&file, "config/besra/window.cfg", 1 << 20, NULL), BSR_OK);
    expect_part(bytes_text(&file), part);
    bytes_free(&file);
}

static void test_objects_are_found_set_and_saved(void **state)
{
    (void)state;
    NEEDS_DISPLAY();
    struct run_result run = play("view-detect", 0, WINDOW "-m cards assets/cards");
    assert_string_equal(run.err, "");
    run_free(&run);
    expect_shot("found", 1000, 700);
    expect_files("besra-out/cards",
                 "cards-1.jpg\ncards-2.jpg\ncards-4.jpg\ncards-4.json\ncards-5.jpg\ncards-6.jpg\n");
    expect_task("besra-out/cards/cards-4.json", "detect", "detections");
    expect_remembered("conf = 0.3");
    expect_remembered("theme = \"dark\"");
}

static void test_pictures_are_enlarged_and_compared(void **state)
{
    (void)state;
    NEEDS_DISPLAY();
    struct run_result run = play("view-enlarge", 0, WINDOW "-m srcnn -s 2 assets/photos");
    assert_string_equal(run.err, "");
    run_free(&run);
    struct picture saved = picture_read("besra-out/srcnn/chelsea.jpg");
    assert_int_equal(saved.image.width, 721); /* 451 times 1.6 */
    picture_free(&saved);
    expect_task("besra-out/srcnn/chelsea.json", "upscale", NULL);
}

static void test_pictures_are_classified_and_models_chosen(void **state)
{
    (void)state;
    NEEDS_DISPLAY();
    assert_int_equal(symlink(BESRA_SOURCE_DIR "/tests/app/data/colours.onnx", "colours.onnx"), 0);
    struct run_result run = play("view-classify", 0, WINDOW "-m colours.onnx assets/photos");
    assert_string_equal(run.err, "");
    run_free(&run);
    expect_task("besra-out/colours/coffee.json", "classify", "classes");
}

static void test_what_is_missing_or_broken_is_said(void **state)
{
    (void)state;
    NEEDS_DISPLAY();
    assert_int_equal(mkdir("empty", 0777), 0);
    text_write("notes.txt", "no picture\n");
    text_write("torn.onnx", "no model\n");
    file_cut("assets/cards/cards-1.jpg", "torn.jpg", 2000);
    struct run_result run = play("view-empty", 0, WINDOW);
    assert_string_equal(run.err, "");
    run_free(&run);
    expect_shot("tour-view-empty", 1000, 700);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PLAYED(test_objects_are_found_set_and_saved),
        PLAYED(test_pictures_are_enlarged_and_compared),
        PLAYED(test_pictures_are_classified_and_models_chosen),
        PLAYED(test_what_is_missing_or_broken_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
