#include "engine/srcnn_model.h"

#include "onnx/prepare.h"
#include "onnx/view.h"

#include <string.h>

enum { LAYERS = 3, NODES = 5, ANY_SIDE = 32 };

static const int sides[LAYERS] = {9, 1, 5};

static bool is(const struct onnx_viewed_node *node, const char *type)
{
    return node->view.node.domain[0] == '\0' && strcmp(node->view.node.type, type) == 0;
}

static bool all_are(const struct bsr_node *node, const char *attribute, int64_t value)
{
    int            count = 0;
    const int64_t *values = bsr_node_ints(node, attribute, &count);

    if (!values)
        return strcmp(attribute, "pads") != 0 || value == 0;
    for (int i = 0; i < count; i++)
        if (values[i] != value)
            return false;
    return true;
}

/* A constant of numbers, or NULL. */
static const float *numbers(const struct bsr_tensor *tensor, int dims)
{
    return tensor && tensor->data && tensor->type == BSR_F32 && tensor->dims == dims ? tensor->data : NULL;
}

/* A convolution side x side that keeps the size. */
static bool is_layer(const struct onnx_viewed_node *node, int side)
{
    const struct bsr_node   *attributes = &node->view.node;
    const struct bsr_tensor *weights = node->view.input_count > 1 ? node->view.inputs[1] : NULL;
    const char              *automatic = bsr_node_text(attributes, "auto_pad", "NOTSET");

    return is(node, "Conv") && numbers(weights, 4) && weights->shape[2] == side &&
           weights->shape[3] == side &&
           (node->view.input_count < 3 || !node->view.inputs[2] || numbers(node->view.inputs[2], 1)) &&
           strcmp(automatic, "NOTSET") == 0 && bsr_node_int(attributes, "group", 1) == 1 &&
           all_are(attributes, "pads", side / 2) && all_are(attributes, "strides", 1) &&
           all_are(attributes, "dilations", 1);
}

/* A chain from the input to the output. */
static bool is_chain(const struct onnx_view *view)
{
    if (view->node_count != NODES || view->input_count != 1 || view->output_count != 1)
        return false;
    int value = view->inputs[0];
    for (int n = 0; n < NODES; n++) {
        if (view->nodes[n].view.input_count < 1 || view->nodes[n].inputs[0] != value)
            return false;
        value = view->nodes[n].outputs[0];
    }
    return value == view->outputs[0];
}

static bool find_weights(struct srcnn_weights *out, const struct onnx_view *view)
{
    const struct bsr_tensor *weights[LAYERS];
    const float             *bias[LAYERS];

    if (!is_chain(view))
        return false;
    for (int i = 0; i < LAYERS; i++) {
        const struct onnx_viewed_node *node = &view->nodes[2 * i];
        if (!is_layer(node, sides[i]) || (i + 1 < LAYERS && !is(node + 1, "Relu")))
            return false;
        weights[i] = node->view.inputs[1];
        bias[i] = node->view.input_count > 2 ? numbers(node->view.inputs[2], 1) : NULL;
    }
    int64_t channels = weights[0]->shape[1], maps = weights[0]->shape[0], middle = weights[1]->shape[0];
    if ((channels != 1 && channels != 3) || maps > SRCNN_MAX_MAPS || middle > SRCNN_MAX_MAPS ||
        weights[1]->shape[1] != maps || weights[2]->shape[1] != middle || weights[2]->shape[0] != channels)
        return false;
    *out = (struct srcnn_weights){.channels = (int)channels,
                                  .maps = (int)maps,
                                  .middle = (int)middle,
                                  .first = weights[0]->data,
                                  .first_bias = bias[0],
                                  .second = weights[1]->data,
                                  .second_bias = bias[1],
                                  .third = weights[2]->data,
                                  .third_bias = bias[2]};
    return true;
}

/* Whether it is worth a closer look. */
static bool may_be_one(const struct onnx_model *model)
{
    if (onnx_input_count(model) != 1 || onnx_output_count(model) != 1 ||
        onnx_node_count(model, "Conv") != LAYERS)
        return false;
    struct onnx_value input = onnx_input(model, 0);
    return input.dims == 4 && (input.shape[1] == 1 || input.shape[1] == 3);
}

static bsr_status look(struct srcnn **out, struct onnx_model *model, struct bsr_error *err)
{
    struct onnx_value input = onnx_input(model, 0);
    struct onnx_named picture = {
        .name = input.name,
        .tensor = {.type = BSR_F32, .dims = 4, .shape = {1, input.shape[1], ANY_SIDE, ANY_SIDE}}};
    struct onnx_prepare_options options = {.chosen = &picture, .chosen_count = 1};
    struct onnx_view           *view = NULL;
    struct srcnn_weights        weights;

    bsr_status status = onnx_prepare(model, &options, NULL, err);
    if (status == BSR_OK)
        status = onnx_view_make(&view, model, err);
    if (status == BSR_OK && find_weights(&weights, view))
        status = srcnn_make(out, &weights, err);
    onnx_view_free(view);
    return status == BSR_EMODEL ? BSR_OK : status; /* the engine will say what is wrong with it */
}

bsr_status srcnn_from_model(struct srcnn **out, const void *onnx, size_t size, const char *name,
                            struct bsr_error *err)
{
    struct onnx_model *model = NULL;
    struct srcnn      *srcnn = NULL;
    bsr_status         status = onnx_model_read(&model, onnx, size, NULL, name, err);

    if (status == BSR_OK && may_be_one(model))
        status = look(&srcnn, model, err);
    onnx_model_free(model);
    if (status == BSR_OK)
        *out = srcnn;
    return status;
}
