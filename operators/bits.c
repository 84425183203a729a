/* And, Or, Xor of truths; BitwiseAnd, BitwiseOr, BitwiseXor, BitShift of whole numbers. */
#include "operators/binary.h"
#include "operators/registry.h"

#include <string.h>

/* X(operator, name here, formula) */
#define TRUTH_LIST(X)                                                                                        \
    X("And", and, (a && b))                                                                                  \
    X("Or", or, a || b)                                                                                      \
    X("Xor", xor, !a != !b)
#define BITWISE_LIST(X)                                                                                      \
    X("BitwiseAnd", bitwise_and, (a & b))                                                                    \
    X("BitwiseOr", bitwise_or, a | b)                                                                        \
    X("BitwiseXor", bitwise_xor, a ^ b)

#define TRUTH_RUN(name, id, formula)                                                                         \
    BINARY_KERNEL_SAME(BSR_BOOL, uint8_t, truth, id, formula)                                                \
    static bsr_status run_##id(const struct bsr_call *call, struct bsr_error *err)                           \
    {                                                                                                        \
        static binary_kernel *const kernels[ELEMENT_TYPES] = {[BSR_BOOL] = id##_truth};                      \
        return binary_run(call, kernels, err);                                                               \
    }
TRUTH_LIST(TRUTH_RUN)

#define BITWISE_RUN(name, id, formula)                                                                       \
    ELEMENT_INTEGERS(BINARY_KERNEL_SAME, id, formula)                                                        \
    static bsr_status run_##id(const struct bsr_call *call, struct bsr_error *err)                           \
    {                                                                                                        \
        static binary_kernel *const kernels[ELEMENT_TYPES] = {ELEMENT_INTEGERS(BINARY_SLOT, id)};            \
        return binary_run(call, kernels, err);                                                               \
    }
BITWISE_LIST(BITWISE_RUN)

/* Shifted by more bits than there are, nothing is left. */
ELEMENT_UNSIGNED(BINARY_KERNEL_WIDE, left, uint64_t, b < 64 ? a << b : 0)
ELEMENT_UNSIGNED(BINARY_KERNEL_WIDE, right, uint64_t, b < 64 ? a >> b : 0)

static bsr_status run_bit_shift(const struct bsr_call *call, struct bsr_error *err)
{
    static binary_kernel *const left_kernels[ELEMENT_TYPES] = {ELEMENT_UNSIGNED(BINARY_SLOT, left)};
    static binary_kernel *const right_kernels[ELEMENT_TYPES] = {ELEMENT_UNSIGNED(BINARY_SLOT, right)};
    const char                 *direction = bsr_node_text(call->node, "direction", "");

    if (strcmp(direction, "LEFT") == 0)
        return binary_run(call, left_kernels, err);
    if (strcmp(direction, "RIGHT") == 0)
        return binary_run(call, right_kernels, err);
    return bsr_operator_fail(err, "\"direction\" is \"%s\" (\"LEFT\" or \"RIGHT\")", direction);
}

static const struct bsr_operator bits[] = {
#define BITS_ROW(name, id, formula) {name, binary_shape, run_##id},
    TRUTH_LIST(BITS_ROW) BITWISE_LIST(BITS_ROW)
#undef BITS_ROW
        {"BitShift", binary_shape, run_bit_shift},
};

const struct operator_group operators_bits = OPERATOR_GROUP(bits);
