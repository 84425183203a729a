#include "engine/fast/read.h"

#include "base/alloc.h"
#include "engine/fast/fast.h"

#include <stdio.h>
#include <string.h>

/* What a map may measure: sizes are counted in int, and a map in memory in 2 GiB. */
enum { MOST_CHANNELS = 1 << 20, MOST_SIDE = 1 << 16, MOST_FLOATS = 1 << 29, MOST_PAD = 64 };

static const struct read_rule *const groups[] = {read_convs,       read_products, read_arithmetic,
                                                 read_activations, read_windows,  read_channels,
                                                 read_sizes,       read_shapes,   read_steps};

/* "domain.Type", or "Type" of ONNX's own domain. */
static bool is_named(const struct bsr_node *node, const char *type)
{
    size_t domain = strlen(node->domain);

    if (domain == 0)
        return strcmp(node->type, type) == 0;
    return strncmp(type, node->domain, domain) == 0 && type[domain] == '.' &&
           strcmp(node->type, type + domain + 1) == 0;
}

static const struct read_rule *find_rule(const struct bsr_node *node)
{
    for (size_t g = 0; g < sizeof groups / sizeof groups[0]; g++)
        for (const struct read_rule *rule = groups[g]; rule->type; rule++)
            if (is_named(node, rule->type))
                return rule;
    return NULL;
}

bool read_map_size(const struct bsr_tensor *tensor, int *channels, int *height, int *width)
{
    int64_t sides[3] = {1, 1, 1};

    if (!tensor || tensor->type != BSR_F32 || tensor->dims < 2 || tensor->dims == 3 || tensor->dims > 5 ||
        tensor->shape[0] != 1)
        return false;
    for (int i = 1; i < tensor->dims; i++)
        if (tensor->shape[i] < 1 || tensor->shape[i] > MOST_CHANNELS)
            return false;
    bool shuffled = tensor->dims == 5;
    sides[0] = tensor->shape[1] * (shuffled ? tensor->shape[2] : 1);
    for (int i = 1; tensor->dims >= 4 && i < 3; i++)
        sides[i] = tensor->shape[i + 1 + shuffled];
    if (sides[0] > MOST_CHANNELS || sides[1] > MOST_SIDE || sides[2] > MOST_SIDE ||
        (sides[0] + MAP_GRAIN) * sides[1] > MOST_FLOATS / sides[2])
        return false;
    *channels = (int)sides[0];
    *height = (int)sides[1];
    *width = (int)sides[2];
    return true;
}

static bool is_map(const struct bsr_tensor *tensor)
{
    int channels, height, width;
    return read_map_size(tensor, &channels, &height, &width);
}

/* Whether an input is there and no constant. */
static bool is_fed(const struct onnx_node_view *node, int input)
{
    const struct bsr_tensor *tensor = view_input(node, input);
    return tensor && !tensor->data;
}

const char *fast_supports(void *context, const struct onnx_node_view *node)
{
    const struct read_rule *rule = find_rule(&node->node);

    (void)context;
    if (!rule)
        return "there is no fast kernel for it";
    if (node->input_count < rule->least_inputs || node->input_count > rule->most_inputs ||
        node->output_count < 1)
        return "it has another number of inputs";
    if (!is_fed(node, 0) && !(rule->either && is_fed(node, 1)))
        return "its first input is a constant";
    for (int i = 0; i < node->input_count; i++)
        if (node->inputs[i] && !node->inputs[i]->data && !is_map(node->inputs[i]))
            return "an input is no map of features of a batch of one";
    for (int i = 0; i < node->output_count; i++)
        if (!is_map(node->outputs[i]))
            return "an output is no map of features of a batch of one";
    return rule->check(node);
}

bool fast_worth(void *context, const struct onnx_node_view *node)
{
    const struct read_rule *rule = find_rule(&node->node);

    (void)context;
    return rule && rule->heavy;
}

/* ---- for the rules --------------------------------------------------------------------------- */

struct fast_layer *read_add(struct reading *reading, enum layer_kind kind, int count, int output)
{
    int channels = 0, height = 0, width = 0;

    if (!read_map_size(reading->view->outputs[output], &channels, &height, &width))
        return NULL;
    struct fast_layer *layer = fast_add(reading->net, kind, reading->inputs, count, channels, height, width);
    if (layer)
        reading->outputs[output] = layer->output;
    return layer;
}

int read_as_floats(struct fast_net *net, int value)
{
    if (value == NO_VALUE || !fast_is_bytes(net, value))
        return value;
    for (int i = net->layer_count - 1; i >= 0; i--) {
        const struct fast_layer *layer = &net->layers[i];
        if (layer->kind == LAYER_CONVERT && layer->inputs[0] == value && !fast_is_bytes(net, layer->output))
            return layer->output;
    }
    const struct fast_value  from = net->values[value];
    const struct fast_layer *layer =
        fast_add(net, LAYER_CONVERT, &value, 1, from.channels, from.height, from.width);
    return layer ? layer->output : NO_VALUE;
}

float *read_zeros(size_t count)
{
    return mem_alloc_zeroed(count + MAP_GRAIN, sizeof(float));
}

float *read_floats(const struct bsr_tensor *constant)
{
    size_t count = tensor_count(constant);
    float *floats = read_zeros(count);

    if (floats && count)
        memcpy(floats, constant->data, count * sizeof *floats);
    return floats;
}

bool read_is_per_channel(const struct bsr_tensor *constant, int dims, int channels)
{
    if (!constant || !constant->data || constant->type != BSR_F32 || constant->dims > dims)
        return false;
    for (int i = 0; i < constant->dims; i++) {
        bool along = dims - constant->dims + i == 1;
        if (constant->shape[i] != 1 && !(along && constant->shape[i] == channels))
            return false;
    }
    return true;
}

float *read_per_channel(const struct bsr_tensor *constant, int channels)
{
    float       *floats = read_zeros((size_t)channels);
    const float *given = constant->data;
    bool         single = tensor_count(constant) == 1;

    for (int c = 0; floats && c < channels; c++)
        floats[c] = given[single ? 0 : c];
    return floats;
}

float read_scalar(const struct onnx_node_view *view, int input, float otherwise)
{
    const struct bsr_tensor *tensor = view_input(view, input);
    return tensor && tensor->data ? ((const float *)tensor->data)[0] : otherwise;
}

int64_t read_axis(const struct onnx_node_view *view, int64_t otherwise, int dims)
{
    int64_t axis = bsr_node_int(&view->node, "axis", otherwise);
    return axis < 0 ? axis + dims : axis;
}

void read_pads(const struct onnx_node_view *view, const int kernel[2], const int stride[2],
               const int dilation[2], int pad[4])
{
    const char    *mode = bsr_node_text(&view->node, "auto_pad", "NOTSET");
    bool           lower = strcmp(mode, "SAME_LOWER") == 0, same = lower || strcmp(mode, "SAME_UPPER") == 0;
    int            count = 0;
    const int64_t *pads = bsr_node_ints(&view->node, "pads", &count);
    bool           given = strcmp(mode, "NOTSET") == 0 && pads && count == 4;

    for (int i = 0; i < 2; i++) {
        int64_t in = view->inputs[0]->shape[2 + i], out = view->outputs[0]->shape[2 + i];
        int64_t total = (out - 1) * stride[i] + (int64_t)(kernel[i] - 1) * dilation[i] + 1 - in;
        int64_t before = given ? pads[i] : 0, after = given ? pads[2 + i] : 0;
        if (same && total > 0) {
            before = (total + lower) / 2;
            after = total - before;
        }
        pad[i] = before < 0 || before > MOST_PAD ? -1 : (int)before;
        pad[2 + i] = after < 0 || after > MOST_PAD ? -1 : (int)after;
    }
}

/* ---- a region --------------------------------------------------------------------------------- */

enum { MOST_LAYERS = 4000 }; /* planning takes time that grows with the square */

static bsr_status fail_memory(struct bsr_error *err)
{
    return bsr_fail_memory(err, NULL, sizeof(struct fast_layer));
}

/* The steps that all inputs have; those of floats where they differ, or there are constants beside them. */
static struct steps find_common_steps(const struct fast_net *net, const int *inputs, int count)
{
    const struct steps none = {0};

    for (int i = 0; i < count; i++)
        if (inputs[i] != NO_VALUE &&
            !steps_are_same(net->values[inputs[i]].steps, net->values[inputs[0]].steps))
            return none;
    return count && inputs[0] != NO_VALUE ? net->values[inputs[0]].steps : none;
}

/* Reads a node whose inputs may be bytes. */
static bool read_by_rule(const struct read_rule *rule, struct reading *reading, int *inputs)
{
    struct fast_net *net = reading->net;
    struct steps     steps = {0};

    if (rule->bytes == READ_MOVED)
        steps = find_common_steps(net, inputs, reading->view->input_count);
    for (int i = 0; i < reading->view->input_count; i++) {
        if (rule->bytes == READ_BYTES || steps_are_bytes(steps) || inputs[i] == NO_VALUE)
            continue;
        inputs[i] = read_as_floats(net, inputs[i]);
        if (inputs[i] == NO_VALUE)
            return false;
    }
    if (!rule->read(reading))
        return false;
    for (int i = 0; steps_are_bytes(steps) && i < reading->view->output_count; i++)
        net->values[reading->outputs[i]].steps = steps;
    return true;
}

static bsr_status read_node(struct fast_net *net, const struct onnx_viewed_node *node, int *numbers,
                            struct bsr_error *err)
{
    const struct onnx_node_view *view = &node->view;
    const struct read_rule      *rule = find_rule(&view->node);
    const char                  *why = fast_supports(NULL, view);
    size_t                       ends = (size_t)view->input_count + (size_t)view->output_count;
    int                         *values = mem_alloc_zeroed(ends + 1, sizeof *values);

    if (why || !rule) {
        mem_free(values);
        return bsr_fail(err, BSR_EMODEL, view->node.name, "this node can't be fast: %s",
                        why ? why : "unknown");
    }
    if (!values)
        return fail_memory(err);
    for (int i = 0; i < view->input_count; i++)
        values[i] = node->inputs[i] < 0 ? NO_VALUE : numbers[node->inputs[i]];
    struct reading reading = {
        .net = net, .view = view, .inputs = values, .outputs = values + view->input_count};
    int  first = net->layer_count;
    bool read = read_by_rule(rule, &reading, values);
    for (int i = first; i < net->layer_count; i++)
        snprintf(net->layers[i].node, sizeof net->layers[i].node, "%s", view->node.name);
    for (int i = 0; read && i < view->output_count; i++)
        if (node->outputs[i] >= 0)
            numbers[node->outputs[i]] = reading.outputs[i];
    mem_free(values);
    return read ? BSR_OK : fail_memory(err);
}

static bsr_status read_inputs(struct fast_net *net, const struct onnx_view *view, int *numbers,
                              struct bsr_error *err)
{
    for (int i = 0; i < view->input_count; i++) {
        const struct bsr_tensor *tensor = view->values[view->inputs[i]];
        int                      channels, height, width;
        if (!read_map_size(tensor, &channels, &height, &width))
            return bsr_fail(err, BSR_EMODEL, NULL, "input %d of a fast region is no map", i);
        struct fast_layer *layer = fast_add(net, LAYER_INPUT, NULL, 0, channels, height, width);
        if (!layer)
            return fail_memory(err);
        layer->port = i;
        layer->planes[0] = channels;
        layer->planes[1] = height;
        layer->planes[2] = width;
        numbers[view->inputs[i]] = layer->output;
    }
    return BSR_OK;
}

static bsr_status read_outputs(struct fast_net *net, const struct onnx_view *view, const int *numbers,
                               struct bsr_error *err)
{
    for (int i = 0; i < view->output_count; i++) {
        int                floats = read_as_floats(net, numbers[view->outputs[i]]);
        struct fast_layer *layer =
            floats == NO_VALUE ? NULL : fast_add(net, LAYER_OUTPUT, &floats, 1, 0, 0, 0);
        if (!layer)
            return fail_memory(err);
        layer->port = i;
    }
    return BSR_OK;
}

bsr_status fast_read(struct fast_net *net, const struct onnx_view *view, struct bsr_error *err)
{
    int *numbers = mem_alloc_zeroed((size_t)view->value_count + 1, sizeof *numbers);
    if (!numbers)
        return fail_memory(err);
    for (int v = 0; v < view->value_count; v++)
        numbers[v] = NO_VALUE;

    bsr_status status = view->node_count > MOST_LAYERS
                            ? bsr_fail(err, BSR_EMODEL, NULL, "%d nodes are too many for a fast region (%d)",
                                       view->node_count, MOST_LAYERS)
                            : read_inputs(net, view, numbers, err);
    for (int n = 0; status == BSR_OK && n < view->node_count; n++)
        status = read_node(net, &view->nodes[n], numbers, err);
    if (status == BSR_OK)
        status = read_outputs(net, view, numbers, err);
    mem_free(numbers);
    return status;
}
