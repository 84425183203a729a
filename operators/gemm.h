/* operators/gemm.h: products of matrices, what convolutions come down to. */
#pragma once

#include "base/status.h"

/* c[m][n] += a[m][k] * b[k][n], rows ldc, lda and ldb elements apart. Sums of floats are in rising k, by
 * fours; whole numbers wrap round. */
typedef void gemm_function(void *c, size_t ldc, const void *a, size_t lda, const void *b, size_t ldb,
                           size_t m, size_t n, size_t k);

/* For f32, f64, i32, u32, i64, u64; NULL for other types. */
gemm_function *gemm_find(int type);

/* A new matrix out[columns][rows] of what in[rows][columns] has, elements of `size` bytes (4 or 8); release
 * with mem_free(). BSR_ENOMEM. */
bsr_status gemm_transpose(void **out, const void *in, size_t rows, size_t columns, size_t size,
                          struct bsr_error *err);
