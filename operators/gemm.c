#include "operators/gemm.h"

#include "base/alloc.h"

#include <string.h>

/* Blocks of b of this many rows and columns (512 KB of floats) stay in the second cache while all rows of a
 * pass over them. */
enum { BLOCK_K = 256, BLOCK_N = 512 };

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* NOLINTBEGIN(bugprone-macro-parentheses): types stand without them */
/* Two rows of c by four of b at a time: each vector of b is read once for two products, each of c once for
 * four. The compiler turns the innermost loops into vectors. */
#define GEMM(name, real)                                                                                     \
    static void name##_two(real *restrict c0, real *restrict c1, const real *a0, const real *a1,             \
                           const real *restrict b, size_t ldb, size_t n)                                     \
    {                                                                                                        \
        const real *restrict b1 = b + ldb, *restrict b2 = b1 + ldb, *restrict b3 = b2 + ldb;                 \
        const real p0 = a0[0], p1 = a0[1], p2 = a0[2], p3 = a0[3];                                           \
        const real q0 = a1[0], q1 = a1[1], q2 = a1[2], q3 = a1[3];                                           \
        for (size_t j = 0; j < n; j++) {                                                                     \
            c0[j] += p0 * b[j] + p1 * b1[j] + p2 * b2[j] + p3 * b3[j];                                       \
            c1[j] += q0 * b[j] + q1 * b1[j] + q2 * b2[j] + q3 * b3[j];                                       \
        }                                                                                                    \
    }                                                                                                        \
    static void name##_four(real *restrict c, const real *a, const real *restrict b, size_t ldb, size_t n)   \
    {                                                                                                        \
        const real *restrict b1 = b + ldb, *restrict b2 = b1 + ldb, *restrict b3 = b2 + ldb;                 \
        const real p0 = a[0], p1 = a[1], p2 = a[2], p3 = a[3];                                               \
        for (size_t j = 0; j < n; j++)                                                                       \
            c[j] += p0 * b[j] + p1 * b1[j] + p2 * b2[j] + p3 * b3[j];                                        \
    }                                                                                                        \
    static void name##_one(real *restrict c, real a, const real *restrict b, size_t n)                       \
    {                                                                                                        \
        for (size_t j = 0; j < n; j++)                                                                       \
            c[j] += a * b[j];                                                                                \
    }                                                                                                        \
    static void name##_block(real *c, size_t ldc, const real *a, size_t lda, const real *b, size_t ldb,      \
                             size_t m, size_t n, size_t k)                                                   \
    {                                                                                                        \
        size_t fours = k & ~(size_t)3, row = 0;                                                              \
        for (; row + 2 <= m; row += 2)                                                                       \
            for (size_t p = 0; p < fours; p += 4)                                                            \
                name##_two(c + row * ldc, c + (row + 1) * ldc, a + row * lda + p, a + (row + 1) * lda + p,   \
                           b + p * ldb, ldb, n);                                                             \
        for (; row < m; row++)                                                                               \
            for (size_t p = 0; p < fours; p += 4)                                                            \
                name##_four(c + row * ldc, a + row * lda + p, b + p * ldb, ldb, n);                          \
        for (row = 0; row < m; row++)                                                                        \
            for (size_t p = fours; p < k; p++)                                                               \
                name##_one(c + row * ldc, a[row * lda + p], b + p * ldb, n);                                 \
    }                                                                                                        \
    static void name(void *c, size_t ldc, const void *a, size_t lda, const void *b, size_t ldb, size_t m,    \
                     size_t n, size_t k)                                                                     \
    {                                                                                                        \
        for (size_t p = 0; p < k; p += BLOCK_K)                                                              \
            for (size_t j = 0; j < n; j += BLOCK_N)                                                          \
                name##_block((real *)c + j, ldc, (const real *)a + p, lda, (const real *)b + p * ldb + j,    \
                             ldb, m, least(BLOCK_N, n - j), least(BLOCK_K, k - p));                          \
    }

GEMM(gemm_f32, float)
GEMM(gemm_f64, double)
GEMM(gemm_u32, uint32_t)
GEMM(gemm_u64, uint64_t)

/* NOLINTEND(bugprone-macro-parentheses) */

gemm_function *gemm_find(int type)
{
    switch (type) {
    case BSR_F32:
        return gemm_f32;
    case BSR_F64:
        return gemm_f64;
    case BSR_I32:
    case BSR_U32:
        return gemm_u32;
    case BSR_I64:
    case BSR_U64:
        return gemm_u64;
    default:
        return NULL;
    }
}

/* NOLINTBEGIN(bugprone-macro-parentheses): types stand without them */
/* Squares of 32 x 32, so that both sides stay in the cache. */
#define TRANSPOSE(name, word)                                                                                \
    static void name(word *restrict out, const word *restrict in, size_t rows, size_t columns)               \
    {                                                                                                        \
        for (size_t y = 0; y < rows; y += 32)                                                                \
            for (size_t x = 0; x < columns; x += 32)                                                         \
                for (size_t j = x; j < least(x + 32, columns); j++)                                          \
                    for (size_t i = y; i < least(y + 32, rows); i++)                                         \
                        out[j * rows + i] = in[i * columns + j];                                             \
    }

TRANSPOSE(transpose_32, uint32_t)
TRANSPOSE(transpose_64, uint64_t)
/* NOLINTEND(bugprone-macro-parentheses) */

bsr_status gemm_transpose(void **out, const void *in, size_t rows, size_t columns, size_t size,
                          struct bsr_error *err)
{
    size_t count = rows * columns;
    void  *turned = mem_alloc_aligned(count != 0 ? count : 1, size);
    if (!turned)
        return bsr_fail_memory(err, NULL, count * size);
    if (size == 4)
        transpose_32(turned, in, rows, columns);
    else
        transpose_64(turned, in, rows, columns);
    *out = turned;
    return BSR_OK;
}
