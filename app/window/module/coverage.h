/* app/window/module/coverage.h: how much of each pixel a shape covers, 0..255, from its distance to the
 * pixel's centre: the same picture in any renderer. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* A part of a shape's plane: `width` x `height` pixels whose first corner is at (x, y). */
struct coverage {
    uint8_t *data;
    size_t   stride;
    int      width, height;
    float    x, y;
};

/* A rectangle from (0, 0) to (width, height) with corners of `radius`; where `line` is over 0 only its edge,
 * that wide, inside. */
void coverage_rectangle(const struct coverage *out, float width, float height, float radius, float line);

/* A line of `width` pixels from (0, 0) to (dx, dy) with round ends. */
void coverage_line(const struct coverage *out, float dx, float dy, float width);

/* A convex polygon of `count` points {x, y}, either way round. */
void coverage_polygon(const struct coverage *out, const float *points, int count);
