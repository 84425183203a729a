/* app/window/widget_timeline.h: where in a video one is, and a place to drag it from. */
#pragma once

#include "app/window/ui.h"

/* Whether *time (seconds, 0..duration) changed: pressed or dragged. Nothing can
 * be dragged where no duration is known (0). */
bool timeline_add(struct ui *ui, struct rect rect, const char *name, double duration, double *time,
                  const char *tip);

/* "1:02:03.45": hours only where there are some. */
enum { TIMELINE_TEXT = 32 };
void timeline_write(char out[TIMELINE_TEXT], double time);
