#include "app/window/theme.h"

#include "media/draw.h"

#include <math.h>

static const struct theme themes[] =
    {
        [THEME_DARK] =
            {
                .stage = {18, 20, 23, 255},
                .panel = {30, 33, 38, 255},
                .raised = {44, 48, 55, 255},
                .hover = {56, 61, 70, 255},
                .held = {38, 42, 48, 255},
                .line = {52, 57, 65, 255},
                .edge = {128, 136, 150, 255},
                .text = {236, 239, 243, 255},
                .quiet = {174, 181, 192, 255},
                .accent = {96, 165, 250, 255},
                .on_accent = {12, 18, 28, 255},
                .good = {110, 211, 150, 255},
                .warning = {247, 190, 92, 255},
                .bad = {255, 138, 128, 255},
                .shade = {0, 0, 0, 150},
            },
        [THEME_LIGHT] =
            {
                .stage = {226, 229, 234, 255},
                .panel = {248, 249, 251, 255},
                .raised = {255, 255, 255, 255},
                .hover = {236, 240, 246, 255},
                .held = {224, 229, 237, 255},
                .line = {214, 219, 227, 255},
                .edge = {120, 128, 142, 255},
                .text = {24, 28, 34, 255},
                .quiet = {82, 90, 103, 255},
                .accent = {24, 100, 201, 255},
                .on_accent = {255, 255, 255, 255},
                .good = {17, 105, 58, 255},
                .warning = {133, 77, 0, 255},
                .bad = {176, 28, 28, 255},
                .shade = {20, 24, 30, 110},
            },
};

const struct theme *theme_of(enum theme_kind kind)
{
    return &themes[kind == THEME_LIGHT ? THEME_LIGHT : THEME_DARK];
}

static double linear(uint8_t value)
{
    double v = value / 255.0;
    return v <= 0.04045 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4);
}

double colour_luminance(struct colour colour)
{
    return 0.2126 * linear(colour.r) + 0.7152 * linear(colour.g) + 0.0722 * linear(colour.b);
}

double colour_contrast(struct colour a, struct colour b)
{
    double one = colour_luminance(a), other = colour_luminance(b);
    return (fmax(one, other) + 0.05) / (fmin(one, other) + 0.05);
}

struct colour colour_of_class(int index)
{
    struct draw_colour colour = draw_class_colour(index);
    return (struct colour){colour.r, colour.g, colour.b, 255};
}

struct colour colour_text_on(struct colour background)
{
    struct draw_colour text =
        draw_text_colour((struct draw_colour){.b = background.b, .g = background.g, .r = background.r});
    return (struct colour){text.r, text.g, text.b, 255};
}

struct colour colour_faded(struct colour colour, double part)
{
    colour.a = (uint8_t)lround(colour.a * fmin(fmax(part, 0), 1));
    return colour;
}
