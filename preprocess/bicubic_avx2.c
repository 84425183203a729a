#include "preprocess/bicubic_kernels.h"

#include <immintrin.h>

enum { BLOCK = 8 };

/* Eight values whose neighbours lie within eight of each other: a load a tap, then each value picks its own.
 * Enlarging steps by at most one, so all blocks are like that. */
static inline void filter_block(float *dst, const float *src, const struct bicubic_taps *taps, int x)
{
    const float *base = src + taps->first[x];
    __m256i      first = _mm256_loadu_si256((const __m256i *)(taps->first + x));
    __m256i      pick = _mm256_sub_epi32(first, _mm256_set1_epi32(taps->first[x]));
    __m256       sum = _mm256_mul_ps(_mm256_permutevar8x32_ps(_mm256_loadu_ps(base), pick),
                                     _mm256_loadu_ps(taps->weight[0] + x));

    for (int i = 1; i < BICUBIC_TAPS; i++) {
        __m256 near = _mm256_permutevar8x32_ps(_mm256_loadu_ps(base + i), pick);
        sum = _mm256_add_ps(sum, _mm256_mul_ps(near, _mm256_loadu_ps(taps->weight[i] + x)));
    }
    _mm256_storeu_ps(dst + x, sum);
}

static void filter_row_avx2(float *dst, const float *src, const struct bicubic_taps *taps)
{
    int x = 0;

    for (; x + BLOCK <= taps->count; x += BLOCK) {
        if (taps->first[x + BLOCK - 1] - taps->first[x] < BLOCK)
            filter_block(dst, src, taps, x);
        else
            bicubic_filter_part(dst, src, taps, x, x + BLOCK);
    }
    bicubic_filter_part(dst, src, taps, x, taps->count);
}

static void blend_row_avx2(float *dst, const float *const row[BICUBIC_TAPS], const float weight[BICUBIC_TAPS],
                           int count)
{
    int x = 0;

    for (; x + BLOCK <= count; x += BLOCK) {
        __m256 sum = _mm256_mul_ps(_mm256_loadu_ps(row[0] + x), _mm256_set1_ps(weight[0]));
        for (int i = 1; i < BICUBIC_TAPS; i++)
            sum = _mm256_add_ps(sum, _mm256_mul_ps(_mm256_loadu_ps(row[i] + x), _mm256_set1_ps(weight[i])));
        _mm256_storeu_ps(dst + x, sum);
    }
    bicubic_blend_part(dst, row, weight, x, count);
}

void bicubic_kernels_init_avx2(struct bicubic_kernels *kernels)
{
    kernels->filter_row = filter_row_avx2;
    kernels->blend_row = blend_row_avx2;
}
