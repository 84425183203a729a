#include "onnx/graph.h"

#include <string.h>

/* How the elements of a TensorProto.DataType are kept: bytes of an element in raw_data, and the typed field
 * that may hold them instead. A complex number is two entries of its field. */
enum field { IN_FLOAT, IN_INT32, IN_INT64, IN_DOUBLE, IN_UINT64, IN_STRING };

static const struct element {
    uint8_t    bytes;
    uint8_t    entries;
    enum field field;
} elements[] = {
    [1] = {4, 1, IN_FLOAT},   [2] = {1, 1, IN_INT32},  [3] = {1, 1, IN_INT32},    [4] = {2, 1, IN_INT32},
    [5] = {2, 1, IN_INT32},   [6] = {4, 1, IN_INT32},  [7] = {8, 1, IN_INT64},    [8] = {0, 1, IN_STRING},
    [9] = {1, 1, IN_INT32},   [10] = {2, 1, IN_INT32}, [11] = {8, 1, IN_DOUBLE},  [12] = {4, 1, IN_UINT64},
    [13] = {8, 1, IN_UINT64}, [14] = {8, 2, IN_FLOAT}, [15] = {16, 2, IN_DOUBLE}, [16] = {2, 1, IN_INT32},
};

static const struct element *find_element(int32_t type)
{
    bool known = type > 0 && type < (int32_t)(sizeof elements / sizeof *elements);
    return known ? &elements[type] : NULL;
}

/* The product of the dimensions; false when one is negative or it overflows. */
static bool count_elements(const Onnx__TensorProto *tensor, size_t *count)
{
    size_t product = 1;

    for (size_t i = 0; i < tensor->n_dims; i++) {
        int64_t dim = tensor->dims[i];
        if (dim < 0 || (dim > 0 && product > ONNX_MAX_BYTES / (size_t)dim))
            return false;
        product *= (size_t)dim;
    }
    *count = product;
    return true;
}

bool tensor_size(const Onnx__TensorProto *tensor, size_t *bytes)
{
    const struct element *element = find_element(tensor->data_type);
    size_t                count;

    if (!element || !element->bytes || !count_elements(tensor, &count))
        return false;
    *bytes = count * element->bytes;
    return true;
}

static size_t entries_of(const Onnx__TensorProto *tensor, enum field field)
{
    switch (field) {
    case IN_FLOAT:
        return tensor->n_float_data;
    case IN_INT32:
        return tensor->n_int32_data;
    case IN_INT64:
        return tensor->n_int64_data;
    case IN_DOUBLE:
        return tensor->n_double_data;
    case IN_UINT64:
        return tensor->n_uint64_data;
    case IN_STRING:
        return tensor->n_string_data;
    }
    return 0;
}

/* A net that trusts a tensor's shape reads past its data where there is less (OpenCV 4.6 does). */
static bsr_status check_tensor(Onnx__TensorProto *tensor, void *context, struct bsr_error *err)
{
    const struct element *element = find_element(tensor->data_type);
    struct shown          name = shown_name(tensor->name);
    size_t                count;

    (void)context;
    if (!count_elements(tensor, &count))
        return bsr_fail(err, BSR_EMODEL, NULL, "damaged model: tensor '%s' has an impossible shape",
                        name.text);
    if (!element)
        return BSR_OK;
    if (tensor->has_raw_data) {
        if (element->bytes && tensor->raw_data.len != count * element->bytes)
            return bsr_fail(err, BSR_EMODEL, NULL,
                            "damaged model: tensor '%s' holds %zu bytes where its shape asks for %zu",
                            name.text, tensor->raw_data.len, count * element->bytes);
        return BSR_OK;
    }
    size_t entries = entries_of(tensor, element->field);
    if (entries != count * element->entries)
        return bsr_fail(err, BSR_EMODEL, NULL,
                        "damaged model: tensor '%s' holds %zu numbers where its shape asks for %zu",
                        name.text, entries, count * element->entries);
    return BSR_OK;
}

static bsr_status check_name(const char *name, struct bsr_error *err)
{
    if (name && strnlen(name, ONNX_MAX_NAME + 1) > ONNX_MAX_NAME)
        return bsr_fail(err, BSR_EMODEL, NULL, "a name in it is longer than %d bytes: '%s'", ONNX_MAX_NAME,
                        shown_name(name).text);
    return BSR_OK;
}

static bsr_status check_value(const Onnx__ValueInfoProto *info, struct bsr_error *err)
{
    const Onnx__TypeProto *type = info->type;

    if (type && type->value_case == ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE && type->tensor_type &&
        type->tensor_type->shape && type->tensor_type->shape->n_dim > ONNX_MAX_DIMS)
        return bsr_fail(err, BSR_EMODEL, NULL, "'%s' has %zu dimensions, the limit is %d",
                        shown_name(info->name).text, type->tensor_type->shape->n_dim, ONNX_MAX_DIMS);
    return check_name(info->name, err);
}

static bsr_status check_node(const Onnx__NodeProto *node, struct bsr_error *err)
{
    bsr_status status = check_name(node->name, err);

    if (status == BSR_OK)
        status = check_name(node->op_type, err);
    for (size_t i = 0; status == BSR_OK && i < node->n_input; i++)
        status = check_name(node->input[i], err);
    for (size_t i = 0; status == BSR_OK && i < node->n_output; i++)
        status = check_name(node->output[i], err);
    return status;
}

bsr_status model_check(const struct onnx_model *model, struct bsr_error *err)
{
    const Onnx__GraphProto *graph = model->proto->graph;
    bsr_status              status = BSR_OK;

    for (size_t i = 0; status == BSR_OK && i < graph->n_input; i++)
        status = check_value(graph->input[i], err);
    for (size_t i = 0; status == BSR_OK && i < graph->n_output; i++)
        status = check_value(graph->output[i], err);
    for (size_t i = 0; status == BSR_OK && i < graph->n_node; i++)
        status = check_node(graph->node[i], err);
    if (status == BSR_OK)
        status = visit_tensors(&model->proto->base, check_tensor, NULL, err);
    return status;
}
