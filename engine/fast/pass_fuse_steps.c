/* Numbers become bytes where they are stored, and are read as such. */
#include "engine/fast/passes.h"

#include "base/alloc.h"
#include "engine/fast/uses.h"

enum { WHOLE_VECTORS = 16 };

/* One kind of steps for all channels. False: out of memory. */
static bool give_steps(struct fast_layer *conv, struct steps steps)
{
    size_t channels = ((size_t)conv->conv.outputs + WHOLE_VECTORS - 1) / WHOLE_VECTORS * WHOLE_VECTORS;

    conv->per_unit = mem_alloc_zeroed(channels, sizeof *conv->per_unit);
    conv->zero = mem_alloc_zeroed(channels, sizeof *conv->zero);
    for (size_t c = 0; conv->per_unit && conv->zero && c < channels; c++) {
        conv->per_unit[c] = 1 / steps.scale;
        conv->zero[c] = steps.zero;
    }
    return conv->per_unit && conv->zero;
}

static bool reads_bytes(const struct fast_net *net, const struct fast_layer *layer)
{
    return layer->kind == LAYER_CONV && fast_is_bytes(net, layer->inputs[0]);
}

/* Who makes what is converted makes it as bytes itself. */
static bool fuse(struct fast_net *net, struct fast_uses *uses, struct fast_layer *convert)
{
    struct fast_layer *maker = uses_only_maker(uses, net, convert->inputs[0]);
    struct steps       steps = net->values[convert->output].steps;

    if (!steps_are_bytes(steps) || fast_is_bytes(net, convert->inputs[0]) || !maker)
        return true;
    if (maker->kind != LAYER_INPUT && !reads_bytes(net, maker))
        return true;
    if (maker->kind == LAYER_CONV && !give_steps(maker, steps))
        return false;
    uses_absorb(uses, net, maker, convert);
    return true;
}

/* What a convolution of bytes adds may be bytes. */
static void read_residual(const struct fast_net *net, const struct fast_uses *uses, struct fast_layer *conv)
{
    const struct fast_layer *maker =
        conv->residual == NO_VALUE ? NULL : uses_maker(uses, net, conv->residual);

    if (maker && maker->kind == LAYER_CONVERT && !fast_is_bytes(net, maker->output))
        conv->residual = maker->inputs[0];
}

bool pass_fuse_steps(struct fast_net *net)
{
    struct fast_uses uses;
    bool             done = uses_find(&uses, net);

    for (int i = 0; done && i < net->layer_count; i++)
        if (!net->layers[i].gone && reads_bytes(net, &net->layers[i]))
            read_residual(net, &uses, &net->layers[i]);
    uses_free(&uses);
    done = done && pass_drop_unread(net) && uses_find(&uses, net);
    for (int i = 0; done && i < net->layer_count; i++)
        if (!net->layers[i].gone && net->layers[i].kind == LAYER_CONVERT)
            done = fuse(net, &uses, &net->layers[i]);
    uses_free(&uses);
    return done;
}
