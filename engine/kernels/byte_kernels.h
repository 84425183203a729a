/* engine/kernels/byte_kernels.h: sums of products of bytes, and what becomes of them (bytes.h). Included by
 * the levels' files; those with BYTE_DOT have an instruction for a quad. */
#pragma once

#include "engine/kernels/bytes.h"
#include "engine/kernels/vector_math.h"

typedef int32_t ints __attribute__((vector_size(4 * VECTOR_FLOATS)));
typedef uint8_t vec_bytes __attribute__((vector_size(VECTOR_FLOATS)));

static ALWAYS_INLINE ints ints_load(const void *from)
{
    ints v;
    memcpy(&v, from, sizeof(v));
    return v;
}

static ALWAYS_INLINE ints ints_all(int32_t x)
{
#if VECTOR_FLOATS == 16
    return (ints)_mm512_set1_epi32(x);
#elif VECTOR_FLOATS == 8
    return (ints)_mm256_set1_epi32(x);
#else
    return (ints){x, x, x, x};
#endif
}

/* ---- products ----------------------------------------------------------------------------------- */

#if VECTOR_FLOATS == 16 && defined(BYTE_DOT)
enum { PAIRS = false };
#elif defined(__SSE2__)
enum { PAIRS = true };
#else
enum { PAIRS = false };
#endif

/* A quad of a pixel, in all lanes. */
static ALWAYS_INLINE ints quad_load(const uint8_t *from)
{
    int32_t quad;
    memcpy(&quad, from, sizeof(quad));
    return ints_all(quad);
}

#if VECTOR_FLOATS == 16 && defined(BYTE_DOT)
static ALWAYS_INLINE ints add_quad(ints sum, ints quad, ints weights)
{
    return (ints)_mm512_dpbusd_epi32((__m512i)sum, (__m512i)quad, (__m512i)weights);
}
#elif defined(__SSE2__)
/* The bytes 0 and 2, or 1 and 3, of a quad as 16-bit numbers. */
static ALWAYS_INLINE ints quad_half(ints quad, const int half)
{
    typedef uint16_t shorts __attribute__((vector_size(4 * VECTOR_FLOATS)));
    return half ? (ints)((shorts)quad >> 8) : quad & ints_all(0x00FF00FF);
}

static ALWAYS_INLINE ints add_pair(ints sum, ints pair, ints weights)
{
#if VECTOR_FLOATS == 16
    return sum + (ints)_mm512_madd_epi16((__m512i)pair, (__m512i)weights);
#elif VECTOR_FLOATS == 8
    return sum + (ints)_mm256_madd_epi16((__m256i)pair, (__m256i)weights);
#else
    return sum + (ints)_mm_madd_epi16((__m128i)pair, (__m128i)weights);
#endif
}
#else
static ALWAYS_INLINE ints add_quad(ints sum, ints quad, ints weights)
{
    for (int shift = 0; shift < 32; shift += 8)
        sum += (ints)((vec_bits)quad >> shift & 0xFFU) * ((ints)((vec_bits)weights << (24 - shift)) >> 24);
    return sum;
}
#endif

/* Adds one quad of each pixel to the sums; `step` is from pixel to pixel. */
static ALWAYS_INLINE void add_quads(ints (*sum)[PANEL_VECTORS], const uint8_t *const *in, ptrdiff_t step,
                                    const ints *weights, const int pixels, const int vectors)
{
#if defined(__SSE2__) && !defined(BYTE_DOT)
    UNROLL for (int half = 0; half < 2; half++)
    {
        ints weight[PANEL_VECTORS];
        UNROLL for (int j = 0; j < vectors; j++)
        {
            weight[j] = ints_load(weights + half * vectors + j);
            VEC_PIN(weight[j]);
        }
        UNROLL for (int i = 0; i < pixels; i++)
        {
            const ints pair = quad_half(quad_load(in[i / 3] + i % 3 * step), half);
            UNROLL for (int j = 0; j < vectors; j++) sum[i][j] = add_pair(sum[i][j], pair, weight[j]);
        }
    }
#else
    ints weight[PANEL_VECTORS];
    UNROLL for (int j = 0; j < vectors; j++)
    {
        weight[j] = ints_load(weights + j);
        VEC_PIN(weight[j]);
    }
    UNROLL for (int i = 0; i < pixels; i++)
    {
        const ints quad = quad_load(in[i / 3] + i % 3 * step);
        UNROLL for (int j = 0; j < vectors; j++) sum[i][j] = add_quad(sum[i][j], quad, weight[j]);
    }
#endif
}

/* ---- bytes and floats --------------------------------------------------------------------------- */

/* Some channels' bytes, of which `mask` are there. */
static ALWAYS_INLINE vec_bytes bytes_load(const uint8_t *from, vec_mask mask)
{
    vec_bytes v;
#if VECTOR_FLOATS > 8
    v = (vec_bytes)_mm_maskz_loadu_epi8(mask, from);
#else
    (void)mask;
    memcpy(&v, from, sizeof(v));
#endif
    return v;
}

static ALWAYS_INLINE void bytes_store(uint8_t *to, vec_bytes v, vec_mask mask)
{
#if VECTOR_FLOATS > 8
    _mm_mask_storeu_epi8(to, mask, (__m128i)v);
#else
    (void)mask;
    memcpy(to, &v, sizeof(v));
#endif
}

/* GCC makes conversions of vectors number by number. */
static ALWAYS_INLINE ints ints_of_bytes(vec_bytes bytes)
{
#if VECTOR_FLOATS == 16
    return (ints)_mm512_cvtepu8_epi32((__m128i)bytes);
#elif VECTOR_FLOATS == 8
    int64_t eight;
    memcpy(&eight, &bytes, sizeof(eight));
    return (ints)_mm256_cvtepu8_epi32(_mm_cvtsi64_si128(eight));
#elif defined(__SSE2__)
    int32_t four;
    const __m128i zero = _mm_setzero_si128();
    memcpy(&four, &bytes, sizeof(four));
    return (ints)_mm_unpacklo_epi16(_mm_unpacklo_epi8(_mm_cvtsi32_si128(four), zero), zero);
#else
    return __builtin_convertvector(bytes, ints);
#endif
}

/* Of numbers from 0 on: what is above 255 is 255. */
static ALWAYS_INLINE vec_bytes bytes_of_ints(ints x)
{
    vec_bytes bytes;
#if VECTOR_FLOATS == 16
    bytes = (vec_bytes)_mm512_cvtusepi32_epi8((__m512i)x);
#elif VECTOR_FLOATS == 8
    const __m128i shorts =
        _mm_packs_epi32(_mm256_castsi256_si128((__m256i)x), _mm256_extracti128_si256((__m256i)x, 1));
    const int64_t eight = _mm_cvtsi128_si64(_mm_packus_epi16(shorts, shorts));
    memcpy(&bytes, &eight, sizeof(bytes));
#elif defined(__SSE2__)
    const __m128i shorts = _mm_packs_epi32((__m128i)x, (__m128i)x);
    const int32_t four = _mm_cvtsi128_si32(_mm_packus_epi16(shorts, shorts));
    memcpy(&bytes, &four, sizeof(bytes));
#else
    const ints above = x > 255;
    bytes = __builtin_convertvector((above & 255) | (~above & x), vec_bytes);
#endif
    return bytes;
}

static ALWAYS_INLINE vec vec_of_ints(ints x)
{
    return __builtin_convertvector(x, vec);
}

/* What numbers are rounded to bytes by: byte = round(x * per_unit) + zero. A number is rounded by adding it
 * to 1.5 * 2^23, whose low bits then hold it; limits are set while it is there. */
struct rounding {
    vec  per_unit, least;
    ints zero; /* less the bits that 1.5 * 2^23 has by itself */
};

static ALWAYS_INLINE struct rounding rounding_of(vec per_unit, ints zero)
{
    const vec magic = vec_all(12582912.0F);
    return (struct rounding){per_unit, magic - vec_of_ints(zero), zero - (ints)magic};
}

/* What is too large, or no number, is above 255 in any case, since the bits of floats rise with them. */
static ALWAYS_INLINE vec_bytes bytes_of_vec(vec x, const struct rounding *rounding)
{
    const vec shifted = vec_fma(x, rounding->per_unit, vec_all(12582912.0F));
    return bytes_of_ints((ints)vec_max(rounding->least, shifted) + rounding->zero);
}

/* Channels from `channel` on of a pixel that may be of bytes. */
static ALWAYS_INLINE vec channels_load(const void *pixel, int channel, struct steps steps, vec_mask mask)
{
    if (steps_are_bytes(steps)) {
        const ints bytes = ints_of_bytes(bytes_load((const uint8_t *)pixel + channel, mask));
        return vec_of_ints(bytes - ints_all(steps.zero)) * vec_all(steps.scale);
    }
    return vec_load_part((const float *)pixel + channel, mask);
}

/* ---- blocks ------------------------------------------------------------------------------------- */

/* Adds what the residual's pixels hold to `values` [pixels][vectors]. */
static ALWAYS_INLINE void add_residual(const struct byte_block *block, vec *values, int pixels, int vectors)
{
    const vec  scale = vec_all(block->residual_steps.scale);
    const ints zero = ints_all(block->residual_steps.zero);

    for (int j = 0; j < vectors; j++) {
        const int      channel = j * VECTOR_FLOATS;
        const vec_mask mask = vec_mask_of(block->channels - channel);
        if (steps_are_bytes(block->residual_steps)) {
            const uint8_t *from = (const uint8_t *)block->residual + channel;
            for (int i = 0; i < pixels; i++, from += block->residual_pixel) {
                const ints whole = ints_of_bytes(bytes_load(from, mask)) - zero;
                values[i * vectors + j] = vec_fma(vec_of_ints(whole), scale, values[i * vectors + j]);
            }
        } else {
            const float *from = (const float *)block->residual + channel;
            for (int i = 0; i < pixels; i++, from += block->residual_pixel)
                values[i * vectors + j] += vec_load_part(from, mask);
        }
    }
}

/* `values` [pixels][vectors] to the output. */
static ALWAYS_INLINE void store_block(const struct byte_block *block, const vec *values, int pixels,
                                      int vectors)
{
    for (int j = 0; j < vectors; j++) {
        const int      channel = j * VECTOR_FLOATS;
        const vec_mask mask = vec_mask_of(block->channels - channel);
        if (block->per_unit) {
            const struct rounding rounding =
                rounding_of(vec_load(block->per_unit + channel), ints_load(block->zero + channel));
            uint8_t *out = (uint8_t *)block->out + channel;
            for (int i = 0; i < pixels; i++)
                bytes_store(out + i * block->out_pixel, bytes_of_vec(values[i * vectors + j], &rounding),
                            mask);
        } else {
            float *out = (float *)block->out + channel;
            for (int i = 0; i < pixels; i++)
                vec_store_part(out + i * block->out_pixel, values[i * vectors + j], mask);
        }
    }
}

/* `values` [pixels][vectors] through residual and activation to the output. */
static NEVER_INLINE void finish_bytes(const struct byte_block *block, vec *values, int pixels, int vectors)
{
    if (block->residual && block->residual_first)
        add_residual(block, values, pixels, vectors);
    vec_activate(values, pixels * vectors, &block->activation);
    if (block->residual && !block->residual_first)
        add_residual(block, values, pixels, vectors);
    store_block(block, values, pixels, vectors);
}

static ALWAYS_INLINE void compute_bytes(const struct byte_block *block, const int pixels, const int vectors)
{
    ints            sum[MOST_PIXELS][PANEL_VECTORS];
    vec             values[MOST_PIXELS * PANEL_VECTORS];
    const ints     *weights = block->weights;
    const ptrdiff_t step = block->in_pixel;

    UNROLL for (int j = 0; j < vectors; j++)
    {
        const ints init = ints_load(block->sums + j * VECTOR_FLOATS) * ints_all(-block->in_steps.zero);
        UNROLL for (int i = 0; i < pixels; i++) sum[i][j] = init;
    }
    for (int y = 0; y < block->window[0]; y++) {
        const uint8_t *segment = block->in + y * block->window_step[0];
        for (int x = 0; x < block->window[1]; x++, segment += block->window_step[1]) {
            const uint8_t *in[MOST_PIXELS / 3]; /* as in add_segment() of block_kernels.h */
            UNROLL for (int i = 0; i < (pixels + 2) / 3; i++) in[i] = segment + 3 * i * step;
            for (int k = 0; k < block->quads; k++, weights += (PAIRS ? 2 : 1) * vectors) {
                add_quads(sum, in, step, weights, pixels, vectors);
                UNROLL for (int i = 0; i < (pixels + 2) / 3; i++) in[i] += QUAD;
            }
        }
    }
    UNROLL for (int j = 0; j < vectors; j++)
    {
        const vec scale = vec_load(block->scale + j * VECTOR_FLOATS) * vec_all(block->in_steps.scale);
        const vec bias = vec_load(block->bias + j * VECTOR_FLOATS);
        UNROLL for (int i = 0; i < pixels; i++) values[i * vectors + j] =
            vec_fma(vec_of_ints(sum[i][j]), scale, bias);
    }
    finish_bytes(block, values, pixels, vectors);
}

/* Sums that stay in registers beside the weights, a quad and its halves. */
#if VECTOR_FLOATS == 16
enum { BYTE_PIXELS_OF_TWO = 12 };
#else
enum { BYTE_PIXELS_OF_TWO = 6 };
#endif
enum { BYTE_PIXELS_OF_ONE = 12 };

#define BYTE_SIZES(X) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12)

#define DEFINE_BLOCK(pixels)                                                                                 \
    static void bytes_of_one_##pixels(const struct byte_block *block)                                        \
    {                                                                                                        \
        compute_bytes(block, pixels, 1);                                                                     \
    }                                                                                                        \
    static void bytes_of_two_##pixels(const struct byte_block *block)                                        \
    {                                                                                                        \
        compute_bytes(block, (pixels) <= BYTE_PIXELS_OF_TWO ? (pixels) : 1, 2);                              \
    }
BYTE_SIZES(DEFINE_BLOCK)
#undef DEFINE_BLOCK

/* ---- lines -------------------------------------------------------------------------------------- */

static ALWAYS_INLINE void convert_pixel(const struct byte_line *line, const uint8_t *in, uint8_t *out)
{
    const struct rounding rounding =
        rounding_of(vec_all(1.0F / line->out_steps.scale), ints_all(line->out_steps.zero));

    for (int c = 0; c < line->channels; c += VECTOR_FLOATS) {
        const vec_mask mask = vec_mask_of(line->channels - c);
        const vec      v = channels_load(in, c, line->in_steps, mask);
        if (steps_are_bytes(line->out_steps))
            bytes_store(out + c, bytes_of_vec(v, &rounding), mask);
        else
            vec_store_part((float *)(void *)out + c, v, mask);
    }
}

static void convert_bytes(const struct byte_line *line)
{
    const ptrdiff_t in_size = steps_are_bytes(line->in_steps) ? 1 : sizeof(float);
    const ptrdiff_t out_size = steps_are_bytes(line->out_steps) ? 1 : sizeof(float);
    const uint8_t  *in = line->in;
    uint8_t        *out = line->out;

    for (int x = 0; x < line->pixels; x++) {
        convert_pixel(line, in, out);
        in += line->in_pixel * in_size;
        out += line->out_pixel * out_size;
    }
}

/* ---- windows ------------------------------------------------------------------------------------ */

enum { LARGEST_BYTES = 16 };
typedef uint8_t some_bytes __attribute__((vector_size(LARGEST_BYTES)));

static ALWAYS_INLINE some_bytes larger(some_bytes a, some_bytes b)
{
#if defined(__SSE2__)
    return (some_bytes)_mm_max_epu8((__m128i)a, (__m128i)b);
#else
    const some_bytes above = (some_bytes)(a > b);
    return (a & above) | (b & ~above);
#endif
}

/* `count` channels of a pixel: LARGEST_BYTES, or the half. */
static ALWAYS_INLINE void largest_part(const struct byte_window *window, const uint8_t *in, uint8_t *out,
                                       const size_t count)
{
    some_bytes most = {0};

    for (int y = 0; y < window->window[0]; y++, in += window->window_step[0]) {
        const uint8_t *tap = in;
        for (int x = 0; x < window->window[1]; x++, tap += window->window_step[1]) {
            some_bytes v = {0};
            memcpy(&v, tap, count);
            most = larger(most, v);
        }
    }
    memcpy(out, &most, count);
}

static void largest_bytes(const struct byte_window *window)
{
    for (int x = 0; x < window->pixels; x++) {
        const uint8_t *in = window->in + x * window->in_pixel;
        uint8_t       *out = window->out + x * window->out_pixel;
        int            c = 0;
        for (; c + LARGEST_BYTES <= window->channels; c += LARGEST_BYTES)
            largest_part(window, in + c, out + c, LARGEST_BYTES);
        if (c < window->channels)
            largest_part(window, in + c, out + c, MAP_GRAIN);
    }
}

#define ONE_BLOCK(pixels) bytes_of_one_##pixels,
#define TWO_BLOCK(pixels) bytes_of_two_##pixels,
#define BYTE_KERNELS                                                                                         \
    .vector = VECTOR_FLOATS, .pairs = PAIRS, .most_pixels = {BYTE_PIXELS_OF_ONE, BYTE_PIXELS_OF_TWO},        \
    .block = {{NULL, BYTE_SIZES(ONE_BLOCK)}, {NULL, BYTE_SIZES(TWO_BLOCK)}}, .convert = convert_bytes,       \
    .largest = largest_bytes
