/* base/npy.h: NumPy's .npy files (format 1.0 to 3.0: numpy/lib/format.py) as tensors. */
#pragma once

#include "base/bytes.h"
#include "base/tensor.h"

/* Parses `size` bytes of a .npy; `name` is for messages. Little- and big-endian, C and Fortran order; types
 * of BSR_TYPE_LIST that NumPy has. Release with tensor_free(). BSR_EFORMAT, BSR_ENOMEM. */
bsr_status npy_read(struct bsr_tensor *out, const uint8_t *data, size_t size, const char *name,
                    struct bsr_error *err);

/* Appends the tensor as a .npy 1.0 in C order; bf16 is written as f32. BSR_ENOMEM. */
bsr_status npy_write(const struct bsr_tensor *tensor, struct bytes *out, struct bsr_error *err);
