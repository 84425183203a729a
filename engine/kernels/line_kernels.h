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
    lanes_int number = a == a;
    return (vec)((number & (lanes_int)wanted) | (~number & (lanes_int)a));
}

/* ---- pixel by pixel ----------------------------------------------------------------------------- */

/* Vectors that go through the loops together, so that each choice is made once for many. */
enum { LINE_BATCH = 16 };

struct line_spot {
    int pixel, channel;
};

/* The next spots of a line, of at most LINE_BATCH; `at` moves on. Returns how many there are. */
static ALWAYS_INLINE int take_spots(const struct line *line, struct line_spot *at, struct line_spot *spots)
{
    int count = 0;

    for (; count < LINE_BATCH && at->pixel < line->pixels; count++) {
        spots[count] = *at;
        at->channel += VECTOR_FLOATS;
        if (at->channel >= map_padded(line->channels)) {
            at->channel = 0;
            at->pixel++;
        }
    }
    return count;
}

static ALWAYS_INLINE vec line_input(const struct line *line, int input, struct line_spot spot)
{
    const float *pixel = line->in[input] + spot.pixel * line->in_pixel[input];

    if (line->single[input])
        return vec_all(*pixel);
    return vec_load_part(pixel + spot.channel, vec_mask_of(map_padded(line->channels) - spot.channel));
}

static ALWAYS_INLINE void compute_spots(const struct line *line, const struct line_spot *spots, int count,
                                        vec *values)
{
#define EACH(result)                                                                                         \
    for (int i = 0; i < count; i++) {                                                                        \
        const vec a = line_input(line, 0, spots[i]), b = line_input(line, 1, spots[i]);                      \
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
        EACH(vec_fma(a, b, line_input(line, 2, spots[i])));
    case LINE_LEAKY:
        EACH(vec_leaky(a, b));
    case LINE_SAME:
        break;
    }
#undef EACH
    for (int i = 0; i < count; i++)
        values[i] = line_input(line, 0, spots[i]);
}

static ALWAYS_INLINE void store_spot(const struct line *line, struct line_spot spot, vec value)
{
    float *out = line->out + spot.pixel * line->out_pixel + spot.channel;

    if (spot.channel + VECTOR_FLOATS > line->channels)
        value = vec_first(value, line->channels - spot.channel, vec_all(0.0F));
    vec_store_part(out, value, vec_mask_of(map_padded(line->channels) - spot.channel));
}

static void run_line(const struct line *line)
{
    struct line_spot at = {0, 0}, spots[LINE_BATCH];
    vec              values[LINE_BATCH];
    int              count;

    while ((count = take_spots(line, &at, spots)) > 0) {
        compute_spots(line, spots, count, values);
        if (line->activation.kind != ACTIVATION_NONE)
            vec_activate(values, count, &line->activation);
        for (int i = 0; i < count; i++)
            store_spot(line, spots[i], values[i]);
    }
}

/* ---- softmax ------------------------------------------------------------------------------------ */

static ALWAYS_INLINE float largest_lane(vec v)
{
    float most = v[0];
    UNROLL for (int i = 1; i < VECTOR_FLOATS; i++) most = v[i] > most ? v[i] : most;
    return most;
}

static ALWAYS_INLINE float sum_of_lanes(vec v)
{
    float sum = v[0];
    UNROLL for (int i = 1; i < VECTOR_FLOATS; i++) sum += v[i];
    return sum;
}

static void softmax_pixel(const float *in, float *out, int channels)
{
    const int padded = map_padded(channels);
    vec       most = vec_all(-INFINITY), sum = vec_all(0.0F);

    for (int c = 0; c < padded; c += VECTOR_FLOATS) {
        vec x = vec_load_part(in + c, vec_mask_of(padded - c));
        most = vec_max(vec_first(x, channels - c, vec_all(-INFINITY)), most);
    }
    most = vec_all(largest_lane(most));
    for (int c = 0; c < padded; c += VECTOR_FLOATS) {
        const vec_mask mask = vec_mask_of(padded - c);
        vec            x = vec_exp(vec_load_part(in + c, mask) - most);
        x = vec_first(x, channels - c, vec_all(0.0F));
        sum += x;
        vec_store_part(out + c, x, mask);
    }
    sum = vec_all(sum_of_lanes(sum));
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
