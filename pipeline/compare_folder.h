/* pipeline/compare_folder.h: tensors as .npy files of a folder, one a tensor, as `besra model run -o FOLDER`
 * and scripts that look into a net leave them. */
#pragma once

#include "base/bytes.h"
#include "base/tensor.h"

#include <stdbool.h>

/* Appends the name that a tensor's file has, without ".npy": slashes, control characters and a dot in front
 * become underscores, and very long names are cut. */
void compare_file_name(struct bytes *out, const char *name);

/* Puts the path of the tensor's file into *path: "FOLDER/NAME.npy", or "FOLDER/debug_NAME.npy". False when
 * there is none, or no memory. */
bool compare_folder_find(struct bytes *path, const char *folder, const char *name);

/* BSR_EMISSING when there is no such file; BSR_EFORMAT, BSR_EIO, BSR_ENOMEM. Release with tensor_free(). */
bsr_status compare_folder_read(struct bsr_tensor *out, const char *folder, const char *name,
                               struct bsr_error *err);

/* Writes FOLDER/NAME.npy, as a whole or not at all; makes the folder where it is missing. Errors of
 * file_write(). */
bsr_status compare_folder_write(const char *folder, const char *name, const struct bsr_tensor *tensor,
                                bool overwrite, struct bsr_error *err);
