#include "engine/fast/passes.h"
#include "engine/fast/uses.h"

#include <math.h>

static bool is_near(float value, double wanted)
{
    return fabs(value - wanted) <= 1e-6 * fabs(wanted);
}

/* Whether a layer is x * factor + shift with the same numbers for all channels and no activation. */
static bool is_uniform_scale(const struct fast_net *net, const struct fast_layer *layer, double factor,
                             double shift)
{
    if (!layer || layer->kind != LAYER_SCALE || layer->activation.kind != ACTIVATION_NONE)
        return false;
    for (int c = 0; c < net->values[layer->output].channels; c++)
        if (!is_near(layer->weights[c], factor) || !is_near(layer->bias[c], shift))
            return false;
    return true;
}

static bool is_relu6(const struct fast_layer *layer)
{
    return layer && layer->kind == LAYER_ACTIVATE && layer->activation.kind == ACTIVATION_CLAMP &&
           layer->activation.a == 0 && layer->activation.b == 6;
}

/* The value x of which `value` is relu6(x + 3), made for one reader; or NO_VALUE. */
static int find_shifted_relu6(const struct fast_net *net, const struct fast_uses *uses, int value)
{
    const struct fast_layer *relu6 = uses_only_maker(uses, net, value);
    const struct fast_layer *shift = is_relu6(relu6) ? uses_only_maker(uses, net, relu6->inputs[0]) : NULL;

    return shift && is_uniform_scale(net, shift, 1, 3) ? shift->inputs[0] : NO_VALUE;
}

/* The layer now computes `kind` of x. What it read before may be unread. */
static void become(struct fast_layer *layer, struct fast_uses *uses, int x, struct activation activation)
{
    for (int i = 0; i < layer->input_count; i++)
        uses->readers[layer->inputs[i]]--;
    layer->kind = LAYER_ACTIVATE;
    layer->inputs[0] = x;
    layer->input_count = 1;
    layer->activation = activation;
    uses->readers[x]++;
}

/* relu6(x + 3) / 6 */
static void name_hard_sigmoid(const struct fast_net *net, struct fast_uses *uses, struct fast_layer *layer)
{
    int x =
        is_uniform_scale(net, layer, 1.0 / 6, 0) ? find_shifted_relu6(net, uses, layer->inputs[0]) : NO_VALUE;
    if (x != NO_VALUE)
        become(layer, uses, x, (struct activation){ACTIVATION_HARD_SIGMOID, 1.0F / 6, 0.5F});
}

/* x * gate(x), where `gate` is one of the layer's inputs. */
static bool name_product(const struct fast_net *net, struct fast_uses *uses, struct fast_layer *layer,
                         int gate)
{
    int                      x = layer->inputs[!gate];
    const struct fast_layer *maker = uses_only_maker(uses, net, layer->inputs[gate]);

    if (!maker || maker->kind != LAYER_ACTIVATE || maker->inputs[0] != x)
        return false;
    if (maker->activation.kind == ACTIVATION_SIGMOID)
        become(layer, uses, x, (struct activation){ACTIVATION_SILU, 0, 0});
    else if (maker->activation.kind == ACTIVATION_HARD_SIGMOID && is_near(maker->activation.a, 1.0 / 6) &&
             is_near(maker->activation.b, 0.5))
        become(layer, uses, x, (struct activation){ACTIVATION_HARD_SWISH, 0, 0});
    else
        return false;
    return true;
}

/* x * relu6(x + 3) / 6 */
static void name_hard_swish(const struct fast_net *net, struct fast_uses *uses, struct fast_layer *layer)
{
    if (!is_uniform_scale(net, layer, 1.0 / 6, 0))
        return;
    const struct fast_layer *product = uses_only_maker(uses, net, layer->inputs[0]);
    if (!product || product->kind != LAYER_BINARY || product->binary != BINARY_MUL ||
        product->activation.kind != ACTIVATION_NONE)
        return;
    for (int gate = 0; gate < 2; gate++) {
        int x = find_shifted_relu6(net, uses, product->inputs[gate]);
        if (x != NO_VALUE && x == product->inputs[!gate]) {
            become(layer, uses, x, (struct activation){ACTIVATION_HARD_SWISH, 0, 0});
            return;
        }
    }
}

bool pass_name_gates(struct fast_net *net)
{
    struct fast_uses uses;

    if (!uses_find(&uses, net))
        return false;
    for (int i = 0; i < net->layer_count; i++) {
        struct fast_layer *layer = &net->layers[i];
        if (layer->kind == LAYER_SCALE && !layer->gone)
            name_hard_sigmoid(net, &uses, layer);
        if (layer->kind == LAYER_SCALE && !layer->gone)
            name_hard_swish(net, &uses, layer);
        if (layer->kind == LAYER_BINARY && layer->binary == BINARY_MUL && !layer->gone &&
            !name_product(net, &uses, layer, 0))
            name_product(net, &uses, layer, 1);
    }
    uses_free(&uses);
    return pass_drop_unread(net);
}
