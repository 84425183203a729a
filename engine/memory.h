/* engine/memory.h: whether a net is one that OpenCV may be given. */
#pragma once

#include "onnx/infer.h"

/* False where the tensors of a small file take far more than its inputs explain: OpenCV would try, while
 * besra's operators keep a limit of their own. BSR_EMODEL for a graph that goes round in circles,
 * BSR_ENOMEM. */
bsr_status memory_fits_opencv(bool *fits, const struct onnx_model *model, const struct onnx_values *values,
                              struct bsr_error *err);
