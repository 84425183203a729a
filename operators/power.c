/* Pow (opset 7 and later): the result has the type of the base; the exponent may be of another (12 on). */
#include "operators/binary.h"
#include "operators/registry.h"

#include <tgmath.h>

static bsr_status shape_pow(const struct bsr_call *call, struct bsr_error *err)
{
    bsr_status status = call_expect(call, 2, 2, err);
    if (status != BSR_OK)
        return status;
    for (int n = 0; n < 2; n++)
        if (call->inputs[n]->type == BSR_BOOL)
            return element_refuse(BSR_BOOL, err);
    call->outputs[0].type = call->inputs[0]->type;
    return call_broadcast(&call->outputs[0], call->inputs[0], call->inputs[1], err);
}

/* By squaring; wraps round. Below 0 the exponent leaves what is left of a fraction: 1 and -1 only. */
static int64_t power_of_whole(int64_t base, int64_t exponent)
{
    uint64_t result = 1, factor = (uint64_t)base;

    if (exponent < 0 && base != 1 && base != -1)
        return 0;
    for (uint64_t left = exponent < 0 ? 0 - (uint64_t)exponent : (uint64_t)exponent; left; left >>= 1) {
        if (left & 1)
            result *= factor;
        factor *= factor;
    }
    return (int64_t)result;
}

/* Squares are what nets ask for most. */
ELEMENT_FLOATS(BINARY_KERNEL_SAME, power, b == 2 ? a * a : pow(a, b))
BINARY_KERNEL_SAME(BSR_I64, int64_t, i64, power, power_of_whole(a, b))
static binary_kernel *const power_kernels[ELEMENT_TYPES] = {ELEMENT_FLOATS(BINARY_SLOT, power)[BSR_I64] =
                                                                power_i64};

/* The type that base and exponent are computed in. */
static int common_type(int base, int exponent)
{
    if (type_is_float(base))
        return base == BSR_F64 ? BSR_F64 : BSR_F32;
    return type_is_float(exponent) ? BSR_F64 : BSR_I64;
}

static bsr_status run_pow_as(struct bsr_tensor *out, struct bsr_tensor *parts, const struct bsr_call *call,
                             int type, struct bsr_error *err)
{
    bsr_status status = BSR_OK;

    parts[2] = *out;
    parts[2].type = type;
    parts[2].data = NULL;
    for (int n = 0; n < 2 && status == BSR_OK; n++)
        status = tensor_convert(&parts[n], call->inputs[n], type, err);
    if (status == BSR_OK)
        status = tensor_alloc(&parts[2], err);
    if (status == BSR_OK)
        status = binary_apply(&parts[2], &parts[0], &parts[1], power_kernels, err);
    if (status == BSR_OK)
        tensor_convert_into(out, &parts[2]);
    return status;
}

static bsr_status run_pow(const struct bsr_call *call, struct bsr_error *err)
{
    int base = call->inputs[0]->type, exponent = call->inputs[1]->type;

    if (base == exponent && (power_kernels[base] || type_is_half(base)))
        return binary_run(call, power_kernels, err);
    struct bsr_tensor parts[3] = {{0}, {0}, {0}};
    bsr_status        status = run_pow_as(&call->outputs[0], parts, call, common_type(base, exponent), err);
    for (int n = 0; n < 3; n++)
        tensor_free(&parts[n]);
    return status;
}

static const struct bsr_operator power[] = {{"Pow", shape_pow, run_pow}};

const struct operator_group operators_power = OPERATOR_GROUP(power);
