/* engine/srcnn/kernels.h: the inner loops of SRCNN, one set a processor level (kernels_body.h is their
 * source).
 *
 * The lanes of a vector are vertical strips of the picture, as many as the vector has floats: column x' of
 * lane l is pixel l * columns + x'. Rows are [x'][channel][lane]: every load is whole and aligned, and
 * neighbours are neighbours in memory. Columns beyond the picture are zeros.
 *
 * The 9x9 is nine 3x3 of 3x3; each is done by Winograd's F(6x6, 3x3) (Lavin and Gray 2015; points 0, +-1,
 * +-2,
 * +-1/2, infinity), and they are summed before the way back. The 5x5 is F(4, 5) down and direct across. */
#pragma once

#include "base/cpu.h"

#include <stddef.h>

enum {
    SRCNN_TILE = 6,                           /* rows and columns of a tile */
    SRCNN_POINTS = 8,                         /* of a transform */
    SRCNN_AT_ONCE = 2,                        /* tiles beside each other */
    SRCNN_BLOCK = SRCNN_TILE * SRCNN_AT_ONCE, /* columns of a block of tiles */
    SRCNN_WINDOW = 14,                        /* rows that a tile sees: 6 + 9 - 1 */
    SRCNN_EDGE = 4,                           /* columns of the input before a tile */
    SRCNN_TRIPLE = 3,                         /* columns that the second layer does at once */
    SRCNN_QUAD = 4,                           /* rows that the third layer does at once, and maps that
                                                 the second does */
    SRCNN_REACH = 2,                          /* columns of the middle's maps on either side */
    SRCNN_SKEW = 16 /* floats between blocks, so that they don't fall on the same lines of the cache */
};

struct srcnn_packed {
    int    channels, maps, middle;
    int    group, groups; /* maps that are done at once; the last group is filled up with zeros */
    float *first;         /* [point 64][groups][9 * channels][group] */
    float *first_bias;    /* [groups * group] */
    float *second;        /* [middle / 4][maps][4] */
    float *second_bias;
    float *third; /* [point 8][middle][tap 5][channels] */
    float *third_bias;
};

/* A block of tiles: the first two layers. */
struct srcnn_block {
    const float *in[3][SRCNN_WINDOW]; /* rows of the input from SRCNN_EDGE columns before the block */
    float       *out[SRCNN_TILE];     /* rows of the middle's maps at the block; NULL: not wanted */
};

struct srcnn_kernels {
    int lanes, group;
    /* Scratch in floats for the two below. */
    size_t (*scratch)(const struct srcnn_packed *packed);
    void (*tiles)(const struct srcnn_packed *packed, const struct srcnn_block *block, float *scratch);
    /* Columns first .. last - 1 (first a multiple of 4, as many as fit fours) of four rows: in[8] are the
     * middle's rows from SRCNN_REACH columns and two rows before; out[row][channel] are rows of strips. */
    void (*third)(const struct srcnn_packed *packed, const float *const in[SRCNN_POINTS],
                  float *const out[SRCNN_QUAD][3], int first, int last, float *scratch);
    /* strips[x][l] = row[l * stride + x] for x < count, and back: row[l * columns + x] = strips[x][l]. */
    void (*to_strips)(float *strips, const float *row, int count, int stride);
    void (*from_strips)(float *row, const float *strips, int columns);
};

extern const struct srcnn_kernels srcnn_kernels_scalar, srcnn_kernels_avx2, srcnn_kernels_avx512;
