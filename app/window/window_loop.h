/* app/window/window_loop.h: a window's contents on a display: events are handed in one by one, the screen is
 * painted when something changed, and nothing runs while nothing happens. */
#pragma once

#include "app/window/view.h"

/* What is in the window. */
struct window_client {
    void               *context;
    struct ui          *ui;
    struct paint_list  *list;
    struct view_wishes *wishes;
    struct ui_pictures *pictures; /* is filled in */
    const char         *title;    /* may change from pass to pass; "" : none */

    /* One pass: fills the list for a window of width x height pixels. */
    void (*pass)(void *context, const struct event *event, int width, int height, float scale, double now_ms);
    void (*paste)(void *context, const char *text); /* NULL: there was none. May be NULL */
    void (*note_frame)(void *context, double build_ms, double answer_ms); /* may be NULL */
};

/* Until the window is closed. BSR_EMISSING (no font), BSR_ENOMEM. */
bsr_status window_loop(const struct window_client *client, const struct display_module *module,
                       struct display *display, struct bsr_error *err);
