/* preprocess/planes_kernels.h: the inner loops of planes.h, one set a processor level. */
#pragma once

#include "base/cpu.h"
#include "preprocess/planes.h"

#include <stdbool.h>

/* A row of a picture and where its channels are as floats. */
struct planes_row {
    void  *pixels;
    float *plane[4]; /* [channels] */
    int    width;
    int    channels; /* 1..4; with 2 and 4 the last is alpha */
    int    depth;    /* 8 or 16 */
};

static inline bool planes_row_has_alpha(const struct planes_row *row)
{
    return row->channels % 2 == 0;
}

/* BT.601's weights and the spans of the differences (planes.h). */
#define PLANES_LUMA_R 0.299F
#define PLANES_LUMA_G 0.587F
#define PLANES_LUMA_B 0.114F
#define PLANES_SPAN_B 1.772F
#define PLANES_SPAN_R 1.402F

struct planes_kernels {
    void (*split_row)(const struct planes_row *row); /* pixels to planes */
    void (*join_row)(const struct planes_row *row);  /* planes to pixels */
    /* three planes of `count` to three; ycc is y, cb, cr and bgr is b, g, r */
    void (*to_ycc)(float *const ycc[3], const float *const bgr[3], size_t count);
    void (*to_bgr)(float *const bgr[3], const float *const ycc[3], size_t count);
};

/* The set for a level that the machine has. All sets give the same bits. */
void planes_kernels_init(struct planes_kernels *kernels, enum cpu_level level);

void planes_kernels_init_avx2(struct planes_kernels *kernels);
void planes_kernels_init_avx512(struct planes_kernels *kernels);

/* The scalar twins from item `first` on: what the vector twins leave over. */
void planes_split_rest(const struct planes_row *row, int first);
void planes_join_rest(const struct planes_row *row, int first);
void planes_to_ycc_rest(float *const ycc[3], const float *const bgr[3], size_t first, size_t count);
void planes_to_bgr_rest(float *const bgr[3], const float *const ycc[3], size_t first, size_t count);

/* The functions of planes.h by a given set: for tests and benches. */
void planes_from_image_by(const struct planes_kernels *kernels, float *dst, const struct bsr_image *src,
                          struct pool *pool);
void planes_to_image_by(const struct planes_kernels *kernels, const struct bsr_image *dst, const float *src,
                        struct pool *pool);
