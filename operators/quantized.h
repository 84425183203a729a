/* operators/quantized.h: 8-bit numbers with a scale and a zero point: real = (number - zero) * scale. */
#pragma once

#include "operators/call.h"

/* A tensor seen as [outer][mid][axis][inner]. */
struct quantized_view {
    size_t outer, mid, axis, inner;
};

/* u8 or i8. */
bool quantized_is_byte(int type);

/* Sets *count to how many numbers a zero point or scale has: 1, one for each element of `axis`, or, where
 * `outer` is more than 1, one for each of outer * axis. BSR_EMODEL for any other count. */
bsr_status quantized_count(size_t *count, const struct bsr_tensor *parameter, const char *what,
                           const struct quantized_view *view, struct bsr_error *err);

/* New i32 numbers x - zero; `zero` may be NULL. Release with mem_free(). BSR_ENOMEM, BSR_EMODEL. */
bsr_status quantized_widen(int32_t **out, const struct bsr_tensor *x, const struct bsr_tensor *zero,
                           const struct quantized_view *view, struct bsr_error *err);

/* The type of the zero point of a quantized result (u8 without one) if it is u8 or i8. BSR_EMODEL. */
bsr_status quantized_type(int *type, const struct bsr_tensor *zero, struct bsr_error *err);

/* round(value) + zero, ties to even, saturating, as element `at` of y, an integer tensor. */
void quantized_set(struct bsr_tensor *y, size_t at, float value, int64_t zero);

/* The scale of a: its first or that of index i where it has `count` of them. */
static inline float quantized_scale(const struct bsr_tensor *scale, size_t count, size_t i)
{
    return (float)tensor_get(scale, count == 1 ? 0 : i);
}
