/* Numbers rounded to steps: a QuantizeLinear and the DequantizeLinear behind it (onnx/passes/qdq.c). */
#include "engine/fast/read.h"

#include "base/alloc.h"

#include <math.h>

/* What the node's steps are in bytes of 0..255; scale 0: they are others. */
static struct steps read_node_steps(const struct onnx_node_view *view)
{
    const struct steps none = {0};
    int                count = 0;
    const int64_t     *range = bsr_node_ints(&view->node, "range", &count); /* least, zero, most */
    float              scale = bsr_node_float(&view->node, "scale", 0);

    if (!range || count != 3 || range[2] - range[0] != UINT8_MAX || range[1] < range[0] ||
        range[1] > range[2] || !(scale > 1e-30F && scale < 1e30F))
        return none;
    return (struct steps){scale, (int)(range[1] - range[0])};
}

static const char *check_round(const struct onnx_node_view *view)
{
    return steps_are_bytes(read_node_steps(view)) ? NULL : "its steps are not those of bytes";
}

static bool read_round(struct reading *reading)
{
    struct fast_net   *net = reading->net;
    const struct steps steps = read_node_steps(reading->view);
    int                x = reading->inputs[0];

    if (steps_are_same(net->values[x].steps, steps)) {
        reading->outputs[0] = x;
        return true;
    }
    for (int i = net->layer_count - 1; i >= 0; i--) {
        const struct fast_layer *layer = &net->layers[i];
        if (layer->kind == LAYER_CONVERT && layer->inputs[0] == x &&
            steps_are_same(net->values[layer->output].steps, steps)) {
            reading->outputs[0] = layer->output;
            return true;
        }
    }
    struct fast_layer *layer = read_add(reading, LAYER_CONVERT, 1, 0);
    if (layer)
        net->values[layer->output].steps = steps;
    return layer != NULL;
}

const struct read_rule read_steps[] = {
    {"besra.RoundToSteps", false, false, 1, 1, READ_BYTES, check_round, read_round},
    {.type = NULL},
};
