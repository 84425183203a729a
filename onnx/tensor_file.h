/* onnx/tensor_file.h: tensors in files of their own: a serialised TensorProto (.pb), as ONNX's tests and many
 * tools keep inputs and outputs. */
#pragma once

#include "base/bytes.h"
#include "base/tensor.h"

/* Parses `size` bytes of a .pb; `file` is for messages. *name (may be NULL) is the name in it, never NULL, to
 * be released with mem_free(). Release the tensor with tensor_free(). BSR_EFORMAT for what is no tensor, a
 * sequence or a map, strings, or a type that besra does not have; BSR_ENOMEM. */
bsr_status tensor_file_parse(struct bsr_tensor *out, char **name, const uint8_t *data, size_t size,
                             const char *file, struct bsr_error *err);

/* The same out of the file `path`. BSR_EMISSING, BSR_EIO, BSR_ELIMIT too. */
bsr_status tensor_file_read(struct bsr_tensor *out, char **name, const char *path, struct bsr_error *err);

/* Appends the tensor as a .pb with the name given ("" or NULL: none). BSR_ENOMEM. */
bsr_status tensor_file_write(const struct bsr_tensor *tensor, const char *name, struct bytes *out,
                             struct bsr_error *err);
