/* besra model compare, as a person runs it: on models built here, and on those of the reference material. */
#include "base/file.h"
#include "base/image.h"
#include "base/npy.h"
#include "tests/app/scenes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define SHAPE(...) ((const int64_t[]){__VA_ARGS__})

/* Tensors: one.linear, one, two, three, y. `two` is a mean of the four channels of `one`. */
static const char net[] =
    "inputs = ( { name = \"x\"; shape = [1, 3, 8, 8]; } );\n"
    "layers = (\n"
    "  { type = \"conv\"; name = \"one\"; channels = 4; kernel = 3; padding = \"same\"; activation = "
    "\"relu\"; },\n"
    "  { type = \"conv\"; name = \"two\"; channels = 4; kernel = 1; weights = { fill = 0.25; }; },\n"
    "  { op = \"Sigmoid\"; name = \"three\"; },\n"
    "  { type = \"conv\"; name = \"four\"; channels = 2; kernel = 3; padding = \"same\"; output = \"y\"; }\n"
    ");\n";

static void npy_put(const char *path, int dims, const int64_t *shape, const float *numbers)
{
    struct bsr_tensor tensor = {.data = (void *)(uintptr_t)numbers, .type = BSR_F32, .dims = dims};
    struct bytes      bytes = {0};

    memcpy(tensor.shape, shape, (size_t)dims * sizeof *shape);
    assert_int_equal(npy_write(&tensor, &bytes, NULL), BSR_OK);
    assert_int_equal(file_write(path, bytes.data, bytes.size, true, false, NULL), BSR_OK);
    bytes_free(&bytes);
}

static void expect_run(int code, const char *command)
{
    struct run_result run = run_shell("%s", command);
    expect_code(&run, code);
    run_free(&run);
}

/* a.onnx is the net; in b.onnx channel 2 of `two` doubles what it takes from channel 1. */
static void make_pair(void)
{
    float weights[16];

    for (int i = 0; i < 16; i++)
        weights[i] = i == 2 * 4 + 1 ? 0.5F : 0.25F;
    npy_put("w.npy", 4, SHAPE(4, 4, 1, 1), weights);
    text_write("net.cfg", net);
    expect_run(0, "$BESRA model build net.cfg a.onnx");
    expect_run(0, "$BESRA model edit --replace-weights two.weight=w.npy a.onnx b.onnx");
}

/* The record of a run that ended with `code`; the caller releases it. */
static json_t *compared(int code, const char *arguments)
{
    struct run_result run = run_shell("$BESRA model compare --json %s", arguments);
    expect_code(&run, code);
    json_t *record = record_read(run.out, 0);
    run_free(&run);
    return record;
}

static const char *text_of(const json_t *record, const char *key)
{
    return json_string_value(json_object_get(record, key));
}

static double number_of(const json_t *record, size_t tensor, const char *key)
{
    return json_number_value(
        json_object_get(json_array_get(json_object_get(record, "tensors"), tensor), key));
}

static size_t tensor_count_of(const json_t *record)
{
    return json_array_size(json_object_get(record, "tensors"));
}

/* ---- models ------------------------------------------------------------------------------------------ */

static void test_one_changed_weight_is_found_at_its_node(void **state)
{
    (void)state;
    make_pair();
    json_t *record = compared(1, "a.onnx b.onnx");
    json_t *tensors = json_object_get(record, "tensors");
    expect_keys(record, "a b atol rtol tensors first same heat bisect");
    assert_string_equal(text_of(record, "first"), "two");
    assert_true(json_is_false(json_object_get(record, "same")));
    assert_int_equal(json_array_size(tensors), 5);
    expect_keys(json_array_get(tensors, 2),
                "name node shape shape_b max_abs mean_abs mse cosine beyond not_finite same");
    assert_string_equal(text_of(json_array_get(tensors, 2), "node"), "two (Conv)");
    assert_true(json_is_true(json_object_get(json_array_get(tensors, 1), "same")));
    assert_true(number_of(record, 2, "max_abs") > 0.01 && number_of(record, 2, "beyond") <= 64);
    json_decref(record);

    struct run_result run = run_shell("$BESRA model compare a.onnx b.onnx");
    expect_code(&run, 1);
    expect_part(run.out, "3 of 5 differ; they part first at two, made by two (Conv)");
    expect_no_part(run.out, "\033[");
    run_free(&run);
}

static void test_equal_models_agree(void **state)
{
    (void)state;
    make_pair();
    struct run_result run = run_shell("$BESRA model compare a.onnx a.onnx --heat heat.png --bisect part");
    expect_code(&run, 0);
    expect_part(run.out, "5 of 5 agree");
    expect_part(run.out, "nothing to draw or to cut out");
    run_free(&run);
    assert_int_equal(access("heat.png", F_OK), -1);
    assert_int_equal(access("part", F_OK), -1);
    json_t *record = compared(0, "a.onnx a.onnx");
    assert_true(json_is_true(json_object_get(record, "same")));
    assert_true(json_is_null(json_object_get(record, "first")));
    json_decref(record);
}

static void test_what_is_allowed_decides(void **state)
{
    (void)state;
    make_pair();
    expect_run(1, "$BESRA model compare --at two a.onnx b.onnx");
    expect_run(0, "$BESRA model compare --at two --atol 10 a.onnx b.onnx");
    expect_run(0, "$BESRA model compare --at one,one.linear a.onnx b.onnx");
    expect_run(0, "$BESRA model compare --at two --rtol 10 a.onnx b.onnx");
    expect_run(0, "$BESRA model compare --atol 0 --rtol 0 a.onnx a.onnx");
}

static void test_colours_say_how_far_apart(void **state)
{
    (void)state;
    make_pair();
    struct run_result run = run_shell("$BESRA model compare --color always a.onnx b.onnx");
    expect_code(&run, 1);
    expect_part(run.out, "\033[32mequal");  /* green */
    expect_part(run.out, "\033[38;5;208m"); /* orange: more than ten times what is allowed */
    run_free(&run);
}

static void test_other_names_are_paired_by_hand(void **state)
{
    (void)state;
    make_pair();
    expect_run(0, "$BESRA model edit --rename one=uno --rename two=due b.onnx c.onnx");
    json_t *record = compared(1, "--at one=uno,two=due a.onnx c.onnx --bisect part");
    assert_int_equal(tensor_count_of(record), 2);
    assert_string_equal(text_of(record, "first"), "two");
    assert_int_equal(json_integer_value(json_object_get(json_object_get(record, "bisect"), "nodes")), 1);
    json_decref(record);
    expect_run(1, "sh part/reproduce.sh");
}

/* Sqrt of what is below zero, in both; of B one more. */
static void test_nan_is_counted_and_told(void **state)
{
    static const char description[] = "inputs = ( { name = \"x\"; shape = [4]; } );\n"
                                      "weights = ( { name = \"k\"; values = [%s]; shape = [4]; } );\n"
                                      "layers = ( { op = \"Sub\"; inputs = [\"x\", \"k\"]; name = \"d\"; },\n"
                                      "  { op = \"Sqrt\"; input = \"d\"; output = \"y\"; } );\n";
    char              text[512];

    (void)state;
    snprintf(text, sizeof text, description, "0.0, 0.0, 9.0, 9.0");
    text_write("a.cfg", text);
    snprintf(text, sizeof text, description, "0.0, 9.0, 9.0, 9.0");
    text_write("b.cfg", text);
    expect_run(0, "$BESRA model build a.cfg a.onnx && $BESRA model build b.cfg b.onnx");
    json_t *record = compared(1, "a.onnx b.onnx"), *counts;
    counts = json_object_get(json_array_get(json_object_get(record, "tensors"), 1), "not_finite");
    assert_int_equal(json_integer_value(json_array_get(counts, 0)), 2);
    assert_int_equal(json_integer_value(json_array_get(counts, 1)), 3);
    assert_true(number_of(record, 1, "beyond") == 1);
    json_decref(record);
    struct run_result run = run_shell("$BESRA model compare a.onnx a.onnx");
    expect_code(&run, 0);
    expect_part(run.out, "NaN or infinite numbers are in both, first in y");
    run_free(&run);
}

/* ---- ways to run one model --------------------------------------------------------------------------- */

static void test_engines_of_one_model_agree(void **state)
{
    (void)state;
    make_pair();
    expect_run(0, "$BESRA model compare --engines opencv,auto a.onnx");
    expect_run(0, "$BESRA model compare --engines opencv,besra a.onnx");
    expect_run(1, "$BESRA model compare --engines besra,opencv --seed 3 a.onnx b.onnx");
}

static void test_rounded_weights_differ_by_their_rounding(void **state)
{
    (void)state;
    make_pair();
    json_t *record = compared(0, "--precisions f32,f16 --atol 0.01 a.onnx");
    assert_int_equal(tensor_count_of(record), 5);
    assert_true(number_of(record, 0, "max_abs") > 1e-6); /* random weights are no 16-bit floats */
    json_decref(record);
    expect_run(1, "$BESRA model compare --precisions f32,f16 --atol 1e-6 --rtol 0 a.onnx --bisect part");
    expect_run(1, "sh part/reproduce.sh");
    expect_run(0, "sh part/reproduce.sh --atol 0.01");
    expect_run(0, "$BESRA model compare --precisions f16 a.onnx a.onnx");
}

/* ---- what is written --------------------------------------------------------------------------------- */

static void test_the_part_is_one_node_and_reproduces(void **state)
{
    (void)state;
    make_pair();
    struct run_result run = run_shell("$BESRA model compare --bisect part a.onnx b.onnx");
    expect_code(&run, 1);
    expect_part(run.out, "part: 1 node in which they still part");
    run_free(&run);
    expect_files("part", "a/two.npy\nb/two.npy\ninputs/one.npy\nmodel_a.onnx\nmodel_b.onnx\nreproduce.sh\n");
    run = run_shell("cd / && sh \"$OLDPWD/part/reproduce.sh\" --json");
    expect_code(&run, 1);
    json_t *record = record_read(run.out, 0);
    assert_int_equal(tensor_count_of(record), 1);
    assert_string_equal(text_of(record, "first"), "two");
    json_decref(record);
    run_free(&run);
    /* what was written is what the models make of what was written */
    expect_run(0, "cd part && $BESRA model compare -i one=inputs/one.npy model_a.onnx a --at two");
    expect_run(0, "cd part && $BESRA model compare -i one=inputs/one.npy model_b.onnx b --at two");

    run = run_shell("$BESRA model compare --bisect part a.onnx b.onnx");
    expect_code(&run, 1);
    expect_part(run.err, "exists already");
    expect_part(run.err, "--overwrite");
    run_free(&run);
    expect_run(1, "$BESRA model compare -y -q --bisect part a.onnx b.onnx");
}

static void test_the_picture_shows_the_channel(void **state)
{
    (void)state;
    make_pair();
    struct run_result run = run_shell("$BESRA model compare --heat heat.png a.onnx b.onnx");
    expect_code(&run, 1);
    expect_part(run.out, "heat.png: where in it the error is");
    run_free(&run);
    /* 2 x 2 maps of 8 x 8 cells and a gap: 18 across, enlarged by 512 / 18 */
    const int      map = 8 * 28 + 1;
    struct picture picture = picture_read("heat.png");
    assert_int_equal(picture.image.width, 2 * map - 1);
    size_t lit[4] = {0};
    for (int y = 0; y < picture.image.height; y++)
        for (int x = 0; x < picture.image.width; x++) {
            const uint8_t *bgr = image_row(&picture.image, y) + 3 * (size_t)x;
            if (x % map != map - 1 && y % map != map - 1)
                lit[y / map * 2 + x / map] += bgr[2] > 32;
        }
    assert_true(lit[0] == 0 && lit[1] == 0 && lit[2] > 0 && lit[3] == 0);
    picture_free(&picture);
    run = run_shell("$BESRA model compare --heat heat.png a.onnx b.onnx");
    expect_code(&run, 1);
    expect_part(run.err, "heat.png: exists already");
    run_free(&run);
}

/* ---- folders ----------------------------------------------------------------------------------------- */

static void test_a_folder_of_tensors_stands_for_a_model(void **state)
{
    float x[192];

    (void)state;
    for (int i = 0; i < 192; i++)
        x[i] = (float)(i % 7) / 8;
    make_pair();
    npy_put("x.npy", 4, SHAPE(1, 3, 8, 8), x);
    expect_run(0, "$BESRA model run -i x.npy -o dump a.onnx");
    expect_run(1, "$BESRA model compare a.onnx dump"); /* random input is another */
    expect_run(0, "$BESRA model compare -i x.npy a.onnx dump");
    expect_run(0, "cp x.npy dump/ && $BESRA model compare a.onnx dump");
    struct run_result run = run_shell("$BESRA model compare b.onnx dump --bisect part");
    expect_code(&run, 1);
    expect_part(run.err, "input 'x' is fed with dump/x.npy");
    expect_part(run.out, "part: 5 nodes"); /* nothing in between is known */
    run_free(&run);
    expect_run(1, "sh part/reproduce.sh");
    expect_run(1, "$BESRA model compare dump b.onnx");
}

/* ---- refusals ---------------------------------------------------------------------------------------- */

static void test_what_makes_no_sense_is_refused(void **state)
{
    static const struct {
        const char *arguments;
        int         code;
        const char *says;
    } cases[] = {
        {"a.onnx", 2, "with what?"},
        {"--engines opencv a.onnx", 2, "with what?"},
        {"--engines opencv,besra,auto a.onnx", 2, "takes one or two"},
        {"--engines opencv,tpu a.onnx", 2, "tpu"},
        {"--precisions f32,f8 a.onnx", 2, "\"f8\" is neither f32 nor f16"},
        {"--at tow a.onnx b.onnx", 2, "did you mean 'two'?"},
        {"--at two=tow a.onnx b.onnx", 2, "did you mean 'two'?"},
        {"empty a.onnx", 2, "no .npy file there"},
        {"empty empty", 2, "one of the two must be a model"},
        {"a.onnx missing.onnx", 3, "missing.onnx"},
        {"a.onnx net.cfg", 2, "net.cfg"},
        {"-i q=x.npy a.onnx b.onnx", 2, "no input 'q'"},
        {"--shape x:1,3,8 a.onnx b.onnx", 2, "4 dimensions"},
    };
    (void)state;
    make_pair();
    expect_run(0, "mkdir empty");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        print_message("%s\n", cases[i].arguments);
        struct run_result run = run_shell("$BESRA model compare %s", cases[i].arguments);
        expect_part(run.err, cases[i].says);
        expect_code(&run, cases[i].code);
        assert_string_equal(run.out, "");
        run_free(&run);
    }
}

/* ---- the reference material -------------------------------------------------------------------------- */

/* Makes $SHARED/NAME known as $THERE, or skips the test. */
static void need(const char *name)
{
    char *path = shared_path(name);
    if (!path)
        skip();
    else
        setenv("THERE", path, 1);
    free(path);
}

static void test_four_debug_nodes_of_the_tutorial_are_compared(void **state)
{
    (void)state;
    need("models/tutorial");
    struct run_result run = run_shell("$BESRA model compare $THERE/before_debug.onnx $THERE");
    expect_code(&run, 0);
    expect_part(run.out, "4 of 4 agree");
    expect_part(run.err, "debug_input.npy");
    for (int i = 0; i < 4; i++) {
        char row[32];
        snprintf(row, sizeof row, "\nx_%d     1x3x10x10", i);
        expect_part(run.out, row);
    }
    run_free(&run);
}

static void test_engines_agree_on_yolov5(void **state)
{
    (void)state;
    need("models/yolov5/yolov5n.onnx");
    json_t *record = compared(0, "--engines opencv,auto $THERE");
    assert_int_equal(tensor_count_of(record), 242);
    json_decref(record);
    char *bus = shared_path("images/bus.jpg");
    if (!bus)
        skip();
    else
        setenv("BUS", bus, 1);
    free(bus);
    record = compared(0, "--engines opencv,auto -i $BUS $THERE");
    assert_int_equal(tensor_count_of(record), 242);
    json_decref(record);
}

static void test_a_changed_weight_of_yolov5_is_found(void **state)
{
    enum { CONV = 4608 }; /* model.1: [32][16][3][3] */
    static float weights[CONV];

    (void)state;
    need("models/yolov5/yolov5n.onnx");
    for (int i = 0; i < CONV; i++)
        weights[i] = 0.01F;
    npy_put("w.npy", 4, SHAPE(32, 16, 3, 3), weights);
    expect_run(0, "$BESRA model edit --replace-weights model.1.conv.weight=w.npy $THERE changed.onnx");
    json_t *record = compared(1, "$THERE changed.onnx --bisect part");
    assert_string_equal(text_of(record, "first"), "/model.1/conv/Conv_output_0");
    assert_int_equal(json_integer_value(json_object_get(json_object_get(record, "bisect"), "nodes")), 1);
    json_decref(record);
    expect_run(1, "sh part/reproduce.sh");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(test_one_changed_weight_is_found_at_its_node),
        IN_SCRATCH(test_equal_models_agree),
        IN_SCRATCH(test_what_is_allowed_decides),
        IN_SCRATCH(test_colours_say_how_far_apart),
        IN_SCRATCH(test_other_names_are_paired_by_hand),
        IN_SCRATCH(test_nan_is_counted_and_told),
        IN_SCRATCH(test_engines_of_one_model_agree),
        IN_SCRATCH(test_rounded_weights_differ_by_their_rounding),
        IN_SCRATCH(test_the_part_is_one_node_and_reproduces),
        IN_SCRATCH(test_the_picture_shows_the_channel),
        IN_SCRATCH(test_a_folder_of_tensors_stands_for_a_model),
        IN_SCRATCH(test_what_makes_no_sense_is_refused),
        IN_SCRATCH(test_four_debug_nodes_of_the_tutorial_are_compared),
        IN_SCRATCH(test_engines_agree_on_yolov5),
        IN_SCRATCH(test_a_changed_weight_of_yolov5_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
