/* Add, Sub, Mul, Div, Mod and PRelu (opset 7 and later). Whole numbers wrap round; dividing them by 0 gives
 * 0, as NumPy does. */
#include "operators/binary.h"
#include "operators/registry.h"

#include <math.h>
#include <string.h>
#include <tgmath.h>

static inline int64_t divide_signed(int64_t a, int64_t b)
{
    if (b == -1)
        return (int64_t)(0 - (uint64_t)a);
    return b ? a / b : 0;
}

/* The rest of C's division: it has the sign of `a`. */
static inline int64_t rest_signed(int64_t a, int64_t b)
{
    return b && b != -1 ? a % b : 0;
}

/* The rest of Python's division: it has the sign of `b`. */
static inline int64_t modulo_signed(int64_t a, int64_t b)
{
    int64_t rest = rest_signed(a, b);
    return rest && (rest < 0) != (b < 0) ? rest + b : rest;
}

static inline double modulo_real(double a, double b)
{
    double rest = fmod(a, b);
    return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}

/* X(name here, floats, signed, unsigned numbers): the kernels. Whole numbers are computed in 64 bits. */
#define ARITHMETIC_LIST(X)                                                                                   \
    X(add, a + b, (uint64_t)a + (uint64_t)b, a + b)                                                          \
    X(sub, a - b, (uint64_t)a - (uint64_t)b, a - b)                                                          \
    X(mul, (a * b), (0 + (uint64_t)a) * (uint64_t)b, (a * b))                                                \
    X(div, a / b, divide_signed(a, b), b ? a / b : 0)                                                        \
    X(rest, fmod(a, b), rest_signed(a, b), b ? a % b : 0)                                                    \
    X(modulo, modulo_real((double)a, (double)b), modulo_signed(a, b), b ? a % b : 0)                         \
    X(prelu, a < 0 ? a * b : a, a < 0 ? (uint64_t)a * (uint64_t)b : (uint64_t)a, a)

#define ARITHMETIC_KERNELS(id, real, whole, natural)                                                         \
    ELEMENT_FLOATS(BINARY_KERNEL_SAME, id, real)                                                             \
    ELEMENT_SIGNED(BINARY_KERNEL_WIDE, id, int64_t, whole)                                                   \
    ELEMENT_UNSIGNED(BINARY_KERNEL_WIDE, id, uint64_t, natural)                                              \
    static binary_kernel *const id##_kernels[ELEMENT_TYPES] = {ELEMENT_NUMBERS(BINARY_SLOT, id)};
ARITHMETIC_LIST(ARITHMETIC_KERNELS)

#define ARITHMETIC_RUN(id)                                                                                   \
    static bsr_status run_##id(const struct bsr_call *call, struct bsr_error *err)                           \
    {                                                                                                        \
        return binary_run(call, id##_kernels, err);                                                          \
    }
ARITHMETIC_RUN(add)
ARITHMETIC_RUN(sub)
ARITHMETIC_RUN(mul)
ARITHMETIC_RUN(div)
ARITHMETIC_RUN(prelu)

static bsr_status run_mod(const struct bsr_call *call, struct bsr_error *err)
{
    return binary_run(call, bsr_node_int(call->node, "fmod", 0) ? rest_kernels : modulo_kernels, err);
}

/* The slope is broadcast to the data, not the other way round. */
static bsr_status shape_prelu(const struct bsr_call *call, struct bsr_error *err)
{
    bsr_status status = binary_shape(call, err);
    if (status == BSR_OK && !tensor_same_shape(&call->outputs[0], call->inputs[0]))
        return bsr_operator_fail(err, "a slope of %s does not fit %s",
                                 tensor_shape_text(call->inputs[1]).text,
                                 tensor_shape_text(call->inputs[0]).text);
    return status;
}

static const struct bsr_operator arithmetic[] = {
    {"Add", binary_shape, run_add}, {"Sub", binary_shape, run_sub}, {"Mul", binary_shape, run_mul},
    {"Div", binary_shape, run_div}, {"Mod", binary_shape, run_mod}, {"PRelu", shape_prelu, run_prelu},
};

const struct operator_group operators_arithmetic = OPERATOR_GROUP(arithmetic);
