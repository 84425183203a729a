#include "engine/fast/passes.h"

#include "base/alloc.h"
#include "engine/fast/read.h"
#include "engine/fast/uses.h"

enum { MOST_PLANES = 4, BLOCK = 2 };

/* A side of three would become one of four: more multiplications than blocks save elsewhere. */
static bool gains(int side)
{
    return side > 1 && side != 3;
}

static bool can_block(const struct fast_layer *conv, int channels)
{
    const struct conv_shape *shape = &conv->conv;

    return conv->kind == LAYER_CONV && channels <= MOST_PLANES && shape->groups == 1 &&
           shape->stride[0] == BLOCK && shape->stride[1] == BLOCK && shape->dilation[0] == 1 &&
           shape->dilation[1] == 1 && gains(shape->kernel[0]) && gains(shape->kernel[1]) &&
           shape->pad[0] % BLOCK == shape->pad[1] % BLOCK;
}

/* Tap k of the kernel is tap k / 2 of the blocks, at k % 2 inside: blocks begin `shift` pixels before the
 * picture, so that a kernel that begins `pad` before it begins with a block. */
static void fill_weights(float *weights, const float *given, const struct conv_shape *from,
                         const struct conv_shape *to)
{
    for (int o = 0; o < from->outputs; o++)
        for (int c = 0; c < from->inputs; c++)
            for (int y = 0; y < from->kernel[0]; y++)
                for (int x = 0; x < from->kernel[1]; x++) {
                    int    channel = (y % BLOCK * BLOCK + x % BLOCK) * from->inputs + c;
                    size_t place =
                        (((size_t)o * (size_t)to->inputs + (size_t)channel) * (size_t)to->kernel[0] +
                         (size_t)(y / BLOCK)) *
                            (size_t)to->kernel[1] +
                        (size_t)(x / BLOCK);
                    weights[place] = *given++;
                }
}

static bool block(struct fast_net *net, struct fast_layer *input, struct fast_layer *conv)
{
    struct fast_value *value = &net->values[input->output];
    struct conv_shape  to = conv->conv;
    int                shift = to.pad[0] % BLOCK;

    to.inputs *= BLOCK * BLOCK;
    for (int i = 0; i < 2; i++) {
        to.kernel[i] = (to.kernel[i] + BLOCK - 1) / BLOCK;
        to.pad[i] /= BLOCK;
        to.stride[i] = 1;
    }
    float *weights =
        read_zeros((size_t)to.outputs * (size_t)to.inputs * (size_t)to.kernel[0] * (size_t)to.kernel[1]);
    if (!weights)
        return false;
    fill_weights(weights, conv->weights, &conv->conv, &to);
    mem_free(conv->weights);
    conv->weights = weights;
    conv->conv = to;
    input->block = BLOCK;
    input->shift = shift;
    value->channels *= BLOCK * BLOCK;
    value->height = (value->height + shift + BLOCK - 1) / BLOCK;
    value->width = (value->width + shift + BLOCK - 1) / BLOCK;
    return true;
}

bool pass_block_inputs(struct fast_net *net)
{
    struct fast_uses uses;
    bool             done = uses_find(&uses, net);

    for (int i = 0; done && i < net->layer_count; i++) {
        struct fast_layer *layer = &net->layers[i];
        if (layer->gone || layer->kind != LAYER_INPUT || uses.readers[layer->output] != 1)
            continue;
        struct fast_layer *conv = &net->layers[uses.last[layer->output]];
        if (can_block(conv, net->values[layer->output].channels))
            done = block(net, layer, conv);
    }
    uses_free(&uses);
    return done;
}
