/* base/tensor.h: what is asked of struct bsr_tensor everywhere. */
#pragma once

#include "base/status.h"

#include <stdbool.h>

/* Bytes of an element; 0 for what is no type of BSR_TYPE_LIST. */
size_t tensor_type_size(int type);

/* "f32"; "?" for none. */
const char *tensor_type_name(int type);

/* The number of elements (a scalar has one); SIZE_MAX when a side is negative or the product overflows. */
size_t tensor_count(const struct bsr_tensor *tensor);

/* Bytes of the data; SIZE_MAX as above or for an unknown type. */
size_t tensor_bytes(const struct bsr_tensor *tensor);

/* Allocates data (64-byte aligned, uninitialised) for the type and shape that are set. BSR_ENOMEM; BSR_EMODEL
 * for impossible sizes or more than TENSOR_MAX_BYTES. Release with tensor_free(). */
#define TENSOR_MAX_BYTES ((size_t)1 << 36)
bsr_status tensor_alloc(struct bsr_tensor *tensor, struct bsr_error *err);

/* A copy with data of its own. */
bsr_status tensor_copy(struct bsr_tensor *out, const struct bsr_tensor *tensor, struct bsr_error *err);

/* Releases the data and sets it to NULL. */
void tensor_free(struct bsr_tensor *tensor);

/* Same dims and sides. */
bool tensor_same_shape(const struct bsr_tensor *a, const struct bsr_tensor *b);

/* "1x3x640x640"; "scalar" for none. */
struct tensor_text {
    char text[96];
};
struct tensor_text tensor_shape_text(const struct bsr_tensor *tensor);

/* IEEE half and bfloat16, rounded to nearest even; NaN stays NaN. */
float    f16_to_f32(uint16_t half);
uint16_t f32_to_f16(float value);
float    bf16_to_f32(uint16_t value);
uint16_t f32_to_bf16(float value);

/* Element `index` of any type as a double or whole number (floats are truncated, saturating; NaN is 0). */
double  tensor_get(const struct bsr_tensor *tensor, size_t index);
int64_t tensor_get_int(const struct bsr_tensor *tensor, size_t index);

/* Sets an element from a double or whole number, saturating for integers (rounded to nearest even). */
void tensor_set(struct bsr_tensor *tensor, size_t index, double value);
void tensor_set_int(struct bsr_tensor *tensor, size_t index, int64_t value);

/* A tensor of `type` with the values of `tensor`, converted as ONNX's Cast does. */
bsr_status tensor_convert(struct bsr_tensor *out, const struct bsr_tensor *tensor, int type,
                          struct bsr_error *err);

/* The same into a tensor of as many elements that has its type and data. Whole numbers that a type can't hold
 * wrap round; floats are truncated, those beyond 64 bits saturate first; NaN is 0. */
void tensor_convert_into(struct bsr_tensor *out, const struct bsr_tensor *tensor);
