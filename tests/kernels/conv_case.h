/* tests/kernels/conv_case.h: one convolution on maps of every kind of layout, against a loop in double
 * precision. */
#pragma once

#include "engine/kernels/conv_method.h"

#include <stdint.h>

enum residual_kind { RESIDUAL_NONE, RESIDUAL_AFTER, RESIDUAL_BEFORE, RESIDUAL_IS_OUTPUT, RESIDUAL_KINDS };

struct conv_case {
    enum conv_method   method;
    struct conv_shape  shape;
    int                in[2], out[2];       /* height, width */
    int                in_slice, out_slice; /* grains of foreign channels on either side of the map's own */
    int                stretch;             /* the output's pixels lie this many pixels and rows apart */
    bool               has_bias;
    struct activation  activation;
    enum residual_kind residual;
    int                start_shift; /* -1: sums begin with the bias */
    int                threads;
};

uint32_t next_random(uint32_t *state);
int      random_between(uint32_t *state, int first, int last);

/* Runs it twice, cut for `threads` and for one thread, the units in opposite orders, on values of `seed`.
 * Fails where the runs differ in a bit, where anything but the output is written, and where an output is
 * further from the exact one than `tolerance` times the sum of the sizes of all that was added up. Memory
 * that must not matter holds NaN. */
void check_conv_case(const struct conv_case *test, const struct kernels *kernels, uint32_t seed,
                     double tolerance);

/* The exact value of an activation. */
double exact_activation(const struct activation *activation, double x);
