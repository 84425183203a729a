/* What is done to numbers before they are stored: activations and residuals. */
#include "engine/fast/passes.h"
#include "engine/fast/uses.h"

/* Whether the layer's kernel ends in an activation that is free. */
static bool takes_activation(const struct fast_layer *layer)
{
    return layer && (fast_is_conv(layer) || layer->kind == LAYER_SCALE || layer->kind == LAYER_BINARY) &&
           layer->activation.kind == ACTIVATION_NONE;
}

bool pass_fuse_activations(struct fast_net *net)
{
    struct fast_uses uses;

    if (!uses_find(&uses, net))
        return false;
    for (int i = 0; i < net->layer_count; i++) {
        const struct fast_layer *layer = &net->layers[i];
        if (layer->gone || layer->kind != LAYER_ACTIVATE || layer->activation.kind == ACTIVATION_PRELU)
            continue;
        struct fast_layer *maker = uses_only_maker(&uses, net, layer->inputs[0]);
        if (!takes_activation(maker))
            continue;
        struct activation activation = layer->activation;
        uses_absorb(&uses, net, maker, &net->layers[i]);
        net->layers[i].activation = activation;
        net->layers[i].residual_first = net->layers[i].residual != NO_VALUE;
    }
    uses_free(&uses);
    return true;
}

/* The convolution behind input `which` of a sum that can add the other one itself. */
static struct fast_layer *find_adder(const struct fast_net *net, const struct fast_uses *uses,
                                     const struct fast_layer *sum, int which)
{
    const struct fast_value *a = &net->values[sum->inputs[0]], *b = &net->values[sum->inputs[1]];
    struct fast_layer       *maker = uses_only_maker(uses, net, sum->inputs[which]);

    if (a->channels != b->channels || a->height != b->height || a->width != b->width ||
        sum->inputs[0] == sum->inputs[1] || !maker || !fast_is_conv(maker) || maker->residual != NO_VALUE)
        return NULL;
    return maker;
}

/* Of two convolutions the later one adds: the other's output then lives less long. */
static void fuse_sum(struct fast_net *net, struct fast_uses *uses, struct fast_layer *sum)
{
    struct fast_layer *makers[2] = {find_adder(net, uses, sum, 0), find_adder(net, uses, sum, 1)};
    int                which = makers[1] > makers[0];
    struct fast_layer *maker = makers[which];
    struct activation  activation = sum->activation;
    bool               open = maker && maker->activation.kind == ACTIVATION_NONE;

    if (!maker || (activation.kind != ACTIVATION_NONE && !open))
        return;
    int other = sum->inputs[!which], place = (int)(sum - net->layers);
    uses_absorb(uses, net, maker, sum);
    struct fast_layer *conv = &net->layers[place];
    conv->residual = other;
    uses->readers[other]++;
    if (activation.kind != ACTIVATION_NONE) {
        conv->activation = activation;
        conv->residual_first = true;
    }
}

bool pass_fuse_residuals(struct fast_net *net)
{
    struct fast_uses uses;

    if (!uses_find(&uses, net))
        return false;
    for (int i = 0; i < net->layer_count; i++)
        if (!net->layers[i].gone && net->layers[i].kind == LAYER_BINARY &&
            net->layers[i].binary == BINARY_ADD)
            fuse_sum(net, &uses, &net->layers[i]);
    uses_free(&uses);
    return true;
}
