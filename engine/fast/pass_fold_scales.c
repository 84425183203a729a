#include "engine/fast/passes.h"
#include "engine/fast/read.h"
#include "engine/fast/uses.h"

/* Whether something can still be done to the sums before they are stored. */
static bool is_open(const struct fast_layer *layer)
{
    return layer && fast_is_conv(layer) && layer->activation.kind == ACTIVATION_NONE &&
           layer->residual == NO_VALUE && layer->start == NO_VALUE;
}

static bool fold(struct fast_layer *conv, const struct fast_layer *scale)
{
    size_t outputs = (size_t)conv->conv.outputs, each = fast_weight_count(conv) / outputs;

    if (!conv->bias)
        conv->bias = read_zeros(outputs);
    if (!conv->bias)
        return false;
    for (size_t o = 0; o < outputs; o++) {
        for (size_t i = 0; i < each; i++)
            conv->weights[o * each + i] *= scale->weights[o];
        conv->bias[o] = conv->bias[o] * scale->weights[o] + scale->bias[o];
    }
    return true;
}

bool pass_fold_scales(struct fast_net *net)
{
    struct fast_uses uses;
    bool             done = uses_find(&uses, net);

    for (int i = 0; done && i < net->layer_count; i++) {
        struct fast_layer *layer = &net->layers[i];
        if (layer->gone || layer->kind != LAYER_SCALE)
            continue;
        struct fast_layer *conv = uses_only_maker(&uses, net, layer->inputs[0]);
        if (!is_open(conv))
            continue;
        struct activation activation = layer->activation;
        done = fold(conv, layer);
        if (done)
            uses_absorb(&uses, net, conv, layer);
        net->layers[i].activation = activation;
    }
    uses_free(&uses);
    return done;
}
