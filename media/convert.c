#include "media/convert.h"

#include <stdbool.h>
#include <string.h>

/* ---- rounding ------------------------------------------------------------------------------- */

/* round(v / 255) for 0 <= v <= 255 * 255: exact. */
static inline uint8_t divide_255(uint32_t v)
{
    v += 128;
    return (uint8_t)((v + (v >> 8)) >> 8);
}

/* round(v / 257): 16 bits to 8, exact (PNG specification, 13.12). */
static inline uint8_t to_8(uint32_t v)
{
    return (uint8_t)((v * 255 + 32895) >> 16);
}

/* c * alpha + white * (1 - alpha), all in units of the depth. */
static inline uint8_t over_white_8(uint32_t c, uint32_t alpha)
{
    return divide_255(c * alpha + 255 * (255 - alpha));
}

static inline uint16_t over_white_16(uint64_t c, uint64_t alpha)
{
    return (uint16_t)((c * alpha + 65535 * (65535 - alpha) + 65535 / 2) / 65535);
}

/* From 16 bits to 8 in one go: rounding twice could be off by one. */
static inline uint8_t over_white_16_to_8(uint64_t c, uint64_t alpha)
{
    enum { SCALE = 65535 * 257 };
    return (uint8_t)((c * alpha + 65535 * (65535 - alpha) + SCALE / 2) / SCALE);
}

/* ---- rows ----------------------------------------------------------------------------------- */

void convert_row_to_8(uint8_t *dst, const struct bsr_image *src, int y)
{
    size_t         count = (size_t)src->width * (size_t)src->channels;
    const uint8_t *row = image_row(src, y);
    if (src->depth == 8) {
        memcpy(dst, row, count);
        return;
    }
    const uint16_t *row16 = (const uint16_t *)(const void *)row;
    for (size_t i = 0; i < count; i++)
        dst[i] = to_8(row16[i]);
}

void convert_row_opaque_8(uint8_t *dst, const struct bsr_image *src, int y)
{
    if (src->channels == 1 || src->channels == 3) {
        convert_row_to_8(dst, src, y);
        return;
    }
    const uint8_t  *row = image_row(src, y);
    const uint16_t *row16 = (const uint16_t *)(const void *)row;
    size_t          channels = (size_t)src->channels;
    for (size_t x = 0; x < (size_t)src->width; x++)
        for (size_t c = 0; c + 1 < channels; c++) {
            size_t at = x * channels + c, alpha = x * channels + channels - 1;
            *dst++ = src->depth == 8 ? over_white_8(row[at], row[alpha])
                                     : over_white_16_to_8(row16[at], row16[alpha]);
        }
}

void convert_row_opaque_16(uint16_t *dst, const struct bsr_image *src, int y)
{
    const uint16_t *row = (const uint16_t *)(const void *)image_row(src, y);
    size_t          width = (size_t)src->width, channels = (size_t)src->channels;
    if (channels == 1 || channels == 3) {
        memcpy(dst, row, width * channels * sizeof *dst);
        return;
    }
    for (size_t x = 0; x < width; x++)
        for (size_t c = 0; c + 1 < channels; c++)
            *dst++ = over_white_16(row[x * channels + c], row[x * channels + channels - 1]);
}

void convert_swap_rb_8(uint8_t *dst, const uint8_t *src, size_t pixels, int channels)
{
    for (size_t i = 0; i < pixels; i++, dst += channels, src += channels) {
        uint8_t first = src[0];
        dst[1] = src[1];
        dst[0] = src[2];
        dst[2] = first;
        if (channels == 4)
            dst[3] = src[3];
    }
}

void convert_swap_rb_16(uint16_t *dst, const uint16_t *src, size_t pixels, int channels)
{
    for (size_t i = 0; i < pixels; i++, dst += channels, src += channels) {
        uint16_t first = src[0];
        dst[1] = src[1];
        dst[0] = src[2];
        dst[2] = first;
        if (channels == 4)
            dst[3] = src[3];
    }
}

/* ---- whole pictures ------------------------------------------------------------------------- */

/* Grey becomes three equal channels, in place, from the end: `row` has room for them. */
static void triple_grey(uint8_t *row, int width)
{
    for (size_t x = (size_t)width; x-- > 0;)
        row[3 * x] = row[3 * x + 1] = row[3 * x + 2] = row[x];
}

bsr_status convert_to_bgr8(struct bsr_image *image, struct bsr_error *err)
{
    if (image->channels == 3 && image->depth == 8)
        return BSR_OK;
    struct bsr_image made;
    bsr_status       status = image_alloc(&made, image->width, image->height, 3, 8, err);
    if (status != BSR_OK)
        return status;
    for (int y = 0; y < image->height; y++) {
        convert_row_opaque_8(image_row(&made, y), image, y);
        if (image->channels <= 2)
            triple_grey(image_row(&made, y), image->width);
    }
    image_free(image);
    *image = made;
    return BSR_OK;
}

/* Copies a block of pixels from any walk through the source; `size` is a constant at each call. */
static inline void copy_walk(uint8_t *dst, const uint8_t *src, ptrdiff_t step, int count, size_t size)
{
    for (int i = 0; i < count; i++, dst += size, src += step)
        memcpy(dst, src, size);
}

static void copy_pixels(uint8_t *dst, const uint8_t *src, ptrdiff_t step, int count, size_t size)
{
    switch (size) {
    case 1:
        copy_walk(dst, src, step, count, 1);
        break;
    case 2:
        copy_walk(dst, src, step, count, 2);
        break;
    case 3:
        copy_walk(dst, src, step, count, 3);
        break;
    case 4:
        copy_walk(dst, src, step, count, 4);
        break;
    case 6:
        copy_walk(dst, src, step, count, 6);
        break;
    default:
        copy_walk(dst, src, step, count, 8);
    }
}

/* Which way the upright picture runs through the stored one (EXIF 2.32, 4.6.4 A). */
struct turn {
    bool transposed;     /* its x through the stored y */
    bool x_back, y_back; /* backwards through the stored x, y */
};

static struct turn turn_of(int orientation)
{
    return (struct turn){
        .transposed = orientation >= 5 && orientation <= 8,
        .x_back = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8,
        .y_back = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7,
    };
}

/* How far the last of the pixels that show `side` reaches beyond. */
static int overhang(int side, int times)
{
    return image_reduced_side(side, 0, times) * times - side;
}

struct image_reduction convert_reduction_upright(int times, int width, int height, int orientation)
{
    const struct turn turn = turn_of(orientation);
    int               left = turn.x_back ? overhang(width, times) : 0;
    int               top = turn.y_back ? overhang(height, times) : 0;

    return (struct image_reduction){
        .times = times,
        .width = turn.transposed ? height : width,
        .height = turn.transposed ? width : height,
        .left = turn.transposed ? top : left,
        .top = turn.transposed ? left : top,
    };
}

bsr_status convert_upright(struct bsr_image *image, int orientation, struct bsr_error *err)
{
    enum { BLOCK = 64 }; /* 64 rows of 64 pixels stay in the first-level cache while they are turned */
    if (orientation <= 1 || orientation > 8)
        return BSR_OK;

    const struct turn turn = turn_of(orientation);
    int               width = turn.transposed ? image->height : image->width;
    int               height = turn.transposed ? image->width : image->height;

    struct bsr_image made;
    bsr_status       status = image_alloc(&made, width, height, image->channels, image->depth, err);
    if (status != BSR_OK)
        return status;

    size_t         size = image_pixel_size(image);
    ptrdiff_t      along_x = turn.x_back ? -(ptrdiff_t)size : (ptrdiff_t)size;
    ptrdiff_t      along_y = turn.y_back ? -(ptrdiff_t)image->stride : (ptrdiff_t)image->stride;
    const uint8_t *first = image_row(image, turn.y_back ? image->height - 1 : 0) +
                           (turn.x_back ? (size_t)(image->width - 1) * size : 0);
    ptrdiff_t step_x = turn.transposed ? along_y : along_x, step_y = turn.transposed ? along_x : along_y;

    for (int top = 0; top < height; top += BLOCK)
        for (int left = 0; left < width; left += BLOCK) {
            int count = width - left < BLOCK ? width - left : BLOCK;
            for (int y = top; y < height && y < top + BLOCK; y++)
                copy_pixels(image_row(&made, y) + (size_t)left * size, first + left * step_x + y * step_y,
                            step_x, count, size);
        }
    image_free(image);
    *image = made;
    return BSR_OK;
}
