/* app/window/view_boxes.h: boxes with labels over a picture in the window. Knows no viewer: live pictures
 * have boxes, too. */
#pragma once

#include "app/window/canvas.h"

struct view_box {
    double        x1, y1, x2, y2; /* pixels of the picture */
    struct colour colour;
    const char   *label; /* or NULL */
    bool          picked;
    bool          faded; /* another one is pointed at */
};

/* Paints them, the first on top, cut to the canvas's area. Labels stand beside their boxes, whole within the
 * area, and not on one another where there is another place. */
void boxes_add(struct ui *ui, const struct canvas *canvas, const struct view_box *boxes, size_t count);

/* The box at (x, y) of the window: the smallest of those that have it, since large ones lie behind. Returns
 * `count` where there is none. */
size_t boxes_at(const struct canvas *canvas, const struct view_box *boxes, size_t count, float x, float y);
