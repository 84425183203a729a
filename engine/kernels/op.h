/* engine/kernels/op.h: a piece of a net's work, bound to the memory it works on, that several threads can
 * share: units 0 .. units - 1 may be run in any order and at the same time, each exactly once. */
#pragma once

#include "engine/kernels/map.h"

enum activation_kind {
    ACTIVATION_NONE,
    ACTIVATION_CLAMP,        /* min(max(x, a), b): ReLU 0, inf; ReLU6 0, 6; Clip */
    ACTIVATION_LEAKY,        /* x < 0 ? a x : x */
    ACTIVATION_SILU,         /* x / (1 + exp(-x)) */
    ACTIVATION_SIGMOID,      /* 1 / (1 + exp(-x)) */
    ACTIVATION_HARD_SIGMOID, /* min(max(a x + b, 0), 1) */
    ACTIVATION_HARD_SWISH,   /* x min(max(x / 6 + 1 / 2, 0), 1) */
    ACTIVATION_TANH,
    ACTIVATION_PRELU, /* x < 0 ? slope[channel] x : x; only as an operation of its own */
    ACTIVATION_ELU,   /* x < 0 ? a (exp(x) - 1) : x */
    ACTIVATION_GELU,  /* x / 2 (1 + erf(x / sqrt 2)) */
    ACTIVATION_MISH,  /* x tanh(log(1 + exp(x))) */
    ACTIVATION_EXP,
    ACTIVATION_SQRT,
    ACTIVATION_ABS,
    ACTIVATION_KINDS
};

struct activation {
    enum activation_kind kind;
    float                a, b;
};

/* What happens to a sum before it is stored: activation(sum), then + residual; or activation(sum + residual).
 */
struct finish {
    struct activation activation;
    struct map        residual; /* data NULL: none; of the output's size */
    bool              residual_first;
    struct map        start; /* data NULL: none. The sums begin with these values instead of the bias: (y >>
                                start_shift, x >> start_shift) of a map of the same channels: a part of the
                                layer that was computed at half the size */
    int start_shift;
    /* Where the output is bytes: byte = round(value * per_unit[channel]) + zero[channel], ties to even, cut
     * to 0..255; in whole vectors of the widest kind. Channels may have steps of their own. */
    const float   *per_unit;
    const int32_t *zero;
};

struct op;
struct line_kernels;
struct byte_kernels;
typedef void op_run(const struct op *op, int first, int last, void *scratch);

/* Made by the op_… functions of this room's headers; copied freely; owns nothing. */
struct op {
    op_run     *run;
    int         units;
    size_t      scratch; /* bytes that each thread that runs it must have, aligned to a cache line */
    const char *what;    /* "conv 3x3 winograd": for profiles */
    double      macs;    /* multiplications of the layer as it is written */
    struct map  in, other, out;
    const void *weights;              /* of the model: shared, read only */
    const struct line_kernels *lines; /* the loops of simple operations, of the processor's level */
    const struct byte_kernels *bytes; /* of those on bytes */
    struct finish              finish;
    int                        numbers[12]; /* as the kind needs them */
    float                      values[4];
};
