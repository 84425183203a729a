/* besra model run and list: any number of inputs and outputs of any type, from files and into files. What the
 * tests' own models make of numbers is said in make_models.py. */
#include "tests/app/tensors.h"

#include "base/bytes.h"
#include "base/file.h"
#include "base/npy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- types ---------------------------------------------------------------------------------- */

enum { NUMBERS = 6, TYPES = 7 };

static const int64_t two_by_three[] = {2, 3};

/* What types.onnx is fed with: each number comes out doubled, of bool the other one. All fit their types. */
static const struct {
    const char *name;
    int         type;
    double      in[NUMBERS];
} typed[TYPES] = {
    {"f32", BSR_F32, {0, -1.25, 3.5, 1e30, -1e-30, 16777216}},
    {"f16", BSR_F16, {0, -1.25, 3.5, 32000, 512.5, -0.0009765625}},
    {"u8", BSR_U8, {0, 1, 2, 64, 100, 127}},
    {"i8", BSR_I8, {0, 1, -1, 63, -64, 50}},
    {"i32", BSR_I32, {0, 1, -1, 1073741823, -1073741824, 77}},
    {"i64", BSR_I64, {0, 1, -1, 4503599627370496, -4503599627370497, 77}},
    {"bool", BSR_BOOL, {0, 1, 1, 0, 0, 1}},
};

static double answer_of(size_t row, size_t index)
{
    double number = typed[row].in[index];

    if (typed[row].type == BSR_BOOL)
        return !(number > 0);
    return typed[row].type == BSR_F32 ? 2 * (double)(float)number : 2 * number;
}

/* "-i in_f32=f32.npy ..." */
static void feed_types(char *options, size_t size, const char *extension)
{
    char path[32];

    *options = '\0';
    for (size_t i = 0; i < TYPES; i++) {
        size_t length = strlen(options);
        snprintf(path, sizeof path, "%s%s", typed[i].name, extension);
        tensor_save(path, typed[i].type, 2, two_by_three, typed[i].in);
        snprintf(options + length, size - length, " -i in_%s=%s", typed[i].name, path);
    }
}

static void expect_types(const char *folder, const char *extension)
{
    char   path[64];
    double wanted[NUMBERS];

    for (size_t i = 0; i < TYPES; i++) {
        for (size_t n = 0; n < NUMBERS; n++)
            wanted[n] = answer_of(i, n);
        snprintf(path, sizeof path, "%s/out_%s%s", folder, typed[i].name, extension);
        expect_numbers(path, typed[i].type, NUMBERS, wanted, 0);
    }
}

static void test_each_type_goes_in_and_comes_out(void **state)
{
    (void)state;
    static const char *const extensions[] = {".npy", ".pb"};
    char                     options[512];

    for (size_t in = 0; in < 2; in++)
        for (size_t out = 0; out < 2; out++) {
            feed_types(options, sizeof options, extensions[in]);
            free(run_expecting(0, "written to out", "$BESRA model run -y -o out %s %s " MODELS "types.onnx",
                               out ? "--pb" : "", options));
            expect_types("out", extensions[out]);
        }
    feed_types(options, sizeof options, ".npy");
    free(run_expecting(0, NULL, "$BESRA model run --engine besra -o slow %s " MODELS "types.onnx", options));
    expect_types("slow", ".npy");
}

static void test_numbers_beyond_a_double_stay_what_they_are(void **state)
{
    (void)state;
    static const int64_t numbers[NUMBERS] = {
        9007199254740993, -9007199254740995, 4611686018427387903, 1, 2, 3};
    struct bsr_tensor tensor = {.type = BSR_I64, .dims = 2, .shape = {2, 3}};
    struct bytes      bytes = {0};

    assert_int_equal(tensor_alloc(&tensor, NULL), BSR_OK);
    memcpy(tensor.data, numbers, sizeof numbers);
    assert_int_equal(npy_write(&tensor, &bytes, NULL), BSR_OK);
    assert_int_equal(file_write("i64.npy", bytes.data, bytes.size, false, false, NULL), BSR_OK);
    tensor_free(&tensor);
    bytes_free(&bytes);
    free(run_expecting(0, NULL, "$BESRA model run -q -i in_i64=i64.npy -o out " MODELS "types.onnx"));
    tensor = tensor_load("out/out_i64.npy");
    for (size_t i = 0; i < NUMBERS; i++)
        assert_int_equal(tensor_get_int(&tensor, i), 2 * numbers[i]);
    tensor_free(&tensor);
}

static void test_a_file_of_another_type_is_converted(void **state)
{
    (void)state;
    static const double numbers[NUMBERS] = {0, 1, 2, 3, 4, 5}, doubled[NUMBERS] = {0, 2, 4, 6, 8, 10};
    tensor_save("x.npy", BSR_F64, 2, two_by_three, numbers);
    free(run_expecting(0, NULL,
                       "$BESRA model run -i in_u8=x.npy -i in_f16=x.npy -o out " MODELS "types.onnx"));
    expect_numbers("out/out_u8.npy", BSR_U8, NUMBERS, doubled, 0);
    expect_numbers("out/out_f16.npy", BSR_F16, NUMBERS, doubled, 0);
}

/* ---- inputs ---------------------------------------------------------------------------------- */

static void test_inputs_come_by_name_in_order_frozen_or_at_random(void **state)
{
    (void)state;
    static const int64_t shape[] = {1, 3, 1, 2};
    static const double  x[] = {1, 2, 3, 4, 5, 6};
    /* twice as high: 1 2 1 2 / 3 4 3 4 / 5 6 5 6, times 1, 2, 3, plus 0.5, 0, -0.5 */
    static const double y[] = {1.5, 2.5, 1.5, 2.5, 6, 8, 6, 8, 14.5, 17.5, 14.5, 17.5};
    static const char  *ways[] = {
         "-i x.npy -i factor=factor.npy",      "-i factor=factor.npy -i x.npy",       "-i x.npy -i factor.npy",
         "-i x=x.npy --freeze factor=1,1,2,1", "--freeze factor=factor.npy -i x.npy", "-i x.pb -i factor.pb"};
    tensor_save("x.npy", BSR_F32, 4, shape, x);
    tensor_save("x.pb", BSR_F32, 4, shape, x);
    tensor_save("factor.npy", BSR_F32, 1, (const int64_t[]){4}, (const double[]){1, 1, 2, 1});
    tensor_save("factor.pb", BSR_F32, 1, (const int64_t[]){4}, (const double[]){1, 1, 2, 1});
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        free(run_expecting(0, NULL, "$BESRA model run -y -o out %s " MODELS "scaled.onnx", ways[i]));
        expect_numbers("out/y.npy", BSR_F32, 12, y, 1e-6);
    }
    /* scales that nobody gives are ones, and that is said */
    static const double same[] = {1.5, 2.5, 6, 8, 14.5, 17.5};
    free(run_expecting(0, "assumed: factor=1,1,1,1",
                       "$BESRA model run -y -o out -i x.npy " MODELS "scaled.onnx"));
    expect_numbers("out/y.npy", BSR_F32, 6, same, 1e-6);
}

static void test_random_numbers_are_those_of_the_seed(void **state)
{
    (void)state;
    free(run_expecting(0, NULL,
                       "$BESRA model run -o a " MODELS "colours.onnx && "
                       "$BESRA model run -o b --seed 1 " MODELS
                       "colours.onnx && cmp a/logits.npy b/logits.npy"));
    free(run_expecting(1, NULL,
                       "$BESRA model run -q -o c --seed 2 " MODELS "colours.onnx > table\n"
                       "cmp -s a/logits.npy c/logits.npy"));
}

static void test_a_picture_is_laid_in_as_a_detector_sees_it(void **state)
{
    (void)state;
    scene_write("a.png");
    free(run_expecting(0, NULL, "$BESRA model run -i a.png -o out " MODELS "double.onnx"));
    struct bsr_tensor y = tensor_load("out/larger.npy");
    assert_string_equal(tensor_shape_text(&y).text, "1x3x128x128");
    /* the scene's red square is at 16 to 32: at 32 to 64 now; grey of 90 around it */
    for (size_t channel = 0; channel < 3; channel++) {
        size_t plane = channel * 128 * 128;
        assert_float_equal(tensor_get(&y, plane + (size_t)40 * 128 + 40), channel == 0 ? 1 : 0, 1e-6);
        assert_float_equal(tensor_get(&y, plane + (size_t)5 * 128 + 5), 90 / 255.0, 1e-6);
    }
    tensor_free(&y);
    /* wider than high, into a fixed input: grey of 114 above and below */
    free(run_expecting(0, NULL,
                       "$BESRA model run -y -i images=a.png --shape images:1,3,128,64 -o out " MODELS
                       "double.onnx"));
    y = tensor_load("out/larger.npy");
    assert_string_equal(tensor_shape_text(&y).text, "1x3x256x128");
    assert_float_equal(tensor_get(&y, 10 * 128 + 64), 114 / 255.0, 1e-6);
    tensor_free(&y);
}

/* ---- outputs --------------------------------------------------------------------------------- */

static void test_the_record_has_types_shapes_and_files(void **state)
{
    (void)state;
    json_t *record = run_json("$BESRA model run -q --json -o out " MODELS "types.onnx");
    assert_int_equal(json_array_size(json_at(record, "outputs")), TYPES);
    expect_json(record, "outputs.1.name", "\"out_f16\"");
    expect_json(record, "outputs.1.type", "\"f16\"");
    expect_json(record, "outputs.1.shape", "[2, 3]");
    expect_json(record, "outputs.1.file", "\"out/out_f16.npy\"");
    json_decref(record);
    record = run_json("$BESRA model run --json " MODELS "numbers.onnx");
    expect_json(record, "outputs.0.nans", "1");
    expect_json(record, "outputs.0.infinities", "2");
    expect_json(record, "outputs.0.file", "null");
    json_decref(record);
}

static void test_one_output_may_go_to_standard_output(void **state)
{
    (void)state;
    free(run_expecting(0, NULL,
                       "$BESRA model run -o - " MODELS "colours.onnx > y.npy\n"
                       "$BESRA model run -q -o out " MODELS
                       "colours.onnx > table && cmp y.npy out/logits.npy"));
    free(run_expecting(2, "the model has 7 outputs", "$BESRA model run -o - " MODELS "types.onnx"));
    free(run_expecting(2, "give --json=FILE", "$BESRA model run --json -o - " MODELS "colours.onnx"));
    expect_files(".", "out/logits.npy\ntable\ny.npy\n");
}

static void test_outputs_whose_names_are_one_as_files_stay_two(void **state)
{
    (void)state;
    free(run_expecting(0, NULL,
                       "$BESRA model edit --rename out_u8=a/b --rename out_i8=a_b --rename out_i32=.hidden "
                       "--rename out_i64=../up " MODELS "types.onnx odd.onnx && "
                       "mkdir in && $BESRA model run -o in/out odd.onnx"));
    expect_files("in", "out/_._up.npy\nout/_hidden.npy\nout/a_b.npy\nout/a_b_2.npy\nout/out_bool.npy\n"
                       "out/out_f16.npy\nout/out_f32.npy\n");
}

static void test_nothing_is_written_over_unasked(void **state)
{
    (void)state;
    static const double numbers[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
    free(run_expecting(0, NULL, "$BESRA model run -o out " MODELS "numbers.onnx && cp out/y.npy y.npy"));
    free(run_expecting(1, "replace it with --overwrite",
                       "$BESRA model run --seed 2 -o out " MODELS "numbers.onnx"));
    expect_same_file("out/y.npy", "y.npy");
    free(run_expecting(0, NULL, "$BESRA model run -y --seed 2 -o out " MODELS "numbers.onnx"));
    free(run_expecting(1, NULL, "cmp -s out/y.npy y.npy"));
    /* what is read is spared even so */
    tensor_save("out/y.npy", BSR_F32, 2, (const int64_t[]){2, 5}, numbers);
    free(run_expecting(2, "out/y.npy: is what is read",
                       "$BESRA model run -y -i x=./out/y.npy -o out " MODELS "numbers.onnx"));
    expect_numbers("out/y.npy", BSR_F32, 10, numbers, 0);
}

static void test_places_that_take_no_file(void **state)
{
    (void)state;
    text_write("file", "");
    static const struct {
        int         code;
        const char *part, *command;
    } rows[] = {
        {1, "standard output: can't be written: No space",
         "$BESRA model run " MODELS "numbers.onnx > /dev/full"},
        {1, "standard output: can't be written: No space",
         "$BESRA model run -o - " MODELS "numbers.onnx > /dev/full"},
        {1, "standard output: can't be written: No space",
         "$BESRA model run --json " MODELS "numbers.onnx > /dev/full"},
        {1, "besra: file", "$BESRA model run -o file " MODELS "numbers.onnx"},
        {1, "besra: file", "$BESRA model run -o file/in " MODELS "numbers.onnx"},
        {1, "besra: /proc/nowhere", "$BESRA model run -o /proc/nowhere " MODELS "numbers.onnx"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        free(run_expecting(rows[i].code, rows[i].part, "%s", rows[i].command));
    expect_files(".", "file\n");
}

static void test_what_cannot_be_fed_is_told(void **state)
{
    (void)state;
    static const double numbers[10] = {0};
    tensor_save("x.npy", BSR_F32, 2, (const int64_t[]){2, 5}, numbers);
    tensor_save("wide.npy", BSR_F32, 2, (const int64_t[]){5, 2}, numbers);
    tensor_save("flat.npy", BSR_F32, 1, (const int64_t[]){10}, numbers);
    text_write("text.npy", "no numbers\n");
    text_write("text.pb", "no numbers\n");
    text_write("empty.npy", "");
    text_write("text.png", "no picture\n");
    scene_write("a.png");
    static const struct {
        int         code;
        const char *part, *options;
    } rows[] = {
        {4, "shapes 5x2 and 2x5 do not fit together", "-i wide.npy"},
        {4, "the input 'x' has 2 dimensions, not 10", "-i flat.npy"},
        {2, "the model has no input 'xx'; did you mean 'x'?", "-i xx=x.npy"},
        {2, "all 1 inputs of the model have their files", "-i x.npy -i x.npy"},
        {2, "the input 'x' is fed already", "-i x.npy -i x=x.npy"},
        {1, "besra: text.npy: ", "-i text.npy"},
        {1, "besra: text.pb: ", "-i text.pb"},
        {1, "besra: empty.npy: ", "-i empty.npy"},
        {3, "besra: none.npy: no such file", "-i none.npy"},
        {3, "besra: none.pb: no such file", "-i none.pb"},
        {2, "besra: a.png: a picture can't be laid into the input 'x' of 2x5", "-i a.png"},
        {3, "besra: nosuch.so", "--ops nosuch.so"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        free(run_expecting(rows[i].code, rows[i].part, "$BESRA model run %s " MODELS "numbers.onnx",
                           rows[i].options));
    free(run_expecting(1, "besra: text.png: ", "$BESRA model run -i text.png " MODELS "double.onnx"));
    free(run_expecting(2, "give it: --shape images:", "$BESRA model run " MODELS "double.onnx"));
    free(run_expecting(4, "depends on its own result", "$BESRA model run " MODELS "circle.onnx"));
}

/* ---- list ------------------------------------------------------------------------------------- */

static void test_cards_and_models_are_listed(void **state)
{
    (void)state;
    free(run_expecting(
        0, NULL, "mkdir m && cp " MODELS "colours.onnx " MODELS "berries.cfg " MODELS "berries.onnx m/"));
    char *out = run_expecting(0, NULL, "$BESRA model list m");
    expect_part(out, "berries       detect  64x64    1.80 kB  m/berries.cfg");
    expect_part(out, "colours.onnx");
    free(out);
    json_t *list = run_json("$BESRA model list --json m");
    assert_int_equal(json_array_size(list), 2); /* berries.onnx is its card's */
    expect_json(list, "0.name", "\"berries\"");
    expect_json(list, "0.task", "\"detect\"");
    expect_json(list, "0.classes", "2");
    expect_json(list, "0.bytes", "1801");
    expect_json(list, "1.card", "null");
    expect_json(list, "1.file", "\"m/colours.onnx\"");
    json_decref(list);
    list = run_json("$BESRA model list --json");
    assert_true(json_array_size(list) > 5);
    json_decref(list);
}

static void test_a_broken_card_does_not_hide_the_others(void **state)
{
    (void)state;
    free(run_expecting(0, NULL, "mkdir m && cp " MODELS "berries.cfg " MODELS "berries.onnx m/"));
    text_write("m/broken.cfg", "task = ;\n");
    text_write("m/alone.cfg", "task = \"upscale\";\nfile = \"none.onnx\";\n");
    char *out = run_expecting(1, "m/broken.cfg:1", "$BESRA model list m");
    expect_part(out, "berries");
    expect_part(out, "missing");
    free(out);
    free(run_expecting(3, "nowhere: is no folder", "$BESRA model list nowhere"));
    free(run_expecting(0, "no models are there", "mkdir empty && $BESRA model list empty"));
    free(run_expecting(1, "standard output: can't be written", "$BESRA model list > /dev/full"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(test_each_type_goes_in_and_comes_out),
        IN_SCRATCH(test_numbers_beyond_a_double_stay_what_they_are),
        IN_SCRATCH(test_a_file_of_another_type_is_converted),
        IN_SCRATCH(test_inputs_come_by_name_in_order_frozen_or_at_random),
        IN_SCRATCH(test_random_numbers_are_those_of_the_seed),
        IN_SCRATCH(test_a_picture_is_laid_in_as_a_detector_sees_it),
        IN_SCRATCH(test_the_record_has_types_shapes_and_files),
        IN_SCRATCH(test_one_output_may_go_to_standard_output),
        IN_SCRATCH(test_outputs_whose_names_are_one_as_files_stay_two),
        IN_SCRATCH(test_nothing_is_written_over_unasked),
        IN_SCRATCH(test_places_that_take_no_file),
        IN_SCRATCH(test_what_cannot_be_fed_is_told),
        IN_SCRATCH(test_cards_and_models_are_listed),
        IN_SCRATCH(test_a_broken_card_does_not_hide_the_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
