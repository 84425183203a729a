/* pipeline/upscale_stream.h: bicubic, SRCNN and the way back to pixels in one stream of rows: beside the
 * picture and what it becomes, memory is a few rows. */
#pragma once

#include "base/image.h"
#include "base/pool.h"
#include "pipeline/model.h"
#include "preprocess/bicubic.h"

/* Enlarges `image` (1 or 3 channels: no alpha) into *out and, bicubic alone, into *plain (may be NULL); both
 * are allocated, of the shape's output size and the picture's channels and depth. `shape` tells sizes and
 * steps. The model's net is SRCNN (model->srcnn). BSR_ENOMEM, BSR_ERANGE. */
bsr_status upscale_stream(const struct model *model, const struct bsr_image *image,
                          const struct bicubic_plane *shape, struct bsr_image *out, struct bsr_image *plain,
                          struct pool *pool, struct bsr_error *err);

/* Bytes that it takes beside the pictures. */
uint64_t upscale_stream_bytes(const struct model *model, int width, int height, int channels, int out_width,
                              int threads);
