/* config/help_text.h: what help, manual and completions say alike. For this room only. */
#pragma once

#include "config/option_table.h"

/* The row's help with its choices and its default: "what runs the net: auto, opencv or ... (default: auto)".
 */
void help_describe(const struct option_row *row, enum command command, struct bytes *out);

/* "-c, --conf SCORE", "    --json[=FILE]" (aligned for options without a letter). */
void help_append_flags(const struct option_row *row, struct bytes *out);

/* Appends "besra detect [OPTION...] INPUT...". */
void help_append_usage(enum command command, struct bytes *out);

/* The n-th line on INPUT and on files and variables; a name and what it is. NULL behind the last. */
/* What may be written where a command takes inputs. */
typedef const char *help_term(int n, const char **text);
help_term          *help_inputs(enum command command);

const char *help_file(int n, const char **text);
const char *help_variable(int n, const char **text);

/* Appends `text`, wrapped to 80 columns; the first word stands in `column` (from 0; the caller has filled the
 * line up to there), further lines are indented to it. Ends the line. */
void help_wrap(const char *text, int column, struct bytes *out);
