/* operators/deform.h: convolutions whose taps are moved by offsets (Dai et al., "Deformable Convolutional
 * Networks", 2017; with a mask: Zhu et al., "Deformable ConvNets v2", 2018). */
#pragma once

#include "operators/window.h"

struct deform {
    struct window            window; /* 2-D */
    int64_t                  groups, offset_groups;
    const struct bsr_tensor *x;      /* [N][C][H][W] */
    const struct bsr_tensor *w;      /* [filters][C / groups][kh][kw] */
    const struct bsr_tensor *offset; /* [N][offset_groups * taps * (dy, dx)][oh][ow] */
    const struct bsr_tensor *mask;   /* [N][offset_groups * taps][oh][ow], or NULL: 1 */
    const struct bsr_tensor *bias;   /* [filters], or NULL */
};

/* Fits the window (kernel, stride, dilation and pads are set) to x and w and checks all shapes and types.
 * BSR_EMODEL. */
bsr_status deform_fit(struct deform *deform, struct bsr_error *err);

/* y = [N][filters][oh][ow]; all tensors are f32, or all f64. BSR_ENOMEM. */
bsr_status deform_run(struct bsr_tensor *y, const struct deform *deform, struct bsr_error *err);
