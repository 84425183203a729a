/* engine/kernels/window_kernels.h: the largest and the mean of windows (lines.h). Included by the levels'
 * files. */
#pragma once

#include "engine/kernels/lines.h"
#include "engine/kernels/vector_math.h"

/* Vectors of a pixel that are gathered at once: enough that none waits for the sum before it. */
enum { WINDOW_VECTORS = 4 };

/* The largest of numbers: what is no number is not seen. */
static ALWAYS_INLINE vec window_join(vec so_far, vec x, const enum window_kind kind)
{
    return kind == WINDOW_MAX ? vec_max(x, so_far) : so_far + x;
}

static ALWAYS_INLINE void window_pixel(const struct window_line *line, const float *in, float *out,
                                       const int vectors, int floats, const enum window_kind kind)
{
    const vec_mask last = vec_mask_of(floats - (vectors - 1) * VECTOR_FLOATS);
    const vec      none = vec_all(kind == WINDOW_MAX ? -INFINITY : 0.0F);
    vec            all[WINDOW_VECTORS];

    UNROLL for (int i = 0; i < vectors; i++) all[i] = none;
    for (int y = 0; y < line->window[0]; y++, in += line->window_step[0]) {
        const float *pixel = in;
        vec          row[WINDOW_VECTORS];
        UNROLL for (int i = 0; i < vectors; i++) row[i] = none;
        for (int x = 0; x < line->window[1]; x++, pixel += line->window_step[1])
            UNROLL for (int i = 0; i < vectors; i++)
            {
                const float *from = pixel + i * VECTOR_FLOATS;
                vec          v = i < vectors - 1 ? vec_load(from) : vec_load_part(from, last);
                row[i] = window_join(row[i], v, kind);
            }
        UNROLL for (int i = 0; i < vectors; i++) all[i] = window_join(all[i], row[i], kind);
    }
    if (kind == WINDOW_MEAN)
        UNROLL for (int i = 0; i < vectors; i++) all[i] /= vec_all(line->divisor);
    UNROLL for (int i = 0; i < vectors - 1; i++) vec_store(out + i * VECTOR_FLOATS, all[i]);
    vec_store_part(out + (vectors - 1) * VECTOR_FLOATS, all[vectors - 1], last);
}

static ALWAYS_INLINE void run_window(const struct window_line *line, const enum window_kind kind)
{
    for (int x = 0; x < line->pixels; x++) {
        const float *in = line->in + x * line->in_pixel;
        float       *out = line->out + x * line->out_pixel;
        int          left = line->channels;
        while (left > 0) {
            int step = VECTOR_FLOATS;
            if (left >= WINDOW_VECTORS * VECTOR_FLOATS) {
                window_pixel(line, in, out, WINDOW_VECTORS, left, kind);
                step = WINDOW_VECTORS * VECTOR_FLOATS;
            } else if (left > VECTOR_FLOATS) {
                window_pixel(line, in, out, 2, left, kind);
                step = 2 * VECTOR_FLOATS;
            } else {
                window_pixel(line, in, out, 1, left, kind);
            }
            in += step;
            out += step;
            left -= step;
        }
    }
}

static void window_max(const struct window_line *line)
{
    run_window(line, WINDOW_MAX);
}

static void window_mean(const struct window_line *line)
{
    run_window(line, WINDOW_MEAN);
}

#define WINDOW_KERNELS .window = {[WINDOW_MAX] = window_max, [WINDOW_MEAN] = window_mean}
