/* operators/matmul.h: NumPy's matmul, shared by MatMul and its sisters of whole numbers. */
#pragma once

#include "operators/call.h"

struct matmul {
    size_t            m, n, k;
    struct bsr_tensor left, right, lead; /* the axes before the matrices: of a, of b, of the result */
};

/* Checks the shapes and sets dims and shape of *shape to the result's. BSR_EMODEL. */
bsr_status matmul_read(struct matmul *out, struct bsr_tensor *shape, const struct bsr_tensor *a,
                       const struct bsr_tensor *b, struct bsr_error *err);

/* Which matrix of `side` matrix `batch` of the result is made of. */
size_t matmul_source(const struct bsr_tensor *lead, const struct bsr_tensor *side, size_t batch);

/* y = a * b, all of `type`, one that gemm_find() knows. */
void matmul_run(void *y, const void *a, const void *b, int type, const struct matmul *plan);
