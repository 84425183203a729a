/* app/terminal.h: what a person reads, on standard error. The only place that prints messages. All but the
 * first may be called by any thread. */
#pragma once

#include "base/bytes.h"
#include "base/status.h"
#include "config/options.h"

/* Takes --quiet, --color, --progress, NO_COLOR and whether standard error is a terminal into account from
 * here on. */
void terminal_setup(const struct options *options);

/* "besra: a.jpg: not a JPEG: ...", and the hint on a line of its own. Shown also with --quiet. */
void terminal_error(const struct bsr_error *err);

/* Whether what goes to standard output is coloured: a terminal or --color=always, and no NO_COLOR. */
bool terminal_colours_output(void);

/* A line, unless --quiet. */
void terminal_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Says what a room has noted, a line each. */
void terminal_say_notes(const struct bytes *notes);

/* The progress line: over itself on a terminal. Cleared before anything else is printed. */
void terminal_progress(const char *text);
void terminal_clear_progress(void);

/* Whether a progress line makes sense: a terminal, or asked for. */
bool terminal_shows_progress(void);
