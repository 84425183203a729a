#include "postprocess/yolo_scan.h"

#include <float.h>
#include <immintrin.h>
#include <math.h>

enum { LANES = 16 };

/* One bit a lane for the first `count` of LANES. */
static __mmask16 first_lanes(size_t count)
{
    return (__mmask16)(count < LANES ? (1U << count) - 1 : 0xFFFFU);
}

/* Finite and >= floor: NaN fails every comparison, the infinities one of the two. */
static __mmask16 lanes_over(__mmask16 lanes, __m512 x, __m512 floor)
{
    __mmask16 over = _mm512_mask_cmp_ps_mask(lanes, x, floor, _CMP_GE_OQ);
    return _mm512_mask_cmp_ps_mask(over, x, _mm512_set1_ps(FLT_MAX), _CMP_LE_OQ);
}

/* Packed in a register and stored whole (hence YOLO_SCAN_SLACK): the store that packs is slow on Zen 4. */
static size_t find_avx512(uint32_t *found, const float *x, size_t count, float floor)
{
    const __m512  least = _mm512_set1_ps(floor > -FLT_MAX ? floor : -FLT_MAX);
    const __m512i step = _mm512_set1_epi32(LANES);
    __m512i       index = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    size_t        hits = 0;

    for (size_t i = 0; i < count; i += LANES) {
        __mmask16 lanes = first_lanes(count - i);
        __mmask16 over = lanes_over(lanes, _mm512_maskz_loadu_ps(lanes, x + i), least);
        if (over) {
            _mm512_storeu_si512(found + hits, _mm512_maskz_compress_epi32(over, index));
            hits += (size_t)__builtin_popcount(over);
        }
        index = _mm512_add_epi32(index, step);
    }
    return hits;
}

static size_t best_avx512(const float *x, size_t count)
{
    const __m512 most_finite = _mm512_set1_ps(FLT_MAX);
    __m512       largest = _mm512_set1_ps(-INFINITY);

    for (size_t i = 0; i < count; i += LANES) {
        __mmask16 lanes = first_lanes(count - i);
        __m512    part = _mm512_maskz_loadu_ps(lanes, x + i);
        __mmask16 finite = _mm512_mask_cmp_ps_mask(lanes, _mm512_abs_ps(part), most_finite, _CMP_LE_OQ);
        largest = _mm512_mask_max_ps(largest, finite, largest, part);
    }

    float most = _mm512_reduce_max_ps(largest);
    if (most < -FLT_MAX)
        return count;
    for (size_t i = 0;; i += LANES) { /* it is there */
        __mmask16 lanes = first_lanes(count - i);
        __m512    part = _mm512_maskz_loadu_ps(lanes, x + i);
        __mmask16 equal = _mm512_mask_cmp_ps_mask(lanes, part, _mm512_set1_ps(most), _CMP_EQ_OQ);
        if (equal)
            return i + (size_t)__builtin_ctz(equal);
    }
}

const struct yolo_scan yolo_scan_avx512 = {find_avx512, best_avx512};
