/* app/window/view_times.h: what the last frames of a window took, for its overlays. */
#pragma once

#include <stddef.h>

enum { VIEW_FRAMES = 120 };

/* ms, of the last frames: making the list; from an event to the screen. */
struct view_times {
    float  build[VIEW_FRAMES], answer[VIEW_FRAMES];
    size_t count, answers;
};

/* A frame was shown `answer_ms` behind the event that it answers; negative: behind none. */
void view_times_note(struct view_times *times, double build_ms, double answer_ms);

/* What `part` (0..1) of them are not over; 0 where there are none. */
double view_times_build(const struct view_times *times, double part);
double view_times_answer(const struct view_times *times, double part);
