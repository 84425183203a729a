/* engine/precision.h: which precisions this machine has. */
#pragma once

#include "engine/engine.h"

/* BSR_EUSAGE where the backend computes in f32 only; BSR_EMISSING, with the reason, where the processor has
 * no fast instructions for it, or besra is built without what it takes. BESRA_BF16=emulate in the environment
 * lets bf16 be computed without the instructions: right, and slower than f32 (for tests). */
bsr_status precision_check(enum engine_precision precision, const char *backend, struct bsr_error *err);

/* Of the model: BSR_EMODEL where ENGINE_INT8 is asked for and nothing in it is quantised. */
struct onnx_model;
bsr_status precision_check_model(enum engine_precision precision, const struct onnx_model *model,
                                 struct bsr_error *err);
