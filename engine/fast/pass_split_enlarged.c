#include "engine/fast/passes.h"

#include "base/alloc.h"
#include "engine/fast/read.h"
#include "engine/fast/uses.h"

#include <string.h>

/* A power of two as a shift, or 0. */
static int find_shift(int factor)
{
    for (int shift = 1; shift < 6; shift++)
        if (factor == 1 << shift)
            return shift;
    return 0;
}

static bool is_1x1(const struct fast_layer *layer)
{
    const struct conv_shape *shape = &layer->conv;

    return !layer->gone && layer->kind == LAYER_CONV && shape->groups == 1 && shape->kernel[0] == 1 &&
           shape->kernel[1] == 1 && shape->stride[0] == 1 && shape->stride[1] == 1 && shape->pad[0] == 0 &&
           shape->pad[1] == 0 && layer->start == NO_VALUE;
}

/* Weights of inputs from .. from + count - 1 for all outputs, `without` them or only them. */
static float *take_inputs(const struct fast_layer *conv, int from, int count, bool without)
{
    size_t inputs = (size_t)conv->conv.inputs, first = (size_t)from, taken = (size_t)count;
    size_t each = without ? inputs - taken : taken;
    float *weights = read_zeros((size_t)conv->conv.outputs * each);

    for (size_t o = 0; weights && o < (size_t)conv->conv.outputs; o++) {
        const float *row = conv->weights + o * inputs;
        float       *own = weights + o * each;
        if (without) {
            memcpy(own, row, first * sizeof *own);
            memcpy(own + first, row + first + taken, (inputs - first - taken) * sizeof *own);
        } else {
            memcpy(own, row + first, taken * sizeof *own);
        }
    }
    return weights;
}

/* The enlarging layer becomes the convolution of the small map; the other one starts from it. */
static bool split(struct fast_net *net, struct fast_layer *conv, struct fast_layer *concat, int which,
                  struct fast_layer *enlarge, int from)
{
    int    taken = net->values[enlarge->output].channels, shift = find_shift(enlarge->factor);
    float *part = take_inputs(conv, from, taken, false), *rest = take_inputs(conv, from, taken, true);
    const struct fast_value *small = &net->values[enlarge->inputs[0]];
    int sums = part && rest ? fast_add_value(net, conv->conv.outputs, small->height, small->width) : NO_VALUE;
    if (sums == NO_VALUE) {
        mem_free(part);
        mem_free(rest);
        return false;
    }
    enlarge->kind = LAYER_CONV;
    enlarge->output = sums;
    enlarge->conv = conv->conv;
    enlarge->conv.inputs = taken;
    enlarge->weights = part;
    enlarge->bias = conv->bias;
    enlarge->macs = conv->macs * taken / conv->conv.inputs;
    conv->macs -= enlarge->macs;
    conv->conv.inputs -= taken;
    mem_free(conv->weights);
    conv->weights = rest;
    conv->bias = NULL;
    conv->start = sums;
    conv->start_shift = shift;
    concat->input_count--;
    memmove(concat->inputs + which, concat->inputs + which + 1,
            (size_t)(concat->input_count - which) * sizeof *concat->inputs);
    net->values[concat->output].channels -= taken;
    if (concat->input_count == 1) {
        conv->inputs[0] = concat->inputs[0];
        fast_remove(concat);
    }
    return true;
}

static bool split_if_enlarged(struct fast_net *net, const struct fast_uses *uses, struct fast_layer *conv)
{
    struct fast_layer *concat = uses_only_maker(uses, net, conv->inputs[0]);
    int                at = 0;

    if (!concat || concat->kind != LAYER_CONCAT || concat->input_count < 2)
        return true;
    for (int i = 0; i < concat->input_count; i++) {
        struct fast_layer *maker = uses_only_maker(uses, net, concat->inputs[i]);
        if (maker && maker->kind == LAYER_NEAREST && find_shift(maker->factor))
            return split(net, conv, concat, i, maker, at);
        at += net->values[concat->inputs[i]].channels;
    }
    return true;
}

bool pass_split_enlarged(struct fast_net *net)
{
    struct fast_uses uses;
    bool             done = uses_find(&uses, net);

    for (int i = 0; done && i < net->layer_count; i++)
        if (is_1x1(&net->layers[i]) && !fast_is_bytes(net, net->layers[i].inputs[0]))
            done = split_if_enlarged(net, &uses, &net->layers[i]);
    uses_free(&uses);
    return done;
}
