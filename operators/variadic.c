/* Max, Min, Sum, Mean of any number of inputs (opset 8 and later). */
#include "operators/binary.h"
#include "operators/registry.h"

#include <limits.h>

/* NaN wins, as NumPy and ONNX Runtime have it. */
#define VARIADIC_LIST(X)                                                                                     \
    X(max, a > b || a != a ? a : b)                                                                          \
    X(min, a < b || a != a ? a : b)

#define VARIADIC_KERNELS(id, formula)                                                                        \
    ELEMENT_NUMBERS(BINARY_KERNEL_SAME, id, formula)                                                         \
    static binary_kernel *const id##_kernels[ELEMENT_TYPES] = {ELEMENT_NUMBERS(BINARY_SLOT, id)};
VARIADIC_LIST(VARIADIC_KERNELS)

ELEMENT_FLOATS(BINARY_KERNEL_SAME, sum, a + b)
static binary_kernel *const sum_kernels[ELEMENT_TYPES] = {ELEMENT_FLOATS(BINARY_SLOT, sum)};

static bsr_status shape_variadic(const struct bsr_call *call, struct bsr_error *err)
{
    bsr_status status = call_expect(call, 1, INT_MAX, err);
    if (status != BSR_OK)
        return status;
    struct bsr_tensor *out = &call->outputs[0];
    call_set_like(call, 0, call->inputs[0]->type, call->inputs[0]);
    for (int i = 1; i < call->input_count && status == BSR_OK; i++) {
        if (!call->inputs[i])
            return bsr_operator_fail(err, "its input %d is missing", i + 1);
        if (call->inputs[i]->type != out->type)
            return bsr_operator_fail(err, "its inputs are of different types, %s and %s",
                                     tensor_type_name(out->type), tensor_type_name(call->inputs[i]->type));
        status = call_broadcast(out, out, call->inputs[i], err);
    }
    return status;
}

static bsr_status shape_variadic_float(const struct bsr_call *call, struct bsr_error *err)
{
    bsr_status status = shape_variadic(call, err);
    if (status == BSR_OK && !type_is_float(call->outputs[0].type))
        return element_refuse(call->outputs[0].type, err);
    return status;
}

static bsr_status run_variadic(const struct bsr_call *call, binary_kernel *const *kernels,
                               struct bsr_error *err)
{
    struct bsr_tensor *out = &call->outputs[0];
    if (call->input_count == 1) {
        tensor_convert_into(out, call->inputs[0]);
        return BSR_OK;
    }
    bsr_status status = binary_apply(out, call->inputs[0], call->inputs[1], kernels, err);
    for (int i = 2; i < call->input_count && status == BSR_OK; i++)
        status = binary_apply(out, out, call->inputs[i], kernels, err);
    return status;
}

static bsr_status run_max(const struct bsr_call *call, struct bsr_error *err)
{
    return run_variadic(call, max_kernels, err);
}

static bsr_status run_min(const struct bsr_call *call, struct bsr_error *err)
{
    return run_variadic(call, min_kernels, err);
}

/* Sums of 16-bit floats are kept as f32 until the end. */
static bsr_status run_sum(const struct bsr_call *call, struct bsr_error *err)
{
    if (type_is_half(call->inputs[0]->type))
        return element_run_in_f32(call, run_sum, err);
    return run_variadic(call, sum_kernels, err);
}

static bsr_status run_mean(const struct bsr_call *call, struct bsr_error *err)
{
    struct bsr_tensor *out = &call->outputs[0];
    if (type_is_half(call->inputs[0]->type))
        return element_run_in_f32(call, run_mean, err);
    bsr_status status = run_sum(call, err);
    for (size_t i = 0, count = tensor_count(out); i < count && status == BSR_OK; i++)
        tensor_set(out, i, tensor_get(out, i) / call->input_count);
    return status;
}

static const struct bsr_operator variadic[] = {
    {"Max", shape_variadic, run_max},
    {"Min", shape_variadic, run_min},
    {"Sum", shape_variadic_float, run_sum},
    {"Mean", shape_variadic_float, run_mean},
};

const struct operator_group operators_variadic = OPERATOR_GROUP(variadic);
