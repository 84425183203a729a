/* What nets do between convolutions, at each level of the machine, on random shapes and layouts: against the
 * formulas of ONNX's operators in double precision. Memory that must not matter holds NaN. */
#include "tests/kernels/conv_case.h"
#include "tests/kernels/field.h"

#include "base/alloc.h"
#include "base/cpu.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Sums of at most some hundred terms of at most 4, divided again; exponentials. */
#define ROUNDING 3e-6

enum { RUNS = 150 };

static int random_channels(uint32_t *seed)
{
    static const int some[] = {1, 3, 5, 8, 12, 16, 24, 33, 64, 80};
    return some[random_between(seed, 0, sizeof(some) / sizeof(*some) - 1)];
}

/* A test of an operation: the maps it works on. */
struct trial {
    struct field in, other, out;
    struct op    op;
    uint32_t     seed;
};

static struct trial trial_make(uint32_t run, int level, int height, int width, int channels)
{
    struct trial trial = {.seed = run * 7919 + (uint32_t)level};

    struct field_form form = field_form(height, width, channels, &trial.seed);
    trial.in = field_make(&form, &trial.seed);
    return trial;
}

static void trial_add_out(struct trial *trial, int height, int width, int channels)
{
    struct field_form form = field_form(height, width, channels, &trial->seed);
    trial->out = field_make(&form, &trial->seed);
}

static void trial_run(struct trial *trial, int level)
{
    trial->op.lines = line_kernels_at((enum cpu_level)level);
    field_run(&trial->op, &trial->out);
}

static void trial_free(struct trial *trial)
{
    field_free(&trial->in);
    field_free(&trial->other);
    field_free(&trial->out);
}

#define EACH_RUN_AND_LEVEL                                                                                   \
    for (uint32_t run = 0; run < RUNS; run++)                                                                \
        for (int level = CPU_SCALAR; level <= (int)cpu_level_of_machine(); level++)

/* Sizes and channels of a run, the same at all levels. */
struct size {
    int height, width, channels;
};

static struct size random_size(uint32_t run)
{
    uint32_t    seed = run;
    struct size size = {random_between(&seed, 1, 7), random_between(&seed, 1, 40), 0};

    size.channels = random_channels(&seed);
    return size;
}

/* ---- planes -------------------------------------------------------------------------------------- */

struct planes {
    float *values;
    int    channels, height, width, block, shift;
};

static double exact_block(const void *context, int y, int x, int channel)
{
    const struct planes *planes = context;
    int                  part = channel / planes->channels, plane = channel % planes->channels;
    int                  from_y = y * planes->block + part / planes->block - planes->shift;
    int                  from_x = x * planes->block + part % planes->block - planes->shift;

    if (from_y < 0 || from_x < 0 || from_y >= planes->height || from_x >= planes->width)
        return 0;
    return (double)planes->values[(plane * planes->height + from_y) * planes->width + from_x];
}

static void test_planes_become_maps_also_in_blocks(void **state)
{
    (void)state;
    EACH_RUN_AND_LEVEL
    {
        struct size   size = random_size(run);
        struct trial  trial = {.seed = run};
        struct planes planes = {.channels = random_between(&trial.seed, 0, 1) ? 3 : size.channels,
                                .block = random_between(&trial.seed, 1, 3)};
        if (planes.block > 1)
            planes.shift = random_between(&trial.seed, 0, 5);
        planes.height = size.height;
        planes.width = size.width;
        int    blocks_y = (size.height + planes.shift) / planes.block + random_between(&trial.seed, 0, 2);
        int    blocks_x = (size.width + planes.shift) / planes.block + random_between(&trial.seed, 0, 2);
        size_t count = (size_t)(planes.channels * size.height * size.width);
        planes.values = mem_alloc_aligned(count, sizeof(float));
        assert_non_null(planes.values);
        for (size_t i = 0; i < count; i++)
            planes.values[i] = (float)random_between(&trial.seed, -1000, 1000);
        if (planes.block == 1 && random_between(&trial.seed, 0, 2)) {
            blocks_y = size.height;
            blocks_x = size.width;
        }
        trial_add_out(&trial, blocks_y + (blocks_y == 0), blocks_x + (blocks_x == 0),
                      planes.channels * planes.block * planes.block);
        op_from_planes(&trial.op, planes.values, planes.channels, planes.height, planes.width, &trial.out.map,
                       planes.block, planes.shift);
        trial_run(&trial, level);
        field_check(&trial.out, exact_block, &planes, 0, 0, true);
        trial_free(&trial);
        mem_free(planes.values);
    }
}

static void test_maps_become_planes(void **state)
{
    (void)state;
    EACH_RUN_AND_LEVEL
    {
        struct size  size = random_size(run);
        struct trial trial = trial_make(run, level, size.height, size.width, size.channels);
        size_t       plane = (size_t)(size.height * size.width), count = plane * (size_t)size.channels;
        float       *planes = mem_alloc_aligned(count, sizeof(float));
        assert_non_null(planes);
        for (int way = 0; way < 4; way++) {
            const int backwards = way % 2, far = way / 2;
            memset(planes, 0xFF, count * sizeof(float));
            op_to_planes(&trial.op, &trial.in.map, planes);
            trial.op.numbers[0] = far; /* as planes larger than the caches are written */
            trial.op.lines = line_kernels_at((enum cpu_level)level);
            if (backwards)
                run_units_backwards(&trial.op);
            else
                trial.op.run(&trial.op, 0, trial.op.units, NULL);
            for (size_t i = 0; i < count; i++) {
                int y = (int)(i % plane) / size.width, x = (int)(i % plane) % size.width;
                if (planes[i] != field_at(&trial.in, y, x, (int)(i / plane)))
                    fail_msg("of %d x %d x %d: plane %d at (%d, %d) is %g", size.channels, size.height,
                             size.width, (int)(i / plane), y, x, (double)planes[i]);
            }
        }
        mem_free(planes);
        trial_free(&trial);
    }
}

/* ---- pixel by pixel ------------------------------------------------------------------------------- */

static void test_copies_are_exact_and_write_no_padding(void **state)
{
    (void)state;
    EACH_RUN_AND_LEVEL
    {
        struct size  size = random_size(run);
        struct trial trial = trial_make(run, level, size.height, size.width, size.channels + 11);
        trial_add_out(&trial, size.height, size.width, size.channels + 20);
        int        from = random_between(&trial.seed, 0, 11), to = random_between(&trial.seed, 0, 20);
        struct map in = trial.in.map, out = trial.out.map;
        in.data += from;
        out.data += to;
        in.channels = out.channels = size.channels;
        op_copy(&trial.op, &in, &out);
        trial.op.lines = line_kernels_at((enum cpu_level)level);
        for (size_t i = 0; i < trial.out.floats; i++)
            trial.out.memory[i] = 777.0F;
        run_units_backwards(&trial.op);
        for (int y = 0; y < size.height; y++)
            for (int x = 0; x < size.width; x++)
                for (int c = 0; c < map_padded(trial.out.map.channels); c++) {
                    bool  is_copied = c >= to && c < to + size.channels;
                    float should = is_copied ? field_at(&trial.in, y, x, c - to + from) : 777.0F;
                    assert_true(field_at(&trial.out, y, x, c) == should);
                }
        trial_free(&trial);
    }
}

struct activated {
    const struct trial *trial;
    struct activation   activation;
    const float        *first, *second; /* by channel: slopes; scales and shifts */
};

static double exact_activated(const void *context, int y, int x, int channel)
{
    const struct activated *test = context;
    double                  value = (double)field_at(&test->trial->in, y, x, channel);

    if (test->activation.kind == ACTIVATION_PRELU)
        return value < 0 ? (double)test->first[channel] * value : value;
    if (test->second)
        value = value * (double)test->first[channel] + (double)test->second[channel];
    return exact_activation(&test->activation, value);
}

static struct activation random_activation(uint32_t *seed)
{
    static const struct activation all[ACTIVATION_KINDS] = {
        [ACTIVATION_NONE] = {ACTIVATION_NONE, 0, 0},
        [ACTIVATION_CLAMP] = {ACTIVATION_CLAMP, -1, 3},
        [ACTIVATION_LEAKY] = {ACTIVATION_LEAKY, 0.1F, 0},
        [ACTIVATION_SILU] = {ACTIVATION_SILU, 0, 0},
        [ACTIVATION_SIGMOID] = {ACTIVATION_SIGMOID, 0, 0},
        [ACTIVATION_HARD_SIGMOID] = {ACTIVATION_HARD_SIGMOID, 0.2F, 0.5F},
        [ACTIVATION_HARD_SWISH] = {ACTIVATION_HARD_SWISH, 0, 0},
        [ACTIVATION_TANH] = {ACTIVATION_TANH, 0, 0},
        [ACTIVATION_PRELU] = {ACTIVATION_NONE, 0, 0}, /* it has a test of its own */
        [ACTIVATION_ELU] = {ACTIVATION_ELU, 1.5F, 0},
        [ACTIVATION_GELU] = {ACTIVATION_GELU, 0, 0},
        [ACTIVATION_MISH] = {ACTIVATION_MISH, 0, 0},
        [ACTIVATION_EXP] = {ACTIVATION_EXP, 0, 0},
        [ACTIVATION_SQRT] = {ACTIVATION_ABS, 0, 0}, /* of what is not negative only */
        [ACTIVATION_ABS] = {ACTIVATION_ABS, 0, 0},
    };
    return all[random_between(seed, 0, ACTIVATION_KINDS - 1)];
}

static void test_activations_are_of_each_value(void **state)
{
    (void)state;
    EACH_RUN_AND_LEVEL
    {
        struct size      size = random_size(run);
        struct trial     trial = trial_make(run, level, size.height, size.width, size.channels);
        struct activated test = {.trial = &trial, .activation = random_activation(&trial.seed)};
        float            slopes[128];
        for (int c = 0; c < 128; c++)
            slopes[c] = c < size.channels ? (float)random_between(&trial.seed, -100, 100) / 100.0F : NAN;
        if (random_between(&trial.seed, 0, 3) == 0) {
            test.activation.kind = ACTIVATION_PRELU;
            test.first = slopes;
        }
        trial_add_out(&trial, size.height, size.width, size.channels);
        op_activate(&trial.op, &trial.in.map, &trial.out.map, test.activation, test.first);
        trial_run(&trial, level);
        field_check(&trial.out, exact_activated, &test, ROUNDING, ROUNDING, true);
        trial_free(&trial);
    }
}

static void test_scales_and_shifts_are_of_the_channel(void **state)
{
    (void)state;
    EACH_RUN_AND_LEVEL
    {
        struct size      size = random_size(run);
        struct trial     trial = trial_make(run, level, size.height, size.width, size.channels);
        float            scale[128], shift[128];
        struct activated test = {&trial, random_activation(&trial.seed), scale, shift};
        for (int c = 0; c < 128; c++) {
            scale[c] = c < size.channels ? (float)random_between(&trial.seed, -100, 100) / 100.0F : NAN;
            shift[c] = c < size.channels ? (float)random_between(&trial.seed, -100, 100) / 100.0F : NAN;
        }
        trial_add_out(&trial, size.height, size.width, size.channels);
        op_scale(&trial.op, &trial.in.map, &trial.out.map, scale, shift, test.activation);
        trial_run(&trial, level);
        field_check(&trial.out, exact_activated, &test, ROUNDING, ROUNDING, true);
        trial_free(&trial);
    }
}

struct pair {
    const struct trial *trial;
    enum binary_kind    kind;
    bool                reversed;
    struct activation   activation;
};

static double exact_pair(const void *context, int y, int x, int channel)
{
    const struct pair *test = context;
    const struct map  *other = &test->trial->other.map;
    double             a = (double)field_at(&test->trial->in, y, x, channel), results[BINARY_KINDS];
    double b = (double)field_at(&test->trial->other, other->height == 1 ? 0 : y, other->width == 1 ? 0 : x,
                                other->channels == 1 ? 0 : channel);

    if (test->reversed) {
        double swap = a;
        a = b;
        b = swap;
    }
    results[BINARY_ADD] = a + b;
    results[BINARY_SUB] = a - b;
    results[BINARY_MUL] = a * b;
    results[BINARY_DIV] = a / b;
    results[BINARY_MAX] = fmax(a, b);
    results[BINARY_MIN] = fmin(a, b);
    return exact_activation(&test->activation, results[test->kind]);
}

/* Quotients have divisors. */
static void replace_zeros(const struct field *field)
{
    for (size_t i = 0; i < field->floats; i++)
        if (field->memory[i] == 0.0F)
            field->memory[i] = 0.5F;
}

static void test_maps_are_joined_also_with_one_row_column_or_channel(void **state)
{
    (void)state;
    for (int again = 0; again < 3; again++)
        EACH_RUN_AND_LEVEL
        {
            struct size  size = random_size(run);
            struct trial trial =
                trial_make(run + 1000 * (uint32_t)again, level, size.height, size.width, size.channels);
            struct pair test = {&trial, (enum binary_kind)random_between(&trial.seed, 0, BINARY_KINDS - 1),
                                random_between(&trial.seed, 0, 1), random_activation(&trial.seed)};
            if (test.kind == BINARY_DIV && test.activation.kind == ACTIVATION_EXP)
                test.activation.kind = ACTIVATION_NONE; /* would be past all numbers */
            struct field_form form =
                field_form(random_between(&trial.seed, 0, 2) ? size.height : 1,
                           random_between(&trial.seed, 0, 2) ? size.width : 1,
                           random_between(&trial.seed, 0, 2) ? size.channels : 1, &trial.seed);
            trial.other = field_make(&form, &trial.seed);
            replace_zeros(&trial.in);
            replace_zeros(&trial.other);
            trial_add_out(&trial, size.height, size.width, size.channels);
            op_binary(&trial.op, test.kind, &trial.in.map, &trial.other.map, &trial.out.map, test.reversed,
                      test.activation);
            trial_run(&trial, level);
            field_check(&trial.out, exact_pair, &test, 2 * ROUNDING, 10 * ROUNDING, true);
            trial_free(&trial);
        }
}

static void test_what_is_no_number_is_the_largest_and_the_least(void **state)
{
    (void)state;
    for (int level = CPU_SCALAR; level <= (int)cpu_level_of_machine(); level++)
        for (int kind = BINARY_MAX; kind <= BINARY_MIN; kind++)
            for (int reversed = 0; reversed < 2; reversed++) {
                struct trial      trial = trial_make(0, level, 1, 1, 8);
                struct field_form form = {1, 1, 8, 0, 0, 1};
                trial.other = field_make(&form, &trial.seed);
                trial.out = field_make(&form, &trial.seed);
                trial.in.map.data[3] = NAN;
                op_binary(&trial.op, (enum binary_kind)kind, &trial.in.map, &trial.other.map, &trial.out.map,
                          reversed, (struct activation){0});
                trial_run(&trial, level);
                assert_true(isnan(trial.out.map.data[3]));
                assert_false(isnan(trial.out.map.data[4]));
                trial_free(&trial);
            }
}

static double exact_softmax(const void *context, int y, int x, int channel)
{
    const struct trial *trial = context;
    double              sum = 0, most = -INFINITY;

    for (int c = 0; c < trial->in.map.channels; c++)
        most = fmax(most, (double)field_at(&trial->in, y, x, c));
    for (int c = 0; c < trial->in.map.channels; c++)
        sum += exp((double)field_at(&trial->in, y, x, c) - most);
    return exp((double)field_at(&trial->in, y, x, channel) - most) / sum;
}

static void test_softmax_is_of_the_channels_of_each_pixel(void **state)
{
    (void)state;
    EACH_RUN_AND_LEVEL
    {
        struct size  size = random_size(run);
        struct trial trial = trial_make(run, level, size.height, size.width, size.channels);
        if (run % 2) /* past what exp() can tell */
            for (int c = 0; c < size.channels; c++)
                map_at(&trial.in.map, 0, 0)[c] += run % 4 == 1 ? 500.0F : -500.0F;
        trial_add_out(&trial, size.height, size.width, size.channels);
        op_softmax(&trial.op, &trial.in.map, &trial.out.map);
        trial_run(&trial, level);
        field_check(&trial.out, exact_softmax, &trial, 1e-7, ROUNDING, true);
        trial_free(&trial);
    }
}

/* ---- windows -------------------------------------------------------------------------------------- */

struct pool {
    const struct trial *trial;
    enum pool_kind      kind;
    struct pool_shape   shape;
};

/* As the specification's AveragePool and MaxPool have it: what hangs over the padding is not counted. */
static double exact_pool(const void *context, int y, int x, int channel)
{
    const struct pool       *test = context;
    const struct pool_shape *shape = &test->shape;
    const struct map        *in = &test->trial->in.map;
    double                   sum = 0, most = -INFINITY;
    int                      seen = 0, counted = 0;

    for (int ky = 0; ky < shape->kernel[0]; ky++)
        for (int kx = 0; kx < shape->kernel[1]; kx++) {
            int from_y = y * shape->stride[0] + ky * shape->dilation[0] - shape->pad[0];
            int from_x = x * shape->stride[1] + kx * shape->dilation[1] - shape->pad[1];
            counted += from_y < in->height + shape->pad[2] && from_x < in->width + shape->pad[3];
            if (from_y < 0 || from_x < 0 || from_y >= in->height || from_x >= in->width)
                continue;
            double value = (double)field_at(&test->trial->in, from_y, from_x, channel);
            most = fmax(most, value);
            sum += value;
            seen++;
        }
    if (test->kind == POOL_MAX)
        return most;
    return sum / (test->kind == POOL_AVERAGE ? seen : counted);
}

/* Sides of the output, at times with windows that hang over (ceil_mode); each sees at least one pixel. */
static void randomize_pool(struct pool_shape *shape, struct size *in, int out[2], uint32_t *seed)
{
    int *sides[2] = {&in->height, &in->width};

    for (int i = 0; i < 2; i++) {
        shape->kernel[i] = random_between(seed, 1, 5);
        shape->stride[i] = random_between(seed, 1, 3);
        shape->dilation[i] = random_between(seed, 0, 3) ? 1 : 2;
        int extent = (shape->kernel[i] - 1) * shape->dilation[i] + 1;
        shape->pad[i] = random_between(seed, 0, shape->kernel[i] / 2) * (shape->dilation[i] == 1);
        shape->pad[i + 2] = random_between(seed, 0, shape->kernel[i] / 2) * (shape->dilation[i] == 1);
        *sides[i] = *sides[i] < extent ? extent : *sides[i];
        int room = *sides[i] + shape->pad[i] + shape->pad[i + 2] - extent, up = random_between(seed, 0, 1);
        out[i] = (room + up * (shape->stride[i] - 1)) / shape->stride[i] + 1;
        if ((out[i] - 1) * shape->stride[i] >= *sides[i] + shape->pad[i])
            out[i]--;
    }
}

static void test_pools_cut_their_windows_at_the_border(void **state)
{
    (void)state;
    for (int kind = POOL_MAX; kind <= POOL_AVERAGE_COUNTING_PADS; kind++)
        EACH_RUN_AND_LEVEL
        {
            struct size size = random_size(run);
            struct pool test = {.kind = (enum pool_kind)kind};
            uint32_t    seed = run + 100000;
            int         out[2];
            randomize_pool(&test.shape, &size, out, &seed);
            struct trial trial = trial_make(run, level, size.height, size.width, size.channels);
            test.trial = &trial;
            trial_add_out(&trial, out[0], out[1], size.channels);
            op_pool(&trial.op, test.kind, &test.shape, &trial.in.map, &trial.out.map);
            trial_run(&trial, level);
            field_check(&trial.out, exact_pool, &test, kind == POOL_MAX ? 0 : ROUNDING, 0, false);
            trial_free(&trial);
        }
}

/* 5x5 with stride 1, as YOLO's SPPF has it, is made of rows and columns; 3x3 with stride 2 is not. */
static void test_the_pools_of_known_nets(void **state)
{
    static const struct pool_shape shapes[] = {
        {{5, 5}, {1, 1}, {1, 1}, {2, 2, 2, 2}},
        {{9, 9}, {1, 1}, {1, 1}, {4, 4, 4, 4}},
        {{3, 3}, {2, 2}, {1, 1}, {1, 1, 1, 1}},
        {{2, 2}, {2, 2}, {1, 1}, {0, 0, 0, 0}},
    };

    (void)state;
    for (int level = CPU_SCALAR; level <= (int)cpu_level_of_machine(); level++)
        for (size_t i = 0; i < sizeof(shapes) / sizeof(*shapes); i++)
            for (int kind = POOL_MAX; kind <= POOL_AVERAGE_COUNTING_PADS; kind++) {
                const int    stride = shapes[i].stride[0], side = stride == 2 ? 10 : 20;
                struct trial trial = trial_make((uint32_t)i, level, 20, 20, 40);
                struct pool  test = {&trial, (enum pool_kind)kind, shapes[i]};
                trial_add_out(&trial, side, side, 40);
                op_pool(&trial.op, test.kind, &test.shape, &trial.in.map, &trial.out.map);
                assert_true((trial.op.scratch > 0) == (stride == 1));
                trial_run(&trial, level);
                field_check(&trial.out, exact_pool, &test, kind == POOL_MAX ? 0 : ROUNDING, 0, false);
                trial_free(&trial);
            }
}

static void test_global_pools_see_all_pixels(void **state)
{
    (void)state;
    for (int kind = POOL_MAX; kind <= POOL_AVERAGE; kind++)
        EACH_RUN_AND_LEVEL
        {
            struct size  size = random_size(run);
            struct trial trial = trial_make(run, level, size.height, size.width, size.channels);
            struct pool  test = {
                 &trial, (enum pool_kind)kind, {{size.height, size.width}, {1, 1}, {1, 1}, {0, 0, 0, 0}}};
            trial_add_out(&trial, 1, 1, size.channels);
            op_global_pool(&trial.op, test.kind, &trial.in.map, &trial.out.map);
            trial_run(&trial, level);
            field_check(&trial.out, exact_pool, &test, kind == POOL_MAX ? 0 : ROUNDING, 0, false);
            trial_free(&trial);
        }
}

/* ---- other sizes ---------------------------------------------------------------------------------- */

struct resize {
    const struct trial *trial;
    int                 factor, coordinates, block;
    bool                crd;
    const int          *order;
};

static double exact_nearest(const void *context, int y, int x, int channel)
{
    const struct resize *test = context;
    return (double)field_at(&test->trial->in, y / test->factor, x / test->factor, channel);
}

static void test_nearest_repeats_pixels(void **state)
{
    (void)state;
    EACH_RUN_AND_LEVEL
    {
        struct size   size = random_size(run);
        struct trial  trial = trial_make(run, level, size.height, size.width, size.channels);
        struct resize test = {.trial = &trial, .factor = random_between(&trial.seed, 1, 4)};
        trial_add_out(&trial, size.height * test.factor, size.width * test.factor, size.channels);
        op_enlarge_nearest(&trial.op, &trial.in.map, &trial.out.map, test.factor);
        trial_run(&trial, level);
        field_check(&trial.out, exact_nearest, &test, 0, 0, false);
        trial_free(&trial);
    }
}

/* ONNX's Resize: x_original of the three modes; beyond the border its value goes on. */
static double original(int position, int in, int out, int coordinates)
{
    double at = (position + 0.5) * in / out - 0.5;

    if (coordinates == LINEAR_ALIGN_CORNERS)
        at = out == 1 ? 0 : (double)position * (in - 1) / (out - 1);
    if (coordinates == LINEAR_ASYMMETRIC)
        at = (double)position * in / out;
    return fmin(fmax(at, 0), in - 1);
}

static double exact_linear(const void *context, int y, int x, int channel)
{
    const struct resize *test = context;
    const struct map    *in = &test->trial->in.map, *out = &test->trial->out.map;
    double               at_y = original(y, in->height, out->height, test->coordinates), sum = 0;
    double               at_x = original(x, in->width, out->width, test->coordinates);

    for (int from_y = 0; from_y < in->height; from_y++)
        for (int from_x = 0; from_x < in->width; from_x++)
            sum += fmax(0, 1 - fabs(at_y - from_y)) * fmax(0, 1 - fabs(at_x - from_x)) *
                   (double)field_at(&test->trial->in, from_y, from_x, channel);
    return sum;
}

static void test_linear_mixes_neighbours_in_each_mode(void **state)
{
    (void)state;
    for (int coordinates = LINEAR_HALF_PIXEL; coordinates <= LINEAR_ASYMMETRIC; coordinates++)
        for (uint32_t run = 0; run < RUNS / 5; run++)
            for (int level = CPU_SCALAR; level <= (int)cpu_level_of_machine(); level++) {
                struct size   size = random_size(run);
                int           height = size.height, width = size.width / 3 + 1;
                struct trial  trial = trial_make(run, level, height, width, size.channels);
                struct resize test = {.trial = &trial, .coordinates = coordinates};
                trial_add_out(&trial, height + random_between(&trial.seed, 0, 2 * height),
                              width + random_between(&trial.seed, 0, 2 * width), size.channels);
                op_enlarge_linear(&trial.op, &trial.in.map, &trial.out.map, coordinates);
                trial_run(&trial, level);
                field_check(&trial.out, exact_linear, &test, ROUNDING, 0, false);
                trial_free(&trial);
            }
}

/* DepthToSpace: DCR has [block][block][channel], CRD [channel][block][block]. */
static double exact_depth(const void *context, int y, int x, int channel)
{
    const struct resize *test = context;
    int                  block = test->block, at = y % block * block + x % block;
    int                  from = at * test->trial->out.map.channels + channel;

    if (test->crd)
        from = channel * block * block + at;
    return (double)field_at(&test->trial->in, y / block, x / block, from);
}

static double exact_space(const void *context, int y, int x, int channel)
{
    const struct resize *test = context;
    int                  block = test->block, channels = test->trial->in.map.channels;
    int                  at = channel / channels;

    return (double)field_at(&test->trial->in, y * block + at / block, x * block + at % block,
                            channel % channels);
}

static void test_channels_become_pixels_and_pixels_channels(void **state)
{
    (void)state;
    for (int form = 0; form < 3; form++)
        EACH_RUN_AND_LEVEL
        {
            struct size   size = random_size(run);
            uint32_t      seed = run;
            int           block = random_between(&seed, 1, 4);
            int           parts = block * block, up = form < 2;
            struct trial  trial = trial_make(run, level, size.height * (up ? 1 : block),
                                             size.width * (up ? 1 : block), size.channels * (up ? parts : 1));
            struct resize test = {.trial = &trial, .block = block, .crd = form == 1};
            trial_add_out(&trial, size.height * (up ? block : 1), size.width * (up ? block : 1),
                          size.channels * (up ? 1 : parts));
            if (up)
                op_depth_to_space(&trial.op, &trial.in.map, &trial.out.map, block, test.crd);
            else
                op_space_to_depth(&trial.op, &trial.in.map, &trial.out.map, block);
            trial_run(&trial, level);
            field_check(&trial.out, up ? exact_depth : exact_space, &test, 0, 0, true);
            trial_free(&trial);
        }
}

static double exact_pick(const void *context, int y, int x, int channel)
{
    const struct resize *test = context;
    return (double)field_at(&test->trial->in, y, x, test->order[channel]);
}

static void test_channels_are_picked_in_any_order(void **state)
{
    (void)state;
    EACH_RUN_AND_LEVEL
    {
        struct size   size = random_size(run);
        struct trial  trial = trial_make(run, level, size.height, size.width, size.channels);
        int           order[128], count = random_between(&trial.seed, 1, size.channels);
        struct resize test = {.trial = &trial, .order = order};
        for (int c = 0; c < count; c++)
            order[c] = random_between(&trial.seed, 0, size.channels - 1);
        if (size.channels % 2 == 0 && run % 2) { /* a shuffle of two groups */
            count = size.channels;
            for (int c = 0; c < count; c++)
                order[c] = c % 2 * (count / 2) + c / 2;
        }
        trial_add_out(&trial, size.height, size.width, count);
        op_pick_channels(&trial.op, &trial.in.map, &trial.out.map, order);
        trial_run(&trial, level);
        field_check(&trial.out, exact_pick, &test, 0, 0, true);
        trial_free(&trial);
    }
}

/* ---- halos ---------------------------------------------------------------------------------------- */

static void test_halos_become_zero_and_the_map_stays(void **state)
{
    (void)state;
    EACH_RUN_AND_LEVEL
    {
        struct size  size = random_size(run);
        struct trial trial = trial_make(run, level, size.height + 6, size.width + 6, size.channels);
        int          halo[4];
        for (int i = 0; i < 4; i++)
            halo[i] = random_between(&trial.seed, 0, 3);
        struct map map = trial.in.map, *all = &trial.in.map;
        map.data = map_at(all, 3, 3);
        map.height -= 6;
        map.width -= 6;
        for (size_t i = 0; i < trial.in.floats; i++)
            trial.in.memory[i] = 777.0F;
        op_clear_halo(&trial.op, &map, halo);
        trial.op.lines = line_kernels_at((enum cpu_level)level);
        run_units_backwards(&trial.op);
        size_t zeros = 0, expected = 0;
        for (int y = 0; y < all->height; y++)
            for (int x = 0; x < all->width; x++) {
                bool is_map = y >= 3 && x >= 3 && y < all->height - 3 && x < all->width - 3;
                bool is_near = y >= 3 - halo[0] && x >= 3 - halo[1] && y < all->height - 3 + halo[2] &&
                               x < all->width - 3 + halo[3];
                expected += is_near && !is_map ? (size_t)map_padded(size.channels) : 0;
                for (int c = 0; c < size.channels; c++)
                    assert_true(field_at(&trial.in, y, x, c) == (is_near && !is_map ? 0.0F : 777.0F));
            }
        for (size_t i = 0; i < trial.in.floats; i++)
            zeros += trial.in.memory[i] == 0.0F;
        assert_int_equal(zeros, expected);
        trial_free(&trial);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_planes_become_maps_also_in_blocks),
        cmocka_unit_test(test_maps_become_planes),
        cmocka_unit_test(test_copies_are_exact_and_write_no_padding),
        cmocka_unit_test(test_activations_are_of_each_value),
        cmocka_unit_test(test_scales_and_shifts_are_of_the_channel),
        cmocka_unit_test(test_maps_are_joined_also_with_one_row_column_or_channel),
        cmocka_unit_test(test_what_is_no_number_is_the_largest_and_the_least),
        cmocka_unit_test(test_softmax_is_of_the_channels_of_each_pixel),
        cmocka_unit_test(test_pools_cut_their_windows_at_the_border),
        cmocka_unit_test(test_the_pools_of_known_nets),
        cmocka_unit_test(test_global_pools_see_all_pixels),
        cmocka_unit_test(test_nearest_repeats_pixels),
        cmocka_unit_test(test_linear_mixes_neighbours_in_each_mode),
        cmocka_unit_test(test_channels_become_pixels_and_pixels_channels),
        cmocka_unit_test(test_channels_are_picked_in_any_order),
        cmocka_unit_test(test_halos_become_zero_and_the_map_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
