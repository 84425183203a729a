/* Planes to maps and back. */
#include "engine/kernels/bytes.h"
#include "engine/kernels/caches.h"
#include "engine/kernels/simple_op.h"

#include <string.h>

/* ---- in ----------------------------------------------------------------------------------------- */

enum { PLANES, HEIGHT, WIDTH, BLOCK, SHIFT }; /* op.numbers */

/* The samples of a row of a plane at the columns x * block + offset, with zeros beyond it. */
static void take_samples(float *to, int count, const float *row, int width, int block, int offset)
{
    int x = 0;

    for (; x < count && x * block + offset < 0; x++)
        to[x] = 0.0F;
    for (; x < count && x * block + offset < width; x++)
        to[x] = row[x * block + offset];
    for (; x < count; x++)
        to[x] = 0.0F;
}

/* Both samples of each block of two: samples[0] and samples[1]. */
static void take_pairs(const struct op *op, float *const samples[2], const float *row, int offset)
{
    const int width = op->numbers[WIDTH], count = op->out.width;
    int       first = offset < 0 ? (1 - offset) / 2 : 0, fit = (width - offset) / 2;

    fit = fit < count ? fit : count;
    if (first >= fit)
        first = fit = 0;
    for (int i = 0; i < 2; i++) {
        take_samples(samples[i], first, row, width, 2, offset + i);
        take_samples(samples[i] + fit, count - fit, row, width, 2, 2 * fit + offset + i);
    }
    op->lines->part(row + 2 * first + offset, fit - first, samples[0] + first, samples[1] + first);
}

/* scratch[y in block][x in block][plane][column] of row y of the output. */
static void take_rows(const struct op *op, int y, float *scratch)
{
    const int       planes = op->numbers[PLANES], height = op->numbers[HEIGHT], width = op->numbers[WIDTH];
    const int       block = op->numbers[BLOCK], shift = op->numbers[SHIFT];
    const ptrdiff_t count = op->out.width, of_x = planes * count;

    for (int by = 0; by < block; by++)
        for (int plane = 0; plane < planes; plane++) {
            const int row_y = y * block + by - shift;
            float    *to = scratch + (by * block * planes + plane) * count;
            if (row_y < 0 || row_y >= height) {
                for (int bx = 0; bx < block; bx++)
                    memset(to + bx * of_x, 0, (size_t)count * sizeof(float));
                continue;
            }
            const float *row = (const float *)op->weights + ((ptrdiff_t)plane * height + row_y) * width;
            if (block == 2)
                take_pairs(op, (float *const[2]){to, to + of_x}, row, -shift);
            else
                for (int bx = 0; bx < block; bx++)
                    take_samples(to + bx * of_x, (int)count, row, width, block, bx - shift);
        }
}

static bool has_rows_as_they_are(const struct op *op)
{
    return op->numbers[BLOCK] == 1 && op->numbers[SHIFT] == 0 && op->numbers[WIDTH] == op->out.width &&
           op->numbers[HEIGHT] == op->out.height;
}

static void run_from_planes(const struct op *op, int first, int last, void *scratch)
{
    const struct map *out = &op->out;
    struct turn       turn = {.rows = op->numbers[PLANES] * op->numbers[BLOCK] * op->numbers[BLOCK],
                              .columns = out->width,
                              .readable = out->width,
                              .to_row = out->pixel};
    int               rows = 1;

    turn.fill = map_padded(turn.rows);
    if (has_rows_as_they_are(op)) {
        if (is_tight(out))
            rows = last - first;
        turn.from_row = (ptrdiff_t)out->height * out->width;
        turn.columns = turn.readable = rows * out->width;
    } else {
        turn.from = scratch;
        turn.from_row = out->width;
    }
    for (int y = first; y < last; y += rows) {
        if (has_rows_as_they_are(op))
            turn.from = (const float *)op->weights + (ptrdiff_t)y * out->width;
        else
            take_rows(op, y, scratch);
        turn.to = map_at(out, y, 0);
        op->lines->turn(&turn);
    }
}

/* The same by way of a row of floats, which is made of a map of one row. */
static void run_to_bytes(const struct op *op, int first, int last, void *scratch)
{
    struct op row = *op;

    row.out.pixel = map_padded(op->out.channels);
    row.out.row = 0;
    row.out.steps = (struct steps){0};
    row.out.data = scratch;
    for (int y = first; y < last; y++) {
        struct byte_line line = {.in = scratch,
                                 .in_pixel = row.out.pixel,
                                 .out = map_bytes_at(&op->out, y, 0),
                                 .out_pixel = op->out.pixel,
                                 .out_steps = op->out.steps,
                                 .pixels = op->out.width,
                                 .channels = map_padded(op->out.channels)};
        run_from_planes(&row, y, y + 1, row.out.data + row.out.pixel * row.out.width);
        op->bytes->convert(&line);
    }
}

void op_from_planes(struct op *op, const float *planes, int channels, int height, int width,
                    const struct map *out, int block, int shift)
{
    *op = simple_op(run_from_planes, "from planes", NULL, out);
    op->weights = planes;
    op->numbers[PLANES] = channels;
    op->numbers[HEIGHT] = height;
    op->numbers[WIDTH] = width;
    op->numbers[BLOCK] = block;
    op->numbers[SHIFT] = shift;
    if (!has_rows_as_they_are(op))
        op->scratch = (size_t)block * (size_t)block * (size_t)channels * (size_t)out->width * sizeof(float);
    if (steps_are_bytes(out->steps)) {
        op->run = run_to_bytes;
        op->bytes = kernels_at(cpu_level())->bytes;
        op->scratch += (size_t)map_padded(out->channels) * (size_t)out->width * sizeof(float);
    }
}

/* ---- out ---------------------------------------------------------------------------------------- */

enum { FAR }; /* op.numbers */

static void run_to_planes(const struct op *op, int first, int last, void *scratch)
{
    const struct map *in = &op->in;
    const int         rows = is_tight(in) ? last - first : 1;
    struct turn       turn = {.from_row = in->pixel,
                              .rows = rows * in->width,
                              .columns = in->channels,
                              .readable = map_padded(in->channels),
                              .to_row = (ptrdiff_t)in->height * in->width,
                              .fill = rows * in->width,
                              .far = op->numbers[FAR]};

    (void)scratch;
    for (int y = first; y < last; y += rows) {
        turn.from = map_at(in, y, 0);
        turn.to = op->other.data + (ptrdiff_t)y * in->width;
        op->lines->turn(&turn);
    }
}

void op_to_planes(struct op *op, const struct map *in, float *planes)
{
    *op = simple_op(run_to_planes, "to planes", in, in);
    op->other.data = planes;
    op->numbers[FAR] = sizeof(float) * (size_t)in->channels * (size_t)in->height * (size_t)in->width >
                       caches_of_machine().l2;
}
