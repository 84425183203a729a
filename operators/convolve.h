/* operators/convolve.h: the convolution behind Conv, ConvInteger and QLinearConv. */
#pragma once

#include "operators/window.h"

struct convolution {
    struct window window;
    size_t        batch, channels, filters, groups;
};

/* Reads a convolution of x = [N][C][sides...] with w = [filters][C / groups][sides...] and checks that they
 * fit together. BSR_EMODEL. */
bsr_status convolution_read(struct convolution *out, const struct bsr_node *node, const struct bsr_tensor *x,
                            const struct bsr_tensor *w, struct bsr_error *err);

/* y[N][filters][out...] += the convolution; `type` is that of all three, one that gemm_find() knows (whole
 * numbers wrap round). BSR_ENOMEM for a scratch of some 256 KB. */
bsr_status convolution_run(void *y, const void *x, const void *w, int type,
                           const struct convolution *convolution, struct bsr_error *err);
