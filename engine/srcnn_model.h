/* engine/srcnn_model.h: an .onnx that is SRCNN's body, for the kernels made for it. */
#pragma once

#include "engine/srcnn/srcnn.h"

/* *out is NULL where the graph is anything but convolutions 9x9, 1x1 and 5x5 with ReLU between on pictures of
 * 1 or 3 channels. Release with srcnn_free(). Errors as of onnx_model_read(); BSR_ENOMEM. */
bsr_status srcnn_from_model(struct srcnn **out, const void *onnx, size_t size, const char *name,
                            struct bsr_error *err);
