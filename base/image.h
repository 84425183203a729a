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

/* How an image stands for a picture that was decoded smaller than it is, which JPEG allows for a part of the
 * work. Each of its pixels is `times` x `times` of the picture's: the point (x, y) of the picture is at ((x +
 * left) / times, (y + top) / times) of the image, which is as large as that takes, rounded up. */
struct image_reduction {
    int times;         /* 1: the image is the picture */
    int width, height; /* of the picture */
    int left, top;     /* 0 .. times - 1: how far the first column and row reach beyond the picture's edge */
};

/* An image that is the picture itself. */
static inline struct image_reduction image_whole(const struct bsr_image *image)
{
    return (struct image_reduction){.times = 1, .width = image->width, .height = image->height};
}

/* Pixels of a side that shows `side` pixels of the picture, the first `before` pixels behind its own edge. */
static inline int image_reduced_side(int side, int before, int times)
{
    return (side + before + times - 1) / times;
}

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
