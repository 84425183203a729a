/* How colours look to different eyes, and how far apart they are: for tests of the palette. Written from the
 * papers, shares nothing with media/palette.c. */
#pragma once

#include "media/draw.h"

#include <math.h>
#include <stddef.h>

struct lab {
    double l, a, b;
};

/* G. M. Machado, M. M. Oliveira, L. A. F. Fernandes: A Physiologically-based Model for Simulation of Color
 * Vision Deficiency (IEEE TVCG 15, 2009), severity 1.0; for linear RGB. */
static const struct {
    const char *name;
    double      matrix[3][3];
} eyes[] = {
    {"normal", {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}},
    {"protanopia",
     {{0.152286, 1.052583, -0.204868}, {0.114503, 0.786281, 0.099216}, {-0.003882, -0.048116, 1.051998}}},
    {"deuteranopia",
     {{0.367322, 0.860646, -0.227968}, {0.280085, 0.672501, 0.047413}, {-0.011820, 0.042940, 0.968881}}},
    {"tritanopia",
     {{1.255528, -0.076749, -0.178779}, {-0.078411, 0.930809, 0.147602}, {0.004733, 0.691367, 0.303900}}},
};
enum { EYES = sizeof eyes / sizeof *eyes };

static inline double srgb_to_linear(uint8_t value)
{
    double v = value / 255.0;
    return v <= 0.04045 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4);
}

/* WCAG 2.1. */
static inline double luminance(struct draw_colour c)
{
    return 0.2126 * srgb_to_linear(c.r) + 0.7152 * srgb_to_linear(c.g) + 0.0722 * srgb_to_linear(c.b);
}

static inline double contrast(struct draw_colour a, struct draw_colour b)
{
    double high = luminance(a), low = luminance(b);
    return high > low ? (high + 0.05) / (low + 0.05) : (low + 0.05) / (high + 0.05);
}

static inline double lab_curve(double t)
{
    return t > 216.0 / 24389 ? cbrt(t) : (24389.0 / 27 * t + 16) / 116;
}

/* CIE L*a*b* (D65) of a colour as eyes[eye] see it. */
static inline struct lab seen_by(size_t eye, struct draw_colour c)
{
    const double light[3] = {srgb_to_linear(c.r), srgb_to_linear(c.g), srgb_to_linear(c.b)};
    double       rgb[3];
    for (int i = 0; i < 3; i++) {
        const double *m = eyes[eye].matrix[i];
        rgb[i] = fmin(fmax(m[0] * light[0] + m[1] * light[1] + m[2] * light[2], 0), 1);
    }
    double x = lab_curve((0.4124564 * rgb[0] + 0.3575761 * rgb[1] + 0.1804375 * rgb[2]) / 0.95047);
    double y = lab_curve(0.2126729 * rgb[0] + 0.7151522 * rgb[1] + 0.0721750 * rgb[2]);
    double z = lab_curve((0.0193339 * rgb[0] + 0.1191920 * rgb[1] + 0.9503041 * rgb[2]) / 1.08883);
    return (struct lab){116 * y - 16, 500 * (x - y), 200 * (y - z)};
}

/* CIE 1976; about 2.3 is what an eye just notices. */
static inline double lab_distance(struct lab p, struct lab q)
{
    return sqrt((p.l - q.l) * (p.l - q.l) + (p.a - q.a) * (p.a - q.a) + (p.b - q.b) * (p.b - q.b));
}
