#include "engine/kernels/conv.h"

#include "base/alloc.h"
#include "engine/kernels/conv_method.h"

#include <stdint.h>

static const struct conv_code *const codes[CONV_METHODS] = {
    [CONV_DIRECT] = &conv_direct_code,       [CONV_WINOGRAD] = &conv_winograd_code,
    [CONV_POLYPHASE] = &conv_polyphase_code, [CONV_DEPTHWISE] = &conv_depthwise_code,
    [CONV_BF16] = &conv_bf16_code,           [CONV_BYTES] = &conv_bytes_code,
};

bool conv_can(enum conv_method method, const struct conv_shape *shape)
{
    return codes[method]->can(shape);
}

void conv_halo(int halo[4], enum conv_method method, const struct conv_shape *shape, const struct map *in,
               int out_height, int out_width)
{
    const int in_size[2] = {in->height, in->width}, out_size[2] = {out_height, out_width};

    for (int i = 0; i < 2; i++) {
        int behind = codes[method]->reach(shape, i, out_size[i]) - shape->pad[i] - (in_size[i] - 1);
        halo[i] = shape->pad[i] > 0 ? shape->pad[i] : 0;
        halo[i + 2] = behind > 0 ? behind : 0;
    }
}

/* ---- packing -------------------------------------------------------------------------------- */

/* The smallest number of groups whose outputs together are whole grains and that divides all groups; else
 * all. */
static int groups_of_bundle(const struct conv_shape *shape)
{
    int outputs = shape->outputs / shape->groups;

    for (int bundle = 1; bundle < shape->groups && bundle <= MAP_GRAIN; bundle++)
        if (shape->groups % bundle == 0 && bundle * outputs % MAP_GRAIN == 0)
            return bundle;
    return shape->groups;
}

struct conv_row conv_row(const struct conv *conv, const float *weights, int bundle, int output)
{
    const struct conv_shape *shape = &conv->shape;
    const int                group_inputs = shape->inputs / shape->groups;
    const int                group_outputs = shape->outputs / shape->groups;
    struct conv_row          row = {.weights = weights};

    if (output >= conv->outputs)
        return row;
    size_t rows_before = (size_t)bundle * (size_t)conv->outputs + (size_t)output;
    row.weights += rows_before * (size_t)group_inputs * (size_t)shape->kernel[0] * (size_t)shape->kernel[1];
    row.first = output / group_outputs * group_inputs;
    row.end = row.first + group_inputs;
    return row;
}

struct panel conv_panel(const struct conv *conv, int index)
{
    const int    vector = conv->kernels->vector, width = conv_panel_width(conv);
    struct panel panel = {.first = index * width};
    int          columns = conv->columns - panel.first, channels = map_padded(conv->outputs) - panel.first;

    panel.vectors = columns >= width ? PANEL_VECTORS : columns / vector;
    panel.channels = channels < width ? channels : width;
    return panel;
}

bsr_status conv_pack_for(struct conv **out, const struct kernels *kernels, enum conv_method method,
                         const struct conv_shape *shape, const float *weights, const float *bias,
                         struct bsr_error *err)
{
    struct conv *conv = mem_alloc_zeroed(1, sizeof(*conv));
    if (!conv)
        return bsr_fail_memory(err, "weights of a convolution", sizeof(*conv));

    int bundled = method == CONV_DEPTHWISE ? shape->groups : groups_of_bundle(shape);
    conv->method = method;
    conv->shape = *shape;
    conv->kernels = kernels;
    conv->bytes = kernels->bytes;
    conv->bundles = shape->groups / bundled;
    conv->inputs = shape->inputs / conv->bundles;
    conv->outputs = shape->outputs / conv->bundles;
    conv->columns = (conv->outputs + kernels->vector - 1) / kernels->vector * kernels->vector;
    conv->weight_floats = codes[method]->weight_floats(conv);
    size_t biases = (size_t)conv->bundles * (size_t)conv->columns;
    if (conv->weight_floats)
        conv->weights = mem_alloc_aligned(conv->weight_floats, sizeof(float));
    conv->bias = mem_alloc_aligned(biases, sizeof(float));
    const bool there = conv->weights && conv->bias;
    for (size_t i = 0; there && i < biases; i++) {
        int column = (int)(i % (size_t)conv->columns), bundle = (int)(i / (size_t)conv->columns);
        conv->bias[i] = bias && column < conv->outputs ? bias[bundle * conv->outputs + column] : 0.0F;
    }
    if (!there || !codes[method]->pack(conv, weights)) {
        size_t bytes = conv->weight_floats ? conv_bytes(conv) : SIZE_MAX;
        conv_free(conv);
        return bsr_fail_memory(err, "weights of a convolution", bytes);
    }
    *out = conv;
    return BSR_OK;
}

bsr_status conv_pack(struct conv **out, enum conv_method method, const struct conv_shape *shape,
                     const float *weights, const float *bias, struct bsr_error *err)
{
    return conv_pack_for(out, kernels_at(cpu_level()), method, shape, weights, bias, err);
}

void conv_free(struct conv *conv)
{
    if (!conv)
        return;
    if (codes[conv->method]->drop)
        codes[conv->method]->drop(conv);
    mem_free(conv->weights);
    mem_free(conv->bias);
    mem_free(conv);
}

size_t conv_bytes(const struct conv *conv)
{
    const size_t columns = (size_t)conv->bundles * (size_t)conv->columns;
    return sizeof(*conv) + sizeof(float) * (conv->weight_floats + (conv->steps ? 3 : 1) * columns);
}

/* ---- binding -------------------------------------------------------------------------------- */

int conv_units(long long items, int threads)
{
    enum { UNITS_OF_A_THREAD = 16 };
    long long units = (long long)threads * UNITS_OF_A_THREAD;
    return (int)(items < units ? items : units);
}

void conv_block_finish(struct block *block, const struct finish *finish)
{
    block->activation = finish->activation;
    block->residual_first = finish->residual_first;
    block->way = STORE_FINISHED;
    if (finish->residual.data)
        return;
    if (finish->activation.kind == ACTIVATION_NONE)
        block->way = STORE_SUMS;
    if (finish->activation.kind == ACTIVATION_CLAMP)
        block->way = STORE_CLAMPED;
}

void conv_op(struct op *op, const struct conv *conv, const struct map *in, const struct map *out,
             const struct finish *finish, int threads)
{
    const struct conv_shape *shape = &conv->shape;
    const int                inputs = shape->inputs / shape->groups;
    const double             window = (double)shape->kernel[0] * shape->kernel[1];

    *op = (struct op){.what = codes[conv->method]->name, .in = *in, .out = *out, .weights = conv};
    if (finish)
        op->finish = *finish;
    op->macs = (double)out->height * out->width * shape->outputs * inputs * window;
    codes[conv->method]->bind(op, conv, threads > 0 ? threads : 1);
}
