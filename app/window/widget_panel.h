/* app/window/widget_panel.h: a panel at the right of a window, as long as what it holds, and its rows. */
#pragma once

#include "app/window/widget_scroll.h"

/* Paints the panel and returns the place of what it holds, from which rows are cut. End with panel_end(),
 * with what is left of that. `name` is the id's. */
struct rect panel_begin(struct ui *ui, struct rect area, const char *name, struct scroll *scroll);
void        panel_end(struct ui *ui, struct rect rest, struct scroll *scroll);

/* A heading, and a row of a name with its value at the right, cut off *rest. */
void panel_heading(struct ui *ui, struct rect *rest, const char *text);
void panel_row(struct ui *ui, struct rect *rest, const char *name, const char *value);
