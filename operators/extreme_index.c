/* ArgMax and ArgMin: where along an axis the greatest or least element is. The first NaN wins, as in NumPy.
 */
#include "operators/elements.h"
#include "operators/registry.h"

static bsr_status shape_extreme(const struct bsr_call *call, struct bsr_error *err)
{
    int        axis, dims = 0;
    int64_t    shape[BSR_MAX_DIMS];
    bsr_status status = call_expect(call, 1, 1, err);
    if (status != BSR_OK)
        return status;
    const struct bsr_tensor *in = call->inputs[0];
    if (in->type == BSR_BOOL)
        return element_refuse(in->type, err);
    status = call_axis(&axis, bsr_node_int(call->node, "axis", 0), in->dims, err);
    if (status != BSR_OK)
        return status;
    if (in->shape[axis] == 0)
        return bsr_operator_fail(err, "axis %d has no elements", axis);

    bool keep = bsr_node_int(call->node, "keepdims", 1) != 0;
    for (int i = 0; i < in->dims; i++)
        if (i != axis || keep)
            shape[dims++] = i == axis ? 1 : in->shape[i];
    return call_set(call, 0, BSR_I64, dims, shape, err);
}

/* best[inner] of in[count][inner]; `v` is the new element, `b` the best up to now. A row at a time: elements
 * along the axis may lie far apart. */
#define EXTREME_KERNEL(type, T, suffix, id, better)                                                          \
    static void id##_##suffix(int64_t *best, const T *in, const struct element_lines *lines, bool last)      \
    {                                                                                                        \
        for (size_t i = 0; i < lines->inner; i++)                                                            \
            best[i] = 0;                                                                                     \
        for (size_t n = 1; n < lines->count; n++)                                                            \
            for (size_t i = 0; i < lines->inner; i++) {                                                      \
                T v = in[n * lines->inner + i], b = in[(size_t)best[i] * lines->inner + i];                  \
                if ((better) || (v == b && last))                                                            \
                    best[i] = (int64_t)n;                                                                    \
            }                                                                                                \
    }
ELEMENT_NUMBERS(EXTREME_KERNEL, max, v > b || (v != v && b == b))
ELEMENT_NUMBERS(EXTREME_KERNEL, min, v < b || (v != v && b == b))

#define EXTREME_CASE(type, T, suffix, id)                                                                    \
    case type:                                                                                               \
        for (size_t o = 0; o < lines.outer; o++)                                                             \
            id##_##suffix(out + o * lines.inner, (const T *)in->data + o * lines.count * lines.inner,        \
                          &lines, last);                                                                     \
        return BSR_OK;

#define EXTREME_RUN(id)                                                                                      \
    static bsr_status run_##id(const struct bsr_call *call, struct bsr_error *err)                           \
    {                                                                                                        \
        const struct bsr_tensor *in = call->inputs[0];                                                       \
        int64_t                 *out = call->outputs[0].data;                                                \
        bool                     last = bsr_node_int(call->node, "select_last_index", 0) != 0;               \
        int                      axis;                                                                       \
        if (type_is_half(in->type))                                                                          \
            return element_run_in_f32(call, run_##id, err);                                                  \
        bsr_status status = call_axis(&axis, bsr_node_int(call->node, "axis", 0), in->dims, err);            \
        if (status != BSR_OK)                                                                                \
            return status;                                                                                   \
        struct element_lines lines = element_lines_of(in, axis);                                             \
        switch (in->type) {                                                                                  \
            ELEMENT_NUMBERS(EXTREME_CASE, id)                                                                \
        default:                                                                                             \
            return element_refuse(in->type, err);                                                            \
        }                                                                                                    \
    }
EXTREME_RUN(max)
EXTREME_RUN(min)

static const struct bsr_operator extremes[] = {
    {"ArgMax", shape_extreme, run_max},
    {"ArgMin", shape_extreme, run_min},
};

const struct operator_group operators_extreme_index = OPERATOR_GROUP(extremes);
