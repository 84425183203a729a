#include "preprocess/bicubic_kernels.h"

#include <immintrin.h>

enum { BLOCK = 16 };

/* Sixteen values whose neighbours lie within sixteen of each other: a load a tap, then each value picks its
 * own. Enlarging steps by at most one, so all blocks are like that. */
static inline void filter_block(float *dst, const float *src, const struct bicubic_taps *taps, int x)
{
    const float *base = src + taps->first[x];
    __m512i      first = _mm512_loadu_si512(taps->first + x);
    __m512i      pick = _mm512_sub_epi32(first, _mm512_set1_epi32(taps->first[x]));
    __m512       sum = _mm512_mul_ps(_mm512_permutexvar_ps(pick, _mm512_loadu_ps(base)),
                                     _mm512_loadu_ps(taps->weight[0] + x));

    for (int i = 1; i < BICUBIC_TAPS; i++) {
        __m512 near = _mm512_permutexvar_ps(pick, _mm512_loadu_ps(base + i));
        sum = _mm512_add_ps(sum, _mm512_mul_ps(near, _mm512_loadu_ps(taps->weight[i] + x)));
    }
    _mm512_storeu_ps(dst + x, sum);
}

static void filter_row_avx512(float *dst, const float *src, const struct bicubic_taps *taps)
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

static void blend_row_avx512(float *dst, const float *const row[BICUBIC_TAPS],
                             const float weight[BICUBIC_TAPS], int count)
{
    int x = 0;

    for (; x + BLOCK <= count; x += BLOCK) {
        __m512 sum = _mm512_mul_ps(_mm512_loadu_ps(row[0] + x), _mm512_set1_ps(weight[0]));
        for (int i = 1; i < BICUBIC_TAPS; i++)
            sum = _mm512_add_ps(sum, _mm512_mul_ps(_mm512_loadu_ps(row[i] + x), _mm512_set1_ps(weight[i])));
        _mm512_storeu_ps(dst + x, sum);
    }
    bicubic_blend_part(dst, row, weight, x, count);
}

void bicubic_kernels_init_avx512(struct bicubic_kernels *kernels)
{
    kernels->filter_row = filter_row_avx512;
    kernels->blend_row = blend_row_avx512;
}
