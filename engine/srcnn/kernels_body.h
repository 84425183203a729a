/* engine/srcnn/kernels_body.h: the source of srcnn_kernels, compiled once a processor level by
 * kernels_LEVEL.c, which define
 *   LANES  floats of a vector (4, 8, 16)
 *   GROUP  maps that the products of the first layer do at once
 *   PIN(v) keeps a loaded vector in its register: GCC would load it again for each multiplication
 *   TABLE  name of the table */
#include "engine/srcnn/kernels.h"

typedef float vec __attribute__((vector_size(4 * LANES), may_alias));
typedef int   mask __attribute__((vector_size(4 * LANES)));

enum { POINTS = SRCNN_POINTS, TILE = SRCNN_TILE, AT_ONCE = SRCNN_AT_ONCE, BLOCK = SRCNN_BLOCK };
enum { SQUARE = POINTS * POINTS, SUBS = 3, SEEN = TILE + POINTS }; /* columns that a tile sees */

#define INLINE   static inline __attribute__((always_inline))
#define SEPARATE static __attribute__((noinline))
#define UNROLL   _Pragma("GCC unroll 16")

INLINE vec load(const float *from)
{
    return *(const vec *)from;
}

INLINE vec load_pinned(const float *from)
{
    vec v = load(from);
    PIN(v);
    return v;
}

INLINE void store(float *to, vec v)
{
    *(vec *)to = v;
}

INLINE vec all(float x)
{
    return x - (vec){0};
}

INLINE vec positive(vec v)
{
    return (vec)((mask)v & (v > 0));
}

/* ---- Winograd's transforms -------------------------------------------------------------------- */

/* B^T d for the points 0, 1, -1, 2, -2, 1/2, -1/2, infinity. */
INLINE void to_points(const vec d[POINTS], vec out[POINTS])
{
    vec even, odd;

    out[0] = d[6] - d[0] + 5.25F * (d[2] - d[4]);
    out[7] = d[7] - d[1] + 5.25F * (d[3] - d[5]);
    even = d[2] + d[6] - 4.25F * d[4];
    odd = d[1] + d[5] - 4.25F * d[3];
    out[1] = even + odd;
    out[2] = even - odd;
    even = 0.25F * d[2] - 1.25F * d[4] + d[6];
    odd = 0.25F * d[1] - 1.25F * d[3] + d[5];
    out[3] = even + 2.0F * odd;
    out[4] = even - 2.0F * odd;
    even = 4.0F * d[2] - 5.0F * d[4] + d[6];
    odd = 4.0F * d[1] - 5.0F * d[3] + d[5];
    out[5] = even + 0.5F * odd;
    out[6] = even - 0.5F * odd;
}

/* A^T m: the values at `count` places from those at the points. */
INLINE void from_points(const vec m[POINTS], vec *out, int count)
{
    vec s1 = m[1] + m[2], d1 = m[1] - m[2], s2 = m[3] + m[4], d2 = m[3] - m[4], s3 = m[5] + m[6],
        d3 = m[5] - m[6];
    vec r[TILE];

    r[0] = m[0] + s1 + (s2 + s3);
    r[1] = d1 + 0.5F * d3 + 2.0F * d2;
    r[2] = s1 + 0.25F * s3 + 4.0F * s2;
    r[3] = d1 + 0.125F * d3 + 8.0F * d2;
    r[4] = s1 + 0.0625F * s3 + 16.0F * s2;
    r[5] = d1 + 0.03125F * d3 + 32.0F * d2;
    r[count - 1] += m[7];
    UNROLL
    for (int i = 0; i < count; i++)
        out[i] = r[i];
}

/* ---- the first two layers ----------------------------------------------------------------------- */

/* points[SQUARE][9 * channels][AT_ONCE] of a block. */
SEPARATE void block_to_points(const struct srcnn_block *block, int channels, float *points)
{
    int sums = SUBS * SUBS * channels;

    for (int tile = 0; tile < AT_ONCE; tile++)
        for (int part = 0; part < SUBS * channels; part++) { /* channel, sub-kernel down */
            const float *const *in = &block->in[part / SUBS][SUBS * (part % SUBS)];
            vec                 down[POINTS][SEEN];
            for (int x = 0; x < SEEN; x++) {
                vec d[POINTS], e[POINTS];
                UNROLL
                for (int i = 0; i < POINTS; i++)
                    d[i] = load(in[i] + (tile * TILE + x) * LANES);
                to_points(d, e);
                UNROLL
                for (int i = 0; i < POINTS; i++)
                    down[i][x] = e[i];
            }
            for (int i = 0; i < POINTS; i++)
                for (int across = 0; across < SUBS; across++) {
                    vec e[POINTS];
                    to_points(&down[i][SUBS * across], e);
                    float *to = points +
                                ((ptrdiff_t)(i * POINTS) * sums + part * SUBS + across) * (AT_ONCE * LANES) +
                                tile * LANES;
                    UNROLL
                    for (int j = 0; j < POINTS; j++)
                        store(to + (ptrdiff_t)j * sums * (AT_ONCE * LANES), e[j]);
                }
        }
}

/* out[GROUP][AT_ONCE] = sum over k of weights[k][GROUP] * points[k][AT_ONCE]. */
SEPARATE void multiply(const float *weights, const float *points, int sums, float *out)
{
    vec sum[GROUP][AT_ONCE];

    UNROLL
    for (int g = 0; g < GROUP; g++)
        UNROLL
    for (int t = 0; t < AT_ONCE; t++)
        sum[g][t] = (vec){0};
    for (int k = 0; k < sums; k++, weights += GROUP, points += AT_ONCE * LANES) {
        vec at[AT_ONCE];
        UNROLL
        for (int t = 0; t < AT_ONCE; t++)
            at[t] = load_pinned(points + t * LANES);
        UNROLL
        for (int g = 0; g < GROUP; g++)
            UNROLL
        for (int t = 0; t < AT_ONCE; t++)
            sum[g][t] += weights[g] * at[t];
    }
    UNROLL
    for (int g = 0; g < GROUP; g++)
        UNROLL
    for (int t = 0; t < AT_ONCE; t++)
        store(out + (g * AT_ONCE + t) * LANES, sum[g][t]);
}

/* Floats of the first layer's maps at three columns of a row, and of a row of a block. */
static ptrdiff_t triple_size(int maps)
{
    return (ptrdiff_t)maps * SRCNN_TRIPLE * LANES + SRCNN_SKEW;
}

static ptrdiff_t row_size(int maps)
{
    return BLOCK / SRCNN_TRIPLE * triple_size(maps);
}

/* The first layer's maps[row][triple][map][column], with bias and ReLU, from products[SQUARE][map][AT_ONCE].
 */
SEPARATE void block_from_points(const struct srcnn_packed *packed, const float *products, float *maps)
{
    ptrdiff_t point = (ptrdiff_t)packed->groups * GROUP * AT_ONCE * LANES;

    for (int map = 0; map < packed->maps; map++) {
        vec bias = all(packed->first_bias[map]);
        for (int tile = 0; tile < AT_ONCE; tile++) {
            const float *from = products + ((ptrdiff_t)map * AT_ONCE + tile) * LANES;
            vec          down[TILE][POINTS];
            UNROLL
            for (int j = 0; j < POINTS; j++) {
                vec m[POINTS], r[TILE];
                UNROLL
                for (int i = 0; i < POINTS; i++)
                    m[i] = load(from + (i * POINTS + j) * point);
                from_points(m, r, TILE);
                UNROLL
                for (int i = 0; i < TILE; i++)
                    down[i][j] = r[i];
            }
            for (int i = 0; i < TILE; i++) {
                vec r[TILE];
                from_points(down[i], r, TILE);
                float *to = maps + i * row_size(packed->maps) + (ptrdiff_t)map * SRCNN_TRIPLE * LANES;
                UNROLL
                for (int j = 0; j < TILE; j++) {
                    int x = tile * TILE + j;
                    store(to + x / SRCNN_TRIPLE * triple_size(packed->maps) + x % SRCNN_TRIPLE * LANES,
                          positive(r[j] + bias));
                }
            }
        }
    }
}

/* Four of the second layer's maps at three columns. */
SEPARATE void mix(const float *maps, int count, const float *weights, const float *bias, float *out,
                  ptrdiff_t column)
{
    enum { AT = SRCNN_TRIPLE, OUT = SRCNN_QUAD };
    vec sum[OUT][AT];

    UNROLL
    for (int o = 0; o < OUT; o++)
        UNROLL
    for (int x = 0; x < AT; x++)
        sum[o][x] = all(bias[o]);
    for (int k = 0; k < count; k++, weights += OUT, maps += AT * LANES) {
        vec at[AT];
        UNROLL
        for (int x = 0; x < AT; x++)
            at[x] = load_pinned(maps + x * LANES);
        UNROLL
        for (int o = 0; o < OUT; o++)
            UNROLL
        for (int x = 0; x < AT; x++)
            sum[o][x] += weights[o] * at[x];
    }
    UNROLL
    for (int o = 0; o < OUT; o++)
        UNROLL
    for (int x = 0; x < AT; x++)
        store(out + o * LANES + x * column, positive(sum[o][x]));
}

struct tile_scratch {
    size_t points, products, maps;
};

static struct tile_scratch tile_scratch(const struct srcnn_packed *packed)
{
    return (struct tile_scratch){
        .points = (size_t)SQUARE * (size_t)(SUBS * SUBS * packed->channels) * AT_ONCE * LANES,
        .products = (size_t)SQUARE * (size_t)(packed->groups * GROUP) * AT_ONCE * LANES,
        .maps = (size_t)TILE * (size_t)row_size(packed->maps),
    };
}

static void tiles(const struct srcnn_packed *packed, const struct srcnn_block *block, float *scratch)
{
    struct tile_scratch size = tile_scratch(packed);
    float              *points = scratch, *products = points + size.points, *maps = products + size.products;
    int                 sums = SUBS * SUBS * packed->channels;
    ptrdiff_t           column = (ptrdiff_t)packed->middle * LANES;

    block_to_points(block, packed->channels, points);
    for (int p = 0; p < SQUARE; p++)
        for (int g = 0; g < packed->groups; g++)
            multiply(packed->first + (ptrdiff_t)(p * packed->groups + g) * sums * GROUP,
                     points + (ptrdiff_t)p * sums * AT_ONCE * LANES, sums,
                     products + (ptrdiff_t)(p * packed->groups + g) * GROUP * AT_ONCE * LANES);
    block_from_points(packed, products, maps);
    for (int i = 0; i < TILE; i++)
        for (int x = 0; block->out[i] && x < BLOCK / SRCNN_TRIPLE; x++)
            for (int o = 0; o < packed->middle; o += SRCNN_QUAD)
                mix(maps + i * row_size(packed->maps) + x * triple_size(packed->maps), packed->maps,
                    packed->second + (ptrdiff_t)o * packed->maps, packed->second_bias + o,
                    block->out[i] + x * SRCNN_TRIPLE * column + (ptrdiff_t)o * LANES, column);
}

/* ---- the third layer ---------------------------------------------------------------------------- */

enum { TAPS = 5, HELD = 8 }; /* columns of points that are kept: four and four behind them */

static ptrdiff_t point_size(int middle)
{
    return (ptrdiff_t)middle * LANES + SRCNN_SKEW;
}

/* to[point][map] of one column. */
SEPARATE void column_to_points(const float *const in[POINTS], ptrdiff_t at, int middle, float *to)
{
    ptrdiff_t point = point_size(middle);

    for (int c = 0; c < middle; c++) {
        vec d[POINTS], e[POINTS];
        UNROLL
        for (int i = 0; i < POINTS; i++)
            d[i] = load(in[i] + at + c * LANES);
        to_points(d, e);
        UNROLL
        for (int i = 0; i < POINTS; i++)
            store(to + i * point + c * LANES, e[i]);
    }
}

/* out[channel][column 4] at one point, from eight columns, for CHANNELS channels. */
#define FIVE_TAPS(NAME, CHANNELS)                                                                            \
    SEPARATE void NAME(const float *const held[HELD], int middle, const float *weights, float *out)          \
    {                                                                                                        \
        vec sum[CHANNELS][SRCNN_QUAD];                                                                       \
        UNROLL                                                                                               \
        for (int o = 0; o < (CHANNELS); o++)                                                                 \
            UNROLL                                                                                           \
        for (int x = 0; x < SRCNN_QUAD; x++)                                                                 \
            sum[o][x] = (vec){0};                                                                            \
        for (ptrdiff_t c = 0; c < (ptrdiff_t)middle * LANES; c += LANES)                                     \
            UNROLL                                                                                           \
        for (int tap = 0; tap < TAPS; tap++, weights += (CHANNELS)) {                                        \
            vec at[SRCNN_QUAD];                                                                              \
            UNROLL                                                                                           \
            for (int x = 0; x < SRCNN_QUAD - 1; x++)                                                         \
                at[x] = load_pinned(held[tap + x] + c);                                                      \
            at[SRCNN_QUAD - 1] = load(held[tap + SRCNN_QUAD - 1] + c);                                       \
            UNROLL                                                                                           \
            for (int o = 0; o < (CHANNELS); o++)                                                             \
                UNROLL                                                                                       \
            for (int x = 0; x < SRCNN_QUAD; x++)                                                             \
                sum[o][x] += weights[o] * at[x];                                                             \
        }                                                                                                    \
        UNROLL                                                                                               \
        for (int o = 0; o < (CHANNELS); o++)                                                                 \
            UNROLL                                                                                           \
        for (int x = 0; x < SRCNN_QUAD; x++)                                                                 \
            store(out + (o * SRCNN_QUAD + x) * LANES, sum[o][x]);                                            \
    }
FIVE_TAPS(five_taps_1, 1)
FIVE_TAPS(five_taps_3, 3)

/* Four rows of a channel at four columns, from sums[point][channel][column]. */
INLINE void settle(const struct srcnn_packed *packed, const float *sums, float *const out[SRCNN_QUAD][3],
                   int x, int columns)
{
    for (int o = 0; o < packed->channels; o++) {
        vec bias = all(packed->third_bias[o]);
        for (int j = 0; j < columns; j++) {
            vec m[POINTS], r[SRCNN_QUAD];
            UNROLL
            for (int p = 0; p < POINTS; p++)
                m[p] = load(sums + ((p * packed->channels + o) * SRCNN_QUAD + j) * LANES);
            from_points(m, r, SRCNN_QUAD);
            UNROLL
            for (int i = 0; i < SRCNN_QUAD; i++)
                if (out[i][o])
                    store(out[i][o] + (ptrdiff_t)(x + j) * LANES, r[i] + bias);
        }
    }
}

static size_t third_scratch(const struct srcnn_packed *packed)
{
    return (size_t)HELD * POINTS * (size_t)point_size(packed->middle) +
           (size_t)POINTS * 3 * SRCNN_QUAD * LANES;
}

static void third(const struct srcnn_packed *packed, const float *const in[POINTS],
                  float *const out[SRCNN_QUAD][3], int first, int last, float *scratch)
{
    int       middle = packed->middle;
    ptrdiff_t point = point_size(middle), column = (ptrdiff_t)middle * LANES;
    float    *sums = scratch + HELD * POINTS * point;

    for (int x = first; x < first + SRCNN_QUAD; x++)
        column_to_points(in, x * column, middle, scratch + (ptrdiff_t)(x % HELD) * POINTS * point);
    for (int at = first; at < last; at += SRCNN_QUAD) {
        for (int x = at + SRCNN_QUAD; x < at + HELD; x++)
            column_to_points(in, x * column, middle, scratch + (ptrdiff_t)(x % HELD) * POINTS * point);
        for (int p = 0; p < POINTS; p++) {
            const float *held[HELD];
            const float *weights = packed->third + (ptrdiff_t)p * middle * TAPS * packed->channels;
            for (int i = 0; i < HELD; i++)
                held[i] = scratch + ((ptrdiff_t)((at + i) % HELD) * POINTS + p) * point;
            float *to = sums + (ptrdiff_t)p * packed->channels * SRCNN_QUAD * LANES;
            (packed->channels == 1 ? five_taps_1 : five_taps_3)(held, middle, weights, to);
        }
        settle(packed, sums, out, at, last - at < SRCNN_QUAD ? last - at : SRCNN_QUAD);
    }
}

static size_t scratch_floats(const struct srcnn_packed *packed)
{
    struct tile_scratch size = tile_scratch(packed);
    size_t              tile = size.points + size.products + size.maps, last = third_scratch(packed);
    return tile > last ? tile : last;
}

/* ---- strips ------------------------------------------------------------------------------------- */

#if LANES == 4
#define LOW(a, b)  __builtin_shufflevector(a, b, 0, 4, 1, 5)
#define HIGH(a, b) __builtin_shufflevector(a, b, 2, 6, 3, 7)
#elif LANES == 8
#define LOW(a, b)  __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11)
#define HIGH(a, b) __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15)
#else
#define LOW(a, b)  __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
#define HIGH(a, b) __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)
#endif

/* Rows become columns: as often as the lanes can be halved, each row is mixed with the one half of them
 * further on. */
INLINE void transpose(vec v[LANES])
{
    vec other[LANES];

    UNROLL
    for (int half = 1; half < LANES; half *= 2) {
        UNROLL
        for (int i = 0; i < LANES / 2; i++) {
            other[2 * i] = LOW(v[i], v[i + LANES / 2]);
            other[2 * i + 1] = HIGH(v[i], v[i + LANES / 2]);
        }
        UNROLL
        for (int i = 0; i < LANES; i++)
            v[i] = other[i];
    }
}

typedef float loose __attribute__((vector_size(4 * LANES), aligned(4), may_alias));

static void to_strips(float *strips, const float *row, int count, int stride)
{
    int x = 0;

    for (; x + LANES <= count; x += LANES) {
        vec v[LANES];
        for (int l = 0; l < LANES; l++)
            v[l] = *(const loose *)(row + (ptrdiff_t)l * stride + x);
        transpose(v);
        for (int i = 0; i < LANES; i++)
            store(strips + (ptrdiff_t)(x + i) * LANES, v[i]);
    }
    for (; x < count; x++)
        for (int l = 0; l < LANES; l++)
            strips[(ptrdiff_t)x * LANES + l] = row[(ptrdiff_t)l * stride + x];
}

static void from_strips(float *row, const float *strips, int columns)
{
    int x = 0;

    for (; x + LANES <= columns; x += LANES) {
        vec v[LANES];
        for (int i = 0; i < LANES; i++)
            v[i] = load(strips + (ptrdiff_t)(x + i) * LANES);
        transpose(v);
        for (int l = 0; l < LANES; l++)
            *(loose *)(row + (ptrdiff_t)l * columns + x) = v[l];
    }
    for (; x < columns; x++)
        for (int l = 0; l < LANES; l++)
            row[(ptrdiff_t)l * columns + x] = strips[(ptrdiff_t)x * LANES + l];
}

const struct srcnn_kernels TABLE = {
    .lanes = LANES,
    .group = GROUP,
    .scratch = scratch_floats,
    .tiles = tiles,
    .third = third,
    .to_strips = to_strips,
    .from_strips = from_strips,
};
