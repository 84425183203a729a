/* Direct convolution: for each panel of output channels and block of pixels, one product of matrices over the
 * window (block_kernels.h). A 1x1 of tight maps runs over all pixels as over one row. */
#include "base/alloc.h"
#include "engine/kernels/conv_rows.h"

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
    if (rows_are_one(op)) {
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
static void run_row(const void *context, int bundle, const struct panel *panel, int y, int x, int x_end)
{
    const struct direct  *direct = context;
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

static void run(const struct op *op, int first, int last, void *scratch)
{
    const struct direct direct = direct_of(op);

    (void)scratch;
    rows_run(op, direct.out.width, run_row, &direct, first, last);
}

static void bind(struct op *op, const struct conv *conv, int threads)
{
    op->run = run;
    rows_bind(op, conv, threads);
}

const struct conv_code conv_direct_code = {
    .name = "conv direct",
    .can = can,
    .reach = conv_reach,
    .weight_floats = weight_floats,
    .pack = pack,
    .bind = bind,
};
