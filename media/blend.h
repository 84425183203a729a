/* media/blend.h: how a colour covers another one, for all that draws in media/. */
#pragma once

#include "base/image.h"
#include "media/draw.h"

#include <math.h>
#include <stdbool.h>

/* `above` covers `below` by `cover` (0..1). Mixed in light, not in code values: else edges of dark on light
 * come out too heavy and light on dark too thin. Squares stand for the exact sRGB curve (a gamma of 2.0
 * instead of 2.2): the two differ by 4 % of white at most, and a square root is cheap. */
static inline uint8_t blend_channel(uint8_t below, uint8_t above, float cover)
{
    float b = (float)below * (float)below;
    float a = (float)above * (float)above;
    return (uint8_t)(sqrtf(b + (a - b) * cover) + 0.5F);
}

static inline void blend_pixel(uint8_t *pixel, struct draw_colour colour, float cover)
{
    pixel[0] = blend_channel(pixel[0], colour.b, cover);
    pixel[1] = blend_channel(pixel[1], colour.g, cover);
    pixel[2] = blend_channel(pixel[2], colour.r, cover);
}

/* Whether `image` is what can be drawn on: 8-bit BGR. */
static inline bool can_draw_on(const struct bsr_image *image)
{
    return image->data && image->channels == 3 && image->depth == 8;
}
