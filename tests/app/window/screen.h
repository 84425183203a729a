/* tests/app/window/screen.h: what is in a window on the harness's display, without the window's loop: an
 * event goes in, a pass is made. */
#pragma once

#include "app/window/ground.h"
#include "app/window/window_loop.h"

enum screen_time {
    SCREEN_COUNTS, /* ten milliseconds a pass, so that nothing depends on the machine; shown when it is
                      checked */
    SCREEN_CLOCK,  /* the clock's; each pass is shown */
};

struct screen {
    struct window_client client;
    struct display      *display;
    struct ground        ground;
    enum screen_time     time;
    int                  width, height;
    float                scale;
    double               now_ms;
};

/* Of `client` all but what only a loop needs; its contents have been started already. Close it after them. */
void screen_open(struct screen *screen, const struct window_client *client, enum screen_time time, int width,
                 int height, float scale);
void screen_close(struct screen *screen);

void screen_send(struct screen *screen, const struct event *event);
void screen_key(struct screen *screen, const char *name); /* what it types comes behind it */
void screen_wait(struct screen *screen, double ms);       /* of SCREEN_COUNTS */
void screen_rest(struct screen *screen); /* two passes: the second shows what the first changed */

/* Rests and holds what is there to the golden of this name. */
void screen_check(struct screen *screen, const char *name);
