#include "preprocess/letterbox_kernels.h"

#include <immintrin.h>
#include <string.h>

enum { BLOCK = 32 };

static inline __m128i load_two(const uint8_t *src, const int32_t *offset)
{
    long long a, b;

    memcpy(&a, src + offset[0], sizeof a);
    memcpy(&b, src + offset[1], sizeof b);
    return _mm_set_epi64x(b, a);
}

/* Two pixels of eight pairs: 8 bytes each at offsets 0, 1, 8, 9, 16, 17, 24, 25, of which 6 count. */
static inline __m512i load_pairs(const uint8_t *src, const int32_t *offset)
{
    __m256i low =
        _mm256_inserti128_si256(_mm256_castsi128_si256(load_two(src, offset)), load_two(src, offset + 8), 1);
    __m256i high = _mm256_inserti128_si256(_mm256_castsi128_si256(load_two(src, offset + 16)),
                                           load_two(src, offset + 24), 1);

    return _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1);
}

static inline __m512i weigh(__m512i pair, __m512i weight)
{
    return _mm512_srli_epi32(_mm512_madd_epi16(pair, weight), 4);
}

/* Filters pixels 0..3, 8..11, 16..19, 24..27, a lane each: what packs() needs for its result to be in order.
 */
static inline void filter_sixteen(__m512i result[3], const uint8_t *src, const int32_t *offset,
                                  __m512i weight)
{
    /* b g r b' g' r' . . -> b g b' g' | r 0 r' 0 */
    const __m512i order =
        _mm512_broadcast_i32x4(_mm_setr_epi8(0, 1, 3, 4, 2, -1, 5, -1, 8, 9, 11, 12, 10, -1, 13, -1));
    const __m512i low_byte = _mm512_set1_epi16(0xFF);
    __m512        first = _mm512_castsi512_ps(_mm512_shuffle_epi8(load_pairs(src, offset), order));
    __m512        second = _mm512_castsi512_ps(_mm512_shuffle_epi8(load_pairs(src, offset + 2), order));
    __m512i       blue_green = _mm512_castps_si512(_mm512_shuffle_ps(first, second, 0x88));
    __m512i       red = _mm512_castps_si512(_mm512_shuffle_ps(first, second, 0xDD));

    result[0] = weigh(_mm512_and_si512(blue_green, low_byte), weight);
    result[1] = weigh(_mm512_srli_epi16(blue_green, 8), weight);
    result[2] = weigh(red, weight);
}

static inline void filter_block(int16_t *dst, size_t stride, const uint8_t *src,
                                const struct letterbox_taps *taps, int x)
{
    const int32_t *offset = taps->offset + x;
    __m512i        low = _mm512_loadu_si512(taps->weight[x]);
    __m512i        high = _mm512_loadu_si512(taps->weight[x + 16]);
    __m512i        even[3], odd[3];

    filter_sixteen(even, src, offset, _mm512_shuffle_i64x2(low, high, _MM_SHUFFLE(2, 0, 2, 0)));
    filter_sixteen(odd, src, offset + 4, _mm512_shuffle_i64x2(low, high, _MM_SHUFFLE(3, 1, 3, 1)));
    for (size_t c = 0; c < 3; c++)
        _mm512_storeu_si512(dst + c * stride + x, _mm512_packs_epi32(even[c], odd[c]));
}

static void filter_row_avx512(int16_t *dst, size_t stride, const uint8_t *src,
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
    __m512         scale = _mm512_set1_ps(row->scale[c]);
    __m512         shift = _mm512_set1_ps(row->shift[c]);
    __m512i        above =
        _mm512_mulhi_epi16(_mm512_loadu_si512(upper), _mm512_set1_epi16((short)row->upper_weight));
    __m512i below =
        _mm512_mulhi_epi16(_mm512_loadu_si512(lower), _mm512_set1_epi16((short)row->lower_weight));
    __m512i level =
        _mm512_srai_epi16(_mm512_add_epi16(_mm512_add_epi16(above, below), _mm512_set1_epi16(2)), 2);
    __m512 left = _mm512_cvtepi32_ps(_mm512_cvtepi16_epi32(_mm512_castsi512_si256(level)));
    __m512 right = _mm512_cvtepi32_ps(_mm512_cvtepi16_epi32(_mm512_extracti64x4_epi64(level, 1)));

    _mm512_storeu_ps(plane, _mm512_add_ps(_mm512_mul_ps(left, scale), shift));
    _mm512_storeu_ps(plane + 16, _mm512_add_ps(_mm512_mul_ps(right, scale), shift));
}

static void blend_row_avx512(const struct letterbox_row *row)
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

void letterbox_kernels_init_avx512(struct letterbox_kernels *kernels)
{
    kernels->filter_row = filter_row_avx512;
    kernels->blend_row = blend_row_avx512;
}
