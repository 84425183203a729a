/* engine/kernels/conv.h: convolutions. Weights are packed once for a model and shared by all; the memory of a
 * run is bound to them by conv_op(). */
#pragma once

#include "base/status.h"
#include "engine/kernels/op.h"

struct conv_shape {
    int inputs, outputs; /* channels, of all groups together */
    int groups;
    int kernel[2], stride[2], dilation[2]; /* y, x */
    int pad[2];                            /* before: top, left; behind follows from the output's size */
};

enum conv_method {
    CONV_DIRECT,    /* any: as a product of matrices over the pixels of the kernel's window */
    CONV_WINOGRAD,  /* 3x3, stride 1, dilation 1, one group: F(4x4, 3x3) */
    CONV_POLYPHASE, /* 3x3, stride 2, dilation 1, one group: F(4, 2) on the even samples */
    CONV_DEPTHWISE, /* groups == inputs == outputs */
    CONV_BF16,      /* one group, whole grains of channels, AVX-512 and oneDNN: products of bf16, sums of f32.
                       The only one of another precision: never the choice by cost */
    CONV_BYTES,     /* of bytes: one group; weights must have steps; its finish has no start */
    CONV_METHODS
};

bool conv_can(enum conv_method method, const struct conv_shape *shape);

/* Whether the weights of each output are whole numbers -128..127 times a step, as those of quantised models
 * are: within 1e-4 of a step. */
bool conv_has_steps(const struct conv_shape *shape, const float *weights);

/* Pixels of zeros (bytes: of the map's zero) that must lie around the input's map for an output of this size:
 * [top, left, bottom, right]. With Winograd's tiles they reach further than the padding. */
void conv_halo(int halo[4], enum conv_method method, const struct conv_shape *shape, const struct map *in,
               int out_height, int out_width);

/* What a method will take, in multiplications that take as long (with transforms and loads), for the choice
 * among methods: `threads` is how many share the last level of cache. */
double conv_cost(enum conv_method method, const struct conv_shape *shape, int out_height, int out_width,
                 int threads);

struct conv;

/* Whether a run had no memory for what it needed (CONV_BF16 alone): its outputs are rubbish. */
bool conv_has_failed(const struct conv *conv);

/* Packs weights [outputs][inputs / groups][kernel y][kernel x] and bias [outputs] (NULL: none) for the
 * processor's kernels (base/cpu.h). BSR_ENOMEM. Release with conv_free(). */
bsr_status conv_pack(struct conv **out, enum conv_method method, const struct conv_shape *shape,
                     const float *weights, const float *bias, struct bsr_error *err);
void       conv_free(struct conv *conv);
size_t     conv_bytes(const struct conv *conv);

/* The convolution of `in` to `out` (whose padded channels are written, too; bytes where it has steps, which
 * only CONV_BYTES can), cut into units for `threads`.
 * The result does not depend on the number of threads, bit for bit. The maps must not overlap; the finish's
 * residual may be the output itself. */
void conv_op(struct op *op, const struct conv *conv, const struct map *in, const struct map *out,
             const struct finish *finish, int threads);
