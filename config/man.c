/* The manual pages, in the man macros of groff and mandoc (man(7)). */
#include "config/help_text.h"

#include <string.h>

/* Appends `text` so that it is read as it stands: roff's own signs are escaped. */
static void append_plain(const char *text, struct bytes *out)
{
    if (*text == '.' || *text == '\'')
        bytes_append_text(out, "\\&");
    for (; *text; text++) {
        switch (*text) {
        case '-':
            bytes_append_text(out, "\\-");
            break;
        case '\\':
            bytes_append_text(out, "\\e");
            break;
        case '\'':
            bytes_append_text(out, "\\(aq");
            break;
        case '~':
            bytes_append_text(out, "\\(ti");
            break;
        default:
            bytes_append(out, text, 1);
        }
    }
}

/* A macro and its one argument: .SH OPTIONS. The argument has no quotes in it. */
static void append_macro(const char *macro, const char *argument, struct bytes *out)
{
    bytes_append_format(out, ".%s ", macro);
    if (strchr(argument, ' '))
        bytes_append_text(out, "\"");
    append_plain(argument, out);
    bytes_append_text(out, strchr(argument, ' ') ? "\"\n" : "\n");
}

static void append_line(const char *text, struct bytes *out)
{
    append_plain(text, out);
    bytes_append_text(out, "\n");
}

/* A term in bold and what it is. */
static void append_entry(const char *name, const char *text, struct bytes *out)
{
    bytes_append_text(out, ".TP\n");
    append_macro("B", name, out);
    append_line(text, out);
}

static void append_option(const struct option_row *row, enum command command, struct bytes *out)
{
    bytes_append_text(out, ".TP\n");
    if (row->letter)
        bytes_append_format(out, "\\fB\\-%c\\fR, ", row->letter);
    bytes_append_text(out, "\\fB");
    append_plain(row->flag, out);
    bytes_append_text(out, "\\fR");
    if (row->argument) {
        bytes_append_text(out, row->type == TYPE_OPTPATH ? "[=\\fI" : " \\fI");
        append_plain(row->argument, out);
        bytes_append_text(out, row->type == TYPE_OPTPATH ? "\\fR]" : "\\fR");
    }
    bytes_append_text(out, "\n");
    struct bytes text = {0};
    help_describe(row, command, &text);
    append_line(bytes_text(&text), out);
    out->failed = out->failed || text.failed;
    bytes_free(&text);
}

static void append_options(enum command command, struct bytes *out)
{
    append_macro("SH", "OPTIONS", out);
    for (int group = 0; group < GROUP_COUNT; group++) {
        bool started = command == COMMAND_NONE;
        for (int i = 0; i < OPTION_COUNT; i++) {
            const struct option_row *row = &option_rows[i];
            if (row->group != (enum option_group)group || !option_is_in(row, command))
                continue;
            if (!started)
                append_macro("SS", option_group_title(row->group), out);
            started = true;
            append_option(row, command, out);
        }
    }
}

/* besra-detect(1) */
static void append_page(enum command command, struct bytes *out)
{
    bytes_append_format(out, "\\fBbesra%s", command ? "\\-" : "");
    append_plain(command_infos[command].page, out);
    bytes_append_text(out, "\\fR(1)");
}

/* Of the program all commands, else those that it stands before. */
static void append_commands(enum command group, struct bytes *out)
{
    append_macro("SH", "COMMANDS", out);
    for (int c = COMMAND_NONE + 1; c < COMMAND_COUNT; c++) {
        if (group != COMMAND_NONE && command_group((enum command)c) != group)
            continue;
        bytes_append_text(out, ".TP\n");
        bytes_append_format(out, "\\fBbesra %s\\fR\n", command_infos[c].name);
        append_plain(command_infos[c].summary, out);
        bytes_append_text(out, "; see ");
        append_page((enum command)c, out);
        bytes_append_text(out, "\n");
    }
}

static void append_terms(const char *title, const char *(*term)(int n, const char **text), struct bytes *out)
{
    const char *text = NULL, *name = NULL;
    append_macro("SH", title, out);
    for (int n = 0; (name = term(n, &text)); n++)
        append_entry(name, text, out);
}

static void append_exit_codes(struct bytes *out)
{
    const char *codes = NULL, *text = NULL;
    append_macro("SH", "EXIT STATUS", out);
    for (int n = 0; (text = exit_code_text(n, &codes)); n++)
        append_entry(codes, text, out);
}

static void append_configuration(struct bytes *out)
{
    append_macro("SH", "CONFIGURATION", out);
    append_line(
        "Options have the defaults given here, over them those of the person's own besra.cfg, over them "
        "those of the file that --config names, and over all the command line. The files are in "
        "libconfig's format. A key is an option's long name with underscores. Options of all commands "
        "stand at the top, those of one command in its group, where the others may be set for that "
        "command alone, too:",
        out);
    bytes_append_text(out, ".PP\n.nf\n.RS\n");
    append_line("threads = 4;", out);
    append_line("memory  = \"2G\";", out);
    append_line("detect  = { model = \"cards\"; conf = 0.4; save_txt = true; };", out);
    append_line("upscale = { scale = 3; format = \"png\"; };", out);
    bytes_append_text(out, ".RE\n.fi\n");
}

static void append_examples(enum command command, struct bytes *out)
{
    append_macro("SH", "EXAMPLES", out);
    for (int i = 0; i < 3 && command_infos[command].examples[i][0]; i++)
        append_entry(command_infos[command].examples[i][0], command_infos[command].examples[i][1], out);
}

static void append_see_also(enum command command, struct bytes *out)
{
    append_macro("SH", "SEE ALSO", out);
    bool started = false;
    for (int c = COMMAND_NONE; c < COMMAND_COUNT; c++) {
        if ((enum command)c == command)
            continue;
        bytes_append_text(out, started ? ",\n" : "");
        append_page((enum command)c, out);
        started = true;
    }
    bytes_append_text(out, "\n");
}

/* "besra\-detect \- find objects in pictures", as whatis(1) reads it. */
static void append_name(enum command command, struct bytes *out)
{
    append_macro("SH", "NAME", out);
    bytes_append_format(out, "besra%s", command ? "\\-" : "");
    append_plain(command_infos[command].page, out);
    bytes_append_text(out, " \\- ");
    append_line(command_infos[command].summary, out);
}

void options_write_man(enum command command, struct bytes *out)
{
    bytes_append_format(out, ".TH BESRA%s", command ? "\\-" : "");
    for (const char *letter = command_infos[command].page; *letter; letter++)
        if (*letter == '-')
            bytes_append_text(out, "\\-");
        else
            bytes_append_format(out, "%c", *letter - 'a' + 'A');
    bytes_append_format(out, " 1 \"\" \"besra %s\" \"besra manual\"\n", bsr_version());

    append_name(command, out);
    append_macro("SH", "SYNOPSIS", out);
    struct bytes usage = {0};
    help_append_usage(command, &usage);
    append_macro("B", bytes_text(&usage), out);
    out->failed = out->failed || usage.failed;
    bytes_free(&usage);
    append_macro("SH", "DESCRIPTION", out);
    append_line(command_infos[command].description, out);
    if (command == COMMAND_NONE || command_is_group(command))
        append_commands(command, out);
    else
        append_terms("INPUTS", help_inputs(command), out);
    append_options(command, out);
    if (command == COMMAND_NONE)
        append_configuration(out);
    append_terms("FILES", help_file, out);
    append_terms("ENVIRONMENT", help_variable, out);
    append_exit_codes(out);
    append_examples(command, out);
    append_see_also(command, out);
}
