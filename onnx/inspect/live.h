/* onnx/inspect/live.h: how much memory the tensors of a graph take at once. For this folder only. */
#pragma once

#include "onnx/infer.h"
#include "onnx/plan.h"

/* The peak of live activations in bytes, as inspect.h counts them; 0 where the shape of one is unknown.
 * BSR_ENOMEM. */
bsr_status peak_of_live(uint64_t *out, const struct plan *plan, const struct onnx_values *values,
                        struct bsr_error *err);
