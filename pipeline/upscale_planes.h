/* pipeline/upscale_planes.h: a picture through bicubic and net as whole planes of floats, step by step: for
 * those with alpha, whose mean colour a step asks for, and for sizes that are not the net's own. */
#pragma once

#include "pipeline/upscale.h"
#include "pipeline/upscale_tiles.h"

struct upscaler {
    const struct model *model;
    struct tiler       *tiler; /* NULL: the net is model->srcnn */
    struct pool        *pool;
    const struct watch *watch;        /* or NULL */
    int                 net_channels; /* 1 or 3 */
    int                 net_factor; /* how many times larger the net itself makes it; 1: it keeps the size */
};

/* As upscaler_run(). */
bsr_status upscale_planes(struct upscaler *upscaler, const struct bsr_image *image,
                          const struct upscale_size *size, struct bsr_image *out, struct bsr_image *plain,
                          struct timing *timing, struct bsr_error *err);
