/* Channels in another order, and traded for pixels. */
#include "engine/kernels/simple_op.h"

#include <string.h>

/* Before the channels are written. */
static void clear_padding(float *pixel, int channels)
{
    if (channels % MAP_GRAIN)
        memset(pixel + channels / MAP_GRAIN * MAP_GRAIN, 0, MAP_GRAIN * sizeof(float));
}

/* ---- channels to pixels ------------------------------------------------------------------------- */

enum { BLOCK, CRD }; /* op.numbers */

/* Row y of the input, whose pixels have [block y][block x][channel]. */
static void spread_blocks(const struct op *op, int y)
{
    const int          block = op->numbers[BLOCK], channels = op->out.channels;
    struct spread_line line = {.in_pixel = op->in.pixel,
                               .out_pixel = block * op->out.pixel,
                               .pixels = op->in.width,
                               .times = 1,
                               .channels = channels,
                               .zeros = map_padded(channels) - channels};

    for (int i = 0; i < block * block; i++) {
        line.in = map_at(&op->in, y, 0) + (ptrdiff_t)i * channels;
        line.out = map_at(&op->out, y * block + i / block, i % block);
        op->lines->spread(&line);
    }
}

/* The same with [channel][block y][block x]. */
static void shuffle_blocks(const struct op *op, int y)
{
    const int block = op->numbers[BLOCK], channels = op->out.channels, apart = block * block;

    for (int i = 0; i < block; i++) {
        const float *in = map_at(&op->in, y, 0) + (ptrdiff_t)i * block;
        float       *out = map_at(&op->out, y * block + i, 0);
        for (int x = 0; x < op->in.width; x++, in += op->in.pixel)
            for (int j = 0; j < block; j++, out += op->out.pixel) {
                clear_padding(out, channels);
                for (int c = 0; c < channels; c++)
                    out[c] = in[j + (ptrdiff_t)c * apart];
            }
    }
}

/* The same with blocks of 2 x 2: parted twice. columns[x in block][channel][y in block]. */
static void shuffle_pairs(const struct op *op, int y, float *columns)
{
    const int channels = op->out.channels;

    for (int x = 0; x < op->in.width; x++) {
        op->lines->part(map_at(&op->in, y, x), 2 * channels, columns, columns + 2 * (ptrdiff_t)channels);
        for (int i = 0; i < 2; i++) {
            float *upper = map_at(&op->out, 2 * y, 2 * x + i), *lower = upper + op->out.row;
            clear_padding(upper, channels);
            clear_padding(lower, channels);
            op->lines->part(columns + 2 * (ptrdiff_t)i * channels, channels, upper, lower);
        }
    }
}

static void run_depth_to_space(const struct op *op, int first, int last, void *scratch)
{
    for (int y = first; y < last; y++)
        if (!op->numbers[CRD])
            spread_blocks(op, y);
        else if (op->numbers[BLOCK] == 2)
            shuffle_pairs(op, y, scratch);
        else
            shuffle_blocks(op, y);
}

void op_depth_to_space(struct op *op, const struct map *in, const struct map *out, int block, bool crd)
{
    *op = simple_op(run_depth_to_space, "depth to space", in, out);
    op->units = in->height;
    op->numbers[BLOCK] = block;
    op->numbers[CRD] = crd;
    if (crd && block == 2)
        op->scratch = 4 * (size_t)out->channels * sizeof(float);
}

/* ---- pixels to channels ------------------------------------------------------------------------- */

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
        for (int i = 0; i < parts; i++) {
            line.in = map_at(&op->in, y * block + i / block, i % block);
            line.out = map_at(&op->out, y, 0) + (ptrdiff_t)i * channels;
            line.zeros = i == parts - 1 ? map_padded(op->out.channels) - op->out.channels : 0;
            op->lines->spread(&line);
        }
}

void op_space_to_depth(struct op *op, const struct map *in, const struct map *out, int block)
{
    *op = simple_op(run_space_to_depth, "space to depth", in, out);
    op->numbers[BLOCK] = block;
}

/* ---- channels in another order ------------------------------------------------------------------ */

static void run_pick(const struct op *op, int first, int last, void *scratch)
{
    const int *order = op->weights;

    (void)scratch;
    for (int y = first; y < last; y++)
        for (int x = 0; x < op->out.width; x++) {
            const float *in = map_at(&op->in, y, x);
            float       *out = map_at(&op->out, y, x);
            clear_padding(out, op->out.channels);
            for (int c = 0; c < op->out.channels; c++)
                out[c] = in[order[c]];
        }
}

/* A shuffle of two groups. */
static bool is_weave(const int *order, int channels)
{
    for (int c = 0; c < channels; c++)
        if (order[c] != c % 2 * (channels / 2) + c / 2)
            return false;
    return channels % 2 == 0;
}

static void run_weave(const struct op *op, int first, int last, void *scratch)
{
    const int half = op->out.channels / 2;

    (void)scratch;
    for (int y = first; y < last; y++)
        for (int x = 0; x < op->out.width; x++) {
            const float *in = map_at(&op->in, y, x);
            float       *out = map_at(&op->out, y, x);
            clear_padding(out, op->out.channels);
            op->lines->weave(in, in + half, half, out);
        }
}

void op_pick_channels(struct op *op, const struct map *in, const struct map *out, const int *order)
{
    *op = simple_op(is_weave(order, out->channels) ? run_weave : run_pick, "pick channels", in, out);
    op->weights = order;
}
