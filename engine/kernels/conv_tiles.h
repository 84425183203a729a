/* engine/kernels/conv_tiles.h: convolutions by tiles of 4x4 outputs. A tile's inputs are transformed to
 * values at positions; at each position the sum over the channels is a product of matrices [tile][input] x
 * [input][output]; the sums are transformed to outputs. Several positions may share a matrix of weights. */
#pragma once

#include "engine/kernels/conv_method.h"

struct tile_plan {
    enum tile_kind kind;
    int            step, extent; /* of the tile's inputs, in samples */
    int            positions, matrices;
    int (*members)(int matrix); /* how many positions, side by side, share it */
    /* The transform of a kernel of 3 weights to the factors of its side, in one direction: [factors][3]. */
    int factors;
    const double (*transform)[3];
};

size_t tiles_weight_floats(const struct conv *conv, const struct tile_plan *plan);
void   tiles_pack(const struct conv *conv, const struct tile_plan *plan, const float *weights);
void   tiles_bind(struct op *op, const struct conv *conv, const struct tile_plan *plan, int threads);
int    tiles_reach(const struct tile_plan *plan, int out_size);

/* The body of an op's run function. */
void tiles_run(const struct op *op, const struct tile_plan *plan, int first, int last, void *scratch);
