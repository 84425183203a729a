/* Pictures to draw on in tests, and what was drawn on them. */
#pragma once

#include "base/alloc.h"
#include "base/image.h"
#include "media/draw.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define DEJAVU "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"

/* For tests whose numbers hold for DejaVu Sans 2.37 (Debian 12 and 13, Ubuntu 24.04: fonts-dejavu-core). */
#define NEEDS_DEJAVU()                                                                                       \
    do {                                                                                                     \
        if (access(DEJAVU, R_OK) != 0) {                                                                     \
            print_message("skipped: %s is not installed (fonts-dejavu-core)\n", DEJAVU);                     \
            skip();                                                                                          \
        }                                                                                                    \
    } while (0)

/* A grey 8-bit BGR picture. Release with image_free(). */
static inline struct bsr_image canvas_make(int width, int height, uint8_t grey)
{
    struct bsr_image image;
    assert_int_equal(image_alloc(&image, width, height, 3, 8, NULL), BSR_OK);
    memset(image.data, grey, image.stride * (size_t)height);
    return image;
}

static inline struct draw_colour canvas_pixel(const struct bsr_image *image, int x, int y)
{
    const uint8_t *pixel = image_row(image, y) + (ptrdiff_t)x * 3;
    return (struct draw_colour){.b = pixel[0], .g = pixel[1], .r = pixel[2]};
}

static inline bool canvas_is(const struct bsr_image *image, int x, int y, struct draw_colour colour)
{
    struct draw_colour is = canvas_pixel(image, x, y);
    return is.b == colour.b && is.g == colour.g && is.r == colour.r;
}

/* What differs from a grey: the smallest rectangle round it (x2, y2 exclusive) and how many pixels. */
struct canvas_change {
    int    x1, y1, x2, y2;
    size_t pixels;
};

static inline struct canvas_change canvas_changed(const struct bsr_image *image, uint8_t grey)
{
    struct draw_colour   untouched = {grey, grey, grey};
    struct canvas_change change = {.x1 = image->width, .y1 = image->height};

    for (int y = 0; y < image->height; y++)
        for (int x = 0; x < image->width; x++) {
            if (canvas_is(image, x, y, untouched))
                continue;
            change.pixels++;
            change.x1 = x < change.x1 ? x : change.x1;
            change.y1 = y < change.y1 ? y : change.y1;
            change.x2 = x + 1 > change.x2 ? x + 1 : change.x2;
            change.y2 = y + 1 > change.y2 ? y + 1 : change.y2;
        }
    return change;
}
