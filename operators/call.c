#include "operators/call.h"

#include <string.h>

const struct bsr_tensor *call_input(const struct bsr_call *call, int n)
{
    return n < call->input_count ? call->inputs[n] : NULL;
}

bsr_status call_expect(const struct bsr_call *call, int least, int most, struct bsr_error *err)
{
    if (call->input_count < least || call->input_count > most)
        return bsr_operator_fail(err, "it has %d inputs (%d to %d)", call->input_count, least, most);
    for (int i = 0; i < least; i++)
        if (!call->inputs[i])
            return bsr_operator_fail(err, "its input %d is missing", i + 1);
    return call->output_count >= 1 ? BSR_OK : bsr_operator_fail(err, "it has no output");
}

void call_set_like(const struct bsr_call *call, int n, int type, const struct bsr_tensor *like)
{
    struct bsr_tensor *out = &call->outputs[n];
    out->type = type;
    out->dims = like->dims;
    memcpy(out->shape, like->shape, sizeof out->shape);
}

bsr_status call_set(const struct bsr_call *call, int n, int type, int dims, const int64_t *shape,
                    struct bsr_error *err)
{
    struct bsr_tensor *out = &call->outputs[n];
    if (dims < 0 || dims > BSR_MAX_DIMS)
        return bsr_operator_fail(err, "its result has %d dimensions (0 to %d)", dims, BSR_MAX_DIMS);
    out->type = type;
    out->dims = dims;
    if (dims)
        memcpy(out->shape, shape, (size_t)dims * sizeof *shape);
    return BSR_OK;
}

bsr_status call_axis(int *axis, int64_t value, int rank, struct bsr_error *err)
{
    if (value < -rank || value >= rank)
        return bsr_operator_fail(err, "axis %lld is not in a tensor of %d dimensions", (long long)value,
                                 rank);
    *axis = (int)(value < 0 ? value + rank : value);
    return BSR_OK;
}

bsr_status call_broadcast(struct bsr_tensor *out, const struct bsr_tensor *a, const struct bsr_tensor *b,
                          struct bsr_error *err)
{
    int     dims = a->dims > b->dims ? a->dims : b->dims;
    int64_t shape[BSR_MAX_DIMS] = {0};

    for (int i = 1; i <= dims; i++) {
        int64_t left = i <= a->dims ? a->shape[a->dims - i] : 1;
        int64_t right = i <= b->dims ? b->shape[b->dims - i] : 1;
        if (left != right && left != 1 && right != 1)
            return bsr_operator_fail(err, "shapes %s and %s do not fit together", tensor_shape_text(a).text,
                                     tensor_shape_text(b).text);
        shape[dims - i] = left == 1 ? right : left;
    }
    out->dims = dims;
    memcpy(out->shape, shape, (size_t)dims * sizeof *shape);
    return BSR_OK;
}

bsr_status call_ints(int64_t *values, int *count, int capacity, const struct bsr_tensor *tensor,
                     struct bsr_error *err)
{
    size_t length = tensor_count(tensor);

    if (tensor->dims > 1 || length > (size_t)capacity || (tensor->type != BSR_I64 && tensor->type != BSR_I32))
        return bsr_operator_fail(err, "a list of whole numbers has the type %s and the shape %s",
                                 tensor_type_name(tensor->type), tensor_shape_text(tensor).text);
    if (!tensor->data)
        return bsr_needs_values(err);
    for (size_t i = 0; i < length; i++)
        values[i] = tensor_get_int(tensor, i);
    *count = (int)length;
    return BSR_OK;
}

void call_strides(int64_t *strides, const struct bsr_tensor *tensor)
{
    uint64_t step = 1; /* wraps around only where an empty tensor has giant sides: there is nowhere to go */
    for (int i = tensor->dims - 1; i >= 0; i--) {
        strides[i] = (int64_t)step;
        step *= (uint64_t)tensor->shape[i];
    }
}
