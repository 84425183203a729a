/* pipeline/upscale.h: one picture through bicubic and a super-resolution net. */
#pragma once

#include "base/image.h"
#include "base/pool.h"
#include "base/watch.h"
#include "pipeline/model.h"
#include "pipeline/timing.h"

/* How much larger. Either a factor (a side becomes floor(side * factor)), or a size. */
struct upscale_size {
    double factor;        /* >= 1 */
    int    width, height; /* when not 0: exactly so large, each at least the picture's */
};

/* A net with its buffers, for one thread at a time. `model` must outlive it. */
struct upscaler;

/* BSR_EMODEL when the model is no net of one or three channels in and out, or its output is neither as large
 * as its input nor larger by a whole factor. `pool` (may be NULL) is used beside the net. Release with
 * upscaler_close(). */
bsr_status upscaler_open(struct upscaler **out, const struct model *model, struct pool *pool,
                         struct bsr_error *err);
void       upscaler_close(struct upscaler *upscaler);

/* Watches its runs from now on: they tell how far they are, between strips or windows, and end as
 * BSR_ECANCELED where the watch says so. NULL: nobody does. *watch is the caller's. */
void upscaler_watch(struct upscaler *upscaler, const struct watch *watch);

/* Whether its shapes are those of a net that enlarges: one picture of one or three channels in, and such a
 * one out. */
bool upscale_has_shapes(const struct model *model);

/* How many times larger the net itself makes a picture: 1 for one that keeps the size, behind bicubic. */
int upscale_net_factor(const struct model *model);

/* The size that a width x height picture will have. BSR_ERANGE when that is over IMAGE_MAX_SIDE or smaller
 * than the picture. */
bsr_status upscale_output_size(const struct upscale_size *size, int width, int height, int *out_width,
                               int *out_height, struct bsr_error *err);

/* The picture as the net gets it, enlarged by `factor` before a net that keeps the size:
 * [1][channels][height] [width], whose data is the caller's (mem_free()). BSR_ENOMEM, BSR_ERANGE. */
bsr_status upscaler_lay(struct upscaler *upscaler, const struct bsr_image *image, double factor,
                        struct bsr_tensor *out, struct bsr_error *err);

/* Bytes that enlarging a picture of `channels` takes at its peak in `threads` threads, the net's maps
 * included: an upper bound to be checked against a budget before any work. */
uint64_t upscale_bytes(const struct model *model, int width, int height, int channels, int depth,
                       int out_width, int out_height, int threads);

/* Enlarges `image` (1 to 4 channels of 8 or 16 bits): *out has the same channels and depth; release it with
 * image_free(). Alpha is enlarged by bicubic alone, the colours multiplied by it meanwhile, so that no dark
 * fringes appear; for the net they are straight again. `plain` (may be NULL) gets what bicubic alone makes of
 * it, for comparison. Adds to pre, net and post of *timing. BSR_EENGINE, BSR_EMODEL, BSR_ENOMEM, BSR_ERANGE.
 */
bsr_status upscaler_run(struct upscaler *upscaler, const struct bsr_image *image,
                        const struct upscale_size *size, struct bsr_image *out, struct bsr_image *plain,
                        struct timing *timing, struct bsr_error *err);
