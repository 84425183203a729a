/* Functions of each number alone, and what leaves all as it is. */
#include "engine/fast/read.h"

#include "base/alloc.h"

#include <math.h>
#include <string.h>

/* An operator that is an activation: its numbers come from attributes. */
struct function {
    const char          *type;
    enum activation_kind kind;
    float                a, b; /* where the attributes are absent */
};

static const struct function functions[] = {
    {"Relu", ACTIVATION_CLAMP, 0, INFINITY},
    {"LeakyRelu", ACTIVATION_LEAKY, 0.01F, 0},
    {"Sigmoid", ACTIVATION_SIGMOID, 0, 0},
    {"HardSigmoid", ACTIVATION_HARD_SIGMOID, 0.2F, 0.5F},
    {"HardSwish", ACTIVATION_HARD_SWISH, 0, 0},
    {"Tanh", ACTIVATION_TANH, 0, 0},
    {"Elu", ACTIVATION_ELU, 1, 0},
    {"Gelu", ACTIVATION_GELU, 0, 0},
    {"Mish", ACTIVATION_MISH, 0, 0},
    {"Exp", ACTIVATION_EXP, 0, 0},
    {"Sqrt", ACTIVATION_SQRT, 0, 0},
    {"Abs", ACTIVATION_ABS, 0, 0},
};

static const char *check_function(const struct onnx_node_view *view)
{
    if (!view_text_is(view, "approximate", "none", true))
        return "its approximation is not fast";
    return view->inputs[0]->dims > 4 ? "it has five dimensions" : NULL;
}

static bool read_function(struct reading *reading)
{
    const struct bsr_node *node = &reading->view->node;
    struct fast_layer     *layer = read_add(reading, LAYER_ACTIVATE, 1, 0);
    const struct function *function = functions;

    if (!layer)
        return false;
    while (strcmp(function->type, node->type) != 0)
        function++;
    layer->activation = (struct activation){function->kind, function->a, function->b};
    if (function->kind != ACTIVATION_CLAMP) {
        layer->activation.a = bsr_node_float(node, "alpha", function->a);
        layer->activation.b = bsr_node_float(node, "beta", function->b);
    }
    return true;
}

/* ---- Clip --------------------------------------------------------------------------------------- */

static const char *check_clip(const struct onnx_node_view *view)
{
    for (int i = 1; i < 3; i++) {
        const struct bsr_tensor *limit = view_input(view, i);
        if (limit && (!limit->data || limit->type != BSR_F32 || tensor_count(limit) != 1))
            return "its limits are no constants";
    }
    return NULL;
}

static bool read_clip(struct reading *reading)
{
    const struct bsr_node *node = &reading->view->node;
    struct fast_layer     *layer = read_add(reading, LAYER_ACTIVATE, 1, 0);

    if (!layer)
        return false;
    layer->activation.kind = ACTIVATION_CLAMP;
    layer->activation.a = read_scalar(reading->view, 1, bsr_node_float(node, "min", -INFINITY));
    layer->activation.b = read_scalar(reading->view, 2, bsr_node_float(node, "max", INFINITY));
    return true;
}

/* ---- PRelu -------------------------------------------------------------------------------------- */

static const char *check_prelu(const struct onnx_node_view *view)
{
    const struct bsr_tensor *in = view->inputs[0];

    if (in->dims > 4 || !read_is_per_channel(view_input(view, 1), in->dims, (int)in->shape[1]))
        return "its slopes are not one constant a channel";
    return NULL;
}

static bool read_prelu(struct reading *reading)
{
    const struct bsr_tensor *slopes = reading->view->inputs[1];
    struct fast_layer       *layer = read_add(reading, LAYER_ACTIVATE, 1, 0);

    if (!layer)
        return false;
    if (tensor_count(slopes) == 1) {
        layer->activation = (struct activation){ACTIVATION_LEAKY, ((const float *)slopes->data)[0], 0};
        return true;
    }
    layer->activation.kind = ACTIVATION_PRELU;
    layer->weights = read_per_channel(slopes, reading->net->values[layer->output].channels);
    return layer->weights != NULL;
}

/* ---- Softmax, Identity -------------------------------------------------------------------------- */

static const char *check_softmax(const struct onnx_node_view *view)
{
    const struct bsr_tensor *in = view->inputs[0];
    bool                     old = view->node.opset < 13; /* all axes from `axis` on are one */
    int64_t                  axis = read_axis(view, old ? 1 : -1, in->dims);

    if (in->dims > 4 || axis != 1)
        return "it is not along the channels";
    if (old && in->dims == 4 && in->shape[2] * in->shape[3] != 1)
        return "it is along more than the channels";
    return NULL;
}

static bool read_softmax(struct reading *reading)
{
    return read_add(reading, LAYER_SOFTMAX, 1, 0) != NULL;
}

static const char *check_identity(const struct onnx_node_view *view)
{
    const struct bsr_tensor *training = view_input(view, 2);

    if (view->output_count != 1)
        return "its mask is wanted";
    if (training && (!training->data || tensor_get(training, 0) != 0))
        return "it is in training";
    return NULL;
}

static bool read_identity(struct reading *reading)
{
    reading->outputs[0] = reading->inputs[0];
    return true;
}

#define FUNCTION(name)                                                                                       \
    {                                                                                                        \
        name, false, false, 1, 1, READ_FLOATS, check_function, read_function                                 \
    }
const struct read_rule read_activations[] = {
    FUNCTION("Relu"),
    FUNCTION("LeakyRelu"),
    FUNCTION("Sigmoid"),
    FUNCTION("HardSigmoid"),
    FUNCTION("HardSwish"),
    FUNCTION("Tanh"),
    FUNCTION("Elu"),
    FUNCTION("Gelu"),
    FUNCTION("Mish"),
    FUNCTION("Exp"),
    FUNCTION("Sqrt"),
    FUNCTION("Abs"),
    {"Clip", false, false, 1, 3, READ_FLOATS, check_clip, read_clip},
    {"PRelu", false, false, 2, 2, READ_FLOATS, check_prelu, read_prelu},
    {"Softmax", false, false, 1, 1, READ_FLOATS, check_softmax, read_softmax},
    {"Identity", false, false, 1, 1, READ_BYTES, check_identity, read_identity},
    {"Dropout", false, false, 1, 3, READ_BYTES, check_identity, read_identity},
    {.type = NULL},
};
