/* Enlarging by mixing neighbours: each row of the output first down, in the input's width, then across. */
#include "engine/kernels/simple_op.h"

#include <stdint.h>

/* The place asked for as a fraction of whole numbers: the weights of a pixel are the same in a map and in a
 * part of it. */
static struct tap find_tap(int position, int in_size, int out_size, int coordinates, ptrdiff_t step)
{
    int64_t in = in_size, out = out_size, at = position * in, of = out;

    if (coordinates == LINEAR_ALIGN_CORNERS) {
        at = position * (in - 1);
        of = out > 1 ? out - 1 : 1;
    } else if (coordinates == LINEAR_HALF_PIXEL) {
        at = (2 * (int64_t)position + 1) * in - out;
        of = 2 * out;
    }
    at = at < 0 ? 0 : at > (in - 1) * of ? (in - 1) * of : at;

    const ptrdiff_t before = at / of, behind = before + 1 < in_size ? before + 1 : before;
    return (struct tap){.at = {before * step, behind * step},
                        .part = (float)((double)(at % of) / (double)of)};
}

enum { COORDINATES }; /* op.numbers */

static void mix_rows(const struct op *op, int y, float *to)
{
    const struct map *in = &op->in;
    const struct tap  tap = find_tap(y, in->height, op->out.height, op->numbers[COORDINATES], in->row);
    const int         channels = map_padded(op->out.channels);
    struct mix_line   line = {.in = in->data,
                              .in_pixel = in->pixel,
                              .taps = &tap,
                              .out = to,
                              .out_pixel = channels,
                              .pixels = in->width,
                              .channels = channels};

    if (in->pixel == channels) {
        line.channels *= line.pixels;
        line.pixels = 1;
    }
    op->lines->mix(&line);
}

/* Scratch: [column][channel] of a row in the input's width, and a tap for each column of the output. */
static size_t row_floats(const struct op *op)
{
    return (size_t)op->in.width * (size_t)map_padded(op->out.channels);
}

static void run_linear(const struct op *op, int first, int last, void *scratch)
{
    float      *row = scratch;
    struct tap *taps = (struct tap *)(void *)(row + row_floats(op));
    const int   channels = map_padded(op->out.channels);

    for (int x = 0; x < op->out.width; x++)
        taps[x] = find_tap(x, op->in.width, op->out.width, op->numbers[COORDINATES], channels);
    for (int y = first; y < last; y++) {
        mix_rows(op, y, row);
        struct mix_line line = {.in = row,
                                .taps = taps,
                                .tap_step = 1,
                                .out = map_at(&op->out, y, 0),
                                .out_pixel = op->out.pixel,
                                .pixels = op->out.width,
                                .channels = channels};
        op->lines->mix(&line);
    }
}

void op_enlarge_linear(struct op *op, const struct map *in, const struct map *out, int coordinates)
{
    *op = simple_op(run_linear, "enlarge linear", in, out);
    op->numbers[COORDINATES] = coordinates;
    op->scratch = row_floats(op) * sizeof(float) + (size_t)out->width * sizeof(struct tap);
}
