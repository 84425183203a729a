/* app/window/view_loop.h: the window of `besra view` on a display. */
#pragma once

#include "app/window/view.h"

/* Until the window is closed. The display is open, the view was started. Errors of window_loop(). */
bsr_status view_loop(struct view *view, const struct display_module *module, struct display *display,
                     struct bsr_error *err);
