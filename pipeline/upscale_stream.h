/* pipeline/upscale_stream.h: bicubic, the net and the way back to pixels in one stream of rows: beside the
 * picture and what it becomes, memory is a few rows, and for nets other than SRCNN a row of windows. */
#pragma once

#include "base/image.h"
#include "base/pool.h"
#include "pipeline/upscale_tiles.h"
#include "preprocess/bicubic.h"

/* Enlarges `image` (1 or 3 channels: no alpha) into *out and, bicubic alone, into *plain (may be NULL); both
 * are allocated, of the shape's output size and the picture's channels and depth. `shape` tells sizes and
 * steps; its output is as large as that of a net that enlarges. `tiler` is NULL where the model's net is
 * SRCNN (model->srcnn), which `watch` (may be NULL) is for; the tiler has its own. BSR_ENOMEM, BSR_ERANGE,
 * and errors of tiler_run(). */
bsr_status upscale_stream(const struct model *model, struct tiler *tiler, const struct bsr_image *image,
                          const struct bicubic_plane *shape, struct bsr_image *out, struct bsr_image *plain,
                          struct pool *pool, const struct watch *watch, struct bsr_error *err);

/* Bytes that it takes beside the pictures. */
uint64_t upscale_stream_bytes(const struct model *model, int width, int height, int channels, int out_width,
                              int out_height, int threads);
