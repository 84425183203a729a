/* Layers on 8-bit numbers: what numpy makes of them (make_golden_quantize.py), which tensors share a scale,
 * and where QuantizeLinear and DequantizeLinear stand. */
#include "base/alloc.h"
#include "base/bytes.h"
#include "onnx/inspect/inspect.h"
#include "onnx/quantize.h"
#include "onnx/tensors.h"
#include "tests/onnx/golden_quantize.h"
#include "tests/onnx/graph_text.h"
#include "tests/onnx/outputs.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define EACH(array) sizeof(array) / sizeof *(array)

static struct onnx_quantize_plan plan_of(const struct onnx_model *model, const char *keep)
{
    struct onnx_quantize_plan       plan = {.layers = NULL};
    const struct onnx_quantize_keep kept = {keep, "it hurts"};
    struct bsr_error                err = {0};
    if (onnx_quantize_plan(&plan, model, &kept, keep != NULL, &err) != BSR_OK)
        fail_msg("%s", err.message);
    return plan;
}

static void set_ranges(struct onnx_quantize_plan *plan, double least, double most)
{
    for (int g = 0; g < plan->group_count; g++)
        onnx_quantize_set_range(&plan->groups[g], least, most);
}

/* Quantised over that range. */
static struct onnx_model *quantized(const char *text, const char *keep, double least, double most)
{
    struct onnx_model        *model = model_of_text(text);
    struct onnx_quantize_plan plan = plan_of(model, keep);
    struct bsr_error          err = {0};

    set_ranges(&plan, least, most);
    if (onnx_quantize_apply(model, &plan, &err) != BSR_OK)
        fail_msg("%s", err.message);
    onnx_quantize_plan_free(&plan);
    return model;
}

static void assert_sound(const struct onnx_model *model)
{
    struct onnx_faults faults = {0};
    assert_int_equal(onnx_find_faults(&faults, model, NULL), BSR_OK);
    for (size_t i = 0; i < faults.count; i++)
        fail_msg("%s: %s", faults.items[i].where, faults.items[i].what);
    onnx_faults_free(&faults);
}

/* ---- numbers ----------------------------------------------------------------------------------------- */

static struct bsr_tensor constant(const struct onnx_model *model, const char *name)
{
    const Onnx__TensorProto *proto = graph_find_initializer(model->proto->graph, name);
    struct bsr_tensor        tensor = {.data = NULL};
    if (!proto)
        fail_msg("there is no '%s'", name);
    assert_int_equal(tensor_read(&tensor, proto, NULL), BSR_OK);
    return tensor;
}

static void expect_constant(const struct onnx_model *model, const char *name, int type, int count,
                            const void *data)
{
    struct bsr_tensor tensor = constant(model, name);
    assert_int_equal(tensor.type, type);
    assert_int_equal(tensor_count(&tensor), count);
    assert_memory_equal(tensor.data, data, tensor_bytes(&tensor));
    tensor_free(&tensor);
}

static void expect_layer(const struct golden_layer *golden)
{
    struct onnx_model *model = quantized(golden->model, NULL, golden->least, golden->most);
    struct bsr_tensor  input = tensor_of_text(golden->input);
    const float        scale = (float)golden->scale;
    const uint8_t      zero = (uint8_t)golden->zero_point;

    print_message("%s\n", golden->name);
    assert_sound(model);
    expect_constant(model, "x_scale", BSR_F32, 1, &scale);
    expect_constant(model, "x_zero_point", BSR_U8, 1, &zero);
    expect_constant(model, "w_quantized", BSR_I8, golden->weight_count, golden->weights);
    expect_constant(model, "w_scale", BSR_F32, golden->channels, golden->scales);
    if (golden->bias_count)
        expect_constant(model, "b_quantized", BSR_I32, golden->bias_count, golden->bias);
    assert_null(graph_find_initializer(model->proto->graph, "w"));
    struct outputs found = outputs_for(model, &input);
    for (int i = 0; i < golden->output_count; i++)
        assert_float_equal(tensor_get(&found.tensors[0], (size_t)i), golden->outputs[i], 2e-5);
    outputs_free(&found);
    tensor_free(&input);
    onnx_model_free(model);
}

static void test_layers_compute_what_numpy_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < EACH(golden_layers); i++)
        expect_layer(&golden_layers[i]);
}

/* A convolution by one shows its input as it is rounded. */
static void test_rounding_is_off_by_half_a_step_at_most(void **state)
{
    (void)state;
    static const double ranges[][2] = {{0, 1},    {-1, 1},  {-0.2785, 9.5}, {-700, 0},
                                       {0.25, 3}, {-3, -1}, {0, 0}};
    for (size_t r = 0; r < EACH(ranges); r++) {
        struct onnx_quantize_group group = {.known = false};
        struct onnx_model *model = quantized("input x f32 1 1 1 64\ninit w f32 1 1 1 1 : 1\ny = Conv(x, w)\n"
                                             "output y f32 1 1 1 64\n",
                                             NULL, ranges[r][0], ranges[r][1]);
        onnx_quantize_set_range(&group, ranges[r][0], ranges[r][1]);
        double least = fmin(ranges[r][0], 0), most = fmax(ranges[r][1], 0), step = (double)group.scale;
        for (uint64_t seed = 0; seed < 40; seed++) {
            struct bsr_tensor x = random_tensor(BSR_F32, 4, (const int64_t[]){1, 1, 1, 64}, seed);
            float            *numbers = x.data;
            for (int i = 0; i < 64; i++)
                numbers[i] = i == 0 ? 0.0F : (float)(least + (most - least) * (double)(numbers[i] + 1) / 2);
            struct outputs found = outputs_for(model, &x);
            for (size_t i = 0; i < 64; i++) {
                double apart = fabs(tensor_get(&found.tensors[0], i) - (double)numbers[i]);
                /* the ends may lie off the steps by half of one, since zero lies on one */
                double near =
                    (double)numbers[i] < least + step || (double)numbers[i] > most - step ? step : step / 2;
                if (!(apart <= near * 1.0001))
                    fail_msg("%g of %g .. %g becomes %g", (double)numbers[i], least, most,
                             tensor_get(&found.tensors[0], i));
            }
            assert_true(tensor_get(&found.tensors[0], 0) == 0); /* padding */
            outputs_free(&found);
            tensor_free(&x);
        }
        onnx_model_free(model);
    }
}

/* Weights of next to nothing beside a bias, of nothing at all, and what is no number. */
static void test_a_bias_is_never_cut_off(void **state)
{
    (void)state;
    struct onnx_model *model =
        quantized("input x f32 1 1 2 2\ninit w f32 4 1 1 1 : 1e-12 0 0 nan\ninit b f32 4 : 5 -2 0 1\n"
                  "y = Conv(x, w, b)\noutput y f32 1 4 2 2\n",
                  NULL, 0, 1);
    struct outputs      found = outputs_of(model, 1);
    static const double wanted[] = {5, -2, 0, 1};

    for (size_t i = 0; i < 16; i++)
        assert_float_equal(tensor_get(&found.tensors[0], i), wanted[i / 4], 1e-5);
    outputs_free(&found);
    onnx_model_free(model);
}

/* ---- groups ------------------------------------------------------------------------------------------ */

/* "a b, c; d": two groups, of which the first has two sources and one tensor beside them. */
static void append_groups(struct bytes *out, const struct onnx_quantize_plan *plan)
{
    for (int g = 0; g < plan->group_count; g++)
        for (int t = 0; t < plan->groups[g].count; t++)
            bytes_append_format(out, "%s%s",
                                t == plan->groups[g].sources ? ", "
                                : t                          ? " "
                                : g                          ? "; "
                                                             : "",
                                plan->groups[g].tensors[t]);
}

#define W "init w f32 2 2 1 1 : 1 2 3 4\ninit v f32 2 4 1 1 : 1 2 3 4 5 6 7 8\n"
#define X W "input x f32 1 2 4 4\n"

static void test_tensors_that_meet_share_a_scale(void **state)
{
    static const struct {
        const char *name, *text, *groups;
    } rows[] = {
        {"a chain has a scale each", X "a = Conv(x, w)\nb = Relu(a)\ny = Conv(b, w)\noutput y f32 *\n",
         "x; b"},
        {"one concat, one scale",
         X "a = Relu(x)\nb = Tanh(x)\nc = Concat(a, b) axis=1\ny = Conv(c, v)\noutput y f32 *\n", "a b, c"},
        {"a tensor of two concats joins them",
         X "a = Relu(x)\nb = Tanh(x)\nc = Concat(a, b) axis=1\nd = Exp(x)\ne = Concat(d, b) axis=1\n"
           "y = Conv(c, v)\nz = Conv(e, v)\noutput y f32 *\noutput z f32 *\n",
         "a b d, c e"},
        {"what moves numbers has theirs",
         X "a = Relu(x)\nb = MaxPool(a) kernel_shape=[2,2]\nc = Reshape(b, s)\ninit s i64 4 : 1 2 3 3\n"
           "d = Transpose(c) perm=[0,1,3,2]\ny = Conv(d, w)\noutput y f32 *\n",
         "a, d c b"},
        {"nearest moves, linear computes",
         X "init k f32 4 : 1 1 2 2\na = Relu(x)\nb = Resize(a, , k) mode='nearest'\nc = Resize(a, , k) "
           "mode='linear'\ny = Conv(b, w)\nz = Conv(c, w)\noutput y f32 *\noutput z f32 *\n",
         "a, b; c"},
        {"a concat with a constant starts anew",
         X "init k f32 1 2 4 4 : 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 "
           "29 30 31 32\n"
           "a = Relu(x)\nb = Concat(a, k) axis=1\ny = Conv(b, v)\noutput y f32 *\n",
         "b"},
        {"sums compute", X "a = Relu(x)\nb = Add(a, x)\ny = Conv(b, w)\noutput y f32 *\n", "b"},
        {"averages compute", X "b = AveragePool(x) kernel_shape=[1,1]\ny = Conv(b, w)\noutput y f32 *\n",
         "b"},
        {"weights that are computed are no weights", X "u = Relu(w)\ny = Conv(x, u)\noutput y f32 *\n", ""},
    };
    (void)state;
    for (size_t i = 0; i < EACH(rows); i++) {
        struct onnx_model        *model = model_of_text(rows[i].text);
        struct onnx_quantize_plan plan = plan_of(model, NULL);
        struct bytes              groups = {0};
        append_groups(&groups, &plan);
        if (strcmp(bytes_text(&groups), rows[i].groups) != 0)
            fail_msg("%s: \"%s\" instead of \"%s\"", rows[i].name, bytes_text(&groups), rows[i].groups);
        bytes_free(&groups);
        onnx_quantize_plan_free(&plan);
        onnx_model_free(model);
    }
}

static void test_what_cannot_be_quantised_says_why(void **state)
{
    static const struct {
        const char *text, *why;
    } rows[] = {
        {X "u = Relu(w)\ny = Conv(x, u)\noutput y f32 *\n", "its weights are no constant"},
        {"input x f32 2 3\ninit w f32 3 1 : 1 2 3\ny = Gemm(x, w) alpha=0.5\noutput y f32 *\n",
         "it has factors of its own (alpha, beta)"},
        {"input x f64 2 3\ninit w f64 3 1 : 1 2 3\ny = MatMul(x, w)\noutput y f64 *\n",
         "its input is not known to be f32"},
        {"input x f32 2 2 3\ninit w f32 2 3 1 : 1 2 3 4 5 6\ny = MatMul(x, w)\noutput y f32 *\n",
         "its weights are of another shape than it takes"},
        {X "y = Conv(x, w)\noutput y f32 *\n", "it hurts"},
    };
    (void)state;
    for (size_t i = 0; i < EACH(rows); i++) {
        struct onnx_model        *model = model_of_text(rows[i].text);
        struct onnx_quantize_plan plan = plan_of(model, "y");
        assert_int_equal(plan.layer_count, 1);
        assert_string_equal(plan.layers[0].why, rows[i].why);
        assert_int_equal(plan.layers[0].group, -1);
        assert_int_equal(onnx_quantize_find(&plan, "y"), 0);
        assert_int_equal(onnx_quantize_find(&plan, "/y"), 0);
        assert_int_equal(onnx_quantize_find(&plan, "z"), -1);
        onnx_quantize_plan_free(&plan);
        onnx_model_free(model);
    }
}

/* ---- where the pairs stand --------------------------------------------------------------------------- */

/* Nodes, a line each: "y = Conv(x, w)". */
static struct bytes nodes_of(const struct onnx_model *model)
{
    const Onnx__GraphProto *graph = model->proto->graph;
    struct bytes            text = {0};
    for (size_t n = 0; n < graph->n_node; n++) {
        bytes_append_format(&text, "%s = %s(", graph->node[n]->output[0], graph->node[n]->op_type);
        for (size_t i = 0; i < graph->node[n]->n_input; i++)
            bytes_append_format(&text, "%s%s", i ? ", " : "", graph->node[n]->input[i]);
        bytes_append_text(&text, ")\n");
    }
    return text;
}

static void expect_nodes(const char *text, const char *keep, const char *wanted)
{
    struct onnx_model *model = quantized(text, keep, -1, 2);
    struct bytes       nodes = nodes_of(model);
    assert_sound(model);
    assert_string_equal(bytes_text(&nodes), wanted);
    bytes_free(&nodes);
    onnx_model_free(model);
}

#define PAIR(x, scale)                                                                                       \
    x "_quantized = QuantizeLinear(" x ", " scale "_scale, " scale "_zero_point)\n" x                        \
      "_dequantized = DequantizeLinear(" x "_quantized, " scale "_scale, " scale "_zero_point)\n"
#define WEIGHTS(w) w "_dequantized = DequantizeLinear(" w "_quantized, " w "_scale, " w "_zero_point)\n"

static void test_activations_are_computed_on_f32(void **state)
{
    (void)state;
    expect_nodes(
        X "init u f32 2 2 1 1 : 4 3 2 1\na = Conv(x, w)\ns = Sigmoid(a)\nm = Mul(a, s)\ny = Conv(m, u)\n"
          "output y f32 *\n",
        NULL,
        PAIR("x", "x") WEIGHTS("w") "a = Conv(x_dequantized, w_dequantized)\ns = Sigmoid(a)\n"
                                    "m = Mul(a, s)\n" PAIR("m", "m")
                                        WEIGHTS("u") "y = Conv(m_dequantized, u_dequantized)\n");
}

static void test_sums_read_what_was_rounded_and_outputs_what_was_not(void **state)
{
    (void)state;
    expect_nodes("input x f32 1 2 4 4\ninit w f32 2 2 1 1 : 1 2 3 4\ninit u f32 2 2 1 1 : 4 3 2 1\n"
                 "a = Relu(x)\nb = Conv(a, w)\nc = Add(a, b)\nd = Shape(c)\ny = Conv(c, u)\n"
                 "output y f32 *\noutput c f32 *\noutput d i64 *\n",
                 NULL,
                 "a = Relu(x)\n" PAIR("a", "a")
                     WEIGHTS("w") "b = Conv(a_dequantized, w_dequantized)\nc = Add(a_dequantized, b)\n" PAIR(
                         "c", "c") "d = Shape(c)\n" WEIGHTS("u") "y = Conv(c_dequantized, u_dequantized)\n");
}

static void test_what_is_moved_is_rounded_before_and_behind_with_one_scale(void **state)
{
    (void)state;
    expect_nodes("input x f32 1 2 4 4\ninit v f32 2 4 1 1 : 1 2 3 4 5 6 7 8\na = Relu(x)\nb = Tanh(x)\n"
                 "c = Concat(a, b) axis=1\ny = Conv(c, v)\noutput y f32 *\n",
                 NULL,
                 "a = Relu(x)\n" PAIR("a", "a") "b = Tanh(x)\n" PAIR(
                     "b", "a") "c = Concat(a_dequantized, b_dequantized)\n" PAIR("c", "a")
                     WEIGHTS("v") "y = Conv(c_dequantized, v_dequantized)\n");
}

static void test_layers_that_stay_read_what_was_not_rounded(void **state)
{
    (void)state;
    expect_nodes("input x f32 1 2 4 4\ninit w f32 2 2 1 1 : 1 2 3 4\ninit u f32 2 2 1 1 : 4 3 2 1\n"
                 "y = Conv(x, w)\nz = Conv(x, u)\noutput y f32 *\noutput z f32 *\n",
                 "z", PAIR("x", "x") WEIGHTS("w") "y = Conv(x_dequantized, w_dequantized)\nz = Conv(x, u)\n");
}

/* Two layers on the same weights each get constants of their own: their biases need them so. */
static void test_shared_weights_are_quantised_for_each_layer(void **state)
{
    (void)state;
    expect_nodes("input x f32 1 2 4 4\ninit w f32 2 2 1 1 : 1 2 3 4\na = Conv(x, w)\ny = Conv(a, w)\n"
                 "output y f32 *\n",
                 NULL,
                 PAIR("x", "x")
                     WEIGHTS("a_weight") "a = Conv(x_dequantized, a_weight_dequantized)\n" PAIR("a", "a")
                         WEIGHTS("y_weight") "y = Conv(a_dequantized, y_weight_dequantized)\n");
}

static void test_names_that_are_taken_are_not_taken_again(void **state)
{
    (void)state;
    struct onnx_model *model =
        quantized("input x f32 1 2 4 4\ninit w f32 2 2 1 1 : 1 2 3 4\nx_scale = Relu(x)\n"
                  "x_quantized = Conv(x_scale, w)\nw_scale = Conv(x, w)\n"
                  "output x_quantized f32 *\noutput w_scale f32 *\n",
                  NULL, -1, 2);
    assert_sound(model);
    onnx_model_free(model);
}

/* ---- twins ------------------------------------------------------------------------------------------- */

static const char two_layers[] =
    "input x f32 1 2 4 4\ninit w f32 2 2 1 1 : 1 -2 3 4\ninit b f32 2 : 0.3 -0.7\n"
    "init u f32 2 2 1 1 : 4 3 -2 1\na = Conv(x, w, b)\nr = Relu(a)\ny = Conv(r, u)\n"
    "output y f32 1 2 4 4\n";

static void test_twins_lose_what_their_layer_alone_would(void **state)
{
    struct onnx_model        *model = model_of_text(two_layers), *only = quantized(two_layers, "y", -1, 1);
    struct onnx_quantize_plan plan = plan_of(model, NULL);
    char                     *twins[2];
    struct bsr_tensor         x = random_tensor(BSR_F32, 4, (const int64_t[]){1, 2, 4, 4}, 3);

    (void)state;
    set_ranges(&plan, -1, 1);
    struct outputs before = outputs_for(model, &x);
    assert_int_equal(onnx_quantize_twins(model, &plan, 0, 2, twins, NULL), BSR_OK);
    assert_sound(model);
    struct outputs after = outputs_for(model, &x);
    assert_int_equal(after.count, 4); /* y, a, a's twin, y's twin: y was an output before */
    assert_string_equal(onnx_output(model, 0).name, "y");
    assert_string_equal(onnx_output(model, 1).name, "a");
    assert_string_equal(onnx_output(model, 2).name, twins[0]);
    assert_string_equal(onnx_output(model, 3).name, twins[1]);
    assert_memory_equal(after.tensors[0].data, before.tensors[0].data, tensor_bytes(&before.tensors[0]));

    assert_int_equal(onnx_add_outputs(only, (const char *const[]){"a"}, 1, NULL), BSR_OK);
    struct outputs alone = outputs_for(only, &x);
    assert_memory_equal(after.tensors[2].data, alone.tensors[1].data, tensor_bytes(&alone.tensors[1]));
    outputs_free(&before);
    outputs_free(&after);
    outputs_free(&alone);
    tensor_free(&x);
    mem_free(twins[0]);
    mem_free(twins[1]);
    onnx_quantize_plan_free(&plan);
    onnx_model_free(model);
    onnx_model_free(only);
}

/* ---- opsets ------------------------------------------------------------------------------------------ */

static void test_opset_13_computes_the_same(void **state)
{
    static const char *const rows[] = {
        "opset 10\ninput x f32 2 3\ny = Clip(x) min=-0.25 max=0.5\noutput y f32 *\n",
        "opset 10\ninput x f32 2 3\ny = Clip(x) max=0.5\noutput y f32 *\n",
        "opset 10\ninput x f32 2 3\ny = Pad(x) pads=[0,1,2,0] value=0.5\noutput y f32 *\n",
        "opset 9\ninput x f32 4 6\ny = Slice(x) axes=[1] starts=[1] ends=[4]\noutput y f32 *\n",
        "opset 9\ninput x f32 4 6\ny = Slice(x) starts=[1,2] ends=[3,4]\noutput y f32 *\n",
        "opset 12\ninput x f32 2 1 3\na = Squeeze(x) axes=[1]\ny = Unsqueeze(a) axes=[0]\noutput y f32 *\n",
        "opset 11\ninput x f32 1 2 1\ny = Squeeze(x)\noutput y f32 *\n",
        "opset 12\ninput x f32 2 3\ny = ReduceSum(x) axes=[1] keepdims=0\noutput y f32 *\n",
        "opset 12\ninput x f32 2 5\ny, z = Split(x) axis=1 split=[2,3]\noutput y f32 *\noutput z f32 *\n",
        "opset 12\ninput x f32 2 5\ny = Softmax(x)\noutput y f32 *\n",
        "opset 12\ninput x f32 2 5 1 1\ny = LogSoftmax(x)\noutput y f32 *\n",
        "opset 12\ninput x f32 2 3 5\ny = Softmax(x) axis=-1\noutput y f32 *\n",
        "opset 10\ninput x f32 1 1 3 3\ninit k f32 4 : 1 1 2 2\ny = Resize(x, k) mode='nearest'\noutput y "
        "f32 *\n",
        "opset 10\ninput x f32 1 1 3 3\ninit k f32 4 : 1 1 2 2\ny = Resize(x, k) mode='linear'\noutput y f32 "
        "*\n",
        "opset 9\ninput x f32 1 1 3 3\ninit k f32 4 : 1 1 3 2\ny = Upsample(x, k) mode='nearest'\noutput y "
        "f32 *\n",
        "opset 10\ninput x f32 2 3\ny = Dropout(x) ratio=0.3\noutput y f32 *\n",
        "opset 8\ninput x f32 1 1 2 2\ninit o f32 1 : 1.5\ny = BatchNormalization(x, o, o, o, o)\noutput y "
        "f32 *\n",
        "opset 11\ninput x f32 2 3\na = Add(x, x)\ny = MatMul(a, w)\ninit w f32 3 2 : 1 2 3 4 5 6\noutput y "
        "f32 *\n",
        "opset 17\ninput x f32 2 3\ny = Relu(x)\noutput y f32 *\n",
    };
    (void)state;
    for (size_t i = 0; i < EACH(rows); i++) {
        struct onnx_model *model = model_of_text(rows[i]);
        struct outputs     before = outputs_of(model, i);
        struct bsr_error   err = {0};
        if (onnx_quantize_raise_opset(model, &err) != BSR_OK)
            fail_msg("%s: %s", rows[i], err.message);
        assert_true(onnx_opset(model, "") >= ONNX_QUANTIZE_OPSET);
        assert_sound(model);
        struct outputs after = outputs_of(model, i);
        if (!(outputs_difference(&before, &after) <= 1e-7))
            fail_msg("%s: %g apart", rows[i], outputs_difference(&before, &after));
        outputs_free(&before);
        outputs_free(&after);
        onnx_model_free(model);
    }
}

static void test_what_cannot_be_raised_says_why(void **state)
{
    static const struct {
        const char *text, *part;
    } rows[] = {
        {"opset 12\ninput x f32 2 3 5\ny = Softmax(x)\noutput y f32 *\n",
         "/y (Softmax) can't be brought to 13"},
        {"opset 12\ninput x f32 *\ny = Softmax(x)\noutput y f32 *\n", "an input of unknown shape"},
        {"opset 8\ninput x f32 1 1 2 2\ny = Upsample(x) scales=[1.,1.,2.,2.]\noutput y f32 *\n",
         "means something else after opset 8"},
        {"opset 6\ninput x f32 2 3\ny = Relu(x)\noutput y f32 *\n", "is of opset 6"},
    };
    (void)state;
    for (size_t i = 0; i < EACH(rows); i++) {
        struct onnx_model *model = model_of_text(rows[i].text);
        struct bytes       nodes = nodes_of(model), still = {0};
        struct bsr_error   err = {0};
        assert_int_equal(onnx_quantize_raise_opset(model, &err), BSR_EMODEL);
        if (!strstr(err.message, rows[i].part))
            fail_msg("\"%s\" has no \"%s\"", err.message, rows[i].part);
        still = nodes_of(model);
        assert_string_equal(bytes_text(&still), bytes_text(&nodes));
        bytes_free(&nodes);
        bytes_free(&still);
        onnx_model_free(model);
    }
}

/* ---- failures ---------------------------------------------------------------------------------------- */

static void test_a_quantised_model_is_known(void **state)
{
    struct onnx_model *before = model_of_text(two_layers), *after = quantized(two_layers, NULL, -1, 1);
    char               space[288];

    (void)state;
    assert_null(onnx_quantize_find_quantized(before, space));
    assert_string_equal(onnx_quantize_find_quantized(after, space), "x_quantized (QuantizeLinear)");
    onnx_model_free(before);
    onnx_model_free(after);
}

/* One step of the work, from a fresh model. */
static bsr_status try_step(int step, struct onnx_model *model, struct onnx_quantize_plan *plan,
                           struct bsr_error *err)
{
    struct onnx_quantize_plan other = {.layers = NULL};
    char                     *twins[2] = {NULL, NULL};
    bsr_status                status;

    switch (step) {
    case 0:
        status = onnx_quantize_plan(&other, model, NULL, 0, err);
        onnx_quantize_plan_free(&other);
        return status;
    case 1:
        return onnx_quantize_apply(model, plan, err);
    case 2:
        status = onnx_quantize_twins(model, plan, 0, 2, twins, err);
        mem_free(twins[0]);
        mem_free(twins[1]);
        return status;
    default:
        return onnx_quantize_raise_opset(model, err);
    }
}

static void test_running_out_of_memory_leaves_the_model_as_it_was(void **state)
{
    static const char old[] = "opset 11\ninput x f32 1 2 4 4\ninit w f32 2 2 1 1 : 1 2 3 4\na = Conv(x, w)\n"
                              "r = Clip(a) min=-0.5\ns = Unsqueeze(r) axes=[0]\noutput s f32 *\n";
    (void)state;
    for (int step = 0; step < 4; step++) {
        bsr_status status = BSR_ENOMEM;
        for (size_t n = 1; status != BSR_OK; n++) {
            struct onnx_model        *model = model_of_text(step == 3 ? old : two_layers);
            struct onnx_quantize_plan plan = plan_of(model, NULL);
            struct bytes              nodes = nodes_of(model), still = {0};
            struct bsr_error          err = {0};
            set_ranges(&plan, -1, 1);
            mem_fail_from(n);
            status = try_step(step, model, &plan, &err);
            mem_fail_from(0);
            if (status != BSR_OK && status != BSR_ENOMEM)
                fail_msg("step %d, allocation %zu: %s", step, n, err.message);
            still = nodes_of(model);
            if (status != BSR_OK)
                assert_string_equal(bytes_text(&still), bytes_text(&nodes));
            bytes_free(&nodes);
            bytes_free(&still);
            onnx_quantize_plan_free(&plan);
            onnx_model_free(model);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layers_compute_what_numpy_says),
        cmocka_unit_test(test_rounding_is_off_by_half_a_step_at_most),
        cmocka_unit_test(test_a_bias_is_never_cut_off),
        cmocka_unit_test(test_tensors_that_meet_share_a_scale),
        cmocka_unit_test(test_what_cannot_be_quantised_says_why),
        cmocka_unit_test(test_activations_are_computed_on_f32),
        cmocka_unit_test(test_sums_read_what_was_rounded_and_outputs_what_was_not),
        cmocka_unit_test(test_what_is_moved_is_rounded_before_and_behind_with_one_scale),
        cmocka_unit_test(test_layers_that_stay_read_what_was_not_rounded),
        cmocka_unit_test(test_shared_weights_are_quantised_for_each_layer),
        cmocka_unit_test(test_names_that_are_taken_are_not_taken_again),
        cmocka_unit_test(test_twins_lose_what_their_layer_alone_would),
        cmocka_unit_test(test_opset_13_computes_the_same),
        cmocka_unit_test(test_what_cannot_be_raised_says_why),
        cmocka_unit_test(test_a_quantised_model_is_known),
        cmocka_unit_test(test_running_out_of_memory_leaves_the_model_as_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
