#include "onnx/make.h"

#include "base/alloc.h"
#include "onnx/tensors.h"

#include <stdio.h>
#include <string.h>

/* AttributeProto.AttributeType. */
enum { IS_FLOAT = 1, IS_INT = 2, IS_TEXT = 3, IS_TENSOR = 4, IS_FLOATS = 6, IS_INTS = 7 };

/* A message of zeroes, to be initialised. */
static bsr_status allocate(void *out, size_t size, struct bsr_error *err)
{
    void *block = mem_alloc(size);
    if (!block)
        return bsr_fail_memory(err, NULL, size);
    memcpy(out, &block, sizeof block);
    return BSR_OK;
}

/* ---- value infos ----------------------------------------------------------------------------------- */

static bsr_status add_dimension(Onnx__TensorShapeProto *shape, const char *name, int64_t side,
                                struct bsr_error *err)
{
    Onnx__TensorShapeProto__Dimension *dimension = NULL;
    bsr_status                         status = allocate(&dimension, sizeof *dimension, err);
    if (status != BSR_OK)
        return status;
    onnx__tensor_shape_proto__dimension__init(dimension);
    if (side >= 0) {
        dimension->value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
        dimension->dim_value = side;
    } else {
        char symbol[80];
        snprintf(symbol, sizeof symbol, "%.60s_%zu", name, shape->n_dim);
        status = message_set_text(&dimension->dim_param, symbol, err);
        dimension->value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM;
    }
    if (status == BSR_OK)
        status = message_append(&shape->dim, &shape->n_dim, dimension, err);
    if (status != BSR_OK)
        message_free(&dimension->base);
    return status;
}

static bsr_status add_shape(Onnx__TypeProto__Tensor *tensor, const char *name, int dims, const int64_t *shape,
                            struct bsr_error *err)
{
    bsr_status status = allocate(&tensor->shape, sizeof *tensor->shape, err);
    if (status != BSR_OK)
        return status;
    onnx__tensor_shape_proto__init(tensor->shape);
    for (int i = 0; status == BSR_OK && i < dims; i++)
        status = add_dimension(tensor->shape, name, shape[i], err);
    return status;
}

static bsr_status add_type(Onnx__ValueInfoProto *info, int type, int dims, const int64_t *shape,
                           struct bsr_error *err)
{
    bsr_status status = allocate(&info->type, sizeof *info->type, err);
    if (status != BSR_OK)
        return status;
    onnx__type_proto__init(info->type);

    Onnx__TypeProto__Tensor *tensor = NULL;
    status = allocate(&tensor, sizeof *tensor, err);
    if (status != BSR_OK)
        return status;
    onnx__type_proto__tensor__init(tensor);
    tensor->has_elem_type = 1;
    tensor->elem_type = type;
    info->type->value_case = ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE;
    info->type->tensor_type = tensor;
    return dims < 0 ? BSR_OK : add_shape(tensor, info->name, dims, shape, err);
}

bsr_status value_info_make(Onnx__ValueInfoProto **out, const char *name, int type, int dims,
                           const int64_t *shape, struct bsr_error *err)
{
    Onnx__ValueInfoProto *info = NULL;
    bsr_status            status = allocate(&info, sizeof *info, err);
    if (status != BSR_OK)
        return status;
    onnx__value_info_proto__init(info);
    status = message_set_text(&info->name, name, err);
    if (status == BSR_OK)
        status = add_type(info, type, dims, shape, err);
    if (status == BSR_OK)
        *out = info;
    else
        message_free(&info->base);
    return status;
}

/* ---- nodes ------------------------------------------------------------------------------------------- */

size_t op_domain_length(const char *op, const char **type)
{
    const char *dot = strrchr(op, '.');

    *type = dot ? dot + 1 : op;
    return dot ? (size_t)(dot - op) : 0;
}

static bsr_status add_names(char ***array, size_t *count, const char *const *names, int name_count,
                            struct bsr_error *err)
{
    bsr_status status = BSR_OK;

    for (int i = 0; status == BSR_OK && i < name_count; i++) {
        char *copy = NULL;
        status = message_set_text(&copy, names[i], err);
        if (status == BSR_OK)
            status = message_append(array, count, copy, err);
        if (status != BSR_OK)
            mem_free(copy);
    }
    return status;
}

static bsr_status fill_node(Onnx__NodeProto *node, const struct node_parts *parts, struct bsr_error *err)
{
    const char *type;
    size_t      length = op_domain_length(parts->op, &type);
    bsr_status  status = message_set_text(&node->op_type, type, err);

    if (status == BSR_OK && length) {
        status = message_set_text(&node->domain, parts->op, err);
        if (status == BSR_OK)
            node->domain[length] = '\0';
    }
    if (status == BSR_OK && parts->name)
        status = message_set_text(&node->name, parts->name, err);
    if (status == BSR_OK)
        status = add_names(&node->input, &node->n_input, parts->inputs, parts->input_count, err);
    if (status == BSR_OK)
        status = add_names(&node->output, &node->n_output, parts->outputs, parts->output_count, err);
    return status;
}

bsr_status node_make(Onnx__NodeProto **out, const struct node_parts *parts, struct bsr_error *err)
{
    Onnx__NodeProto *node = NULL;
    bsr_status       status = allocate(&node, sizeof *node, err);
    if (status != BSR_OK)
        return status;
    onnx__node_proto__init(node);
    status = fill_node(node, parts, err);
    if (status == BSR_OK)
        *out = node;
    else
        message_free(&node->base);
    return status;
}

/* ---- attributes --------------------------------------------------------------------------------------- */

static bsr_status start_attribute(Onnx__AttributeProto **out, const char *name, int type,
                                  struct bsr_error *err)
{
    Onnx__AttributeProto *attribute = NULL;
    bsr_status            status = allocate(&attribute, sizeof *attribute, err);
    if (status != BSR_OK)
        return status;
    onnx__attribute_proto__init(attribute);
    attribute->has_type = 1;
    attribute->type = type;
    status = message_set_text(&attribute->name, name, err);
    if (status == BSR_OK)
        *out = attribute;
    else
        message_free(&attribute->base);
    return status;
}

/* The attribute is the node's now, or gone. */
static bsr_status finish_attribute(bsr_status status, Onnx__NodeProto *node, Onnx__AttributeProto *attribute,
                                   struct bsr_error *err)
{
    if (status == BSR_OK)
        status = message_append(&node->attribute, &node->n_attribute, attribute, err);
    if (status != BSR_OK)
        message_free(&attribute->base);
    return status;
}

bsr_status node_add_int(Onnx__NodeProto *node, const char *name, int64_t value, struct bsr_error *err)
{
    Onnx__AttributeProto *attribute = NULL;
    bsr_status            status = start_attribute(&attribute, name, IS_INT, err);
    if (status != BSR_OK)
        return status;
    attribute->has_i = 1;
    attribute->i = value;
    return finish_attribute(BSR_OK, node, attribute, err);
}

bsr_status node_add_float(Onnx__NodeProto *node, const char *name, float value, struct bsr_error *err)
{
    Onnx__AttributeProto *attribute = NULL;
    bsr_status            status = start_attribute(&attribute, name, IS_FLOAT, err);
    if (status != BSR_OK)
        return status;
    attribute->has_f = 1;
    attribute->f = value;
    return finish_attribute(BSR_OK, node, attribute, err);
}

/* A copy of count * size bytes; NULL when there is no memory. */
static void *copy_block(const void *data, size_t count, size_t size)
{
    void *copy = mem_alloc(count * size);
    if (copy && count)
        memcpy(copy, data, count * size);
    return copy;
}

bsr_status node_add_text(Onnx__NodeProto *node, const char *name, const char *value, struct bsr_error *err)
{
    Onnx__AttributeProto *attribute = NULL;
    bsr_status            status = start_attribute(&attribute, name, IS_TEXT, err);
    if (status != BSR_OK)
        return status;
    attribute->has_s = 1;
    attribute->s.data = copy_block(value, strlen(value), 1);
    attribute->s.len = attribute->s.data ? strlen(value) : 0;
    if (!attribute->s.data)
        status = bsr_fail_memory(err, NULL, strlen(value));
    return finish_attribute(status, node, attribute, err);
}

bsr_status node_add_ints(Onnx__NodeProto *node, const char *name, const int64_t *values, int count,
                         struct bsr_error *err)
{
    Onnx__AttributeProto *attribute = NULL;
    bsr_status            status = start_attribute(&attribute, name, IS_INTS, err);
    if (status != BSR_OK)
        return status;
    attribute->ints = copy_block(values, (size_t)count, sizeof *values);
    attribute->n_ints = attribute->ints ? (size_t)count : 0;
    if (!attribute->ints)
        status = bsr_fail_memory(err, NULL, (size_t)count * sizeof *values);
    return finish_attribute(status, node, attribute, err);
}

bsr_status node_add_floats(Onnx__NodeProto *node, const char *name, const float *values, int count,
                           struct bsr_error *err)
{
    Onnx__AttributeProto *attribute = NULL;
    bsr_status            status = start_attribute(&attribute, name, IS_FLOATS, err);
    if (status != BSR_OK)
        return status;
    attribute->floats = copy_block(values, (size_t)count, sizeof *values);
    attribute->n_floats = attribute->floats ? (size_t)count : 0;
    if (!attribute->floats)
        status = bsr_fail_memory(err, NULL, (size_t)count * sizeof *values);
    return finish_attribute(status, node, attribute, err);
}

bsr_status node_add_tensor(Onnx__NodeProto *node, const char *name, const struct bsr_tensor *value,
                           struct bsr_error *err)
{
    Onnx__AttributeProto *attribute = NULL;
    bsr_status            status = start_attribute(&attribute, name, IS_TENSOR, err);
    if (status != BSR_OK)
        return status;
    return finish_attribute(tensor_message(&attribute->t, "", value, err), node, attribute, err);
}

/* ---- operator sets ------------------------------------------------------------------------------------ */

static bool imports(const struct onnx_model *model, const char *domain, size_t length)
{
    for (size_t i = 0; i < model->proto->n_opset_import; i++) {
        const char *own = text_or_empty(model->proto->opset_import[i]->domain);
        if (strlen(own) == length && strncmp(own, domain, length) == 0)
            return true;
    }
    return false;
}

bsr_status model_import_domain(struct onnx_model *model, const char *domain, size_t length,
                               struct bsr_error *err)
{
    Onnx__OperatorSetIdProto *set = NULL;
    if (!length || imports(model, domain, length))
        return BSR_OK;

    bsr_status status = allocate(&set, sizeof *set, err);
    if (status != BSR_OK)
        return status;
    onnx__operator_set_id_proto__init(set);
    set->has_version = 1;
    set->version = 1;
    status = message_set_text(&set->domain, domain, err);
    if (status == BSR_OK) {
        set->domain[length] = '\0';
        status = message_append(&model->proto->opset_import, &model->proto->n_opset_import, set, err);
    }
    if (status != BSR_OK)
        message_free(&set->base);
    return status;
}
