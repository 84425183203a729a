#include "preprocess/planes_kernels.h"

#include <immintrin.h>
#include <string.h>

enum { BLOCK = 8 };

/* Eight pixels as words of 32 bits. 8 bits a channel: all four channels in `low`. 16 bits: channels 0 and 1
 * in `low`, 2 and 3 in `high`. */
struct words {
    __m256i low, high;
};

static inline __m256i load_lanes(const uint8_t *low, const uint8_t *high)
{
    return _mm256_loadu2_m128i((const __m128i *)high, (const __m128i *)low);
}

static inline void store_lanes(uint8_t *low, uint8_t *high, __m256i value)
{
    _mm256_storeu2_m128i((__m128i *)high, (__m128i *)low, value);
}

/* ---- eight pixels in ---------------------------------------------------------------------- */

static inline struct words load_8bit(const uint8_t *at, int channels)
{
    const __m256i spread = _mm256_setr_epi8(0, 1, 2, -1, 3, 4, 5, -1, 6, 7, 8, -1, 9, 10, 11, -1, /* from 0 */
                                            4, 5, 6, -1, 7, 8, 9, -1, 10, 11, 12, -1, 13, 14, 15, -1);
    struct words  words = {.high = _mm256_setzero_si256()};

    if (channels == 1)
        words.low = _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)at));
    else if (channels == 2)
        words.low = _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)at));
    else if (channels == 3) /* 24 bytes, read as 0..15 and 8..23 */
        words.low = _mm256_shuffle_epi8(load_lanes(at, at + 8), spread);
    else
        words.low = _mm256_loadu_si256((const __m256i *)at);
    return words;
}

static inline struct words load_16bit(const uint8_t *at, int channels)
{
    const __m256i spread = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(0, 1, 2, 3, 4, 5, -1, -1, 6, 7, 8, 9, 10, 11, -1, -1)); /* two pixels a lane */
    const __m256i spread_last = _mm256_setr_epi8(0, 1, 2, 3, 4, 5, -1, -1, 6, 7, 8, 9, 10, 11, -1, -1, /**/
                                                 4, 5, 6, 7, 8, 9, -1, -1, 10, 11, 12, 13, 14, 15, -1, -1);
    struct words  words = {.high = _mm256_setzero_si256()};
    __m256i       even, odd; /* pixels 0, 1, 4, 5 and 2, 3, 6, 7 */

    if (channels == 1) {
        words.low = _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)at));
        return words;
    }
    if (channels == 2) {
        words.low = _mm256_loadu_si256((const __m256i *)at);
        return words;
    }
    if (channels == 3) { /* 48 bytes; the last two pixels are at 36, read from 32 */
        even = _mm256_shuffle_epi8(load_lanes(at, at + 24), spread);
        odd = _mm256_shuffle_epi8(load_lanes(at + 12, at + 32), spread_last);
    } else {
        even = load_lanes(at, at + 32);
        odd = load_lanes(at + 16, at + 48);
    }
    __m256 first = _mm256_castsi256_ps(even);
    __m256 second = _mm256_castsi256_ps(odd);
    words.low = _mm256_castps_si256(_mm256_shuffle_ps(first, second, 0x88));
    words.high = _mm256_castps_si256(_mm256_shuffle_ps(first, second, 0xDD));
    return words;
}

static inline __m256 split_channel(const struct words *words, int depth, int c)
{
    if (depth == 8) {
        __m256i moved = _mm256_srl_epi32(words->low, _mm_cvtsi32_si128(8 * c));
        return _mm256_cvtepi32_ps(_mm256_and_si256(moved, _mm256_set1_epi32(0xFF)));
    }
    __m256i pair = c < 2 ? words->low : words->high;
    __m256i level = c % 2 ? _mm256_srli_epi32(pair, 16) : _mm256_and_si256(pair, _mm256_set1_epi32(0xFFFF));
    return _mm256_div_ps(_mm256_cvtepi32_ps(level), _mm256_set1_ps(257.0F));
}

static void split_row_avx2(const struct planes_row *row)
{
    size_t pixel_size = (size_t)row->channels * (size_t)row->depth / 8;
    int    colours = planes_row_has_alpha(row) ? row->channels - 1 : row->channels;
    int    x = 0;

    for (; x + BLOCK <= row->width; x += BLOCK) {
        const uint8_t *at = (const uint8_t *)row->pixels + (size_t)x * pixel_size;
        struct words   words = row->depth == 8 ? load_8bit(at, row->channels) : load_16bit(at, row->channels);
        __m256         share = _mm256_set1_ps(1);
        if (colours < row->channels) {
            __m256 alpha = split_channel(&words, row->depth, colours);
            _mm256_storeu_ps(row->plane[colours] + x, alpha);
            share = _mm256_div_ps(alpha, _mm256_set1_ps(255.0F));
        }
        for (int c = 0; c < colours; c++)
            _mm256_storeu_ps(row->plane[c] + x, _mm256_mul_ps(split_channel(&words, row->depth, c), share));
    }
    planes_split_rest(row, x);
}

/* ---- eight pixels out --------------------------------------------------------------------- */

static inline __m256 clip(__m256 value)
{
    __m256 above = _mm256_max_ps(value, _mm256_setzero_ps()); /* the second where the first is no number */
    return _mm256_min_ps(above, _mm256_set1_ps(255.0F));
}

static inline __m256i round_level(__m256 value, int depth)
{
    __m256  scaled = depth == 8 ? value : _mm256_mul_ps(value, _mm256_set1_ps(257.0F));
    __m256i below = _mm256_cvttps_epi32(scaled);
    __m256  part = _mm256_sub_ps(scaled, _mm256_cvtepi32_ps(below));
    __m256  up = _mm256_cmp_ps(part, _mm256_set1_ps(0.5F), _CMP_GE_OQ);

    return _mm256_sub_epi32(below, _mm256_castps_si256(up)); /* true is -1 */
}

static inline void store_8bit(uint8_t *at, const __m256i level[4], int channels)
{
    const __m128i gather = _mm_setr_epi8(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1);
    const __m128i gather_right = _mm_setr_epi8(-1, -1, -1, -1, 0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14);
    __m256i       words = level[0];

    for (int c = 1; c < channels; c++)
        words = _mm256_or_si256(words, _mm256_sll_epi32(level[c], _mm_cvtsi32_si128(8 * c)));
    if (channels == 4) {
        _mm256_storeu_si256((__m256i *)at, words);
        return;
    }
    __m128i left = _mm256_castsi256_si128(words);
    __m128i right = _mm256_extracti128_si256(words, 1);
    if (channels == 3) { /* 24 bytes, written as 0..15 (12 count) and 8..23 */
        __m128i ends = _mm_shuffle_epi8(left, gather_right);
        _mm_storeu_si128((__m128i *)at, _mm_shuffle_epi8(left, gather));
        _mm_storeu_si128((__m128i *)(at + 8), _mm_alignr_epi8(_mm_shuffle_epi8(right, gather), ends, 12));
        return;
    }
    __m128i halves = _mm_packus_epi32(left, right);
    if (channels == 2)
        _mm_storeu_si128((__m128i *)at, halves);
    else
        _mm_storel_epi64((__m128i *)at, _mm_packus_epi16(halves, halves));
}

static inline void store_16bit(uint8_t *at, const __m256i level[4], int channels)
{
    const __m256i gather = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(0, 1, 2, 3, 4, 5, 8, 9, 10, 11, 12, 13, -1, -1, -1, -1)); /* two pixels a lane */

    if (channels == 1) {
        __m128i left = _mm256_castsi256_si128(level[0]);
        __m128i right = _mm256_extracti128_si256(level[0], 1);
        _mm_storeu_si128((__m128i *)at, _mm_packus_epi32(left, right));
        return;
    }
    __m256i low = _mm256_or_si256(level[0], _mm256_slli_epi32(level[1], 16));
    if (channels == 2) {
        _mm256_storeu_si256((__m256i *)at, low);
        return;
    }
    __m256i high = level[2];
    if (channels == 4)
        high = _mm256_or_si256(high, _mm256_slli_epi32(level[3], 16));
    __m256i even = _mm256_unpacklo_epi32(low, high); /* pixels 0, 1, 4, 5 */
    __m256i odd = _mm256_unpackhi_epi32(low, high);  /* pixels 2, 3, 6, 7 */
    if (channels == 4) {
        store_lanes(at, at + 32, even);
        store_lanes(at + 16, at + 48, odd);
        return;
    }
    even = _mm256_shuffle_epi8(even, gather);
    odd = _mm256_shuffle_epi8(odd, gather);
    __m128i last = _mm256_extracti128_si256(odd, 1);
    int     end = _mm_extract_epi32(last, 2);
    _mm_storeu_si128((__m128i *)at,
                     _mm256_castsi256_si128(even)); /* 12 bytes count, the next store goes over */
    _mm_storeu_si128((__m128i *)(at + 12), _mm256_castsi256_si128(odd));
    _mm_storeu_si128((__m128i *)(at + 24), _mm256_extracti128_si256(even, 1));
    _mm_storel_epi64((__m128i *)(at + 36), last);
    memcpy(at + 44, &end, sizeof end);
}

static void join_row_avx2(const struct planes_row *row)
{
    size_t pixel_size = (size_t)row->channels * (size_t)row->depth / 8;
    int    colours = planes_row_has_alpha(row) ? row->channels - 1 : row->channels;
    int    x = 0;

    for (; x + BLOCK <= row->width; x += BLOCK) {
        uint8_t *at = (uint8_t *)row->pixels + (size_t)x * pixel_size;
        __m256   share = _mm256_set1_ps(1);
        __m256i  visible = _mm256_set1_epi32(-1);
        __m256i  level[4];
        if (colours < row->channels) {
            __m256 alpha = clip(_mm256_loadu_ps(row->plane[colours] + x));
            level[colours] = round_level(alpha, row->depth);
            share = _mm256_div_ps(alpha, _mm256_set1_ps(255.0F));
            visible = _mm256_cmpgt_epi32(level[colours], _mm256_setzero_si256());
        }
        for (int c = 0; c < colours; c++) {
            __m256 value = clip(_mm256_div_ps(_mm256_loadu_ps(row->plane[c] + x), share));
            level[c] = _mm256_and_si256(round_level(value, row->depth), visible);
        }
        if (row->depth == 8)
            store_8bit(at, level, row->channels);
        else
            store_16bit(at, level, row->channels);
    }
    planes_join_rest(row, x);
}

/* ---- colour differences ------------------------------------------------------------------- */

static void to_ycc_avx2(float *const ycc[3], const float *const bgr[3], size_t count)
{
    size_t i = 0;

    for (; i + BLOCK <= count; i += BLOCK) {
        __m256 b = _mm256_loadu_ps(bgr[0] + i);
        __m256 g = _mm256_loadu_ps(bgr[1] + i);
        __m256 r = _mm256_loadu_ps(bgr[2] + i);
        __m256 y = _mm256_add_ps(_mm256_mul_ps(_mm256_set1_ps(PLANES_LUMA_R), r),
                                 _mm256_mul_ps(_mm256_set1_ps(PLANES_LUMA_G), g));
        y = _mm256_add_ps(y, _mm256_mul_ps(_mm256_set1_ps(PLANES_LUMA_B), b));
        _mm256_storeu_ps(ycc[0] + i, y);
        _mm256_storeu_ps(ycc[1] + i, _mm256_div_ps(_mm256_sub_ps(b, y), _mm256_set1_ps(PLANES_SPAN_B)));
        _mm256_storeu_ps(ycc[2] + i, _mm256_div_ps(_mm256_sub_ps(r, y), _mm256_set1_ps(PLANES_SPAN_R)));
    }
    planes_to_ycc_rest(ycc, bgr, i, count);
}

static void to_bgr_avx2(float *const bgr[3], const float *const ycc[3], size_t count)
{
    size_t i = 0;

    for (; i + BLOCK <= count; i += BLOCK) {
        __m256 y = _mm256_loadu_ps(ycc[0] + i);
        __m256 b = _mm256_mul_ps(_mm256_set1_ps(PLANES_SPAN_B), _mm256_loadu_ps(ycc[1] + i));
        __m256 r = _mm256_mul_ps(_mm256_set1_ps(PLANES_SPAN_R), _mm256_loadu_ps(ycc[2] + i));
        b = _mm256_add_ps(y, b);
        r = _mm256_add_ps(y, r);
        __m256 g = _mm256_sub_ps(y, _mm256_mul_ps(_mm256_set1_ps(PLANES_LUMA_R), r));
        g = _mm256_sub_ps(g, _mm256_mul_ps(_mm256_set1_ps(PLANES_LUMA_B), b));
        _mm256_storeu_ps(bgr[0] + i, b);
        _mm256_storeu_ps(bgr[1] + i, _mm256_div_ps(g, _mm256_set1_ps(PLANES_LUMA_G)));
        _mm256_storeu_ps(bgr[2] + i, r);
    }
    planes_to_bgr_rest(bgr, ycc, i, count);
}

void planes_kernels_init_avx2(struct planes_kernels *kernels)
{
    *kernels = (struct planes_kernels){
        .split_row = split_row_avx2,
        .join_row = join_row_avx2,
        .to_ycc = to_ycc_avx2,
        .to_bgr = to_bgr_avx2,
    };
}
