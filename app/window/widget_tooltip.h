/* app/window/widget_tooltip.h: the note beside what the pointer rests on. */
#pragma once

#include "app/window/ui.h"

/* To be called at the end of a pass: paints what ui_tip() was told. */
void tooltip_add(struct ui *ui);
