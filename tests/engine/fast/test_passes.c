/* Each pass does what it says, and the net computes what it did. */
#include "tests/engine/fast/fast_case.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { TOLERANCE = 10000 }; /* 1 / it */

/* Compiles, compares with the evaluator, and counts what is left. */
static struct fast_compiled check(struct fast_case *net, const char *output)
{
    struct fast_compiled compiled = case_compile(net, output);

    compiled_check(&compiled, 7, 1.0 / TOLERANCE);
    compiled_check_arena(&compiled);
    return compiled;
}

/* Nothing but the layers between the region's ends, of which there is one each. */
static void assert_layers(const struct fast_compiled *compiled, int convs, int others)
{
    const struct fast_net *net = &compiled->program->net;
    int                    left = 0;

    for (int i = 0; i < net->layer_count; i++)
        left += !net->layers[i].gone;
    assert_int_equal(compiled_count(compiled, LAYER_CONV) + compiled_count(compiled, LAYER_TRANSPOSED),
                     convs);
    assert_int_equal(left - compiled_count(compiled, LAYER_INPUT) - compiled_count(compiled, LAYER_OUTPUT),
                     convs + others);
}

static const struct fast_layer *find_layer(const struct fast_compiled *compiled, enum layer_kind kind)
{
    const struct fast_net *net = &compiled->program->net;

    for (int i = 0; i < net->layer_count; i++)
        if (!net->layers[i].gone && net->layers[i].kind == kind)
            return &net->layers[i];
    fail_msg("there is no layer of kind %d", (int)kind);
    return NULL;
}

/* ---- into weights --------------------------------------------------------------------------------- */

static void test_factors_and_shifts_go_into_the_weights(void **state)
{
    struct fast_case net = case_open(1);
    const char      *x = case_input(&net, "x", 5, 9, 7), *y = case_conv(&net, x, 5, 11, 3, 1, 1);
    const int        each[] = {1, 11, 1, 1, 0}, all[] = {1, 0}, channels[] = {11, 0};

    (void)state;
    y = case_node(&net, "Mul", y, case_weight(&net, each));
    y = case_node(&net, "Add", case_weight(&net, each), y);
    y = case_node(&net, "Sub", case_weight(&net, all), y);
    y = case_node(&net, "Div", y, case_floats(&net, 0, NULL, &(float){3}));
    const float ones[11] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2};
    y = bsr_build_node(net.build, "BatchNormalization",
                       (const char *[]){y, case_weight(&net, channels), case_weight(&net, channels),
                                        case_weight(&net, channels),
                                        case_floats(&net, 1, (int64_t[]){11}, ones), NULL},
                       NULL);
    struct fast_compiled compiled = check(&net, y);
    assert_layers(&compiled, 1, 0);
    compiled_free(&compiled);
}

/* A convolution whose sums others read, too, keeps them. */
static void test_what_others_read_is_not_folded(void **state)
{
    struct fast_case net = case_open(2);
    const char      *x = case_input(&net, "x", 8, 6, 6), *y = case_conv(&net, x, 8, 8, 3, 1, 1);
    const char      *scaled = case_node(&net, "Mul", y, case_floats(&net, 0, NULL, &(float){3}));

    (void)state;
    struct fast_compiled compiled = check(&net, case_node(&net, "Max", scaled, y));
    assert_layers(&compiled, 1, 2);
    compiled_free(&compiled);
}

/* ---- activations ---------------------------------------------------------------------------------- */

typedef const char *write_gate(struct fast_case *net, const char *x);

static const char *number(struct fast_case *net, float value)
{
    return case_floats(net, 0, NULL, &value);
}

static const char *relu6_of_shifted(struct fast_case *net, const char *x)
{
    const char *inputs[] = {case_node(net, "Add", x, number(net, 3)), number(net, 0), number(net, 6), NULL};
    return bsr_build_node(net->build, "Clip", inputs, NULL);
}

static const char *silu(struct fast_case *net, const char *x)
{
    return case_node(net, "Mul", x, case_node(net, "Sigmoid", x, NULL));
}

static const char *turned_silu(struct fast_case *net, const char *x)
{
    return case_node(net, "Mul", case_node(net, "Sigmoid", x, NULL), x);
}

static const char *hard_swish(struct fast_case *net, const char *x)
{
    const struct bsr_attribute alpha[] = {bsr_attribute_float("alpha", 1.0F / 6), {.name = NULL}};
    return case_node(net, "Mul", x,
                     bsr_build_node(net->build, "HardSigmoid", (const char *[]){x, NULL}, alpha));
}

static const char *hard_swish_of_relu6(struct fast_case *net, const char *x)
{
    return case_node(net, "Div", case_node(net, "Mul", x, relu6_of_shifted(net, x)), number(net, 6));
}

static const char *hard_swish_divided_first(struct fast_case *net, const char *x)
{
    return case_node(net, "Mul", x, case_node(net, "Div", relu6_of_shifted(net, x), number(net, 6)));
}

static const char *hard_sigmoid_of_relu6(struct fast_case *net, const char *x)
{
    return case_node(net, "Mul", relu6_of_shifted(net, x), number(net, 1.0F / 6));
}

static const char *relu(struct fast_case *net, const char *x)
{
    return case_node(net, "Relu", x, NULL);
}

static const char *relu_by_max(struct fast_case *net, const char *x)
{
    return case_node(net, "Max", number(net, 0), x);
}

static void test_activations_are_done_where_sums_are_stored(void **state)
{
    static const struct {
        write_gate          *write;
        enum activation_kind kind;
    } cases[] = {
        {silu, ACTIVATION_SILU},
        {turned_silu, ACTIVATION_SILU},
        {hard_swish, ACTIVATION_HARD_SWISH},
        {hard_swish_of_relu6, ACTIVATION_HARD_SWISH},
        {hard_swish_divided_first, ACTIVATION_HARD_SWISH},
        {hard_sigmoid_of_relu6, ACTIVATION_HARD_SIGMOID},
        {relu, ACTIVATION_CLAMP},
        {relu_by_max, ACTIVATION_CLAMP},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fast_case     net = case_open(3 + i);
        const char          *x = case_input(&net, "x", 3, 8, 9);
        const char          *y = cases[i].write(&net, case_conv(&net, x, 3, 17, 3, 1, 1));
        struct fast_compiled compiled = check(&net, y);
        assert_layers(&compiled, 1, 0);
        assert_int_equal(find_layer(&compiled, LAYER_CONV)->activation.kind, cases[i].kind);
        compiled_free(&compiled);
    }
}

/* ---- sums ------------------------------------------------------------------------------------------ */

static void test_residuals_are_added_where_sums_are_stored(void **state)
{
    struct fast_case net = case_open(20);
    const char      *x = case_input(&net, "x", 4, 9, 9), *a = relu(&net, case_conv(&net, x, 4, 8, 3, 1, 1));
    const char *m = case_conv(&net, a, 8, 8, 1, 1, 1), *b = silu(&net, case_conv(&net, m, 8, 8, 3, 1, 1));
    const char *sum = case_node(&net, "Add", a, b);
    const char *c = relu(&net, case_node(&net, "Add", case_conv(&net, sum, 8, 8, 1, 1, 1), sum));

    (void)state;
    struct fast_compiled compiled = check(&net, c);
    assert_layers(&compiled, 4, 0);
    const struct fast_net *fast = &compiled.program->net;
    int                    first = 0, last = 0, in_place = 0;
    for (int i = 0; i < fast->layer_count; i++) {
        const struct fast_layer *layer = &fast->layers[i];
        if (layer->gone || layer->residual == NO_VALUE)
            continue;
        first += layer->residual_first;
        last += !layer->residual_first;
        in_place += fast_root(fast, layer->output, NULL) == fast_root(fast, layer->residual, NULL);
    }
    assert_int_equal(first, 1);
    assert_int_equal(last, 1);
    assert_int_equal(in_place, 1); /* `sum` is read by the convolution that adds it */
    compiled_free(&compiled);
}

/* ---- concats --------------------------------------------------------------------------------------- */

static const char *concat(struct fast_case *net, const char *a, const char *b, const char *c)
{
    const struct bsr_attribute along[] = {bsr_attribute_int("axis", 1), {.name = NULL}};
    return bsr_build_node(net->build, "Concat", (const char *[]){a, b, c, NULL}, along);
}

static int count_ops(const struct fast_compiled *compiled, enum layer_kind kind)
{
    const struct fast_program *program = compiled->program;
    int                        count = 0;

    for (int s = 0; s < program->step_count; s++)
        if (program->net.layers[program->step_layer[s]].kind == kind)
            count += program->steps[s + 1] - program->steps[s];
    return count;
}

static void test_concats_are_written_by_who_makes_their_parts(void **state)
{
    struct fast_case net = case_open(30);
    const char      *x = case_input(&net, "x", 3, 9, 9);
    const char      *a = case_conv(&net, x, 3, 16, 3, 1, 1), *b = case_conv(&net, a, 16, 8, 3, 1, 1),
               *c = case_conv(&net, b, 8, 5, 3, 1, 1);

    (void)state;
    const char          *y = case_conv(&net, concat(&net, a, b, c), 29, 4, 3, 1, 1);
    struct fast_compiled compiled = check(&net, y);
    assert_int_equal(count_ops(&compiled, LAYER_CONCAT), 0);
    compiled_free(&compiled);
}

/* Channels that are no multiples of the grain, and a part that is there twice. */
static void test_parts_that_do_not_fit_are_copied(void **state)
{
    struct fast_case net = case_open(31);
    const char      *x = case_input(&net, "x", 3, 9, 9);
    const char      *a = case_conv(&net, x, 3, 5, 3, 1, 1), *b = case_conv(&net, a, 5, 8, 3, 1, 1);

    (void)state;
    const char          *y = case_conv(&net, concat(&net, b, a, b), 21, 4, 3, 1, 1);
    struct fast_compiled compiled = check(&net, y);
    assert_int_equal(count_ops(&compiled, LAYER_CONCAT), 3); /* a, b again, and the padding behind */
    compiled_free(&compiled);
}

/* C3 of YOLOv5: two branches of one map, one goes through a bottleneck, and they come together. */
static void check_c3(bool shortcut)
{
    struct fast_case net = case_open(32);
    const char      *x = case_input(&net, "x", 16, 10, 10);
    const char      *a = silu(&net, case_conv(&net, x, 16, 8, 1, 1, 1));
    const char *m = silu(&net, case_conv(&net, silu(&net, case_conv(&net, a, 8, 8, 1, 1, 1)), 8, 8, 3, 1, 1));
    const char *b = silu(&net, case_conv(&net, x, 16, 8, 1, 1, 1));

    if (shortcut)
        m = case_node(&net, "Add", a, m);
    const char          *y = silu(&net, case_conv(&net, concat(&net, m, b, NULL), 16, 16, 1, 1, 1));
    struct fast_compiled compiled = check(&net, y);
    assert_layers(&compiled, 4, 1);
    assert_int_equal(count_ops(&compiled, LAYER_CONCAT), 0);
    compiled_free(&compiled);
}

static void test_parallel_1x1_are_one_and_its_output_is_the_concat(void **state)
{
    (void)state;
    check_c3(true);
    check_c3(false);
}

/* C2f of YOLOv8: the halves of a map and what was made of them. */
static void test_slices_are_read_where_they_lie(void **state)
{
    struct fast_case net = case_open(33);
    const char *x = case_input(&net, "x", 16, 10, 10), *a = silu(&net, case_conv(&net, x, 16, 32, 1, 1, 1));
    const char *halves[2] = {"left", "right"};
    const struct bsr_attribute along[] = {bsr_attribute_int("axis", 1), {.name = NULL}};

    (void)state;
    bsr_build_named_node(net.build, "Split", NULL,
                         (const char *[]){a, case_ints(&net, 2, (int64_t[]){16, 16}), NULL},
                         (const char *[]){halves[0], halves[1], NULL}, along);
    const char          *m = silu(&net, case_conv(&net, halves[1], 16, 16, 3, 1, 1));
    const char          *y = case_conv(&net, concat(&net, halves[0], halves[1], m), 48, 16, 1, 1, 1);
    struct fast_compiled compiled = check(&net, y);
    assert_layers(&compiled, 3, 1);
    assert_int_equal(count_ops(&compiled, LAYER_CONCAT), 0);
    compiled_free(&compiled);
}

static void test_slices_at_odd_channels_are_copied(void **state)
{
    struct fast_case net = case_open(34);
    const char      *x = case_input(&net, "x", 3, 7, 7), *a = case_conv(&net, x, 3, 21, 3, 1, 1);
    const int64_t    from = 3, to = 14, axis = 1;

    (void)state;
    a = bsr_build_node(net.build, "Slice",
                       (const char *[]){a, case_ints(&net, 1, &from), case_ints(&net, 1, &to),
                                        case_ints(&net, 1, &axis), NULL},
                       NULL);
    struct fast_compiled compiled = check(&net, case_conv(&net, a, 11, 4, 3, 1, 1));
    assert_int_equal(compiled_count(&compiled, LAYER_SLICE), 1);
    compiled_free(&compiled);
}

/* ---- enlarged maps ---------------------------------------------------------------------------------- */

static void test_enlarged_parts_are_computed_small(void **state)
{
    struct fast_case net = case_open(40);
    const char      *x = case_input(&net, "x", 8, 10, 14), *small = case_conv(&net, x, 8, 16, 3, 2, 1);
    const float      scales[] = {1, 1, 2, 2};
    const struct bsr_attribute nearest[] = {
        bsr_attribute_text("coordinate_transformation_mode", "asymmetric"),
        bsr_attribute_text("nearest_mode", "floor"),
        {.name = NULL}};

    (void)state;
    const char *large = bsr_build_node(
        net.build, "Resize", (const char *[]){small, "", case_floats(&net, 1, (int64_t[]){4}, scales), NULL},
        nearest);
    const char          *both = concat(&net, large, x, NULL);
    const char          *first = silu(&net, case_conv(&net, both, 24, 8, 1, 1, 1));
    const char          *second = silu(&net, case_conv(&net, both, 24, 8, 1, 1, 1));
    const char          *middle = case_conv(&net, first, 8, 8, 1, 1, 1);
    const char          *y = concat(&net, case_conv(&net, middle, 8, 8, 3, 1, 1), second, NULL);
    struct fast_compiled compiled = check(&net, y);
    assert_int_equal(compiled_count(&compiled, LAYER_NEAREST), 0);
    assert_int_equal(count_ops(&compiled, LAYER_CONCAT), 0);
    compiled_free(&compiled);
}

/* ---- the first layer -------------------------------------------------------------------------------- */

static void test_strides_of_the_first_layer_become_blocks(void **state)
{
    static const struct {
        int kernel, pad, height, width, taps, stride;
    } cases[] = {{6, 2, 12, 14, 3, 1}, {5, 1, 13, 9, 3, 1}, {7, 3, 15, 16, 4, 1},
                 {2, 0, 8, 9, 1, 1},   {5, 0, 9, 9, 3, 1},  {3, 1, 13, 9, 3, 2}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fast_case           net = case_open(50 + i);
        int64_t                    pad = cases[i].pad;
        const struct bsr_attribute attributes[] = {
            bsr_attribute_ints("pads", 4, (const int64_t[]){pad, pad, pad, pad}),
            bsr_attribute_ints("strides", 2, (const int64_t[]){2, 2}),
            {.name = NULL}};
        const char          *x = case_input(&net, "x", 3, cases[i].height, cases[i].width);
        const char          *w = case_weight(&net, (int[]){9, 3, cases[i].kernel, cases[i].kernel, 0});
        const char          *y = bsr_build_node(net.build, "Conv", (const char *[]){x, w, NULL}, attributes);
        struct fast_compiled compiled = check(&net, y);
        assert_int_equal(find_layer(&compiled, LAYER_CONV)->conv.kernel[0], cases[i].taps);
        assert_int_equal(find_layer(&compiled, LAYER_CONV)->conv.stride[0], cases[i].stride);
        compiled_free(&compiled);
    }
}

/* ---- other layers ------------------------------------------------------------------------------------ */

static void test_a_channel_shuffle_is_a_choice_of_channels(void **state)
{
    struct fast_case           net = case_open(60);
    const char                *x = case_input(&net, "x", 3, 6, 5), *y = case_conv(&net, x, 3, 12, 3, 1, 1);
    const struct bsr_attribute swap[] = {bsr_attribute_ints("perm", 5, (const int64_t[]){0, 2, 1, 3, 4}),
                                         {.name = NULL}};

    (void)state;
    y = case_node(&net, "Reshape", y, case_ints(&net, 5, (int64_t[]){1, 3, 4, 6, 5}));
    y = bsr_build_node(net.build, "Transpose", (const char *[]){y, NULL}, swap);
    y = case_node(&net, "Reshape", y, case_ints(&net, 4, (int64_t[]){1, 12, 6, 5}));
    struct fast_compiled compiled = check(&net, case_conv(&net, y, 12, 12, 3, 1, 6));
    assert_layers(&compiled, 2, 1);
    compiled_free(&compiled);
}

static void test_a_classifier_ends_in_products_of_one_pixel(void **state)
{
    struct fast_case           net = case_open(61);
    const char                *x = case_input(&net, "x", 3, 9, 11), *y = case_conv(&net, x, 3, 7, 3, 2, 1);
    const struct bsr_attribute turned[] = {
        bsr_attribute_int("transB", 1), bsr_attribute_float("alpha", 0.5F), {.name = NULL}};

    (void)state;
    y = case_node(&net, "Flatten", y, NULL); /* 7 x 5 x 6 */
    y = bsr_build_node(
        net.build, "Gemm",
        (const char *[]){y, case_weight(&net, (int[]){19, 210, 0}), case_weight(&net, (int[]){19, 0}), NULL},
        turned);
    y = case_node(&net, "MatMul", relu(&net, y), case_weight(&net, (int[]){19, 30, 0}));
    y = case_node(&net, "Reshape", y, case_ints(&net, 4, (int64_t[]){1, 5, 2, 3}));
    const struct bsr_attribute along[] = {bsr_attribute_int("axis", 1), {.name = NULL}};
    y = bsr_build_node(net.build, "Softmax", (const char *[]){y, NULL}, along);
    struct fast_compiled compiled = check(&net, y);
    assert_layers(&compiled, 3, 3);
    compiled_free(&compiled);
}

static void test_sizes_change_in_all_ways(void **state)
{
    struct fast_case           net = case_open(62);
    const char                *x = case_input(&net, "x", 3, 6, 5), *y = case_conv(&net, x, 3, 16, 3, 1, 1);
    const struct bsr_attribute block[] = {
        bsr_attribute_int("blocksize", 2), bsr_attribute_text("mode", "CRD"), {.name = NULL}};
    const struct bsr_attribute linear[] = {bsr_attribute_text("mode", "linear"), {.name = NULL}};
    const struct bsr_attribute corners[] = {
        bsr_attribute_text("mode", "linear"),
        bsr_attribute_text("coordinate_transformation_mode", "align_corners"),
        {.name = NULL}};
    const float scales[] = {1, 1, 2, 2};

    (void)state;
    y = bsr_build_node(net.build, "DepthToSpace", (const char *[]){y, NULL}, block);
    y = bsr_build_node(net.build, "DepthToSpace", (const char *[]){y, NULL}, block);
    const char *z =
        bsr_build_node(net.build, "SpaceToDepth", (const char *[]){y, NULL},
                       (struct bsr_attribute[]){bsr_attribute_int("blocksize", 4), {.name = NULL}});
    z = bsr_build_node(net.build, "Resize",
                       (const char *[]){z, "", case_floats(&net, 1, (int64_t[]){4}, scales), NULL}, linear);
    z = bsr_build_node(net.build, "Resize",
                       (const char *[]){z, "", "", case_ints(&net, 4, (int64_t[]){1, 16, 17, 23}), NULL},
                       corners);
    struct fast_compiled compiled = check(&net, case_conv(&net, z, 16, 3, 3, 1, 1));
    compiled_free(&compiled);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_factors_and_shifts_go_into_the_weights),
        cmocka_unit_test(test_what_others_read_is_not_folded),
        cmocka_unit_test(test_activations_are_done_where_sums_are_stored),
        cmocka_unit_test(test_residuals_are_added_where_sums_are_stored),
        cmocka_unit_test(test_concats_are_written_by_who_makes_their_parts),
        cmocka_unit_test(test_parts_that_do_not_fit_are_copied),
        cmocka_unit_test(test_parallel_1x1_are_one_and_its_output_is_the_concat),
        cmocka_unit_test(test_slices_are_read_where_they_lie),
        cmocka_unit_test(test_slices_at_odd_channels_are_copied),
        cmocka_unit_test(test_enlarged_parts_are_computed_small),
        cmocka_unit_test(test_strides_of_the_first_layer_become_blocks),
        cmocka_unit_test(test_a_channel_shuffle_is_a_choice_of_channels),
        cmocka_unit_test(test_a_classifier_ends_in_products_of_one_pixel),
        cmocka_unit_test(test_sizes_change_in_all_ways),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
