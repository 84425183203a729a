#include "app/window/module/coverage.h"

#include <math.h>

/* A pixel whose centre is `distance` inside an edge (outside: negative) is covered by that and a half. */
static float cover(float distance)
{
    return distance <= -0.5F ? 0 : distance >= 0.5F ? 1 : distance + 0.5F;
}

static uint8_t byte(float part)
{
    return (uint8_t)(part * 255 + 0.5F);
}

static float pixel_x(const struct coverage *out, int x)
{
    return out->x + (float)x + 0.5F;
}

static float pixel_y(const struct coverage *out, int y)
{
    return out->y + (float)y + 0.5F;
}

/* How far (x, y), from the rectangle's centre, is inside it. Inigo Quilez, "2D distance functions", rounded
 * box. */
static float inside_rectangle(float x, float y, float half_width, float half_height, float radius)
{
    float across = fabsf(x) - half_width + radius, down = fabsf(y) - half_height + radius;
    float outside = hypotf(fmaxf(across, 0), fmaxf(down, 0));
    return radius - outside - fminf(fmaxf(across, down), 0);
}

void coverage_rectangle(const struct coverage *out, float width, float height, float radius, float line)
{
    float half_width = width / 2, half_height = height / 2, inner = fmaxf(radius - line, 0);
    radius = fminf(radius, fminf(half_width, half_height));
    for (int y = 0; y < out->height; y++) {
        float    down = pixel_y(out, y) - half_height;
        uint8_t *row = out->data + (size_t)y * out->stride;
        for (int x = 0; x < out->width; x++) {
            float across = pixel_x(out, x) - half_width;
            float part = cover(inside_rectangle(across, down, half_width, half_height, radius));
            if (line > 0 && line < half_width && line < half_height)
                part -= cover(inside_rectangle(across, down, half_width - line, half_height - line,
                                               fminf(inner, fminf(half_width - line, half_height - line))));
            row[x] = byte(fmaxf(part, 0));
        }
    }
}

void coverage_line(const struct coverage *out, float dx, float dy, float width)
{
    float squared = dx * dx + dy * dy;
    for (int y = 0; y < out->height; y++) {
        float    py = pixel_y(out, y);
        uint8_t *row = out->data + (size_t)y * out->stride;
        for (int x = 0; x < out->width; x++) {
            float px = pixel_x(out, x);
            float along = squared > 0 ? fminf(fmaxf((px * dx + py * dy) / squared, 0), 1) : 0;
            row[x] = byte(cover(width / 2 - hypotf(px - along * dx, py - along * dy)) * fminf(width, 1));
        }
    }
}

/* Twice the signed area (the shoelace formula): over 0 where the points run clockwise with y down. */
static float doubled_area(const float *points, int count)
{
    float area = 0;
    for (int i = 0, before = count - 1; i < count; before = i++)
        area += points[2 * before] * points[2 * i + 1] - points[2 * i] * points[2 * before + 1];
    return area;
}

void coverage_polygon(const struct coverage *out, const float *points, int count)
{
    float turn = doubled_area(points, count) < 0 ? -1.0F : 1.0F;
    for (int y = 0; y < out->height; y++)
        for (int x = 0; x < out->width; x++) {
            float px = pixel_x(out, x), py = pixel_y(out, y), least = 1;
            for (int i = 0, before = count - 1; i < count; before = i++) {
                const float *a = points + (size_t)2 * (size_t)before, *b = points + (size_t)2 * (size_t)i;
                float        dx = b[0] - a[0], dy = b[1] - a[1], length = hypotf(dx, dy);
                if (length > 0)
                    least = fminf(least, turn * (dx * (py - a[1]) - dy * (px - a[0])) / length);
            }
            out->data[(size_t)y * out->stride + (size_t)x] = byte(cover(least));
        }
}
