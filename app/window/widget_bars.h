/* app/window/widget_bars.h: shares as horizontal bars, a name and a number each. */
#pragma once

#include "app/window/ui.h"

struct bar {
    const char *name;
    double      part; /* 0..1 */
};

enum { POINT_BAR_ROW = 38 };

/* A row each, POINT_BAR_ROW points high, as many as have room; the first is the strongest. */
void bars_add(struct ui *ui, struct rect rect, const struct bar *bars, size_t count);
