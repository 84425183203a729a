#include "config/completion.h"

/* Signs that end a part of a specification of _arguments. Quotes are ours: the texts have none. */
#define SPECIFICATION_SIGNS "[]:\\"

static void append_help(const struct option_row *row, struct bytes *out)
{
    bytes_append_text(out, "'[");
    for (const char *at = row->help; *at; at++) {
        if (*at == '\'')
            bytes_append_text(out, "'\\''");
        else
            completion_append_escaped((const char[]){*at, '\0'}, SPECIFICATION_SIGNS, out);
    }
    bytes_append_text(out, "]");
}

/* ":FORMAT:(jpg png)", behind the help and its quote. */
static void append_value(const struct option_row *row, struct bytes *out)
{
    if (!row->argument)
        return;
    bytes_append_text(out, row->type == TYPE_OPTPATH ? "::" : ":");
    completion_append_escaped(row->argument, SPECIFICATION_SIGNS, out);
    struct bytes choices = {0};
    switch (row->type) {
    case TYPE_MODEL:
        bytes_append_text(out, ":_besra_model");
        break;
    case TYPE_PATH:
    case TYPE_REPEAT:
    case TYPE_OPTPATH:
        bytes_append_text(out, ":_files");
        break;
    case TYPE_CHOICE:
        completion_append_choices(row, &choices);
        bytes_append_text(out, ":(");
        completion_append_escaped(bytes_text(&choices), SPECIFICATION_SIGNS, out);
        bytes_append_text(out, ")");
        break;
    default:
        bytes_append_text(out, ": ");
    }
    out->failed = out->failed || choices.failed;
    bytes_free(&choices);
}

/* One specification: '(-f --format)'{-f+,--format=}'[help]:FORMAT:(jpg png)'. */
static void append_option(const struct option_row *row, struct bytes *out)
{
    const char *long_end = row->type == TYPE_OPTPATH ? "=-" : row->argument ? "=" : "";
    bytes_append_text(out, "            ");
    if (row->type == TYPE_REPEAT) /* may be given again */
        bytes_append_format(out, "'*%s='", row->flag);
    else if (row->type == TYPE_TALLY)
        bytes_append_format(out, "'*'{-%c,%s}", row->letter, row->flag);
    else if (row->letter)
        bytes_append_format(out, "'(-%c %s)'{-%c%s,%s%s}", row->letter, row->flag, row->letter,
                            row->argument ? "+" : "", row->flag, long_end);
    else
        bytes_append_format(out, "'%s%s'", row->flag, long_end);
    append_help(row, out);
    append_value(row, out);
    bytes_append_text(out, "' \\\n");
}

static void append_command(enum command command, struct bytes *out)
{
    bytes_append_format(out, "    %s)\n        _arguments -s -S : \\\n", command_infos[command].page);
    for (int i = 0; i < OPTION_COUNT; i++)
        if (option_is_in(&option_rows[i], command))
            append_option(&option_rows[i], out);
    bytes_append_text(out, "            '*:input:_files'\n        ;;\n");
}

/* 'detect:find objects in pictures', a line each: of the commands below `group`. */
static void append_names(enum command group, struct bytes *out)
{
    for (int c = COMMAND_NONE + 1; c < COMMAND_COUNT; c++)
        if (command_group((enum command)c) == group)
            bytes_append_format(out, "            '%s:%s'\n", completion_last_word((enum command)c),
                                command_infos[c].summary);
}

/* Of two words: those that may follow the first, then both of them as one. */
static void append_group(enum command group, struct bytes *out)
{
    bytes_append_format(out,
                        "    if [[ $command == %s ]]; then\n"
                        "        if (( CURRENT == 2 )); then\n"
                        "            commands=(\n",
                        command_infos[group].name);
    append_names(group, out);
    bytes_append_format(out,
                        "            )\n"
                        "            _describe command commands\n"
                        "            return\n"
                        "        fi\n"
                        "        command=%s-$words[2]\n"
                        "        shift words\n"
                        "        (( CURRENT-- ))\n"
                        "    fi\n",
                        command_infos[group].name);
}

void completion_write_zsh(struct bytes *out)
{
    bytes_append_text(out,
                      "#compdef besra\n# besra: completions for zsh, made from the table of its options\n");
    completion_append_models(out);
    bytes_append_text(out, "\n_besra_model()\n{\n"
                           "    local -a names\n"
                           "    names=(${(f)\"$(_besra_models 2>/dev/null)\"})\n"
                           "    compadd -a names\n"
                           "    _files -g '*.(cfg|onnx)'\n"
                           "}\n"
                           "\n_besra()\n{\n"
                           "    local -a commands\n"
                           "    if (( CURRENT == 2 )); then\n"
                           "        commands=(\n");
    append_names(COMMAND_NONE, out);
    bytes_append_text(out, "        )\n        _describe command commands\n        _arguments : \\\n");
    for (int i = 0; i < OPTION_COUNT; i++)
        if (option_is_in(&option_rows[i], COMMAND_NONE))
            append_option(&option_rows[i], out);
    bytes_append_text(out, "            '*: :'\n"
                           "        return\n"
                           "    fi\n"
                           "    local command=$words[2]\n"
                           "    shift words\n"
                           "    (( CURRENT-- ))\n");
    for (int c = COMMAND_NONE + 1; c < COMMAND_COUNT; c++)
        if (command_is_group((enum command)c))
            append_group((enum command)c, out);
    bytes_append_text(out, "    case $command in\n");
    for (int c = COMMAND_NONE + 1; c < COMMAND_COUNT; c++)
        append_command((enum command)c, out);
    bytes_append_text(out, "    esac\n}\n\n_besra \"$@\"\n");
}
