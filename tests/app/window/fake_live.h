/* tests/app/window/fake_live.h: pipeline/live.h and pipeline/lens.h without threads, sources and nets: what a
 * test puts into `fake_live` is what the window shows, the same on every machine. */
#pragma once

#include "pipeline/lens.h"
#include "pipeline/live.h"

struct fake_live {
    struct live_snapshot shot; /* changed at will; `serial` counts by itself */
    bool                 paused;
    int                  steps, saves; /* that were asked for */
    int                  shape_count;  /* as it was set last */
    bool                 lens_opening; /* else its model can't be opened */
};

extern struct fake_live fake_live;

/* A film of 640 x 480 that runs, and things in it; of four classes, one of them hidden behind another. */
void fake_live_start(void);
void fake_live_stop(void);
