/* app/window/frame_times.h: when frames were shown and which inputs they answer, as lines of a file, for
 * measurements (bench/view.py):
 *
 *     12345.678 4.210 15.100 2
 *
 * is a frame that was on the screen at 12345.678 ms of the system's steady clock, that took 4.210 ms to show,
 * whose first input had waited for 15.100 ms then, and which is the first one behind 2 inputs; "- 0" where it
 * answers none. */
#pragma once

#include "base/status.h"

struct frame_times;

/* Release with frame_times_close(). BSR_EIO: `path` can't be written. */
bsr_status frame_times_open(struct frame_times **out, const char *path, struct bsr_error *err);
void       frame_times_close(struct frame_times *times);

/* An input that was due at `at_ms` (clock_ms()) is handed to the window. The window takes NULL for `times`.
 */
void frame_times_input(struct frame_times *times, double at_ms);

/* A frame was shown: it began at `began_ms`. */
void frame_times_frame(struct frame_times *times, double began_ms, double ended_ms);
