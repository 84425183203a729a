/* What is only moved: copies, larger maps, channels traded for pixels. */
#include "engine/kernels/simple_op.h"

#include <string.h>

static int padding_of(const struct map *map)
{
    return map_padded(map->channels) - map->channels;
}

/* ---- copies ------------------------------------------------------------------------------------- */

static void run_copy(const struct op *op, int first, int last, void *scratch)
{
    struct spread_line line = {.in_pixel = op->in.pixel,
                               .out_pixel = op->out.pixel,
                               .pixels = op->out.width,
                               .times = 1,
                               .channels = op->out.channels};

    (void)scratch;
    if (op->in.pixel == op->out.channels && op->out.pixel == op->out.channels) {
        line.channels *= line.pixels;
        line.pixels = 1;
    }
    for (int y = first; y < last; y++) {
        line.in = map_at(&op->in, y, 0);
        line.out = map_at(&op->out, y, 0);
        op->lines->spread(&line);
    }
}

void op_copy(struct op *op, const struct map *in, const struct map *out)
{
    *op = simple_op(run_copy, "copy", in, out);
}

static void run_nearest(const struct op *op, int first, int last, void *scratch)
{
    const int          factor = op->numbers[0];
    struct spread_line line = {.in_pixel = op->in.pixel,
                               .out_pixel = op->out.pixel,
                               .pixels = op->in.width,
                               .times = factor,
                               .channels = map_padded(op->out.channels)};

    (void)scratch;
    for (int y = first; y < last; y++) {
        line.in = map_at(&op->in, y / factor, 0);
        line.out = map_at(&op->out, y, 0);
        op->lines->spread(&line);
    }
}

void op_enlarge_nearest(struct op *op, const struct map *in, const struct map *out, int factor)
{
    *op = simple_op(run_nearest, "enlarge nearest", in, out);
    op->numbers[0] = factor;
}

/* ---- channels for pixels ------------------------------------------------------------------------ */

enum { BLOCK, CRD }; /* op.numbers */

/* Channels of an output pixel are `block` x `block` apart. */
static void run_shuffle_row(const struct op *op, int y)
{
    const int block = op->numbers[BLOCK], apart = block * block, channels = op->out.channels;

    for (int x = 0; x < op->out.width; x++) {
        const float *in = map_at(&op->in, y / block, x / block) + y % block * block + x % block;
        float       *out = map_at(&op->out, y, x);
        for (int c = 0; c < channels; c++)
            out[c] = in[(ptrdiff_t)c * apart];
        for (int c = channels; c < map_padded(channels); c++)
            out[c] = 0.0F;
    }
}

static void run_depth_to_space(const struct op *op, int first, int last, void *scratch)
{
    const int          block = op->numbers[BLOCK], channels = op->out.channels;
    struct spread_line line = {.in_pixel = op->in.pixel,
                               .out_pixel = block * op->out.pixel,
                               .pixels = op->in.width,
                               .times = 1,
                               .channels = channels,
                               .zeros = padding_of(&op->out)};

    (void)scratch;
    for (int y = first; y < last; y++) {
        if (op->numbers[CRD]) {
            run_shuffle_row(op, y);
            continue;
        }
        for (int x = 0; x < block; x++) {
            line.in = map_at(&op->in, y / block, 0) + (ptrdiff_t)(y % block * block + x) * channels;
            line.out = map_at(&op->out, y, x);
            op->lines->spread(&line);
        }
    }
}

void op_depth_to_space(struct op *op, const struct map *in, const struct map *out, int block, bool crd)
{
    *op = simple_op(run_depth_to_space, "depth to space", in, out);
    op->numbers[BLOCK] = block;
    op->numbers[CRD] = crd;
}

static void run_space_to_depth(const struct op *op, int first, int last, void *scratch)
{
    const int          block = op->numbers[BLOCK], parts = block * block, channels = op->in.channels;
    struct spread_line line = {.in_pixel = block * op->in.pixel,
                               .out_pixel = op->out.pixel,
                               .pixels = op->out.width,
                               .times = 1,
                               .channels = channels};

    (void)scratch;
    for (int y = first; y < last; y++)
        for (int part = 0; part < parts; part++) {
            line.in = map_at(&op->in, y * block + part / block, part % block);
            line.out = map_at(&op->out, y, 0) + (ptrdiff_t)part * channels;
            line.zeros = part == parts - 1 ? padding_of(&op->out) : 0;
            op->lines->spread(&line);
        }
}

void op_space_to_depth(struct op *op, const struct map *in, const struct map *out, int block)
{
    *op = simple_op(run_space_to_depth, "space to depth", in, out);
    op->numbers[BLOCK] = block;
}

static void run_pick(const struct op *op, int first, int last, void *scratch)
{
    const int *order = op->weights;

    (void)scratch;
    for (int y = first; y < last; y++)
        for (int x = 0; x < op->out.width; x++) {
            const float *in = map_at(&op->in, y, x);
            float       *out = map_at(&op->out, y, x);
            for (int c = 0; c < op->out.channels; c++)
                out[c] = in[order[c]];
            for (int c = op->out.channels; c < map_padded(op->out.channels); c++)
                out[c] = 0.0F;
        }
}

void op_pick_channels(struct op *op, const struct map *in, const struct map *out, const int *order)
{
    *op = simple_op(run_pick, "pick channels", in, out);
    op->weights = order;
}

/* ---- halos -------------------------------------------------------------------------------------- */

enum { TOP, LEFT, BOTTOM, RIGHT }; /* op.numbers */

static void clear_pixels(const struct map *map, int y, int x, int end)
{
    const size_t channels = (size_t)map_padded(map->channels);

    if (is_solid(map) && end > x) {
        memset(map_at(map, y, x), 0, (size_t)(end - x) * channels * sizeof(float));
        return;
    }
    for (; x < end; x++)
        memset(map_at(map, y, x), 0, channels * sizeof(float));
}

static void run_clear_halo(const struct op *op, int first, int last, void *scratch)
{
    const struct map *map = &op->out;
    const int         left = -op->numbers[LEFT], right = map->width + op->numbers[RIGHT];

    (void)scratch;
    for (int y = first - op->numbers[TOP]; y < last - op->numbers[TOP]; y++)
        if (y < 0 || y >= map->height) {
            clear_pixels(map, y, left, right);
        } else {
            clear_pixels(map, y, left, 0);
            clear_pixels(map, y, map->width, right);
        }
}

void op_clear_halo(struct op *op, const struct map *map, const int halo[4])
{
    *op = simple_op(run_clear_halo, "clear halo", NULL, map);
    op->units = halo[TOP] + map->height + halo[BOTTOM];
    for (int i = 0; i < 4; i++)
        op->numbers[i] = halo[i];
}
