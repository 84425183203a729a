/* Pools: windows are cut at the border; where a window is cheaper as one of rows and then one of columns, the
 * rows' result is made once for all windows of a row. */
#include "engine/kernels/simple_bytes.h"

/* ---- taps --------------------------------------------------------------------------------------- */

/* op.numbers: of both directions one behind the other, y first. */
enum { KERNEL, STRIDE = 2, DILATION = 4, PAD_BEFORE = 6, PAD_BEHIND = 8, KIND = 10, ROWS_FIRST };

/* The taps first .. last - 1 of a window that lie inside, and how many are inside or in the padding. */
struct taps {
    int first, last, counted;
};

static struct taps find_taps(const struct op *op, int direction, int position)
{
    const int  *numbers = op->numbers + direction;
    const int   size = direction == 0 ? op->in.height : op->in.width, step = numbers[DILATION];
    const int   start = position * numbers[STRIDE] - numbers[PAD_BEFORE];
    struct taps taps = {.first = 0, .last = numbers[KERNEL], .counted = numbers[KERNEL]};

    while (taps.first < taps.last && start + taps.first * step < 0)
        taps.first++;
    while (taps.last > taps.first && start + (taps.last - 1) * step >= size)
        taps.last--;
    while (taps.counted > 0 && start + (taps.counted - 1) * step >= size + numbers[PAD_BEHIND])
        taps.counted--;
    return taps;
}

static bool are_same(struct taps a, struct taps b)
{
    return a.first == b.first && a.last == b.last && a.counted == b.counted;
}

/* ---- rows --------------------------------------------------------------------------------------- */

static float divisor_of(const struct op *op, struct taps rows, struct taps columns)
{
    int seen = (rows.last - rows.first) * (columns.last - columns.first);

    if (op->numbers[KIND] == POOL_AVERAGE_COUNTING_PADS)
        return (float)(rows.counted * columns.counted);
    return seen ? (float)seen : 1.0F;
}

static enum window_kind window_kind_of(const struct op *op)
{
    return op->numbers[KIND] == POOL_MAX ? WINDOW_MAX : WINDOW_MEAN;
}

/* What lies below one another, of all columns: scratch[column][channel]. */
static void run_columns(const struct op *op, int y, struct taps rows, float *scratch)
{
    const struct map  *in = &op->in;
    const int          channels = map_padded(op->out.channels);
    const ptrdiff_t    step = op->numbers[DILATION] * in->row;
    struct window_line line = {.in_pixel = in->pixel,
                               .window = {rows.last - rows.first, 1},
                               .window_step = {step, 0},
                               .out = scratch,
                               .out_pixel = channels,
                               .pixels = in->width,
                               .channels = channels,
                               .divisor = 1};

    line.in = in->data + (y * op->numbers[STRIDE] - op->numbers[PAD_BEFORE]) * in->row + rows.first * step;
    if (in->pixel == channels) {
        line.channels *= line.pixels;
        line.pixels = 1;
    }
    op->lines->window[window_kind_of(op)](&line);
}

/* One row of the output, in runs of windows of the same form. */
static void run_row(const struct op *op, int y, float *scratch)
{
    const struct taps  rows = find_taps(op, 0, y);
    const int         *across = op->numbers + 1;
    const bool         rows_first = op->numbers[ROWS_FIRST] && rows.last > rows.first;
    const ptrdiff_t    pixel = rows_first ? map_padded(op->out.channels) : op->in.pixel;
    const float       *in = scratch;
    struct window_line line = {.in_pixel = across[STRIDE] * pixel,
                               .window = {rows_first ? 1 : rows.last - rows.first, 0},
                               .window_step = {op->numbers[DILATION] * op->in.row, across[DILATION] * pixel},
                               .out_pixel = op->out.pixel,
                               .channels = map_padded(op->out.channels)};

    if (rows_first)
        run_columns(op, y, rows, scratch);
    else
        in = op->in.data + (y * op->numbers[STRIDE] - op->numbers[PAD_BEFORE]) * op->in.row +
             rows.first * line.window_step[0];
    for (int x = 0, end; x < op->out.width; x = end) {
        struct taps columns = find_taps(op, 1, x);
        for (end = x + 1; end < op->out.width && are_same(columns, find_taps(op, 1, end));)
            end++;
        line.in =
            in + (x * across[STRIDE] - across[PAD_BEFORE]) * pixel + columns.first * line.window_step[1];
        line.window[1] = columns.last - columns.first;
        line.out = map_at(&op->out, y, x);
        line.pixels = end - x;
        line.divisor = divisor_of(op, rows, columns);
        op->lines->window[window_kind_of(op)](&line);
    }
}

static void run_pool(const struct op *op, int first, int last, void *scratch)
{
    for (int y = first; y < last; y++)
        run_row(op, y, scratch);
}

/* By how much is loaded and stored for a row. */
static bool is_cheaper_by_rows(const struct pool_shape *shape, int in_width, int out_width)
{
    double whole = ((double)shape->kernel[0] * shape->kernel[1] + 1) * out_width;
    double parts = ((double)shape->kernel[0] + 1) * in_width + ((double)shape->kernel[1] + 1) * out_width;
    return parts < whole;
}

void op_pool(struct op *op, enum pool_kind kind, const struct pool_shape *shape, const struct map *in,
             const struct map *out)
{
    if (steps_are_bytes(in->steps)) {
        byte_largest(op, shape, in, out);
        return;
    }
    *op = simple_op(run_pool, kind == POOL_MAX ? "max pool" : "average pool", in, out);
    for (int i = 0; i < 2; i++) {
        op->numbers[KERNEL + i] = shape->kernel[i];
        op->numbers[STRIDE + i] = shape->stride[i];
        op->numbers[DILATION + i] = shape->dilation[i];
        op->numbers[PAD_BEFORE + i] = shape->pad[i];
        op->numbers[PAD_BEHIND + i] = shape->pad[i + 2];
    }
    op->numbers[KIND] = (int)kind;
    op->numbers[ROWS_FIRST] = is_cheaper_by_rows(shape, in->width, out->width);
    if (op->numbers[ROWS_FIRST])
        op->scratch = (size_t)in->width * (size_t)map_padded(out->channels) * sizeof(float);
}

/* ---- of all pixels ------------------------------------------------------------------------------ */

/* A unit is a line of the cache: its sums don't depend on how the others are shared. */
enum { UNIT_CHANNELS = 16 };

static void run_global(const struct op *op, int first, int last, void *scratch)
{
    const struct map  *in = &op->in;
    const int          begin = first * UNIT_CHANNELS, end = last * UNIT_CHANNELS;
    const int          padded = map_padded(op->out.channels);
    struct window_line line = {.in = in->data + begin,
                               .window = {in->height, in->width},
                               .window_step = {in->row, in->pixel},
                               .out = op->out.data + begin,
                               .pixels = 1,
                               .divisor = (float)((double)in->height * in->width)};

    (void)scratch;
    line.channels = (end < padded ? end : padded) - begin;
    op->lines->window[window_kind_of(op)](&line);
}

void op_global_pool(struct op *op, enum pool_kind kind, const struct map *in, const struct map *out)
{
    *op = simple_op(run_global, "global pool", in, out);
    op->units = (map_padded(out->channels) + UNIT_CHANNELS - 1) / UNIT_CHANNELS;
    op->numbers[KIND] = (int)kind;
}
