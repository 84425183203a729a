/* engine/kernels/simple.h: what nets do between convolutions. All maps are those of map.h, bound to the
 * operation; all results are the same for any number of threads, bit for bit. What lies between the last
 * channel and the grain's end becomes zero, where it is computed; where pixels are only gathered or repeated
 * (pools, enlarging) it is made of the input's; op_copy() leaves it as it is.
 *
 * Maps are of floats but where bytes are spoken of: what comes and what goes then have the same steps. */
#pragma once

#include "engine/kernels/op.h"

/* ---- in and out ----------------------------------------------------------------------------- */

/* Planes (NCHW, tight) to a map. With block 2, 2x2 pixels become one of 4 x channels, in the order [y in
 * block][x in block][channel] (space to depth), beginning `shift` pixels above and left of the picture;
 * beyond the picture are zeros. The map may be of bytes. */
void op_from_planes(struct op *op, const float *planes, int channels, int height, int width,
                    const struct map *out, int block, int shift);

/* A map to planes (NCHW, tight). */
void op_to_planes(struct op *op, const struct map *in, float *planes);

/* ---- pixel by pixel --------------------------------------------------------------------------- */

/* Channels may begin anywhere, and no others are written: what lies beside them may be another copy's. Bytes,
 * too. */
void op_copy(struct op *op, const struct map *in, const struct map *out);
void op_activate(struct op *op, const struct map *in, const struct map *out, struct activation activation,
                 const float *slopes /* of PRELU, padded to MAP_GRAIN */);

/* The same numbers by other steps: floats to bytes (rounded, ties to even, and cut to what bytes can be),
 * bytes to floats, bytes to bytes. */
void op_convert(struct op *op, const struct map *in, const struct map *out);

enum binary_kind { BINARY_ADD, BINARY_SUB, BINARY_MUL, BINARY_DIV, BINARY_MAX, BINARY_MIN, BINARY_KINDS };

/* out = activation(in OP other), or other OP in where `reversed`. `other` has the size of `in`, or a height,
 * width or number of channels of 1, which counts for all. */
void op_binary(struct op *op, enum binary_kind kind, const struct map *in, const struct map *other,
               const struct map *out, bool reversed, struct activation activation);

/* out = in * scale[channel] + shift[channel], then the activation; both padded to MAP_GRAIN. */
void op_scale(struct op *op, const struct map *in, const struct map *out, const float *scale,
              const float *shift, struct activation activation);

/* Along the channels of each pixel. */
void op_softmax(struct op *op, const struct map *in, const struct map *out);

/* ---- windows ---------------------------------------------------------------------------------- */

enum pool_kind { POOL_MAX, POOL_AVERAGE, POOL_AVERAGE_COUNTING_PADS };

struct pool_shape {
    int kernel[2], stride[2], dilation[2], pad[4]; /* y, x; top, left, bottom, right */
};

/* Needs no halo: windows are cut at the border. POOL_MAX does not see what is no number. POOL_AVERAGE divides
 * by the pixels that a window sees, the other one also by the padding that it sees, not by what hangs over
 * that. POOL_MAX takes bytes, too. */
void op_pool(struct op *op, enum pool_kind kind, const struct pool_shape *shape, const struct map *in,
             const struct map *out);
void op_global_pool(struct op *op, enum pool_kind kind, const struct map *in, const struct map *out);

/* ---- other sizes ------------------------------------------------------------------------------ */

/* Each pixel becomes factor x factor. Bytes, too. */
void op_enlarge_nearest(struct op *op, const struct map *in, const struct map *out, int factor);

enum { LINEAR_HALF_PIXEL, LINEAR_ALIGN_CORNERS, LINEAR_ASYMMETRIC };
void op_enlarge_linear(struct op *op, const struct map *in, const struct map *out, int coordinates);

/* ONNX's DepthToSpace (crd: the mode CRD, PyTorch's pixel shuffle; else DCR) and SpaceToDepth. */
void op_depth_to_space(struct op *op, const struct map *in, const struct map *out, int block, bool crd);
void op_space_to_depth(struct op *op, const struct map *in, const struct map *out, int block);

/* out's channel i is in's channel order[i] (channel shuffle). */
void op_pick_channels(struct op *op, const struct map *in, const struct map *out, const int *order);

/* Zeroes what lies around a map, as conv_halo() counts it: a map of bytes gets the byte for zero. */
void op_clear_halo(struct op *op, const struct map *map, const int halo[4]);
