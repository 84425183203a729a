/* operators/binary.h: operators of two inputs that are broadcast to each other. */
#pragma once

#include "operators/elements.h"

/* out[i] = f(left[i * left_step], right[i * right_step]); steps are 0 or 1. `out` may be `left`. */
typedef void binary_kernel(void *out, const void *left, size_t left_step, const void *right,
                           size_t right_step, size_t count);

/* Two inputs of one type; the output has that type, or is bool. */
bsr_status binary_shape(const struct bsr_call *call, struct bsr_error *err);
bsr_status binary_shape_bool(const struct bsr_call *call, struct bsr_error *err);

/* Runs the kernel for the type of the inputs: kernels[type], NULL where there is none; 16-bit floats without
 * one go through that of f32. */
bsr_status binary_run(const struct bsr_call *call, binary_kernel *const *kernels, struct bsr_error *err);

/* The same over given tensors; out->data may be left->data when their types and shapes are the same. */
bsr_status binary_apply(struct bsr_tensor *out, const struct bsr_tensor *left, const struct bsr_tensor *right,
                        binary_kernel *const *kernels, struct bsr_error *err);

/* NOLINTBEGIN(bugprone-macro-parentheses): types and formulas stand without them */
/* Defines `id_suffix`, a binary_kernel for elements of type T that gives R: `formula` of `a` and `b`, each a
 * `wide`. The result is converted to R: whole numbers wrap round. */
#define BINARY_KERNEL(type, T, suffix, id, R, wide, formula)                                                 \
    static inline R id##_##suffix##_of(wide a, wide b)                                                       \
    {                                                                                                        \
        (void)a, (void)b;                                                                                    \
        return (R)(formula);                                                                                 \
    }                                                                                                        \
    static void id##_##suffix(void *out, const void *left, size_t left_step, const void *right,              \
                              size_t right_step, size_t count)                                               \
    {                                                                                                        \
        R       *y = out;                                                                                    \
        const T *p = left, *q = right;                                                                       \
        if (left_step && right_step)                                                                         \
            for (size_t i = 0; i < count; i++)                                                               \
                y[i] = id##_##suffix##_of(p[i], q[i]);                                                       \
        else if (left_step)                                                                                  \
            for (size_t i = 0; i < count; i++)                                                               \
                y[i] = id##_##suffix##_of(p[i], *q);                                                         \
        else if (right_step)                                                                                 \
            for (size_t i = 0; i < count; i++)                                                               \
                y[i] = id##_##suffix##_of(*p, q[i]);                                                         \
        else                                                                                                 \
            for (size_t i = 0; i < count; i++)                                                               \
                y[i] = id##_##suffix##_of(*p, *q);                                                           \
    }
/* NOLINTEND(bugprone-macro-parentheses) */

/* The result has the elements' type. */
#define BINARY_KERNEL_SAME(type, T, suffix, id, formula) BINARY_KERNEL(type, T, suffix, id, T, T, formula)
#define BINARY_KERNEL_WIDE(type, T, suffix, id, wide, formula)                                               \
    BINARY_KERNEL(type, T, suffix, id, T, wide, formula)

/* The slot of such a kernel in a table. */
#define BINARY_SLOT(type, T, suffix, id) [type] = id##_##suffix,
