/* preprocess/bicubic.h: enlarging by cubic convolution (Keys 1981), as PyTorch's interpolate does it. */
#pragma once

#include "base/pool.h"
#include "base/status.h"

enum { BICUBIC_MAX_SIDE = 1 << 24 }; /* a float still tells its pixels apart */

/* out = floor(in * factor): PyTorch's output size. 0, which bicubic_enlarge() refuses, where that is not in
 * 1..BICUBIC_MAX_SIDE. */
int bicubic_output_side(int side, double factor);

/* One plane of floats: dst[out_height][dst_stride] from src[in_height][src_stride] (strides in floats).
 * a = -0.75, half-pixel centres: source x = (x + 0.5) * step_x - 0.5 with step = 1 / factor (or in / out
 * where a size was asked for), edges replicated, no antialiasing, values not clipped. As in PyTorch, whose
 * planes are floats, the step is rounded to float, and so are the weights. */
struct bicubic_plane {
    const float *src;
    size_t       src_stride;
    int          in_width, in_height;
    float       *dst;
    size_t       dst_stride;
    int          out_width, out_height;
    double       step_x, step_y;
};

/* `pool` may be NULL; the values depend neither on it nor on the processor. `src` and `dst` don't overlap.
 * BSR_ENOMEM for the tables and a few rows a thread, BSR_ERANGE for sides out of
 * 1..BICUBIC_MAX_SIDE and steps that aren't above 0. */
bsr_status bicubic_enlarge(const struct bicubic_plane *plane, struct pool *pool, struct bsr_error *err);

/* Row by row, for who has no room for whole planes: up to BICUBIC_MAX_PLANES planes of one size, src[planes]
 * (the shape's src and dst don't count), for `workers` that each get rows of their own. Rows that rise cost a
 * worker the least. The planes stay the caller's and must outlive it. Release with bicubic_close(). Errors as
 * above. */
enum { BICUBIC_MAX_PLANES = 4 };
struct bicubic;
bsr_status bicubic_open(struct bicubic **out, const struct bicubic_plane *shape, const float *const *src,
                        int planes, int workers, struct bsr_error *err);
void       bicubic_close(struct bicubic *bicubic);

/* Row y of a plane, out_width floats, the same as bicubic_enlarge() gives. */
void bicubic_row(struct bicubic *bicubic, int worker, int plane, int y, float *dst);
