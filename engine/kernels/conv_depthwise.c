/* Depthwise convolution: each channel by a kernel of its own, a vector of channels at a time. The map is cut
 * into bands that stay in the second cache; in a band, vectors are outermost, so that the few input rows of a
 * window stay in the first one while the window goes down. */
#include "base/alloc.h"
#include "engine/kernels/caches.h"
#include "engine/kernels/conv_method.h"

enum { BAND_ROWS }; /* op.numbers */

static bool can(const struct conv_shape *shape)
{
    return shape->groups == shape->inputs && shape->groups == shape->outputs;
}

/* ---- packing: [y][x][channel] ------------------------------------------------------------------- */

static size_t weight_floats(const struct conv *conv)
{
    size_t window = mem_product((size_t)conv->shape.kernel[0], (size_t)conv->shape.kernel[1]);
    return mem_product(window, (size_t)conv->columns);
}

static bool pack(struct conv *conv, const float *weights)
{
    const int window = conv->shape.kernel[0] * conv->shape.kernel[1];

    for (int i = 0; i < window; i++)
        for (int channel = 0; channel < conv->columns; channel++)
            conv->weights[(ptrdiff_t)i * conv->columns + channel] =
                channel < conv->outputs ? weights[(ptrdiff_t)channel * window + i] : 0.0F;
    return true;
}

/* ---- running ------------------------------------------------------------------------------------ */

/* What a row's sums begin with, where that is a map's values. */
static void gather_start(float *to, const struct op *op, int y, int channel, int channels, int vector)
{
    const int shift = op->finish.start_shift;

    for (int x = 0; x < op->out.width; x++, to += vector) {
        const float *from = map_at(&op->finish.start, y >> shift, x >> shift) + channel;
        for (int i = 0; i < vector; i++)
            to[i] = i < channels ? from[i] : 0.0F;
    }
}

static void run_row(const struct op *op, struct depth_row *row, int y, int channel, float *start)
{
    const struct conv       *conv = op->weights;
    const struct conv_shape *shape = &conv->shape;
    const int                vector = conv->kernels->vector, left = map_padded(conv->outputs) - channel;
    struct block            *block = &row->block;

    block->channels = left < vector ? left : vector;
    block->in = map_at(&op->in, y * shape->stride[0] - shape->pad[0], -shape->pad[1]) + channel;
    block->out = map_at(&op->out, y, 0) + channel;
    block->weights = conv->weights + channel;
    block->init = conv->bias + channel;
    if (op->finish.residual.data)
        block->residual = map_at(&op->finish.residual, y, 0) + channel;
    if (op->finish.start.data) {
        gather_start(start, op, y, channel, block->channels, vector);
        block->init = start;
        block->init_pixel = vector;
    }
    conv->kernels->depth_row(row);
}

/* Item i: a row of a vector of channels; a band's are in the order [vector][row]. */
static void run_item(const struct op *op, struct depth_row *row, long long i, float *start)
{
    const struct conv *conv = op->weights;
    const int          vector = conv->kernels->vector, most = op->numbers[BAND_ROWS];
    const long long    of_band = (long long)most * (conv->columns / vector);
    const int          first = (int)(i / of_band) * most, within = (int)(i % of_band);
    const int          rows = op->out.height - first < most ? op->out.height - first : most;

    run_row(op, row, first + within % rows, within / rows * vector, start);
}

static long long count_rows(const struct op *op, const struct conv *conv)
{
    return (long long)(conv->columns / conv->kernels->vector) * op->out.height;
}

static void run(const struct op *op, int first, int last, void *scratch)
{
    const struct conv       *conv = op->weights;
    const struct conv_shape *shape = &conv->shape;
    const long long          all = count_rows(op, conv), end = share_begin(all, op->units, last);
    struct depth_row         row = {.stride = shape->stride[1], .pixels = op->out.width};
    struct block            *block = &row.block;

    block->in_pixel = op->in.pixel;
    block->out_pixel = op->out.pixel;
    block->residual_pixel = op->finish.residual.pixel;
    block->length = conv->columns;
    for (int i = 0; i < 2; i++) {
        block->window[i] = shape->kernel[i];
        block->window_step[i] = (i == 0 ? op->in.row : op->in.pixel) * shape->dilation[i];
    }
    conv_block_finish(block, &op->finish);
    for (long long i = share_begin(all, op->units, first); i < end; i++)
        run_item(op, &row, i, scratch);
}

static void bind(struct op *op, const struct conv *conv, int threads)
{
    const double bytes = sizeof(float) * (double)(op->in.row * conv->shape.stride[0] + op->out.row);
    const double rows = (double)caches_of_machine().l2 / 2 / bytes;

    op->run = run;
    op->numbers[BAND_ROWS] = rows < 1 ? 1 : rows < op->out.height ? (int)rows : op->out.height;
    op->units = conv_units(count_rows(op, conv), threads);
    if (op->finish.start.data)
        op->scratch = sizeof(float) * (size_t)op->out.width * (size_t)conv->kernels->vector;
}

const struct conv_code conv_depthwise_code = {
    .name = "conv depthwise",
    .can = can,
    .reach = conv_reach,
    .weight_floats = weight_floats,
    .pack = pack,
    .bind = bind,
};
