/* Maps of bytes: to other steps, copied, enlarged, and the largest of windows. */
#include "engine/kernels/simple_bytes.h"
#include "engine/kernels/bytes.h"
#include "engine/kernels/kernels.h"

#include <string.h>

static struct op byte_op(op_run *run, const char *what, const struct map *in, const struct map *out)
{
    struct op op = simple_op(run, what, in, out);

    op.bytes = kernels_at(cpu_level())->bytes;
    return op;
}

/* ---- other steps -------------------------------------------------------------------------------- */

static const void *row_at(const struct map *map, int y)
{
    return steps_are_bytes(map->steps) ? (const void *)map_bytes_at(map, y, 0)
                                       : (const void *)map_at(map, y, 0);
}

static void run_convert(const struct op *op, int first, int last, void *scratch)
{
    struct byte_line line = {.in_pixel = op->in.pixel,
                             .in_steps = op->in.steps,
                             .out_pixel = op->out.pixel,
                             .out_steps = op->out.steps,
                             .pixels = op->out.width,
                             .channels = map_padded(op->out.channels)};

    (void)scratch;
    if (is_solid(&op->in) && is_solid(&op->out)) {
        line.channels *= line.pixels;
        line.pixels = 1;
    }
    for (int y = first; y < last; y++) {
        line.in = row_at(&op->in, y);
        line.out = (void *)(uintptr_t)row_at(&op->out, y);
        op->bytes->convert(&line);
    }
}

void op_convert(struct op *op, const struct map *in, const struct map *out)
{
    *op = byte_op(run_convert, steps_are_bytes(out->steps) ? "to bytes" : "to floats", in, out);
}

/* ---- copies ------------------------------------------------------------------------------------- */

static void run_copy(const struct op *op, int first, int last, void *scratch)
{
    (void)scratch;
    for (int y = first; y < last; y++)
        for (int x = 0; x < op->out.width; x++)
            memcpy(map_bytes_at(&op->out, y, x), map_bytes_at(&op->in, y, x), (size_t)op->out.channels);
}

void byte_copy(struct op *op, const struct map *in, const struct map *out)
{
    *op = byte_op(run_copy, "copy bytes", in, out);
}

static void run_nearest(const struct op *op, int first, int last, void *scratch)
{
    const int    factor = op->numbers[0];
    const size_t channels = (size_t)map_padded(op->out.channels);

    (void)scratch;
    for (int y = first; y < last; y++)
        for (int x = 0; x < op->in.width; x++)
            for (int i = 0; i < factor; i++)
                memcpy(map_bytes_at(&op->out, y, x * factor + i), map_bytes_at(&op->in, y / factor, x),
                       channels);
}

void byte_nearest(struct op *op, const struct map *in, const struct map *out, int factor)
{
    *op = byte_op(run_nearest, "enlarge bytes", in, out);
    op->numbers[0] = factor;
}

/* ---- windows ------------------------------------------------------------------------------------ */

/* op.numbers: of both directions one behind the other, y first. */
enum { KERNEL, STRIDE = 2, DILATION = 4, PAD_BEFORE = 6 };

/* The taps first .. last - 1 of a window that lie inside. */
static void find_taps(const struct op *op, int direction, int position, int *first, int *last)
{
    const int *numbers = op->numbers + direction;
    const int  size = direction == 0 ? op->in.height : op->in.width;
    const int  start = position * numbers[STRIDE] - numbers[PAD_BEFORE];

    *first = 0;
    *last = numbers[KERNEL];
    while (*first < *last && start + *first * numbers[DILATION] < 0)
        ++*first;
    while (*last > *first && start + (*last - 1) * numbers[DILATION] >= size)
        --*last;
}

static void run_largest(const struct op *op, int first, int last, void *scratch)
{
    const int         *numbers = op->numbers;
    struct byte_window window = {
        .window_step = {numbers[DILATION] * op->in.row, numbers[DILATION + 1] * op->in.pixel},
        .pixels = 1,
        .channels = map_padded(op->out.channels)};

    (void)scratch;
    for (int y = first; y < last; y++) {
        int rows, end;
        find_taps(op, 0, y, &rows, &end);
        window.window[0] = end - rows;
        for (int x = 0; x < op->out.width; x++) {
            int columns;
            find_taps(op, 1, x, &columns, &end);
            window.window[1] = end - columns;
            window.in = map_bytes_at(&op->in, y * numbers[STRIDE] - numbers[PAD_BEFORE],
                                     x * numbers[STRIDE + 1] - numbers[PAD_BEFORE + 1]) +
                        rows * window.window_step[0] + columns * window.window_step[1];
            window.out = map_bytes_at(&op->out, y, x);
            op->bytes->largest(&window);
        }
    }
}

void byte_largest(struct op *op, const struct pool_shape *shape, const struct map *in, const struct map *out)
{
    *op = byte_op(run_largest, "max pool bytes", in, out);
    for (int i = 0; i < 2; i++) {
        op->numbers[KERNEL + i] = shape->kernel[i];
        op->numbers[STRIDE + i] = shape->stride[i];
        op->numbers[DILATION + i] = shape->dilation[i];
        op->numbers[PAD_BEFORE + i] = shape->pad[i];
    }
}
