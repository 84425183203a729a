/* operators/shadow.h: operators that compute in one float type serve the others through it. */
#pragma once

#include "operators/elements.h"

/* Calls `run` with every float input, and room for every float output, as `type` (BSR_F32 or BSR_F64), then
 * rounds the outputs to the types that they have. Tensors that have that type, or are no floats, are handed
 * on as they are. BSR_ENOMEM, or what `run` says. */
bsr_status shadow_run(const struct bsr_call *call, int type, element_run *run, struct bsr_error *err);
