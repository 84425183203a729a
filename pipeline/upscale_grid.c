#include "pipeline/upscale_grid.h"

#include <math.h>
#include <stdbool.h>

/* Memory is worth work: windows of so many bytes are as good as smaller ones that work twice as much. */
static const double dear_bytes = 512.0 * (1 << 20);
/* Windows begin and end: so many pixels' worth. */
static const double window_cost = 2048;

/* Along an axis, to choose from. */
enum { MOST_WINDOWS = 400, LEAST_SIDE = 16 };

static int round_up(int value, int unit)
{
    return (value + unit - 1) / unit * unit;
}

/* Pixels that a window and the next one must share, and still be multiples. */
static int overlap_of(const struct onnx_field *field, int axis)
{
    int out = field->before[axis] + field->behind[axis];
    return round_up((out + field->factor - 1) / field->factor, field->align);
}

/* ---- one axis ------------------------------------------------------------------------------------ */

static struct grid_axis whole_axis(const struct onnx_field *field, int axis, int length)
{
    return (struct grid_axis){.length = length,
                              .size = length,
                              .step = length,
                              .count = 1,
                              .factor = field->factor,
                              .before = field->before[axis]};
}

static struct grid_axis cut_axis(const struct onnx_field *field, int axis, int length, int size)
{
    struct grid_axis cut = whole_axis(field, axis, length);
    int              overlap = overlap_of(field, axis), least = overlap + field->align;

    size = round_up(size < LEAST_SIDE ? LEAST_SIDE : size, field->align);
    size = size < least ? least : size;
    if (size >= length)
        return cut;
    cut.size = size;
    cut.step = size - overlap;
    cut.last = round_up(length - size, field->align);
    cut.count = 1 + (cut.last + cut.step - 1) / cut.step;
    return cut;
}

/* Windows of one size, which may end anywhere: they share some more. The last one ends with the picture. */
static struct grid_axis fixed_axis(const struct onnx_field *field, int axis, int length, int size)
{
    struct grid_axis cut = whole_axis(field, axis, length);
    int              step = (size - overlap_of(field, axis)) / field->align - 1;

    cut.size = size;
    if (size >= length)
        return cut;
    cut.step = step < 1 ? 0 : step * field->align;
    if (!cut.step)
        return cut;
    cut.last = length - size;
    cut.count = 1 + (cut.last + cut.step - 1) / cut.step;
    return cut;
}

struct grid_span grid_window(const struct grid_axis *axis, int index)
{
    bool last = index == axis->count - 1;
    int  begin = last ? axis->last : index * axis->step;
    int  next = index + 1 == axis->count - 1 ? axis->last : (index + 1) * axis->step;
    int  left = axis->length - begin;

    struct grid_span span = {.first = begin, .count = axis->size < left ? axis->size : left};
    int              end = last ? axis->length * axis->factor : next * axis->factor + axis->before;
    span.out_first = index ? begin * axis->factor + axis->before : 0;
    span.out_count = end - span.out_first;
    return span;
}

/* ---- both ---------------------------------------------------------------------------------------- */

uint64_t grid_bytes(const struct grid_net *net, const struct grid *grid)
{
    const double factor = net->field->factor, channels = 4.0 * net->channels;
    const double window = (double)grid->y.size * grid->x.size;
    const double width = grid->x.length > grid->x.size ? grid->x.length : grid->x.size;
    double       rows = grid->y.size * width * channels;

    if (grid->x.count > 1)
        rows *= 1 + factor * factor;
    return (uint64_t)(window * (net->field->bytes + channels * (1 + factor * factor)) + rows);
}

/* What all windows compute together, in pixels. */
static double grid_work(const struct grid *grid)
{
    return (double)grid->y.count * grid->x.count * ((double)grid->y.size * grid->x.size + window_cost);
}

/* The side of windows if so many share the axis evenly. */
static int even_side(const struct onnx_field *field, int axis, int length, int windows)
{
    int64_t shared = length + (int64_t)(windows - 1) * overlap_of(field, axis);
    return (int)((shared + windows - 1) / windows);
}

/* The grid of the least work, and memory, of those that fit; where none does, that of the least memory. */
static struct grid choose(const struct grid_net *net, int width, int height, uint64_t memory)
{
    struct grid best = {.y = whole_axis(net->field, 0, height), .x = whole_axis(net->field, 1, width)};
    double      least = HUGE_VAL;

    for (int rows = 1; rows <= MOST_WINDOWS; rows++) {
        struct grid grid = {.y = cut_axis(net->field, 0, height, even_side(net->field, 0, height, rows))};
        if (grid.y.count != rows)
            continue; /* multiples allow no such height */
        for (int columns = 1; columns <= MOST_WINDOWS; columns++) {
            grid.x = cut_axis(net->field, 1, width, even_side(net->field, 1, width, columns));
            if (grid.x.count != columns)
                continue;
            double bytes = (double)grid_bytes(net, &grid), cost = grid_work(&grid) * (1 + bytes / dear_bytes);
            if (memory && bytes > (double)memory)
                cost = bytes * 1e12; /* worse than any that fits */
            if (cost < least) {
                least = cost;
                best = grid;
            }
        }
    }
    return best;
}

struct grid grid_make(const struct grid_net *net, int width, int height, int tile, uint64_t memory)
{
    if (net->field->local && net->fixed[0])
        return (struct grid){.y = fixed_axis(net->field, 0, height, net->fixed[0]),
                             .x = fixed_axis(net->field, 1, width, net->fixed[1])};
    if (!net->field->local)
        return (struct grid){.y = whole_axis(net->field, 0, height), .x = whole_axis(net->field, 1, width)};
    if (tile)
        return (struct grid){.y = cut_axis(net->field, 0, height, tile),
                             .x = cut_axis(net->field, 1, width, tile)};
    return choose(net, width, height, memory);
}
