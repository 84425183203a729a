/* Outputs of which a part is enough, at first: objectness of a detector's head is needed of each cell, its
 * classes and its box of the few that pass. */
#include "engine/fast/passes.h"

#include "base/alloc.h"
#include "engine/fast/read.h"
#include "engine/fast/uses.h"

#include <string.h>

/* A convolution without a finish, each of whose channels is a sum of its own over one pixel. */
static bool is_plain_1x1(const struct fast_layer *layer)
{
    const struct conv_shape *shape = &layer->conv;

    return layer->kind == LAYER_CONV && shape->groups == 1 && shape->kernel[0] == 1 &&
           shape->kernel[1] == 1 && shape->stride[0] == 1 && shape->stride[1] == 1 && shape->pad[0] == 0 &&
           shape->pad[1] == 0 && layer->residual == NO_VALUE && layer->start == NO_VALUE &&
           layer->activation.kind == ACTIVATION_NONE;
}

static bool can_be_part(const struct fast_layer *conv, const struct engine_wish *wish)
{
    return (wish->form == ENGINE_ONE || wish->form == ENGINE_NONE) && is_plain_1x1(conv) &&
           wish->groups > 0 && conv->conv.outputs % wish->groups == 0 && wish->channel >= 0 &&
           wish->channel < conv->conv.outputs / wish->groups;
}

/* Weights and bias of the channels that are wished for take the place of all. */
static bool take_channels(struct fast_layer *conv, const struct engine_wish *wish)
{
    size_t inputs = (size_t)conv->conv.inputs, groups = (size_t)wish->groups;
    size_t each = (size_t)conv->conv.outputs / groups;
    float *weights = read_zeros(groups * inputs), *bias = conv->bias ? read_zeros(groups) : NULL;

    if (!weights || (conv->bias && !bias)) {
        mem_free(weights);
        mem_free(bias);
        return false;
    }
    for (size_t g = 0; g < groups; g++) {
        size_t channel = g * each + (size_t)wish->channel;
        memcpy(weights + g * inputs, conv->weights + channel * inputs, inputs * sizeof *weights);
        if (bias)
            bias[g] = conv->bias[channel];
    }
    conv->weights = weights;
    conv->bias = bias;
    return true;
}

/* What the convolution had is the kept layer's; `conv` computes the part, or is taken out. */
static bool take_part(struct fast_net *net, struct fast_layer *keep, struct fast_layer *conv)
{
    float *weights = conv->weights, *bias = conv->bias;
    int    groups = keep->wish.groups, part = keep->inputs[0];

    if (keep->wish.form == ENGINE_ONE && !take_channels(conv, &keep->wish))
        return false;
    keep->conv = conv->conv;
    keep->conv.outputs /= groups;
    keep->weights = weights;
    keep->bias = bias;
    keep->inputs[0] = conv->inputs[0];
    if (keep->wish.form == ENGINE_NONE) {
        conv->weights = conv->bias = NULL;
        fast_remove(conv);
        return true;
    }
    conv->macs = conv->macs * groups / conv->conv.outputs;
    conv->conv.outputs = groups;
    net->values[part].channels = groups;
    keep->inputs[keep->input_count++] = part; /* fast_add() left room for one more */
    return true;
}

bool pass_keep_heads(struct fast_net *net)
{
    struct fast_uses uses;
    bool             done = uses_find(&uses, net);

    for (int i = 0; done && i < net->layer_count; i++) {
        struct fast_layer *layer = &net->layers[i];
        if (layer->gone || layer->kind != LAYER_OUTPUT || layer->wish.form == ENGINE_PLANES)
            continue;
        struct fast_layer *conv = uses_only_maker(&uses, net, layer->inputs[0]);
        layer->kind = LAYER_KEEP;
        if (conv && can_be_part(conv, &layer->wish))
            done = take_part(net, layer, conv);
        else
            layer->wish.form = ENGINE_MAP;
    }
    uses_free(&uses);
    return done;
}
