/* app/window/widget_scroll.h: a part of the window that shows a part of something longer. */
#pragma once

#include "app/window/ui.h"

/* Zero at the start. */
struct scroll {
    float at;     /* pixels that are out of sight before it */
    float length; /* of all, in the last pass */
    float grab;   /* of the bar, while it is dragged */
    float start;  /* where the contents began in this pass; for those that measure them */
};

/* Clips to `area`, takes the wheel over it (unless something in it did), and returns the place of the
 * contents: as long as `length` says, moved by what is scrolled. `sideways`: a row, not a column. End with
 * scroll_end(). */
struct rect scroll_begin(struct ui *ui, struct rect area, const char *name, float length, bool sideways,
                         struct scroll *scroll);
void        scroll_end(struct ui *ui);

/* Brings from .. to (pixels of the contents) into an area that is `extent` long. */
void scroll_show(struct scroll *scroll, float extent, float from, float to);
