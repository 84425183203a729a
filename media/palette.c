#include "media/draw.h"

#include <math.h>

enum { HUES = 8, SHADES = 10 };

/* M. Okabe, K. Ito: Color Universal Design (2008). The order is the one that keeps neighbours, in all rounds
 * of shades, farthest apart for normal eyes and for those that lack the red, green or blue cones (tried all,
 * black at the end; tests/media/draw/test_palette.c measures it). */
static const struct draw_colour hues[HUES] = {
    {.r = 86, .g = 180, .b = 233},  /* sky blue */
    {.r = 230, .g = 159, .b = 0},   /* orange */
    {.r = 0, .g = 158, .b = 115},   /* bluish green */
    {.r = 213, .g = 94, .b = 0},    /* vermillion */
    {.r = 204, .g = 121, .b = 167}, /* reddish purple */
    {.r = 240, .g = 228, .b = 66},  /* yellow */
    {.r = 0, .g = 114, .b = 178},   /* blue */
    {.r = 0, .g = 0, .b = 0},       /* black */
};

/* How far each round through the hues goes to white (over 0) or to black (under 0), percent: far apart
 * first, because the first rounds are the ones most used. */
static const int shades[SHADES] = {0, 50, -45, 70, -25, 30, -60, 60, -35, 40};

/* Black has only one way to go. */
static const int greys[SHADES] = {0, 55, 30, 75, 42, 20, 65, 12, 82, 48};

static uint8_t mix(int from, int to, int percent)
{
    return (uint8_t)((from * (100 - percent) + to * percent + 50) / 100);
}

struct draw_colour draw_class_colour(int index)
{
    /* Unsigned, so that a negative index (a class that is not known) has a colour too. */
    unsigned           number = (unsigned)index % (HUES * SHADES);
    unsigned           hue = number % HUES;
    unsigned           round = number / HUES;
    int                shade = hue == HUES - 1 ? greys[round] : shades[round];
    struct draw_colour c = hues[hue];
    int                to = shade < 0 ? 0 : 255;
    int                percent = shade < 0 ? -shade : shade;

    return (struct draw_colour){
        .b = mix(c.b, to, percent), .g = mix(c.g, to, percent), .r = mix(c.r, to, percent)};
}

/* WCAG 2.1, "relative luminance": the light of an sRGB channel, 0..1. */
static double channel_light(uint8_t value)
{
    double v = value / 255.0;
    return v <= 0.04045 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4);
}

struct draw_colour draw_text_colour(struct draw_colour background)
{
    double light = 0.2126 * channel_light(background.r) + 0.7152 * channel_light(background.g) +
                   0.0722 * channel_light(background.b);

    /* Contrast is (lighter + 0.05) / (darker + 0.05). Black wins where (light + 0.05) / 0.05 is more than
     * 1.05 / (light + 0.05). The winner is never under sqrt(21) = 4.58. */
    if ((light + 0.05) * (light + 0.05) > 1.05 * 0.05)
        return (struct draw_colour){.b = 0, .g = 0, .r = 0};
    return (struct draw_colour){.b = 255, .g = 255, .r = 255};
}
