/* A detector is found out from the shapes of its outputs: the same two objects come from every way in which
 * exports hand them out. And classifiers, and nets that enlarge by themselves. */
#include "tests/app/scenes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MODELS "$SOURCE/tests/app/data/"

/* Unless both objects of a scene, and nothing else, are in the record. */
static void expect_finds(const char *model, const char *arguments)
{
    scene_write("scene.png");
    struct run_result run =
        run_shell("$BESRA detect -v --json --no-image -m %s %s scene.png", model, arguments);
    expect_code(&run, 0);
    json_t *record = record_read(run.out, 0), *found = json_object_get(record, "detections");
    assert_int_equal(json_array_size(found), 2);
    for (size_t i = 0; i < 2; i++) {
        json_t *item = json_array_get(found, i), *box = json_object_get(item, "box");
        int     leaf = (int)json_integer_value(json_object_get(item, "class"));
        double  at = leaf ? 32 : 16;
        assert_string_equal(json_string_value(json_object_get(item, "name")), leaf ? "green leaf" : "berry");
        assert_float_equal(json_number_value(json_object_get(item, "score")), SCENE_SCORE, 1e-3);
        for (size_t k = 0; k < 4; k++)
            assert_float_equal(json_number_value(json_array_get(box, k)), at + (k < 2 ? 0 : 16), 0.02);
    }
    json_decref(record);
    run_free(&run);
}

static void test_every_layout_finds_the_same(void **state)
{
    static const char *const models[] = {MODELS "berries-decoded.onnx", MODELS "berries-columns.onnx",
                                         MODELS "berries-boxes.onnx", "berries-nhwc",
                                         MODELS "berries-batch.onnx"};
    (void)state;
    for (size_t i = 0; i < sizeof models / sizeof *models; i++) {
        print_message("%s\n", models[i]);
        expect_finds(models[i], "--letterbox square --size 64");
        expect_finds(models[i], "--letterbox square --size 64 --engine besra");
    }
}

static void test_a_tail_may_stay_in_the_graph(void **state)
{
    (void)state;
    expect_finds(MODELS "berries-decoded.onnx", "--layout yolov5");
}

static void test_a_cut_tail_takes_other_sizes(void **state)
{
    (void)state;
    scene_write("scene.png");
    struct run_result run =
        run_shell("$BESRA detect --json --no-image --size 128 -m " MODELS "berries-decoded.onnx scene.png");
    expect_code(&run, 0);
    run_free(&run);
}

static void test_a_wrong_layout_is_refused(void **state)
{
    (void)state;
    scene_write("scene.png");
    struct run_result run =
        run_shell("$BESRA detect --no-image --layout boxes -m " MODELS "berries-columns.onnx scene.png");
    expect_code(&run, 4);
    expect_part(run.err, "are no layout of detections");
    run_free(&run);
    run = run_shell("$BESRA detect --no-image -m " MODELS "colours.onnx scene.png");
    expect_code(&run, 4);
    expect_part(run.err, "are no layout of detections");
    run_free(&run);
}

static void test_a_classifier_names_the_picture(void **state)
{
    (void)state;
    scene_write("scene.png");
    struct run_result run = run_shell("$BESRA classify -m " MODELS "colours.onnx --top 2 scene.png");
    expect_code(&run, 0);
    expect_part(run.out, "scene.png: grey 0.");
    run_free(&run);

    run = run_shell("$BESRA classify --json -m " MODELS "colours.onnx scene.png missing.png");
    expect_code(&run, 1);
    json_t *record = record_read(run.out, 0), *classes = json_object_get(record, "classes");
    expect_keys(record, "source width height model task classes ms");
    assert_string_equal(json_string_value(json_object_get(record, "task")), "classify");
    assert_int_equal(json_array_size(classes), 3);
    double sum = 0;
    for (size_t i = 0; i < 3; i++)
        sum += json_number_value(json_object_get(json_array_get(classes, i), "score"));
    assert_float_equal(sum, 1, 1e-6);
    expect_part(run.out, "\"error\"");
    json_decref(record);
    run_free(&run);

    run = run_shell("$BESRA classify scene.png");
    expect_code(&run, 2);
    expect_part(run.err, "--model: which?");
    run_free(&run);
    run = run_shell("$BESRA classify -m " MODELS "double.onnx scene.png");
    assert_int_not_equal(run.code, 0);
    expect_part(run.out, "");
    run_free(&run);
}

/* Every pixel of the scene four times, at whatever size is asked for. */
static void test_a_net_enlarges_by_itself(void **state)
{
    (void)state;
    scene_write("scene.png");
    struct run_result run = run_shell("$BESRA upscale -m " MODELS "double.onnx -o double.png scene.png");
    expect_code(&run, 0);
    run_free(&run);
    struct picture small = picture_read("scene.png"), large = picture_read("double.png");
    assert_int_equal(large.image.width, 128);
    assert_int_equal(large.image.height, 128);
    for (int y = 0; y < 128; y++)
        for (int x = 0; x < 128; x++)
            for (int c = 0; c < 3; c++)
                assert_int_equal(
                    ((uint8_t *)large.image.data)[(size_t)y * large.image.stride + (size_t)(3 * x + c)],
                    ((uint8_t *)
                         small.image.data)[(size_t)(y / 2) * small.image.stride + (size_t)(3 * (x / 2) + c)]);
    picture_free(&small);
    picture_free(&large);

    run = run_shell("$BESRA upscale -s 3 --compare -m " MODELS "double.onnx -o out scene.png");
    expect_code(&run, 0);
    run_free(&run);
    large = picture_read("out/scene.png");
    assert_int_equal(large.image.width, 192);
    picture_free(&large);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(test_every_layout_finds_the_same),    IN_SCRATCH(test_a_tail_may_stay_in_the_graph),
        IN_SCRATCH(test_a_cut_tail_takes_other_sizes),   IN_SCRATCH(test_a_wrong_layout_is_refused),
        IN_SCRATCH(test_a_classifier_names_the_picture), IN_SCRATCH(test_a_net_enlarges_by_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
