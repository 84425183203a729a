/* Concat and Split: tensors side by side along an axis. */
#include "operators/move.h"

#include <string.h>

/* ---- Concat ---------------------------------------------------------------------------------------- */

/* Adds the n-th input's side to sides[axis]; BSR_EMODEL when it doesn't fit beside the first. */
static bsr_status join(int64_t *sides, int axis, const struct bsr_call *call, int n, struct bsr_error *err)
{
    const struct bsr_tensor *first = call->inputs[0], *other = call->inputs[n];

    if (!other)
        return call_refuse(err, "its input %d is missing", n + 1);
    bool fits = other->dims == first->dims && other->type == first->type;
    for (int i = 0; fits && i < first->dims; i++)
        fits = i == axis || other->shape[i] == first->shape[i];
    if (!fits || __builtin_add_overflow(sides[axis], other->shape[axis], &sides[axis]))
        return call_refuse(err, "%s %s and %s %s can't be joined along axis %d",
                           tensor_type_name(first->type), tensor_shape_text(first).text,
                           tensor_type_name(other->type), tensor_shape_text(other).text, axis);
    return BSR_OK;
}

static bsr_status concat_shape(const struct bsr_call *call, struct bsr_error *err)
{
    int        axis;
    bsr_status status = move_expect(call, 1, call->input_count, 1, err);

    if (status == BSR_OK)
        status = call_axis(&axis, bsr_node_int(call->node, "axis", 1), call->inputs[0]->dims, err);
    if (status != BSR_OK)
        return status;
    const struct bsr_tensor *first = call->inputs[0];
    int64_t                  sides[BSR_MAX_DIMS];
    memcpy(sides, first->shape, sizeof sides);
    for (int n = 1; status == BSR_OK && n < call->input_count; n++)
        status = join(sides, axis, call, n, err);
    return status == BSR_OK ? move_set(call, 0, first->type, first->dims, sides, err) : status;
}

static bsr_status concat_run(const struct bsr_call *call, struct bsr_error *err)
{
    struct bsr_tensor *out = &call->outputs[0];
    int                axis;
    bsr_status         status = call_axis(&axis, bsr_node_int(call->node, "axis", 1), out->dims, err);
    if (status != BSR_OK || !tensor_count(out))
        return status;

    size_t size = tensor_type_size(out->type), at = 0;
    size_t outer = (size_t)move_product(out->shape, 0, axis);
    size_t row = (size_t)move_product(out->shape, axis, out->dims) * size;
    for (int n = 0; n < call->input_count; n++) {
        const struct bsr_tensor *in = call->inputs[n];
        size_t                   part = (size_t)move_product(in->shape, axis, in->dims) * size;
        for (size_t i = 0; part && i < outer; i++)
            memcpy((char *)out->data + i * row + at, (const char *)in->data + i * part, part);
        at += part;
    }
    return BSR_OK;
}

/* ---- Split ----------------------------------------------------------------------------------------- */

/* The sizes that are given: as an input, or as an attribute before opset 13. */
struct split_sizes {
    const struct bsr_tensor *tensor;
    const int64_t           *ints;
};

static bsr_status given_sizes(struct split_sizes *sizes, const struct bsr_call *call, struct bsr_error *err)
{
    int    count;
    size_t length;

    *sizes = (struct split_sizes){.tensor = call_input(call, 1)};
    if (sizes->tensor) {
        bsr_status status = move_expect_indices(sizes->tensor, "its sizes", err);
        if (status != BSR_OK)
            return status;
        length = tensor_count(sizes->tensor);
    } else {
        sizes->ints = bsr_node_ints(call->node, "split", &count);
        length = sizes->ints ? (size_t)count : (size_t)call->output_count;
    }
    if (length != (size_t)call->output_count)
        return call_refuse(err, "it has %zu sizes for %d outputs", length, call->output_count);
    return sizes->tensor && !sizes->tensor->data ? call_needs_values(err) : BSR_OK;
}

/* Without sizes: equal parts, of which the last may be smaller from opset 18 on. */
static bsr_status equal_part(int64_t *part, const struct bsr_call *call, int64_t side, struct bsr_error *err)
{
    int64_t count = call->output_count, wanted = bsr_node_int(call->node, "num_outputs", count);
    bool    uneven = bsr_node_opset(call->node) >= 18;

    *part = side / count + (side % count != 0);
    if (wanted != count || side > (int64_t)TENSOR_MAX_BYTES || (side % count && !uneven) ||
        *part * (count - 1) > side)
        return call_refuse(err, "a side of %lld can't be split into %lld parts (it has %d outputs)",
                           (long long)side, (long long)wanted, call->output_count);
    return BSR_OK;
}

/* BSR_EMODEL unless the sizes fill the side. */
static bsr_status set_parts(const struct bsr_call *call, int axis, const struct split_sizes *sizes,
                            struct bsr_error *err)
{
    const struct bsr_tensor *in = call->inputs[0];
    int64_t                  left = in->shape[axis], part = 0;
    bool                     given = sizes->tensor || sizes->ints;
    bsr_status               status = given ? BSR_OK : equal_part(&part, call, left, err);

    for (int n = 0; status == BSR_OK && n < call->output_count; n++) {
        int64_t size = part < left ? part : left;
        if (given)
            size = sizes->tensor ? tensor_get_int(sizes->tensor, (size_t)n) : sizes->ints[n];
        if (size < 0 || size > left)
            return call_refuse(err, "size %lld of part %d is not within the side of %lld", (long long)size,
                               n + 1, (long long)in->shape[axis]);
        left -= size;
        call_set_like(call, n, in->type, in);
        call->outputs[n].shape[axis] = size;
    }
    if (status == BSR_OK && left)
        return call_refuse(err, "its sizes leave %lld of %lld over", (long long)left,
                           (long long)in->shape[axis]);
    return status;
}

static bsr_status split_shape(const struct bsr_call *call, struct bsr_error *err)
{
    int                axis = 0;
    struct split_sizes sizes;
    bsr_status         status = call_expect(call, 1, 2, err);

    if (status == BSR_OK)
        status = call_axis(&axis, bsr_node_int(call->node, "axis", 0), call->inputs[0]->dims, err);
    if (status == BSR_OK)
        status = given_sizes(&sizes, call, err);
    return status == BSR_OK ? set_parts(call, axis, &sizes, err) : status;
}

static bsr_status split_run(const struct bsr_call *call, struct bsr_error *err)
{
    const struct bsr_tensor *in = call->inputs[0];
    int                      axis;
    bsr_status               status = call_axis(&axis, bsr_node_int(call->node, "axis", 0), in->dims, err);
    if (status != BSR_OK || !tensor_count(in))
        return status;

    size_t size = tensor_type_size(in->type), at = 0;
    size_t outer = (size_t)move_product(in->shape, 0, axis);
    size_t row = (size_t)move_product(in->shape, axis, in->dims) * size;
    for (int n = 0; n < call->output_count; n++) {
        struct bsr_tensor *out = &call->outputs[n];
        size_t             part = (size_t)move_product(out->shape, axis, out->dims) * size;
        for (size_t i = 0; part && i < outer; i++)
            memcpy((char *)out->data + i * part, (const char *)in->data + i * row + at, part);
        at += part;
    }
    return BSR_OK;
}

static const struct bsr_operator operators[] = {
    {"Concat", concat_shape, concat_run},
    {"Split", split_shape, split_run},
};

const struct operator_group operators_join = OPERATOR_GROUP(operators);
