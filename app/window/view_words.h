/* app/window/view_words.h: what a script of `besra view` can wait for (script.h). */
#pragma once

#include "pipeline/viewer.h"

/* Whether the viewer has come to: "model", "picture", "result", "folder" (ready), "failed" (any of them),
 * "paused" (a video stands still at the frame that was wanted), "idle" (nothing is worked on). Negative:
 * another word. */
int view_is_reached(struct viewer *viewer, const char *word);
