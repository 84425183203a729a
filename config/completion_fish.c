#include "config/completion.h"

#define QUOTED_SIGNS "'\\" /* what must be escaped between single quotes */

/* The commands that have the option, as a condition of complete; nothing for one that is everywhere. */
static void append_condition(const struct option_row *row, struct bytes *out)
{
    const char *separator = "";
    if (option_is_in(row, COMMAND_NONE))
        return;
    bytes_append_text(out, " -n '__besra_command ");
    for (int c = COMMAND_NONE + 1; c < COMMAND_COUNT; c++)
        if (option_is_in(row, (enum command)c)) {
            bytes_append_format(out, "%s%s", separator, command_infos[c].page);
            separator = " ";
        }
    bytes_append_text(out, "'");
}

/* __besra_command detect model-show: whether the command typed so far is one of these. */
static void append_command_function(struct bytes *out)
{
    bytes_append_text(out, "function __besra_command\n"
                           "    set -l words (commandline -opc)\n"
                           "    set -l command $words[2]\n"
                           "    if test (count $words) -gt 2; and contains -- \"$command\"");
    for (int c = COMMAND_NONE + 1; c < COMMAND_COUNT; c++)
        if (command_is_group((enum command)c))
            bytes_append_format(out, " %s", command_infos[c].name);
    bytes_append_text(out, "\n"
                           "        set command $command-$words[3]\n"
                           "    end\n"
                           "    contains -- \"$command\" $argv\n"
                           "end\n");
}

static void append_option(const struct option_row *row, struct bytes *out)
{
    bytes_append_text(out, "complete -c besra");
    append_condition(row, out);
    if (row->letter)
        bytes_append_format(out, " -s %c", row->letter);
    bytes_append_format(out, " -l %s", option_name(row));
    switch (row->type) {
    case TYPE_MODEL:
        bytes_append_text(out, " -r -F -a '(__besra_models)'");
        break;
    case TYPE_PATH:
    case TYPE_REPEAT:
        bytes_append_text(out, " -r -F");
        break;
    case TYPE_CHOICE:
        bytes_append_text(out, " -x -a '");
        completion_append_choices(row, out);
        bytes_append_text(out, "'");
        break;
    default: /* an optional argument is one behind '=' only, and needs no mark */
        bytes_append_text(out, row->argument && row->type != TYPE_OPTPATH ? " -x" : "");
    }
    bytes_append_text(out, " -d '");
    completion_append_escaped(row->help, QUOTED_SIGNS, out);
    bytes_append_text(out, "'\n");
}

void completion_write_fish(struct bytes *out)
{
    bytes_append_format(out,
                        "# besra: completions for fish, made from the table of its options\n"
                        "function __besra_models\n"
                        "    set -l data $XDG_DATA_HOME\n"
                        "    test -n \"$data\"; or set data $HOME/.local/share\n"
                        "    for folder in (string split : -- \"$BESRA_MODELS\") $data/besra/models '%s'\n"
                        "        test -d \"$folder\"; or continue\n"
                        "        for file in $folder/*.cfg\n"
                        "            string replace -r '.*/(.*)\\.cfg$' '$1' -- $file\n"
                        "        end\n"
                        "    end\n"
                        "end\n",
                        BESRA_DATA_FOLDER "/besra/models");
    append_command_function(out);
    for (int c = COMMAND_NONE + 1; c < COMMAND_COUNT; c++) {
        enum command group = command_group((enum command)c);
        if (group == COMMAND_NONE)
            bytes_append_text(out, "complete -c besra -n __fish_use_subcommand");
        else
            bytes_append_format(out,
                                "complete -c besra -n 'test (count (commandline -opc)) -eq 2; and test "
                                "(commandline -opc)[2] = %s'",
                                command_infos[group].name);
        bytes_append_format(out, " -f -a %s -d '", completion_last_word((enum command)c));
        completion_append_escaped(command_infos[c].summary, QUOTED_SIGNS, out);
        bytes_append_text(out, "'\n");
    }
    for (int i = 0; i < OPTION_COUNT; i++)
        append_option(&option_rows[i], out);
}
