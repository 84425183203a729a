#include "postprocess/yolo_scan.h"

#include <float.h>
#include <immintrin.h>
#include <math.h>

enum { LANES = 8 };

/* The first `count` (under LANES) numbers at x, the rest not a number, so that it is never found. */
static __m256 load_part(const float *x, size_t count)
{
    const __m256i lanes = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    __m256i       wanted = _mm256_cmpgt_epi32(_mm256_set1_epi32((int)count), lanes);
    __m256        loaded = _mm256_maskload_ps(x, wanted);
    return _mm256_blendv_ps(_mm256_set1_ps(NAN), loaded, _mm256_castsi256_ps(wanted));
}

/* Finite and >= floor: NaN fails every comparison, the infinities one of the two. */
static unsigned lanes_over(__m256 x, __m256 floor)
{
    __m256 over = _mm256_cmp_ps(x, floor, _CMP_GE_OQ);
    __m256 below = _mm256_cmp_ps(x, _mm256_set1_ps(FLT_MAX), _CMP_LE_OQ);
    return (unsigned)_mm256_movemask_ps(_mm256_and_ps(over, below));
}

static size_t append_lanes(uint32_t *found, size_t hits, size_t at, unsigned lanes)
{
    for (; lanes; lanes &= lanes - 1)
        found[hits++] = (uint32_t)(at + (size_t)__builtin_ctz(lanes));
    return hits;
}

static size_t find_avx2(uint32_t *found, const float *x, size_t count, float floor)
{
    const __m256 least = _mm256_set1_ps(floor > -FLT_MAX ? floor : -FLT_MAX);
    size_t       hits = 0, i = 0;

    for (; i + LANES <= count; i += LANES)
        hits = append_lanes(found, hits, i, lanes_over(_mm256_loadu_ps(x + i), least));
    if (i < count)
        hits = append_lanes(found, hits, i, lanes_over(load_part(x + i, count - i), least));
    return hits;
}

/* The numbers that are not finite become -infinity. */
static __m256 finite_or_least(__m256 x)
{
    const __m256 sign = _mm256_set1_ps(-0.0F);
    __m256       finite = _mm256_cmp_ps(_mm256_andnot_ps(sign, x), _mm256_set1_ps(FLT_MAX), _CMP_LE_OQ);
    return _mm256_blendv_ps(_mm256_set1_ps(-INFINITY), x, finite);
}

static float largest_lane(__m256 x)
{
    __m128 half = _mm_max_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
    half = _mm_max_ps(half, _mm_movehl_ps(half, half));
    half = _mm_max_ss(half, _mm_shuffle_ps(half, half, 1));
    return _mm_cvtss_f32(half);
}

static size_t best_avx2(const float *x, size_t count)
{
    __m256 largest = _mm256_set1_ps(-INFINITY);
    size_t i = 0;

    for (; i + LANES <= count; i += LANES)
        largest = _mm256_max_ps(largest, finite_or_least(_mm256_loadu_ps(x + i)));
    if (i < count)
        largest = _mm256_max_ps(largest, finite_or_least(load_part(x + i, count - i)));

    float most = largest_lane(largest);
    if (most < -FLT_MAX)
        return count;
    for (i = 0; i + LANES <= count; i += LANES) {
        unsigned equal = (unsigned)_mm256_movemask_ps(
            _mm256_cmp_ps(_mm256_loadu_ps(x + i), _mm256_set1_ps(most), _CMP_EQ_OQ));
        if (equal)
            return i + (size_t)__builtin_ctz(equal);
    }
    while (x[i] != most)
        i++;
    return i;
}

const struct yolo_scan yolo_scan_avx2 = {find_avx2, best_avx2};
