#include "onnx/edit_describe.h"

#include <string.h>

bsr_status describer_open(struct describer *describer, const struct onnx_model *model, struct bsr_error *err)
{
    describer->model = model;
    bsr_status status = types_make(&describer->types, model, err);
    if (status != BSR_OK)
        return status;
    status = onnx_infer(&describer->values, model, NULL, 0, err);
    return status == BSR_ENOMEM ? status : BSR_OK;
}

void describer_close(struct describer *describer)
{
    onnx_values_free(describer->values);
    types_free(describer->types);
    *describer = (struct describer){.model = NULL};
}

static const Onnx__ValueInfoProto *find_info(Onnx__ValueInfoProto *const *infos, size_t count,
                                             const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(text_or_empty(infos[i]->name), name) == 0 && infos[i]->type)
            return infos[i];
    return NULL;
}

static const Onnx__ValueInfoProto *find_declared(const Onnx__GraphProto *graph, const char *name)
{
    const Onnx__ValueInfoProto *info = find_info(graph->input, graph->n_input, name);
    if (!info)
        info = find_info(graph->output, graph->n_output, name);
    return info ? info : find_info(graph->value_info, graph->n_value_info, name);
}

/* Whether every side is a number. */
static bool is_fixed(const Onnx__ValueInfoProto *info)
{
    if (info->type->value_case != ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE || !info->type->tensor_type)
        return true; /* a sequence is what it is */
    const Onnx__TensorShapeProto *shape = info->type->tensor_type->shape;
    if (!shape)
        return false;
    for (size_t i = 0; i < shape->n_dim; i++)
        if (shape->dim[i]->value_case != ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE)
            return false;
    return true;
}

bsr_status describer_make(Onnx__ValueInfoProto **out, const struct describer *describer, const char *name,
                          struct bsr_error *err)
{
    const Onnx__ValueInfoProto *declared = find_declared(describer->model->proto->graph, name);
    const struct bsr_tensor    *known = describer->values ? onnx_values_find(describer->values, name) : NULL;

    if (declared && (is_fixed(declared) || !known)) {
        ProtobufCMessage *copy = NULL;
        bsr_status        status = message_copy(&copy, &declared->base, err);
        if (status == BSR_OK)
            *out = (Onnx__ValueInfoProto *)copy;
        return status;
    }
    if (known)
        return value_info_make(out, name, known->type, known->dims, known->shape, err);
    int type = types_find(describer->types, name);
    return value_info_make(out, name, type ? type : BSR_F32, -1, NULL, err);
}
