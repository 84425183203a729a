/* app/window/paint.h: what a frame of the window is made of: a list of things to paint, back to front. It
 * knows no display: the module that has one paints it (display.h), a test can read it. Pixels of the window,
 * x right, y down. */
#pragma once

#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>

struct rect {
    float x, y, width, height;
};

struct colour {
    uint8_t r, g, b, a;
};

/* A picture that the display holds; 0: none. */
typedef uint32_t texture_id;

enum paint_kind {
    PAINT_RECT,  /* filled; `radius` of its corners */
    PAINT_FRAME, /* its edge, `line` wide, inside */
    PAINT_LINE,  /* from (x, y) by (width, height), `line` wide */
    PAINT_FAN,   /* a filled convex polygon: `points` of the list's from `first` */
    PAINT_IMAGE, /* `texture`, `from` of it, tinted by `colour` */
    PAINT_CLIP,  /* what follows is cut to it, until the next one */
};

struct paint {
    enum paint_kind kind;
    struct rect     rect;
    struct colour   colour;
    float           radius, line;
    texture_id      texture;
    struct rect     from;          /* pixels of the texture */
    bool            smooth;        /* interpolate; false: hard pixels */
    int             first, points; /* of the list's points */
};

struct paint_point {
    float x, y;
};

/* Start with {0}; grows once, then keeps its memory. Edges of rectangles and frames, and lines that are level
 * or upright, are put onto whole pixels; all else is smoothed. What is empty, has no colour (a is 0) or has a
 * number that is not finite is left out. */
struct paint_list {
    struct paint       *items;
    size_t              count, capacity;
    struct paint_point *points;
    size_t              point_count, point_capacity;
    bool                failed; /* memory ended: what was added since is missing */
};

void paint_clear(struct paint_list *list);
void paint_free(struct paint_list *list);

/* Makes *to the same list. False: memory ended, *to is as it was. */
bool paint_copy(struct paint_list *to, const struct paint_list *from);

/* A line's ends are round where it is aslant; a fan's points go round it either way. */
void paint_rect(struct paint_list *list, struct rect rect, struct colour colour, float radius);
void paint_frame(struct paint_list *list, struct rect rect, struct colour colour, float radius, float line);
void paint_line(struct paint_list *list, float x1, float y1, float x2, float y2, struct colour colour,
                float line);
void paint_fan(struct paint_list *list, const struct paint_point *points, int count, struct colour colour);
void paint_image(struct paint_list *list, texture_id texture, struct rect from, struct rect to,
                 struct colour tint, bool smooth);
void paint_clip(struct paint_list *list, struct rect rect); /* an empty one hides all */
