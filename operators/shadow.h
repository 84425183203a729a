/* operators/shadow.h: operators that compute in one float type serve the others through it. */
#pragma once

#include "operators/call.h"

typedef bsr_status shadow_operator(const struct bsr_call *call, struct bsr_error *err);

/* f16, bf16, f32 or f64. */
bool type_is_float(int type);

/* Calls `run` with every float input, and room for every float output, as `type` (BSR_F32 or BSR_F64), then
 * rounds the outputs to the types that they have. Tensors that have that type, or are no floats, are handed
 * on as they are. BSR_ENOMEM, or what `run` says. */
bsr_status shadow_run(const struct bsr_call *call, int type, shadow_operator *run, struct bsr_error *err);

/* The same with BSR_F32 for half floats only: f32 and f64 call `run` as it is. Told by the first input. */
bsr_status shadow_run_half(const struct bsr_call *call, shadow_operator *run, struct bsr_error *err);
