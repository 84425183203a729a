/* app/window/widget_progress.h: how far something is. */
#pragma once

#include "app/window/ui.h"

/* A thin bar; `part` 0..1, or negative: under way, nobody knows how far. */
void progress_add(struct ui *ui, struct rect rect, double part);
