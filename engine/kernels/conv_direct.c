/* Direct convolution: for each panel of output channels and block of pixels, one product of matrices over the
 * window (block_kernels.h). A 1x1 of tight maps runs over all pixels as over one row. */
#include "base/alloc.h"
#include "engine/kernels/caches.h"
#include "engine/kernels/conv_method.h"

#include <math.h>

enum { BY_PANELS, CHUNK_PIXELS }; /* op.numbers */

static bool can(const struct conv_shape *shape)
{
    return shape->groups > 0 && shape->inputs % shape->groups == 0 && shape->outputs % shape->groups == 0;
}

/* ---- packing: [bundle][panel][y][x][input][column of the panel] --------------------------------- */

static size_t sum_length(const struct conv *conv)
{
    size_t window = mem_product((size_t)conv->shape.kernel[0], (size_t)conv->shape.kernel[1]);
    return mem_product(window, (size_t)conv->inputs);
}

static size_t weight_floats(const struct conv *conv)
{
    size_t columns = mem_product((size_t)conv->bundles, (size_t)conv->columns);
    return mem_product(columns, sum_length(conv));
}

static const float *panel_weights(const struct conv *conv, int bundle, int first_column)
{
    return conv->weights + ((size_t)bundle * (size_t)conv->columns + (size_t)first_column) * sum_length(conv);
}

static void pack_panel(const struct conv *conv, const float *weights, int bundle, struct panel panel)
{
    const int       width = panel.vectors * conv->kernels->vector;
    const int       taps = conv->shape.kernel[0] * conv->shape.kernel[1];
    float          *to = conv->weights + (panel_weights(conv, bundle, panel.first) - conv->weights);
    struct conv_row rows[PANEL_VECTORS * WIDEST_VECTOR];

    for (int i = 0; i < width; i++)
        rows[i] = conv_row(conv, weights, bundle, panel.first + i);
    for (int tap = 0; tap < taps; tap++)
        for (int input = 0; input < conv->inputs; input++)
            for (int i = 0; i < width; i++) {
                const struct conv_row *row = &rows[i];
                *to++ = input >= row->first && input < row->end
                            ? row->weights[(ptrdiff_t)(input - row->first) * taps + tap]
                            : 0.0F;
            }
}

static bool pack(struct conv *conv, const float *weights)
{
    for (int bundle = 0; bundle < conv->bundles; bundle++)
        for (int i = 0; i < conv_panels(conv); i++)
            pack_panel(conv, weights, bundle, conv_panel(conv, i));
    return true;
}

/* ---- running ------------------------------------------------------------------------------------ */

/* What all blocks of a run share. */
struct direct {
    const struct conv *conv;
    struct map         in, out, residual, start; /* `in` begins at the first window; data NULL: none */
    int                start_shift;
    int                step[2]; /* strides of windows, y, x */
    struct block       block;
};

static bool is_tight(const struct map *map)
{
    return map->row == map->width * map->pixel;
}

static bool is_flat(const struct op *op)
{
    const struct conv_shape *shape = &((const struct conv *)op->weights)->shape;

    for (int i = 0; i < 2; i++)
        if (shape->kernel[i] != 1 || shape->stride[i] != 1 || shape->pad[i] != 0)
            return false;
    return op->in.width == op->out.width && is_tight(&op->in) && is_tight(&op->out) &&
           (!op->finish.residual.data || is_tight(&op->finish.residual)) && !op->finish.start.data;
}

static void flatten(struct map *map)
{
    map->width *= map->height;
    map->height = 1;
}

static struct direct direct_of(const struct op *op)
{
    const struct conv       *conv = op->weights;
    const struct conv_shape *shape = &conv->shape;
    struct direct            direct = {
                   .conv = conv,
                   .in = op->in,
                   .out = op->out,
                   .residual = op->finish.residual,
                   .start = op->finish.start,
                   .start_shift = op->finish.start_shift,
                   .step = {shape->stride[0], shape->stride[1]},
    };
    struct block *block = &direct.block;

    direct.in.data -= shape->pad[0] * op->in.row + shape->pad[1] * op->in.pixel;
    if (is_flat(op)) {
        flatten(&direct.in);
        flatten(&direct.out);
    }
    block->in_pixel = op->in.pixel * shape->stride[1];
    block->out_pixel = op->out.pixel;
    block->residual_pixel = op->finish.residual.pixel;
    block->length = conv->inputs;
    for (int i = 0; i < 2; i++) {
        block->window[i] = shape->kernel[i];
        block->window_step[i] = (i == 0 ? op->in.row : op->in.pixel) * shape->dilation[i];
    }
    if (block->window_step[1] == conv->inputs) { /* neighbours are one segment */
        block->length *= block->window[1];
        block->window[1] = 1;
    }
    conv_block_finish(block, &op->finish);
    return direct;
}

/* Sums that begin with a map's values: gathered, so that blocks needn't know where they are from. */
static void gather_start(float *to, const struct direct *direct, int y, int x, int pixels, int channel,
                         const struct panel *panel)
{
    const int width = panel->vectors * direct->conv->kernels->vector;

    for (int i = 0; i < pixels; i++, to += width) {
        const float *from =
            map_at(&direct->start, y >> direct->start_shift, (x + i) >> direct->start_shift) + channel;
        for (int j = 0; j < width; j++)
            to[j] = j < panel->channels ? from[j] : 0.0F;
    }
}

/* Pixels x .. x_end - 1 of row y, in blocks of even sizes. */
static void run_row(const struct direct *direct, int bundle, const struct panel *panel, int y, int x,
                    int x_end)
{
    _Alignas(64) float    start[MOST_PIXELS * PANEL_VECTORS * WIDEST_VECTOR];
    const struct conv    *conv = direct->conv;
    const struct kernels *kernels = conv->kernels;
    struct block          block = direct->block;
    int                   most = kernels->most_pixels[panel->vectors - 1];
    int                   channel = bundle * conv->outputs + panel->first;

    block.weights = panel_weights(conv, bundle, panel->first);
    block.init = conv->bias + (ptrdiff_t)bundle * conv->columns + panel->first;
    block.channels = panel->channels;
    if (direct->start.data) {
        block.init = start;
        block.init_pixel = panel->vectors * kernels->vector;
    }
    for (int blocks = (x_end - x + most - 1) / most; blocks > 0; blocks--) {
        int pixels = (x_end - x + blocks - 1) / blocks;
        block.in = map_at(&direct->in, y * direct->step[0], x * direct->step[1]) + bundle * conv->inputs;
        block.out = map_at(&direct->out, y, x) + channel;
        if (direct->residual.data)
            block.residual = map_at(&direct->residual, y, x) + channel;
        if (direct->start.data)
            gather_start(start, direct, y, x, pixels, channel, panel);
        kernels->block[panel->vectors - 1][pixels](&block);
        x += pixels;
    }
}

/* Panels (of all bundles) by pixels (in the order of rows). The panel is outermost: its weights stay near. */
static void run_part(const struct direct *direct, int first_panel, int last_panel, long long first_pixel,
                     long long last_pixel)
{
    const int width = direct->out.width, panels = conv_panels(direct->conv);

    for (int i = first_panel; i < last_panel; i++) {
        const struct panel panel = conv_panel(direct->conv, i % panels);
        for (long long pixel = first_pixel; pixel < last_pixel;) {
            int       y = (int)(pixel / width), x = (int)(pixel % width);
            long long left = last_pixel - pixel;
            int       end = left < width - x ? x + (int)left : width;
            run_row(direct, i / panels, &panel, y, x, end);
            pixel += end - x;
        }
    }
}

static void run(const struct op *op, int first, int last, void *scratch)
{
    const struct direct direct = direct_of(op);
    const int           panels = direct.conv->bundles * conv_panels(direct.conv);
    const long long     pixels = (long long)op->out.height * op->out.width;

    (void)scratch;
    if (op->numbers[BY_PANELS]) {
        run_part(&direct, (int)share_begin(panels, op->units, first),
                 (int)share_begin(panels, op->units, last), 0, pixels);
        return;
    }
    long long end = share_begin(pixels, op->units, last), chunk = op->numbers[CHUNK_PIXELS];
    for (long long pixel = share_begin(pixels, op->units, first); pixel < end; pixel += chunk)
        run_part(&direct, 0, panels, pixel, pixel + chunk < end ? pixel + chunk : end);
}

/* ---- binding ------------------------------------------------------------------------------------ */

/* Threads share pixels: each reads all weights. Where weights are the larger part, and panels enough for an
 * even share, they share panels: each reads all pixels. */
static bool share_panels(const struct conv *conv, const struct op *op, int threads)
{
    const double input = (double)op->in.height * op->in.width * conv->shape.inputs;
    const int    panels = conv->bundles * conv_panels(conv);

    return threads > 1 && (double)conv->weight_floats > input &&
           (panels % threads == 0 || panels >= 8 * threads);
}

/* As many pixels as stay in half of the second cache while all panels pass over them. */
static int chunk_pixels(const struct conv *conv, const struct op *op)
{
    const double of_input = (double)op->in.height * op->in.width * (double)op->in.pixel;
    const double of_output = (double)op->out.height * op->out.width * conv->shape.outputs;
    const double bytes = sizeof(float) * (of_input + of_output);
    const double pixels = (double)op->out.height * op->out.width;
    const double fit = pixels * ((double)caches_of_machine().l2 / 2) / fmax(bytes, 1);

    return fit < MOST_PIXELS ? MOST_PIXELS : fit < pixels ? (int)fit : (int)pixels;
}

static void bind(struct op *op, const struct conv *conv, int threads)
{
    op->run = run;
    op->numbers[BY_PANELS] = share_panels(conv, op, threads);
    op->numbers[CHUNK_PIXELS] = chunk_pixels(conv, op);
    op->units = op->numbers[BY_PANELS] ? conv_units(conv->bundles * conv_panels(conv), threads)
                                       : conv_units((long long)op->out.height * op->out.width, threads);
}

const struct conv_code conv_direct_code = {
    .name = "conv direct",
    .can = can,
    .reach = conv_reach,
    .weight_floats = weight_floats,
    .pack = pack,
    .bind = bind,
};
