/* Functions of one float: f(v) for each element (ONNX's operators of these names, all opsets). */
#include "operators/elements.h"
#include "operators/registry.h"

#include <tgmath.h>

/* X(operator, name here, f(v)): `v` is float or double, and so is what tgmath.h's functions give. */
#define FUNCTION_LIST(X)                                                                                     \
    X("Acos", acos, acos(v))                                                                                 \
    X("Acosh", acosh, acosh(v))                                                                              \
    X("Asin", asin, asin(v))                                                                                 \
    X("Asinh", asinh, asinh(v))                                                                              \
    X("Atan", atan, atan(v))                                                                                 \
    X("Atanh", atanh, atanh(v))                                                                              \
    X("Ceil", ceil, ceil(v))                                                                                 \
    X("Cos", cos, cos(v))                                                                                    \
    X("Cosh", cosh, cosh(v))                                                                                 \
    X("Erf", erf, erf(v))                                                                                    \
    X("Exp", exp, exp(v))                                                                                    \
    X("Floor", floor, floor(v))                                                                              \
    X("Log", log, log(v))                                                                                    \
    X("Reciprocal", reciprocal, 1 / v)                                                                       \
    X("Round", round, rint(v)) /* halves to even */                                                          \
    X("Sigmoid", sigmoid, 1 / (1 + exp(-v)))                                                                 \
    X("Sin", sin, sin(v))                                                                                    \
    X("Sinh", sinh, sinh(v))                                                                                 \
    X("Softsign", softsign, v / (1 + fabs(v)))                                                               \
    X("Sqrt", sqrt, sqrt(v))                                                                                 \
    X("Tan", tan, tan(v))                                                                                    \
    X("Tanh", tanh, tanh(v))

/* NOLINTBEGIN(bugprone-macro-parentheses): types and formulas stand without them */
#define FUNCTION_KERNEL(id, T, suffix, formula)                                                              \
    static void kernel_##id##_##suffix(T *out, const T *in, size_t count, const double *knobs)               \
    {                                                                                                        \
        (void)knobs;                                                                                         \
        for (size_t i = 0; i < count; i++) {                                                                 \
            T v = in[i];                                                                                     \
            out[i] = formula;                                                                                \
        }                                                                                                    \
    }

#define FUNCTION_RUN(type, id, formula)                                                                      \
    FUNCTION_KERNEL(id, float, f32, formula)                                                                 \
    FUNCTION_KERNEL(id, double, f64, formula)                                                                \
    static bsr_status run_##id(const struct bsr_call *call, struct bsr_error *err)                           \
    {                                                                                                        \
        return element_run_kernels(call, kernel_##id##_f32, kernel_##id##_f64, NULL, err);                   \
    }
/* NOLINTEND(bugprone-macro-parentheses) */
FUNCTION_LIST(FUNCTION_RUN)

static const struct bsr_operator functions[] = {
#define FUNCTION_ROW(type, id, formula) {type, element_shape_float, run_##id},
    FUNCTION_LIST(FUNCTION_ROW)
#undef FUNCTION_ROW
};

const struct operator_group operators_functions = OPERATOR_GROUP(functions);
