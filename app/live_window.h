/* app/live_window.h: the window of `besra live`, opened before its source so that it can be woken. */
#pragma once

#include "config/options.h"
#include "pipeline/live.h"

struct live_window;

/* BSR_EMISSING where there is no display (the hint names --headless), BSR_ENOMEM. Release with
 * live_window_close(). */
bsr_status live_window_open(struct live_window **out, const struct options *options, struct bsr_error *err);
void       live_window_close(struct live_window *window);

/* From any thread: there is something new to see. */
void live_window_wake(struct live_window *window);

/* Shows `live` until the window is closed; where --frames or --duration ends it, until then. `shapes` are
 * those that it began with. BSR_EMISSING (no font), BSR_ENOMEM. */
bsr_status live_window_show(struct live_window *window, struct live *live, const struct count_shape *shapes,
                            int shape_count, struct bsr_error *err);
