/* engine/kernels/block_kernels.h: products of matrices, block by block (kernels.h). Included by the levels'
 * files. */
#pragma once

#include "engine/kernels/kernels.h"
#include "engine/kernels/vector_math.h"

/* Sums that stay in registers beside the weights and a value: 24 of 32, or 12 of 16. */
#if VECTOR_FLOATS == 16 || defined(__aarch64__)
enum { PIXELS_OF_TWO = 12 };
#else
enum { PIXELS_OF_TWO = 6 };
#endif
enum { PIXELS_OF_ONE = 12 };

/* `sums` [pixels][vectors] through residual and activation to the output. */
static NEVER_INLINE void finish_block(const struct block *block, vec *sums, int pixels, int vectors)
{
    const vec_mask last = vec_mask_of(block->channels - (vectors - 1) * VECTOR_FLOATS);
    const vec_mask all = vec_mask_of(VECTOR_FLOATS);

    for (int before = 1; before >= 0; before--) {
        if (block->residual && block->residual_first == before)
            for (int i = 0; i < pixels; i++)
                for (int j = 0; j < vectors; j++)
                    sums[i * vectors + j] +=
                        vec_load_part(block->residual + i * block->residual_pixel + j * VECTOR_FLOATS,
                                      j < vectors - 1 ? all : last);
        if (before)
            vec_activate(sums, pixels * vectors, &block->activation);
    }
    for (int i = 0; i < pixels; i++)
        for (int j = 0; j < vectors; j++)
            vec_store_part(block->out + i * block->out_pixel + j * VECTOR_FLOATS, sums[i * vectors + j],
                           j < vectors - 1 ? all : last);
}

/* Adds a segment to the sums; returns the weights behind its own. Pixels are reached from every third one's
 * address: the processor adds one or two strides for nothing. */
static ALWAYS_INLINE const float *add_segment(vec (*sum)[PANEL_VECTORS], const float *segment, ptrdiff_t step,
                                              int length, const float *weights, const int pixels,
                                              const int vectors)
{
    const float *in[MOST_PIXELS / 3];
    UNROLL for (int i = 0; i < (pixels + 2) / 3; i++) in[i] = segment + 3 * i * step;

    for (int k = 0; k < length; k++, weights += vectors * VECTOR_FLOATS) {
        vec weight[PANEL_VECTORS];
        UNROLL for (int j = 0; j < vectors; j++)
        {
            weight[j] = vec_load(weights + j * VECTOR_FLOATS);
            VEC_PIN(weight[j]);
        }
        UNROLL for (int i = 0; i < pixels; i++)
        {
            const vec value = vec_all(in[i / 3][i % 3 * step]);
            UNROLL for (int j = 0; j < vectors; j++) sum[i][j] = vec_fma(value, weight[j], sum[i][j]);
        }
        UNROLL for (int i = 0; i < (pixels + 2) / 3; i++) in[i]++;
    }
    return weights;
}

static ALWAYS_INLINE void compute_block(const struct block *block, const int pixels, const int vectors)
{
    vec             sum[MOST_PIXELS][PANEL_VECTORS];
    const float    *weights = block->weights;
    const ptrdiff_t step = block->in_pixel;

    UNROLL for (int i = 0; i < pixels; i++) UNROLL for (int j = 0; j < vectors; j++) sum[i][j] =
        vec_load(block->init + i * block->init_pixel + j * VECTOR_FLOATS);

    for (int y = 0; y < block->window[0]; y++) {
        const float *segment = block->in + y * block->window_step[0];
        for (int x = 0; x < block->window[1]; x++, segment += block->window_step[1])
            weights = add_segment(sum, segment, step, block->length, weights, pixels, vectors);
    }

    if (block->way == STORE_FINISHED) {
        vec values[MOST_PIXELS * PANEL_VECTORS];
        UNROLL for (int i = 0; i < pixels; i++) UNROLL for (int j = 0; j < vectors; j++)
            values[i * vectors + j] = sum[i][j];
        finish_block(block, values, pixels, vectors);
        return;
    }
    if (block->way == STORE_CLAMPED) {
        const vec low = vec_all(block->activation.a), high = vec_all(block->activation.b);
        UNROLL for (int i = 0; i < pixels; i++) UNROLL for (int j = 0; j < vectors; j++) sum[i][j] =
            vec_clamp(sum[i][j], low, high);
    }
    const vec_mask last = vec_mask_of(block->channels - (vectors - 1) * VECTOR_FLOATS);
    UNROLL for (int i = 0; i < pixels; i++)
    {
        float *out = block->out + i * block->out_pixel;
        if (vectors == 2)
            vec_store(out, sum[i][0]);
        vec_store_part(out + (vectors - 1) * VECTOR_FLOATS, sum[i][vectors - 1], last);
    }
}

static void peak(float *sums, int turns)
{
    vec sum[PEAK_SUMS], factor = vec_load(sums);

    UNROLL for (int i = 0; i < PEAK_SUMS; i++) sum[i] = factor;
    while (turns-- > 0)
        UNROLL for (int i = 0; i < PEAK_SUMS; i++)
        {
            sum[i] = vec_fma(sum[i], factor, factor);
            VEC_PIN(sum[i]);
        }
    for (int i = 1; i < PEAK_SUMS; i++)
        sum[0] += sum[i];
    vec_store(sums, sum[0]);
}

#define BLOCK_SIZES(X) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12)

#define DEFINE_BLOCK(pixels)                                                                                 \
    static void block_of_one_##pixels(const struct block *block)                                             \
    {                                                                                                        \
        compute_block(block, pixels, 1);                                                                     \
    }                                                                                                        \
    static void block_of_two_##pixels(const struct block *block)                                             \
    {                                                                                                        \
        compute_block(block, (pixels) <= PIXELS_OF_TWO ? (pixels) : 1, 2);                                   \
    }
BLOCK_SIZES(DEFINE_BLOCK)
#undef DEFINE_BLOCK

#define ONE_BLOCK(pixels) block_of_one_##pixels,
#define TWO_BLOCK(pixels) block_of_two_##pixels,
#define BLOCK_KERNELS                                                                                        \
    .peak = peak, .most_pixels = {PIXELS_OF_ONE, PIXELS_OF_TWO},                                             \
    .block = {{NULL, BLOCK_SIZES(ONE_BLOCK)}, {NULL, BLOCK_SIZES(TWO_BLOCK)}}
