/* config/command_line.h: argv, taken apart the GNU way: --name=value, --name value, --na (what is
 * unambiguous), -c0.3, -c 0.3, -ry, -- before the inputs, options and inputs in any order. For this room
 * only. */
#pragma once

#include "config/option_table.h"

struct line_option {
    const struct option_row *row;
    const char              *value; /* NULL where none was given */
    bool                     off;   /* --no-name */
};

struct command_line {
    enum command        command;
    bool                help, version; /* met; nothing behind it was looked at */
    struct line_option *options;       /* [option_count], as written */
    size_t              option_count;
    char              **inputs; /* [input_count], pointers into argv */
    size_t              input_count;
};

/* Takes argv apart; values are not looked at yet. BSR_EUSAGE, BSR_ENOMEM.
 * Points into argv. Release with command_line_free(). */
bsr_status command_line_read(struct command_line *out, int argc, char **argv, struct bsr_error *err);

void command_line_free(struct command_line *line);
