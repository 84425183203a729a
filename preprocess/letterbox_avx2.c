#include "preprocess/letterbox_kernels.h"

#include <immintrin.h>
#include <string.h>

enum { BLOCK = 16 };

/* Two pixels of four pairs: 8 bytes each at offsets 0, 1 (low lane) and 8, 9 (high lane), of which 6 count.
 */
static inline __m256i load_pairs(const uint8_t *src, const int32_t *offset)
{
    long long a, b, c, d;

    memcpy(&a, src + offset[0], sizeof a);
    memcpy(&b, src + offset[1], sizeof b);
    memcpy(&c, src + offset[8], sizeof c);
    memcpy(&d, src + offset[9], sizeof d);
    return _mm256_set_epi64x(d, c, b, a);
}

static inline __m256i weigh(__m256i pair, __m256i weight)
{
    return _mm256_srli_epi32(_mm256_madd_epi16(pair, weight), 4);
}

/* Filters pixels 0..3 (low lane) and 8..11 (high lane): what packs() needs for its result to be in order. */
static inline void filter_eight(__m256i result[3], const uint8_t *src, const int32_t *offset,
                                const int16_t (*weights)[2])
{
    /* b g r b' g' r' . . -> b g b' g' | r 0 r' 0 */
    const __m256i order =
        _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 1, 3, 4, 2, -1, 5, -1, 8, 9, 11, 12, 10, -1, 13, -1));
    const __m256i low_byte = _mm256_set1_epi16(0xFF);
    __m256        first = _mm256_castsi256_ps(_mm256_shuffle_epi8(load_pairs(src, offset), order));
    __m256        second = _mm256_castsi256_ps(_mm256_shuffle_epi8(load_pairs(src, offset + 2), order));
    __m256i       blue_green = _mm256_castps_si256(_mm256_shuffle_ps(first, second, 0x88));
    __m256i       red = _mm256_castps_si256(_mm256_shuffle_ps(first, second, 0xDD));
    __m256i       weight = _mm256_loadu2_m128i((const __m128i *)weights[8], (const __m128i *)weights[0]);

    result[0] = weigh(_mm256_and_si256(blue_green, low_byte), weight);
    result[1] = weigh(_mm256_srli_epi16(blue_green, 8), weight);
    result[2] = weigh(red, weight);
}

static inline void filter_block(int16_t *dst, size_t stride, const uint8_t *src,
                                const struct letterbox_taps *taps, int x)
{
    const int32_t *offset = taps->offset + x;
    const int16_t(*weight)[2] = (const int16_t(*)[2])taps->weight + x;
    __m256i even[3], odd[3];

    filter_eight(even, src, offset, weight);
    filter_eight(odd, src, offset + 4, weight + 4);
    for (size_t c = 0; c < 3; c++)
        _mm256_storeu_si256((__m256i *)(dst + c * stride + x), _mm256_packs_epi32(even[c], odd[c]));
}

static void filter_row_avx2(int16_t *dst, size_t stride, const uint8_t *src,
                            const struct letterbox_taps *taps, int wide)
{
    int x = 0;

    for (; x + BLOCK <= wide; x += BLOCK)
        filter_block(dst, stride, src, taps, x);
    if (x < wide && wide >= BLOCK) { /* the last block once more, further right */
        filter_block(dst, stride, src, taps, wide - BLOCK);
        x = wide;
    }
    letterbox_filter_rest(dst, stride, src, taps, x);
}

static inline void blend_block(const struct letterbox_row *row, size_t c, int x)
{
    const int16_t *upper = row->upper + c * row->stride + x;
    const int16_t *lower = row->lower + c * row->stride + x;
    float         *plane = row->plane[c] + x;
    __m256         scale = _mm256_set1_ps(row->scale[c]);
    __m256         shift = _mm256_set1_ps(row->shift[c]);
    __m256i        above = _mm256_mulhi_epi16(_mm256_loadu_si256((const __m256i *)upper),
                                              _mm256_set1_epi16((short)row->upper_weight));
    __m256i        below = _mm256_mulhi_epi16(_mm256_loadu_si256((const __m256i *)lower),
                                              _mm256_set1_epi16((short)row->lower_weight));
    __m256i        level =
        _mm256_srai_epi16(_mm256_add_epi16(_mm256_add_epi16(above, below), _mm256_set1_epi16(2)), 2);
    __m256 left = _mm256_cvtepi32_ps(_mm256_cvtepi16_epi32(_mm256_castsi256_si128(level)));
    __m256 right = _mm256_cvtepi32_ps(_mm256_cvtepi16_epi32(_mm256_extracti128_si256(level, 1)));

    _mm256_storeu_ps(plane, _mm256_add_ps(_mm256_mul_ps(left, scale), shift));
    _mm256_storeu_ps(plane + 8, _mm256_add_ps(_mm256_mul_ps(right, scale), shift));
}

static void blend_row_avx2(const struct letterbox_row *row)
{
    if (row->count < BLOCK) {
        letterbox_blend_rest(row, 0);
        return;
    }
    for (size_t c = 0; c < 3; c++) {
        for (int x = 0; x + BLOCK <= row->count; x += BLOCK)
            blend_block(row, c, x);
        blend_block(row, c, row->count - BLOCK);
    }
}

void letterbox_kernels_init_avx2(struct letterbox_kernels *kernels)
{
    kernels->filter_row = filter_row_avx2;
    kernels->blend_row = blend_row_avx2;
}
