#include "onnx/passes/qdq.h"

#include "base/alloc.h"
#include "onnx/nodes.h"
#include "onnx/tensors.h"

enum { X, SCALE, ZERO_POINT };
/* The number of a constant of one element; false for other tensors. */
static bsr_status read_scalar(double *value, int *type, bool *found, const struct graph_index *index,
                              const char *name, struct bsr_error *err)
{
    const Onnx__NodeProto   *producer = index_producer(index, name);
    const Onnx__TensorProto *weight = index_initializer(index, name);
    struct bsr_tensor        tensor = {.data = NULL};
    void                    *owned = NULL;
    bsr_status               status = BSR_OK;

    *found = false;
    if (weight)
        status = tensor_view(&tensor, &owned, weight, err);
    else if (producer && node_is(producer, "Constant"))
        status = constant_view(&tensor, &owned, producer, err);
    if (status == BSR_OK && tensor.data && tensor_count(&tensor) == 1) {
        *found = true;
        *value = tensor_get(&tensor, 0);
        *type = tensor.type;
    }
    mem_free(owned);
    return status;
}

/* How a QuantizeLinear or DequantizeLinear maps numbers; *found is false where that is not the same for the
 * whole tensor, and known. */
static bsr_status read_steps(struct qdq_steps *steps, bool *found, const struct graph_index *index,
                             const Onnx__NodeProto *node, struct bsr_error *err)
{
    const Onnx__AttributeProto *type = node_attribute(node, "output_dtype");
    double                      scale = 0, zero = 0;
    int                         scale_type = 0;
    bsr_status status = read_scalar(&scale, &scale_type, found, index, node_input(node, SCALE), err);

    steps->type = node_is(node, "QuantizeLinear") && type && type->i ? (int)type->i : BSR_U8;
    *found = *found && scale_type == BSR_F32;
    if (status == BSR_OK && *found && *node_input(node, ZERO_POINT))
        status = read_scalar(&zero, &steps->type, found, index, node_input(node, ZERO_POINT), err);
    steps->scale = (float)scale;
    steps->zero = (int64_t)zero;
    return status;
}

/* The least and greatest number of a quantised type; false for other types. */
static bool find_range(struct qdq_steps *steps)
{
    bool is_signed = steps->type == BSR_I8 || steps->type == BSR_I16;
    bool is_short = steps->type == BSR_U16 || steps->type == BSR_I16;

    if (!is_signed && steps->type != BSR_U8 && steps->type != BSR_U16)
        return false;
    steps->most = is_short ? UINT16_MAX : UINT8_MAX;
    steps->least = is_signed ? -(steps->most + 1) / 2 : 0;
    steps->most += steps->least;
    return steps->zero >= steps->least && steps->zero <= steps->most;
}

bsr_status qdq_find_pair(const Onnx__NodeProto **quantize, struct qdq_steps *steps,
                         const struct graph_index *index, const Onnx__NodeProto *node, struct bsr_error *err)
{
    const Onnx__NodeProto *before = NULL;
    struct qdq_steps       other;
    bool                   found = false;

    *quantize = NULL;
    if (!node_is(node, "DequantizeLinear") || node->n_output != 1)
        return BSR_OK;
    before = index_producer(index, node_input(node, X));
    if (!before || !node_is(before, "QuantizeLinear") || !*node_input(before, X))
        return BSR_OK;
    bsr_status status = read_steps(steps, &found, index, before, err);
    if (status == BSR_OK && found)
        status = read_steps(&other, &found, index, node, err);
    if (status == BSR_OK && found && steps->scale == other.scale && steps->zero == other.zero &&
        find_range(steps))
        *quantize = before;
    return status;
}
