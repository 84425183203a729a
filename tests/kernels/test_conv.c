/* Convolutions by each method at each level of the machine, on random shapes and layouts. Tolerances are in
 * parts of the sum of the sizes of a sum's terms: a direct sum of k terms is off by a few roundings of 6e-8;
 * Winograd's transforms multiply by up to 8 and divide again, which costs some tens of them. */
#include "tests/kernels/conv_case.h"

#include "base/alloc.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define DIRECT_TOLERANCE   1e-6
#define WINOGRAD_TOLERANCE 1e-5
#define BF16_TOLERANCE     4.5e-3 /* two factors, each off by 1/512 of itself */

static struct activation random_activation(uint32_t *seed)
{
    static const struct activation some[] = {
        {.kind = ACTIVATION_NONE},
        {.kind = ACTIVATION_CLAMP, .a = 0, .b = INFINITY},
        {.kind = ACTIVATION_CLAMP, .a = 0, .b = 6},
        {.kind = ACTIVATION_LEAKY, .a = 0.1F},
        {.kind = ACTIVATION_SILU},
        {.kind = ACTIVATION_SIGMOID},
    };
    return some[random_between(seed, 0, sizeof(some) / sizeof(*some) - 1)];
}

/* Layout, finish and threads; the shape stays. */
static void randomize_layout(struct conv_case *test, uint32_t *seed)
{
    test->in_slice = random_between(seed, 0, 2) == 0;
    test->out_slice = random_between(seed, 0, 2) == 0;
    test->stretch = random_between(seed, 0, 3) ? 1 : 2;
    test->has_bias = random_between(seed, 0, 3) > 0;
    test->activation = random_activation(seed);
    test->residual = (enum residual_kind)random_between(seed, 0, RESIDUAL_KINDS - 1);
    test->start_shift = random_between(seed, 0, 2) ? -1 : random_between(seed, 0, 1);
    test->threads = random_between(seed, 1, 5);
}

static void check_at_all_levels(const struct conv_case *test, uint32_t seed, double tolerance)
{
    for (int level = CPU_SCALAR; level <= (int)cpu_level_of_machine(); level++)
        check_conv_case(test, kernels_at((enum cpu_level)level), seed, tolerance);
}

static int out_size(int in, int kernel, int stride, int dilation, int pads)
{
    return (in + pads - (kernel - 1) * dilation - 1) / stride + 1;
}

/* Sizes, strides, dilations, paddings on each side. */
static void randomize_direct(struct conv_case *test, uint32_t *seed)
{
    struct conv_shape *shape = &test->shape;

    for (int i = 0; i < 2; i++) {
        shape->kernel[i] =
            random_between(seed, 0, 2) ? random_between(seed, 1, 3) : random_between(seed, 1, 7);
        shape->stride[i] = random_between(seed, 1, 2);
        shape->dilation[i] = random_between(seed, 0, 3) ? 1 : 2;
        int extent = (shape->kernel[i] - 1) * shape->dilation[i] + 1;
        shape->pad[i] = random_between(seed, 0, extent / 2);
        test->in[i] = random_between(seed, extent, extent + (i == 0 ? 8 : 40));
        int behind = random_between(seed, 0, extent / 2);
        test->out[i] = out_size(test->in[i], shape->kernel[i], shape->stride[i], shape->dilation[i],
                                shape->pad[i] + behind);
    }
}

static void test_direct_gives_the_exact_sums_on_any_shape(void **state)
{
    (void)state;
    for (uint32_t run = 0; run < 200; run++) {
        uint32_t         seed = run;
        struct conv_case test = {.method = CONV_DIRECT};
        test.shape.groups = random_between(&seed, 0, 2) ? 1 : random_between(&seed, 2, 9);
        test.shape.inputs = test.shape.groups * random_between(&seed, 1, test.shape.groups > 1 ? 5 : 40);
        test.shape.outputs = test.shape.groups * random_between(&seed, 1, test.shape.groups > 1 ? 20 : 90);
        randomize_direct(&test, &seed);
        randomize_layout(&test, &seed);
        check_at_all_levels(&test, run, DIRECT_TOLERANCE);
    }
}

static void test_pixels_of_tight_maps_run_as_one_row(void **state)
{
    (void)state;
    for (uint32_t run = 0; run < 100; run++) {
        uint32_t         seed = run;
        struct conv_case test = {
            .method = CONV_DIRECT,
            .shape = {.groups = 1, .kernel = {1, 1}, .stride = {1, 1}, .dilation = {1, 1}}};
        test.shape.inputs = random_between(&seed, 1, 200);
        test.shape.outputs = random_between(&seed, 1, 200);
        for (int i = 0; i < 2; i++)
            test.in[i] = test.out[i] = random_between(&seed, 1, 15);
        randomize_layout(&test, &seed);
        test.stretch = 1;
        test.start_shift = -1;
        check_at_all_levels(&test, run, DIRECT_TOLERANCE);
    }
}

static void test_depthwise_gives_the_exact_sums_on_any_shape(void **state)
{
    (void)state;
    for (uint32_t run = 0; run < 200; run++) {
        uint32_t         seed = run;
        struct conv_case test = {.method = CONV_DEPTHWISE};
        test.shape.groups = test.shape.inputs = test.shape.outputs = random_between(&seed, 1, 70);
        randomize_direct(&test, &seed);
        if (random_between(&seed, 0, 1)) /* the usual ones have loops of their own */
            for (int i = 0; i < 2; i++) {
                test.shape.kernel[i] = random_between(&seed, 0, 1) ? 3 : 5;
                test.shape.dilation[i] = 1;
                test.shape.pad[i] = random_between(&seed, 0, 2);
                test.in[i] = random_between(&seed, 5, 40);
                test.out[i] = out_size(test.in[i], test.shape.kernel[i], test.shape.stride[i], 1,
                                       test.shape.pad[i] + random_between(&seed, 0, 2));
            }
        randomize_layout(&test, &seed);
        check_at_all_levels(&test, run, DIRECT_TOLERANCE);
    }
}

/* 3x3 of one group, for tiles. */
static void check_tiles(enum conv_method method, int stride)
{
    for (uint32_t run = 0; run < 100; run++) {
        uint32_t         seed = run;
        struct conv_case test = {
            .method = method,
            .shape = {.groups = 1, .kernel = {3, 3}, .stride = {stride, stride}, .dilation = {1, 1}}};
        test.shape.inputs = random_between(&seed, 1, 50);
        test.shape.outputs = random_between(&seed, 1, 80);
        for (int i = 0; i < 2; i++) {
            test.shape.pad[i] = random_between(&seed, 0, 2);
            test.in[i] = random_between(&seed, 3, 30);
            test.out[i] = out_size(test.in[i], 3, stride, 1, test.shape.pad[i] + random_between(&seed, 0, 2));
        }
        randomize_layout(&test, &seed);
        check_at_all_levels(&test, run, WINOGRAD_TOLERANCE);
    }
}

static void test_winograd_gives_the_sums_of_any_3x3(void **state)
{
    (void)state;
    check_tiles(CONV_WINOGRAD, 1);
}

static void test_polyphase_gives_the_sums_of_any_3x3_of_stride_2(void **state)
{
    (void)state;
    check_tiles(CONV_POLYPHASE, 2);
}

/* ---- activations -------------------------------------------------------------------------------- */

static const struct {
    struct activation activation;
    float             from;
    double            absolute, relative;
} activation_rows[] = {
    {{ACTIVATION_NONE, 0, 0}, -100, 0, 0},
    {{ACTIVATION_CLAMP, -1, 2}, -100, 0, 0},
    {{ACTIVATION_LEAKY, 0.1F, 0}, -100, 0, 1e-7},
    {{ACTIVATION_SILU, 0, 0}, -100, 1e-30, 5e-7},
    {{ACTIVATION_SIGMOID, 0, 0}, -100, 1e-30, 5e-7},
    {{ACTIVATION_HARD_SIGMOID, 0.2F, 0.5F}, -100, 1e-7, 0},
    {{ACTIVATION_HARD_SWISH, 0, 0}, -100, 4e-7, 1e-7},
    {{ACTIVATION_TANH, 0, 0}, -100, 2.5e-7, 0},
    {{ACTIVATION_ELU, 1.5F, 0}, -100, 2e-7, 1e-7},
    {{ACTIVATION_GELU, 0, 0}, -100, 6e-7, 3e-7},
    {{ACTIVATION_MISH, 0, 0}, -100, 1e-7, 5e-7},
    {{ACTIVATION_EXP, 0, 0}, -87, 0, 3e-7},
    {{ACTIVATION_SQRT, 0, 0}, 0, 0, 1e-7},
    {{ACTIVATION_ABS, 0, 0}, -100, 0, 0},
};

enum { ACTIVATED = 4096 };

/* A 1x1 of one channel with weight 1 is its activation; the residual keeps it off the short cuts. */
static void activate(float *values, const struct activation *activation, enum cpu_level level)
{
    const struct conv_shape shape = {1, 1, 1, {1, 1}, {1, 1}, {1, 1}, {0, 0}};
    const float             one = 1;
    float                  *memory = mem_alloc_aligned(2 * ACTIVATED * (size_t)MAP_GRAIN, sizeof(float));
    struct map              in = {.data = memory,
                                  .height = 1,
                                  .width = ACTIVATED,
                                  .channels = 1,
                                  .pixel = MAP_GRAIN,
                                  .row = (ptrdiff_t)MAP_GRAIN * ACTIVATED},
               out = in;
    struct finish finish = {.activation = *activation};
    struct conv  *conv = NULL;
    struct op     op;

    assert_non_null(memory);
    out.data += in.row;
    for (int i = 0; i < ACTIVATED; i++)
        *map_at(&in, 0, i) = values[i];
    assert_int_equal(conv_pack_for(&conv, kernels_at(level), CONV_DIRECT, &shape, &one, NULL, NULL), BSR_OK);
    conv_op(&op, conv, &in, &out, &finish, 1);
    op.run(&op, 0, op.units, NULL);
    for (int i = 0; i < ACTIVATED; i++)
        values[i] = *map_at(&out, 0, i);
    conv_free(conv);
    mem_free(memory);
}

static void test_activations_are_those_of_the_formulas(void **state)
{
    float found[ACTIVATED];

    (void)state;
    for (int level = CPU_SCALAR; level <= (int)cpu_level_of_machine(); level++)
        for (size_t row = 0; row < sizeof(activation_rows) / sizeof(*activation_rows); row++) {
            float from = activation_rows[row].from, to = activation_rows[row].from < 0 ? 88 : 1000;
            float step = (to - from) / ACTIVATED;
            for (int i = 0; i < ACTIVATED; i++)
                found[i] = from + step * (float)i;
            activate(found, &activation_rows[row].activation, (enum cpu_level)level);
            for (int i = 0; i < ACTIVATED; i++) {
                float  x = from + step * (float)i;
                double exact = exact_activation(&activation_rows[row].activation, (double)x);
                double allowed = activation_rows[row].absolute + activation_rows[row].relative * fabs(exact);
                if (!(fabs((double)found[i] - exact) <= allowed))
                    fail_msg("activation %d of %g is %g, should be %g (off by %g), %s",
                             activation_rows[row].activation.kind, (double)x, (double)found[i], exact,
                             fabs((double)found[i] - exact), cpu_level_name((enum cpu_level)level));
            }
        }
}

static void test_what_is_no_number_stays_none(void **state)
{
    float values[ACTIVATED] = {0};

    (void)state;
    for (int level = CPU_SCALAR; level <= (int)cpu_level_of_machine(); level++)
        for (int kind = 0; kind < ACTIVATION_KINDS; kind++) {
            struct activation activation = {(enum activation_kind)kind, 0, 1};
            values[0] = NAN;
            activate(values, &activation, (enum cpu_level)level);
            if (!isnan(values[0]))
                fail_msg("activation %d makes %g of NaN", kind, (double)values[0]);
        }
}

/* ---- bf16 --------------------------------------------------------------------------------------- */

static bool has_bf16(void)
{
    const struct conv_shape plain = {8, 8, 1, {1, 1}, {1, 1}, {1, 1}, {0, 0}};

    if (conv_can(CONV_BF16, &plain))
        return true;
    print_message("skipped: oneDNN is not built in, or has no bf16 for this processor\n");
    return false;
}

/* Processors without its instructions do it in f32 (oneDNN emulates them): right, and slow. */
static void test_bf16_gives_the_sums_of_rounded_factors(void **state)
{
    (void)state;
    if (!has_bf16())
        skip();
    for (uint32_t run = 0; run < 40; run++) {
        uint32_t         seed = 900 + run;
        struct conv_case test = {.method = CONV_BF16, .shape = {.groups = 1}};
        randomize_layout(&test, &seed);
        randomize_direct(&test, &seed);
        test.shape.inputs = MAP_GRAIN * random_between(&seed, 1, 9);
        test.shape.outputs = MAP_GRAIN * random_between(&seed, 1, 9);
        check_conv_case(&test, kernels_at(cpu_level()), seed, BF16_TOLERANCE);
    }
}

static void test_bf16_leaves_odd_channels_and_groups_to_others(void **state)
{
    const struct conv_shape odd_inputs = {3, 16, 1, {3, 3}, {1, 1}, {1, 1}, {1, 1}};
    const struct conv_shape odd_outputs = {16, 255, 1, {1, 1}, {1, 1}, {1, 1}, {0, 0}};
    const struct conv_shape groups = {16, 16, 2, {3, 3}, {1, 1}, {1, 1}, {1, 1}};

    (void)state;
    assert_false(conv_can(CONV_BF16, &odd_inputs));
    assert_false(conv_can(CONV_BF16, &odd_outputs));
    assert_false(conv_can(CONV_BF16, &groups));
}

/* ---- failures ----------------------------------------------------------------------------------- */

static void test_packing_without_memory_fails_and_leaks_nothing(void **state)
{
    const struct conv_shape shape = {8, 8, 1, {3, 3}, {1, 1}, {1, 1}, {1, 1}};
    const float             weights[8 * 8 * 9] = {0};

    (void)state;
    for (int method = 0; method < CONV_METHODS; method++) {
        if (!conv_can((enum conv_method)method, &shape))
            continue;
        for (size_t n = 1; n <= 3; n++) {
            struct bsr_error err = {0};
            struct conv     *conv = NULL;
            mem_fail_from(n);
            bsr_status said = conv_pack(&conv, (enum conv_method)method, &shape, weights, NULL, &err);
            mem_fail_from(0);
            assert_int_equal(said, BSR_ENOMEM);
            assert_null(conv);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_direct_gives_the_exact_sums_on_any_shape),
        cmocka_unit_test(test_pixels_of_tight_maps_run_as_one_row),
        cmocka_unit_test(test_depthwise_gives_the_exact_sums_on_any_shape),
        cmocka_unit_test(test_winograd_gives_the_sums_of_any_3x3),
        cmocka_unit_test(test_polyphase_gives_the_sums_of_any_3x3_of_stride_2),
        cmocka_unit_test(test_activations_are_those_of_the_formulas),
        cmocka_unit_test(test_what_is_no_number_stays_none),
        cmocka_unit_test(test_bf16_gives_the_sums_of_rounded_factors),
        cmocka_unit_test(test_bf16_leaves_odd_channels_and_groups_to_others),
        cmocka_unit_test(test_packing_without_memory_fails_and_leaks_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
