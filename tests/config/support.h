/* tests/config/support.h: a folder of one's own for files that a test needs, and shorthand for parsing. */
#pragma once

#include "config/options.h"

#include <stddef.h>

/* Makes an empty folder, points XDG_CONFIG_HOME, XDG_DATA_HOME and HOME into it and clears BESRA_MODELS;
 * setup and teardown of a group of tests. */
int support_enter(void **state);
int support_leave(void **state);

/* "FOLDER/name", valid until the next eight calls. */
const char *support_path(const char *name);

/* Writes FOLDER/name, making the folders above it; returns its path as above. */
const char *support_write(const char *name, const char *text);

/* Parses a command line, split at blanks ('_' within a word stands for a blank, "''" for an empty word). */
bsr_status support_parse(struct options *out, const char *line, struct bsr_error *err);
