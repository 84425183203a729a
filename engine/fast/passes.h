/* engine/fast/passes.h: what is done to a net before it is planned. Each pass leaves a net that computes the
 * same, and returns false when out of memory. */
#pragma once

#include "engine/fast/layer.h"

/* x * sigmoid(x) is SiLU; hard sigmoids and swishes that were written out are one activation. */
bool pass_name_gates(struct fast_net *net);

/* Factors and shifts of channels behind a convolution go into its weights. */
bool pass_fold_scales(struct fast_net *net);

/* Activations are done where their numbers are stored. */
bool pass_fuse_activations(struct fast_net *net);

/* So are additions of another map, and an activation behind them. */
bool pass_fuse_residuals(struct fast_net *net);

/* What is rounded to steps is stored as bytes by who makes it, and added as such. */
bool pass_fuse_steps(struct fast_net *net);

/* Outputs that are wished for otherwise are kept as they lie; of those of 1x1 convolutions only the part is
 * computed that is wished for. */
bool pass_keep_heads(struct fast_net *net);

/* 1x1 convolutions that read the same map are one, as far as the kernels see. */
bool pass_merge_parallel(struct fast_net *net);

/* A 1x1 convolution of a concat with an enlarged map computes that part at the small size and starts from it.
 */
bool pass_split_enlarged(struct fast_net *net);

/* The first convolution with stride 2 (and no side of 3) reads planes as blocks of 2x2 pixels, with stride 1.
 */
bool pass_block_inputs(struct fast_net *net);

/* Decides which values lie in others: parts of concats, slices, sums over what they add to. */
bool pass_place(struct fast_net *net);

/* Takes out what nobody reads. */
bool pass_drop_unread(struct fast_net *net);

/* All of them, in their order. */
bool passes_run(struct fast_net *net);
