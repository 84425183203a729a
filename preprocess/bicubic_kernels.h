/* preprocess/bicubic_kernels.h: the inner loops of bicubic_enlarge(), one set a processor level. */
#pragma once

#include "base/cpu.h"
#include "preprocess/bicubic.h"

enum { BICUBIC_TAPS = 4 };

/* For each value of an output row, which four neighbours of the padded input row it is made of. */
struct bicubic_taps {
    int32_t *first; /* [count] rising; the neighbours are first .. first + 3 */
    float   *weight[BICUBIC_TAPS];
    int      count;
};

/* Vector twins read whole vectors: this many floats behind the last neighbour must be readable. */
enum { BICUBIC_SLACK = 16 };

/* Both sum as ((a * wa + b * wb) + c * wc) + d * wd, each product and sum rounded: all sets give the same
 * bits. */
struct bicubic_kernels {
    void (*filter_row)(float *dst, const float *src, const struct bicubic_taps *taps);
    void (*blend_row)(float *dst, const float *const row[BICUBIC_TAPS], const float weight[BICUBIC_TAPS],
                      int count);
};

/* The set for a level that the machine has. */
void bicubic_kernels_init(struct bicubic_kernels *kernels, enum cpu_level level);

void bicubic_kernels_init_avx2(struct bicubic_kernels *kernels);
void bicubic_kernels_init_avx512(struct bicubic_kernels *kernels);

/* The scalar twins on values first .. last - 1: what the vector twins leave over. */
void bicubic_filter_part(float *dst, const float *src, const struct bicubic_taps *taps, int first, int last);
void bicubic_blend_part(float *dst, const float *const row[BICUBIC_TAPS], const float weight[BICUBIC_TAPS],
                        int first, int last);

/* bicubic_enlarge() by a given set: for tests and benches. */
bsr_status bicubic_enlarge_by(const struct bicubic_kernels *kernels, const struct bicubic_plane *plane,
                              struct pool *pool, struct bsr_error *err);
