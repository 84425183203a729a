#include "config/completion.h"

/* The flags of the rows as a pattern of case: -m|--model. Returns whether there is one. */
static void append_pattern(const struct option_row *row, struct bytes *out)
{
    if (row->letter)
        bytes_append_format(out, "-%c|", row->letter);
    bytes_append_text(out, row->flag);
}

/* What may follow an option that takes a value. */
static void append_value_case(const struct option_row *row, struct bytes *out)
{
    bytes_append_text(out, "    ");
    append_pattern(row, out);
    bytes_append_text(out, ")\n");
    switch (row->type) {
    case TYPE_MODEL:
        bytes_append_text(out,
                          "        mapfile -t COMPREPLY < <(compgen -W \"$(_besra_models)\" -- \"$cur\"; "
                          "compgen -f -- \"$cur\")\n"
                          "        compopt -o filenames 2>/dev/null\n");
        break;
    case TYPE_PATH:
    case TYPE_REPEAT:
    case TYPE_OPTPATH:
        bytes_append_text(out, "        mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
                               "        compopt -o filenames 2>/dev/null\n");
        break;
    case TYPE_CHOICE:
        bytes_append_text(out, "        mapfile -t COMPREPLY < <(compgen -W '");
        completion_append_choices(row, out);
        bytes_append_text(out, "' -- \"$cur\")\n"
                               "        declare -F __ltrim_colon_completions >/dev/null && "
                               "__ltrim_colon_completions \"$cur\"\n");
        break;
    default: /* a number or text: nothing to offer */
        break;
    }
    bytes_append_text(out, "        return\n        ;;\n");
}

static void append_words(enum command command, struct bytes *out)
{
    bool started = false;
    for (int i = 0; i < OPTION_COUNT; i++) {
        const struct option_row *row = &option_rows[i];
        if (!option_is_in(row, command))
            continue;
        bytes_append_format(out, "%s%s", started ? " " : "", row->flag);
        if (row->letter)
            bytes_append_format(out, " -%c", row->letter);
        started = true;
    }
}

static void append_commands(struct bytes *out)
{
    for (int c = COMMAND_NONE + 1; c < COMMAND_COUNT; c++)
        if (command_group((enum command)c) == COMMAND_NONE)
            bytes_append_format(out, "%s ", command_infos[c].name);
}

static void append_words_below(enum command group, struct bytes *out)
{
    for (int c = COMMAND_NONE + 1; c < COMMAND_COUNT; c++)
        if (command_group((enum command)c) == group)
            bytes_append_format(out, "%s ", completion_last_word((enum command)c));
}

/* Of two words: those that may follow the first, then both of them as the name of a page. */
static void append_group(enum command group, struct bytes *out)
{
    bytes_append_format(out,
                        "    if [ \"$command\" = %s ]; then\n"
                        "        if [ \"$COMP_CWORD\" -eq 2 ]; then\n"
                        "            mapfile -t COMPREPLY < <(compgen -W '",
                        command_infos[group].name);
    append_words_below(group, out);
    bytes_append_format(out,
                        "' -- \"$cur\")\n"
                        "            return\n"
                        "        fi\n"
                        "        command=\"%s-${COMP_WORDS[2]}\"\n"
                        "    fi\n",
                        command_infos[group].name);
}

void completion_write_bash(struct bytes *out)
{
    bytes_append_text(out, "# besra: completions for bash, made from the table of its options\n");
    completion_append_models(out);
    bytes_append_text(out, "\n_besra()\n{\n"
                           "    local cur prev words=\n"
                           "    if declare -F _get_comp_words_by_ref >/dev/null; then\n"
                           "        _get_comp_words_by_ref -n =: cur prev\n"
                           "    else\n"
                           "        cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
                           "    fi\n"
                           "    COMPREPLY=()\n"
                           "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
                           "        mapfile -t COMPREPLY < <(compgen -W '");
    append_commands(out);
    append_words(COMMAND_NONE, out);
    bytes_append_text(out, "' -- \"$cur\")\n"
                           "        return\n"
                           "    fi\n"
                           "    local command=${COMP_WORDS[1]}\n");
    for (int c = COMMAND_NONE + 1; c < COMMAND_COUNT; c++)
        if (command_is_group((enum command)c))
            append_group((enum command)c, out);
    bytes_append_text(out, "    case $cur in\n"
                           "    --*=*) prev=${cur%%=*} cur=${cur#*=} ;;\n"
                           "    esac\n"
                           "    case $prev in\n");
    for (int i = 0; i < OPTION_COUNT; i++)
        if (option_rows[i].argument)
            append_value_case(&option_rows[i], out);
    bytes_append_text(out, "    esac\n    case $command in\n");
    for (int c = COMMAND_NONE + 1; c < COMMAND_COUNT; c++) {
        bytes_append_format(out, "    %s) words='", command_infos[c].page);
        append_words((enum command)c, out);
        bytes_append_text(out, "' ;;\n");
    }
    bytes_append_text(out, "    esac\n"
                           "    case $cur in\n"
                           "    -*) mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\") ;;\n"
                           "    *)\n"
                           "        mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
                           "        compopt -o filenames 2>/dev/null\n"
                           "        ;;\n"
                           "    esac\n"
                           "}\n"
                           "complete -F _besra besra\n");
}
