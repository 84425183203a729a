/* app/window/widget_keycaps.h: a row of the page of keys: the keys as caps, and what they do. */
#pragma once

#include "app/window/ui.h"

/* `keys` ends with NULL or after `most`. */
void keycaps_add(struct ui *ui, struct rect row, const char *const *keys, size_t most, const char *help);
