/* What detect writes: pictures, records, text files, crops; and what it leaves alone. */
#include "base/file.h"
#include "tests/app/scenes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static struct run_result expect_run(const char *command, int code)
{
    struct run_result run = run_shell("%s", command);
    expect_code(&run, code);
    return run;
}

static char *text_read(const char *path)
{
    struct bytes file = {0};
    assert_int_equal(file_read(&file, path, SIZE_MAX / 2, NULL), BSR_OK);
    char *text = strdup(bytes_text(&file));
    bytes_free(&file);
    return text;
}

static void expect_text(const char *path, const char *wanted)
{
    char *text = text_read(path);
    assert_string_equal(text, wanted);
    free(text);
}

static void expect_format(const char *path, enum picture_format format)
{
    struct picture picture = picture_read(path);
    assert_int_equal(picture.format, format);
    assert_int_equal(picture.image.width, SCENE_SIDE);
    assert_int_equal(picture.image.height, SCENE_SIDE);
    picture_free(&picture);
}

static void test_each_format_by_name_or_by_option(void **state)
{
    (void)state;
    static const struct {
        const char         *options, *file;
        enum picture_format format;
    } cases[] = {
        {"-o new.png", "new.png", PICTURE_PNG},
        {"-o new.JPG", "new.JPG", PICTURE_JPEG},
        {"-o new/deep/er.webp", "new/deep/er.webp", PICTURE_WEBP},
        {"-o out -f png", "out/a.png", PICTURE_PNG},
        {"-o out -f webp", "out/a.webp", PICTURE_WEBP},
        {"-o out -f tiff", "out/a.tiff", PICTURE_TIFF},
        {"-o out -f bmp", "out/a.bmp", PICTURE_BMP},
        {"-o out -f ppm", "out/a.ppm", PICTURE_PNM},
        {"-o out -f jpg --quality 50", "out/a.jpg", PICTURE_JPEG},
        {"-o same", "same/a.bmp", PICTURE_BMP},
        {"", "besra-out/berries/a.bmp", PICTURE_BMP},
        {"-o - -f png > piped", "piped", PICTURE_PNG},
        {"-o - > piped-same", "piped-same", PICTURE_BMP},
    };
    scene_write("a.bmp");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct run_result run = run_shell("$BESRA detect -q -m berries a.bmp %s", cases[i].options);
        expect_code(&run, 0);
        assert_string_equal(run.err, "");
        expect_format(cases[i].file, cases[i].format);
        run_free(&run);
    }
}

static void test_boxes_are_drawn_and_the_rest_stays(void **state)
{
    (void)state;
    scene_write("a.png");
    struct run_result run =
        expect_run("$BESRA detect -q -m berries --hide-labels --line-width 2 -o out.png a.png", 0);
    run_free(&run);
    struct picture before = picture_read("a.png"), after = picture_read("out.png");
    size_t         changed = 0;
    for (int y = 0; y < SCENE_SIDE; y++)
        for (int x = 0; x < SCENE_SIDE; x++) {
            bool differs =
                memcmp(image_row(&before.image, y) + 3 * x, image_row(&after.image, y) + 3 * x, 3) != 0;
            bool far = x < 12 || y < 12 || x >= 52 || y >= 52 || (x >= 20 && x < 28 && y >= 20 && y < 28);
            changed += differs;
            if (differs && far)
                fail_msg("pixel %d, %d is far from any box and was changed", x, y);
        }
    assert_true(changed > 2 * 4 * 12); /* two frames */
    picture_free(&before);
    picture_free(&after);
}

static void test_labels_say_what_the_template_says(void **state)
{
    (void)state;
    static const char *const options[] = {"--label '{name}'", "--label '{index}: {percent} {class} {{}}'",
                                          "--hide-conf", "--hide-labels", "--label ''"};
    scene_write("a.png");
    struct run_result run = expect_run("$BESRA detect -q -m berries -o usual.png a.png", 0);
    run_free(&run);
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        run =
            run_shell("$BESRA detect -q -y -m berries -o other.png %s a.png && ! cmp -s usual.png other.png",
                      options[i]);
        expect_code(&run, 0);
        run_free(&run);
    }
    /* --hide-conf leaves what {name} alone would write; no label is no label */
    run = expect_run("$BESRA detect -q -m berries -o 1.png --hide-conf a.png\n"
                     "$BESRA detect -q -m berries -o 2.png --label '{name}' a.png && cmp 1.png 2.png\n"
                     "$BESRA detect -q -m berries -o 3.png --hide-labels a.png && cmp 3.png other.png",
                     0);
    run_free(&run);
}

static void test_an_existing_file_stays_unless_told_otherwise(void **state)
{
    (void)state;
    scene_write("a.png");
    scene_write("b.png");
    mkdir("out", 0777);
    text_write("out/a.png", "mine");
    text_write("mine.jsonl", "mine");
    struct run_result run = expect_run("$BESRA detect -q -m berries --json -o out a.png b.png", 1);
    expect_part(run.err, "besra: out/a.png: exists already\n");
    expect_part(run.err, "--overwrite");
    json_t *record = record_read(run.out, 0);
    assert_string_equal(json_string_value(json_object_get(json_object_get(record, "error"), "code")),
                        "exists");
    json_decref(record);
    expect_text("out/a.png", "mine");
    expect_files("out", "a.png\nb.png\n");
    run_free(&run);

    run = expect_run("$BESRA detect -q -m berries --no-image --json=mine.jsonl a.png", 1);
    expect_part(run.err, "besra: mine.jsonl: exists already\n");
    expect_text("mine.jsonl", "mine");
    run_free(&run);

    run = expect_run("$BESRA detect -q -y -m berries --json=mine.jsonl -o out a.png b.png", 0);
    run_free(&run);
    expect_format("out/a.png", PICTURE_PNG);
    char *records = text_read("mine.jsonl");
    assert_int_equal(record_count(records), 2);
    free(records);
}

static void test_no_input_is_written_over_by_its_own_result(void **state)
{
    static const char *const commands[] = {
        "$BESRA detect -y -m berries -o . a.png",
        "$BESRA detect -y -m berries -o ./a.png a.png",
        "$BESRA detect --resume -m berries -o . a.png",
        "ln -s . here && $BESRA detect -y -m berries -o here -r here",
    };
    (void)state;
    scene_write("a.png");
    char *before = text_read("a.png");
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        struct run_result run = expect_run(commands[i], 2);
        expect_part(run.err, "a.png: would be written over by its own result\n");
        run_free(&run);
    }
    expect_text("a.png", before);
    free(before);
}

static void test_dry_run_says_what_would_be_done_and_writes_nothing(void **state)
{
    (void)state;
    scene_write("a.png");
    scene_write("b.ppm");
    struct run_result run = expect_run("$BESRA detect -n -m berries --save-txt --save-crop --json=new.jsonl "
                                       "-o out/deep -f webp a.png b.ppm",
                                       0);
    assert_string_equal(run.out, "a.png -> out/deep/a.webp\nb.ppm -> out/deep/b.webp\n");
    run_free(&run);
    run = expect_run("$BESRA upscale -n -m srcnn -o out --compare a.png", 0);
    assert_string_equal(run.out, "a.png -> out/a.png\n");
    run_free(&run);
    expect_files(".", "a.png\nb.ppm\n");
}

static void test_records_have_the_fields_of_the_reference(void **state)
{
    (void)state;
    scene_write("a.png");
    text_write("broken.jpg", "\xFF\xD8\xFF\xE0");
    struct run_result run =
        expect_run("$BESRA detect -q -m berries --no-image --json a.png broken.jpg none.png", 1);
    assert_int_equal(record_count(run.out), 3);
    json_t *record = record_read(run.out, 0);
    expect_scene_record(record, "a.png");
    assert_string_equal(json_string_value(json_object_get(record, "model")), "berries");
    json_decref(record);

    static const char *const codes[] = {"decode", "missing"}, *const sources[] = {"broken.jpg", "none.png"};
    for (size_t i = 0; i < 2; i++) {
        record = record_read(run.out, i + 1);
        json_t *error = json_object_get(record, "error");
        expect_keys(record, "source model task error");
        expect_keys(error, "code message");
        assert_string_equal(json_string_value(json_object_get(record, "source")), sources[i]);
        assert_string_equal(json_string_value(json_object_get(error, "code")), codes[i]);
        assert_true(strlen(json_string_value(json_object_get(error, "message"))) > 0);
        json_decref(record);
    }
    expect_files(".", "a.png\nbroken.jpg\n");
    run_free(&run);

    run = expect_run("$BESRA upscale -q -m srcnn -s 1.5 --json -o out a.png", 0);
    record = record_read(run.out, 0);
    json_t *output = json_object_get(record, "output");
    expect_keys(record, "source width height model task output ms");
    expect_keys(output, "path width height");
    assert_string_equal(json_string_value(json_object_get(output, "path")), "out/a.png");
    assert_int_equal(json_integer_value(json_object_get(output, "width")), 96);
    json_decref(record);
    run_free(&run);
}

static void test_records_in_a_file_and_none_left_by_a_run_that_couldnt_begin(void **state)
{
    (void)state;
    scene_write("a.png");
    struct run_result run =
        expect_run("$BESRA detect -q -m berries --no-image --json=all.jsonl a.png a.png", 0);
    assert_string_equal(run.out, "");
    run_free(&run);
    char *records = text_read("all.jsonl");
    assert_int_equal(record_count(records), 2);
    free(records);

    static const char *const cant[] = {"-m berries --classes cherry a.png", "-m nosuch a.png",
                                       "-m berries -o a.png/below a.png", "-m berries --size 65 a.png"};
    for (size_t i = 0; i < sizeof cant / sizeof *cant; i++) {
        run = run_shell("$BESRA detect -q --json=new.jsonl %s", cant[i]);
        assert_int_not_equal(run.code, 0);
        assert_int_not_equal(access("new.jsonl", F_OK), 0);
        run_free(&run);
    }
    run = expect_run("$BESRA detect -q -m berries --no-image --json=none/new.jsonl a.png", 1);
    expect_part(run.err, "besra: none/new.jsonl: can't be written: No such file or directory\n");
    run_free(&run);
    expect_files(".", "a.png\nall.jsonl\n");
}

static void test_text_files_and_crops(void **state)
{
    (void)state;
    mkdir("in", 0777);
    mkdir("in/deep", 0777);
    scene_write("in/a.png");
    scene_write("in/deep/b.bmp");
    struct run_result run =
        expect_run("$BESRA detect -q -r -m berries --no-image --save-txt --save-crop -o out in", 0);
    expect_files("out", "crops/berry/a-1.png\ncrops/berry/deep/b-1.bmp\ncrops/green leaf/a-2.png\n"
                        "crops/green leaf/deep/b-2.bmp\nlabels/a.txt\nlabels/deep/b.txt\n");
    expect_text("out/labels/a.txt",
                "0 0.375000 0.375000 0.250000 0.250000\n1 0.625000 0.625000 0.250000 0.250000\n");
    struct picture crop = picture_read("out/crops/green leaf/a-2.png");
    assert_int_equal(crop.image.width, 16);
    assert_int_equal(crop.image.height, 16);
    for (int i = 0; i < 16 * 16; i++)
        assert_memory_equal(image_row(&crop.image, i / 16) + 3 * (i % 16), "\0\xFF\0", 3);
    picture_free(&crop);
    run_free(&run);

    run = expect_run("$BESRA detect -q -m berries --save-txt --save-conf -o with in/a.png", 0);
    expect_text("with/labels/a.txt", "0 0.375000 0.375000 0.250000 0.250000 0.952255\n"
                                     "1 0.625000 0.625000 0.250000 0.250000 0.952255\n");
    expect_files("with", "a.png\nlabels/a.txt\n");
    run_free(&run);
}

static void test_only_the_wanted_classes(void **state)
{
    (void)state;
    static const struct {
        const char *options;
        size_t      berries, leaves;
    } cases[] = {
        {"--classes berry", 1, 0},
        {"--classes 1", 0, 1},
        {"--classes 'green leaf,0'", 1, 1},
        {"--classes 'green leaf'", 0, 1},
        {"--conf 0.96", 0, 0},
        {"--max-det 1", 1, 0},
        {"--agnostic", 1, 1},
        {"--conf 0.9522", 1, 1},
    };
    scene_write("a.png");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct run_result run =
            run_shell("$BESRA detect -q -m berries --no-image --json %s a.png", cases[i].options);
        expect_code(&run, 0);
        json_t *record = record_read(run.out, 0), *find;
        size_t  found[2] = {0}, index;
        json_array_foreach(json_object_get(record, "detections"), index, find)
            found[json_integer_value(json_object_get(find, "class"))]++;
        if (found[0] != cases[i].berries || found[1] != cases[i].leaves)
            fail_msg("%s: %zu berries, %zu leaves", cases[i].options, found[0], found[1]);
        json_decref(record);
        run_free(&run);
    }
}

static void test_quiet_verbose_and_progress(void **state)
{
    (void)state;
    scene_write("a.png");
    struct run_result run = expect_run("$BESRA detect -m berries -o 1.png a.png", 0);
    assert_string_equal(run.out, "");
    expect_part(run.err, "a.png: 2 objects");
    expect_part(run.err, "found 2 objects: 1 berry, 1 green leaf\n");
    expect_part(run.err, "written to 1.png\n");
    expect_no_part(run.err, "\033");
    run_free(&run);

    run = expect_run("$BESRA detect -q --progress bar -m berries -o 2.png a.png", 0);
    assert_string_equal(run.err, "");
    run_free(&run);

    run = expect_run("$BESRA detect -m berries --no-image --progress json a.png a.png none.png", 1);
    const char *last = strstr(run.err, "{\"done\":3,");
    assert_non_null(last);
    json_t *progress = json_loads(last, JSON_DISABLE_EOF_CHECK, NULL);
    expect_keys(progress, "done total found failed seconds");
    assert_int_equal(json_integer_value(json_object_get(progress, "total")), 3);
    assert_int_equal(json_integer_value(json_object_get(progress, "found")), 4);
    assert_int_equal(json_integer_value(json_object_get(progress, "failed")), 1);
    json_decref(progress);
    run_free(&run);

    run = expect_run("$BESRA detect -v -m $SOURCE/tests/app/data/berries-columns.onnx "
                     "--letterbox rect --no-image a.png",
                     0);
    expect_part(run.err, "frozen at 64x64");
    run_free(&run);
}

static void test_standard_output_takes_one_thing(void **state)
{
    (void)state;
    scene_write("a.png");
    scene_write("b.png");
    struct run_result run = expect_run("$BESRA detect -m berries -o - a.png b.png", 2);
    assert_string_equal(run.out, "");
    expect_part(run.err, "besra: --output: standard output takes the picture of one input");
    run_free(&run);
    run = expect_run("$BESRA detect -m berries -o - --json a.png", 2);
    assert_string_equal(run.out, "");
    expect_part(run.err, "besra: --output: standard output can't take both");
    run_free(&run);
    run = expect_run(
        "$BESRA detect -q -m berries -o - - < a.png | $BESRA detect -q -m berries -f png -o - - > twice", 0);
    expect_format("twice", PICTURE_PNG);
    run_free(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(test_each_format_by_name_or_by_option),
        IN_SCRATCH(test_boxes_are_drawn_and_the_rest_stays),
        IN_SCRATCH(test_labels_say_what_the_template_says),
        IN_SCRATCH(test_an_existing_file_stays_unless_told_otherwise),
        IN_SCRATCH(test_no_input_is_written_over_by_its_own_result),
        IN_SCRATCH(test_dry_run_says_what_would_be_done_and_writes_nothing),
        IN_SCRATCH(test_records_have_the_fields_of_the_reference),
        IN_SCRATCH(test_records_in_a_file_and_none_left_by_a_run_that_couldnt_begin),
        IN_SCRATCH(test_text_files_and_crops),
        IN_SCRATCH(test_only_the_wanted_classes),
        IN_SCRATCH(test_quiet_verbose_and_progress),
        IN_SCRATCH(test_standard_output_takes_one_thing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
