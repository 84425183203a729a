/* Rates of the convolution kernels on layers of YOLOv5n and MobileNetV2, on one thread: the shortest of
 * several runs, multiplications a second of the layer as it is written, and in parts of the FMA peak (above
 * 1: the method multiplies less). The columns are the methods that can run the layer; the last is what
 * conv_cost() expects. bench_conv [--level=scalar|avx2|avx512] [--silu] [--ms=40] [WORD OF A NAME] */
#include "base/alloc.h"
#include "engine/kernels/conv_method.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct layer {
    const char *name;
    int         size, inputs, outputs, groups, kernel, stride; /* size: of the output, square */
};

static const struct layer layers[] = {
    {"yolo 1x1 160 32>32", 160, 32, 32, 1, 1, 1},       {"yolo 1x1 160 16>16", 160, 16, 16, 1, 1, 1},
    {"yolo 1x1 80 64>64", 80, 64, 64, 1, 1, 1},         {"yolo 1x1 80 32>32", 80, 32, 32, 1, 1, 1},
    {"yolo 1x1 40 128>128", 40, 128, 128, 1, 1, 1},     {"yolo 1x1 40 64>64", 40, 64, 64, 1, 1, 1},
    {"yolo 1x1 20 256>256", 20, 256, 256, 1, 1, 1},     {"yolo 1x1 20 512>256", 20, 512, 256, 1, 1, 1},
    {"yolo 1x1 80 64>255", 80, 64, 255, 1, 1, 1},       {"yolo 3x3 320 12>16", 320, 12, 16, 1, 3, 1},
    {"yolo 3x3 160 16>16", 160, 16, 16, 1, 3, 1},       {"yolo 3x3 80 32>32", 80, 32, 32, 1, 3, 1},
    {"yolo 3x3 80 64>64", 80, 64, 64, 1, 3, 1},         {"yolo 3x3 40 64>64", 40, 64, 64, 1, 3, 1},
    {"yolo 3x3 20 128>128", 20, 128, 128, 1, 3, 1},     {"yolo 3x3/2 160 16>32", 160, 16, 32, 1, 3, 2},
    {"yolo 3x3/2 80 32>64", 80, 32, 64, 1, 3, 2},       {"yolo 3x3/2 40 64>128", 40, 64, 128, 1, 3, 2},
    {"yolo 3x3/2 40 64>64", 40, 64, 64, 1, 3, 2},       {"yolo 3x3/2 20 128>256", 20, 128, 256, 1, 3, 2},
    {"yolo 6x6/2 320 3>16", 320, 3, 16, 1, 6, 2},       {"resnet 3x3 7 512>512", 7, 512, 512, 1, 3, 1},
    {"resnet 3x3 14 256>256", 14, 256, 256, 1, 3, 1},   {"resnet 1x1 14 256>1024", 14, 256, 1024, 1, 1, 1},
    {"resnet 1x1 14 1024>256", 14, 1024, 256, 1, 1, 1}, {"mobile 3x3/2 112 3>32", 112, 3, 32, 1, 3, 2},
    {"mobile 1x1 112 16>96", 112, 16, 96, 1, 1, 1},     {"mobile 1x1 56 24>144", 56, 24, 144, 1, 1, 1},
    {"mobile 1x1 28 144>32", 28, 144, 32, 1, 1, 1},     {"mobile 1x1 28 32>192", 28, 32, 192, 1, 1, 1},
    {"mobile 1x1 14 64>384", 14, 64, 384, 1, 1, 1},     {"mobile 1x1 14 384>64", 14, 384, 64, 1, 1, 1},
    {"mobile 1x1 7 960>160", 7, 960, 160, 1, 1, 1},     {"mobile 1x1 7 320>1280", 7, 320, 1280, 1, 1, 1},
    {"mobile dense 1280>1000", 1, 1280, 1000, 1, 1, 1}, {"mobile dw 112 32", 112, 32, 32, 32, 3, 1},
    {"mobile dw 56 144", 56, 144, 144, 144, 3, 1},      {"mobile dw 14 384", 14, 384, 384, 384, 3, 1},
    {"mobile dw/2 56 96", 56, 96, 96, 96, 3, 2},        {"mobile dw/2 14 192", 14, 192, 192, 192, 3, 2},
    {"squeeze 3x3/2 111 3>64", 111, 3, 64, 1, 3, 2},    {"squeeze 3x3 13 64>256", 13, 64, 256, 1, 3, 1},
    {"squeeze 3x3 13 48>192", 13, 48, 192, 1, 3, 1},    {"squeeze 1x1 13 512>1000", 13, 512, 1000, 1, 1, 1},
    {"squeeze 1x1 13 512>64", 13, 512, 64, 1, 1, 1},    {"squeeze 1x1 13 64>256", 13, 64, 256, 1, 1, 1},
    {"mobile dw5 14 384", 14, 384, 384, 384, 5, 1},
};

static const char *const method_names[CONV_METHODS] = {"direct",    "winograd", "polyphase",
                                                       "depthwise", "bf16",     "bytes"};

enum { LEAST_RUNS = 7 };
static double least_ms = 40;

/* Of this thread: what others do meanwhile costs caches, but not time. */
static double thread_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static double shortest_ms(const struct op *op, void *scratch)
{
    double best = INFINITY, begun = thread_ms();

    for (int run = 0; run < LEAST_RUNS || thread_ms() - begun < least_ms; run++) {
        double start = thread_ms();
        op->run(op, 0, op->units, scratch);
        best = fmin(best, thread_ms() - start);
    }
    return best;
}

/* Multiplications of floats a second, in 1e9. */
static double peak_of(const struct kernels *kernels)
{
    enum { TURNS = 200000 };
    _Alignas(64) float sums[WIDEST_VECTOR] = {0};
    double             best = INFINITY;

    for (int run = 0; run < 20; run++) {
        double start = thread_ms();
        kernels->peak(sums, TURNS);
        best = fmin(best, thread_ms() - start);
    }
    return (double)TURNS * PEAK_SUMS * kernels->vector / best / 1e6;
}

static struct map make_map(int size, int channels, const int halo[4], bool bytes)
{
    struct map map = {.height = size, .width = size, .channels = channels, .pixel = map_padded(channels)};
    size_t     rows = (size_t)(halo[0] + size + halo[2]);

    map.row = (halo[1] + size + halo[3]) * map.pixel;
    float *memory = mem_alloc_aligned(rows * (size_t)map.row, sizeof(float));
    if (!memory)
        exit(1);
    for (size_t i = 0; i < rows * (size_t)map.row; i++)
        memory[i] = (float)(i * 7919 % 1000) / 1000.0F;
    map.data = memory + halo[0] * map.row + halo[1] * map.pixel;
    if (bytes) {
        map.steps = (struct steps){1.0F / 32, 9};
        map.bytes = (uint8_t *)memory + halo[0] * map.row + halo[1] * map.pixel;
    }
    return map;
}

static double bench_method(const struct layer *layer, enum conv_method method, const struct conv_shape *shape,
                           const struct kernels *kernels, const struct finish *finish)
{
    const int in_size = layer->size * layer->stride, none[4] = {0};
    size_t    count = (size_t)shape->outputs * (size_t)(shape->inputs / shape->groups) *
                   (size_t)(layer->kernel * layer->kernel);
    float       *weights = mem_alloc_zeroed(count, sizeof(float));
    struct map   in = {.height = in_size, .width = in_size}, out;
    const bool   bytes = method == CONV_BYTES;
    struct conv *conv = NULL;
    struct op    op;
    int          halo[4];

    for (size_t i = 0; weights && i < count; i++)
        weights[i] = (float)(i * 104729 % 255) / 127.0F - 1;
    conv_halo(halo, method, shape, &in, layer->size, layer->size);
    in = make_map(in_size, shape->inputs, halo, bytes);
    out = make_map(layer->size, shape->outputs, none, bytes);
    if (!weights || conv_pack_for(&conv, kernels, method, shape, weights, NULL, NULL))
        exit(1);
    conv_op(&op, conv, &in, &out, finish, 1);
    void  *scratch = mem_alloc_aligned(op.scratch + 1, 1);
    double ms = shortest_ms(&op, scratch);
    mem_free(bytes ? (float *)(void *)(in.bytes - halo[0] * in.row - halo[1] * in.pixel)
                   : in.data - halo[0] * in.row - halo[1] * in.pixel);
    mem_free(out.data);
    mem_free(scratch);
    mem_free(weights);
    conv_free(conv);
    return ms;
}

static void bench_layer(const struct layer *layer, const struct kernels *kernels, double peak,
                        const struct finish *finish)
{
    const struct conv_shape shape = {layer->inputs,
                                     layer->outputs,
                                     layer->groups,
                                     {layer->kernel, layer->kernel},
                                     {layer->stride, layer->stride},
                                     {1, 1},
                                     {(layer->kernel - 1) / 2, (layer->kernel - 1) / 2}};
    const double macs = (double)layer->size * layer->size * layer->outputs * (layer->inputs / layer->groups) *
                        layer->kernel * layer->kernel;

    printf("%-24s %7.2f", layer->name, macs / 1e6);
    for (int method = 0; method < CONV_METHODS; method++) {
        if (!conv_can((enum conv_method)method, &shape))
            continue;
        double ms = bench_method(layer, (enum conv_method)method, &shape, kernels, finish);
        double rate = macs / ms / 1e6;
        double cost = conv_cost((enum conv_method)method, &shape, layer->size, layer->size, 1);
        printf("  %s %7.3f ms %6.1f %5.2f (%.2f)", method_names[method], ms, rate, rate / peak, macs / cost);
    }
    printf("\n");
    (void)fflush(stdout);
}

/* For outputs in bytes. */
enum { MOST_OUTPUTS = 2048 };
static float   per_unit[MOST_OUTPUTS];
static int32_t zero[MOST_OUTPUTS];

int main(int argc, char **argv)
{
    enum cpu_level level = cpu_level();
    struct finish  finish = {.per_unit = per_unit, .zero = zero};
    const char    *word = "";

    for (int i = 1; i < argc; i++) {
        for (int l = CPU_SCALAR; l <= (int)cpu_level_of_machine(); l++)
            if (strncmp(argv[i], "--level=", 8) == 0 &&
                strcmp(argv[i] + 8, cpu_level_name((enum cpu_level)l)) == 0)
                level = (enum cpu_level)l;
        if (strcmp(argv[i], "--silu") == 0)
            finish.activation.kind = ACTIVATION_SILU;
        if (strncmp(argv[i], "--ms=", 5) == 0)
            least_ms = atof(argv[i] + 5);
        if (argv[i][0] != '-')
            word = argv[i];
    }
    for (int i = 0; i < MOST_OUTPUTS; i++) {
        per_unit[i] = 32;
        zero[i] = 9;
    }
    const struct kernels *kernels = kernels_at(level);
    double                peak = peak_of(kernels);
    printf("%s, one thread, FMA peak %.1f GMAC/s\n", kernels->name, peak);
    printf("%-24s %7s  ms, GMAC/s, of the peak (as expected)\n", "layer", "MMAC");
    for (size_t i = 0; i < sizeof(layers) / sizeof(*layers); i++)
        if (strstr(layers[i].name, word))
            bench_layer(&layers[i], kernels, peak, &finish);
    return 0;
}
