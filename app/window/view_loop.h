/* app/window/view_loop.h: a view on a display: events are handed in one by one, the screen is painted when
 * something changed, and nothing runs while nothing happens. */
#pragma once

#include "app/window/view.h"

/* Until the window is closed. The display is open, the view was started. BSR_EMISSING (no font), BSR_ENOMEM.
 */
bsr_status view_loop(struct view *view, const struct display_module *module, struct display *display,
                     struct bsr_error *err);
