/* Functions of one element that are for whole numbers, too: Abs, Neg, Sign, Relu, Not, BitwiseNot; and what a
 * float is: IsInf, IsNaN. */
#include "operators/elements.h"
#include "operators/registry.h"

#include <math.h>
#include <string.h>

/* X(operator, name here, f(v) of a float, of a signed number, of an unsigned one). `v` of whole numbers is 64
 * bits wide; the result wraps round. */
#define SIGN_LIST(X)                                                                                         \
    X("Abs", abs, v < 0 ? -v : v == 0 ? 0 : v, v < 0 ? 0 - (uint64_t)v : (uint64_t)v, v)                     \
    X("Neg", neg, -v, 0 - (uint64_t)v, 0 - v)                                                                \
    X("Relu", relu, v < 0 ? 0 : v, v < 0 ? 0 : v, v)                                                         \
    X("Sign", sign, v > 0 ? 1 : v < 0 ? -1 : v, v > 0 ? 1 : v < 0 ? -1 : 0, v > 0)

/* NOLINTBEGIN(bugprone-macro-parentheses): types and formulas stand without them */
#define FLOAT_KERNEL(id, T, suffix, formula)                                                                 \
    static void id##_##suffix(T *out, const T *in, size_t count, const double *knobs)                        \
    {                                                                                                        \
        (void)knobs;                                                                                         \
        for (size_t i = 0; i < count; i++) {                                                                 \
            T v = in[i];                                                                                     \
            out[i] = formula;                                                                                \
        }                                                                                                    \
    }

#define WHOLE_CASE(type, T, suffix, wide, formula)                                                           \
    case type:                                                                                               \
        for (size_t i = 0; i < count; i++) {                                                                 \
            wide v = (wide)((const T *)in->data)[i];                                                         \
            ((T *)out->data)[i] = (T)(formula);                                                              \
        }                                                                                                    \
        return BSR_OK;

#define SIGN_RUN(name, id, real, signed_formula, unsigned_formula)                                           \
    FLOAT_KERNEL(id, float, f32, real)                                                                       \
    FLOAT_KERNEL(id, double, f64, real)                                                                      \
    static bsr_status run_##id(const struct bsr_call *call, struct bsr_error *err)                           \
    {                                                                                                        \
        const struct bsr_tensor *in = call->inputs[0];                                                       \
        struct bsr_tensor       *out = &call->outputs[0];                                                    \
        size_t                   count = tensor_count(in);                                                   \
        switch (in->type) {                                                                                  \
            ELEMENT_SIGNED(WHOLE_CASE, int64_t, signed_formula)                                              \
            ELEMENT_UNSIGNED(WHOLE_CASE, uint64_t, unsigned_formula)                                         \
        default:                                                                                             \
            return element_run_kernels(call, id##_f32, id##_f64, NULL, err);                                 \
        }                                                                                                    \
    }
/* NOLINTEND(bugprone-macro-parentheses) */
SIGN_LIST(SIGN_RUN)

static bsr_status run_not(const struct bsr_call *call, struct bsr_error *err)
{
    const struct bsr_tensor *in = call->inputs[0];
    if (in->type != BSR_BOOL)
        return element_refuse(in->type, err);
    for (size_t i = 0, count = tensor_count(in); i < count; i++)
        ((uint8_t *)call->outputs[0].data)[i] = !((const uint8_t *)in->data)[i];
    return BSR_OK;
}

static bsr_status run_bitwise_not(const struct bsr_call *call, struct bsr_error *err)
{
    const struct bsr_tensor *in = call->inputs[0];
    if (!type_is_integer(in->type))
        return element_refuse(in->type, err);
    for (size_t i = 0, bytes = tensor_bytes(in); i < bytes; i++)
        ((uint8_t *)call->outputs[0].data)[i] = (uint8_t) ~((const uint8_t *)in->data)[i];
    return BSR_OK;
}

/* ---- IsInf, IsNaN ---------------------------------------------------------------------------------- */

static bsr_status shape_question(const struct bsr_call *call, struct bsr_error *err)
{
    bsr_status status = element_shape_float(call, err);
    if (status == BSR_OK)
        call->outputs[0].type = BSR_BOOL;
    return status;
}

static bsr_status run_is_nan(const struct bsr_call *call, struct bsr_error *err)
{
    (void)err;
    for (size_t i = 0, count = tensor_count(call->inputs[0]); i < count; i++)
        ((uint8_t *)call->outputs[0].data)[i] = isnan(tensor_get(call->inputs[0], i)) != 0;
    return BSR_OK;
}

static bsr_status run_is_inf(const struct bsr_call *call, struct bsr_error *err)
{
    bool positive = bsr_node_int(call->node, "detect_positive", 1) != 0;
    bool negative = bsr_node_int(call->node, "detect_negative", 1) != 0;

    (void)err;
    for (size_t i = 0, count = tensor_count(call->inputs[0]); i < count; i++) {
        double v = tensor_get(call->inputs[0], i);
        ((uint8_t *)call->outputs[0].data)[i] = isinf(v) && (v > 0 ? positive : negative);
    }
    return BSR_OK;
}

static const struct bsr_operator signs[] = {
#define SIGN_ROW(name, id, ...) {name, element_shape, run_##id},
    SIGN_LIST(SIGN_ROW)
#undef SIGN_ROW
        {"Not", element_shape, run_not},
    {"BitwiseNot", element_shape, run_bitwise_not},
    {"IsInf", shape_question, run_is_inf},
    {"IsNaN", shape_question, run_is_nan},
};

const struct operator_group operators_signs = OPERATOR_GROUP(signs);
