/* engine/kernels/line_kernels.h: arithmetic on rows of pixels (lines.h). Included by the levels' files. */
#pragma once

#include "engine/kernels/lines.h"
#include "engine/kernels/vector_math.h"

typedef int32_t lanes_int __attribute__((vector_size(4 * VECTOR_FLOATS)));

/* `v` where lanes are less than `floats`, else `rest`. */
static ALWAYS_INLINE vec vec_first(vec v, int floats, vec rest)
{
    static const int32_t lanes[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    lanes_int            keep;

    memcpy(&keep, lanes, sizeof(keep));
    keep = keep < floats;
    return (vec)((keep & (lanes_int)v) | (~keep & (lanes_int)rest));
}

/* `wanted`, but a where that is no number. */
static ALWAYS_INLINE vec vec_unless_nan(vec a, vec wanted)
{
    lanes_int number = vec_abs(a) <= vec_all(INFINITY);
    return (vec)((number & (lanes_int)wanted) | (~number & (lanes_int)a));
}

/* ---- pixel by pixel ----------------------------------------------------------------------------- */

/* Vectors that go through the loops together, so that each choice is made once for many. */
enum { LINE_BATCH = 16 };

/* Some channels of a pixel: at most LINE_BATCH vectors. */
struct line_part {
    const float *in[LINE_INPUTS];
    float       *out;
    int          vectors;
    vec_mask     last; /* what the last vector has */
};

static ALWAYS_INLINE vec part_input(const struct line_part *part, int input, int vector)
{
    const float *from = part->in[input] + vector * VECTOR_FLOATS;
    return VECTOR_FLOATS > MAP_GRAIN && vector == part->vectors - 1 ? vec_load_part(from, part->last)
                                                                    : vec_load(from);
}

/* kind(in ...), where the second input may be one number for all channels. */
static ALWAYS_INLINE void compute_part(const struct line *line, const struct line_part *part, vec *values)
{
#define EACH(result)                                                                                         \
    for (int i = 0; i < part->vectors; i++) {                                                                \
        const vec a = part_input(part, 0, i), b = part_input(part, 1, i);                                    \
        values[i] = (result);                                                                                \
    }                                                                                                        \
    return

    switch (line->kind) {
    case LINE_ADD:
        EACH(a + b);
    case LINE_SUB:
        EACH(a - b);
    case LINE_MUL:
        EACH(a * b);
    case LINE_DIV:
        EACH(a / b);
    case LINE_MAX:
        EACH(vec_unless_nan(a, vec_max(a, b)));
    case LINE_MIN:
        EACH(vec_unless_nan(a, vec_min(a, b)));
    case LINE_SCALE:
        EACH(vec_fma(a, b, part_input(part, 2, i)));
    case LINE_LEAKY:
        EACH(vec_leaky(a, b));
    case LINE_SAME:
        break;
    }
#undef EACH
    for (int i = 0; i < part->vectors; i++)
        values[i] = part_input(part, 0, i);
}

static ALWAYS_INLINE void store_part(const struct line_part *part, const vec *values)
{
    const int last = part->vectors - 1;

    for (int i = 0; i < last; i++)
        vec_store(part->out + i * VECTOR_FLOATS, values[i]);
    vec_store_part(part->out + last * VECTOR_FLOATS, values[last], part->last);
}

/* `channels` of a pixel, a multiple of MAP_GRAIN. An input that is one number is spread into `spread`. */
static ALWAYS_INLINE void run_line_pixel(const struct line *line, int x, int channels)
{
    vec values[LINE_BATCH], spread[LINE_INPUTS][LINE_BATCH];

    for (int input = 0; input < LINE_INPUTS; input++)
        for (int i = 0; line->single[input] && i < LINE_BATCH; i++)
            spread[input][i] = vec_all(line->in[input][x * line->in_pixel[input]]);
    for (int c = 0; c < channels; c += LINE_BATCH * VECTOR_FLOATS) {
        const int        left = channels - c, vectors = (left + VECTOR_FLOATS - 1) / VECTOR_FLOATS;
        struct line_part part = {.out = line->out + x * line->out_pixel + c,
                                 .vectors = vectors < LINE_BATCH ? vectors : LINE_BATCH};
        part.last = vec_mask_of(left - (part.vectors - 1) * VECTOR_FLOATS);
        for (int input = 0; input < LINE_INPUTS; input++)
            if (line->single[input])
                part.in[input] = (const float *)spread[input];
            else if (line->in[input])
                part.in[input] = line->in[input] + x * line->in_pixel[input] + c;
        compute_part(line, &part, values);
        if (line->activation.kind != ACTIVATION_NONE)
            vec_activate(values, part.vectors, &line->activation);
        store_part(&part, values);
    }
}

/* Whether all that is read and written lies side by side: the pixels are as good as one long one. */
static bool is_one_pixel(const struct line *line)
{
    const ptrdiff_t padded = map_padded(line->channels);

    for (int input = 0; input < LINE_INPUTS; input++)
        if (line->in[input] && (line->single[input] || line->in_pixel[input] != padded))
            return false;
    return line->out_pixel == padded;
}

static void run_line(const struct line *line)
{
    const int padded = map_padded(line->channels);

    if (is_one_pixel(line))
        run_line_pixel(line, 0, padded * line->pixels);
    else
        for (int x = 0; x < line->pixels; x++)
            run_line_pixel(line, x, padded);
    for (int x = 0; padded > line->channels && x < line->pixels; x++)
        for (int c = line->channels; c < padded; c++)
            line->out[x * line->out_pixel + c] = 0.0F;
}

/* ---- softmax ------------------------------------------------------------------------------------ */

/* The lanes of v, of which those that differ in one bit of their number have changed places. */
#if VECTOR_FLOATS == 4
#define SWAP_1(v) __builtin_shufflevector(v, v, 1, 0, 3, 2)
#define SWAP_2(v) __builtin_shufflevector(v, v, 2, 3, 0, 1)
#define SWAPS(X)  X(SWAP_1) X(SWAP_2)
#elif VECTOR_FLOATS == 8
#define SWAP_1(v) __builtin_shufflevector(v, v, 1, 0, 3, 2, 5, 4, 7, 6)
#define SWAP_2(v) __builtin_shufflevector(v, v, 2, 3, 0, 1, 6, 7, 4, 5)
#define SWAP_4(v) __builtin_shufflevector(v, v, 4, 5, 6, 7, 0, 1, 2, 3)
#define SWAPS(X)  X(SWAP_1) X(SWAP_2) X(SWAP_4)
#else
#define SWAP_1(v) __builtin_shufflevector(v, v, 1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14)
#define SWAP_2(v) __builtin_shufflevector(v, v, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13)
#define SWAP_4(v) __builtin_shufflevector(v, v, 4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11)
#define SWAP_8(v) __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7)
#define SWAPS(X)  X(SWAP_1) X(SWAP_2) X(SWAP_4) X(SWAP_8)
#endif

static ALWAYS_INLINE vec largest_of_lanes(vec v)
{
#define JOIN(swap) v = vec_max(v, swap(v));
    SWAPS(JOIN)
#undef JOIN
    return v;
}

static ALWAYS_INLINE vec sum_of_lanes(vec v)
{
#define JOIN(swap) v += swap(v);
    SWAPS(JOIN)
#undef JOIN
    return v;
}

static void softmax_pixel(const float *in, float *out, int channels)
{
    const int padded = map_padded(channels);
    vec       most = vec_all(-INFINITY), sum = vec_all(0.0F);

    for (int c = 0; c < padded; c += VECTOR_FLOATS) {
        vec x = vec_load_part(in + c, vec_mask_of(padded - c));
        most = vec_max(vec_first(x, channels - c, vec_all(-INFINITY)), most);
    }
    most = largest_of_lanes(most);
    for (int c = 0; c < padded; c += VECTOR_FLOATS) {
        const vec_mask mask = vec_mask_of(padded - c);
        vec            x = vec_exp(vec_load_part(in + c, mask) - most);
        x = vec_first(x, channels - c, vec_all(0.0F));
        sum += x;
        vec_store_part(out + c, x, mask);
    }
    sum = sum_of_lanes(sum);
    for (int c = 0; c < padded; c += VECTOR_FLOATS) {
        const vec_mask mask = vec_mask_of(padded - c);
        vec_store_part(out + c, vec_load_part(out + c, mask) / sum, mask);
    }
}

static void run_softmax(const struct line *line)
{
    for (int x = 0; x < line->pixels; x++)
        softmax_pixel(line->in[0] + x * line->in_pixel[0], line->out + x * line->out_pixel, line->channels);
}

#define LINE_KERNELS .line = run_line, .softmax = run_softmax
