/* Descriptions of nets become models that compute what they say. */
#include "base/alloc.h"
#include "base/file.h"
#include "base/npy.h"
#include "onnx/edit.h"
#include "pipeline/build_config.h"
#include "tests/config/mutate.h"
#include "tests/onnx/built.h"
#include "tests/onnx/shared.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define SHAPE(...) ((const int64_t[]){__VA_ARGS__})

/* libconfig's scanner loses the text it was collecting when it meets a syntax error (1.5): its leak,
 * told to LeakSanitizer by the name that it asks for. */
__attribute__((visibility("default"))) const char *
__lsan_default_suppressions(void); /* NOLINT(bugprone-reserved-identifier) */

const char *__lsan_default_suppressions(void) /* NOLINT(bugprone-reserved-identifier) */
{
    return "leak:libconfig_yylex\nleak:strbuf_append\n";
}

static char folder[64];

static int enter(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/besra-nets-XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st;
    (void)type;
    (void)at;
    return remove(path);
}

static int leave(void **state)
{
    (void)state;
    return nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static const char *path_of(const char *name)
{
    static char paths[4][256];
    static int  next;
    char       *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

static const char *put(const char *name, const void *data, size_t size)
{
    const char *path = path_of(name);
    assert_int_equal(file_write(path, data, size, true, false, NULL), BSR_OK);
    return path;
}

static void put_npy(const char *name, struct bsr_tensor tensor)
{
    struct bytes bytes = {0};
    assert_int_equal(npy_write(&tensor, &bytes, NULL), BSR_OK);
    put(name, bytes.data, bytes.size);
    bytes_free(&bytes);
    tensor_free(&tensor);
}

static struct onnx_model *build_file(const char *path)
{
    struct bytes       bytes = {0};
    struct bsr_error   err = {0};
    struct onnx_model *model = NULL;

    if (build_config(&bytes, path, NULL, &err) != BSR_OK)
        fail_msg("%s: %s", err.subject, err.message);
    if (onnx_model_read(&model, bytes.data, bytes.size, NULL, path, &err) != BSR_OK)
        fail_msg("%s: %s", path, err.message);
    bytes_free(&bytes);
    assert_sound(model);
    return model;
}

static struct onnx_model *build_text(const char *text)
{
    return build_file(put("net.cfg", text, strlen(text)));
}

/* ---- the examples
 * ------------------------------------------------------------------------------------------------ */

#define EXAMPLES BESRA_SOURCE_DIR "/docs/nets/"

static void test_the_linear_function_is_that_of_the_tutorial(void **state)
{
    struct bsr_tensor  inputs[3] = {shared_tensor("linear_func_a"), shared_tensor("linear_func_x"),
                                    shared_tensor("linear_func_b")};
    struct onnx_model *model = build_file(EXAMPLES "linear.cfg");

    (void)state;
    struct bsr_tensor found = run_model(model, inputs, 3), expected = shared_tensor("linear_func_output");
    assert_tensors_near(&found, &expected, 1e-6);
    onnx_model_free(model);
}

static void test_srcnn_is_that_of_the_tutorial(void **state)
{
    struct onnx_model *original = shared_read("srcnn");
    struct bytes       text = {0};

    (void)state;
    assert_int_equal(file_read(&text, EXAMPLES "srcnn.cfg", 1 << 16, NULL), BSR_OK);
    put("srcnn.cfg", text.data, text.size);
    bytes_free(&text);
    for (int i = 0; i < 6; i++) {
        char name[64];
        snprintf(name, sizeof name, "srcnn_conv%d_%s.npy", i / 2 + 1, i % 2 ? "bias" : "weight");
        assert_int_equal(symlink(shared_path(name), path_of(name)), 0);
    }
    struct onnx_model *model = build_file(path_of("srcnn.cfg"));
    /* At a size that a test has time for. */
    const int64_t *shape = SHAPE(1, 3, 20, 24);
    assert_int_equal(onnx_set_input_shape(original, "input", shape, 4, NULL), BSR_OK);
    assert_int_equal(onnx_set_input_shape(model, "input", shape, 4, NULL), BSR_OK);
    struct bsr_tensor in = ramp(4, shape, 0, 1.0 / 1440), same = ramp(4, shape, 0, 1.0 / 1440);
    struct bsr_tensor found = run_model(model, &in, 1), expected = run_model(original, &same, 1);
    assert_string_equal(tensor_shape_text(&found).text, "1x3x60x72");
    assert_tensors_near(&found, &expected, 1e-6);
    onnx_model_free(model);
    onnx_model_free(original);
}

static void test_the_perceptron_is_the_same_each_time(void **state)
{
    struct bytes first = {0}, second = {0};

    (void)state;
    assert_int_equal(build_config(&first, EXAMPLES "mlp.cfg", NULL, NULL), BSR_OK);
    assert_int_equal(build_config(&second, EXAMPLES "mlp.cfg", NULL, NULL), BSR_OK);
    assert_int_equal(first.size, second.size);
    assert_memory_equal(first.data, second.data, first.size);
    bytes_free(&first);
    bytes_free(&second);

    struct onnx_model *model = build_file(EXAMPLES "mlp.cfg");
    struct bsr_tensor  in = ramp(4, SHAPE(1, 1, 28, 28), 0, 1.0 / 784), found = run_model(model, &in, 1);
    assert_string_equal(tensor_shape_text(&found).text, "1x10");
    assert_string_equal(onnx_output(model, 0).name, "scores");
    assert_string_equal(onnx_metadata(model, "author"), "besra");
    assert_true(tensor_get(&found, 0) != tensor_get(&found, 1));
    tensor_free(&found);
    onnx_model_free(model);
}

static void test_the_residual_block_is_stored_in_f16(void **state)
{
    struct onnx_model *model = build_file(EXAMPLES "residual.cfg");
    struct bsr_tensor  in = ramp(4, SHAPE(1, 16, 32, 32), -1, 1.0 / 8192), found;

    (void)state;
    assert_int_equal(onnx_node_count(model, "Cast"), 3); /* two weights and the bias of 16 */
    found = run_model(model, &in, 1);
    assert_string_equal(tensor_shape_text(&found).text, "1x16x32x32");
    tensor_free(&found);
    onnx_model_free(model);
}

static void test_options_stand_above_what_is_written(void **state)
{
    const struct build_config_options f32 = {.storage = BUILD_STORAGE_F32};
    const struct build_config_options f16 = {.storage = BUILD_STORAGE_F16},
                                      seven = {.has_seed = true, .seed = 7};
    const struct build_config_options eight = {.has_seed = true, .seed = 8};
    struct bytes                      wide = {0}, half = {0}, written = {0}, same = {0}, other = {0};

    (void)state;
    assert_int_equal(build_config(&wide, EXAMPLES "residual.cfg", &f32, NULL), BSR_OK);
    assert_int_equal(build_config(&half, EXAMPLES "residual.cfg", &f16, NULL), BSR_OK);
    assert_true(half.size < wide.size * 6 / 10);
    assert_int_equal(build_config(&written, EXAMPLES "mlp.cfg", NULL, NULL), BSR_OK);
    assert_int_equal(build_config(&same, EXAMPLES "mlp.cfg", &seven, NULL), BSR_OK);
    assert_int_equal(build_config(&other, EXAMPLES "mlp.cfg", &eight, NULL), BSR_OK);
    assert_memory_equal(written.data, same.data, written.size);
    assert_int_equal(written.size, other.size);
    assert_true(memcmp(written.data, other.data, written.size) != 0);
    bytes_free(&wide);
    bytes_free(&half);
    bytes_free(&written);
    bytes_free(&same);
    bytes_free(&other);
}

/* ---- weights from everywhere
 * --------------------------------------------------------------------------------------- */

/* x = (1, 2); y = x [[1, 3], [2, 4]]^T + (10, 20) = (1 + 6, 2 + 8) + ... = (17, 30). By hand. */
static void test_weights_come_from_files_and_from_the_text(void **state)
{
    static const char *const sources[] = {
        "weights = \"w.npy\"; bias = \"b.bin\"",
        "weights = { file = \"w.bin\"; shape = [2, 2]; }; bias = [10.0, 20.0]",
        "weights = { file = \"half.bin\"; type = \"f16\"; }; bias = { values = [10.0, 20.0]; shape = [2]; }",
        "weights = [1.0, 3.0, 2.0, 4.0]; bias = \"b64.npy\"",
    };
    static const float    w[] = {1, 3, 2, 4}, bias[] = {10, 20};
    static const uint16_t half[] = {0x3C00, 0x4200, 0x4000, 0x4400};

    (void)state;
    put("w.bin", w, sizeof w);
    put("b.bin", bias, sizeof bias);
    put("half.bin", half, sizeof half);
    struct bsr_tensor ramp_w = ramp(2, SHAPE(2, 2), 0, 0), wide = {0}, narrow = ramp(1, SHAPE(2), 10, 10);
    memcpy(ramp_w.data, w, sizeof w);
    put_npy("w.npy", ramp_w);
    assert_int_equal(tensor_convert(&wide, &narrow, BSR_F64, NULL), BSR_OK);
    tensor_free(&narrow);
    put_npy("b64.npy", wide);

    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++) {
        char text[512];
        snprintf(text, sizeof text,
                 "inputs = ( { name = \"x\"; shape = [1, 2]; } );\n"
                 "layers = ( { type = \"dense\"; units = 2; %s; } );",
                 sources[i]);
        struct onnx_model *model = build_text(text);
        struct bsr_tensor  in = ramp(2, SHAPE(1, 2), 1, 1), expected = ramp(2, SHAPE(1, 2), 17, 13);
        struct bsr_tensor  found = run_model(model, &in, 1);
        assert_string_equal(onnx_output(model, 0).name, "output");
        assert_tensors_near(&found, &expected, 0);
        onnx_model_free(model);
    }
}

/* A convolution of ones with kernel 3 and padding counts the neighbours: 4 in corners, 6 at edges, 9 inside.
 */
static void test_same_padding_keeps_the_size(void **state)
{
    static const double expected[] = {4, 6, 6, 4, 6, 9, 9, 6, 6, 9, 9, 6, 4, 6, 6, 4};
    struct onnx_model  *model = build_text("inputs = ( { name = \"x\"; shape = [1, 1, -1, -1]; } );\n"
                                            "layers = ( { type = \"conv\"; channels = 1; kernel = 3; padding = "
                                            "\"same\"; weights = { fill = 1; shape = [1, 1, 3, 3]; }; } );");
    struct bsr_tensor   in = ramp(4, SHAPE(1, 1, 4, 4), 1, 0), found = run_model(model, &in, 1);

    (void)state;
    assert_int_equal(tensor_count(&found), 16);
    for (size_t i = 0; i < 16; i++)
        assert_true(tensor_get(&found, i) == expected[i]);
    tensor_free(&found);
    onnx_model_free(model);
}

static void test_strided_same_padding_halves_the_size(void **state)
{
    struct onnx_model *model =
        build_text("inputs = ( { name = \"x\"; shape = [1, 4, 9, 9]; } );\n"
                   "layers = ( { type = \"conv\"; channels = 6; kernel = 3; stride = 2; groups = 2; "
                   "padding = \"same\"; activation = \"sigmoid\"; } );");
    struct bsr_tensor in = ramp(4, SHAPE(1, 4, 9, 9), 0, 0.01), found = run_model(model, &in, 1);

    (void)state;
    assert_string_equal(tensor_shape_text(&found).text, "1x6x5x5");
    tensor_free(&found);
    onnx_model_free(model);
}

static void test_nodes_take_any_inputs_and_give_several_outputs(void **state)
{
    struct onnx_model *model = build_text(
        "opset = 11;\n"
        "inputs = ( { name = \"x\"; shape = [4]; } );\n"
        "weights = ( { name = \"two\"; fill = 2; }, { name = \"r\"; shape = [3]; type = \"f64\"; } );\n"
        "layers = ( { op = \"Mul\"; inputs = [\"x\", \"two\"]; },\n"
        "           { op = \"Split\"; outputs = [\"a\", \"b\"]; attributes = { split = [1, 3]; axis = 0; }; "
        "},\n"
        "           { op = \"Neg\"; name = \"minus\"; input = \"b\"; } );\n"
        "outputs = [\"minus\", \"a\"];");
    struct bsr_tensor in = ramp(1, SHAPE(4), 1, 1), expected = ramp(1, SHAPE(3), -4, -2);
    struct bsr_tensor found = run_model(model, &in, 1);

    (void)state;
    assert_string_equal(onnx_output(model, 0).name, "minus");
    assert_string_equal(onnx_output(model, 1).name, "a");
    assert_tensors_near(&found, &expected, 0);
    onnx_model_free(model);
}

/* LeakyRelu of (-2, 3) with a slope of 2: (-4, 3). */
static void test_numbers_without_a_point_are_floats_where_those_are_wanted(void **state)
{
    struct onnx_model *model =
        build_text("inputs = ( { name = \"x\"; shape = [2]; } );\n"
                   "layers = ( { op = \"LeakyRelu\"; attributes = { alpha = 2; }; } );");
    struct bsr_tensor in = ramp(1, SHAPE(2), -2, 5), expected = ramp(1, SHAPE(2), -4, 7);
    struct bsr_tensor found = run_model(model, &in, 1);

    (void)state;
    assert_tensors_near(&found, &expected, 0);
    onnx_model_free(model);
}

/* ---- what is refused
 * ------------------------------------------------------------------------------------------------- */

#define X "inputs = ( { name = \"x\"; shape = [1, 4]; }, { name = \"p\"; shape = [1, 3, 8, 8]; } );\n"

static void test_what_does_not_fit_is_told_with_its_line(void **state)
{
    static const struct {
        const char *text;
        bsr_status  status;
        int         line; /* 0: the subject is another file, or the whole */
        const char *says;
    } cases[] = {
        {X "layers = ( { type = \"conv\"; channels = 1; kernel = 3; } );", BSR_EUSAGE, 2,
         "conv reads [N][C][H][W]"},
        {X "layers = ( { type = \"dense\"; units = 1; input = \"p\"; } );", BSR_EUSAGE, 2,
         "dense reads [N][C]"},
        {X "layers = ( { type = \"conv\"; input = \"p\"; channels = 2; kernel = 3; groups = 2; } );",
         BSR_EUSAGE, 2, "groups must divide"},
        {X "layers = ( { op = \"Rely\"; } );", BSR_EMODEL, 2, "did you mean 'Relu'?"},
        {X "layers = ( { op = \"Relu\"; },\n { op = \"Add\"; inputs = [\"x\", \"xx\"]; } );", BSR_EMODEL, 3,
         "nothing before makes 'xx'"},
        {X "layers = ( { op = \"Add\"; inputs = [\"x\", \"p\"]; } );", BSR_EMODEL, 2, "do not fit together"},
        {X "layers = ( { op = \"Add\"; inputs = [\"x\", \"x\"]; output = \"p\"; } );", BSR_EMODEL, 2,
         "already"},
        {X "layers = ( { op = \"Relu\"; attributes = { alpha = 1; }; } );", BSR_EMODEL, 2,
         "no attribute 'alpha'"},
        {X "layers = ( { op = \"Relu\"; } ); outputs = \"y\";", BSR_EMODEL, 0,
         "outputs: nothing before makes 'y'"},
        {X "layers = ( { type = \"dense\"; units = 2; weights = \"none.npy\"; } );", BSR_EMISSING, 0, ""},
        {X "layers = ( { type = \"dense\"; units = 2; weights = \"bad.npy\"; } );", BSR_EFORMAT, 0, ""},
        {X "layers = ( { type = \"dense\"; units = 2; weights = \"three.npy\"; } );", BSR_EUSAGE, 2,
         "dense1.weight: the shape 3 is not what is asked for: 2x4"},
        {X "layers = ( { type = \"dense\"; units = 2; weights = \"three.bin\"; } );", BSR_EUSAGE, 2,
         "three.bin is of 3 bytes, 2x4 numbers of f32 are 32"},
        {X "layers = ( { type = \"dense\"; units = 2; weights = [1.0]; } );", BSR_EUSAGE, 2,
         "1 numbers for the shape 2x4"},
        {X "layers = ( { type = \"dense\"; units = 2; weights = { fill = 1; shape = [4, 2]; }; } );",
         BSR_EUSAGE, 2, "the shape 4x2 is not what is asked for: 2x4"},
        {X "weights = ( { name = \"w\"; file = \"three.bin\"; } );\nlayers = ( { op = \"Relu\"; } );",
         BSR_EUSAGE, 2, "raw numbers need a shape"},
        {X "weights = ( { name = \"w\"; shape = [100000, 100000]; } );\nlayers = ( { op = \"Relu\"; } );",
         BSR_ELIMIT, 2, "too large"},
        {"inputs = ( { name = \"x\"; shape = [1, -1]; } );\nlayers = ( { type = \"dense\"; units = 2; } );",
         BSR_EUSAGE, 2, "its shape is not known"},
        {"inputs = ( { name = \"x\"; shape = [1]; },\n { name = \"x\"; shape = [1]; } );\nlayers = ( { op = "
         "\"Relu\"; } "
         ");",
         BSR_EMODEL, 2, "there is a value 'x' already"},
    };

    (void)state;
    put("bad.npy", "no numbers", 10);
    put("three.bin", "abc", 3);
    put_npy("three.npy", ramp(1, SHAPE(3), 0, 1));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bsr_error err = {0};
        struct bytes     bytes = {0};
        const char      *path = put("wrong.cfg", cases[i].text, strlen(cases[i].text));
        char             place[300];
        bsr_status       status = build_config(&bytes, path, NULL, &err);
        snprintf(place, sizeof place, "%s:%d", path, cases[i].line);
        if (status != cases[i].status || (cases[i].line && strcmp(err.subject, place) != 0) ||
            !strstr(err.message, cases[i].says) || bytes.size)
            fail_msg("case %zu says (%d): %s: %s", i, status, err.subject, err.message);
        if (status == BSR_EMISSING)
            assert_string_equal(err.hint, "wrong.cfg:2 names it, for dense1.weight");
        bytes_free(&bytes);
    }
}

static const char small[] =
    "storage = \"f16\";\n" X "weights = ( { name = \"w\"; values = [1.0, 2.0]; } );\n"
    "layers = ( { type = \"conv\"; input = \"p\"; channels = 8; kernel = 1; activation = \"relu\"; },\n"
    "  { op = \"Flatten\"; }, { type = \"dense\"; name = \"d\"; units = 2; },\n"
    "  { op = \"Mul\"; inputs = [\"d\", \"w\"]; output = \"y\"; } );\n"
    "metadata = { a = \"b\"; };";

static void test_running_out_of_memory_is_said(void **state)
{
    const char  *path = put("small.cfg", small, strlen(small));
    struct bytes bytes = {0};

    (void)state;
    mem_fail_from(0);
    assert_int_equal(build_config(&bytes, path, NULL, NULL), BSR_OK);
    size_t asked = mem_fail_from(0);
    bytes_free(&bytes);
    for (size_t n = 1; n <= asked; n++) {
        mem_fail_from(n);
        bsr_status status = build_config(&bytes, path, NULL, NULL);
        mem_fail_from(0);
        bytes_free(&bytes);
        if (status != BSR_ENOMEM)
            fail_msg("allocation %zu of %zu: %d", n, asked, status);
    }
}

/* Whatever is built can be read. */
static void test_damaged_descriptions_do_no_harm(void **state)
{
    enum { CAPACITY = 4096, ROUNDS = 3000 };
    static const char *const words[] = {"1",  "-1",   "[1]", "\"x\"", "\"\"", "{",       "};",   "( ",
                                        "op", "conv", "0.5", "65535", "name", "\"Add\"", "true", NULL};
    const struct build_config_options options = {.most_bytes = 1 << 20};
    uint64_t                          random = 3;

    (void)state;
    for (int i = 0; i < ROUNDS; i++) {
        uint8_t            data[CAPACITY];
        size_t             size = sizeof small - 1;
        struct bytes       bytes = {0};
        struct bsr_error   err = {0};
        struct onnx_model *model = NULL;
        memcpy(data, small, size);
        mutate(data, &size, sizeof data, words, &random);
        if (build_config(&bytes, put("mutated.cfg", data, size), &options, &err) == BSR_OK)
            assert_int_equal(onnx_model_read(&model, bytes.data, bytes.size, NULL, "mutated", &err), BSR_OK);
        else
            assert_true(err.code != BSR_OK && err.message[0]);
        onnx_model_free(model);
        bytes_free(&bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_linear_function_is_that_of_the_tutorial),
        cmocka_unit_test(test_srcnn_is_that_of_the_tutorial),
        cmocka_unit_test(test_the_perceptron_is_the_same_each_time),
        cmocka_unit_test(test_the_residual_block_is_stored_in_f16),
        cmocka_unit_test(test_options_stand_above_what_is_written),
        cmocka_unit_test(test_weights_come_from_files_and_from_the_text),
        cmocka_unit_test(test_same_padding_keeps_the_size),
        cmocka_unit_test(test_strided_same_padding_halves_the_size),
        cmocka_unit_test(test_nodes_take_any_inputs_and_give_several_outputs),
        cmocka_unit_test(test_numbers_without_a_point_are_floats_where_those_are_wanted),
        cmocka_unit_test(test_what_does_not_fit_is_told_with_its_line),
        cmocka_unit_test(test_running_out_of_memory_is_said),
        cmocka_unit_test(test_damaged_descriptions_do_no_harm),
    };
    return cmocka_run_group_tests(tests, enter, leave);
}
