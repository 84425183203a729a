#include "operators/quantized.h"

#include "base/alloc.h"

#include <math.h>

bool quantized_is_byte(int type)
{
    return type == BSR_U8 || type == BSR_I8;
}

bsr_status quantized_count(size_t *count, const struct bsr_tensor *parameter, const char *what,
                           const struct quantized_view *view, struct bsr_error *err)
{
    size_t length = tensor_count(parameter);

    if (length != 1 && length != view->axis && (length == SIZE_MAX || length != view->outer * view->axis))
        return call_refuse(err, "its %s has the shape %s: neither one number nor one for each of %zu", what,
                           tensor_shape_text(parameter).text, view->axis);
    *count = length;
    return BSR_OK;
}

static inline int32_t byte_at(const struct bsr_tensor *tensor, size_t i)
{
    return tensor->type == BSR_U8 ? ((const uint8_t *)tensor->data)[i] : ((const int8_t *)tensor->data)[i];
}

bsr_status quantized_widen(int32_t **out, const struct bsr_tensor *x, const struct bsr_tensor *zero,
                           const struct quantized_view *view, struct bsr_error *err)
{
    size_t     count = tensor_count(x), zeros = 1, at = 0;
    bsr_status status = zero ? quantized_count(&zeros, zero, "zero point", view, err) : BSR_OK;

    if (status != BSR_OK)
        return status;
    int32_t *wide = mem_alloc_aligned(count ? count : 1, sizeof *wide);
    if (!wide)
        return bsr_fail_memory(err, NULL, count * sizeof *wide);
    for (size_t o = 0; at < count && o < view->outer; o++)
        for (size_t m = 0; m < view->mid; m++)
            for (size_t a = 0; a < view->axis; a++) {
                int32_t shift = zero ? byte_at(zero, zeros == 1 ? 0 : (o * view->axis + a) % zeros) : 0;
                for (size_t i = 0; i < view->inner; i++, at++)
                    wide[at] = byte_at(x, at) - shift;
            }
    *out = wide;
    return BSR_OK;
}

bsr_status quantized_type(int *type, const struct bsr_tensor *zero, struct bsr_error *err)
{
    if (zero && !quantized_is_byte(zero->type))
        return call_refuse(err, "its result would be %s (u8 or i8)", tensor_type_name(zero->type));
    *type = zero ? zero->type : BSR_U8;
    return BSR_OK;
}

void quantized_set(struct bsr_tensor *y, size_t at, float value, int64_t zero)
{
    double whole = nearbyint((double)value) + (double)zero;

    if (y->type == BSR_U8)
        ((uint8_t *)y->data)[at] = (uint8_t)(whole >= 255 ? 255 : whole > 0 ? (int)whole : 0);
    else if (y->type == BSR_I8)
        ((int8_t *)y->data)[at] = (int8_t)(whole >= 127   ? 127
                                           : whole > -128 ? (int)whole
                                           : isnan(whole) ? 0
                                                          : -128);
    else
        tensor_set(y, at, whole);
}
