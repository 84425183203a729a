/* Passes that rewrite numbers and forms: 16-bit floats, quantised weights and activations, what OpenCV does
 * not read. The models are made by make_pass_models.py. */
#include "base/alloc.h"
#include "onnx/passes/passes.h"
#include "tests/onnx/outputs.h"
#include "tests/onnx/sample.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const struct onnx_prepare_options for_opencv = {.opencv = 406, .qdq = ONNX_QDQ_DROP};

static struct bytes written(const struct onnx_model *model)
{
    struct bytes     out = {0};
    struct bsr_error err;
    assert_int_equal(onnx_model_write(model, &out, &err), BSR_OK);
    return out;
}

static void assert_unchanged(const struct onnx_model *model, const struct bytes *before)
{
    struct bytes after = written(model);
    assert_int_equal(before->size, after.size);
    assert_memory_equal(before->data, after.data, after.size);
    bytes_free(&after);
}

/* How many lines of `changes` speak of a node. */
static int lines_of(const struct onnx_changes *changes, const char *node)
{
    int count = 0;
    for (size_t i = 0; i < changes->count; i++)
        count += strstr(changes->items[i].node, node) != NULL;
    return count;
}

static const struct {
    const char *model;
    onnx_pass  *pass;
    bool        changes;
    double      tolerance; /* relative, of the outputs */
} cases[] = {
    {"pass_f16", pass_f16_to_f32, true, 4e-3}, /* a few roundings to 1/2048 */
    {"pass_bf16", pass_f16_to_f32, true, 0.0},
    {"conv", pass_f16_to_f32, false, 0.0},
    {"pass_dequantize", pass_dequantize_weights, true, 1e-6},
    {"pass_qdq_kept", pass_dequantize_weights, false, 0.0},
    {"pass_qdq", pass_drop_qdq, true, 0.06}, /* 6/255/2 twice through the sum, and 0.05/2 */
    {"pass_qdq_old", pass_drop_qdq, true, 0.06},
    {"pass_qdq_kept", pass_drop_qdq, false, 0.0},
    {"conv", pass_drop_qdq, false, 0.0},
    {"pass_forms", pass_lower_for_opencv, true, 0.0},
    {"pass_forms_kept", pass_lower_for_opencv, false, 0.0},
};

static void test_passes_leave_outputs_as_they_were(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct onnx_model  *model = sample_read(cases[i].model);
        struct onnx_changes changes = {0};
        struct bsr_error    err = {0};
        bool                changed = false;
        struct outputs      before = outputs_of(model, i);

        bsr_status status = cases[i].pass(model, &for_opencv, &changes, &changed, &err);
        if (status != BSR_OK)
            fail_msg("%s: %s", cases[i].model, err.message);
        assert_int_equal(changed, cases[i].changes);
        assert_int_equal(changes.count > 0, cases[i].changes);
        struct bytes out = written(model);
        model_index_inputs(model, &err);

        /* f16 inputs are f32 now: the same numbers. */
        struct bsr_tensor  inputs[4] = {{0}};
        struct onnx_model *original = sample_read(cases[i].model);
        for (int n = 0; n < onnx_input_count(model); n++) {
            struct onnx_value was = onnx_input(original, n), is = onnx_input(model, n);
            struct bsr_tensor narrow = random_tensor(was.element_type, was.dims, was.shape, i + (uint64_t)n);
            assert_int_equal(tensor_convert(&inputs[n], &narrow, is.element_type, &err), BSR_OK);
            tensor_free(&narrow);
        }
        struct outputs after = outputs_for(model, inputs);
        double         apart = outputs_difference(&after, &before);
        if (!(apart <= cases[i].tolerance))
            fail_msg("%s: outputs are %g apart", cases[i].model, apart);

        /* What is written is a model, and a second time nothing is left to do. */
        struct onnx_model *again = NULL;
        assert_int_equal(onnx_model_read(&again, out.data, out.size, NULL, "again", &err), BSR_OK);
        changed = false;
        assert_int_equal(cases[i].pass(again, &for_opencv, NULL, &changed, &err), BSR_OK);
        assert_false(changed);
        assert_unchanged(again, &out);

        for (int n = 0; n < 4; n++)
            tensor_free(&inputs[n]);
        outputs_free(&before);
        outputs_free(&after);
        onnx_changes_free(&changes);
        bytes_free(&out);
        onnx_model_free(again);
        onnx_model_free(original);
        onnx_model_free(model);
    }
}

/* Every allocation fails once: a status, no leak, and a model that can be released. */
static void test_passes_survive_any_failed_allocation(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bsr_status status = BSR_ENOMEM;
        for (size_t n = 1; status != BSR_OK; n++) {
            struct onnx_model  *model = sample_read(cases[i].model);
            struct onnx_changes changes = {0};
            struct bsr_error    err = {0};
            bool                changed = false;

            mem_fail_from(n);
            status = cases[i].pass(model, &for_opencv, &changes, &changed, &err);
            mem_fail_from(0);
            assert_true(status == BSR_OK || status == BSR_ENOMEM);
            onnx_changes_free(&changes);
            onnx_model_free(model);
        }
    }
}

static const Onnx__NodeProto *node_named(const struct onnx_model *model, const char *name)
{
    const Onnx__GraphProto *graph = model->proto->graph;
    for (size_t i = 0; i < graph->n_node; i++)
        if (strcmp(text_or_empty(graph->node[i]->name), name) == 0)
            return graph->node[i];
    fail_msg("no node %s", name);
    return NULL;
}

static struct onnx_model *after_pass(const char *name, onnx_pass *pass, struct onnx_changes *changes)
{
    struct onnx_model *model = sample_read(name);
    struct bsr_error   err = {0};
    bool               changed = false;
    assert_int_equal(pass(model, &for_opencv, changes, &changed, &err), BSR_OK);
    assert_true(changed);
    return model;
}

static bsr_status expect_wide(Onnx__TensorProto *tensor, void *context, struct bsr_error *err)
{
    (void)context, (void)err;
    assert_int_not_equal(tensor->data_type, BSR_F16);
    assert_int_not_equal(tensor->data_type, BSR_BF16);
    return BSR_OK;
}

/* Inputs, outputs, weights, casts and the same in subgraphs. */
static void test_no_16_bit_float_is_left(void **state)
{
    (void)state;
    struct onnx_model *model = after_pass("pass_f16", pass_f16_to_f32, NULL);

    assert_int_equal(onnx_input(model, 0).element_type, BSR_F32);
    assert_int_equal(onnx_output(model, 0).element_type, BSR_F32);
    visit_tensors(&model->proto->base, expect_wide, NULL, NULL);
    for (size_t i = 0; i < model->proto->graph->n_node; i++) {
        const Onnx__NodeProto *node = model->proto->graph->node[i];
        if (node_is(node, "Cast"))
            assert_int_equal(node_attribute(node, "to")->i, BSR_F32);
        if (node_is(node, "If"))
            assert_int_equal(node_attribute(node, "then_branch")->g->output[0]->type->tensor_type->elem_type,
                             BSR_F32);
    }
    onnx_model_free(model);
}

static void test_other_engines_keep_their_16_bit_floats(void **state)
{
    (void)state;
    struct onnx_prepare_options options = {.keep_f16 = true};
    struct onnx_model          *model = sample_read("pass_f16");
    struct bytes                before = written(model);
    struct bsr_error            err;
    bool                        changed = false;

    assert_int_equal(pass_f16_to_f32(model, &options, NULL, &changed, &err), BSR_OK);
    assert_false(changed);
    assert_unchanged(model, &before);
    bytes_free(&before);
    onnx_model_free(model);
}

/* Weights only: the pair on an activation stays. */
static void test_weights_are_dequantised(void **state)
{
    (void)state;
    struct onnx_changes changes = {0};
    struct onnx_model  *model = after_pass("pass_dequantize", pass_dequantize_weights, &changes);

    assert_int_equal(onnx_node_count(model, "DequantizeLinear"), 1);
    assert_int_equal(changes.count, 4);
    const Onnx__TensorProto *bias = graph_find_initializer(model->proto->graph, "wb");
    assert_non_null(bias);
    assert_int_equal(bias->data_type, BSR_F32);
    float values[3];
    assert_int_equal(bias->raw_data.len, sizeof values);
    memcpy(values, bias->raw_data.data, sizeof values);
    assert_true(fabsf(values[0] - 0.1F) < 1e-6F && fabsf(values[1] + 14.0F) < 1e-5F &&
                fabsf(values[2] - 3.7035F) < 1e-5F);
    onnx_changes_free(&changes);
    onnx_model_free(model);
}

/* A quantiser leaves out a Relu6 whose range is that of the steps: 0..6 in u8 steps of 6/255. */
static void test_the_range_of_dropped_pairs_stays(void **state)
{
    (void)state;
    struct onnx_changes changes = {0};
    struct onnx_model  *model = after_pass("pass_qdq", pass_drop_qdq, &changes);
    struct onnx_model  *original = sample_read("pass_qdq");
    struct bsr_tensor   input = random_tensor(BSR_F32, 4, (const int64_t[]){1, 2, 4, 4}, 1);

    assert_int_equal(onnx_node_count(model, "Clip"), 2);
    assert_int_equal(onnx_node_count(model, "DequantizeLinear"), 0);
    assert_int_equal(lines_of(&changes, "DequantizeLinear"), 2);
    for (size_t i = 0; i < tensor_count(&input); i++) /* far beyond all ranges */
        tensor_set(&input, i, tensor_get(&input, i) * 100.0);
    struct outputs before = outputs_for(original, &input), after = outputs_for(model, &input);
    assert_true(outputs_difference(&after, &before) <= 0.06);

    tensor_free(&input);
    outputs_free(&before);
    outputs_free(&after);
    onnx_changes_free(&changes);
    onnx_model_free(original);
    onnx_model_free(model);
}

static void test_pairs_stay_unless_they_are_to_go(void **state)
{
    (void)state;
    struct onnx_prepare_options options = {.opencv = 406, .qdq = ONNX_QDQ_KEEP};
    struct onnx_model          *model = sample_read("pass_qdq");
    struct bytes                before = written(model);
    struct bsr_error            err;
    bool                        changed = false;

    assert_int_equal(pass_drop_qdq(model, &options, NULL, &changed, &err), BSR_OK);
    assert_false(changed);
    assert_unchanged(model, &before);
    bytes_free(&before);
    onnx_model_free(model);
}

static void test_pairs_become_one_node_that_rounds_as_they_did(void **state)
{
    static const struct {
        const char *model;
        int         joined;
    } rows[] = {{"pass_qdq", 2}, {"pass_qdq_old", 2}, {"pass_qdq_kept", 0}, {"conv", 0}};
    struct onnx_prepare_options options = {.opencv = 406, .qdq = ONNX_QDQ_JOIN};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct onnx_model  *model = sample_read(rows[i].model);
        struct onnx_changes changes = {0};
        struct bsr_error    err = {0};
        bool                changed = false, again = false;
        struct outputs      before = outputs_of(model, i);
        assert_int_equal(pass_join_qdq(model, &options, &changes, &changed, &err), BSR_OK);
        assert_int_equal(changed, rows[i].joined > 0);
        assert_int_equal(changes.count, rows[i].joined);
        assert_int_equal(onnx_node_count(model, "RoundToSteps"), rows[i].joined);
        struct outputs after = outputs_of(model, i);
        assert_true(outputs_difference(&after, &before) == 0);
        assert_int_equal(pass_join_qdq(model, &options, &changes, &again, &err), BSR_OK);
        assert_false(again);
        outputs_free(&before);
        outputs_free(&after);
        onnx_changes_free(&changes);
        onnx_model_free(model);
    }
}

static void assert_ints(const struct onnx_model *model, const char *node, const char *attribute,
                        const int64_t *values, size_t count)
{
    const Onnx__AttributeProto *list = node_attribute(node_named(model, node), attribute);
    assert_non_null(list);
    assert_int_equal(list->n_ints, count);
    assert_memory_equal(list->ints, values, count * sizeof *values);
    assert_int_equal(node_named(model, node)->n_input, 1);
}

static void test_inputs_become_attributes_for_opencv(void **state)
{
    (void)state;
    struct onnx_changes changes = {0};
    struct onnx_model  *model = after_pass("pass_forms", pass_lower_for_opencv, &changes);

    assert_ints(model, "sized", "split", (const int64_t[]){1, 3}, 2);
    assert_ints(model, "uneven", "split", (const int64_t[]){3, 3, 2}, 3);
    assert_ints(model, "mean", "axes", (const int64_t[]){2, 3}, 2);
    assert_ints(model, "sum", "axes", (const int64_t[]){-1}, 1);
    assert_ints(model, "squeeze", "axes", (const int64_t[]){0}, 1);
    assert_ints(model, "squeeze_all", "axes", (const int64_t[]){0}, 1);
    assert_ints(model, "unsqueeze", "axes", (const int64_t[]){1}, 1);
    assert_string_equal(node_named(model, "unsqueeze_two")->op_type, "Reshape");
    assert_int_equal(node_named(model, "clip")->n_input, 1);
    assert_true(node_attribute(node_named(model, "clip"), "min")->f == -0.5F);
    assert_true(node_attribute(node_named(model, "clip"), "max")->f == 0.25F);
    assert_null(node_attribute(node_named(model, "clip_low"), "max"));
    assert_null(node_attribute(node_named(model, "clip_high"), "min"));
    const Onnx__AttributeProto *kernel = node_attribute(node_named(model, "conv"), "kernel_shape");
    assert_non_null(kernel);
    assert_true(kernel->n_ints == 2 && kernel->ints[0] == 3 && kernel->ints[1] == 1);
    assert_int_equal(changes.count, 12);
    onnx_changes_free(&changes);
    onnx_model_free(model);
}

static void test_standard_onnx_keeps_its_forms(void **state)
{
    (void)state;
    struct onnx_prepare_options options = {.opencv = 0};
    struct onnx_model          *model = sample_read("pass_forms");
    struct bytes                before = written(model);
    struct bsr_error            err;
    bool                        changed = false;

    assert_int_equal(pass_lower_for_opencv(model, &options, NULL, &changed, &err), BSR_OK);
    assert_false(changed);
    assert_unchanged(model, &before);
    bytes_free(&before);
    onnx_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_passes_leave_outputs_as_they_were),
        cmocka_unit_test(test_passes_survive_any_failed_allocation),
        cmocka_unit_test(test_no_16_bit_float_is_left),
        cmocka_unit_test(test_other_engines_keep_their_16_bit_floats),
        cmocka_unit_test(test_weights_are_dequantised),
        cmocka_unit_test(test_the_range_of_dropped_pairs_stays),
        cmocka_unit_test(test_pairs_stay_unless_they_are_to_go),
        cmocka_unit_test(test_pairs_become_one_node_that_rounds_as_they_did),
        cmocka_unit_test(test_inputs_become_attributes_for_opencv),
        cmocka_unit_test(test_standard_onnx_keeps_its_forms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
