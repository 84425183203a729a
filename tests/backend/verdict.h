/* tests/backend/verdict.h: what came of one of ONNX's node tests. */
#pragma once

#include "base/tensor.h"

#include <stdbool.h>

enum outcome {
    PASSED,
    NOT_SUPPORTED, /* refused, with a reason: honest */
    WRONG,         /* computed something else than ONNX says */
    CRASHED,       /* took the process with it, or did not end */
};

/* Fixed in size, without pointers: it comes through a pipe. */
struct verdict {
    enum outcome outcome;
    char         reason[600]; /* empty when passed */
};

struct verdict verdict_make(enum outcome outcome, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Compares as ONNX's own runner does (|found - expected| <= atol + rtol * |expected|): rtol 1e-3 for floats
 * of 32 and 64 bits, more for those of 16; whole numbers and bools exactly. NaN equals NaN. `widened`: found
 * may be f32 where f16 or bf16 is expected (engines compute so). Passed, or WRONG with the first place where
 * they part; `name` is the output's. */
struct verdict verdict_compare(const struct bsr_tensor *expected, const struct bsr_tensor *found,
                               bool widened, const char *name);
