#include "engine/kernels/conv_rows.h"

#include "engine/kernels/caches.h"

#include <math.h>

enum { BY_PANELS, CHUNK_PIXELS }; /* op.numbers */

static bool is_tight(const struct map *map)
{
    return map->row == map->width * map->pixel;
}

bool rows_are_one(const struct op *op)
{
    const struct conv_shape *shape = &((const struct conv *)op->weights)->shape;

    for (int i = 0; i < 2; i++)
        if (shape->kernel[i] != 1 || shape->stride[i] != 1 || shape->pad[i] != 0)
            return false;
    return op->in.width == op->out.width && is_tight(&op->in) && is_tight(&op->out) &&
           (!op->finish.residual.data || is_tight(&op->finish.residual)) && !op->finish.start.data;
}

/* ---- running ------------------------------------------------------------------------------------ */

struct rows {
    const struct conv *conv;
    int                width;
    row_work          *work;
    const void        *context;
};

/* Panels (of all bundles) by pixels (in the order of rows). The panel is outermost: its weights stay near. */
static void run_part(const struct rows *rows, int first_panel, int last_panel, long long first_pixel,
                     long long last_pixel)
{
    const int panels = conv_panels(rows->conv);

    for (int i = first_panel; i < last_panel; i++) {
        const struct panel panel = conv_panel(rows->conv, i % panels);
        for (long long pixel = first_pixel; pixel < last_pixel;) {
            int       y = (int)(pixel / rows->width), x = (int)(pixel % rows->width);
            long long left = last_pixel - pixel;
            int       end = left < rows->width - x ? x + (int)left : rows->width;
            rows->work(rows->context, i / panels, &panel, y, x, end);
            pixel += end - x;
        }
    }
}

void rows_run(const struct op *op, int width, row_work *work, const void *context, int first, int last)
{
    const struct conv *conv = op->weights;
    const struct rows  rows = {conv, width, work, context};
    const int          panels = conv->bundles * conv_panels(conv);
    const long long    pixels = (long long)op->out.height * op->out.width;

    if (op->numbers[BY_PANELS]) {
        run_part(&rows, (int)share_begin(panels, op->units, first), (int)share_begin(panels, op->units, last),
                 0, pixels);
        return;
    }
    long long end = share_begin(pixels, op->units, last), chunk = op->numbers[CHUNK_PIXELS];
    for (long long pixel = share_begin(pixels, op->units, first); pixel < end; pixel += chunk)
        run_part(&rows, 0, panels, pixel, pixel + chunk < end ? pixel + chunk : end);
}

/* ---- binding ------------------------------------------------------------------------------------ */

static double number_bytes(const struct map *map)
{
    return steps_are_bytes(map->steps) ? 1 : sizeof(float);
}

/* Threads share pixels: each reads all weights. Where weights are the larger part, and panels enough for an
 * even share, they share panels: each reads all pixels. */
static bool share_panels(const struct conv *conv, const struct op *op, int threads)
{
    const double input = (double)op->in.height * op->in.width * conv->shape.inputs * number_bytes(&op->in);
    const int    panels = conv->bundles * conv_panels(conv);

    return threads > 1 && (double)conv->weight_floats * sizeof(float) > input &&
           (panels % threads == 0 || panels >= 8 * threads);
}

/* As many pixels as stay in half of the second cache while all panels pass over them. */
static int chunk_pixels(const struct conv *conv, const struct op *op)
{
    const double of_input =
        (double)op->in.height * op->in.width * (double)op->in.pixel * number_bytes(&op->in);
    const double of_output =
        (double)op->out.height * op->out.width * conv->shape.outputs * number_bytes(&op->out);
    const double pixels = (double)op->out.height * op->out.width;
    const double fit = pixels * ((double)caches_of_machine().l2 / 2) / fmax(of_input + of_output, 1);

    return fit < MOST_PIXELS ? MOST_PIXELS : fit < pixels ? (int)fit : (int)pixels;
}

void rows_bind(struct op *op, const struct conv *conv, int threads)
{
    op->numbers[BY_PANELS] = share_panels(conv, op, threads);
    op->numbers[CHUNK_PIXELS] = chunk_pixels(conv, op);
    op->units = op->numbers[BY_PANELS] ? conv_units(conv->bundles * conv_panels(conv), threads)
                                       : conv_units((long long)op->out.height * op->out.width, threads);
}
