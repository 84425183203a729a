/* app/window/widget_divider.h: an upright line to drag between two halves. */
#pragma once

#include "app/window/ui.h"

/* *place is 0..1 of area's width. True when it was moved. */
bool divider_add(struct ui *ui, struct rect area, const char *name, double *place);

/* Paints it, over what both halves show. */
void divider_paint(struct ui *ui, struct rect area, const char *name, double place);
