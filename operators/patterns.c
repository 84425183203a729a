/* Operators that follow a pattern of places: OneHot, Trilu, ReverseSequence, ai.onnx.ml.Binarizer. */
#include "operators/move.h"
#include "operators/numbers.h"

#include <string.h>

/* ---- OneHot ---------------------------------------------------------------------------------------- */

static bsr_status one_hot_axis(int *axis, const struct bsr_call *call, struct bsr_error *err)
{
    return call_axis(axis, bsr_node_int(call->node, "axis", -1), call->inputs[0]->dims + 1, err);
}

static bsr_status one_hot_shape(const struct bsr_call *call, struct bsr_error *err)
{
    int        axis;
    int64_t    sides[BSR_MAX_DIMS + 1] = {0};
    double     depth;
    bsr_status status = move_expect(call, 3, 3, 1, err);

    if (status == BSR_OK)
        status = one_hot_axis(&axis, call, err);
    if (status == BSR_OK)
        status = number_real(&depth, call, 1, 0, err);
    if (status != BSR_OK)
        return status;
    const struct bsr_tensor *indices = call->inputs[0], *values = call->inputs[2];
    if (!(depth >= 0 && depth <= (double)TENSOR_MAX_BYTES) || values->dims != 1 || values->shape[0] != 2)
        return call_refuse(err, "its depth is %g, its values are %s (off and on)", depth,
                           tensor_shape_text(values).text);
    for (int i = 0; i <= indices->dims; i++)
        sides[i] = i == axis ? (int64_t)depth : indices->shape[i - (i > axis)];
    return move_set(call, 0, values->type, indices->dims + 1, sides, err);
}

static bsr_status one_hot_run(const struct bsr_call *call, struct bsr_error *err)
{
    const struct bsr_tensor *indices = call->inputs[0], *values = call->inputs[2], *out = &call->outputs[0];
    size_t                   size = tensor_type_size(out->type), count = tensor_count(indices);
    int                      axis;
    bsr_status               status = one_hot_axis(&axis, call, err);
    if (status != BSR_OK || !tensor_count(out))
        return status;

    int64_t depth = out->shape[axis];
    size_t  inner = (size_t)move_product(out->shape, axis + 1, out->dims);
    move_fill(out->data, values->data, size, tensor_count(out));
    for (size_t i = 0; i < count; i++) {
        int64_t at = tensor_get_int(indices, i);
        if (at < -depth || at >= depth)
            continue; /* such a row is off all along, says ONNX */
        size_t row = i / inner * (size_t)depth + (size_t)(at < 0 ? at + depth : at);
        memcpy(move_at(out, row * inner + i % inner), move_at(values, 1), size);
    }
    return BSR_OK;
}

/* ---- Trilu ----------------------------------------------------------------------------------------- */

static bsr_status trilu_shape(const struct bsr_call *call, struct bsr_error *err)
{
    bsr_status status = move_expect(call, 1, 2, 1, err);
    if (status != BSR_OK)
        return status;
    if (call->inputs[0]->dims < 2)
        return call_refuse(err, "its input is %s (matrices)", tensor_shape_text(call->inputs[0]).text);
    call_set_like(call, 0, call->inputs[0]->type, call->inputs[0]);
    return BSR_OK;
}

/* Row i keeps the columns from i + k on (upper), or those up to i + k (lower). */
static bsr_status trilu_run(const struct bsr_call *call, struct bsr_error *err)
{
    const struct bsr_tensor *in = call->inputs[0];
    size_t                   count = tensor_count(in), size = tensor_type_size(in->type);
    bool                     upper = bsr_node_int(call->node, "upper", 1) != 0;
    int64_t                  k;
    bsr_status               status = number_int(&k, call, 1, 0, err);
    if (status != BSR_OK || !count)
        return status;

    int64_t rows = in->shape[in->dims - 2], columns = in->shape[in->dims - 1];
    k = k < -rows ? -rows : k > columns ? columns : k;
    memset(call->outputs[0].data, 0, count * size);
    for (size_t r = 0; r < count / (size_t)columns; r++) {
        int64_t row = (int64_t)(r % (size_t)rows), edge = upper ? row + k : row + k + 1;
        edge = edge < 0 ? 0 : edge > columns ? columns : edge;
        int64_t first = upper ? edge : 0, last = upper ? columns : edge;
        size_t  at = r * (size_t)columns + (size_t)first;
        memcpy(move_at(&call->outputs[0], at), move_at(in, at), (size_t)(last - first) * size);
    }
    return BSR_OK;
}

/* ---- ReverseSequence ------------------------------------------------------------------------------- */

static bsr_status reverse_sequence_shape(const struct bsr_call *call, struct bsr_error *err)
{
    bsr_status status = move_expect(call, 2, 2, 1, err);
    if (status == BSR_OK)
        status = move_expect_indices(call->inputs[1], "its lengths", err);
    if (status != BSR_OK)
        return status;

    const struct bsr_tensor *in = call->inputs[0], *lengths = call->inputs[1];
    int64_t                  batch = bsr_node_int(call->node, "batch_axis", 1),
            time = bsr_node_int(call->node, "time_axis", 0);
    if (in->dims < 2 || (batch != 0 && batch != 1) || time != 1 - batch || lengths->dims != 1 ||
        lengths->shape[0] != in->shape[batch])
        return call_refuse(err, "lengths of %s, batch axis %lld and time axis %lld don't fit %s",
                           tensor_shape_text(lengths).text, (long long)batch, (long long)time,
                           tensor_shape_text(in).text);
    call_set_like(call, 0, in->type, in);
    return BSR_OK;
}

static bsr_status reverse_sequence_run(const struct bsr_call *call, struct bsr_error *err)
{
    const struct bsr_tensor *in = call->inputs[0];
    int                      batch = bsr_node_int(call->node, "batch_axis", 1) != 0, time = 1 - batch;
    if (!tensor_count(in))
        return BSR_OK;

    int64_t strides[BSR_MAX_DIMS];
    call_strides(strides, in);
    size_t bytes = (size_t)move_product(in->shape, 2, in->dims) * tensor_type_size(in->type);
    for (int64_t b = 0; b < in->shape[batch]; b++) {
        int64_t length = tensor_get_int(call->inputs[1], (size_t)b);
        if (length < 0 || length > in->shape[time])
            return call_refuse(err, "length %lld is not within a time of %lld", (long long)length,
                               (long long)in->shape[time]);
        for (int64_t t = 0; t < in->shape[time]; t++) {
            int64_t from = t < length ? length - 1 - t : t;
            memcpy(move_at(&call->outputs[0], (size_t)(b * strides[batch] + t * strides[time])),
                   move_at(in, (size_t)(b * strides[batch] + from * strides[time])), bytes);
        }
    }
    return BSR_OK;
}

/* ---- ai.onnx.ml.Binarizer -------------------------------------------------------------------------- */

static bsr_status binarizer_shape(const struct bsr_call *call, struct bsr_error *err)
{
    bsr_status status = move_expect(call, 1, 1, 1, err);
    if (status == BSR_OK)
        call_set_like(call, 0, call->inputs[0]->type, call->inputs[0]);
    return status;
}

static bsr_status binarizer_run(const struct bsr_call *call, struct bsr_error *err)
{
    const struct bsr_tensor *in = call->inputs[0];
    double                   threshold = (double)bsr_node_float(call->node, "threshold", 0);
    size_t                   count = tensor_count(in);

    (void)err;
    for (size_t i = 0; i < count; i++)
        tensor_set_int(&call->outputs[0], i, tensor_get(in, i) > threshold);
    return BSR_OK;
}

static const struct bsr_operator operators[] = {
    {"OneHot", one_hot_shape, one_hot_run},
    {"Trilu", trilu_shape, trilu_run},
    {"ReverseSequence", reverse_sequence_shape, reverse_sequence_run},
    {"ai.onnx.ml.Binarizer", binarizer_shape, binarizer_run},
};

const struct operator_group operators_patterns = OPERATOR_GROUP(operators);
