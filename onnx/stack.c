/* The results that Loop and Scan gather, one an iteration. */
#include "base/alloc.h"
#include "onnx/frame.h"

#include <string.h>

static bsr_status make_room(struct stack *stack, struct bsr_error *err)
{
    if (stack->count < stack->capacity)
        return BSR_OK;
    size_t             capacity = stack->capacity ? stack->capacity * 2 : 16;
    struct bsr_tensor *items = mem_resize(stack->items, capacity, sizeof *items);
    if (!items)
        return bsr_fail_memory(err, NULL, capacity * sizeof *items);
    stack->items = items;
    stack->capacity = capacity;
    return BSR_OK;
}

bsr_status stack_push(struct stack *stack, struct bsr_tensor *tensor, struct bsr_error *err)
{
    struct bsr_tensor taken = *tensor;
    bsr_status        status = make_room(stack, err);

    tensor->data = NULL;
    if (status == BSR_OK && stack->count &&
        (taken.type != stack->items[0].type || !tensor_same_shape(&taken, &stack->items[0])))
        status = bsr_fail(err, BSR_EMODEL, NULL, "an iteration gives %s, those before gave %s",
                          tensor_shape_text(&taken).text, tensor_shape_text(&stack->items[0]).text);
    if (status == BSR_OK)
        stack->items[stack->count++] = taken;
    else
        budget_free(stack->budget, &taken);
    return status;
}

void stack_free(struct stack *stack)
{
    for (size_t i = 0; i < stack->count; i++)
        budget_free(stack->budget, &stack->items[i]);
    mem_free(stack->items);
    stack->items = NULL;
    stack->count = stack->capacity = 0;
}

/* Type and shape of a slice as the graph declares it; unknown sides are 0. */
static struct bsr_tensor declared_slice(const Onnx__ValueInfoProto *declared)
{
    struct bsr_tensor      slice = {.type = BSR_F32};
    const Onnx__TypeProto *type = declared->type;

    if (!type || type->value_case != ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE || !type->tensor_type)
        return slice;
    if (tensor_type_size(type->tensor_type->elem_type))
        slice.type = type->tensor_type->elem_type;
    const Onnx__TensorShapeProto *shape = type->tensor_type->shape;
    for (size_t i = 0; shape && i < shape->n_dim && i < BSR_MAX_DIMS; i++) {
        bool fixed = shape->dim[i]->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
        slice.shape[slice.dims++] = fixed && shape->dim[i]->dim_value > 0 ? shape->dim[i]->dim_value : 0;
    }
    return slice;
}

/* Slices of `bytes` bytes for each of `outer` places before the axis. */
static void copy_slices(const struct stack *stack, struct bsr_tensor *out, int axis, bool backwards)
{
    size_t outer = 1;
    for (int i = 0; i < axis; i++)
        outer *= (size_t)out->shape[i];
    size_t bytes = tensor_bytes(&stack->items[0]) / (outer ? outer : 1);

    for (size_t n = 0; bytes && n < stack->count; n++) {
        size_t at = backwards ? stack->count - 1 - n : n;
        for (size_t o = 0; o < outer; o++)
            memcpy((char *)out->data + (o * stack->count + at) * bytes,
                   (const char *)stack->items[n].data + o * bytes, bytes);
    }
}

bsr_status stack_join(struct stack *stack, struct bsr_tensor *out, int64_t axis, bool backwards,
                      const Onnx__ValueInfoProto *declared, struct bsr_error *err)
{
    struct bsr_tensor slice = stack->count ? stack->items[0] : declared_slice(declared);
    struct bsr_tensor joined = {.type = slice.type, .dims = slice.dims + 1};
    int               at = (int)(axis < 0 ? axis + joined.dims : axis);

    if (joined.dims > BSR_MAX_DIMS)
        return bsr_fail(err, BSR_EMODEL, NULL, "a gathered result has %d dimensions, the limit is %d",
                        joined.dims, BSR_MAX_DIMS);
    if (axis < -joined.dims || axis >= joined.dims)
        return bsr_fail(err, BSR_EMODEL, NULL, "axis %lld is not in a result of %d dimensions",
                        (long long)axis, joined.dims);
    for (int i = 0; i < joined.dims; i++)
        joined.shape[i] = i < at ? slice.shape[i] : i == at ? (int64_t)stack->count : slice.shape[i - 1];
    bsr_status status = budget_alloc(stack->budget, &joined, err);
    if (status != BSR_OK)
        return status;
    if (stack->count)
        copy_slices(stack, &joined, at, backwards);
    *out = joined;
    return BSR_OK;
}
