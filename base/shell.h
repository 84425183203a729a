/* base/shell.h: command lines to be pasted into a shell. */
#pragma once

#include "base/bytes.h"

/* Appends a space and `word` as a POSIX shell reads it back: as it is, or between single quotes. Check
 * out->failed at the end. */
void shell_append_word(struct bytes *out, const char *word);
