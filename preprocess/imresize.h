/* preprocess/imresize.h: MATLAB's imresize(..., 'bicubic'), by which papers on super-resolution make their
 * small pictures, and the bicubic that they compare with. A measure, not a kernel: plain C in doubles. */
#pragma once

#include "base/status.h"

/* What a side becomes: ceil(side * scale). */
int imresize_side(int side, double scale);

/* Resizes one plane: dst[imresize_side(height)][imresize_side(width)] from src[height][width], both tight.
 * Cubic convolution (Keys 1981) of a = -0.5, half-pixel centres, stretched by 1 / scale when shrinking
 * (antialiasing), mirrored at the edges; not rounded, not clipped. scale 1/64 .. 64.
 * BSR_ERANGE for the scale or sides out of 1..IMAGE_MAX_SIDE, BSR_ENOMEM. */
bsr_status imresize(float *dst, const float *src, int width, int height, double scale, struct bsr_error *err);
