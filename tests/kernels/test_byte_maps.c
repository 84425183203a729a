/* Maps of bytes: convolutions of all levels against a loop in whole numbers, and what else is done to them.
 */
#include "base/alloc.h"
#include "engine/kernels/bytes.h"
#include "engine/kernels/conv_method.h"
#include "engine/kernels/simple.h"
#include "tests/kernels/byte_field.h"
#include "tests/kernels/conv_case.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { MOST_CHANNELS = 128, GUARD = 0x5A };

/* How far a number may be from the middle between two bytes to become either: what f32 and exponentials of
 * f32 leave open. */
static const double TIE = 2e-3;

/* ---- levels ------------------------------------------------------------------------------------- */

enum { MOST_LEVELS = 4 };

/* All sets of kernels that the machine can run: with AVX-512 and without its VNNI, too. */
static int list_kernels(struct kernels kernels[MOST_LEVELS])
{
    int count = 0;

    for (int level = CPU_SCALAR; level <= (int)cpu_level_of_machine(); level++)
        kernels[count++] = *kernels_at((enum cpu_level)level);
#if defined(__x86_64__)
    if (kernels[count - 1].bytes == &byte_kernels_vnni) {
        kernels[count] = kernels[count - 1];
        kernels[count++].bytes = &byte_kernels_avx512;
    }
#endif
    return count;
}

/* ---- convolutions ------------------------------------------------------------------------------- */

struct byte_case {
    struct conv_shape shape;
    int               in[2], out[2];
    int               in_slice, out_slice;
    struct steps      in_steps, out_steps, residual_steps;
    bool              has_bias, has_residual, residual_is_output, residual_first;
    struct activation activation;
    int               threads;
    float            *weights, bias[MOST_CHANNELS], per_unit[MOST_CHANNELS];
    int32_t           zero[MOST_CHANNELS];
    struct byte_field from, residual;
    float             step[MOST_CHANNELS]; /* of weights */
};

/* No quotient of two such is in the middle between two whole numbers. */
static struct steps random_steps(uint32_t *seed)
{
    return (struct steps){(float)(2 * random_between(seed, 0, 50) + 1) / 1000.0F,
                          random_between(seed, 0, 255)};
}

static void randomize_sizes(struct byte_case *test, uint32_t *seed)
{
    struct conv_shape *shape = &test->shape;

    shape->groups = 1;
    shape->inputs = random_between(seed, 1, 40);
    shape->outputs = random_between(seed, 1, 80);
    for (int i = 0; i < 2; i++) {
        shape->kernel[i] =
            random_between(seed, 0, 3) ? random_between(seed, 1, 3) : random_between(seed, 1, 6);
        shape->stride[i] = random_between(seed, 1, 2);
        shape->dilation[i] = random_between(seed, 0, 3) ? 1 : 2;
        int extent = (shape->kernel[i] - 1) * shape->dilation[i] + 1;
        shape->pad[i] = random_between(seed, 0, extent / 2);
        test->in[i] = random_between(seed, extent, extent + (i == 0 ? 6 : 40));
        int behind = random_between(seed, 0, extent / 2);
        test->out[i] = (test->in[i] + shape->pad[i] + behind - extent) / shape->stride[i] + 1;
    }
}

static void make_plain(struct byte_case *test, uint32_t *seed)
{
    struct conv_shape *shape = &test->shape;

    for (int i = 0; i < 2; i++) {
        shape->kernel[i] = shape->stride[i] = shape->dilation[i] = 1;
        shape->pad[i] = 0;
        test->in[i] = test->out[i] = random_between(seed, 1, 12);
    }
    test->in_slice = test->out_slice = 0;
}

static void randomize_finish(struct byte_case *test, uint32_t *seed)
{
    static const struct activation some[] = {
        {.kind = ACTIVATION_NONE},
        {.kind = ACTIVATION_CLAMP, .a = 0, .b = 6},
        {.kind = ACTIVATION_SILU},
        {.kind = ACTIVATION_LEAKY, .a = 0.1F},
    };

    test->activation = some[random_between(seed, 0, 3)];
    test->in_slice = random_between(seed, 0, 2) == 0;
    test->out_slice = random_between(seed, 0, 2) == 0;
    test->in_steps = random_steps(seed);
    if (random_between(seed, 0, 3))
        test->out_steps = random_steps(seed);
    if (random_between(seed, 0, 1))
        test->residual_steps = random_steps(seed);
    test->has_bias = random_between(seed, 0, 3) > 0;
    test->has_residual = random_between(seed, 0, 1);
    test->residual_first = random_between(seed, 0, 1);
    test->residual_is_output = random_between(seed, 0, 1);
    if (test->residual_is_output)
        test->residual_steps = test->out_steps;
    test->threads = random_between(seed, 1, 5);
}

static size_t weights_of_output(const struct conv_shape *shape)
{
    return (size_t)shape->inputs * (size_t)shape->kernel[0] * (size_t)shape->kernel[1];
}

/* Whole numbers times a step of each output; one is the largest, so that no other step fits. */
static void fill_numbers(struct byte_case *test, uint32_t *seed)
{
    const size_t each = weights_of_output(&test->shape);

    test->weights = mem_alloc_aligned((size_t)test->shape.outputs * each, sizeof(float));
    assert_non_null(test->weights);
    for (int o = 0; o < test->shape.outputs; o++) {
        test->step[o] = (float)random_between(seed, 1, 1000) / 50000.0F;
        test->bias[o] = test->has_bias ? (float)random_between(seed, -500, 500) / 250.0F : 0;
        test->per_unit[o] = 1 / test->out_steps.scale;
        test->zero[o] = test->out_steps.zero;
        for (size_t i = 0; i < each; i++)
            test->weights[(size_t)o * each + i] = (float)random_between(seed, -128, 127) * test->step[o];
        test->weights[(size_t)o * each + (size_t)random_between(seed, 0, (int)each - 1)] =
            127 * test->step[o];
    }
}

static void make_fields(struct byte_case *test, uint32_t *seed)
{
    struct byte_form form = {.height = test->in[0],
                             .width = test->in[1],
                             .channels = test->shape.inputs,
                             .slice = test->in_slice,
                             .steps = test->in_steps};
    struct map       size = {.height = test->in[0], .width = test->in[1]};
    struct op        op;

    conv_halo(form.halo, CONV_BYTES, &test->shape, &size, test->out[0], test->out[1]);
    test->from = byte_field_make(&form, seed);
    op_clear_halo(&op, &test->from.map, form.halo);
    byte_field_run(&op, false);
    form = (struct byte_form){.height = test->out[0],
                              .width = test->out[1],
                              .channels = test->shape.outputs,
                              .slice = test->residual_is_output ? test->out_slice : test->in_slice,
                              .steps = test->residual_steps};
    test->residual = byte_field_make(&form, seed);
}

static int whole_input(const struct byte_case *test, int y, int x, int channel)
{
    if (y < 0 || x < 0 || y >= test->in[0] || x >= test->in[1])
        return 0;
    return map_bytes_at(&test->from.map, y, x)[channel] - test->in_steps.zero;
}

static long long exact_sum(const struct byte_case *test, int y, int x, int output)
{
    const struct conv_shape *shape = &test->shape;
    const float             *weights = test->weights + (size_t)output * weights_of_output(shape);
    long long                sum = 0;

    for (int c = 0; c < shape->inputs; c++)
        for (int ky = 0; ky < shape->kernel[0]; ky++)
            for (int kx = 0; kx < shape->kernel[1]; kx++)
                sum += (long long)lrintf(*weights++ / test->step[output]) *
                       whole_input(test, y * shape->stride[0] - shape->pad[0] + ky * shape->dilation[0],
                                   x * shape->stride[1] - shape->pad[1] + kx * shape->dilation[1], c);
    return sum;
}

static double exact_output(const struct byte_case *test, int y, int x, int output)
{
    double value =
        (double)exact_sum(test, y, x, output) * (double)test->in_steps.scale * (double)test->step[output] +
        (double)test->bias[output];
    double residual = test->has_residual ? byte_field_at(&test->residual, y, x, output) : 0;

    if (test->residual_first)
        return exact_activation(&test->activation, value + residual);
    return exact_activation(&test->activation, value) + residual;
}

/* Of bytes: round(value / scale) + zero, where it is not on the edge. */
static void check_number(const struct byte_case *test, const struct byte_field *out, int y, int x, int output)
{
    double exact = exact_output(test, y, x, output), found = byte_field_at(out, y, x, output);

    if (!steps_are_bytes(test->out_steps)) {
        if (!(fabs(found - exact) <= 2e-6 * (fabs(exact) + 10)))
            fail_msg("%d -> %d: output %d at (%d, %d) is %g, should be %g", test->shape.inputs,
                     test->shape.outputs, output, y, x, found, exact);
        return;
    }
    double at = exact / (double)test->out_steps.scale + test->out_steps.zero;
    double low = fmin(fmax(rint(at - TIE), 0), 255), high = fmin(fmax(rint(at + TIE), 0), 255);
    int    byte = map_bytes_at(&out->map, y, x)[output];
    if (byte < low || byte > high)
        fail_msg("%d -> %d: output %d at (%d, %d) is %d, should be %g", test->shape.inputs,
                 test->shape.outputs, output, y, x, byte, at);
}

static struct byte_field run_case(const struct byte_case *test, const struct conv *conv, int threads,
                                  bool backwards)
{
    uint32_t          seed = 1;
    struct byte_form  form = {.height = test->out[0],
                              .width = test->out[1],
                              .channels = test->shape.outputs,
                              .slice = test->out_slice,
                              .steps = test->out_steps};
    struct byte_field out = byte_field_make(&form, &seed);
    struct finish     finish = {.activation = test->activation,
                                .residual_first = test->residual_first,
                                .per_unit = test->per_unit,
                                .zero = test->zero};
    struct op         op;

    byte_field_fill(&out, GUARD);
    if (test->has_residual && test->residual_is_output) {
        op_copy(&op, &test->residual.map, &out.map);
        byte_field_run(&op, false);
        finish.residual = out.map;
    } else if (test->has_residual) {
        finish.residual = test->residual.map;
    }
    conv_op(&op, conv, &test->from.map, &out.map, &finish, threads);
    byte_field_run(&op, backwards);
    byte_field_check_guard(&out, GUARD);
    return out;
}

static void check_case(struct byte_case *test, const struct kernels *kernels)
{
    struct conv *conv = NULL;

    assert_int_equal(conv_pack_for(&conv, kernels, CONV_BYTES, &test->shape, test->weights, test->bias, NULL),
                     BSR_OK);
    struct byte_field out = run_case(test, conv, 1, false);
    struct byte_field again = run_case(test, conv, test->threads, true);
    byte_field_check_same(&out, &again);
    for (int y = 0; y < test->out[0]; y++)
        for (int x = 0; x < test->out[1]; x++)
            for (int o = 0; o < test->shape.outputs; o++)
                check_number(test, &out, y, x, o);
    conv_free(conv);
    byte_field_free(&out);
    byte_field_free(&again);
}

static void free_case(struct byte_case *test)
{
    mem_free(test->weights);
    byte_field_free(&test->from);
    byte_field_free(&test->residual);
}

static void check_cases(bool plain)
{
    struct kernels kernels[MOST_LEVELS];
    const int      levels = list_kernels(kernels);

    for (uint32_t run = 0; run < 150; run++) {
        uint32_t         seed = run;
        struct byte_case test = {.threads = 1};
        randomize_sizes(&test, &seed);
        randomize_finish(&test, &seed);
        if (plain)
            make_plain(&test, &seed);
        fill_numbers(&test, &seed);
        assert_true(conv_has_steps(&test.shape, test.weights));
        make_fields(&test, &seed);
        for (int i = 0; i < levels; i++)
            check_case(&test, &kernels[i]);
        free_case(&test);
    }
}

static void test_sums_of_bytes_are_exact_on_any_shape(void **state)
{
    (void)state;
    check_cases(false);
}

static void test_pixels_of_tight_maps_run_as_one_row(void **state)
{
    (void)state;
    check_cases(true);
}

/* Without a bias nothing is added to what a sum is multiplied by: floats show its every bit. */
static void test_sums_are_the_same_at_all_levels_bit_for_bit(void **state)
{
    struct kernels kernels[MOST_LEVELS];
    const int      levels = list_kernels(kernels);

    (void)state;
    for (uint32_t run = 0; run < 40; run++) {
        uint32_t          seed = run;
        struct byte_case  test = {.threads = 1};
        struct byte_field out[MOST_LEVELS];
        randomize_sizes(&test, &seed);
        test.in_steps = random_steps(&seed);
        fill_numbers(&test, &seed);
        make_fields(&test, &seed);
        for (int i = 0; i < levels; i++) {
            struct conv *conv = NULL;
            assert_int_equal(
                conv_pack_for(&conv, &kernels[i], CONV_BYTES, &test.shape, test.weights, NULL, NULL), BSR_OK);
            out[i] = run_case(&test, conv, 1, false);
            byte_field_check_same(&out[0], &out[i]);
            conv_free(conv);
        }
        for (int i = 0; i < levels; i++)
            byte_field_free(&out[i]);
        free_case(&test);
    }
}

/* The largest sums there can be: 255 times 127 and -128, of as many as CONV_BYTES takes. */
static void test_the_largest_sums_fit(void **state)
{
    enum { INPUTS = (1 << 16) - 8 };
    const struct conv_shape shape = {INPUTS, 2, 1, {1, 1}, {1, 1}, {1, 1}, {0, 0}};
    const struct byte_form  form = {.height = 1, .width = 1, .channels = INPUTS, .steps = {1, 0}},
                           to = {.height = 1, .width = 1, .channels = 2};
    float         *weights = mem_alloc_aligned(2 * (size_t)INPUTS, sizeof(float));
    struct kernels kernels[MOST_LEVELS];
    const int      levels = list_kernels(kernels);
    uint32_t       seed = 1;

    (void)state;
    assert_non_null(weights);
    assert_true(conv_can(CONV_BYTES, &shape));
    for (int i = 0; i < INPUTS; i++) {
        weights[i] = 127;
        weights[INPUTS + i] = i ? -128 : -127;
    }
    struct byte_field in = byte_field_make(&form, &seed), out = byte_field_make(&to, &seed);
    memset(in.map.bytes, 255, INPUTS);
    for (int i = 0; i < levels; i++) {
        struct conv *conv = NULL;
        struct op    op;
        assert_int_equal(conv_pack_for(&conv, &kernels[i], CONV_BYTES, &shape, weights, NULL, NULL), BSR_OK);
        conv_op(&op, conv, &in.map, &out.map, NULL, 1);
        byte_field_run(&op, false);
        assert_true(fabs(byte_field_at(&out, 0, 0, 0) - 255.0 * 127 * INPUTS) < 200);
        assert_true(fabs(byte_field_at(&out, 0, 0, 1) + 255.0 * (128.0 * INPUTS - 1)) < 200);
        conv_free(conv);
    }
    byte_field_free(&in);
    byte_field_free(&out);
    mem_free(weights);
}

/* ---- weights ------------------------------------------------------------------------------------ */

static void test_weights_have_steps_where_all_are_multiples_of_one(void **state)
{
    static const struct {
        float weights[4];
        bool  steps;
    } rows[] = {
        {{0, 0, 0, 0}, true},
        {{0.1F, 0.1F, -0.1F, 0}, true},
        {{127 * 0.013F, 0.013F, -128 * 0.013F, 60 * 0.013F}, true},
        {{3 * 0.7F, -2 * 0.7F, 0.7F, 0}, true},
        {{127, 1, 0.5F, 0}, false},
        {{128, 1, 0, 0}, false}, /* more than a byte holds */
        {{1, 0.30901699F, 0.1F, 0}, false},
        {{NAN, 1, 0, 0}, false},
        {{INFINITY, 1, 0, 0}, false},
        {{1e-38F, 0, 0, 0}, false},
    };
    const struct conv_shape shape = {4, 1, 1, {1, 1}, {1, 1}, {1, 1}, {0, 0}};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
        if (conv_has_steps(&shape, rows[i].weights) != rows[i].steps)
            fail_msg("row %zu", i);
}

/* ---- other operations --------------------------------------------------------------------------- */

/* What an operation makes of a random map: at all levels the same, as a whole and in units. */
static struct byte_field run_all(const struct op *op, const struct byte_form *form)
{
    uint32_t          seed = 9;
    struct byte_field out = byte_field_make(form, &seed), again = byte_field_make(form, &seed);
    struct kernels    kernels[MOST_LEVELS];
    const int         levels = list_kernels(kernels);
    struct op         own = *op;

    own.out = out.map;
    byte_field_fill(&out, GUARD);
    byte_field_run(&own, false);
    byte_field_check_guard(&out, GUARD);
    own.out = again.map;
    for (int i = 0; i < levels; i++) {
        own.bytes = kernels[i].bytes;
        byte_field_fill(&again, GUARD);
        byte_field_run(&own, true);
        byte_field_check_same(&out, &again);
        byte_field_check_guard(&again, GUARD);
    }
    byte_field_free(&again);
    return out;
}

static void test_numbers_are_rounded_to_even_and_cut(void **state)
{
    static const struct {
        float number;
        int   byte;
    } rows[] = {{0, 100},     {0.5F, 101},     {0.25F, 100}, {0.75F, 102},  {-0.25F, 100},
                {-0.75F, 98}, {0.76F, 102},    {77.5F, 255}, {77.75F, 255}, {1e6F, 255},
                {3e38F, 255}, {INFINITY, 255}, {-50, 0},     {-50.25F, 0},  {-1e6F, 0},
                {-3e38F, 0},  {-INFINITY, 0},  {-49.5F, 1},  {1e-40F, 100}, {12582912.0F, 255}};
    enum { ROWS = sizeof(rows) / sizeof(*rows) };
    uint32_t          seed = 3;
    struct byte_form  form = {.height = 1, .width = ROWS, .channels = 3};
    struct byte_field in = byte_field_make(&form, &seed);

    (void)state;
    form.steps = (struct steps){0.5F, 100};
    struct byte_field out = byte_field_make(&form, &seed);
    struct op         op;
    for (int i = 0; i < ROWS; i++)
        for (int c = 0; c < 3; c++)
            map_at(&in.map, 0, i)[c] = rows[i].number;
    op_convert(&op, &in.map, &out.map);
    byte_field_free(&out);
    out = run_all(&op, &form);
    for (int i = 0; i < ROWS; i++)
        for (int c = 0; c < 3; c++)
            if (map_bytes_at(&out.map, 0, i)[c] != rows[i].byte)
                fail_msg("%g is %d, should be %d", (double)rows[i].number, map_bytes_at(&out.map, 0, i)[c],
                         rows[i].byte);
    byte_field_free(&in);
    byte_field_free(&out);
}

static void check_converted(const struct byte_field *in, const struct byte_field *out)
{
    const struct steps steps = out->map.steps;

    for (int y = 0; y < in->map.height; y++)
        for (int x = 0; x < in->map.width; x++)
            for (int c = 0; c < in->map.channels; c++) {
                double exact = byte_field_at(in, y, x, c), found = byte_field_at(out, y, x, c);
                if (!steps_are_bytes(steps)) {
                    assert_true(fabs(found - exact) <= 1e-6 * fabs(exact));
                    continue;
                }
                double at = exact / (double)steps.scale + steps.zero;
                double low = fmin(fmax(rint(at - TIE), 0), 255), high = fmin(fmax(rint(at + TIE), 0), 255);
                int    byte = map_bytes_at(&out->map, y, x)[c];
                assert_true(byte >= low && byte <= high);
            }
}

static void test_steps_are_changed_for_other_steps(void **state)
{
    (void)state;
    for (uint32_t run = 0; run < 100; run++) {
        uint32_t         seed = run;
        struct byte_form form = {.height = random_between(&seed, 1, 5),
                                 .width = random_between(&seed, 1, 20),
                                 .channels = random_between(&seed, 1, 70),
                                 .slice = random_between(&seed, 0, 1)};
        if (random_between(&seed, 0, 1))
            form.steps = random_steps(&seed);
        struct byte_field in = byte_field_make(&form, &seed);
        struct byte_form  to = form;
        to.slice = random_between(&seed, 0, 1);
        to.steps = random_between(&seed, 0, 2) ? random_steps(&seed) : (struct steps){0};
        struct map out = in.map;
        struct op  op;
        out.steps = to.steps;
        op_convert(&op, &in.map, &out);
        struct byte_field made = run_all(&op, &to);
        check_converted(&in, &made);
        byte_field_free(&in);
        byte_field_free(&made);
    }
}

static struct byte_form random_form(uint32_t *seed)
{
    return (struct byte_form){.height = random_between(seed, 1, 9),
                              .width = random_between(seed, 1, 9),
                              .channels = random_between(seed, 1, 70),
                              .slice = random_between(seed, 0, 1),
                              .steps = random_steps(seed)};
}

static void test_bytes_are_copied_and_enlarged(void **state)
{
    (void)state;
    for (uint32_t run = 0; run < 60; run++) {
        uint32_t          seed = run;
        struct byte_form  form = random_form(&seed), to = form;
        struct byte_field in = byte_field_make(&form, &seed);
        const int         factor = random_between(&seed, 1, 3);
        struct op         op;
        to.slice = random_between(&seed, 0, 1);
        to.height *= factor;
        to.width *= factor;
        struct map out = in.map; /* as large as it will be */
        out.height = to.height;
        out.width = to.width;
        if (factor == 1)
            op_copy(&op, &in.map, &out);
        else
            op_enlarge_nearest(&op, &in.map, &out, factor);
        struct byte_field made = run_all(&op, &to);
        for (int y = 0; y < to.height; y++)
            for (int x = 0; x < to.width; x++)
                assert_memory_equal(map_bytes_at(&made.map, y, x),
                                    map_bytes_at(&in.map, y / factor, x / factor), (size_t)form.channels);
        byte_field_free(&in);
        byte_field_free(&made);
    }
}

static int largest_of(const struct byte_field *in, const struct pool_shape *pool, int y, int x, int channel)
{
    int most = -1;

    for (int ky = 0; ky < pool->kernel[0]; ky++)
        for (int kx = 0; kx < pool->kernel[1]; kx++) {
            int at_y = y * pool->stride[0] - pool->pad[0] + ky * pool->dilation[0];
            int at_x = x * pool->stride[1] - pool->pad[1] + kx * pool->dilation[1];
            if (at_y < 0 || at_x < 0 || at_y >= in->map.height || at_x >= in->map.width)
                continue;
            int byte = map_bytes_at(&in->map, at_y, at_x)[channel];
            most = byte > most ? byte : most;
        }
    return most;
}

static void test_the_largest_bytes_of_windows_are_found(void **state)
{
    (void)state;
    for (uint32_t run = 0; run < 60; run++) {
        uint32_t          seed = run;
        struct byte_form  form = random_form(&seed), to = form;
        struct pool_shape pool = {.dilation = {1, 1}};
        struct op         op;
        form.height += 4;
        form.width += 4;
        for (int i = 0; i < 2; i++) {
            pool.kernel[i] = random_between(&seed, 1, 5);
            pool.stride[i] = random_between(&seed, 1, 2);
            pool.pad[i] = pool.pad[i + 2] = random_between(&seed, 0, pool.kernel[i] / 2);
            int size = i == 0 ? form.height : form.width,
                made = (size + 2 * pool.pad[i] - pool.kernel[i]) / pool.stride[i] + 1;
            *(i == 0 ? &to.height : &to.width) = made;
        }
        struct byte_field in = byte_field_make(&form, &seed);
        struct map        out = in.map;
        out.height = to.height;
        out.width = to.width;
        op_pool(&op, POOL_MAX, &pool, &in.map, &out);
        struct byte_field made = run_all(&op, &to);
        for (int y = 0; y < to.height; y++)
            for (int x = 0; x < to.width; x++)
                for (int c = 0; c < to.channels; c++)
                    assert_int_equal(map_bytes_at(&made.map, y, x)[c], largest_of(&in, &pool, y, x, c));
        byte_field_free(&in);
        byte_field_free(&made);
    }
}

static void test_halos_of_bytes_stand_for_zero(void **state)
{
    uint32_t         seed = 4;
    struct byte_form form = {
        .height = 3, .width = 4, .channels = 21, .halo = {1, 2, 3, 1}, .slice = 1, .steps = {0.25F, 77}};
    struct byte_field field = byte_field_make(&form, &seed), before = byte_field_make(&form, &(uint32_t){4});
    struct op         op;

    (void)state;
    op_clear_halo(&op, &field.map, form.halo);
    byte_field_run(&op, true);
    byte_field_check_same(&field, &before);
    for (int y = -1; y < 6; y++)
        for (int x = -2; x < 5; x++)
            for (int c = 0; c < form.channels; c++) {
                bool inside = y >= 0 && y < 3 && x >= 0 && x < 4;
                assert_true(inside || map_bytes_at(&field.map, y, x)[c] == 77);
            }
    byte_field_free(&field);
    byte_field_free(&before);
}

/* Samples of planes, with zeros beyond them; blocks as in simple.h. */
static void test_planes_become_bytes(void **state)
{
    enum { PLANES = 3, HEIGHT = 7, WIDTH = 9 };
    float planes[PLANES][HEIGHT][WIDTH];

    (void)state;
    for (int i = 0; i < PLANES * HEIGHT * WIDTH; i++)
        ((float *)planes)[i] = (float)i / 251.0F;
    for (int block = 1; block <= 2; block++)
        for (int shift = 0; shift < block; shift++) {
            struct byte_form form = {.height = (HEIGHT + shift + block - 1) / block,
                                     .width = (WIDTH + shift + block - 1) / block,
                                     .channels = PLANES * block * block,
                                     .slice = shift,
                                     .steps = {1.0F / 255, 20}};
            struct map       size = {
                      .height = form.height, .width = form.width, .channels = form.channels, .steps = form.steps};
            struct op op;
            op_from_planes(&op, (const float *)planes, PLANES, HEIGHT, WIDTH, &size, block, shift);
            struct byte_field made = run_all(&op, &form);
            for (int y = 0; y < form.height; y++)
                for (int x = 0; x < form.width; x++)
                    for (int c = 0; c < form.channels; c++) {
                        int    at_y = y * block + c / PLANES / block - shift;
                        int    at_x = x * block + c / PLANES % block - shift;
                        bool   inside = at_y >= 0 && at_x >= 0 && at_y < HEIGHT && at_x < WIDTH;
                        double sample = inside ? (double)planes[c % PLANES][at_y][at_x] : 0;
                        double byte = fmin(rint(sample * 255) + 20, 255);
                        assert_true(fabs(map_bytes_at(&made.map, y, x)[c] - byte) < 0.5);
                    }
            byte_field_free(&made);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sums_of_bytes_are_exact_on_any_shape),
        cmocka_unit_test(test_pixels_of_tight_maps_run_as_one_row),
        cmocka_unit_test(test_sums_are_the_same_at_all_levels_bit_for_bit),
        cmocka_unit_test(test_the_largest_sums_fit),
        cmocka_unit_test(test_weights_have_steps_where_all_are_multiples_of_one),
        cmocka_unit_test(test_numbers_are_rounded_to_even_and_cut),
        cmocka_unit_test(test_steps_are_changed_for_other_steps),
        cmocka_unit_test(test_bytes_are_copied_and_enlarged),
        cmocka_unit_test(test_the_largest_bytes_of_windows_are_found),
        cmocka_unit_test(test_halos_of_bytes_stand_for_zero),
        cmocka_unit_test(test_planes_become_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
