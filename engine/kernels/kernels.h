/* engine/kernels/kernels.h: the innermost loops, one set for each level of vector instructions. They know
 * vectors and addresses; what is computed where is decided by the files that call them. */
#pragma once

#include "base/cpu.h"
#include "engine/kernels/op.h"

/* A panel is the output channels of two vectors; the last one may be of one vector. */
enum { PANEL_VECTORS = 2, MOST_PIXELS = 12, WIDEST_VECTOR = 16 };

/* What becomes of sums, so that the common cases never leave their registers. */
enum store_way { STORE_SUMS, STORE_CLAMPED, STORE_FINISHED };

/* A block: some pixels by the output channels of one panel,
 *   out[pixel][n] = finish(init[pixel][n] + sum over window and k: in[pixel + window][k]
 * weights[window][k][n]) */
struct block {
    const float      *in; /* of the first pixel */
    ptrdiff_t         in_pixel;
    int               window[2]; /* y, x: how many segments of `length` floats a sum runs over */
    ptrdiff_t         window_step[2];
    int               length;
    const float      *weights;    /* [window y][window x][length][panel], in whole vectors */
    const float      *init;       /* [pixels][panel], in whole vectors */
    ptrdiff_t         init_pixel; /* 0: the same for all */
    float            *out;
    ptrdiff_t         out_pixel;
    int               channels; /* that may be stored: of the panel, a multiple of MAP_GRAIN */
    enum store_way    way;
    struct activation activation; /* CLAMPED: a and b are the limits, whatever the kind */
    bool              residual_first;
    const float      *residual; /* NULL: none */
    ptrdiff_t         residual_pixel;
};

/* A tile: 4x4 outputs, whose sums are products at `positions` of a transform of the inputs (conv_tiles.h). */
enum { TILE = 4 };
enum tile_kind { TILE_WINOGRAD, TILE_POLYPHASE, TILE_KINDS };

/* The inputs of a tile, to its values at all positions. */
struct tile_in {
    const float *in; /* the tile's first sample, which may lie in the halo */
    ptrdiff_t    pixel, row;
    float       *to; /* [position][channel] */
    ptrdiff_t    position;
    int          channels; /* a multiple of MAP_GRAIN; written are whole vectors */
};

/* The sums at all positions, to the outputs of a tile. */
struct tile_out {
    const float      *sums; /* [position][channel], in whole vectors */
    ptrdiff_t         position;
    const float      *bias;                 /* in whole vectors; not used where there is a start */
    struct map        out, residual, start; /* `out` and `residual` begin at the tile; data NULL: none */
    int               y, x, start_shift;    /* of the tile in the output: where its start is */
    int               rows, columns;        /* that may be stored: 1 .. TILE */
    int               channels;             /* a multiple of MAP_GRAIN */
    struct activation activation;
    bool              residual_first;
};

/* A row of outputs of one vector of channels, each a sum over a window of its own channel. `block` is as
 * above but that in_pixel is from one input pixel to the next, and weights are [window y][window x] at
 * `length` floats. */
struct depth_row {
    struct block block;
    int          stride; /* in input pixels */
    int          pixels;
};

typedef void run_block(const struct block *block);

struct byte_kernels;

struct kernels {
    const char *name;
    int         vector;                                /* floats */
    int         most_pixels[PANEL_VECTORS];            /* of a block of 1, of 2 vectors */
    run_block  *block[PANEL_VECTORS][MOST_PIXELS + 1]; /* [vectors - 1][pixels] */
    void (*depth_row)(const struct depth_row *row);
    void (*tile_in[TILE_KINDS])(const struct tile_in *tile);
    void (*tile_out[TILE_KINDS])(const struct tile_out *tile);
    /* `turns` times PEAK_SUMS multiplications of vectors that nothing waits for: what the processor can do at
     * best. */
    void (*peak)(float *sums, int turns);
    const struct byte_kernels *bytes; /* bytes.h */
};

enum { PEAK_SUMS = 12 };

/* The set of a level that the machine has (base/cpu.h). */
const struct kernels *kernels_at(enum cpu_level level);

extern const struct kernels kernels_scalar, kernels_avx2, kernels_avx512;
