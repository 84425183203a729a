/* app/window/session.h: a display between the window and the real one, that plays a script (script.h) as if a
 * person did it, or writes down what a person does. */
#pragma once

#include "app/window/script.h"

struct session_options {
    const struct display_module *module;  /* the real one; */
    struct display              *display; /* the session's from here on */
    const char                  *play;    /* a script's file; NULL: none */
    const char                  *record;  /* where events are appended, a line each; NULL: nowhere */
    const char                  *shots;   /* the folder of shots; NULL: the current one */
    const char *times;   /* where a line for each frame is written (frame_times.h); NULL: nowhere */
    int         pace_ms; /* from one event of the script to the next; 0: one a frame */

    /* Whether the window is in the state that a wait-for names; negative: the word means nothing. May be
     * NULL. */
    int (*is_reached)(void *context, const char *word);
    void *context;
    int   wait_ms; /* for any of them, at most; 0: a minute */
};

/* Its display goes with session_module, closing it closes the real one. A script's events come one a frame:
 * there is no other until the window shows what it made of one, or waits, having nothing to show; with a pace
 * they come when they are due, as a hand's do. What a person does meanwhile is left out; behind the last step
 * comes EVENT_QUIT, unless events are recorded. Errors of script_parse() and file_read(); the real display is
 * then still the caller's. */
bsr_status session_open(struct display **out, const struct session_options *options, struct bsr_error *err);

extern const struct display_module session_module;

/* What went wrong: a word that never came true, a shot that can't be written; BSR_OK: nothing yet. */
bsr_status session_outcome(const struct display *session, struct bsr_error *err);

/* Opens a window, for which threads that work give way from then on (base/priority.h), and a session round it
 * where $BESRA_PLAY_EVENTS or $BESRA_RECORD_EVENTS name files; shots then go into $BESRA_SHOTS, times into
 * $BESRA_FRAME_TIMES; $BESRA_PLAY_PACE is the pace. `hooks` (may be NULL) gives is_reached and its context.
 */
bsr_status session_open_window(const struct display_module **module, struct display **out,
                               const struct display_options *options, const struct session_options *hooks,
                               struct bsr_error *err);
