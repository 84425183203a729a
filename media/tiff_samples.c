#include "media/tiff.h"

/* Where sample `s` of the file goes in a pixel: red, green, blue are turned round, all else stays. */
static size_t channel_of(const struct tiff_layout *layout, unsigned s)
{
    return layout->colours == 3 && s < 3 ? 2 - s : s;
}

/* Sample `i` of `bits` (1, 2, 4 or 8), packed from the highest bit down. */
static inline unsigned packed_sample(const uint8_t *row, size_t i, unsigned bits)
{
    size_t at = i * bits;
    return row[at / 8] >> (8 - bits - at % 8) & ((1u << bits) - 1);
}

static void place_palette(uint8_t *dst, const struct tiff_layout *layout, size_t count, const uint8_t *row,
                          size_t step)
{
    for (size_t i = 0; i < count; i++, dst += 3) {
        const uint8_t *colour = layout->colour_map[packed_sample(row, i * step, layout->bits)];
        dst[0] = colour[0];
        dst[1] = colour[1];
        dst[2] = colour[2];
    }
}

/* Fewer than 8 bits, spread over 0..255: 255 is a multiple of each largest value. */
static void place_packed(uint8_t *dst, const struct tiff_layout *layout, size_t count, const uint8_t *row)
{
    unsigned scale = 255 / ((1u << layout->bits) - 1), invert = layout->white_is_0 ? 0xFF : 0;
    for (size_t i = 0; i < count; i++)
        dst[i] = (uint8_t)((packed_sample(row, i, layout->bits) * scale) ^ invert);
}

static void place_8(uint8_t *dst, size_t dst_step, const uint8_t *src, size_t step, size_t count,
                    unsigned invert)
{
    for (size_t i = 0; i < count; i++)
        dst[i * dst_step] = (uint8_t)(src[i * step] ^ invert);
}

static void place_16(uint16_t *dst, size_t dst_step, const uint16_t *src, size_t step, size_t count,
                     unsigned invert)
{
    for (size_t i = 0; i < count; i++)
        dst[i * dst_step] = (uint16_t)(src[i * step] ^ invert);
}

void tiff_place_row(const struct bsr_image *image, const struct tiff_layout *layout, size_t x, int y,
                    size_t count, const uint8_t *row, int plane)
{
    size_t   step = plane < 0 ? layout->samples : 1;
    unsigned used = layout->colours + (layout->alpha ? 1 : 0);
    uint8_t *dst = image_row(image, y) + x * image_pixel_size(image);
    if (layout->palette) {
        place_palette(dst, layout, count, row, step);
        return;
    }
    if (layout->bits < 8) {
        place_packed(dst, layout, count, row);
        return;
    }
    for (unsigned s = plane < 0 ? 0 : (unsigned)plane; s < used && (plane < 0 || s == (unsigned)plane); s++) {
        size_t   from = plane < 0 ? s : 0, to = channel_of(layout, s);
        unsigned invert = layout->white_is_0 && s < layout->colours ? 0xFFFF : 0;
        if (layout->bits == 8)
            place_8(dst + to, (size_t)image->channels, row + from, step, count, invert);
        else
            place_16((uint16_t *)(void *)dst + to, (size_t)image->channels,
                     (const uint16_t *)(const void *)row + from, step, count, invert);
    }
}

static inline unsigned divide_by_alpha(unsigned c, unsigned alpha, unsigned most)
{
    uint64_t straight = ((uint64_t)c * most + alpha / 2) / alpha;
    return straight < most ? (unsigned)straight : most;
}

void tiff_make_alpha_straight(const struct bsr_image *image)
{
    size_t channels = (size_t)image->channels, count = (size_t)image->width * channels;
    for (int y = 0; y < image->height; y++) {
        uint8_t  *row = image_row(image, y);
        uint16_t *row16 = (uint16_t *)(void *)row;
        for (size_t i = 0; i < count; i++) {
            size_t alpha = i - i % channels + channels - 1;
            if (i == alpha)
                continue;
            if (image->depth == 8 && row[alpha])
                row[i] = (uint8_t)divide_by_alpha(row[i], row[alpha], 255);
            else if (image->depth == 16 && row16[alpha])
                row16[i] = (uint16_t)divide_by_alpha(row16[i], row16[alpha], 65535);
        }
    }
}
