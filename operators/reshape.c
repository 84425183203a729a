/* Operators that give the same elements in the same order another shape. */
#include "operators/move.h"

#include <string.h>

static bsr_status copy_run(const struct bsr_call *call, struct bsr_error *err)
{
    const struct bsr_tensor *in = call->inputs[0];
    size_t                   bytes = tensor_bytes(in);

    if (bytes != tensor_bytes(&call->outputs[0]))
        return call_refuse(err, "shapes %s and %s don't hold the same number of elements",
                           tensor_shape_text(in).text, tensor_shape_text(&call->outputs[0]).text);
    if (bytes)
        memcpy(call->outputs[0].data, in->data, bytes);
    return BSR_OK;
}

/* ---- Reshape --------------------------------------------------------------------------------------- */

/* Sides of -1 and 0 in wanted[] replaced by what they stand for. */
static bsr_status resolve_sides(int64_t *wanted, int dims, const struct bsr_tensor *in, bool allow_zero,
                                struct bsr_error *err)
{
    int unknown = -1;

    for (int i = 0; i < dims; i++) {
        if (wanted[i] < -1)
            return call_refuse(err, "side %d of the shape is %lld", i + 1, (long long)wanted[i]);
        if (wanted[i] == -1 && unknown >= 0)
            return call_refuse(err, "two sides of the shape are -1");
        if (wanted[i] == 0 && !allow_zero && i >= in->dims)
            return call_refuse(err, "side %d of the shape is 0 (as in the input), the input is %s", i + 1,
                               tensor_shape_text(in).text);
        if (wanted[i] == -1)
            unknown = i;
        else if (wanted[i] == 0 && !allow_zero)
            wanted[i] = in->shape[i];
    }
    if (unknown < 0)
        return BSR_OK;

    size_t  count = tensor_count(in);
    int64_t others;
    wanted[unknown] = 1;
    others = move_product(wanted, 0, dims);
    if (others <= 0 || count == SIZE_MAX || count % (size_t)others)
        return call_refuse(err, "%s can't be divided by the sides given", tensor_shape_text(in).text);
    wanted[unknown] = (int64_t)(count / (size_t)others);
    return BSR_OK;
}

static bsr_status reshape_shape(const struct bsr_call *call, struct bsr_error *err)
{
    struct int_list list;
    bsr_status      status = move_expect(call, 1, 2, 1, err);

    if (status == BSR_OK)
        status = move_ints(&list, call, 1, "shape", err);
    if (status != BSR_OK)
        return status;
    const struct bsr_tensor *in = call->inputs[0];
    if (!list.given || list.count > BSR_MAX_DIMS)
        return call_refuse(err, "its shape is missing or has more than %d sides", BSR_MAX_DIMS);
    status = resolve_sides(list.values, list.count, in, bsr_node_int(call->node, "allowzero", 0) != 0, err);
    if (status == BSR_OK)
        status = move_set(call, 0, in->type, list.count, list.values, err);
    if (status == BSR_OK && tensor_count(in) != tensor_count(&call->outputs[0]))
        return call_refuse(err, "%s can't be given the shape %s", tensor_shape_text(in).text,
                           tensor_shape_text(&call->outputs[0]).text);
    return status;
}

/* ---- Flatten --------------------------------------------------------------------------------------- */

static bsr_status flatten_shape(const struct bsr_call *call, struct bsr_error *err)
{
    bsr_status status = move_expect(call, 1, 1, 1, err);
    if (status != BSR_OK)
        return status;

    const struct bsr_tensor *in = call->inputs[0];
    int64_t                  axis = bsr_node_int(call->node, "axis", 1);
    if (axis < -in->dims || axis > in->dims)
        return call_refuse(err, "axis %lld is not in a tensor of %d dimensions", (long long)axis, in->dims);
    if (axis < 0)
        axis += in->dims;
    int64_t sides[2] = {move_product(in->shape, 0, (int)axis), move_product(in->shape, (int)axis, in->dims)};
    return move_set(call, 0, in->type, 2, sides, err);
}

/* ---- Squeeze, Unsqueeze ---------------------------------------------------------------------------- */

/* Marks the axes of the list in a tensor of `rank`. */
static bsr_status mark_axes(bool *marked, const struct int_list *list, int rank, struct bsr_error *err)
{
    memset(marked, 0, BSR_MAX_DIMS * sizeof *marked);
    for (int i = 0; i < list->count; i++) {
        int        axis;
        bsr_status status = call_axis(&axis, list->values[i], rank, err);
        if (status != BSR_OK)
            return status;
        if (marked[axis])
            return call_refuse(err, "axis %d is named twice", axis);
        marked[axis] = true;
    }
    return BSR_OK;
}

static bsr_status squeeze_shape(const struct bsr_call *call, struct bsr_error *err)
{
    struct int_list axes;
    bsr_status      status = move_expect(call, 1, 2, 1, err);

    if (status == BSR_OK)
        status = move_ints(&axes, call, 1, "axes", err);
    if (status != BSR_OK)
        return status;
    const struct bsr_tensor *in = call->inputs[0];
    bool                     marked[BSR_MAX_DIMS];
    status = mark_axes(marked, &axes, in->dims, err);
    if (status != BSR_OK)
        return status;

    int64_t sides[BSR_MAX_DIMS];
    int     dims = 0;
    for (int i = 0; i < in->dims; i++) {
        if (marked[i] && in->shape[i] != 1)
            return call_refuse(err, "axis %d of %s can't be left out: its side is not 1", i,
                               tensor_shape_text(in).text);
        if (axes.given ? !marked[i] : in->shape[i] != 1)
            sides[dims++] = in->shape[i];
    }
    return call_set(call, 0, in->type, dims, sides, err);
}

static bsr_status unsqueeze_shape(const struct bsr_call *call, struct bsr_error *err)
{
    struct int_list axes;
    bsr_status      status = move_expect(call, 1, 2, 1, err);

    if (status == BSR_OK)
        status = move_ints(&axes, call, 1, "axes", err);
    if (status != BSR_OK)
        return status;
    const struct bsr_tensor *in = call->inputs[0];
    int                      dims = in->dims + axes.count;
    if (!axes.given || dims > BSR_MAX_DIMS)
        return call_refuse(err, "its axes are missing, or make more than %d dimensions", BSR_MAX_DIMS);

    bool    marked[BSR_MAX_DIMS];
    int64_t sides[BSR_MAX_DIMS];
    status = mark_axes(marked, &axes, dims, err);
    if (status != BSR_OK)
        return status;
    for (int i = 0, from = 0; i < dims; i++)
        sides[i] = marked[i] ? 1 : in->shape[from++];
    return call_set(call, 0, in->type, dims, sides, err);
}

static const struct bsr_operator operators[] = {
    {"Reshape", reshape_shape, copy_run},
    {"Flatten", flatten_shape, copy_run},
    {"Squeeze", squeeze_shape, copy_run},
    {"Unsqueeze", unsqueeze_shape, copy_run},
};

const struct operator_group operators_reshape = OPERATOR_GROUP(operators);
