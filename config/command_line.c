#include "config/command_line.h"

#include "base/alloc.h"
#include "base/nearest.h"

#include <stdio.h>
#include <string.h>

enum { NAME_SPACE = 64 }; /* for "--no-" and an option's name */

struct reader {
    struct command_line *line;
    int                  argc, at; /* argv[at] is looked at */
    char               **argv;
    struct bsr_error    *err;
};

/* Whether `name` of `length` letters undoes this row: no-recursive; image for no-image. */
static bool is_negation(const struct option_row *row, const char *name, size_t length)
{
    if (!option_is_negatable(row))
        return false;
    const char *full = option_name(row);
    if (strncmp(full, "no-", 3) == 0)
        return strlen(full + 3) == length && strncmp(full + 3, name, length) == 0;
    return length > 3 && strncmp(name, "no-", 3) == 0 && option_by_name(name + 3, length - 3) == row;
}

/* The text of argv[at] up to its '='. */
static size_t name_length(const char *name)
{
    return strcspn(name, "=");
}

/* Lists the options of the command that begin with `name`; returns how many, and the last in *found. */
static int find_by_beginning(const struct reader *reader, const char *name, size_t length,
                             const struct option_row **found, struct bytes *names)
{
    int count = 0;
    for (int i = 0; i < OPTION_COUNT; i++) {
        const struct option_row *row = &option_rows[i];
        if (!option_is_in(row, reader->line->command) || strncmp(option_name(row), name, length) != 0)
            continue;
        bytes_append_format(names, "%s%s", count++ ? ", " : "", row->flag);
        *found = row;
    }
    return count;
}

static bsr_status refuse_foreign(const struct reader *reader, const char *flag, const struct option_row *row)
{
    enum command owner = COMMAND_DETECT;
    while (owner + 1 < COMMAND_COUNT && !option_is_in(row, owner))
        owner++;
    return bsr_fail(reader->err, BSR_EUSAGE, flag, "not an option of %s, but of %s",
                    command_name(reader->line->command), command_name(owner));
}

/* A letter that this command doesn't have. */
static bsr_status refuse_letter(const struct reader *reader, char letter)
{
    const char flag[] = {'-', letter, '\0'};
    for (int i = 0; i < OPTION_COUNT && reader->line->command != COMMAND_NONE; i++)
        if (option_rows[i].letter == letter)
            return refuse_foreign(reader, flag, &option_rows[i]);
    bsr_fail(reader->err, BSR_EUSAGE, flag, "no such option");
    bsr_hint(reader->err, "besra%s%s --help lists them", reader->line->command ? " " : "",
             command_name(reader->line->command));
    return BSR_EUSAGE;
}

static bsr_status refuse_name(const struct reader *reader, const char *name, size_t length)
{
    enum command             command = reader->line->command;
    const char              *subject = reader->argv[reader->at];
    const struct option_row *row = option_by_name(name, length);
    if (row && command != COMMAND_NONE)
        return refuse_foreign(reader, row->flag, row);
    char word[NAME_SPACE];
    snprintf(word, sizeof word, "%.*s", length < sizeof word ? (int)length : (int)sizeof word - 1, name);
    struct nearest nearest = nearest_start(word);
    for (int i = 0; i < OPTION_COUNT && length < sizeof word; i++)
        if (option_is_in(&option_rows[i], command))
            nearest_offer(&nearest, option_name(&option_rows[i]));
    char flag[sizeof reader->err->subject];
    snprintf(flag, sizeof flag, "%.*s", length < sizeof flag - 2 ? (int)length + 2 : (int)sizeof flag - 1,
             subject);
    if (nearest.best)
        return bsr_fail(reader->err, BSR_EUSAGE, flag, "no such option; did you mean --%s?", nearest.best);
    bsr_fail(reader->err, BSR_EUSAGE, flag, "no such option");
    bsr_hint(reader->err, "besra%s%s --help lists them", command == COMMAND_NONE ? "" : " ",
             command_name(command));
    return BSR_EUSAGE;
}

/* The option that `name` means: in full, as a negation, or by an unambiguous beginning. */
static bsr_status find_option(const struct reader *reader, const char *name, size_t length,
                              struct line_option *option)
{
    enum command command = reader->line->command;
    option->row = option_by_name_in(name, length, command);
    if (option->row)
        return BSR_OK;
    option->row = option_by_name(name, length);
    for (int i = 0; i < OPTION_COUNT; i++)
        if (option_is_in(&option_rows[i], command) && is_negation(&option_rows[i], name, length)) {
            *option = (struct line_option){.row = &option_rows[i], .off = true};
            return BSR_OK;
        }
    if (option->row || length == 0)
        return refuse_name(reader, name, length);

    struct bytes names = {0};
    int          count = find_by_beginning(reader, name, length, &option->row, &names);
    bsr_status   status = BSR_OK;
    if (count == 0)
        status = refuse_name(reader, name, length);
    else if (count > 1)
        status = bsr_fail(reader->err, BSR_EUSAGE, reader->argv[reader->at], "ambiguous; could be %s",
                          names.failed ? "several" : bytes_text(&names));
    bytes_free(&names);
    return status;
}

/* Files the option; for --help and --version just that. */
static void take(struct reader *reader, const struct line_option *option)
{
    reader->line->help = reader->line->help || option->row->id == OPTION_HELP;
    reader->line->version = reader->line->version || option->row->id == OPTION_VERSION;
    reader->line->options[reader->line->option_count++] = *option;
}

/* The value that must follow: the next argument, whatever it looks like. */
static bsr_status take_next(struct reader *reader, struct line_option *option)
{
    if (reader->at + 1 >= reader->argc)
        return bsr_fail(reader->err, BSR_EUSAGE, option->row->flag, "needs a value: %s %s", option->row->flag,
                        option->row->argument);
    option->value = reader->argv[++reader->at];
    take(reader, option);
    return BSR_OK;
}

static bsr_status read_long(struct reader *reader)
{
    const char        *name = reader->argv[reader->at] + 2;
    size_t             length = name_length(name);
    struct line_option option = {0};
    bsr_status         status = find_option(reader, name, length, &option);
    if (status != BSR_OK)
        return status;
    if (name[length] == '=') {
        if (!option.row->argument || option.off)
            return bsr_fail(reader->err, BSR_EUSAGE, option.row->flag, "takes no value");
        option.value = name + length + 1;
    } else if (option_needs_value(option.row)) {
        return take_next(reader, &option);
    }
    take(reader, &option);
    return BSR_OK;
}

/* A word of short options: flags, and at most one with a value, at its end. */
static bsr_status read_short(struct reader *reader)
{
    const char *word = reader->argv[reader->at];
    for (const char *letter = word + 1; *letter; letter++) {
        struct line_option option = {.row = option_by_letter(*letter, reader->line->command)};
        if (!option.row && (unsigned char)*letter >= 0x80)
            return bsr_fail(reader->err, BSR_EUSAGE, word, "no such option");
        if (!option.row)
            return refuse_letter(reader, *letter);
        if (option_needs_value(option.row) && !letter[1])
            return take_next(reader, &option);
        if (option_needs_value(option.row)) {
            option.value = letter + 1;
            take(reader, &option);
            return BSR_OK;
        }
        take(reader, &option);
        if (reader->line->help || reader->line->version)
            return BSR_OK;
    }
    return BSR_OK;
}

static bsr_status read_arguments(struct reader *reader)
{
    bool       only_inputs = false;
    bsr_status status = BSR_OK;
    for (; status == BSR_OK && reader->at < reader->argc; reader->at++) {
        char *word = reader->argv[reader->at];
        if (reader->line->help || reader->line->version)
            break;
        if (only_inputs || word[0] != '-' || !word[1])
            reader->line->inputs[reader->line->input_count++] = word;
        else if (strcmp(word, "--") == 0)
            only_inputs = true;
        else
            status = word[1] == '-' ? read_long(reader) : read_short(reader);
    }
    return status;
}

static bsr_status refuse_command(const char *word, struct bsr_error *err)
{
    struct nearest nearest = nearest_start(word);
    struct bytes   names = {0};
    for (int c = COMMAND_NONE + 1; c < COMMAND_COUNT; c++) {
        nearest_offer(&nearest, command_name((enum command)c));
        bytes_append_format(&names, "%s%s", c > COMMAND_NONE + 1 ? ", " : "", command_name((enum command)c));
    }
    if (nearest.best)
        bsr_fail(err, BSR_EUSAGE, word, "no such command; did you mean %s?", nearest.best);
    else
        bsr_fail(err, BSR_EUSAGE, word, "no such command");
    if (!names.failed)
        bsr_hint(err, "the commands are %s; besra --help says more", bytes_text(&names));
    bytes_free(&names);
    return BSR_EUSAGE;
}

/* The command that argv names from 1 on: one word, or two for those below `model` and `eval`. */
static bsr_status read_words(struct reader *reader)
{
    const char  *word = reader->argv[1];
    enum command command = command_by_name(word);

    reader->at = 2;
    if (command_is_group(command) && reader->argc > 2 && reader->argv[2][0] != '-') {
        char both[NAME_SPACE];
        snprintf(both, sizeof both, "%s %s", word, reader->argv[2]);
        command = command_by_name(both);
        word = reader->argv[2];
        reader->at = 3;
        if (command == COMMAND_NONE)
            return refuse_command(both, reader->err);
    }
    reader->line->command = command;
    return command == COMMAND_NONE ? refuse_command(word, reader->err) : BSR_OK;
}

/* argv[1]: a command, or --help and --version of the program. */
static bsr_status read_command(struct reader *reader)
{
    if (reader->argc < 2) {
        bsr_fail(reader->err, BSR_EUSAGE, NULL, "no command");
        bsr_hint(reader->err, "besra --help lists the commands");
        return BSR_EUSAGE;
    }
    const char *word = reader->argv[1];
    if (word[0] != '-')
        return read_words(reader);
    reader->at = 1;
    const struct option_row *row = word[1] == '-' ? option_by_name(word + 2, name_length(word + 2))
                                                  : option_by_letter(word[1], COMMAND_DETECT);
    if (row && !option_is_in(row, COMMAND_NONE)) {
        bsr_fail(reader->err, BSR_EUSAGE, word, "a command is needed before it");
        bsr_hint(reader->err, "besra detect %s ...", word);
        return BSR_EUSAGE;
    }
    return BSR_OK;
}

bsr_status command_line_read(struct command_line *out, int argc, char **argv, struct bsr_error *err)
{
    struct command_line line = {0};
    struct reader       reader = {.line = &line, .argc = argc, .argv = argv, .err = err};
    bsr_status          status = read_command(&reader);
    if (status != BSR_OK)
        return status;

    size_t letters = 1; /* no more options than letters behind dashes, no more inputs than words */
    for (int i = 1; i < argc; i++)
        letters += argv[i][0] == '-' ? strlen(argv[i]) : 0;
    line.options = mem_alloc_zeroed(letters, sizeof *line.options);
    line.inputs = mem_alloc_zeroed((size_t)argc, sizeof *line.inputs);
    status = line.options && line.inputs ? read_arguments(&reader)
                                         : bsr_fail_memory(err, "arguments", letters * sizeof *line.options);
    if (status != BSR_OK) {
        command_line_free(&line);
        return status;
    }
    *out = line;
    return BSR_OK;
}

void command_line_free(struct command_line *line)
{
    mem_free(line->options);
    mem_free(line->inputs);
    *line = (struct command_line){0};
}
