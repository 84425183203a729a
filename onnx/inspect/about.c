/* What a model says of itself. */
#include "onnx/graph.h"
#include "onnx/inspect/inspect.h"

struct onnx_about onnx_model_about(const struct onnx_model *model)
{
    const Onnx__ModelProto *proto = model->proto;

    return (struct onnx_about){
        .producer = text_or_empty(proto->producer_name),
        .producer_version = text_or_empty(proto->producer_version),
        .domain = text_or_empty(proto->domain),
        .graph = text_or_empty(proto->graph->name),
        .description = text_or_empty(proto->doc_string),
        .ir_version = proto->ir_version,
        .model_version = proto->model_version,
        .function_count = (int)proto->n_functions,
        .opset_count = (int)proto->n_opset_import,
        .metadata_count = (int)proto->n_metadata_props,
    };
}

const char *onnx_opset_at(const struct onnx_model *model, int index, int64_t *version)
{
    const Onnx__OperatorSetIdProto *set = model->proto->opset_import[index];
    *version = set->version;
    return text_or_empty(set->domain);
}

const char *onnx_metadata_at(const struct onnx_model *model, int index, const char **value)
{
    const Onnx__StringStringEntryProto *entry = model->proto->metadata_props[index];
    *value = text_or_empty(entry->value);
    return text_or_empty(entry->key);
}

const char *onnx_side_name(const struct onnx_model *model, bool output, int index, int axis)
{
    const Onnx__ValueInfoProto *info = output ? model->proto->graph->output[index] : model->inputs[index];
    const Onnx__TypeProto      *type = info->type;

    if (!type || type->value_case != ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE || !type->tensor_type ||
        !type->tensor_type->shape || (size_t)axis >= type->tensor_type->shape->n_dim)
        return NULL;
    const Onnx__TensorShapeProto__Dimension *dim = type->tensor_type->shape->dim[axis];
    bool named = dim->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM;
    return named && *dim->dim_param ? dim->dim_param : NULL;
}
