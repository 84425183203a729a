/* Operators of two maps, or of a map and constants. */
#include "engine/fast/read.h"

#include "base/alloc.h"

#include <math.h>
#include <string.h>

static enum binary_kind find_kind(const struct bsr_node *node)
{
    static const char *const names[BINARY_KINDS] = {"Add", "Sub", "Mul", "Div", "Max", "Min"};
    int                      kind = 0;

    while (kind < BINARY_KINDS - 1 && strcmp(names[kind], node->type) != 0)
        kind++;
    return (enum binary_kind)kind;
}

/* Which of the two inputs is a constant, or -1. */
static int find_constant(const struct onnx_node_view *view)
{
    return view_is_constant(view, 0) ? 0 : (view_is_constant(view, 1) ? 1 : -1);
}

/* ---- two maps ------------------------------------------------------------------------------------ */

static bool spans(const struct bsr_tensor *other, const struct bsr_tensor *out)
{
    for (int i = 1; i < out->dims; i++)
        if (other->shape[i] != out->shape[i] && other->shape[i] != 1)
            return false;
    return true;
}

static const char *check_maps(const struct onnx_node_view *view)
{
    const struct bsr_tensor *a = view->inputs[0], *b = view->inputs[1], *out = view->outputs[0];

    if (a->dims != b->dims || out->dims != a->dims || out->dims > 4)
        return "its inputs have different numbers of dimensions";
    if ((tensor_same_shape(a, out) && spans(b, out)) || (tensor_same_shape(b, out) && spans(a, out)))
        return NULL;
    return "neither of its inputs has the size of its output";
}

static bool read_maps(struct reading *reading)
{
    const struct bsr_tensor *const *inputs = reading->view->inputs;
    bool                            swapped = !tensor_same_shape(inputs[0], reading->view->outputs[0]);
    int pair[2] = {reading->inputs[swapped ? 1 : 0], reading->inputs[swapped ? 0 : 1]};

    struct reading     turned = {reading->net, reading->view, pair, reading->outputs};
    struct fast_layer *layer = read_add(&turned, LAYER_BINARY, 2, 0);
    if (!layer)
        return false;
    layer->binary = find_kind(&reading->view->node);
    layer->reversed = swapped;
    return true;
}

/* ---- a map and a constant ------------------------------------------------------------------------ */

static const char *check_constant(const struct onnx_node_view *view, int constant)
{
    const struct bsr_tensor *value = view->inputs[constant], *map = view->inputs[!constant];
    enum binary_kind         kind = find_kind(&view->node);

    if (!tensor_same_shape(map, view->outputs[0]) || map->dims > 4)
        return "its constant is larger than the map";
    if (!read_is_per_channel(value, map->dims, (int)map->shape[1]))
        return "its constant is not one number a channel";
    if ((kind == BINARY_MAX || kind == BINARY_MIN) && tensor_count(value) != 1)
        return "its constant is not one number";
    if (kind == BINARY_DIV && constant == 0)
        return "a constant is divided by a map";
    return NULL;
}

static bool read_limit(struct reading *reading, int constant)
{
    const struct bsr_tensor *value = reading->view->inputs[constant];
    struct reading     turned = {reading->net, reading->view, &reading->inputs[!constant], reading->outputs};
    struct fast_layer *layer = read_add(&turned, LAYER_ACTIVATE, 1, 0);
    float              limit = ((const float *)value->data)[0];

    if (!layer)
        return false;
    bool max = find_kind(&reading->view->node) == BINARY_MAX;
    layer->activation =
        (struct activation){ACTIVATION_CLAMP, max ? limit : -INFINITY, max ? INFINITY : limit};
    return true;
}

/* x OP c, or c OP x, as x * weights + bias. */
static void fill_scale(struct fast_layer *layer, enum binary_kind kind, bool reversed, const float *constant,
                       int channels)
{
    for (int c = 0; c < channels; c++) {
        float factor = kind == BINARY_MUL ? constant[c] : (kind == BINARY_DIV ? 1 / constant[c] : 1);
        float shift = kind == BINARY_ADD ? constant[c] : (kind == BINARY_SUB ? -constant[c] : 0);
        layer->weights[c] = kind == BINARY_SUB && reversed ? -1 : factor;
        layer->bias[c] = kind == BINARY_SUB && reversed ? constant[c] : shift;
    }
}

static bool read_constant(struct reading *reading, int constant)
{
    enum binary_kind kind = find_kind(&reading->view->node);
    struct reading   turned = {reading->net, reading->view, &reading->inputs[!constant], reading->outputs};

    if (kind == BINARY_MAX || kind == BINARY_MIN)
        return read_limit(reading, constant);
    struct fast_layer *layer = read_add(&turned, LAYER_SCALE, 1, 0);
    if (!layer)
        return false;
    int    channels = reading->net->values[layer->output].channels;
    float *given = read_per_channel(reading->view->inputs[constant], channels);
    layer->weights = read_zeros((size_t)channels);
    layer->bias = read_zeros((size_t)channels);
    bool made = given && layer->weights && layer->bias;
    if (made)
        fill_scale(layer, kind, constant == 0, given, channels);
    mem_free(given);
    return made;
}

static const char *check_binary(const struct onnx_node_view *view)
{
    int constant = find_constant(view);
    return constant < 0 ? check_maps(view) : check_constant(view, constant);
}

static bool read_binary(struct reading *reading)
{
    int constant = find_constant(reading->view);
    return constant < 0 ? read_maps(reading) : read_constant(reading, constant);
}

/* ---- BatchNormalization -------------------------------------------------------------------------- */

static const char *check_norm(const struct onnx_node_view *view)
{
    for (int i = 1; i < 5; i++) {
        const struct bsr_tensor *given = view_input(view, i);
        if (!given || !given->data || given->type != BSR_F32 || given->dims != 1 ||
            given->shape[0] != view->inputs[0]->shape[1])
            return "its parameters are no constants";
    }
    if (view->output_count != 1 || bsr_node_int(&view->node, "training_mode", 0) ||
        bsr_node_int(&view->node, "spatial", 1) != 1 || view->inputs[0]->dims > 4)
        return "it is not the form of inference";
    return NULL;
}

static bool read_norm(struct reading *reading)
{
    const struct onnx_node_view *view = reading->view;
    struct fast_layer           *layer = read_add(reading, LAYER_SCALE, 1, 0);
    double                       epsilon = bsr_node_float(&view->node, "epsilon", 1e-5F);

    if (!layer)
        return false;
    int channels = reading->net->values[layer->output].channels;
    layer->weights = read_zeros((size_t)channels);
    layer->bias = read_zeros((size_t)channels);
    if (!layer->weights || !layer->bias)
        return false;
    const float *scale = view->inputs[1]->data, *shift = view->inputs[2]->data, *mean = view->inputs[3]->data,
                *variance = view->inputs[4]->data;
    for (int c = 0; c < channels; c++) {
        double factor = scale[c] / sqrt(variance[c] + epsilon);
        layer->weights[c] = (float)factor;
        layer->bias[c] = (float)(shift[c] - mean[c] * factor);
    }
    return true;
}

#define BINARY(name)                                                                                         \
    {                                                                                                        \
        name, false, true, 2, 2, READ_FLOATS, check_binary, read_binary                                      \
    }
const struct read_rule read_arithmetic[] = {
    BINARY("Add"),
    BINARY("Sub"),
    BINARY("Mul"),
    BINARY("Div"),
    BINARY("Max"),
    BINARY("Min"),
    {"BatchNormalization", false, false, 5, 5, READ_FLOATS, check_norm, read_norm},
    {.type = NULL},
};
