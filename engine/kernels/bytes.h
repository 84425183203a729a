/* engine/kernels/bytes.h: the innermost loops of maps of bytes, one set for each level of vector instructions
 * and one more for AVX-512 with VNNI. Sums of products are whole numbers, the same at all levels. */
#pragma once

#include "engine/kernels/kernels.h"

/* Inputs that are multiplied together: 4 bytes, side by side. */
enum { QUAD = 4 };

/* A block: some pixels by the output channels of one panel (kernels.h),
 *   sum[pixel][n] = sum over window and k: (in[pixel + window][k] - in_steps.zero) * weights[window][k][n]
 *   out[pixel][n] = finish(sum * in_steps.scale * scale[n] + bias[n]) */
struct byte_block {
    const uint8_t    *in; /* of the first pixel */
    ptrdiff_t         in_pixel;
    struct steps      in_steps;
    int               window[2]; /* y, x: how many segments of `quads` quads a sum runs over */
    ptrdiff_t         window_step[2];
    int               quads;
    const void       *weights;      /* as byte_kernels.pairs says, in whole vectors */
    const int32_t    *sums;         /* [panel]: of a column's weights */
    const float      *scale, *bias; /* [panel] */
    void             *out;          /* floats, or bytes where there is per_unit */
    ptrdiff_t         out_pixel;
    int               channels; /* that may be stored: of the panel, a multiple of MAP_GRAIN */
    const float      *per_unit; /* [panel], as in struct finish; NULL: floats are stored */
    const int32_t    *zero;
    struct activation activation;
    bool              residual_first;
    const void       *residual; /* NULL: none */
    ptrdiff_t         residual_pixel;
    struct steps      residual_steps;
};

/* Pixels of one kind of steps to those of another. */
struct byte_line {
    const void  *in;
    ptrdiff_t    in_pixel;
    struct steps in_steps;
    void        *out;
    ptrdiff_t    out_pixel;
    struct steps out_steps;
    int          pixels, channels; /* a multiple of MAP_GRAIN */
};

/* Each output is the largest of what its window sees. */
struct byte_window {
    const uint8_t *in; /* the first window's first pixel */
    ptrdiff_t      in_pixel;
    int            window[2];
    ptrdiff_t      window_step[2];
    uint8_t       *out;
    ptrdiff_t      out_pixel;
    int            pixels, channels; /* a multiple of MAP_GRAIN */
};

typedef void run_byte_block(const struct byte_block *block);

struct byte_kernels {
    const char *name;
    int         vector; /* sums: as many as floats at the same level */
    /* How weights lie for a quad a, b, c, d of inputs: false: [panel] of the bytes a, b, c, d; true: [panel]
     * of the 16-bit numbers a, c, then [panel] of b, d. */
    bool            pairs;
    run_byte_block *block[PANEL_VECTORS][MOST_PIXELS + 1];
    int             most_pixels[PANEL_VECTORS];
    void (*convert)(const struct byte_line *line);
    void (*largest)(const struct byte_window *window);
};

extern const struct byte_kernels byte_kernels_scalar, byte_kernels_avx2, byte_kernels_avx512,
    byte_kernels_vnni;
