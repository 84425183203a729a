/* Equal, Greater, GreaterOrEqual, Less, LessOrEqual (opset 7 and later). */
#include "operators/binary.h"
#include "operators/registry.h"

/* X(operator, name here, formula) */
#define COMPARE_LIST(X)                                                                                      \
    X("Equal", equal, a == b)                                                                                \
    X("Greater", greater, a > b)                                                                             \
    X("GreaterOrEqual", greater_or_equal, a >= b)                                                            \
    X("Less", less, a < b)                                                                                   \
    X("LessOrEqual", less_or_equal, a <= b)

#define COMPARE_KERNEL(type, T, suffix, id, formula) BINARY_KERNEL(type, T, suffix, id, uint8_t, T, formula)

#define COMPARE_RUN(name, id, formula)                                                                       \
    ELEMENT_NUMBERS(COMPARE_KERNEL, id, formula)                                                             \
    static bsr_status run_##id(const struct bsr_call *call, struct bsr_error *err)                           \
    {                                                                                                        \
        static binary_kernel *const kernels[ELEMENT_TYPES] = {ELEMENT_NUMBERS(BINARY_SLOT, id)[BSR_BOOL] =   \
                                                                  id##_u8};                                  \
        return binary_run(call, kernels, err);                                                               \
    }
COMPARE_LIST(COMPARE_RUN)

static const struct bsr_operator compare[] = {
#define COMPARE_ROW(name, id, formula) {name, binary_shape_bool, run_##id},
    COMPARE_LIST(COMPARE_ROW)
#undef COMPARE_ROW
};

const struct operator_group operators_compare = OPERATOR_GROUP(compare);
