/* app/window/script.h: a session in the window as text, for tests, for the pictures of the docs, and to tell
 * what happened. A step a line:
 *
 *     move 100 200            the pointer, in pixels of the window
 *     press 1, press 1 2      a button: 1 left, 2 middle, 3 right; the second click of two
 *     release 1
 *     click 100 200           the three of them
 *     wheel 0 -1.5            notches, up is positive
 *     key ctrl+shift+z        names as in display.h
 *     text hello              all behind the space; \\ \n \t \x1B are a backslash and bytes
 *     drop /a/picture.jpg     likewise
 *     leave, quit
 *     wait-for detected       until the window's state is what the word means
 *     wait 200                milliseconds
 *     shot detect-boxes       a picture of the window, of that name
 *     # a comment
 *
 * "ctrl+", "shift+" and "alt+" stand before move, press, release, click and wheel where they are held. */
#pragma once

#include "app/window/display.h"
#include "base/bytes.h"

#include <stddef.h>

enum step_kind { STEP_EVENT, STEP_WAIT_FOR, STEP_WAIT, STEP_SHOT };

struct script_step {
    enum step_kind  kind;
    enum event_kind event; /* of STEP_EVENT */
    int             line;  /* in the file, from 1 */
    float           x, y, dx, dy;
    int             button, clicks, modifiers;
    int             wait_ms;
    size_t          text; /* where it begins in the script's texts */
};

struct script {
    struct script_step *steps;
    size_t              count, capacity;
    struct bytes        texts; /* each ended by 0 */
};

enum { SCRIPT_MOST_STEPS = 100000, SCRIPT_MOST_WAIT_MS = 600 * 1000 };

/* Reads `size` bytes of text; `name` is for messages. Release with script_free(). BSR_EUSAGE with the number
 * of the line that is none, BSR_ELIMIT, BSR_ENOMEM. */
bsr_status script_parse(struct script *out, const char *text, size_t size, const char *name,
                        struct bsr_error *err);
void       script_free(struct script *script);

/* The word of wait-for, the name of a shot, what was typed, dropped or pressed; "" for other steps. */
const char *script_text(const struct script *script, const struct script_step *step);

/* The event of a STEP_EVENT, as a display gives it. */
void script_event(struct event *out, const struct script *script, const struct script_step *step);

/* Appends the line that stands for an event; nothing for those that are no person's doing (EVENT_WAKE,
 * EVENT_RESIZE). What is read back is the same event, as far as display.h
 * says what its kind has. */
void script_write(struct bytes *out, const struct event *event);
