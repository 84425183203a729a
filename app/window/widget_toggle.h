/* app/window/widget_toggle.h: a switch with its label, in one row. */
#pragma once

#include "app/window/ui.h"

/* True when it changed *on. */
bool toggle_add(struct ui *ui, struct rect row, const char *label, const char *tip, bool *on);
