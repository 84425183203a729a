/* besra model quantize: the model that it writes finds what it found before, in each engine, and says what it
 * cost. */
#include "tests/app/tensors.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define QUANTIZE "$BESRA model quantize "

/* Three scenes to calibrate with. */
static void make_pictures(void)
{
    free(run_expecting(0, NULL, "mkdir in"));
    scene_write("in/a.png");
    scene_write("in/b.jpg");
    scene_write("in/c.png");
}

static void test_a_detector_on_8_bits_finds_the_same(void **state)
{
    (void)state;
    make_pictures();
    json_t *object = run_json(QUANTIZE "-q --calibrate in --json berries q.onnx");
    expect_json(object, "task", "\"detect\"");
    expect_json(object, "samples", "3");
    expect_json(object, "layer_count", "3");
    expect_json(object, "quantized", "3");
    expect_json(object, "layers.1.name", "\"/head16\"");
    expect_json(object, "layers.1.why", "null");
    expect_json(object, "outputs.2.name", "\"head32\"");
    assert_true(json_number_value(json_at(object, "layers.1.sqnr_db")) > 30);
    assert_true(json_number_value(json_at(object, "outputs.1.sqnr_db")) > 30);
    json_decref(object);
    free(run_expecting(0, NULL, "$BESRA model check q.onnx"));

    free(run_expecting(0, NULL, "sed 's/berries.onnx/q.onnx/; /sha256/d' " MODELS "berries.cfg > q.cfg"));
    static const char *const engines[] = {"auto", "opencv", "besra"};
    for (size_t i = 0; i < 3; i++) {
        json_t *record =
            run_json("$BESRA detect -q -m ./q.cfg --engine %s --no-image --json in/a.png", engines[i]);
        assert_int_equal(json_array_size(json_object_get(record, "detections")), 2);
        for (size_t d = 0; d < 2; d++) {
            const json_t *found = json_array_get(json_object_get(record, "detections"), d);
            bool          berry = json_integer_value(json_object_get(found, "class")) == 0;
            expect_real(found, "score", SCENE_SCORE, 0.02);
            for (int k = 0; k < 4; k++) {
                double side = json_number_value(json_array_get(json_object_get(found, "box"), (size_t)k));
                assert_true(fabs(side - (berry ? 16 : 32) - (k < 2 ? 0 : 16)) < 0.5);
            }
        }
        json_decref(record);
    }
}

/* The graph is the same below what the command does itself at the ends, whatever these are. */
static void test_all_exports_can_be_quantised(void **state)
{
    static const struct {
        const char *model, *task;
        int         quantized;
    } rows[] = {{"berries.onnx", "detect", 3},       {"berries-decoded.onnx", "detect", 3},
                {"berries-nhwc.onnx", "detect", 3},  {"berries-columns.onnx", "detect", 3},
                {"berries-batch.onnx", "detect", 3}, {"double.onnx", "upscale", 1},
                {"colours.onnx", "classify", 1}};
    (void)state;
    make_pictures();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        json_t *object = run_json(QUANTIZE "-q -y --calibrate in --json " MODELS "%s q.onnx", rows[i].model);
        if (strcmp(json_string_value(json_at(object, "task")), rows[i].task) != 0)
            fail_msg("%s is for %s", rows[i].model, json_string_value(json_at(object, "task")));
        if (json_integer_value(json_at(object, "quantized")) != rows[i].quantized)
            fail_msg("%s: %lld layers", rows[i].model, json_integer_value(json_at(object, "quantized")));
        json_decref(object);
        free(run_expecting(0, NULL, "$BESRA model check q.onnx"));
    }
}

/* ---- any net ----------------------------------------------------------------------------------------- */

/* Writes `count` tensors of smooth numbers in -1..1 to a new folder. */
static void make_samples(const char *folder, int count, int dims, const int64_t *shape)
{
    size_t  size = 1;
    char    path[64];
    double *numbers;

    free(run_expecting(0, NULL, "mkdir %s", folder));
    for (int i = 0; i < dims; i++)
        size *= (size_t)shape[i];
    numbers = malloc(size * sizeof *numbers);
    assert_non_null(numbers);
    for (int n = 0; n < count; n++) {
        for (size_t i = 0; i < size; i++)
            numbers[i] = sin((double)i * 0.37 + n) * cos((double)i * 0.011 * (n + 1));
        (void)snprintf(path, sizeof path, "%s/%03d.npy", folder, n);
        tensor_save(path, BSR_F32, dims, shape, numbers);
    }
    free(numbers);
}

static void make_net(const char *name)
{
    free(run_expecting(0, NULL, "$BESRA model build -q $SOURCE/docs/nets/%s.cfg %s.onnx", name, name));
}

/* The difference of the only outputs of two runs, as a part of the largest number of the first. */
static double apart(const char *path, const char *other)
{
    struct bsr_tensor a = tensor_load(path), b = tensor_load(other);
    double            largest = 0, difference = 0;

    assert_true(tensor_same_shape(&a, &b));
    for (size_t i = 0; i < tensor_count(&a); i++) {
        largest = fmax(largest, fabs(tensor_get(&a, i)));
        difference = fmax(difference, fabs(tensor_get(&a, i) - tensor_get(&b, i)));
    }
    tensor_free(&a);
    tensor_free(&b);
    return difference / largest;
}

/* In each engine. 8 bits of two layers: some 1 % of the largest number; entropy cuts the ends off. */
static void test_any_net_is_quantised_with_files_of_its_input(void **state)
{
    static const struct {
        const char *name;
        double      tolerance;
    } methods[] = {{"minmax", 0.03}, {"percentile", 0.03}, {"mse", 0.03}, {"entropy", 0.3}};
    static const char *const engines[] = {"auto", "opencv", "besra"};
    (void)state;
    make_net("residual");
    make_samples("in", 5, 4, (const int64_t[]){1, 16, 32, 32});
    free(run_expecting(0, NULL, "$BESRA model run -q -i in/003.npy -o f32 residual.onnx"));
    for (size_t m = 0; m < 4; m++) {
        json_t *object =
            run_json(QUANTIZE "-q -y --calibrate in --range %s --json residual.onnx q.onnx", methods[m].name);
        expect_json(object, "task", "\"any\"");
        expect_json(object, "quantized", "2");
        json_decref(object);
        for (size_t e = 0; e < 3; e++) {
            free(run_expecting(0, NULL, "$BESRA model run -q -y --engine %s -i in/003.npy -o q q.onnx",
                               engines[e]));
            if (!(apart("f32/y.npy", "q/y.npy") < methods[m].tolerance))
                fail_msg("%s, %s: %g apart", methods[m].name, engines[e], apart("f32/y.npy", "q/y.npy"));
        }
    }
}

static void test_products_of_matrices_are_layers_too(void **state)
{
    (void)state;
    make_net("mlp");
    make_samples("in", 4, 4, (const int64_t[]){1, 1, 28, 28});
    char *out = run_expecting(0, "written to q.onnx", QUANTIZE "--calibrate in mlp.onnx q.onnx");
    expect_part(out, "mlp.onnx: 2 of 2 layers on 8 bits");
    expect_part(out, "ranges of 4 samples");
    expect_part(out, "Gemm");
    expect_part(out, "output scores: ");
    free(out);
    free(run_expecting(0, NULL,
                       "$BESRA model run -q -i in/001.npy -o a mlp.onnx && "
                       "$BESRA model run -q -i in/001.npy -o b q.onnx"));
    assert_true(apart("a/scores.npy", "b/scores.npy") < 0.03);
}

static void test_layers_can_be_kept(void **state)
{
    (void)state;
    make_net("residual");
    make_samples("in", 2, 4, (const int64_t[]){1, 16, 32, 32});
    json_t *object = run_json(QUANTIZE "-q --calibrate in --keep first --json residual.onnx a.onnx");
    expect_json(object, "quantized", "1");
    expect_json(object, "layers.0.quantized", "false");
    expect_json(object, "layers.0.why", "\"asked for by --keep\"");
    expect_json(object, "layers.0.range", "null");
    json_decref(object);
    free(run_expecting(4, "no layer is left to be quantised",
                       QUANTIZE "--calibrate in --keep-below 150 residual.onnx b.onnx"));
    free(run_expecting(2, "did you mean 'second'?",
                       QUANTIZE "--calibrate in --keep secnd residual.onnx b.onnx"));
    expect_files(".", "a.onnx\nin/000.npy\nin/001.npy\nresidual.onnx\n");
}

static void test_samples_stand_evenly_among_all(void **state)
{
    (void)state;
    make_net("residual");
    make_samples("in", 10, 4, (const int64_t[]){1, 16, 32, 32});
    free(run_expecting(0, NULL, "rm in/001.npy && : > in/002.npy && : > in/004.npy"));
    /* of the nine that are left, 1st, 4th and 7th: 000, 004, 007 */
    free(run_expecting(1, "in/004.npy: ", QUANTIZE "--calibrate in --samples 3 residual.onnx q.onnx"));
    free(run_expecting(0, NULL, QUANTIZE "--calibrate in --samples 1 residual.onnx q.onnx"));
}

static void test_the_same_is_written_each_time(void **state)
{
    (void)state;
    make_net("residual");
    make_samples("in", 3, 4, (const int64_t[]){1, 16, 32, 32});
    free(run_expecting(0, NULL,
                       QUANTIZE
                       "-q -j 1 --calibrate in residual.onnx a.onnx > a.txt && " QUANTIZE
                       "-q -j 2 --calibrate in residual.onnx b.onnx > b.txt && cmp a.onnx b.onnx && " QUANTIZE
                       "-q --calibrate in --json=c.json residual.onnx - | cmp - a.onnx && test -s c.json"));
}

/* ---- mistakes ---------------------------------------------------------------------------------------- */

static void test_mistakes_are_told_and_nothing_is_written(void **state)
{
    static const struct {
        int         code;
        const char *part, *arguments;
    } rows[] = {
        {2, "--calibrate: is needed", "residual.onnx q.onnx"},
        {2, "no output: name the .onnx to write", "--calibrate in residual.onnx"},
        {2, "--calibrate: empty: no pictures there, and no .npy files",
         "--calibrate empty residual.onnx q.onnx"},
        {3, "nowhere: no such file", "--calibrate nowhere " MODELS "berries.onnx q.onnx"},
        {1, "in/000.npy: exists already", "--calibrate in residual.onnx in/000.npy"},
        {2, "is what is read", "-y --calibrate in residual.onnx residual.onnx"},
        {4, "is quantised already: it has x_quantized (QuantizeLinear)",
         "--calibrate in quantised.onnx q.onnx"},
        {4, "has no Conv, Gemm or MatMul", "--calibrate in relu.onnx q.onnx"},
        {4, "takes 3 inputs; files are read for one", "--calibrate in linear.onnx q.onnx"},
        {4, "calibrate with .npy files of its input", "--calibrate pictures residual.onnx q.onnx"},
        {2, "give --json=FILE", "--calibrate in --json residual.onnx -"},
        {1, "bad/a.png: ", "--calibrate bad " MODELS "berries.onnx q.onnx"},
        {4, "besra: ", "--calibrate wrong residual.onnx q.onnx"},
        {2, "--samples", "--calibrate in --samples 0 residual.onnx q.onnx"},
        {2, "is none of minmax, percentile, entropy, mse",
         "--calibrate in --range most residual.onnx q.onnx"},
    };
    (void)state;
    make_net("residual");
    make_net("linear");
    text_write("relu.cfg", "name = \"relu\"; inputs = ( { name = \"x\"; shape = [1, 4]; } );\n"
                           "layers = ( { op = \"Relu\"; output = \"y\"; } );\n");
    free(run_expecting(0, NULL, "$BESRA model build -q relu.cfg relu.onnx"));
    make_samples("in", 2, 4, (const int64_t[]){1, 16, 32, 32});
    make_samples("wrong", 1, 2, (const int64_t[]){3, 3});
    free(run_expecting(0, NULL, "mkdir empty bad pictures && : > empty/a.txt"));
    scene_write("pictures/a.png");
    scene_write("whole.png");
    file_cut("whole.png", "bad/a.png", 0);
    free(run_expecting(0, NULL, QUANTIZE "-q --calibrate in residual.onnx quantised.onnx > told"));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        free(run_expecting(rows[i].code, rows[i].part, QUANTIZE "%s", rows[i].arguments));
        free(run_expecting(0, NULL, "test ! -e q.onnx"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(test_a_detector_on_8_bits_finds_the_same),
        IN_SCRATCH(test_all_exports_can_be_quantised),
        IN_SCRATCH(test_any_net_is_quantised_with_files_of_its_input),
        IN_SCRATCH(test_products_of_matrices_are_layers_too),
        IN_SCRATCH(test_layers_can_be_kept),
        IN_SCRATCH(test_samples_stand_evenly_among_all),
        IN_SCRATCH(test_the_same_is_written_each_time),
        IN_SCRATCH(test_mistakes_are_told_and_nothing_is_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
