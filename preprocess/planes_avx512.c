#include "preprocess/planes_kernels.h"

#include <immintrin.h>

enum { BLOCK = 16 };

/* Sixteen pixels as words of 32 bits. 8 bits a channel: all four channels in `low`. 16 bits: channels 0 and 1
 * in `low`, 2 and 3 in `high`. */
struct words {
    __m512i low, high;
};

enum { TWELVE_WORDS = 0x0FFF }; /* a mask: 48 bytes */

/* 48 bytes at `at`, 12 to a lane, then ordered within the lanes. */
static inline __m512i load_48(const uint8_t *at, __m128i order)
{
    const __m512i spread = _mm512_setr_epi32(0, 1, 2, 2, 3, 4, 5, 5, 6, 7, 8, 8, 9, 10, 11, 11);
    __m512i       packed = _mm512_maskz_loadu_epi32(TWELVE_WORDS, at);

    return _mm512_shuffle_epi8(_mm512_permutexvar_epi32(spread, packed), _mm512_broadcast_i32x4(order));
}

/* The way back. */
static inline void store_48(uint8_t *at, __m512i value, __m128i order)
{
    const __m512i gather = _mm512_setr_epi32(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, 15, 15, 15, 15);
    __m512i       ordered = _mm512_shuffle_epi8(value, _mm512_broadcast_i32x4(order));

    _mm512_mask_storeu_epi32(at, TWELVE_WORDS, _mm512_permutexvar_epi32(gather, ordered));
}

/* ---- sixteen pixels in -------------------------------------------------------------------- */

static inline struct words load_8bit(const uint8_t *at, int channels)
{
    struct words words = {.high = _mm512_setzero_si512()};

    if (channels == 1)
        words.low = _mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)at));
    else if (channels == 2)
        words.low = _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)at));
    else if (channels == 3)
        words.low = load_48(at, _mm_setr_epi8(0, 1, 2, -1, 3, 4, 5, -1, 6, 7, 8, -1, 9, 10, 11, -1));
    else
        words.low = _mm512_loadu_si512(at);
    return words;
}

static inline struct words load_16bit(const uint8_t *at, int channels)
{
    const __m512i even = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    const __m512i odd = _mm512_setr_epi32(1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
    const __m128i spread = _mm_setr_epi8(0, 1, 2, 3, 4, 5, -1, -1, 6, 7, 8, 9, 10, 11, -1, -1);
    struct words  words = {.high = _mm512_setzero_si512()};
    __m512i       first, second; /* pixels 0..7, 8..15 */

    if (channels == 1) {
        words.low = _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)at));
        return words;
    }
    if (channels == 2) {
        words.low = _mm512_loadu_si512(at);
        return words;
    }
    if (channels == 3) {
        first = load_48(at, spread);
        second = load_48(at + 48, spread);
    } else {
        first = _mm512_loadu_si512(at);
        second = _mm512_loadu_si512(at + 64);
    }
    words.low = _mm512_permutex2var_epi32(first, even, second);
    words.high = _mm512_permutex2var_epi32(first, odd, second);
    return words;
}

static inline __m512 split_channel(const struct words *words, int depth, int c)
{
    if (depth == 8) {
        __m512i moved = _mm512_srl_epi32(words->low, _mm_cvtsi32_si128(8 * c));
        return _mm512_cvtepi32_ps(_mm512_and_si512(moved, _mm512_set1_epi32(0xFF)));
    }
    __m512i pair = c < 2 ? words->low : words->high;
    __m512i level = c % 2 ? _mm512_srli_epi32(pair, 16) : _mm512_and_si512(pair, _mm512_set1_epi32(0xFFFF));
    return _mm512_div_ps(_mm512_cvtepi32_ps(level), _mm512_set1_ps(257.0F));
}

static void split_row_avx512(const struct planes_row *row)
{
    size_t pixel_size = (size_t)row->channels * (size_t)row->depth / 8;
    int    colours = planes_row_has_alpha(row) ? row->channels - 1 : row->channels;
    int    x = 0;

    for (; x + BLOCK <= row->width; x += BLOCK) {
        const uint8_t *at = (const uint8_t *)row->pixels + (size_t)x * pixel_size;
        struct words   words = row->depth == 8 ? load_8bit(at, row->channels) : load_16bit(at, row->channels);
        __m512         share = _mm512_set1_ps(1);
        if (colours < row->channels) {
            __m512 alpha = split_channel(&words, row->depth, colours);
            _mm512_storeu_ps(row->plane[colours] + x, alpha);
            share = _mm512_div_ps(alpha, _mm512_set1_ps(255.0F));
        }
        for (int c = 0; c < colours; c++)
            _mm512_storeu_ps(row->plane[c] + x, _mm512_mul_ps(split_channel(&words, row->depth, c), share));
    }
    planes_split_rest(row, x);
}

/* ---- sixteen pixels out ------------------------------------------------------------------- */

static inline __m512 clip(__m512 value)
{
    __m512 above = _mm512_max_ps(value, _mm512_setzero_ps()); /* the second where the first is no number */
    return _mm512_min_ps(above, _mm512_set1_ps(255.0F));
}

static inline __m512i round_level(__m512 value, int depth)
{
    __m512    scaled = depth == 8 ? value : _mm512_mul_ps(value, _mm512_set1_ps(257.0F));
    __m512i   below = _mm512_cvttps_epi32(scaled);
    __m512    part = _mm512_sub_ps(scaled, _mm512_cvtepi32_ps(below));
    __mmask16 up = _mm512_cmp_ps_mask(part, _mm512_set1_ps(0.5F), _CMP_GE_OQ);

    return _mm512_mask_add_epi32(below, up, below, _mm512_set1_epi32(1));
}

static inline void store_8bit(uint8_t *at, const __m512i level[4], int channels)
{
    __m512i words = level[0];

    for (int c = 1; c < channels; c++)
        words = _mm512_or_si512(words, _mm512_sll_epi32(level[c], _mm_cvtsi32_si128(8 * c)));
    if (channels == 1)
        _mm_storeu_si128((__m128i *)at, _mm512_cvtepi32_epi8(words));
    else if (channels == 2)
        _mm256_storeu_si256((__m256i *)at, _mm512_cvtepi32_epi16(words));
    else if (channels == 3)
        store_48(at, words, _mm_setr_epi8(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1));
    else
        _mm512_storeu_si512(at, words);
}

static inline void store_16bit(uint8_t *at, const __m512i level[4], int channels)
{
    const __m512i left = _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    const __m512i right = _mm512_setr_epi32(8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
    const __m128i gather = _mm_setr_epi8(0, 1, 2, 3, 4, 5, 8, 9, 10, 11, 12, 13, -1, -1, -1, -1);

    if (channels == 1) {
        _mm256_storeu_si256((__m256i *)at, _mm512_cvtepi32_epi16(level[0]));
        return;
    }
    __m512i low = _mm512_or_si512(level[0], _mm512_slli_epi32(level[1], 16));
    if (channels == 2) {
        _mm512_storeu_si512(at, low);
        return;
    }
    __m512i high = level[2];
    if (channels == 4)
        high = _mm512_or_si512(high, _mm512_slli_epi32(level[3], 16));
    __m512i first = _mm512_permutex2var_epi32(low, left, high);
    __m512i second = _mm512_permutex2var_epi32(low, right, high);
    if (channels == 3) {
        store_48(at, first, gather);
        store_48(at + 48, second, gather);
        return;
    }
    _mm512_storeu_si512(at, first);
    _mm512_storeu_si512(at + 64, second);
}

static void join_row_avx512(const struct planes_row *row)
{
    size_t pixel_size = (size_t)row->channels * (size_t)row->depth / 8;
    int    colours = planes_row_has_alpha(row) ? row->channels - 1 : row->channels;
    int    x = 0;

    for (; x + BLOCK <= row->width; x += BLOCK) {
        uint8_t  *at = (uint8_t *)row->pixels + (size_t)x * pixel_size;
        __m512    share = _mm512_set1_ps(1);
        __mmask16 visible = 0xFFFF;
        __m512i   level[4];
        if (colours < row->channels) {
            __m512 alpha = clip(_mm512_loadu_ps(row->plane[colours] + x));
            level[colours] = round_level(alpha, row->depth);
            share = _mm512_div_ps(alpha, _mm512_set1_ps(255.0F));
            visible = _mm512_cmpgt_epi32_mask(level[colours], _mm512_setzero_si512());
        }
        for (int c = 0; c < colours; c++) {
            __m512 value = clip(_mm512_div_ps(_mm512_loadu_ps(row->plane[c] + x), share));
            level[c] = _mm512_maskz_mov_epi32(visible, round_level(value, row->depth));
        }
        if (row->depth == 8)
            store_8bit(at, level, row->channels);
        else
            store_16bit(at, level, row->channels);
    }
    planes_join_rest(row, x);
}

/* ---- colour differences ------------------------------------------------------------------- */
static void to_ycc_avx512(float *const ycc[3], const float *const bgr[3], size_t count)
{
    size_t i = 0;

    for (; i + BLOCK <= count; i += BLOCK) {
        __m512 b = _mm512_loadu_ps(bgr[0] + i);
        __m512 g = _mm512_loadu_ps(bgr[1] + i);
        __m512 r = _mm512_loadu_ps(bgr[2] + i);
        __m512 y = _mm512_add_ps(_mm512_mul_ps(_mm512_set1_ps(PLANES_LUMA_R), r),
                                 _mm512_mul_ps(_mm512_set1_ps(PLANES_LUMA_G), g));
        y = _mm512_add_ps(y, _mm512_mul_ps(_mm512_set1_ps(PLANES_LUMA_B), b));
        _mm512_storeu_ps(ycc[0] + i, y);
        _mm512_storeu_ps(ycc[1] + i, _mm512_div_ps(_mm512_sub_ps(b, y), _mm512_set1_ps(PLANES_SPAN_B)));
        _mm512_storeu_ps(ycc[2] + i, _mm512_div_ps(_mm512_sub_ps(r, y), _mm512_set1_ps(PLANES_SPAN_R)));
    }
    planes_to_ycc_rest(ycc, bgr, i, count);
}

static void to_bgr_avx512(float *const bgr[3], const float *const ycc[3], size_t count)
{
    size_t i = 0;

    for (; i + BLOCK <= count; i += BLOCK) {
        __m512 y = _mm512_loadu_ps(ycc[0] + i);
        __m512 b = _mm512_mul_ps(_mm512_set1_ps(PLANES_SPAN_B), _mm512_loadu_ps(ycc[1] + i));
        __m512 r = _mm512_mul_ps(_mm512_set1_ps(PLANES_SPAN_R), _mm512_loadu_ps(ycc[2] + i));
        b = _mm512_add_ps(y, b);
        r = _mm512_add_ps(y, r);
        __m512 g = _mm512_sub_ps(y, _mm512_mul_ps(_mm512_set1_ps(PLANES_LUMA_R), r));
        g = _mm512_sub_ps(g, _mm512_mul_ps(_mm512_set1_ps(PLANES_LUMA_B), b));
        _mm512_storeu_ps(bgr[0] + i, b);
        _mm512_storeu_ps(bgr[1] + i, _mm512_div_ps(g, _mm512_set1_ps(PLANES_LUMA_G)));
        _mm512_storeu_ps(bgr[2] + i, r);
    }
    planes_to_bgr_rest(bgr, ycc, i, count);
}

void planes_kernels_init_avx512(struct planes_kernels *kernels)
{
    *kernels = (struct planes_kernels){
        .split_row = split_row_avx512,
        .join_row = join_row_avx512,
        .to_ycc = to_ycc_avx512,
        .to_bgr = to_bgr_avx512,
    };
}
