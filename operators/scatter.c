/* Operators that put elements where their indices say: a copy of the first input, with some of it replaced.
 */
#include "operators/move.h"
#include "operators/numbers.h"

#include <string.h>

static void copy_data(const struct bsr_call *call)
{
    size_t bytes = tensor_bytes(call->inputs[0]);
    if (bytes)
        memcpy(call->outputs[0].data, call->inputs[0]->data, bytes);
}

/* Scatter and its kin: data, indices, updates of the data's type. */
static bsr_status expect_scatter(const struct bsr_call *call, struct bsr_error *err)
{
    bsr_status status = move_expect(call, 3, 3, 1, err);

    if (status == BSR_OK)
        status = move_expect_indices(call->inputs[1], "its indices", err);
    if (status == BSR_OK && call->inputs[0]->type != call->inputs[2]->type)
        return call_refuse(err, "its data are %s, its updates %s", tensor_type_name(call->inputs[0]->type),
                           tensor_type_name(call->inputs[2]->type));
    return status;
}

/* ---- Scatter, ScatterElements ---------------------------------------------------------------------- */

struct scatter_plan {
    int            axis;
    enum reduction reduction;
};

static bsr_status scatter_elements_plan(struct scatter_plan *plan, const struct bsr_call *call,
                                        struct bsr_error *err)
{
    int64_t    axis = bsr_node_int(call->node, "axis", 0);
    bsr_status status = call_axis(&plan->axis, axis, call->inputs[0]->dims, err);

    if (status == BSR_OK)
        status = number_reduction(&plan->reduction, bsr_node_text(call->node, "reduction", "none"), err);
    return status;
}

static bsr_status scatter_elements_shape(const struct bsr_call *call, struct bsr_error *err)
{
    struct scatter_plan plan;
    bsr_status          status = expect_scatter(call, err);

    if (status == BSR_OK)
        status = scatter_elements_plan(&plan, call, err);
    if (status != BSR_OK)
        return status;
    const struct bsr_tensor *data = call->inputs[0], *indices = call->inputs[1];
    bool fits = data->dims == indices->dims && tensor_same_shape(indices, call->inputs[2]);
    for (int i = 0; fits && i < data->dims; i++)
        fits = i == plan.axis || indices->shape[i] <= data->shape[i];
    if (!fits)
        return call_refuse(err, "data of %s, indices of %s and updates of %s don't fit together",
                           tensor_shape_text(data).text, tensor_shape_text(indices).text,
                           tensor_shape_text(call->inputs[2]).text);
    call_set_like(call, 0, data->type, data);
    return BSR_OK;
}

static bsr_status scatter_elements_run(const struct bsr_call *call, struct bsr_error *err)
{
    const struct bsr_tensor *data = call->inputs[0], *indices = call->inputs[1];
    struct scatter_plan      plan;
    bsr_status               status = scatter_elements_plan(&plan, call, err);

    copy_data(call);
    if (status != BSR_OK || !tensor_count(indices))
        return status;
    int64_t position[BSR_MAX_DIMS] = {0}, strides[BSR_MAX_DIMS];
    size_t  n = 0;
    call_strides(strides, data);
    do {
        int64_t at, to = 0;
        status = move_index(&at, indices, n, data->shape[plan.axis], err);
        if (status != BSR_OK)
            return status;
        for (int i = 0; i < data->dims; i++)
            to += strides[i] * (i == plan.axis ? at : position[i]);
        number_combine(&call->outputs[0], (size_t)to, call->inputs[2], n, plan.reduction);
        n++;
    } while (move_next(position, indices->shape, indices->dims));
    return BSR_OK;
}

/* ---- ScatterND ------------------------------------------------------------------------------------- */

/* Indices are [...][depth]: each names a slice of the data, updates are [...][the slice]. */
static bsr_status scatter_nd_shape(const struct bsr_call *call, struct bsr_error *err)
{
    enum reduction reduction;
    bsr_status     status = expect_scatter(call, err);

    if (status == BSR_OK)
        status = number_reduction(&reduction, bsr_node_text(call->node, "reduction", "none"), err);
    if (status != BSR_OK)
        return status;
    const struct bsr_tensor *data = call->inputs[0], *indices = call->inputs[1], *updates = call->inputs[2];
    int                      rows = indices->dims - 1;
    int64_t                  depth = rows >= 0 ? indices->shape[rows] : -1;
    bool fits = depth >= 0 && depth <= data->dims && updates->dims == rows + data->dims - depth;
    for (int i = 0; fits && i < updates->dims; i++)
        fits = updates->shape[i] == (i < rows ? indices->shape[i] : data->shape[i - rows + depth]);
    if (!fits)
        return call_refuse(err, "data of %s, indices of %s and updates of %s don't fit together",
                           tensor_shape_text(data).text, tensor_shape_text(indices).text,
                           tensor_shape_text(updates).text);
    call_set_like(call, 0, data->type, data);
    return BSR_OK;
}

static bsr_status scatter_nd_run(const struct bsr_call *call, struct bsr_error *err)
{
    const struct bsr_tensor *data = call->inputs[0], *indices = call->inputs[1];
    int                      depth = (int)indices->shape[indices->dims - 1];
    enum reduction           reduction;
    bsr_status status = number_reduction(&reduction, bsr_node_text(call->node, "reduction", "none"), err);

    copy_data(call);
    if (status != BSR_OK || !tensor_count(call->inputs[2]))
        return status;
    int64_t strides[BSR_MAX_DIMS];
    call_strides(strides, data);
    size_t slice = (size_t)move_product(data->shape, depth, data->dims);
    size_t rows = tensor_count(call->inputs[2]) / slice;
    for (size_t r = 0; r < rows; r++) {
        size_t to = 0;
        for (int i = 0; i < depth; i++) {
            int64_t at;
            status = move_index(&at, indices, r * (size_t)depth + (size_t)i, data->shape[i], err);
            if (status != BSR_OK)
                return status;
            to += (size_t)(at * strides[i]);
        }
        for (size_t i = 0; i < slice; i++)
            number_combine(&call->outputs[0], to + i, call->inputs[2], r * slice + i, reduction);
    }
    return BSR_OK;
}

/* ---- TensorScatter --------------------------------------------------------------------------------- */

/* A cache [batch][..][sequence][..] in which the update of each batch is written from an index on. */
static bsr_status tensor_scatter_plan(int *axis, bool *circular, const struct bsr_call *call,
                                      struct bsr_error *err)
{
    const char *mode = bsr_node_text(call->node, "mode", "linear");
    bsr_status  status = call_axis(axis, bsr_node_int(call->node, "axis", -2), call->inputs[0]->dims, err);

    if (status != BSR_OK)
        return status;
    *circular = strcmp(mode, "circular") == 0;
    if (!*axis || (!*circular && strcmp(mode, "linear") != 0))
        return call_refuse(err, "axis is %d (not the batch's), mode \"%.32s\" (linear or circular)", *axis,
                           mode);
    return BSR_OK;
}

static bsr_status tensor_scatter_shape(const struct bsr_call *call, struct bsr_error *err)
{
    int        axis;
    bool       circular;
    bsr_status status = move_expect(call, 2, 3, 1, err);

    if (status == BSR_OK)
        status = tensor_scatter_plan(&axis, &circular, call, err);
    if (status != BSR_OK)
        return status;
    const struct bsr_tensor *cache = call->inputs[0], *update = call->inputs[1],
                            *starts = call_input(call, 2);
    bool fits = cache->dims == update->dims && cache->type == update->type;
    for (int i = 0; fits && i < cache->dims; i++)
        fits = i == axis ? update->shape[i] <= cache->shape[i] : update->shape[i] == cache->shape[i];
    if (!fits || (starts && (starts->dims != 1 || starts->shape[0] != cache->shape[0])))
        return call_refuse(err, "an update of %s doesn't fit a cache of %s, or there is not an index each",
                           tensor_shape_text(update).text, tensor_shape_text(cache).text);
    status = starts ? move_expect_indices(starts, "its indices", err) : BSR_OK;
    if (status == BSR_OK)
        call_set_like(call, 0, cache->type, cache);
    return status;
}

static bsr_status tensor_scatter_run(const struct bsr_call *call, struct bsr_error *err)
{
    const struct bsr_tensor *cache = call->inputs[0], *update = call->inputs[1],
                            *starts = call_input(call, 2);
    int        axis;
    bool       circular;
    bsr_status status = tensor_scatter_plan(&axis, &circular, call, err);

    copy_data(call);
    if (status != BSR_OK || !tensor_count(update))
        return status;
    size_t inner = (size_t)move_product(cache->shape, axis + 1, cache->dims);
    size_t rows = (size_t)move_product(cache->shape, 0, axis),
           rows_per_batch = rows / (size_t)cache->shape[0];
    size_t  bytes = inner * tensor_type_size(cache->type);
    int64_t side = cache->shape[axis], length = update->shape[axis];
    for (size_t r = 0; r < rows; r++) {
        int64_t start = starts ? tensor_get_int(starts, r / rows_per_batch) : 0;
        if (start < 0 || (circular ? start >= side : start > side - length))
            return call_refuse(err, "%lld elements don't fit from index %lld of %lld on", (long long)length,
                               (long long)start, (long long)side);
        for (int64_t i = 0; i < length; i++)
            memcpy(move_at(&call->outputs[0], (r * (size_t)side + (size_t)((start + i) % side)) * inner),
                   move_at(update, (r * (size_t)length + (size_t)i) * inner), bytes);
    }
    return BSR_OK;
}

static const struct bsr_operator operators[] = {
    {"Scatter", scatter_elements_shape, scatter_elements_run},
    {"ScatterElements", scatter_elements_shape, scatter_elements_run},
    {"ScatterND", scatter_nd_shape, scatter_nd_run},
    {"TensorScatter", tensor_scatter_shape, tensor_scatter_run},
};

const struct operator_group operators_scatter = OPERATOR_GROUP(operators);
