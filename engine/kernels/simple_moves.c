/* What is only moved: copies, pixels repeated, halos. */
#include "engine/kernels/simple_bytes.h"

#include <string.h>

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
    if (steps_are_bytes(in->steps)) {
        byte_copy(op, in, out);
        return;
    }
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
    if (steps_are_bytes(in->steps)) {
        byte_nearest(op, in, out, factor);
        return;
    }
    *op = simple_op(run_nearest, "enlarge nearest", in, out);
    op->numbers[0] = factor;
}

/* ---- halos -------------------------------------------------------------------------------------- */

enum { TOP, LEFT, BOTTOM, RIGHT }; /* op.numbers */

static void clear_channels(const struct map *map, int y, int x, size_t count)
{
    if (steps_are_bytes(map->steps))
        memset(map_bytes_at(map, y, x), map->steps.zero, count);
    else
        memset(map_at(map, y, x), 0, count * sizeof(float));
}

static void clear_pixels(const struct map *map, int y, int x, int end)
{
    const size_t channels = (size_t)map_padded(map->channels);

    if (is_solid(map) && end > x) {
        clear_channels(map, y, x, (size_t)(end - x) * channels);
        return;
    }
    for (; x < end; x++)
        clear_channels(map, y, x, channels);
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
