/* Times of what nets do between convolutions, on maps of YOLOv5n, MobileNetV2 and others, on one thread: the
 * median and the shortest of several runs, and the rate at which maps are read and written once.
 * bench_simple [--level=scalar|avx2|avx512] [WORD OF A NAME] */
#include "base/alloc.h"
#include "base/clock.h"
#include "base/cpu.h"
#include "engine/kernels/lines.h"
#include "engine/kernels/simple.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct size {
    int height, width, channels;
};

/* What an operation works on. Planes and numbers of channels are of either map, whichever is larger. */
struct bench {
    struct map in, other, out;
    float     *planes, *numbers;
    int       *order;
};

typedef void bind_op(struct op *op, const struct bench *bench);

/* ---- operations ---------------------------------------------------------------------------------- */

static void from_planes(struct op *op, const struct bench *b)
{
    op_from_planes(op, b->planes, b->in.channels, b->in.height, b->in.width, &b->out,
                   b->in.width / b->out.width, 0);
}

static void from_planes_shifted(struct op *op, const struct bench *b)
{
    op_from_planes(op, b->planes, b->in.channels, b->in.height, b->in.width, &b->out,
                   b->in.width / b->out.width, 2);
}

static void to_planes(struct op *op, const struct bench *b)
{
    op_to_planes(op, &b->in, b->planes);
}

static void copy(struct op *op, const struct bench *b)
{
    op_copy(op, &b->in, &b->out);
}

#define ACTIVATION(name, kind, a, b)                                                                         \
    static void name(struct op *op, const struct bench *bench)                                               \
    {                                                                                                        \
        op_activate(op, &bench->in, &bench->out, (struct activation){kind, a, b}, bench->numbers);           \
    }
ACTIVATION(relu, ACTIVATION_CLAMP, 0, INFINITY)
ACTIVATION(silu, ACTIVATION_SILU, 0, 0)
ACTIVATION(sigmoid, ACTIVATION_SIGMOID, 0, 0)
ACTIVATION(gelu, ACTIVATION_GELU, 0, 0)
ACTIVATION(prelu, ACTIVATION_PRELU, 0, 0)

static void add(struct op *op, const struct bench *b)
{
    op_binary(op, BINARY_ADD, &b->in, &b->out, &b->out, false, (struct activation){0});
}

static void gate(struct op *op, const struct bench *b)
{
    op_binary(op, BINARY_MUL, &b->in, &b->other, &b->out, false, (struct activation){0});
}

static void scale(struct op *op, const struct bench *b)
{
    op_scale(op, &b->in, &b->out, b->numbers, b->numbers, (struct activation){ACTIVATION_CLAMP, 0, 6});
}

static void softmax(struct op *op, const struct bench *b)
{
    op_softmax(op, &b->in, &b->out);
}

#define POOL(name, pool_kind, side, step, before)                                                            \
    static void name(struct op *op, const struct bench *bench)                                               \
    {                                                                                                        \
        op_pool(op, pool_kind,                                                                               \
                &(struct pool_shape){{side, side}, {step, step}, {1, 1}, {before, before, before, before}},  \
                &bench->in, &bench->out);                                                                    \
    }
POOL(pool_5, POOL_MAX, 5, 1, 2)
POOL(pool_3, POOL_MAX, 3, 2, 1)
POOL(pool_2, POOL_MAX, 2, 2, 0)
POOL(mean_3, POOL_AVERAGE, 3, 1, 1)

static void mean_all(struct op *op, const struct bench *b)
{
    op_global_pool(op, POOL_AVERAGE, &b->in, &b->out);
}

static void nearest(struct op *op, const struct bench *b)
{
    op_enlarge_nearest(op, &b->in, &b->out, b->out.width / b->in.width);
}

static void linear(struct op *op, const struct bench *b)
{
    op_enlarge_linear(op, &b->in, &b->out, LINEAR_HALF_PIXEL);
}

static void shuffle_pixels(struct op *op, const struct bench *b)
{
    op_depth_to_space(op, &b->in, &b->out, b->out.width / b->in.width, true);
}

static void depth_to_space(struct op *op, const struct bench *b)
{
    op_depth_to_space(op, &b->in, &b->out, b->out.width / b->in.width, false);
}

static void space_to_depth(struct op *op, const struct bench *b)
{
    op_space_to_depth(op, &b->in, &b->out, b->in.width / b->out.width);
}

static void shuffle_channels(struct op *op, const struct bench *b)
{
    op_pick_channels(op, &b->in, &b->out, b->order);
}

static const struct {
    const char *name;
    bind_op    *bind;
    struct size in, out;
} rows[] = {
    {"from planes 640 3", from_planes, {640, 640, 3}, {640, 640, 3}},
    {"from planes 640 3, blocks", from_planes, {640, 640, 3}, {320, 320, 12}},
    {"from planes 640 3, shifted", from_planes_shifted, {640, 640, 3}, {320, 320, 12}},
    {"from planes 224 3", from_planes, {224, 224, 3}, {224, 224, 3}},
    {"from planes 768 1", from_planes, {768, 768, 1}, {768, 768, 1}},
    {"from planes 40 128", from_planes, {40, 40, 128}, {40, 40, 128}},
    {"to planes 80 255", to_planes, {80, 80, 255}, {80, 80, 255}},
    {"to planes 40 255", to_planes, {40, 40, 255}, {40, 40, 255}},
    {"to planes 20 255", to_planes, {20, 20, 255}, {20, 20, 255}},
    {"to planes 768 3", to_planes, {768, 768, 3}, {768, 768, 3}},
    {"to planes 768 1", to_planes, {768, 768, 1}, {768, 768, 1}},
    {"to planes 1 1000", to_planes, {1, 1, 1000}, {1, 1, 1000}},
    {"copy 80 64", copy, {80, 80, 64}, {80, 80, 64}},
    {"copy 80 24", copy, {80, 80, 24}, {80, 80, 24}},
    {"relu 80 64", relu, {80, 80, 64}, {80, 80, 64}},
    {"silu 80 64", silu, {80, 80, 64}, {80, 80, 64}},
    {"sigmoid 512 1", sigmoid, {512, 512, 1}, {512, 512, 1}},
    {"gelu 80 64", gelu, {80, 80, 64}, {80, 80, 64}},
    {"prelu 80 64", prelu, {80, 80, 64}, {80, 80, 64}},
    {"prelu 80 56", prelu, {80, 80, 56}, {80, 80, 56}},
    {"add 80 64", add, {80, 80, 64}, {80, 80, 64}},
    {"add 112 24", add, {112, 112, 24}, {112, 112, 24}},
    {"gate by channel 28 120", gate, {28, 28, 120}, {28, 28, 120}},
    {"scale 80 64", scale, {80, 80, 64}, {80, 80, 64}},
    {"softmax 1 1000", softmax, {1, 1, 1000}, {1, 1, 1000}},
    {"softmax 128 19", softmax, {128, 128, 19}, {128, 128, 19}},
    {"max pool 5x5 20 128", pool_5, {20, 20, 128}, {20, 20, 128}},
    {"max pool 3x3/2 112 64", pool_3, {112, 112, 64}, {56, 56, 64}},
    {"max pool 2x2/2 112 64", pool_2, {112, 112, 64}, {56, 56, 64}},
    {"mean 3x3 28 192", mean_3, {28, 28, 192}, {28, 28, 192}},
    {"global mean 7 1280", mean_all, {7, 7, 1280}, {1, 1, 1280}},
    {"global mean 56 64", mean_all, {56, 56, 64}, {1, 1, 64}},
    {"nearest x2 40 64", nearest, {40, 40, 64}, {80, 80, 64}},
    {"linear x2 40 64", linear, {40, 40, 64}, {80, 80, 64}},
    {"linear x4 32 19", linear, {32, 32, 19}, {128, 128, 19}},
    {"linear x4 128 19", linear, {128, 128, 19}, {512, 512, 19}},
    {"pixel shuffle x2 128 256", shuffle_pixels, {128, 128, 256}, {256, 256, 64}},
    {"pixel shuffle x2 32 256", shuffle_pixels, {32, 32, 256}, {64, 64, 64}},
    {"pixel shuffle x3 64 9", shuffle_pixels, {64, 64, 9}, {192, 192, 1}},
    {"pixel shuffle x3 256 9", shuffle_pixels, {256, 256, 9}, {768, 768, 1}},
    {"pixel shuffle x4 128 48", shuffle_pixels, {128, 128, 48}, {512, 512, 3}},
    {"depth to space x2 80 64", depth_to_space, {80, 80, 64}, {160, 160, 16}},
    {"space to depth x2 160 16", space_to_depth, {160, 160, 16}, {80, 80, 64}},
    {"channel shuffle 28 116", shuffle_channels, {28, 28, 116}, {28, 28, 116}},
};

/* ---- timing ---------------------------------------------------------------------------------------- */

static float *make_floats(size_t count)
{
    float *floats = mem_alloc_aligned(count, sizeof(float));

    if (!floats)
        exit(1);
    for (size_t i = 0; i < count; i++)
        floats[i] = (float)(i * 7919 % 1000) / 500.0F - 1.0F;
    return floats;
}

static struct map make_map(struct size size)
{
    struct map map = {.height = size.height,
                      .width = size.width,
                      .channels = size.channels,
                      .pixel = map_padded(size.channels)};

    map.row = map.width * map.pixel;
    map.data = make_floats((size_t)map.height * (size_t)map.row);
    return map;
}

static size_t floats_of(struct size size)
{
    return (size_t)size.height * (size_t)size.width * (size_t)map_padded(size.channels);
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

enum { MOST_RUNS = 1001, LEAST_RUNS = 15 };

/* Returns how many there were; `ms` rises. */
static int time_op(const struct op *op, double ms[MOST_RUNS])
{
    void  *scratch = mem_alloc_aligned(op->scratch + 1, 1);
    double begun = clock_ms();
    int    runs = 0;

    if (!scratch)
        exit(1);
    op->run(op, 0, op->units, scratch);
    while (runs < MOST_RUNS && (runs < LEAST_RUNS || clock_ms() - begun < 60)) {
        double start = clock_ms();
        op->run(op, 0, op->units, scratch);
        ms[runs++] = clock_ms() - start;
    }
    qsort(ms, (size_t)runs, sizeof(*ms), compare);
    mem_free(scratch);
    return runs;
}

static void bench_row(size_t row, enum cpu_level level)
{
    struct size  in = rows[row].in, out = rows[row].out;
    size_t       most = floats_of(in) > floats_of(out) ? floats_of(in) : floats_of(out);
    struct bench bench = {.in = make_map(in),
                          .other = make_map((struct size){1, 1, in.channels}),
                          .out = make_map(out),
                          .planes = make_floats(most),
                          .numbers = make_floats(2048)};
    int          order[2048];
    double       ms[MOST_RUNS];
    struct op    op;

    for (int i = 0; i < out.channels; i++)
        order[i] = i % 2 * (out.channels / 2) + i / 2;
    bench.order = order;
    rows[row].bind(&op, &bench);
    op.lines = line_kernels_at(level);
    int    runs = time_op(&op, ms);
    double bytes = sizeof(float) * (double)(floats_of(in) + floats_of(out));
    printf("%-28s %8.4f %8.4f %7.1f\n", rows[row].name, ms[runs / 2], ms[0], bytes / ms[runs / 2] / 1e6);
    (void)fflush(stdout);
    mem_free(bench.in.data);
    mem_free(bench.other.data);
    mem_free(bench.out.data);
    mem_free(bench.planes);
    mem_free(bench.numbers);
}

int main(int argc, char **argv)
{
    enum cpu_level level = cpu_level();
    const char    *word = "";

    for (int i = 1; i < argc; i++) {
        for (int l = CPU_SCALAR; l <= (int)cpu_level_of_machine(); l++)
            if (strncmp(argv[i], "--level=", 8) == 0 &&
                strcmp(argv[i] + 8, cpu_level_name((enum cpu_level)l)) == 0)
                level = (enum cpu_level)l;
        if (argv[i][0] != '-')
            word = argv[i];
    }
    printf("%s, one thread\n%-28s %8s %8s %7s\n", cpu_level_name(level), "operation, side, channels",
           "median", "least ms", "GB/s");
    for (size_t row = 0; row < sizeof(rows) / sizeof(*rows); row++)
        if (strstr(rows[row].name, word))
            bench_row(row, level);
    return 0;
}
