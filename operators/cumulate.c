/* CumSum and CumProd: running sums and products along an axis, whole numbers wrap round. */
#include "operators/elements.h"
#include "operators/registry.h"

static bsr_status shape_cumulate(const struct bsr_call *call, struct bsr_error *err)
{
    bsr_status status = call_expect(call, 2, 2, err);
    if (status != BSR_OK)
        return status;
    const struct bsr_tensor *in = call->inputs[0];
    if (in->type == BSR_BOOL)
        return element_refuse(in->type, err);
    call_set_like(call, 0, in->type, in);
    return BSR_OK;
}

static bsr_status find_axis(int *axis, const struct bsr_call *call, struct bsr_error *err)
{
    int64_t    value;
    int        count;
    bsr_status status = call_ints(&value, &count, 1, call->inputs[1], err);
    if (status == BSR_OK && count != 1)
        return bsr_operator_fail(err, "its axis is an empty list");
    return status == BSR_OK ? call_axis(axis, value, call->inputs[0]->dims, err) : status;
}

/* Rows of a line, in the order in which they are summed up. */
struct direction {
    bool is_exclusive, is_reverse;
};

/* NOLINTBEGIN(bugprone-macro-parentheses): types and formulas stand without them */
/* out[count][inner]; each row is the one before it and a row of `in`: its own, or the one before that.
 * `a` is the sum, `v` the element. */
#define CUMULATE_KERNEL(type, T, suffix, id, wide, start, formula)                                           \
    static void id##_##suffix(T *out, const T *in, const struct element_lines *lines,                        \
                              const struct direction *way)                                                   \
    {                                                                                                        \
        const size_t inner = lines->inner;                                                                   \
        for (size_t n = 0; n < lines->count; n++) {                                                          \
            size_t   row = way->is_reverse ? lines->count - 1 - n : n;                                       \
            size_t   before = way->is_reverse ? row + 1 : row - 1;                                           \
            const T *from = in + (n && way->is_exclusive ? before : row) * inner;                            \
            for (size_t i = 0; i < inner; i++) {                                                             \
                wide a = n ? (wide)out[before * inner + i] : (start);                                        \
                if (n || !way->is_exclusive) {                                                               \
                    wide v = (wide)from[i];                                                                  \
                    a = formula;                                                                             \
                }                                                                                            \
                out[row * inner + i] = (T)a;                                                                 \
            }                                                                                                \
        }                                                                                                    \
    }

#define CUMULATE_CASE(type, T, suffix, id)                                                                   \
    case type:                                                                                               \
        for (size_t o = 0; o < lines.outer; o++)                                                             \
            id##_##suffix((T *)out->data + o * lines.count * lines.inner,                                    \
                          (const T *)in->data + o * lines.count * lines.inner, &lines, &way);                \
        return BSR_OK;

/* X(name here, start, formula) */
#define CUMULATE_LIST(X)                                                                                     \
    X(sum, 0, a + v)                                                                                         \
    X(product, 1, (a * v))

#define CUMULATE_RUN(id, start, formula)                                                                     \
    CUMULATE_KERNEL(BSR_F32, float, f32, id, float, start, formula)                                          \
    CUMULATE_KERNEL(BSR_F64, double, f64, id, double, start, formula)                                        \
    ELEMENT_INTEGERS(CUMULATE_KERNEL, id, uint64_t, start, formula)                                          \
    static bsr_status run_##id(const struct bsr_call *call, struct bsr_error *err)                           \
    {                                                                                                        \
        const struct bsr_tensor *in = call->inputs[0];                                                       \
        struct bsr_tensor       *out = &call->outputs[0];                                                    \
        const struct direction   way = {.is_exclusive = bsr_node_int(call->node, "exclusive", 0) != 0,       \
                                        .is_reverse = bsr_node_int(call->node, "reverse", 0) != 0};          \
        int                      axis = 0;                                                                   \
        if (type_is_half(in->type))                                                                          \
            return element_run_in_f32(call, run_##id, err);                                                  \
        bsr_status status = find_axis(&axis, call, err);                                                     \
        if (status != BSR_OK)                                                                                \
            return status;                                                                                   \
        struct element_lines lines = element_lines_of(in, axis);                                             \
        switch (in->type) {                                                                                  \
            ELEMENT_NUMBERS(CUMULATE_CASE, id)                                                               \
        default:                                                                                             \
            return element_refuse(in->type, err);                                                            \
        }                                                                                                    \
    }
/* NOLINTEND(bugprone-macro-parentheses) */
CUMULATE_LIST(CUMULATE_RUN)

static const struct bsr_operator cumulate[] = {
    {"CumSum", shape_cumulate, run_sum},
    {"CumProd", shape_cumulate, run_product},
};

const struct operator_group operators_cumulate = OPERATOR_GROUP(cumulate);
