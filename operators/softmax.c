/* Softmax, LogSoftmax, Hardmax. Up to opset 12 the input counts as a matrix: the axes from `axis` (1) on are
 * one. From 13 on it is `axis` (-1) alone. */
#include "operators/elements.h"
#include "operators/registry.h"

#include <tgmath.h>

static bsr_status find_lines(struct element_lines *lines, const struct bsr_call *call, struct bsr_error *err)
{
    const struct bsr_tensor *in = call->inputs[0];
    bool                     is_matrix = bsr_node_opset(call->node) < 13;
    int64_t                  value = bsr_node_int(call->node, "axis", is_matrix ? 1 : -1);
    int                      axis;

    if (is_matrix && value == in->dims) { /* a matrix of one column */
        *lines = (struct element_lines){tensor_count(in), 1, 1};
        return BSR_OK;
    }
    bsr_status status = call_axis(&axis, value, in->dims, err);
    if (status != BSR_OK)
        return status;
    *lines = element_lines_of(in, axis);
    if (is_matrix) {
        lines->count *= lines->inner;
        lines->inner = 1;
    }
    return BSR_OK;
}

static bsr_status shape_softmax(const struct bsr_call *call, struct bsr_error *err)
{
    struct element_lines lines;
    bsr_status           status = element_shape_float(call, err);
    return status == BSR_OK ? find_lines(&lines, call, err) : status;
}

/* Neighbouring lines go together: the elements of one may lie far apart. */
enum { COLUMNS = 64 };

/* NOLINTBEGIN(bugprone-macro-parentheses): types and formulas stand without them */
/* The greatest of each of `columns` lines; NaN stays. */
#define FIND_MOST(T, suffix)                                                                                 \
    static void find_most_##suffix(T *most, const T *in, size_t count, size_t inner, size_t columns)         \
    {                                                                                                        \
        for (size_t c = 0; c < columns; c++)                                                                 \
            most[c] = in[c];                                                                                 \
        for (size_t n = 1; n < count; n++)                                                                   \
            for (size_t c = 0; c < columns; c++)                                                             \
                most[c] = in[n * inner + c] > most[c] ? in[n * inner + c] : most[c];                         \
    }

/* exp(v - most) / sum. */
#define SOFTMAX(T, suffix)                                                                                   \
    static void softmax_##suffix(T *out, const T *in, size_t count, size_t inner, size_t columns)            \
    {                                                                                                        \
        T      most[COLUMNS];                                                                                \
        double sum[COLUMNS] = {0};                                                                           \
        find_most_##suffix(most, in, count, inner, columns);                                                 \
        for (size_t n = 0; n < count; n++)                                                                   \
            for (size_t c = 0; c < columns; c++)                                                             \
                sum[c] += (double)(out[n * inner + c] = exp(in[n * inner + c] - most[c]));                   \
        for (size_t n = 0; n < count; n++)                                                                   \
            for (size_t c = 0; c < columns; c++)                                                             \
                out[n * inner + c] = (T)((double)out[n * inner + c] / sum[c]);                               \
    }

/* v - most - log(sum). */
#define LOG_SOFTMAX(T, suffix)                                                                               \
    static void log_softmax_##suffix(T *out, const T *in, size_t count, size_t inner, size_t columns)        \
    {                                                                                                        \
        T      most[COLUMNS];                                                                                \
        double sum[COLUMNS] = {0};                                                                           \
        find_most_##suffix(most, in, count, inner, columns);                                                 \
        for (size_t n = 0; n < count; n++)                                                                   \
            for (size_t c = 0; c < columns; c++)                                                             \
                sum[c] += (double)exp(in[n * inner + c] - most[c]);                                          \
        for (size_t c = 0; c < columns; c++)                                                                 \
            sum[c] = log(sum[c]);                                                                            \
        for (size_t n = 0; n < count; n++)                                                                   \
            for (size_t c = 0; c < columns; c++)                                                             \
                out[n * inner + c] = (T)((double)(in[n * inner + c] - most[c]) - sum[c]);                    \
    }

/* 1 at the first of the greatest, 0 elsewhere. */
#define HARDMAX(T, suffix)                                                                                   \
    static void hardmax_##suffix(T *out, const T *in, size_t count, size_t inner, size_t columns)            \
    {                                                                                                        \
        size_t best[COLUMNS] = {0};                                                                          \
        for (size_t n = 0; n < count; n++)                                                                   \
            for (size_t c = 0; c < columns; c++) {                                                           \
                if (in[n * inner + c] > in[best[c] * inner + c])                                             \
                    best[c] = n;                                                                             \
                out[n * inner + c] = 0;                                                                      \
            }                                                                                                \
        for (size_t c = 0; c < columns; c++)                                                                 \
            out[best[c] * inner + c] = 1;                                                                    \
    }
/* NOLINTEND(bugprone-macro-parentheses) */
#define SOFTMAX_KERNELS(type, T, suffix, ...)                                                                \
    FIND_MOST(T, suffix)                                                                                     \
    SOFTMAX(T, suffix)                                                                                       \
    LOG_SOFTMAX(T, suffix)                                                                                   \
    HARDMAX(T, suffix)
ELEMENT_FLOATS(SOFTMAX_KERNELS, )

#define SOFTMAX_CASE(type, T, suffix, id)                                                                    \
    case type:                                                                                               \
        for (size_t o = 0; o < lines.outer; o++)                                                             \
            for (size_t c = 0; c < lines.inner; c += COLUMNS) {                                              \
                size_t at = o * lines.count * lines.inner + c;                                               \
                id##_##suffix((T *)call->outputs[0].data + at, (const T *)in->data + at, lines.count,        \
                              lines.inner, lines.inner - c < COLUMNS ? lines.inner - c : COLUMNS);           \
            }                                                                                                \
        return BSR_OK;

#define SOFTMAX_RUN(id)                                                                                      \
    static bsr_status run_##id(const struct bsr_call *call, struct bsr_error *err)                           \
    {                                                                                                        \
        const struct bsr_tensor *in = call->inputs[0];                                                       \
        struct element_lines     lines;                                                                      \
        if (type_is_half(in->type))                                                                          \
            return element_run_in_f32(call, run_##id, err);                                                  \
        bsr_status status = find_lines(&lines, call, err);                                                   \
        if (status != BSR_OK || tensor_count(in) == 0)                                                       \
            return status;                                                                                   \
        switch (in->type) {                                                                                  \
            ELEMENT_FLOATS(SOFTMAX_CASE, id)                                                                 \
        default:                                                                                             \
            return element_refuse(in->type, err);                                                            \
        }                                                                                                    \
    }
SOFTMAX_RUN(softmax)
SOFTMAX_RUN(log_softmax)
SOFTMAX_RUN(hardmax)

static const struct bsr_operator softmax[] = {
    {"Softmax", shape_softmax, run_softmax},
    {"LogSoftmax", shape_softmax, run_log_softmax},
    {"Hardmax", shape_softmax, run_hardmax},
};

const struct operator_group operators_softmax = OPERATOR_GROUP(softmax);
