#include "tests/kernels/conv_case.h"

#include "base/alloc.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525U + 1013904223U;
    return *state ^ *state >> 16;
}

int random_between(uint32_t *state, int first, int last)
{
    return first + (int)(((uint64_t)next_random(state) * (uint64_t)(last - first + 1)) >> 32);
}

static float random_value(uint32_t *state)
{
    return (float)random_between(state, -1000, 1000) / 500.0F;
}

double exact_activation(const struct activation *activation, double x)
{
    const double a = (double)activation->a, b = (double)activation->b;

    switch (activation->kind) {
    case ACTIVATION_CLAMP:
        return fmin(fmax(x, a), b);
    case ACTIVATION_LEAKY:
        return x < 0 ? a * x : x;
    case ACTIVATION_SILU:
        return x / (1 + exp(-x));
    case ACTIVATION_SIGMOID:
        return 1 / (1 + exp(-x));
    case ACTIVATION_HARD_SIGMOID:
        return fmin(fmax(a * x + b, 0), 1);
    case ACTIVATION_HARD_SWISH:
        return x * fmin(fmax(x / 6 + 0.5, 0), 1);
    case ACTIVATION_TANH:
        return tanh(x);
    case ACTIVATION_ELU:
        return x < 0 ? a * expm1(x) : x;
    case ACTIVATION_GELU:
        return x / 2 * (1 + erf(x / sqrt(2)));
    case ACTIVATION_MISH:
        return x * tanh(log1p(exp(x)));
    case ACTIVATION_EXP:
        return exp(x);
    case ACTIVATION_SQRT:
        return sqrt(x);
    case ACTIVATION_ABS:
        return fabs(x);
    case ACTIVATION_NONE:
    case ACTIVATION_PRELU:
    case ACTIVATION_KINDS:
        break;
    }
    return x;
}

/* ---- maps with memory of exactly their size --------------------------------------------------- */

struct field {
    float     *memory;
    size_t     floats;
    struct map map;
};

static struct field field_make(int height, int width, int channels, const int halo[4], int slice, int stretch)
{
    struct field field = {.map = {.height = height, .width = width, .channels = channels}};
    int          own = map_padded(channels), pixel = own + 2 * slice * MAP_GRAIN;
    ptrdiff_t    wide = halo[1] + stretch * width + halo[3];

    field.map.pixel = (ptrdiff_t)stretch * pixel;
    field.map.row = stretch * wide * pixel;
    field.floats = (size_t)((halo[0] + (ptrdiff_t)stretch * height + halo[2]) * wide * pixel);
    field.memory = mem_alloc_aligned(field.floats, sizeof(float));
    assert_non_null(field.memory);
    field.map.data = field.memory + (halo[0] * wide + halo[1]) * pixel + (ptrdiff_t)slice * MAP_GRAIN;
    return field;
}

static void field_fill(const struct field *field, float value)
{
    for (size_t i = 0; i < field->floats; i++)
        field->memory[i] = value;
}

static void field_randomize(const struct field *field, uint32_t *seed)
{
    for (int y = 0; y < field->map.height; y++)
        for (int x = 0; x < field->map.width; x++)
            for (int c = 0; c < field->map.channels; c++)
                map_at(&field->map, y, x)[c] = random_value(seed);
}

static void field_clear_halo(const struct field *field, const int halo[4])
{
    const struct map *map = &field->map;

    for (int y = -halo[0]; y < map->height + halo[2]; y++)
        for (int x = -halo[1]; x < map->width + halo[3]; x++)
            if (y < 0 || x < 0 || y >= map->height || x >= map->width)
                memset(map_at(map, y, x), 0, (size_t)map->channels * sizeof(float));
}

/* ---- the reference ---------------------------------------------------------------------------- */

struct setup {
    const struct conv_case *test;
    float                  *weights, *bias;
    struct field            in, out, residual, start;
};

/* The sum of (y, x, output), and in *size that of its terms' sizes. */
static double exact_sum(const struct setup *setup, int y, int x, int output, double *size)
{
    const struct conv_case  *test = setup->test;
    const struct conv_shape *shape = &test->shape;
    int                      inputs = shape->inputs / shape->groups;
    int                      group = output / (shape->outputs / shape->groups);
    double                   sum = test->has_bias ? (double)setup->bias[output] : 0;

    if (test->start_shift >= 0)
        sum = (double)map_at(&setup->start.map, y >> test->start_shift, x >> test->start_shift)[output];
    *size = fabs(sum);
    for (int ky = 0; ky < shape->kernel[0]; ky++)
        for (int kx = 0; kx < shape->kernel[1]; kx++) {
            int from_y = y * shape->stride[0] - shape->pad[0] + ky * shape->dilation[0];
            int from_x = x * shape->stride[1] - shape->pad[1] + kx * shape->dilation[1];
            if (from_y < 0 || from_x < 0 || from_y >= test->in[0] || from_x >= test->in[1])
                continue;
            const float *pixel = map_at(&setup->in.map, from_y, from_x) + group * inputs;
            for (int c = 0; c < inputs; c++) {
                int    at = ((output * inputs + c) * shape->kernel[0] + ky) * shape->kernel[1] + kx;
                double term = (double)pixel[c] * (double)setup->weights[at];
                sum += term;
                *size += fabs(term);
            }
        }
    return sum;
}

static void check_outputs(const struct setup *setup, const struct field *out, double tolerance)
{
    const struct conv_case *test = setup->test;

    for (int y = 0; y < test->out[0]; y++)
        for (int x = 0; x < test->out[1]; x++)
            for (int n = 0; n < test->shape.outputs; n++) {
                double size, sum = exact_sum(setup, y, x, n, &size), residual = 0;
                double found = (double)map_at(&out->map, y, x)[n];
                if (test->residual != RESIDUAL_NONE)
                    residual = (double)map_at(&setup->residual.map, y, x)[n];
                if (test->residual == RESIDUAL_BEFORE)
                    sum = exact_activation(&test->activation, sum + residual);
                else
                    sum = exact_activation(&test->activation, sum) + residual;
                if (!(fabs(found - sum) <= tolerance * (size + fabs(residual) + 1)))
                    fail_msg(
                        "%dx%d %d -> %d, kernel %dx%d: output %d at (%d, %d) is %g, should be %g: off by "
                        "%.2e of %.2e",
                        test->in[0], test->in[1], test->shape.inputs, test->shape.outputs,
                        test->shape.kernel[0], test->shape.kernel[1], n, y, x, found, sum, fabs(found - sum),
                        size);
            }
}

/* ---- running ---------------------------------------------------------------------------------- */

static const float GUARD = 12345.0F;

static void run_units(const struct op *op, bool backwards)
{
    void *scratch = mem_alloc_aligned(op->scratch + 1, 1); /* its end is where it was said to be */

    assert_non_null(scratch);
    assert_true(op->units > 0);
    memset(scratch, 0xFF, op->scratch); /* NaN */
    if (backwards)
        for (int unit = op->units - 1; unit >= 0; unit--)
            op->run(op, unit, unit + 1, scratch);
    else
        op->run(op, 0, op->units, scratch);
    mem_free(scratch);
}

static void run_case(const struct setup *setup, const struct conv *conv, const struct field *out, int threads,
                     bool backwards)
{
    const struct conv_case *test = setup->test;
    struct finish           finish = {.activation = test->activation, .start_shift = test->start_shift};
    struct op               op;

    field_fill(out, GUARD);
    if (test->residual == RESIDUAL_IS_OUTPUT) {
        finish.residual = out->map;
        for (int y = 0; y < test->out[0]; y++)
            for (int x = 0; x < test->out[1]; x++)
                memcpy(map_at(&out->map, y, x), map_at(&setup->residual.map, y, x),
                       (size_t)test->shape.outputs * sizeof(float));
    } else if (test->residual != RESIDUAL_NONE)
        finish.residual = setup->residual.map;
    finish.residual_first = test->residual == RESIDUAL_BEFORE;
    if (test->start_shift >= 0)
        finish.start = setup->start.map;
    conv_op(&op, conv, &setup->in.map, &out->map, &finish, threads);
    run_units(&op, backwards);
}

/* Outputs are as in `other`, all else is as it was. */
static void check_memory(const struct field *out, const struct field *other)
{
    float *seen = mem_alloc_aligned(out->floats, sizeof(float));

    assert_non_null(seen);
    memcpy(seen, out->memory, out->floats * sizeof(float));
    for (int y = 0; y < out->map.height; y++)
        for (int x = 0; x < out->map.width; x++) {
            float *pixel = map_at(&out->map, y, x);
            assert_memory_equal(pixel, map_at(&other->map, y, x), (size_t)out->map.channels * sizeof(float));
            for (int c = 0; c < map_padded(out->map.channels); c++)
                seen[pixel - out->memory + c] = GUARD;
        }
    for (size_t i = 0; i < out->floats; i++)
        if (seen[i] != GUARD)
            fail_msg("float %zu of %zu was written: %g", i, out->floats, (double)seen[i]);
    mem_free(seen);
}

static float *random_values(size_t count, uint32_t *seed)
{
    float *values = mem_alloc_aligned(count, sizeof(float));

    assert_non_null(values);
    for (size_t i = 0; i < count; i++)
        values[i] = random_value(seed);
    return values;
}

static struct setup setup_make(const struct conv_case *test, uint32_t *seed)
{
    const struct conv_shape *shape = &test->shape;
    const int                none[4] = {0};
    int                      halo[4], shift = test->start_shift < 0 ? 0 : test->start_shift;
    struct setup             setup = {.test = test};
    struct map               size = {.height = test->in[0], .width = test->in[1]};

    conv_halo(halo, test->method, shape, &size, test->out[0], test->out[1]);
    setup.in = field_make(test->in[0], test->in[1], shape->inputs, halo, test->in_slice, 1);
    setup.out = field_make(test->out[0], test->out[1], shape->outputs, none, test->out_slice, test->stretch);
    setup.residual = field_make(test->out[0], test->out[1], shape->outputs, none, test->in_slice, 1);
    setup.start = field_make(((test->out[0] - 1) >> shift) + 1, ((test->out[1] - 1) >> shift) + 1,
                             shape->outputs, none, 0, 1);
    field_fill(&setup.in, NAN);
    field_clear_halo(&setup.in, halo);
    field_randomize(&setup.in, seed);
    field_fill(&setup.residual, NAN);
    field_randomize(&setup.residual, seed);
    field_fill(&setup.start, NAN);
    field_randomize(&setup.start, seed);
    setup.weights = random_values((size_t)shape->outputs * (size_t)(shape->inputs / shape->groups) *
                                      (size_t)(shape->kernel[0] * shape->kernel[1]),
                                  seed);
    setup.bias = random_values((size_t)shape->outputs, seed);
    return setup;
}

void check_conv_case(const struct conv_case *test, const struct kernels *kernels, uint32_t seed,
                     double tolerance)
{
    struct setup setup = setup_make(test, &seed);
    struct field again = field_make(test->out[0], test->out[1], test->shape.outputs, (const int[4]){0},
                                    test->out_slice, test->stretch);
    struct conv *conv = NULL;

    assert_true(conv_can(test->method, &test->shape));
    assert_int_equal(conv_pack_for(&conv, kernels, test->method, &test->shape, setup.weights,
                                   test->has_bias ? setup.bias : NULL, NULL),
                     BSR_OK);
    run_case(&setup, conv, &setup.out, 1, false);
    run_case(&setup, conv, &again, test->threads, true);
    check_outputs(&setup, &setup.out, tolerance);
    check_memory(&setup.out, &again);
    check_memory(&again, &setup.out);
    conv_free(conv);
    float *all[] = {setup.in.memory,    setup.out.memory, setup.residual.memory,
                    setup.start.memory, again.memory,     setup.weights,
                    setup.bias};
    for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
        mem_free(all[i]);
}
