/* app/window/rect.h: cutting the window into rectangles. */
#pragma once

#include "app/window/paint.h"

#include <math.h>

static inline bool rect_has(struct rect rect, float x, float y)
{
    return x >= rect.x && y >= rect.y && x < rect.x + rect.width && y < rect.y + rect.height;
}

/* What both have; empty where they don't meet. */
static inline struct rect rect_meet(struct rect a, struct rect b)
{
    float left = fmaxf(a.x, b.x), top = fmaxf(a.y, b.y);
    float right = fminf(a.x + a.width, b.x + b.width), bottom = fminf(a.y + a.height, b.y + b.height);
    return (struct rect){left, top, fmaxf(0, right - left), fmaxf(0, bottom - top)};
}

/* Smaller by `by` at each side. */
static inline struct rect rect_inset(struct rect rect, float by)
{
    return (struct rect){rect.x + by, rect.y + by, fmaxf(0, rect.width - 2 * by),
                         fmaxf(0, rect.height - 2 * by)};
}

/* Cuts a part off one side of *rect, which keeps the rest; never more than there is. */
static inline struct rect rect_cut_top(struct rect *rect, float height)
{
    height = fminf(height, rect->height);
    struct rect part = {rect->x, rect->y, rect->width, height};
    rect->y += height;
    rect->height -= height;
    return part;
}

static inline struct rect rect_cut_bottom(struct rect *rect, float height)
{
    height = fminf(height, rect->height);
    rect->height -= height;
    return (struct rect){rect->x, rect->y + rect->height, rect->width, height};
}

static inline struct rect rect_cut_left(struct rect *rect, float width)
{
    width = fminf(width, rect->width);
    struct rect part = {rect->x, rect->y, width, rect->height};
    rect->x += width;
    rect->width -= width;
    return part;
}

static inline struct rect rect_cut_right(struct rect *rect, float width)
{
    width = fminf(width, rect->width);
    rect->width -= width;
    return (struct rect){rect->x + rect->width, rect->y, width, rect->height};
}

/* width x height in the middle of it, on whole pixels. */
static inline struct rect rect_centred(struct rect in, float width, float height)
{
    return (struct rect){floorf(in.x + (in.width - width) / 2), floorf(in.y + (in.height - height) / 2),
                         width, height};
}
