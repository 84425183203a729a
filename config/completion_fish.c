#include "config/completion.h"

#define QUOTED_SIGNS "'\\" /* what must be escaped between single quotes */

/* The commands that have the option, as a condition of complete; nothing for one that is everywhere. */
static void append_condition(const struct option_row *row, struct bytes *out)
{
    if (option_is_in(row, COMMAND_NONE))
        return;
    bytes_append_text(out, " -n '__fish_seen_subcommand_from");
    for (int c = COMMAND_NONE + 1; c < COMMAND_COUNT; c++)
        if (option_is_in(row, (enum command)c))
            bytes_append_format(out, " %s", completion_last_word((enum command)c));
    bytes_append_text(out, "'");
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
    for (int c = COMMAND_NONE + 1; c < COMMAND_COUNT; c++) {
        bytes_append_format(
            out, "complete -c besra -n %s -f -a %s -d '",
            c <= COMMAND_MODEL
                ? "__fish_use_subcommand"
                : "'__fish_seen_subcommand_from model; and test (count (commandline -opc)) -eq 2'",
            completion_last_word((enum command)c));
        completion_append_escaped(command_infos[c].summary, QUOTED_SIGNS, out);
        bytes_append_text(out, "'\n");
    }
    for (int i = 0; i < OPTION_COUNT; i++)
        append_option(&option_rows[i], out);
}
