/* onnx/build.h: what the builder of besra.h (bsr_build_*) has for besra's own rooms. */
#pragma once

#include "base/bytes.h"
#include "base/status.h"

/* Appends the finished model. Returns the first failure of all calls so far. */
bsr_status build_pack(struct bsr_build *build, struct bytes *out, struct bsr_error *err);

/* The first failure so far, or BSR_OK: *err (may be NULL) is filled. */
bsr_status build_status(const struct bsr_build *build, struct bsr_error *err);

/* Makes `build` fail, if it has not: for what is wrong with what it is to be given. */
void build_fail(struct bsr_build *build, const struct bsr_error *err);
