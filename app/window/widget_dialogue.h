/* app/window/widget_dialogue.h: the plate of a dialogue over the window, with a title and the cross that
 * closes it. */
#pragma once

#include "app/window/ui.h"

/* At most `width` x `height` points. From here on everything belongs to LAYER_DIALOGUE. Returns the plate's
 * inside; *close where the cross was clicked, or the window beside the plate: what it is then the caller's to
 * do. */
struct rect dialogue_begin(struct ui *ui, const char *title, float width, float height, const char *close_tip,
                           bool *close);
