/* engine/kernels/tile_kernels.h: transforms of tiles (kernels.h). Included by the levels' files. Matrices are
 * those of Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks" (2015), for F(4, 3) and, with
 * the points 0, 1, -1, 2 and infinity, F(4, 2). */
#pragma once

#include "engine/kernels/kernels.h"
#include "engine/kernels/vector_math.h"

static ALWAYS_INLINE vec vec_times(float factor, vec x)
{
    return vec_all(factor) * x;
}

/* ---- what both kinds end with --------------------------------------------------------------------- */

/* Outputs of the vector of channels that begins at `channel` through start, activation and residual. */
static ALWAYS_INLINE void finish_tile(const struct tile_out *tile, vec values[TILE][TILE], int channel)
{
    const vec_mask mask = vec_mask_of(tile->channels - channel);

    for (int i = 0; i < tile->rows; i++)
        for (int j = 0; j < tile->columns; j++) {
            if (tile->start.data)
                values[i][j] += vec_load_part(map_at(&tile->start, (tile->y + i) >> tile->start_shift,
                                                     (tile->x + j) >> tile->start_shift) +
                                                  channel,
                                              mask);
            if (tile->residual.data && tile->residual_first)
                values[i][j] += vec_load_part(map_at(&tile->residual, i, j) + channel, mask);
        }
    vec_activate(values[0], TILE * TILE, &tile->activation);
    for (int i = 0; i < tile->rows; i++)
        for (int j = 0; j < tile->columns; j++) {
            if (tile->residual.data && !tile->residual_first)
                values[i][j] += vec_load_part(map_at(&tile->residual, i, j) + channel, mask);
            vec_store_part(map_at(&tile->out, i, j) + channel, values[i][j], mask);
        }
}

static ALWAYS_INLINE vec tile_bias(const struct tile_out *tile, int channel)
{
    return tile->start.data ? vec_all(0.0F) : vec_load(tile->bias + channel);
}

/* ---- Winograd: F(4, 3) in both directions --------------------------------------------------------- */

enum { WINOGRAD_SIDE = 6 };

/* Six samples to six factors. */
static ALWAYS_INLINE void winograd_in_line(const vec d[WINOGRAD_SIDE], vec to[WINOGRAD_SIDE])
{
    const vec two = vec_all(2.0F), four = vec_all(4.0F), five = vec_all(5.0F);
    vec       a = vec_fnma(four, d[2], d[4]), b = vec_fnma(four, d[1], d[3]);
    vec       c = d[4] - d[2], e = d[3] - d[1];

    to[0] = vec_fma(four, d[0], vec_fnma(five, d[2], d[4]));
    to[1] = a + b;
    to[2] = a - b;
    to[3] = vec_fma(two, e, c);
    to[4] = vec_fnma(two, e, c);
    to[5] = vec_fma(four, d[1], vec_fnma(five, d[3], d[5]));
}

/* Six products to four sums. */
static ALWAYS_INLINE void winograd_out_line(const vec m[WINOGRAD_SIDE], vec to[TILE])
{
    vec a = m[1] + m[2], b = m[1] - m[2], c = m[3] + m[4], d = m[3] - m[4];

    to[0] = m[0] + a + c;
    to[1] = vec_fma(vec_all(2.0F), d, b);
    to[2] = vec_fma(vec_all(4.0F), c, a);
    to[3] = vec_fma(vec_all(8.0F), d, b) + m[5];
}

static void winograd_in(const struct tile_in *tile)
{
    for (int channel = 0; channel < tile->channels; channel += VECTOR_FLOATS) {
        const vec_mask mask = vec_mask_of(tile->channels - channel);
        const float   *in = tile->in + channel;
        float         *to = tile->to + channel;
        vec            half[WINOGRAD_SIDE][WINOGRAD_SIDE]; /* [column][row], transformed down */

        UNROLL for (int x = 0; x < WINOGRAD_SIDE; x++)
        {
            vec d[WINOGRAD_SIDE];
            UNROLL for (int y = 0; y < WINOGRAD_SIDE; y++) d[y] =
                vec_load_part(in + y * tile->row + x * tile->pixel, mask);
            winograd_in_line(d, half[x]);
        }
        UNROLL for (int y = 0; y < WINOGRAD_SIDE; y++)
        {
            vec d[WINOGRAD_SIDE], v[WINOGRAD_SIDE];
            UNROLL for (int x = 0; x < WINOGRAD_SIDE; x++) d[x] = half[x][y];
            winograd_in_line(d, v);
            UNROLL for (int x = 0; x < WINOGRAD_SIDE; x++)
                vec_store(to + (y * WINOGRAD_SIDE + x) * tile->position, v[x]);
        }
    }
}

static void winograd_out(const struct tile_out *tile)
{
    for (int channel = 0; channel < tile->channels; channel += VECTOR_FLOATS) {
        const float *sums = tile->sums + channel;
        const vec    bias = tile_bias(tile, channel);
        vec          half[WINOGRAD_SIDE][TILE], values[TILE][TILE];

        UNROLL for (int x = 0; x < WINOGRAD_SIDE; x++)
        {
            vec m[WINOGRAD_SIDE];
            UNROLL for (int y = 0; y < WINOGRAD_SIDE; y++) m[y] =
                vec_load(sums + (y * WINOGRAD_SIDE + x) * tile->position);
            winograd_out_line(m, half[x]);
        }
        UNROLL for (int y = 0; y < TILE; y++)
        {
            vec m[WINOGRAD_SIDE];
            UNROLL for (int x = 0; x < WINOGRAD_SIDE; x++) m[x] = half[x][y];
            winograd_out_line(m, values[y]);
            UNROLL for (int x = 0; x < TILE; x++) values[y][x] += bias;
        }
        finish_tile(tile, values, channel);
    }
}

/* ---- polyphase: stride 2; F(4, 2) on the even samples, the odd ones as they are ------------------- */

/* 81 vectors are in memory in any case: the outer loops stay loops, as fast and a ninth of the code. */
enum { POLYPHASE_SIDE = 9, EVEN_SIDE = 5 };

/* Where the products of row and column factors are: those that share a matrix of weights lie side by side.
 * Factors 0..4 are of the even samples, 5..8 the four odd samples. */
static ALWAYS_INLINE int polyphase_position(int y, int x)
{
    if (y < EVEN_SIDE)
        return POLYPHASE_SIDE * y + x;
    if (x < EVEN_SIDE)
        return POLYPHASE_SIDE * EVEN_SIDE + TILE * x + y - EVEN_SIDE;
    return (POLYPHASE_SIDE + TILE) * EVEN_SIDE + TILE * (y - EVEN_SIDE) + x - EVEN_SIDE;
}

/* Nine samples to nine factors. */
static ALWAYS_INLINE void polyphase_in_line(const vec d[POLYPHASE_SIDE], vec to[POLYPHASE_SIDE])
{
    const vec two = vec_all(2.0F), three = vec_all(3.0F);
    vec       a = d[6] - d[2];

    to[0] = vec_fma(two, d[0] - d[4], a);
    to[1] = a - d[2] - d[4];
    to[2] = vec_fnma(three, d[4], vec_fma(two, d[2], d[6]));
    to[3] = a;
    to[4] = vec_fnma(two, a, d[8] - d[4]);
    UNROLL for (int i = 0; i < TILE; i++) to[EVEN_SIDE + i] = d[2 * i + 1];
}

/* Nine products to four sums. */
static ALWAYS_INLINE void polyphase_out_line(const vec m[POLYPHASE_SIDE], vec to[TILE])
{
    vec a = m[1] + m[2], b = m[1] - m[2];

    to[0] = m[0] + a + m[3] + m[5];
    to[1] = vec_fma(vec_all(2.0F), m[3], b + m[6]);
    to[2] = vec_fma(vec_all(4.0F), m[3], a + m[7]);
    to[3] = vec_fma(vec_all(8.0F), m[3], b) + (m[4] + m[8]);
}

static void polyphase_in(const struct tile_in *tile)
{
    for (int channel = 0; channel < tile->channels; channel += VECTOR_FLOATS) {
        const vec_mask mask = vec_mask_of(tile->channels - channel);
        const float   *in = tile->in + channel;
        float         *to = tile->to + channel;
        vec            half[POLYPHASE_SIDE][POLYPHASE_SIDE]; /* [column][row factor] */

        for (int x = 0; x < POLYPHASE_SIDE; x++) {
            vec d[POLYPHASE_SIDE];
            UNROLL for (int y = 0; y < POLYPHASE_SIDE; y++) d[y] =
                vec_load_part(in + y * tile->row + x * tile->pixel, mask);
            polyphase_in_line(d, half[x]);
        }
        for (int y = 0; y < POLYPHASE_SIDE; y++) {
            vec d[POLYPHASE_SIDE], v[POLYPHASE_SIDE];
            UNROLL for (int x = 0; x < POLYPHASE_SIDE; x++) d[x] = half[x][y];
            polyphase_in_line(d, v);
            UNROLL for (int x = 0; x < POLYPHASE_SIDE; x++)
                vec_store(to + polyphase_position(y, x) * tile->position, v[x]);
        }
    }
}

static void polyphase_out(const struct tile_out *tile)
{
    for (int channel = 0; channel < tile->channels; channel += VECTOR_FLOATS) {
        const float *sums = tile->sums + channel;
        const vec    bias = tile_bias(tile, channel);
        vec          half[POLYPHASE_SIDE][TILE], values[TILE][TILE];

        for (int x = 0; x < POLYPHASE_SIDE; x++) {
            vec m[POLYPHASE_SIDE];
            UNROLL for (int y = 0; y < POLYPHASE_SIDE; y++) m[y] =
                vec_load(sums + polyphase_position(y, x) * tile->position);
            polyphase_out_line(m, half[x]);
        }
        for (int y = 0; y < TILE; y++) {
            vec m[POLYPHASE_SIDE];
            UNROLL for (int x = 0; x < POLYPHASE_SIDE; x++) m[x] = half[x][y];
            polyphase_out_line(m, values[y]);
            UNROLL for (int x = 0; x < TILE; x++) values[y][x] += bias;
        }
        finish_tile(tile, values, channel);
    }
}

#define TILE_KERNELS                                                                                         \
    .tile_in = {[TILE_WINOGRAD] = winograd_in, [TILE_POLYPHASE] = polyphase_in},                             \
    .tile_out = {[TILE_WINOGRAD] = winograd_out, [TILE_POLYPHASE] = polyphase_out}
