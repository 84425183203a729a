/* engine/kernels/depth_kernels.h: rows of depthwise convolutions (kernels.h). Included by the levels' files,
 * after block_kernels.h. */
#pragma once

#include "engine/kernels/block_kernels.h"

/* Outputs side by side share the inputs of their windows: sums, samples and weights of a line stay in
 * registers. */
#if VECTOR_FLOATS == 16 || defined(__aarch64__)
enum { WIDE_DEPTH = 8 };
#else
enum { WIDE_DEPTH = 4 };
#endif
enum { MOST_DEPTH_KERNEL = 5, MOST_DEPTH_STRIDE = 2 };

/* One line of the window of `pixels` outputs; kernel and stride are constants where this is called. */
static ALWAYS_INLINE void add_line(vec *sum, const float *in, const float *weights, const struct block *block,
                                   const int pixels, const int kernel, const int stride, vec_mask mask)
{
    vec sample[(WIDE_DEPTH - 1) * MOST_DEPTH_STRIDE + MOST_DEPTH_KERNEL];

    UNROLL for (int x = 0; x < (pixels - 1) * stride + kernel; x++) sample[x] =
        vec_load_part(in + x * block->window_step[1], mask);
    UNROLL for (int k = 0; k < kernel; k++)
    {
        const vec weight = vec_load(weights + (ptrdiff_t)k * block->length);
        UNROLL for (int i = 0; i < pixels; i++) sum[i] = vec_fma(sample[i * stride + k], weight, sum[i]);
    }
}

/* The same for any kernel, stride and dilation. */
static ALWAYS_INLINE void add_any_line(vec *sum, const float *in, const float *weights,
                                       const struct depth_row *row, const int pixels, vec_mask mask)
{
    for (int k = 0; k < row->block.window[1]; k++) {
        const vec weight = vec_load(weights + (ptrdiff_t)k * row->block.length);
        UNROLL for (int i = 0; i < pixels; i++)
        {
            const float *at = in + k * row->block.window_step[1] + i * row->stride * row->block.in_pixel;
            sum[i] = vec_fma(vec_load_part(at, mask), weight, sum[i]);
        }
    }
}

/* Outputs x .. x + pixels - 1; a kernel of 0: any. */
static ALWAYS_INLINE void compute_depth(const struct depth_row *row, int x, const int pixels,
                                        const int kernel, const int stride)
{
    const struct block *block = &row->block;
    const vec_mask      mask = vec_mask_of(block->channels);
    const float        *in = block->in + (ptrdiff_t)x * row->stride * block->in_pixel;
    const float        *weights = block->weights;
    float              *out = block->out + x * block->out_pixel;
    vec                 sum[WIDE_DEPTH];

    UNROLL for (int i = 0; i < pixels; i++) sum[i] = vec_load(block->init + (x + i) * block->init_pixel);
    for (int y = 0; y < block->window[0]; y++, in += block->window_step[0]) {
        if (kernel)
            add_line(sum, in, weights, block, pixels, kernel, stride, mask);
        else
            add_any_line(sum, in, weights, row, pixels, mask);
        weights += (ptrdiff_t)block->window[1] * block->length;
    }
    if (block->way == STORE_FINISHED) {
        struct block part = *block;
        vec          values[WIDE_DEPTH];
        part.out = out;
        if (part.residual)
            part.residual += x * part.residual_pixel;
        UNROLL for (int i = 0; i < pixels; i++) values[i] = sum[i];
        finish_block(&part, values, pixels, 1);
        return;
    }
    const vec low = vec_all(block->activation.a), high = vec_all(block->activation.b);
    UNROLL for (int i = 0; i < pixels; i++)
    {
        if (block->way == STORE_CLAMPED)
            sum[i] = vec_clamp(sum[i], low, high);
        vec_store_part(out + i * block->out_pixel, sum[i], mask);
    }
}

static ALWAYS_INLINE void compute_depth_row(const struct depth_row *row, const int kernel, const int stride)
{
    int x = 0;

    for (; x + WIDE_DEPTH <= row->pixels; x += WIDE_DEPTH)
        compute_depth(row, x, WIDE_DEPTH, kernel, stride);
    if (WIDE_DEPTH > 4 && x + 4 <= row->pixels) {
        compute_depth(row, x, 4, kernel, stride);
        x += 4;
    }
    if (x + 2 <= row->pixels) {
        compute_depth(row, x, 2, kernel, stride);
        x += 2;
    }
    if (x < row->pixels)
        compute_depth(row, x, 1, kernel, stride);
}

static void depth_row(const struct depth_row *row)
{
    const struct block *block = &row->block;
    const bool          near = block->window_step[1] == block->in_pixel; /* no dilation */

    if (near && block->window[1] == 3 && row->stride == 1)
        compute_depth_row(row, 3, 1);
    else if (near && block->window[1] == 3 && row->stride == 2)
        compute_depth_row(row, 3, 2);
    else if (near && block->window[1] == 5 && row->stride == 1)
        compute_depth_row(row, 5, 1);
    else if (near && block->window[1] == 5 && row->stride == 2)
        compute_depth_row(row, 5, 2);
    else
        compute_depth_row(row, 0, 0);
}

#define DEPTH_KERNELS .depth_row = depth_row
