/* preprocess/letterbox_kernels.h: the inner loops of letterbox_pack(), one set a processor level. */
#pragma once

#include "base/cpu.h"
#include "preprocess/letterbox.h"

/* OpenCV's fixed point (INTER_RESIZE_COEF_BITS): a weight of 1 is 2048. */
enum { LETTERBOX_WEIGHT_ONE = 2048 };

/* For each pixel of a scaled row, where its two neighbours are in the picture's row and what they count. */
struct letterbox_taps {
    int32_t *offset; /* [count] bytes from the row's start to the left neighbour; the right one follows */
    int16_t (*weight)[2]; /* [count] left, right; 0..LETTERBOX_WEIGHT_ONE */
    int count;
    int inside; /* the first so many can be read 8 bytes at `offset` without leaving the row */
};

/* A row of the input between two scaled rows: upper[3][stride] and lower[3][stride] in the picture's order of
 * channels, plane[c] where the first value of channel c goes. */
struct letterbox_row {
    const int16_t *upper, *lower;
    size_t         stride;
    int            count;
    int            upper_weight, lower_weight; /* 0..LETTERBOX_WEIGHT_ONE */
    float         *plane[3];
    float          scale[3], shift[3];
};

struct letterbox_kernels {
    /* dst[3][stride] = (left * weight + right * weight) >> 4, 0..32655; the first `wide` pixels may be read 8
     * bytes at a time, `inside` of them or all where another row follows in memory */
    void (*filter_row)(int16_t *dst, size_t stride, const uint8_t *src, const struct letterbox_taps *taps,
                       int wide);
    /* plane = ((upper * weight >> 16) + (lower * weight >> 16) + 2 >> 2) * scale + shift */
    void (*blend_row)(const struct letterbox_row *row);
};

/* The set for a level that the machine has. All sets give the same bits. */
void letterbox_kernels_init(struct letterbox_kernels *kernels, enum cpu_level level);

void letterbox_kernels_init_avx2(struct letterbox_kernels *kernels);
void letterbox_kernels_init_avx512(struct letterbox_kernels *kernels);

/* The scalar twins from pixel `first` on: what the vector twins leave over. */
void letterbox_filter_rest(int16_t *dst, size_t stride, const uint8_t *src, const struct letterbox_taps *taps,
                           int first);
void letterbox_blend_rest(const struct letterbox_row *row, int first);

/* letterbox_pack() by a given set: for tests and benches. */
bsr_status letterbox_pack_by(const struct letterbox_kernels *kernels, float *dst, const struct bsr_image *src,
                             const struct letterbox_plan *plan, const struct pack_params *pack,
                             struct pool *pool, struct bsr_error *err);
