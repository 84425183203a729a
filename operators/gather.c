/* Operators that fetch elements by their indices. */
#include "operators/move.h"

#include <string.h>

/* ---- Gather ---------------------------------------------------------------------------------------- */

static bsr_status gather_shape(const struct bsr_call *call, struct bsr_error *err)
{
    int        axis;
    bsr_status status = move_expect(call, 2, 2, 1, err);

    if (status == BSR_OK)
        status = call_axis(&axis, bsr_node_int(call->node, "axis", 0), call->inputs[0]->dims, err);
    if (status == BSR_OK)
        status = move_expect_indices(call->inputs[1], "its indices", err);
    if (status != BSR_OK)
        return status;

    const struct bsr_tensor *in = call->inputs[0], *indices = call->inputs[1];
    int64_t                  sides[2 * BSR_MAX_DIMS];
    int                      dims = 0;
    for (int i = 0; i < axis; i++)
        sides[dims++] = in->shape[i];
    for (int i = 0; i < indices->dims; i++)
        sides[dims++] = indices->shape[i];
    for (int i = axis + 1; i < in->dims; i++)
        sides[dims++] = in->shape[i];
    return move_set(call, 0, in->type, dims, sides, err);
}

static bsr_status gather_run(const struct bsr_call *call, struct bsr_error *err)
{
    const struct bsr_tensor *in = call->inputs[0], *indices = call->inputs[1];
    int                      axis;
    bsr_status               status = call_axis(&axis, bsr_node_int(call->node, "axis", 0), in->dims, err);
    if (status != BSR_OK || !tensor_count(&call->outputs[0]))
        return status;

    size_t outer = (size_t)move_product(in->shape, 0, axis), count = tensor_count(indices);
    size_t row = (size_t)move_product(in->shape, axis + 1, in->dims) * tensor_type_size(in->type);
    size_t side = (size_t)in->shape[axis];
    char  *to = call->outputs[0].data;
    for (size_t i = 0; i < count; i++) {
        int64_t at;
        status = move_index(&at, indices, i, in->shape[axis], err);
        if (status != BSR_OK)
            return status;
        for (size_t o = 0; o < outer; o++)
            memcpy(to + (o * count + i) * row, (char *)in->data + (o * side + (size_t)at) * row, row);
    }
    return BSR_OK;
}

/* ---- GatherElements -------------------------------------------------------------------------------- */

static bsr_status gather_elements_shape(const struct bsr_call *call, struct bsr_error *err)
{
    int        axis;
    bsr_status status = move_expect(call, 2, 2, 1, err);

    if (status == BSR_OK)
        status = call_axis(&axis, bsr_node_int(call->node, "axis", 0), call->inputs[0]->dims, err);
    if (status == BSR_OK)
        status = move_expect_indices(call->inputs[1], "its indices", err);
    if (status != BSR_OK)
        return status;

    const struct bsr_tensor *in = call->inputs[0], *indices = call->inputs[1];
    bool                     fits = in->dims == indices->dims;
    for (int i = 0; fits && i < in->dims; i++)
        fits = i == axis || indices->shape[i] <= in->shape[i];
    if (!fits)
        return call_refuse(err, "indices of %s don't fit an input of %s", tensor_shape_text(indices).text,
                           tensor_shape_text(in).text);
    return move_set(call, 0, in->type, indices->dims, indices->shape, err);
}

static bsr_status gather_elements_run(const struct bsr_call *call, struct bsr_error *err)
{
    const struct bsr_tensor *in = call->inputs[0], *indices = call->inputs[1];
    int                      axis;
    bsr_status               status = call_axis(&axis, bsr_node_int(call->node, "axis", 0), in->dims, err);
    if (status != BSR_OK || !tensor_count(indices))
        return status;

    int64_t position[BSR_MAX_DIMS] = {0}, strides[BSR_MAX_DIMS];
    size_t  size = tensor_type_size(in->type), n = 0;
    call_strides(strides, in);
    do {
        int64_t at, from = 0;
        status = move_index(&at, indices, n, in->shape[axis], err);
        if (status != BSR_OK)
            return status;
        for (int i = 0; i < in->dims; i++)
            from += strides[i] * (i == axis ? at : position[i]);
        memcpy(move_at(&call->outputs[0], n), move_at(in, (size_t)from), size);
        n++;
    } while (move_next(position, indices->shape, indices->dims));
    return BSR_OK;
}

/* ---- GatherND -------------------------------------------------------------------------------------- */

/* The last side of the indices: how many axes (behind the batch's) an index names. */
static bsr_status gather_nd_depth(int *batch, int *depth, const struct bsr_call *call, struct bsr_error *err)
{
    const struct bsr_tensor *in = call->inputs[0], *indices = call->inputs[1];
    int64_t                  shared = bsr_node_int(call->node, "batch_dims", 0);

    if (shared < 0 || shared >= in->dims || shared >= indices->dims)
        return call_refuse(err, "batch_dims is %lld for an input of %s and indices of %s", (long long)shared,
                           tensor_shape_text(in).text, tensor_shape_text(indices).text);
    for (int i = 0; i < (int)shared; i++)
        if (in->shape[i] != indices->shape[i])
            return call_refuse(err, "%s and %s don't have the same batches", tensor_shape_text(in).text,
                               tensor_shape_text(indices).text);
    int64_t named = indices->shape[indices->dims - 1];
    if (named < 1 || named > in->dims - shared)
        return call_refuse(err, "indices of %s name %lld axes of %s", tensor_shape_text(indices).text,
                           (long long)named, tensor_shape_text(in).text);
    *batch = (int)shared;
    *depth = (int)named;
    return BSR_OK;
}

static bsr_status gather_nd_shape(const struct bsr_call *call, struct bsr_error *err)
{
    int        batch, depth;
    bsr_status status = move_expect(call, 2, 2, 1, err);

    if (status == BSR_OK)
        status = move_expect_indices(call->inputs[1], "its indices", err);
    if (status == BSR_OK)
        status = gather_nd_depth(&batch, &depth, call, err);
    if (status != BSR_OK)
        return status;

    const struct bsr_tensor *in = call->inputs[0], *indices = call->inputs[1];
    int64_t                  sides[2 * BSR_MAX_DIMS];
    int                      dims = 0;
    for (int i = 0; i < indices->dims - 1; i++)
        sides[dims++] = indices->shape[i];
    for (int i = batch + depth; i < in->dims; i++)
        sides[dims++] = in->shape[i];
    return move_set(call, 0, in->type, dims, sides, err);
}

static bsr_status gather_nd_run(const struct bsr_call *call, struct bsr_error *err)
{
    const struct bsr_tensor *in = call->inputs[0], *indices = call->inputs[1];
    int                      batch, depth;
    bsr_status               status = gather_nd_depth(&batch, &depth, call, err);
    if (status != BSR_OK || !tensor_count(&call->outputs[0]))
        return status;

    int64_t strides[BSR_MAX_DIMS];
    call_strides(strides, in);
    size_t batches = (size_t)move_product(in->shape, 0, batch);
    size_t rows = tensor_count(indices) / (size_t)depth, rows_per_batch = rows / batches;
    size_t batch_step = (size_t)move_product(in->shape, batch, in->dims);
    size_t row = (size_t)move_product(in->shape, batch + depth, in->dims);
    for (size_t r = 0; r < rows; r++) {
        size_t from = r / rows_per_batch * batch_step;
        for (int i = 0; i < depth; i++) {
            int64_t at;
            status = move_index(&at, indices, r * (size_t)depth + (size_t)i, in->shape[batch + i], err);
            if (status != BSR_OK)
                return status;
            from += (size_t)(at * strides[batch + i]);
        }
        memcpy(move_at(&call->outputs[0], r * row), move_at(in, from), row * tensor_type_size(in->type));
    }
    return BSR_OK;
}

/* ---- ai.onnx.ml.ArrayFeatureExtractor -------------------------------------------------------------- */

static bsr_status array_feature_extractor_shape(const struct bsr_call *call, struct bsr_error *err)
{
    bsr_status status = move_expect(call, 2, 2, 1, err);
    if (status == BSR_OK)
        status = move_expect_indices(call->inputs[1], "its indices", err);
    if (status != BSR_OK)
        return status;

    const struct bsr_tensor *in = call->inputs[0];
    size_t                   count = tensor_count(call->inputs[1]);
    if (!in->dims || !count || count > TENSOR_MAX_BYTES)
        return call_refuse(err, "its input is %s, its indices are %s", tensor_shape_text(in).text,
                           tensor_shape_text(call->inputs[1]).text);
    int64_t sides[BSR_MAX_DIMS] = {1};
    int     dims = in->dims > 1 ? in->dims : 2;
    if (in->dims > 1)
        memcpy(sides, in->shape, sizeof sides);
    sides[dims - 1] = (int64_t)count;
    return move_set(call, 0, in->type, dims, sides, err);
}

static bsr_status array_feature_extractor_run(const struct bsr_call *call, struct bsr_error *err)
{
    const struct bsr_tensor *in = call->inputs[0], *indices = call->inputs[1];
    size_t                   count = tensor_count(indices), side = (size_t)in->shape[in->dims - 1];
    size_t                   rows = side ? tensor_count(in) / side : 0;

    for (size_t i = 0; i < count; i++) {
        int64_t    at;
        bsr_status status = move_index(&at, indices, i, (int64_t)side, err);
        if (status != BSR_OK)
            return status;
        for (size_t r = 0; r < rows; r++)
            memcpy(move_at(&call->outputs[0], r * count + i), move_at(in, r * side + (size_t)at),
                   tensor_type_size(in->type));
    }
    return BSR_OK;
}

static const struct bsr_operator operators[] = {
    {"Gather", gather_shape, gather_run},
    {"GatherElements", gather_elements_shape, gather_elements_run},
    {"GatherND", gather_nd_shape, gather_nd_run},
    {"ai.onnx.ml.ArrayFeatureExtractor", array_feature_extractor_shape, array_feature_extractor_run},
};

const struct operator_group operators_gather = OPERATOR_GROUP(operators);
