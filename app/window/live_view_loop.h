/* app/window/live_view_loop.h: the window of `besra live` on a display. */
#pragma once

#include "app/window/live_view.h"

/* Until the window is closed. The display is open, the view was started. Errors of window_loop(). */
bsr_status live_view_loop(struct live_view *view, const struct display_module *module,
                          struct display *display, struct bsr_error *err);
