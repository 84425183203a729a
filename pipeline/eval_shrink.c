#include "pipeline/eval_shrink.h"

#include "base/alloc.h"
#include "postprocess/picture_quality.h"
#include "preprocess/imresize.h"

#include <math.h>

/* BT.601 in its studio swing: black is level 16, white 235. */
static const double black = 16, span = 219;

static double clip(double value, double most)
{
    return value > 0 ? fmin(value, most) : 0;
}

static double round_half_up(double value)
{
    return floor(value + 0.5);
}

/* Grey of 16 bits from luma in parts of levels. */
static bsr_status grey_of_luma(struct bsr_image *out, const float *luma, int width, int height,
                               struct bsr_error *err)
{
    bsr_status status = image_alloc(out, width, height, 1, 16, err);
    if (status != BSR_OK)
        return status;
    for (int y = 0; y < height; y++) {
        uint16_t *row = (uint16_t *)(void *)image_row(out, y);
        for (int x = 0; x < width; x++) {
            double part = ((double)luma[(size_t)y * (size_t)width + (size_t)x] - black) / span;
            row[x] = (uint16_t)clip(round_half_up(part * UINT16_MAX), UINT16_MAX);
        }
    }
    return BSR_OK;
}

bsr_status eval_shrink_luma(struct bsr_image *small, uint8_t *matlab, const uint8_t *truth, int width,
                            int height, int factor, struct bsr_error *err)
{
    int small_width = imresize_side(width, 1.0 / factor), small_height = imresize_side(height, 1.0 / factor);
    size_t pixels = (size_t)width * (size_t)height, fewer = (size_t)small_width * (size_t)small_height;
    float *plane = mem_alloc_aligned(pixels, sizeof *plane),
          *shrunk = mem_alloc_aligned(fewer, sizeof *shrunk);
    bsr_status status =
        plane && shrunk ? BSR_OK : bsr_fail_memory(err, NULL, (pixels + fewer) * sizeof *plane);

    for (size_t i = 0; status == BSR_OK && i < pixels; i++)
        plane[i] = truth[i];
    if (status == BSR_OK)
        status = imresize(shrunk, plane, width, height, 1.0 / factor, err);
    if (status == BSR_OK)
        status = imresize(plane, shrunk, small_width, small_height, factor, err);
    for (size_t i = 0; status == BSR_OK && i < pixels; i++)
        matlab[i] = (uint8_t)clip(round_half_up((double)plane[i]), UINT8_MAX);
    if (status == BSR_OK)
        status = grey_of_luma(small, shrunk, small_width, small_height, err);
    mem_free(plane);
    mem_free(shrunk);
    return status;
}

static void read_channel(float *plane, const struct bsr_image *image, int channel)
{
    for (int y = 0; y < image->height; y++) {
        const uint8_t *row = image_row(image, y) + channel;
        for (int x = 0; x < image->width; x++)
            *plane++ = row[(size_t)x * (size_t)image->channels];
    }
}

static void write_channel(const struct bsr_image *image, int channel, const float *plane)
{
    for (int y = 0; y < image->height; y++) {
        uint8_t *row = image_row(image, y) + channel;
        for (int x = 0; x < image->width; x++)
            row[(size_t)x * (size_t)image->channels] =
                (uint8_t)clip(round_half_up((double)*plane++), UINT8_MAX);
    }
}

/* A picture of 8 bits resized, channel by channel. */
static bsr_status resize_picture(struct bsr_image *out, const struct bsr_image *image, double scale,
                                 struct bsr_error *err)
{
    struct bsr_image made = {0};
    size_t           pixels = (size_t)image->width * (size_t)image->height;
    bsr_status       status = image_alloc(&made, imresize_side(image->width, scale),
                                          imresize_side(image->height, scale), image->channels, 8, err);
    if (status != BSR_OK)
        return status;
    size_t resized = (size_t)made.width * (size_t)made.height;
    float *from = mem_alloc_aligned(pixels, sizeof *from), *to = mem_alloc_aligned(resized, sizeof *to);
    if (!from || !to)
        status = bsr_fail_memory(err, NULL, (pixels + resized) * sizeof *from);
    for (int c = 0; status == BSR_OK && c < image->channels; c++) {
        read_channel(from, image, c);
        status = imresize(to, from, image->width, image->height, scale, err);
        if (status == BSR_OK)
            write_channel(&made, c, to);
    }
    mem_free(from);
    mem_free(to);
    if (status == BSR_OK)
        *out = made;
    else
        image_free(&made);
    return status;
}

bsr_status eval_shrink_picture(struct bsr_image *small, uint8_t *matlab, const struct bsr_image *truth,
                               int factor, struct bsr_error *err)
{
    struct bsr_image made = {0}, enlarged = {0};
    bsr_status       status = resize_picture(&made, truth, 1.0 / factor, err);
    if (status == BSR_OK)
        status = resize_picture(&enlarged, &made, factor, err);
    if (status == BSR_OK)
        status = luma_levels(matlab, &enlarged, err);
    image_free(&enlarged);
    if (status == BSR_OK)
        *small = made;
    else
        image_free(&made);
    return status;
}
