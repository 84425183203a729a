/* Activations of one float that take attributes, or are made of several functions (all opsets). */
#include "operators/elements.h"
#include "operators/registry.h"

#include <string.h>
#include <tgmath.h>

/* X(operator, name here, f(v), attribute and its default, another): `v` is float or double; `a` and `b` are
 * the attributes. */
#define ACTIVATION_LIST(X)                                                                                   \
    X("Celu", celu, v < 0 ? a * expm1(v / a) : v, "alpha", 1.0F, "", 0)                                      \
    X("Elu", elu, v < 0 ? a * expm1(v) : v, "alpha", 1.0F, "", 0)                                            \
    X("HardSigmoid", hard_sigmoid, UNIT(a *v + b), "alpha", 0.2F, "beta", 0.5F)                              \
    X("HardSwish", hard_swish, v *UNIT(v / 6 + (T)0.5), "", 0, "", 0)                                        \
    X("LeakyRelu", leaky_relu, v < 0 ? a * v : v, "alpha", 0.01F, "", 0)                                     \
    X("Mish", mish, v *tanh(SOFTPLUS(v)), "", 0, "", 0)                                                      \
    X("Selu", selu, b *(v > 0 ? v : a * expm1(v)), "alpha", 1.67326319217681884765625F, "gamma",             \
      1.05070102214813232421875F)                                                                            \
    X("Shrink", shrink, v<-b ? v + a : v> b ? v - a : 0, "bias", 0.0F, "lambd", 0.5F)                        \
    X("Softplus", softplus, SOFTPLUS(v), "", 0, "", 0)                                                       \
    X("Swish", swish, v / (1 + exp(-a * v)), "alpha", 1.0F, "", 0)                                           \
    X("ThresholdedRelu", thresholded_relu, v > a ? v : 0, "alpha", 1.0F, "", 0)

/* 0..1, NaN stays. */
#define UNIT(x) ((x) < 0 ? 0 : (x) > 1 ? 1 : (x))

/* log(1 + exp(x)) that neither overflows nor loses its small values. */
#define SOFTPLUS(x) (((x) > 0 ? (x) : 0) + log1p(exp(-fabs(x))))

/* NOLINTBEGIN(bugprone-macro-parentheses): types and formulas stand without them */
#define ACTIVATION_KERNEL(id, type, suffix, formula)                                                         \
    static void kernel_##id##_##suffix(type *out, const type *in, size_t count, const double *knobs)         \
    {                                                                                                        \
        typedef type T;                                                                                      \
        const T      a = (T)knobs[0], b = (T)knobs[1];                                                       \
        (void)a, (void)b;                                                                                    \
        for (size_t i = 0; i < count; i++) {                                                                 \
            T v = in[i];                                                                                     \
            out[i] = (T)(formula);                                                                           \
        }                                                                                                    \
    }

#define ACTIVATION_RUN(type, id, formula, first, first_default, second, second_default)                      \
    ACTIVATION_KERNEL(id, float, f32, formula)                                                               \
    ACTIVATION_KERNEL(id, double, f64, formula)                                                              \
    static bsr_status run_##id(const struct bsr_call *call, struct bsr_error *err)                           \
    {                                                                                                        \
        const double knobs[] = {(double)bsr_node_float(call->node, first, first_default),                    \
                                (double)bsr_node_float(call->node, second, second_default)};                 \
        return element_run_kernels(call, kernel_##id##_f32, kernel_##id##_f64, knobs, err);                  \
    }
/* NOLINTEND(bugprone-macro-parentheses) */
ACTIVATION_LIST(ACTIVATION_RUN)

/* Gelu, exact and as Hendrycks and Gimpel (2016) approximate it. */
#define GELU_LIST(X)                                                                                         \
    X(gelu, v / 2 * (1 + erf(v * (T)0.70710678118654752440)))                                                \
    X(gelu_tanh, v / 2 * (1 + tanh((T)0.79788456080286535588 * (v + (T)0.044715 * v * v * v))))
#define GELU_KERNELS(id, formula)                                                                            \
    ACTIVATION_KERNEL(id, float, f32, formula)                                                               \
    ACTIVATION_KERNEL(id, double, f64, formula)
GELU_LIST(GELU_KERNELS)

static bsr_status run_gelu(const struct bsr_call *call, struct bsr_error *err)
{
    static const double knobs[2];
    const char         *kind = bsr_node_text(call->node, "approximate", "none");

    if (strcmp(kind, "tanh") == 0)
        return element_run_kernels(call, kernel_gelu_tanh_f32, kernel_gelu_tanh_f64, knobs, err);
    if (strcmp(kind, "none") == 0)
        return element_run_kernels(call, kernel_gelu_f32, kernel_gelu_f64, knobs, err);
    return bsr_operator_fail(err, "\"approximate\" is \"%s\" (\"none\" or \"tanh\")", kind);
}

static const struct bsr_operator activations[] = {
#define ACTIVATION_ROW(type, id, formula, ...) {type, element_shape_float, run_##id},
    ACTIVATION_LIST(ACTIVATION_ROW)
#undef ACTIVATION_ROW
        {"Gelu", element_shape_float, run_gelu},
};

const struct operator_group operators_activations = OPERATOR_GROUP(activations);
