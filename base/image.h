/* base/image.h: pictures in memory (struct bsr_image of besra.h). */
#pragma once

#include "base/status.h"

enum { IMAGE_MAX_SIDE = 65535 };

/* Allocates rows of width * channels * depth / 8 bytes, padded to 64, uninitialised.
 * Release with image_free(). BSR_ERANGE, BSR_ENOMEM. */
bsr_status image_alloc(struct bsr_image *image, int width, int height, int channels, int depth,
                       struct bsr_error *err);

/* Releases what image_alloc() made and sets to {0}. Takes an empty image. */
void image_free(struct bsr_image *image);

/* Bytes of a pixel: channels * depth / 8. */
static inline size_t image_pixel_size(const struct bsr_image *image)
{
    return (size_t)image->channels * (size_t)image->depth / 8;
}

/* The first byte of row y (0 is the top one). */
static inline uint8_t *image_row(const struct bsr_image *image, int y)
{
    return (uint8_t *)image->data + (size_t)y * image->stride;
}
