/* app/window/widget_bar.h: the bars at the top and at the bottom of a window, and places on them. */
#pragma once

#include "app/window/ui.h"

/* Paints a bar with its edge towards the middle of the window; returns its inside. */
struct rect bar_begin_top(struct ui *ui, struct rect area);
struct rect bar_begin_bottom(struct ui *ui, struct rect area);

/* Room for a button `width` pixels wide, cut off *rest with a gap behind it. */
struct rect bar_place(struct ui *ui, struct rect *rest, float width, bool right);

/* The command line that makes what is seen; true when it was clicked. */
bool bar_command_add(struct ui *ui, struct rect area, const char *command, const char *tip);
