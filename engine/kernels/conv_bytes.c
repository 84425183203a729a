/* Direct convolution of bytes: products of whole numbers, a quad of inputs at once (byte_kernels.h). */
#include "base/alloc.h"
#include "engine/kernels/bytes.h"
#include "engine/kernels/conv_rows.h"

#include <math.h>
#include <string.h>

/* ---- weights as whole numbers ------------------------------------------------------------------- */

enum { WEIGHT_MOST = 127, MOST_TERMS = 1 << 16 };

/* Weights were multiplied by their step in f32, and perhaps by a factor later: some 1e-5 of a step. */
static const float STEP_TOLERANCE = 1e-4F;

static bool are_whole(const float *weights, size_t count, float step)
{
    for (size_t i = 0; i < count; i++) {
        const float whole = weights[i] / step, rounded = nearbyintf(whole);
        if (!(fabsf(whole - rounded) <= STEP_TOLERANCE) || rounded > WEIGHT_MOST ||
            rounded < -WEIGHT_MOST - 1)
            return false;
    }
    return true;
}

/* The step of which all weights are multiples -128..127: the largest of them is one of the few. 0: none. */
static float find_step(const float *weights, size_t count)
{
    float most = 0;

    for (size_t i = 0; i < count; i++)
        most = fmaxf(most, fabsf(weights[i]));
    if (!(most < 1e30F) || (most > 0 && most < 1e-30F))
        return 0;
    if (most == 0)
        return 1;
    for (int times = WEIGHT_MOST + 1; times >= 1; times--)
        if (are_whole(weights, count, most / (float)times))
            return most / (float)times;
    return 0;
}

bool conv_has_steps(const struct conv_shape *shape, const float *weights)
{
    const size_t each =
        (size_t)(shape->inputs / shape->groups) * (size_t)shape->kernel[0] * (size_t)shape->kernel[1];

    for (int output = 0; output < shape->outputs; output++)
        if (find_step(weights + (size_t)output * each, each) == 0)
            return false;
    return true;
}

/* Sums of 255 * 128 stay within 32 bits. */
static bool can(const struct conv_shape *shape)
{
    return shape->groups == 1 && (double)shape->inputs * shape->kernel[0] * shape->kernel[1] < MOST_TERMS;
}

/* ---- packing: [panel][y][x][quad of inputs], as byte_kernels.pairs says -------------------------- */

/* Of a tap: with the padding of the inputs, whose weights are zeros, so that the pixels of a tight map are
 * one segment. */
static int count_quads(const struct conv *conv)
{
    return map_padded(conv->inputs) / QUAD;
}

/* Floats' room: a byte for each input of a quad, or two. */
static size_t column_floats(const struct conv *conv)
{
    const size_t window = (size_t)conv->shape.kernel[0] * (size_t)conv->shape.kernel[1];
    return window * (size_t)count_quads(conv) * (conv->bytes->pairs ? 2 : 1);
}

static size_t weight_floats(const struct conv *conv)
{
    return mem_product((size_t)conv->columns, column_floats(conv));
}

/* The weight of an output, as a whole number: tap y, x counted together. */
static int whole_weight(const struct conv *conv, const float *weights, int output, int input, int tap)
{
    const ptrdiff_t taps = (ptrdiff_t)conv->shape.kernel[0] * conv->shape.kernel[1];

    if (output >= conv->outputs || input >= conv->inputs)
        return 0;
    return (int)nearbyintf(weights[(output * (ptrdiff_t)conv->inputs + input) * taps + tap] /
                           conv->steps[output]);
}

/* A quad of an output at its place: `to` is the first column's. */
static void pack_quad(const struct conv *conv, float *to, int width, int column, const int quad[QUAD])
{
    if (!conv->bytes->pairs) {
        const int8_t bytes[QUAD] = {(int8_t)quad[0], (int8_t)quad[1], (int8_t)quad[2], (int8_t)quad[3]};
        memcpy(to + column, bytes, sizeof(bytes));
        return;
    }
    for (int half = 0; half < 2; half++) {
        const int16_t pair[2] = {(int16_t)quad[half], (int16_t)quad[2 + half]};
        memcpy(to + (ptrdiff_t)half * width + column, pair, sizeof(pair));
    }
}

static void pack_panel(const struct conv *conv, const float *weights, struct panel panel)
{
    const int width = panel.vectors * conv->kernels->vector;
    float    *to = conv->weights + (size_t)panel.first * column_floats(conv);

    for (int tap = 0; tap < conv->shape.kernel[0] * conv->shape.kernel[1]; tap++)
        for (int input = 0; input < map_padded(conv->inputs); input += QUAD) {
            for (int column = 0; column < width; column++) {
                int quad[QUAD];
                for (int i = 0; i < QUAD; i++) {
                    quad[i] = whole_weight(conv, weights, panel.first + column, input + i, tap);
                    conv->sums[panel.first + column] += quad[i];
                }
                pack_quad(conv, to, width, column, quad);
            }
            to += (conv->bytes->pairs ? 2 : 1) * (ptrdiff_t)width;
        }
}

static bool pack(struct conv *conv, const float *weights)
{
    const size_t each = (size_t)conv->inputs * (size_t)conv->shape.kernel[0] * (size_t)conv->shape.kernel[1];

    conv->steps = mem_alloc_aligned((size_t)conv->columns, sizeof(*conv->steps));
    conv->sums = mem_alloc_aligned((size_t)conv->columns, sizeof(*conv->sums));
    if (!conv->steps || !conv->sums)
        return false;
    for (int column = 0; column < conv->columns; column++) {
        conv->sums[column] = 0;
        conv->steps[column] = column < conv->outputs ? find_step(weights + (size_t)column * each, each) : 1;
    }
    for (int i = 0; i < conv_panels(conv); i++)
        pack_panel(conv, weights, conv_panel(conv, i));
    return true;
}

static void drop(struct conv *conv)
{
    mem_free(conv->steps);
    mem_free(conv->sums);
}

/* ---- running ------------------------------------------------------------------------------------ */

/* What all blocks of a run share. */
struct byte_run {
    const struct conv *conv;
    struct map         in, out, residual; /* `in` begins at the first window; data NULL: none */
    int                step[2];           /* strides of windows, y, x */
    const float       *per_unit;
    const int32_t     *zero;
    struct byte_block  block;
};

static struct byte_run run_of(const struct op *op)
{
    const struct conv       *conv = op->weights;
    const struct conv_shape *shape = &conv->shape;
    struct byte_run          run = {
                 .conv = conv,
                 .in = op->in,
                 .out = op->out,
                 .residual = op->finish.residual,
                 .step = {shape->stride[0], shape->stride[1]},
                 .per_unit = steps_are_bytes(op->out.steps) ? op->finish.per_unit : NULL,
                 .zero = op->finish.zero,
                 .block = {.in_pixel = op->in.pixel * shape->stride[1],
                           .in_steps = op->in.steps,
                           .quads = count_quads(conv),
                           .out_pixel = op->out.pixel,
                           .activation = op->finish.activation,
                           .residual_first = op->finish.residual_first,
                           .residual_pixel = op->finish.residual.pixel,
                           .residual_steps = op->finish.residual.steps},
    };
    struct byte_block *block = &run.block;

    run.in.bytes -= shape->pad[0] * op->in.row + shape->pad[1] * op->in.pixel;
    if (rows_are_one(op)) {
        run.out.width *= run.out.height;
        run.out.height = 1;
    }
    for (int i = 0; i < 2; i++) {
        block->window[i] = shape->kernel[i];
        block->window_step[i] = (i == 0 ? op->in.row : op->in.pixel) * shape->dilation[i];
    }
    if (block->window_step[1] == (ptrdiff_t)QUAD * block->quads) { /* neighbours are one segment */
        block->quads *= block->window[1];
        block->window[1] = 1;
    }
    return run;
}

/* A pixel of a map of either kind, from a channel on. */
static void *pixel_at(const struct map *map, int y, int x, int channel)
{
    if (steps_are_bytes(map->steps))
        return map_bytes_at(map, y, x) + channel;
    return map_at(map, y, x) + channel;
}

/* Pixels x .. x_end - 1 of row y, in blocks of even sizes. */
static void run_row(const void *context, int bundle, const struct panel *panel, int y, int x, int x_end)
{
    const struct byte_run     *run = context;
    const struct conv         *conv = run->conv;
    const struct byte_kernels *kernels = conv->bytes;
    const int                  most = kernels->most_pixels[panel->vectors - 1];
    struct byte_block          block = run->block;

    (void)bundle; /* there is one */
    block.weights = conv->weights + (size_t)panel->first * column_floats(conv);
    block.sums = conv->sums + panel->first;
    block.scale = conv->steps + panel->first;
    block.bias = conv->bias + panel->first;
    block.channels = panel->channels;
    if (run->per_unit) {
        block.per_unit = run->per_unit + panel->first;
        block.zero = run->zero + panel->first;
    }
    for (int blocks = (x_end - x + most - 1) / most; blocks > 0; blocks--) {
        int pixels = (x_end - x + blocks - 1) / blocks;
        block.in = map_bytes_at(&run->in, y * run->step[0], x * run->step[1]);
        block.out = pixel_at(&run->out, y, x, panel->first);
        if (run->residual.data)
            block.residual = pixel_at(&run->residual, y, x, panel->first);
        kernels->block[panel->vectors - 1][pixels](&block);
        x += pixels;
    }
}

static void run(const struct op *op, int first, int last, void *scratch)
{
    const struct byte_run run = run_of(op);

    (void)scratch;
    rows_run(op, run.out.width, run_row, &run, first, last);
}

static void bind(struct op *op, const struct conv *conv, int threads)
{
    op->run = run;
    rows_bind(op, conv, threads);
}

const struct conv_code conv_bytes_code = {
    .name = "conv bytes",
    .can = can,
    .reach = conv_reach,
    .weight_floats = weight_floats,
    .pack = pack,
    .drop = drop,
    .bind = bind,
};
