/* What a convolution will take, from its arithmetic and from the bytes that must come from far. The unit is
 * the multiplication at the processor's peak. Constants were fitted to bench_conv on a server core of the
 * year 2021 (AVX-512, 48 KiB, 1.25 MiB and 48 MiB of cache). */
#include "engine/kernels/caches.h"
#include "engine/kernels/conv_method.h"

#include <math.h>

/* Of the peak, in the loop over a block's sums. */
static const double BLOCK_SHARE = 0.93;
/* The same where a panel is of one vector: each multiplication then needs a load of its own. */
static const double NARROW_SHARE = 0.55;
/* Cycles for a block beside that loop, and for a row of depthwise outputs. */
static const double BLOCK_CYCLES = 60, DEPTH_ROW_CYCLES = 60;
/* Cycles for a vector at one position of a tile: inputs and outputs of the transform together. */
static const double WINOGRAD_CYCLES = 14, POLYPHASE_CYCLES = 19;
/* Cycles for a vector of depthwise outputs, beside those for its multiplications. */
static const double DEPTH_CYCLES = 6;
/* Bytes a cycle from the third cache, of maps (read in order) and of weights (which the net's other layers,
 * and other programs, have driven out in part since its last run), and from memory. */
static const double MAP_BYTES = 16, WEIGHT_BYTES = 5, FAR_BYTES = 2;

struct machine {
    struct caches caches;
    double        vector;
    double        a_cycle; /* multiplications */
};

static struct machine machine_at_hand(void)
{
    double vector = kernels_at(cpu_level())->vector;
    return (struct machine){caches_of_machine(), vector, 2 * vector};
}

static double whole(double value, double unit)
{
    return ceil(value / unit) * unit;
}

/* Maps that don't stay in the second cache until they are needed. */
static double map_cost(const struct machine *machine, const struct conv_shape *shape, double out_pixels)
{
    const double in_pixels = out_pixels * shape->stride[0] * shape->stride[1];
    const double bytes = sizeof(float) * (in_pixels * shape->inputs + out_pixels * shape->outputs);

    return fmax(bytes - (double)machine->caches.l2 / 2, 0) / MAP_BYTES * machine->a_cycle;
}

/* Weights that are read anew by each thread in each of `passes`: those that the second cache does not keep,
 * slower where the third one won't keep them to the net's next run. */
static double weight_cost(const struct machine *machine, double floats, double passes, int threads)
{
    const double bytes = sizeof(float) * floats;
    const double rate = bytes > (double)machine->caches.l3 / 4 ? FAR_BYTES : WEIGHT_BYTES;

    return passes * threads * fmax(bytes - (double)machine->caches.l2 / 2, 0) / rate * machine->a_cycle;
}

/* A product of [rows][length] and [length][columns] by blocks. */
static double product_cost(const struct machine *machine, double rows, double length, double columns)
{
    const double panel = PANEL_VECTORS * machine->vector, panels = ceil(columns / panel);
    const double padded = whole(columns, machine->vector), narrow = fmod(padded, panel);

    return rows * length * ((padded - narrow) / BLOCK_SHARE + narrow / NARROW_SHARE) +
           ceil(rows / MOST_PIXELS) * panels * BLOCK_CYCLES * machine->a_cycle;
}

static double direct_cost(const struct machine *machine, const struct conv_shape *shape, double pixels,
                          int threads)
{
    const double groups = shape->groups, window = (double)shape->kernel[0] * shape->kernel[1];
    const double bundled = fmin(groups, ceil(MAP_GRAIN * groups / shape->outputs)),
                 bundles = groups / bundled;
    const double length = window * shape->inputs / bundles, columns = shape->outputs / bundles;

    return bundles * product_cost(machine, pixels, length, columns) + map_cost(machine, shape, pixels) +
           weight_cost(machine, bundles * length * whole(columns, machine->vector), 1, threads);
}

static double tile_cost(const struct machine *machine, const struct conv_shape *shape, double tiles,
                        double positions, double matrices, double cycles, int threads)
{
    const double inputs = whole(shape->inputs, machine->vector),
                 outputs = whole(shape->outputs, machine->vector);
    const double of_tile = sizeof(float) * positions * (inputs + outputs);
    const double chunk = fmax((double)machine->caches.l2 / 2 / of_tile, MOST_PIXELS);
    const double share = tiles / threads, chunks = ceil(share / chunk);
    const double product = product_cost(machine, share / chunks, shape->inputs, shape->outputs);

    return positions * product * chunks * threads + tiles * positions * (inputs + outputs) * cycles +
           map_cost(machine, shape, tiles * TILE * TILE) +
           weight_cost(machine, matrices * shape->inputs * outputs, chunks, threads);
}

static double depthwise_cost(const struct machine *machine, const struct conv_shape *shape, double height,
                             double width)
{
    const double channels = whole(shape->outputs, machine->vector),
                 window = (double)shape->kernel[0] * shape->kernel[1];
    const double rows = height * channels / machine->vector;

    return height * width * channels * (window + 2 * DEPTH_CYCLES) +
           rows * DEPTH_ROW_CYCLES * machine->a_cycle + map_cost(machine, shape, height * width);
}

double conv_cost(enum conv_method method, const struct conv_shape *shape, int out_height, int out_width,
                 int threads)
{
    const struct machine machine = machine_at_hand();
    const double         tiles = ceil((double)out_height / TILE) * ceil((double)out_width / TILE);

    threads = threads > 0 ? threads : 1;
    switch (method) {
    case CONV_WINOGRAD:
        return tile_cost(&machine, shape, tiles, 36, 36, WINOGRAD_CYCLES, threads);
    case CONV_POLYPHASE:
        return tile_cost(&machine, shape, tiles, 81, 36, POLYPHASE_CYCLES, threads);
    case CONV_DEPTHWISE:
        return depthwise_cost(&machine, shape, out_height, out_width);
    case CONV_DIRECT:
    case CONV_BF16:
    case CONV_BYTES:
    case CONV_METHODS:
        break;
    }
    return direct_cost(&machine, shape, (double)out_height * out_width, threads);
}
