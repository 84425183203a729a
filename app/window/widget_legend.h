/* app/window/widget_legend.h: a class in its colour, with how many of it there are; a click hides it. */
#pragma once

#include "app/window/ui.h"

struct legend_row {
    const char   *name;
    int           count;
    struct colour colour;
    bool          hidden;
};

enum legend_result { LEGEND_SAME, LEGEND_CLICKED, LEGEND_POINTED /* at: to be pointed out in the picture */ };

enum legend_result legend_add(struct ui *ui, struct rect row, size_t index, const struct legend_row *what);
