#include "config/help_text.h"

#include <string.h>

enum {
    FLAGS_COLUMN = 2,
    TEXT_COLUMN = 30, /* of the descriptions */
};

/* "  name    text", the text wrapped in its column; on a line of its own where the name is too long. */
static void append_entry(const char *name, const char *text, int column, struct bytes *out)
{
    int used = FLAGS_COLUMN + (int)strlen(name);
    bytes_append_format(out, "%*s%s", FLAGS_COLUMN, "", name);
    if (used + 2 > column)
        bytes_append_format(out, "\n%*s", column, "");
    else
        bytes_append_format(out, "%*s", column - used, "");
    help_wrap(text, column, out);
}

static void append_option(const struct option_row *row, enum command command, struct bytes *out)
{
    struct bytes flags = {0}, text = {0};
    help_append_flags(row, &flags);
    help_describe(row, command, &text);
    append_entry(bytes_text(&flags), bytes_text(&text), TEXT_COLUMN, out);
    out->failed = out->failed || flags.failed || text.failed;
    bytes_free(&flags);
    bytes_free(&text);
}

static void append_group(enum option_group group, enum command command, struct bytes *out)
{
    bool started = false;
    for (int i = 0; i < OPTION_COUNT; i++) {
        const struct option_row *row = &option_rows[i];
        if (row->group != group || !option_is_in(row, command))
            continue;
        if (!started)
            bytes_append_format(out, "\n%s\n",
                                command == COMMAND_NONE ? "Options" : option_group_title(group));
        started = true;
        append_option(row, command, out);
    }
}

/* Of the program all commands, else those that it stands before. */
static void append_commands(enum command group, struct bytes *out)
{
    enum { NAMES_COLUMN = 18 };
    bytes_append_text(out, "\nCommands\n");
    for (int c = COMMAND_NONE + 1; c < COMMAND_COUNT; c++)
        if (group == COMMAND_NONE || command_group((enum command)c) == group)
            append_entry(command_infos[c].name, command_infos[c].summary, NAMES_COLUMN, out);
}

static void append_examples(enum command command, struct bytes *out)
{
    bytes_append_text(out, "\nExamples\n");
    for (int i = 0; i < 3 && command_infos[command].examples[i][0]; i++)
        bytes_append_format(out, "  %s\n      %s\n", command_infos[command].examples[i][0],
                            command_infos[command].examples[i][1]);
}

static void append_inputs(enum command command, struct bytes *out)
{
    enum { NAMES_COLUMN = 14 };
    const char *text = NULL, *name = NULL;
    bytes_append_text(out, "\nInputs\n");
    for (int n = 0; (name = help_inputs(command)(n, &text)); n++)
        append_entry(name, text, NAMES_COLUMN, out);
}

static void append_exit_codes(struct bytes *out)
{
    enum { CODES_COLUMN = 14 };
    const char *codes = NULL, *text = NULL;
    bytes_append_text(out, "\nExit codes\n");
    for (int n = 0; (text = exit_code_text(n, &codes)); n++)
        append_entry(codes, text, CODES_COLUMN, out);
}

void options_print_help(enum command command, struct bytes *out)
{
    const struct command_info *info = &command_infos[command];
    bytes_append_text(out, "Usage: ");
    help_append_usage(command, out);
    bytes_append_text(out, "\n\n");
    help_wrap(info->description, 0, out);
    append_examples(command, out);
    if (command == COMMAND_NONE || command_is_group(command))
        append_commands(command, out);
    else
        append_inputs(command, out);
    for (int group = 0; group < GROUP_COUNT; group++)
        append_group((enum option_group)group, command, out);
    if (command != COMMAND_NONE && !command_is_group(command))
        help_wrap(
            "\nFlags are undone by --no-NAME (--image undoes --no-image); any beginning of a name that fits "
            "only one option will do. Defaults can be set in ~/.config/besra/besra.cfg.",
            0, out);
    append_exit_codes(out);
    if (command == COMMAND_NONE)
        bytes_append_text(
            out, "\n'besra COMMAND --help' shows a command's options, 'man besra-COMMAND' as well.\n");
    else
        bytes_append_format(out, "\nMore: man besra-%s\n", info->page);
}
