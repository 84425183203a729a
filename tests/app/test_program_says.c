/* What besra says to a person who asks, mistypes, or names a model that it can't use. */
#include "tests/app/scenes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct saying {
    const char *command;
    int         code;
    const char *out, *err; /* parts of what is said; NULL: nothing at all */
};

static void expect_sayings(const struct saying *sayings, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct run_result run = run_shell("%s", sayings[i].command);
        expect_code(&run, sayings[i].code);
        if (sayings[i].out)
            expect_part(run.out, sayings[i].out);
        else
            assert_string_equal(run.out, "");
        if (sayings[i].err)
            expect_part(run.err, sayings[i].err);
        else
            assert_string_equal(run.err, "");
        run_free(&run);
    }
}

static void test_help_and_version_are_what_was_asked_for(void **state)
{
    (void)state;
    static const struct saying sayings[] = {
        {"$BESRA --help", 0, "Usage: besra COMMAND", NULL},
        {"$BESRA -h", 0, "Usage: besra COMMAND", NULL},
        {"$BESRA detect --help", 0, "Usage: besra detect [OPTION...] INPUT...", NULL},
        {"$BESRA upscale --help", 0, "--scale", NULL},
        {"$BESRA --version", 0, "besra 0.", NULL},
        {"$BESRA detect -V", 0, "besra 0.", NULL},
        {"$BESRA --help > /dev/full", 1, NULL, NULL},
        {"$BESRA --version > /dev/full", 1, NULL, NULL},
    };
    expect_sayings(sayings, sizeof sayings / sizeof *sayings);
}

static void test_wrong_usage_is_told_with_what_is_right(void **state)
{
    (void)state;
    static const struct saying sayings[] = {
        {"$BESRA", 2, NULL, "besra --help"},
        {"$BESRA detekt", 2, NULL, "besra: detekt: no such command"},
        {"$BESRA detect --confg 3 a.jpg", 2, NULL, "--confg: no such option; did you mean --conf"},
        {"$BESRA detect", 2, NULL, "besra: detect: no input"},
        {"$BESRA upscale -s 2", 2, NULL, "besra: upscale: no input"},
        {"$BESRA detect --conf 1.5 a.jpg", 2, NULL, "besra: --conf"},
        {"$BESRA detect --scale 2 a.jpg", 2, NULL, "besra: --scale"},
        {"$BESRA upscale --scale 0.5 a.jpg", 2, NULL, "besra: --scale"},
        {"$BESRA upscale --to 70000x10 a.jpg", 2, NULL, "besra: --to"},
        {"$BESRA detect --shard 3/2 a.jpg", 2, NULL, "besra: --shard"},
        {"$BESRA detect --format gif a.jpg", 2, NULL, "besra: --format"},
        {"$BESRA detect --config none.cfg a.jpg", 2, NULL, "besra: none.cfg: no such file"},
        {"$BESRA detect -m berries --label '{nmae}' a.jpg", 2, NULL, "besra: --label: '{nmae}'"},
        {"$BESRA detect -m berries --classes cherry a.jpg", 2, NULL, "no class 'cherry'"},
        {"$BESRA detect -m berries --classes 2 a.jpg", 2, NULL, "no class '2'"},
        {"$BESRA detect -m berries --size 65 a.jpg", 2, NULL, "must be a multiple of 32"},
        {"$BESRA detect -m $SOURCE/tests/app/data/berries-columns.onnx --size 128 a.jpg", 2, NULL,
         "frozen at 64x64"},
    };
    scene_write("a.jpg");
    expect_sayings(sayings, sizeof sayings / sizeof *sayings);
    expect_files(".", "a.jpg\n");
}

static void test_configuration_counts_and_its_mistakes_have_a_line(void **state)
{
    (void)state;
    static const struct saying sayings[] = {
        {"$BESRA detect --config good.cfg a.jpg", 0, "\"detections\":[]", NULL},
        {"$BESRA detect --config bad.cfg a.jpg", 2, NULL, "besra: bad.cfg:2: detect.cnof"},
        {"$BESRA detect --config broken.cfg a.jpg", 2, NULL, "besra: broken.cfg:1"},
    };
    scene_write("a.jpg");
    text_write("good.cfg", "model = \"berries\"; quiet = true; json = true;\n"
                           "detect = { conf = 0.99; no_image = true; };\n");
    text_write("bad.cfg", "model = \"berries\";\ndetect = { cnof = 0.99; };\n");
    text_write("broken.cfg", "model = ;\n");
    expect_sayings(sayings, sizeof sayings / sizeof *sayings);
}

static void test_models_that_cant_be_used_are_told_why(void **state)
{
    (void)state;
    static const struct saying sayings[] = {
        {"$BESRA detect -m nosuch a.jpg", 3, NULL, "besra: nosuch: no such model"},
        {"$BESRA detect -m nosuch a.jpg", 3, NULL, "berries"}, /* of the names that there are */
        {"$BESRA detect -m picture.onnx a.jpg", 4, NULL, "besra: picture.onnx: no ONNX model"},
        {"$BESRA detect -m half.onnx a.jpg", 4, NULL, "besra: half.onnx: "},
        {"$BESRA detect -m none.onnx a.jpg", 3, NULL, "besra: none.onnx: no such file"},
        {"$BESRA detect -m none.cfg a.jpg", 3, NULL, "besra: none.cfg: no such file"},
        {"$BESRA detect -m ./a.jpg a.jpg", 4, NULL, "besra: ./a.jpg: a model is"},
        {"$BESRA detect -m changed.cfg a.jpg", 4, NULL, "sha256"},
        {"$BESRA upscale -m berries a.jpg", 4, NULL, "besra: berries: is a model to detect, not to upscale"},
        {"$BESRA detect -m srcnn a.jpg", 4, NULL, "besra: srcnn: is a model to upscale, not to detect"},
        {"$BESRA upscale -m $SOURCE/tests/app/data/berries.onnx a.jpg", 4, NULL,
         "berries.onnx: is no net that"},
        {"$BESRA detect -m $SOURCE/models/srcnn.onnx a.jpg", 4, NULL, "are no layout of detections"},
    };
    scene_write("a.jpg");
    scene_write("picture.jpg");
    struct run_result run =
        run_shell("mv picture.jpg picture.onnx\n"
                  "cp $SOURCE/tests/app/data/berries.onnx .\n"
                  "sed 's/sha256 = \"./sha256 = \"0/; s/sha256 = \"0\\(.\\)/sha256 = \"00/' "
                  "$SOURCE/tests/app/data/berries.cfg > changed.cfg");
    expect_code(&run, 0);
    run_free(&run);
    file_cut("berries.onnx", "half.onnx", 0);
    expect_sayings(sayings, sizeof sayings / sizeof *sayings);
}

static void test_a_model_without_a_card_tells_its_classes(void **state)
{
    (void)state;
    scene_write("a.png");
    struct run_result run = run_shell(
        "$BESRA detect -q --no-image --json -m $SOURCE/tests/app/data/berries-decoded.onnx a.png\n");
    expect_code(&run, 0);
    json_t *record = record_read(run.out, 0);
    expect_scene_record(record, "a.png");
    assert_string_equal(json_string_value(json_object_get(record, "model")), "berries-decoded");
    json_decref(record);
    run_free(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(test_help_and_version_are_what_was_asked_for),
        IN_SCRATCH(test_wrong_usage_is_told_with_what_is_right),
        IN_SCRATCH(test_configuration_counts_and_its_mistakes_have_a_line),
        IN_SCRATCH(test_models_that_cant_be_used_are_told_why),
        IN_SCRATCH(test_a_model_without_a_card_tells_its_classes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
