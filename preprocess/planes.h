/* preprocess/planes.h: interleaved pictures to planes of floats and back. */
#pragma once

#include "base/image.h"
#include "base/pool.h"

/* Values 0..255 whatever the depth (16 bits: value / 257). Planes in the picture's order (B, G, R or grey),
 * each width * height floats, tight. Where the picture has alpha, the colours are multiplied by (alpha / 255)
 * and the last plane is alpha, 0..255. dst[channels][height][width], the caller's. */
void planes_from_image(float *dst, const struct bsr_image *src, struct pool *pool);

/* The way back: clips alpha to 0..255, divides the colours by (alpha / 255) (0 where the written alpha is 0),
 * clips them to 0..255, multiplies by 257 for 16 bits, rounds half up; what is no number becomes 0. `dst` is
 * allocated by the caller, of the picture's size, channels and depth. */
void planes_to_image(const struct bsr_image *dst, const float *src, struct pool *pool);

/* Luma and the colour differences after ITU-R BT.601, full swing, values 0..255, differences centred on 0:
 *   y = 0.299 r + 0.587 g + 0.114 b      cb = (b - y) / 1.772      cr = (r - y) / 1.402
 * `count` values a plane; in place (y over b, cb over g, cr over r) is allowed. */
void planes_bgr_to_ycc(float *y, float *cb, float *cr, const float *b, const float *g, const float *r,
                       size_t count, struct pool *pool);

/* The way back: r = y + 1.402 cr, b = y + 1.772 cb, g = (y - 0.299 r - 0.114 b) / 0.587; in place as well. */
void planes_ycc_to_bgr(float *b, float *g, float *r, const float *y, const float *cb, const float *cr,
                       size_t count, struct pool *pool);

/* All of these compute in floats and in the order written, so that the values depend neither on the number of
 * threads nor on the processor. `pool` may be NULL. */
