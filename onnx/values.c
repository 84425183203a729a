#include "onnx/graph.h"

#include <string.h>

/* The declared shape of a value; model_check() has seen that it has no more than ONNX_MAX_DIMS. */
static struct onnx_value describe(const Onnx__ValueInfoProto *info)
{
    struct onnx_value      value = {.name = text_or_empty(info->name), .dims = -1};
    const Onnx__TypeProto *type = info->type;

    if (!type || type->value_case != ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE || !type->tensor_type)
        return value;
    value.element_type = type->tensor_type->elem_type;

    const Onnx__TensorShapeProto *shape = type->tensor_type->shape;
    if (!shape)
        return value;
    value.dims = (int)shape->n_dim;
    for (int i = 0; i < value.dims; i++) {
        const Onnx__TensorShapeProto__Dimension *dim = shape->dim[i];
        bool fixed = dim->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
        value.shape[i] = fixed && dim->dim_value > 0 ? dim->dim_value : -1;
    }
    return value;
}

int64_t onnx_opset(const struct onnx_model *model, const char *domain)
{
    for (size_t i = 0; i < model->proto->n_opset_import; i++) {
        const Onnx__OperatorSetIdProto *set = model->proto->opset_import[i];
        const char                     *own = text_or_empty(set->domain);
        if (strcmp(own, domain) == 0 || (!*domain && strcmp(own, "ai.onnx") == 0))
            return set->version;
    }
    return 0;
}

int onnx_input_count(const struct onnx_model *model)
{
    return model->input_count;
}

struct onnx_value onnx_input(const struct onnx_model *model, int index)
{
    return describe(model->inputs[index]);
}

int onnx_output_count(const struct onnx_model *model)
{
    return (int)model->proto->graph->n_output;
}

struct onnx_value onnx_output(const struct onnx_model *model, int index)
{
    return describe(model->proto->graph->output[index]);
}

int onnx_find_input(const struct onnx_model *model, const char *name)
{
    for (int i = 0; i < onnx_input_count(model); i++)
        if (strcmp(onnx_input(model, i).name, name) == 0)
            return i;
    return -1;
}

int onnx_find_output(const struct onnx_model *model, const char *name)
{
    for (int i = 0; i < onnx_output_count(model); i++)
        if (strcmp(onnx_output(model, i).name, name) == 0)
            return i;
    return -1;
}

const char *onnx_metadata(const struct onnx_model *model, const char *key)
{
    for (size_t i = 0; i < model->proto->n_metadata_props; i++) {
        const Onnx__StringStringEntryProto *entry = model->proto->metadata_props[i];
        if (strcmp(text_or_empty(entry->key), key) == 0)
            return text_or_empty(entry->value);
    }
    return NULL;
}

int onnx_node_count(const struct onnx_model *model, const char *op_type)
{
    const Onnx__GraphProto *graph = model->proto->graph;
    int                     count = 0;

    for (size_t i = 0; i < graph->n_node; i++)
        count += strcmp(text_or_empty(graph->node[i]->op_type), op_type) == 0;
    return count;
}

uint64_t onnx_map_channels(const struct onnx_model *model)
{
    const Onnx__GraphProto *graph = model->proto->graph;
    uint64_t                channels = 0;

    for (size_t n = 0; n < graph->n_node; n++) {
        const Onnx__NodeProto *node = graph->node[n];
        for (size_t i = 0; node_is(node, "Conv") && node->n_input > 1 && i < graph->n_initializer; i++) {
            const Onnx__TensorProto *weight = graph->initializer[i];
            if (weight->n_dims && weight->dims[0] > 0 &&
                strcmp(text_or_empty(weight->name), node->input[1]) == 0)
                channels += (uint64_t)weight->dims[0];
        }
    }
    return channels;
}
