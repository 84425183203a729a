/* config/completion.h: what the shells' completions have in common. For this room only. */
#pragma once

#include "config/option_table.h"

void completion_write_bash(struct bytes *out);
void completion_write_zsh(struct bytes *out);
void completion_write_fish(struct bytes *out);

/* The function _besra_models, for bash and zsh: prints the names of the cards, one a line. */
void completion_append_models(struct bytes *out);

/* "rect square" */
void completion_append_choices(const struct option_row *row, struct bytes *out);

/* `text` with a backslash before each of the `signs`. */
void completion_append_escaped(const char *text, const char *signs, struct bytes *out);

/* "show" of "model show". */
const char *completion_last_word(enum command command);
