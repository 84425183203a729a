/* Models written down node by node compute what they say, and what does not fit is refused where it stands.
 */
#include "base/alloc.h"
#include "base/file.h"
#include "onnx/build.h"
#include "onnx/edit.h"
#include "tests/onnx/built.h"
#include "tests/onnx/shared.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define LIST(...)  ((const char *const[]){__VA_ARGS__, NULL})
#define SHAPE(...) ((const int64_t[]){__VA_ARGS__})

static struct bsr_build *start(void)
{
    struct bsr_build *b = NULL;
    assert_int_equal(bsr_build_open(&b, "test", 0, NULL), BSR_OK);
    return b;
}

static struct bsr_build *start_mlp(struct bsr_build *b)
{
    const struct bsr_attribute turned[] = {bsr_attribute_int("transB", 1), {0}};
    const char                *x = bsr_build_input(b, "x", BSR_F32, 2, SHAPE(1, 3));
    const char                *w1 = ramp_weight(b, "w1", 2, SHAPE(4, 3), -0.5, 0.125);
    const char                *b1 = ramp_weight(b, "b1", 1, SHAPE(4), -1, 0.5);
    const char                *w2 = ramp_weight(b, "w2", 2, SHAPE(2, 4), 1, -0.25);
    const char                *b2 = ramp_weight(b, "b2", 1, SHAPE(2), 0.5, 0);

    if (!b2) /* out of memory: lists would end too early, which is not what is tried */
        return b;
    const char *h = bsr_build_node(b, "Gemm", LIST(x, w1, b1), turned);
    const char *r = bsr_build_node(b, "Relu", LIST(h), NULL);
    const char *y = bsr_build_node(b, "Gemm", LIST(r, w2, b2), turned);
    bsr_build_output(b, y, "scores");
    bsr_build_metadata(b, "author", "nobody");
    return b;
}

/* x = (1, 2, 3): w1 x = (-2, 0.25, 2.5, 4.75); with b1 (-3, -0.25, 2.5, 5.25); Relu (0, 0, 2.5, 5.25);
 * w2 = ((1, .75, .5, .25), (0, -.25, -.5, -.75)): (2.5625, -5.1875); with b2 (3.0625, -4.6875). By hand. */
static void test_a_perceptron_computes_what_is_computed_by_hand(void **state)
{
    struct onnx_model *model = built(start_mlp(start()));
    struct bsr_tensor  x = ramp(2, SHAPE(1, 3), 1, 1);
    struct bsr_tensor  expected = ramp(2, SHAPE(1, 2), 3.0625, -7.75), found;

    (void)state;
    assert_sound(model);
    assert_string_equal(onnx_output(model, 0).name, "scores");
    assert_int_equal(onnx_output(model, 0).shape[1], 2);
    assert_string_equal(onnx_metadata(model, "author"), "nobody");
    assert_int_equal(onnx_opset(model, ""), 17);
    found = run_model(model, &x, 1);
    assert_tensors_near(&found, &expected, 1e-6);
    onnx_model_free(model);
}

static void test_shapes_are_known_as_nodes_are_added(void **state)
{
    struct bsr_build *b = start();
    struct bsr_tensor shape = {0};
    const char       *x = bsr_build_input(b, "x", BSR_F32, 4, SHAPE(1, 2, 8, 8));
    const char       *w = ramp_weight(b, "w", 4, SHAPE(5, 2, 3, 3), 0, 1);
    const char       *y = bsr_build_node(b, "Conv", LIST(x, w), NULL);

    (void)state;
    assert_int_equal(bsr_build_shape(b, y, &shape), 1);
    assert_string_equal(tensor_shape_text(&shape).text, "1x5x6x6");
    assert_null(shape.data);
    assert_int_equal(bsr_build_shape(b, w, &shape), 1);
    assert_non_null(shape.data);
    assert_int_equal(bsr_build_shape(b, "z", &shape), 0);
    bsr_build_close(b);
}

static void test_inputs_of_any_size_stay_so(void **state)
{
    struct bsr_build *b = start();
    struct bsr_tensor shape;
    const char       *x = bsr_build_input(b, "x", BSR_I64, 2, SHAPE(-1, 3));
    const char       *y = bsr_build_node(b, "Neg", LIST(x), NULL);

    (void)state;
    assert_int_equal(bsr_build_shape(b, y, &shape), 0);
    bsr_build_output(b, y, NULL);
    struct onnx_model *model = built(b);
    assert_sound(model);
    assert_int_equal(onnx_input(model, 0).shape[0], -1);
    assert_int_equal(onnx_input(model, 0).shape[1], 3);
    assert_int_equal(onnx_output(model, 0).element_type, BSR_I64);
    assert_int_equal(onnx_output(model, 0).dims, -1);
    onnx_model_free(model);
}

static void test_inputs_and_weights_can_be_outputs(void **state)
{
    struct bsr_build *b = start();
    const char       *x = bsr_build_input(b, "x", BSR_F32, 1, SHAPE(2));
    const char       *y = bsr_build_node(b, "Abs", LIST(x), NULL);

    (void)state;
    bsr_build_output(b, x, "same");
    bsr_build_output(b, y, "size");
    bsr_build_output(b, y, "size_again");
    struct onnx_model *model = built(b);
    assert_sound(model);
    assert_int_equal(onnx_output_count(model), 3);
    assert_string_equal(onnx_input(model, 0).name, "x");
    assert_string_equal(onnx_output(model, 0).name, "same");
    assert_string_equal(onnx_output(model, 2).name, "size_again");
    struct bsr_tensor in = ramp(1, SHAPE(2), -1, 5), expected = ramp(1, SHAPE(2), -1, 5);
    struct bsr_tensor found = run_model(model, &in, 1);
    assert_tensors_near(&found, &expected, 0);
    onnx_model_free(model);
}

static void test_a_renamed_output_is_still_known_by_its_first_name(void **state)
{
    struct bsr_build *b = start();
    const char       *x = bsr_build_input(b, "x", BSR_F32, 1, SHAPE(2));
    const char       *y = bsr_build_node(b, "Abs", LIST(x), NULL);

    (void)state;
    bsr_build_output(b, y, "size");
    bsr_build_output(b, bsr_build_node(b, "Neg", LIST(y), NULL), "minus");
    struct onnx_model *model = built(b);
    assert_sound(model);
    struct bsr_tensor in = ramp(1, SHAPE(2), -1, 5), expected = ramp(1, SHAPE(2), 1, 3);
    struct bsr_tensor found = run_model(model, &in, 1);
    assert_tensors_near(&found, &expected, 0);
    onnx_model_free(model);
}

/* 0.1 is 0.0999755859375 in f16 (numpy.float16(0.1)); small tensors stay as they are. */
static void test_weights_stored_as_f16_compute_in_f32(void **state)
{
    struct bsr_build *b = start();

    (void)state;
    bsr_build_store_f16(b);
    const char *x = bsr_build_input(b, "x", BSR_F32, 1, SHAPE(16));
    const char *w = ramp_weight(b, "w", 1, SHAPE(16), 0.1, 0);
    const char *s = ramp_weight(b, "s", 1, SHAPE(1), 0.1, 0);
    const char *y = bsr_build_node(b, "Mul", LIST(x, w), NULL);
    bsr_build_output(b, bsr_build_node(b, "Add", LIST(y, s), NULL), "y");
    struct onnx_model *model = built(b);
    assert_sound(model);
    assert_int_equal(onnx_node_count(model, "Cast"), 1);
    struct bsr_tensor in = ramp(1, SHAPE(16), 2, 0),
                      expected = ramp(1, SHAPE(16), 2 * 0.0999755859375 + 0.1, 0);
    struct bsr_tensor found = run_model(model, &in, 1);
    assert_tensors_near(&found, &expected, 1e-7);
    onnx_model_free(model);
}

static void test_operators_of_other_domains_are_taken_as_they_are(void **state)
{
    struct bsr_build          *b = start();
    const struct bsr_attribute attributes[] = {bsr_attribute_text("mode", "any"),
                                               bsr_attribute_float("f", 2),
                                               bsr_attribute_floats("fs", 2, (const float[]){1, 2}),
                                               {0}};
    const char                *x = bsr_build_input(b, "x", BSR_F32, 1, SHAPE(16));
    const char                *y = bsr_build_node(b, "my.own.Thing", LIST(x, ""), attributes);

    (void)state;
    bsr_build_output(b, y, "y");
    struct onnx_model *model = built(b);
    assert_int_equal(onnx_opset(model, "my.own"), 1);
    assert_int_equal(onnx_output(model, 0).element_type, BSR_F32);
    assert_int_equal(onnx_node_count(model, "Thing"), 1);
    onnx_model_free(model);
}

static void test_what_does_not_fit_is_refused_where_it_stands(void **state)
{
    static const struct {
        const char *op, *input, *says;
        bool        attribute;
    } cases[] = {
        {"Convv", "x", "ONNX has no operator 'Convv'; did you mean 'Conv'?", false},
        {"Conv", "xx", "nothing before makes 'xx'", false},
        {"Conv", "weihgt", "did you mean 'weight'?", false},
        {"MatMul", "x", "do not", false},
        {"Conv", "x", "Conv has no attribute 'stride'; did you mean 'strides'?", true},
        {"", "x", "no operator's name", false},
        {"my.", "x", "no operator's name", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bsr_build          *b = start();
        const struct bsr_attribute wrong[] = {bsr_attribute_int("stride", 2), {0}};
        bsr_build_input(b, "x", BSR_F32, 2, SHAPE(2, 3));
        const char *w = ramp_weight(b, "weight", 2, SHAPE(2, 2), 0, 1);
        const char *y =
            bsr_build_node(b, cases[i].op, LIST(cases[i].input, w), cases[i].attribute ? wrong : NULL);
        assert_null(y);
        bsr_build_output(b, y, "y"); /* the first failure is the one that is told */
        const char *says = why_not_built(b);
        if (!strstr(says, cases[i].says))
            fail_msg("case %zu says: %s", i, says);
    }
}

/* What ONNX gives to a node, in the opset that the model is written in: Operators.md. */
static void test_nodes_are_what_onnx_has_in_that_opset(void **state)
{
    const struct bsr_attribute text = bsr_attribute_text("axis", "1"), axis = bsr_attribute_int("axis", 1),
                               axes = bsr_attribute_ints("axes", 1, SHAPE(0)),
                               alpha = bsr_attribute_float("alpha", 0.5F),
                               many = bsr_attribute_ints("axis", 1, SHAPE(1));
    const struct {
        int                  opset;
        const char          *op, *second, *says; /* says NULL: it is taken */
        struct bsr_attribute attribute;
    } cases[] = {
        {18, "Mish", NULL, NULL, {0}},
        {17, "Mish", NULL, "Mish came with opset 18, the model's is 17", {0}},
        {12, "Squeeze", NULL, NULL, axes},
        {13, "Squeeze", NULL, "attribute 'axes' of Squeeze went with opset 13", axes},
        {17, "LeakyRelu", NULL, NULL, alpha},
        {17, "Relu", "x", "Relu has 2 inputs; it takes 1", {0}},
        {17, "Concat", "x", NULL, axis},
        {17, "Concat", "x", "Concat needs the attribute 'axis'", {0}},
        {17, "Softmax", NULL, "attribute 'axis' of Softmax is a whole number, not a text", text},
        {17, "Softmax", NULL, "is a whole number, not a list of whole numbers", many},
        {17, "Where", "x", "Where has 2 inputs; it takes 3", {0}},
        {17, "If", NULL, "If holds graphs of its own", {0}},
        {17, "my.Relu", "x", NULL, alpha},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct bsr_attribute attributes[] = {cases[i].attribute, {0}};
        struct bsr_build          *b = NULL;
        assert_int_equal(bsr_build_open(&b, "test", cases[i].opset, NULL), BSR_OK);
        const char *x = bsr_build_input(b, "x", BSR_F32, 2, SHAPE(1, 3));
        bsr_build_output(b, bsr_build_node(b, cases[i].op, LIST(x, cases[i].second), attributes), "y");
        if (!cases[i].says)
            onnx_model_free(built(b));
        else if (!strstr(why_not_built(b), cases[i].says))
            fail_msg("case %zu: '%s' is not said", i, cases[i].says);
    }
    struct bsr_build *b = start();
    const char       *x = bsr_build_input(b, "x", BSR_F32, 1, SHAPE(2));
    assert_null(bsr_build_named_node(b, "Relu", NULL, LIST(x), LIST("y", "z"), NULL));
    assert_string_equal(why_not_built(b), "Relu has 2 outputs; it takes 1");
}

static void test_names_are_given_once(void **state)
{
    struct bsr_build *b = start();

    (void)state;
    bsr_build_input(b, "x", BSR_F32, 1, SHAPE(2));
    assert_null(bsr_build_input(b, "x", BSR_F32, 1, SHAPE(2)));
    assert_string_equal(why_not_built(b), "there is a value 'x' already");

    b = start();
    const char *x = bsr_build_input(b, "x", BSR_F32, 1, SHAPE(2));
    const char *y = bsr_build_node(b, "Abs", LIST(x), NULL);
    bsr_build_output(b, y, "x");
    assert_string_equal(why_not_built(b), "there is a value 'x' already");
}

static void test_half_finished_models_are_refused(void **state)
{
    struct bsr_build *b = start();
    (void)state;
    assert_string_equal(why_not_built(b), "a model without a node");
    b = start();
    bsr_build_node(b, "Abs", LIST(bsr_build_input(b, "x", BSR_F32, 0, NULL)), NULL);
    assert_string_equal(why_not_built(b), "a model without an output");
    assert_int_equal(bsr_build_open(&b, "x", 23, NULL), BSR_EUSAGE);
    b = start();
    assert_null(bsr_build_input(b, "x", 8, 0, NULL));
    assert_string_equal(why_not_built(b), "its type is none of besra's (8)");
    b = start();
    assert_null(bsr_build_input(b, "x", BSR_F32, 9, SHAPE(1, 1, 1, 1, 1, 1, 1, 1, 1)));
    assert_string_equal(why_not_built(b), "it has 9 dimensions (0 to 8)");
    b = start();
    assert_null(bsr_build_weight(b, "w", &(struct bsr_tensor){.type = BSR_F32}));
    assert_string_equal(why_not_built(b), "it has no numbers, or more than 2 GiB of them");
    b = start();
    bsr_build_output(b, "z", NULL);
    assert_string_equal(why_not_built(b), "nothing before makes 'z'");
}

static void test_a_file_is_written_whole_or_not_at_all(void **state)
{
    char              folder[] = "/tmp/besra-build-XXXXXX", path[64];
    struct bsr_build *b = start_mlp(start());
    struct bsr_error  err = {0};

    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/mlp.onnx", folder);
    file_fail_write(1);
    assert_int_equal(bsr_build_write(b, path, &err), BSR_EIO);
    file_fail_write(0);
    assert_int_not_equal(access(path, F_OK), 0);
    assert_int_equal(bsr_build_write(b, path, &err), BSR_OK);
    assert_int_equal(access(path, R_OK), 0);
    bsr_build_close(b);
    unlink(path);
    rmdir(folder);
}

static bsr_status build_mlp(void)
{
    struct bsr_build *b = NULL;
    struct bytes      bytes = {0};
    bsr_status        status = bsr_build_open(&b, "test", 0, NULL);

    if (status == BSR_OK) {
        bsr_build_store_f16(b);
        const char *x = bsr_build_input(b, "x", BSR_F32, 2, SHAPE(1, 4));
        const float numbers[16] = {1, 2, 3};
        union {
            const float *in;
            void        *out;
        } cast = {numbers};
        const char *w = bsr_build_weight(b, "w", &(struct bsr_tensor){cast.out, BSR_F32, 2, {4, 4}});
        const char *y = w ? bsr_build_node(b, "MatMul", LIST(x, w), NULL) : NULL;
        bsr_build_output(b, y ? y : "none", "y");
        bsr_build_metadata(b, "author", "nobody");
        status = build_pack(b, &bytes, NULL);
    }
    bsr_build_close(b);
    bytes_free(&bytes);
    return status;
}

static void test_running_out_of_memory_is_said(void **state)
{
    (void)state;
    mem_fail_from(0);
    assert_int_equal(build_mlp(), BSR_OK);
    size_t asked = mem_fail_from(0);
    for (size_t n = 1; n <= asked; n++) {
        mem_fail_from(n);
        if (build_mlp() != BSR_ENOMEM)
            fail_msg("allocation %zu of %zu", n, asked);
    }
    mem_fail_from(0);
}

/* ---- the tutorials' models
 * ------------------------------------------------------------------------------------- */

static void test_the_linear_function_is_that_of_the_tutorial(void **state)
{
    struct bsr_tensor inputs[3] = {shared_tensor("linear_func_a"), shared_tensor("linear_func_x"),
                                   shared_tensor("linear_func_b")};
    struct bsr_build *b = start();

    (void)state;
    const char *a = bsr_build_input(b, "a", BSR_F32, inputs[0].dims, inputs[0].shape);
    const char *x = bsr_build_input(b, "x", BSR_F32, inputs[1].dims, inputs[1].shape);
    const char *c = bsr_build_input(b, "b", BSR_F32, inputs[2].dims, inputs[2].shape);
    const char *ax = bsr_build_node(b, "Mul", LIST(a, x), NULL);
    bsr_build_output(b, bsr_build_node(b, "Add", LIST(ax, c), NULL), "output");
    struct onnx_model *model = built(b);
    assert_sound(model);
    struct bsr_tensor found = run_model(model, inputs, 3), expected = shared_tensor("linear_func_output");
    assert_tensors_near(&found, &expected, 1e-6);
    onnx_model_free(model);
}

static const char *shared_weight(struct bsr_build *b, const char *name, const char *file)
{
    struct bsr_tensor tensor = shared_tensor(file);
    const char       *value = bsr_build_weight(b, name, &tensor);
    tensor_free(&tensor);
    return value;
}

static const char *add_conv(struct bsr_build *b, const char *x, int number, int64_t pad)
{
    char                       name[16], file[32];
    const int64_t              pads[] = {pad, pad, pad, pad};
    const struct bsr_attribute attributes[] = {bsr_attribute_ints("pads", 4, pads), {0}};

    snprintf(name, sizeof name, "w%d", number);
    snprintf(file, sizeof file, "srcnn_conv%d_weight", number);
    const char *w = shared_weight(b, name, file);
    snprintf(name, sizeof name, "b%d", number);
    snprintf(file, sizeof file, "srcnn_conv%d_bias", number);
    const char *bias = shared_weight(b, name, file);
    return bsr_build_node(b, "Conv", LIST(x, w, bias), attributes);
}

static void test_srcnn_is_that_of_the_tutorial(void **state)
{
    struct bsr_build          *b = NULL;
    const struct bsr_attribute cubic[] = {
        bsr_attribute_text("mode", "cubic"), bsr_attribute_float("cubic_coeff_a", -0.75F), {0}};
    struct onnx_model *original = shared_read("srcnn");
    struct bsr_tensor  scales = ramp(1, SHAPE(4), 1, 0);

    (void)state;
    assert_int_equal(bsr_build_open(&b, "srcnn", 11, NULL), BSR_OK);
    tensor_set(&scales, 2, 3);
    tensor_set(&scales, 3, 3);
    const char *x = bsr_build_input(b, "input", BSR_F32, 4, SHAPE(1, 3, 20, 24));
    const char *s = bsr_build_weight(b, "scales", &scales);
    tensor_free(&scales);
    const char *large = bsr_build_node(b, "Resize", LIST(x, "", s), cubic);
    const char *r1 = bsr_build_node(b, "Relu", LIST(add_conv(b, large, 1, 4)), NULL);
    const char *r2 = bsr_build_node(b, "Relu", LIST(add_conv(b, r1, 2, 0)), NULL);
    bsr_build_output(b, add_conv(b, r2, 3, 2), "output");
    struct onnx_model *model = built(b);
    assert_sound(model);

    struct bsr_tensor in = ramp(4, SHAPE(1, 3, 20, 24), 0, 1.0 / 1440),
                      same = ramp(4, in.shape, 0, 1.0 / 1440);
    struct bsr_tensor found = run_model(model, &in, 1);
    /* The original is for pictures of 256x256. */
    assert_int_equal(onnx_set_input_shape(original, "input", same.shape, 4, NULL), BSR_OK);
    struct bsr_tensor expected = run_model(original, &same, 1);
    assert_tensors_near(&found, &expected, 1e-6);
    onnx_model_free(model);
    onnx_model_free(original);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_perceptron_computes_what_is_computed_by_hand),
        cmocka_unit_test(test_shapes_are_known_as_nodes_are_added),
        cmocka_unit_test(test_inputs_of_any_size_stay_so),
        cmocka_unit_test(test_inputs_and_weights_can_be_outputs),
        cmocka_unit_test(test_a_renamed_output_is_still_known_by_its_first_name),
        cmocka_unit_test(test_weights_stored_as_f16_compute_in_f32),
        cmocka_unit_test(test_operators_of_other_domains_are_taken_as_they_are),
        cmocka_unit_test(test_what_does_not_fit_is_refused_where_it_stands),
        cmocka_unit_test(test_nodes_are_what_onnx_has_in_that_opset),
        cmocka_unit_test(test_names_are_given_once),
        cmocka_unit_test(test_half_finished_models_are_refused),
        cmocka_unit_test(test_a_file_is_written_whole_or_not_at_all),
        cmocka_unit_test(test_running_out_of_memory_is_said),
        cmocka_unit_test(test_the_linear_function_is_that_of_the_tutorial),
        cmocka_unit_test(test_srcnn_is_that_of_the_tutorial),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
