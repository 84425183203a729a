/* Help, manual pages and completions: all of the table is in them, and the programs that read them agree. */
#include "support.h"

#include "base/alloc.h"
#include "config/option_table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
/* after its prerequisites */
#include <cmocka.h>

/* Whether `text` has `word` with no letter or digit behind it. */
static bool has_word(const char *text, const char *word)
{
    for (const char *at = text; (at = strstr(at, word)); at++)
        if (!strchr("abcdefghijklmnopqrstuvwxyz-", at[strlen(word)]))
            return true;
    return false;
}

/* Whether the command has the option, or another of its name. */
static bool has_option(enum command command, const struct option_row *row)
{
    return option_by_name_in(option_name(row), strlen(option_name(row)), command) != NULL;
}

static void test_every_option_is_in_the_help_of_its_commands_only(void **state)
{
    (void)state;
    for (int c = COMMAND_NONE; c < COMMAND_COUNT; c++) {
        struct bytes help = {0};
        options_print_help((enum command)c, &help);
        assert_false(help.failed);
        for (int i = 0; i < OPTION_COUNT; i++) {
            char line_start[64];
            snprintf(line_start, sizeof line_start, "%s%s", option_rows[i].letter ? ", " : "      ",
                     option_rows[i].flag);
            assert_int_equal(has_word(bytes_text(&help), line_start),
                             has_option((enum command)c, &option_rows[i]));
        }
        bytes_free(&help);
    }
}

static void test_help_is_80_columns_wide_without_blanks_at_ends(void **state)
{
    (void)state;
    for (int c = COMMAND_NONE; c < COMMAND_COUNT; c++) {
        struct bytes help = {0};
        options_print_help((enum command)c, &help);
        char *at = (char *)help.data;
        for (char *line; (line = strsep(&at, "\n"));) {
            size_t length = strlen(line);
            if (length > 80 || (length && line[length - 1] == ' '))
                fail_msg("\"%s\" (%zu)", line, length);
        }
        bytes_free(&help);
    }
}

static void test_help_shows_usage_an_example_and_exit_codes(void **state)
{
    (void)state;
    for (int c = COMMAND_NONE; c < COMMAND_COUNT; c++) {
        struct bytes help = {0};
        options_print_help((enum command)c, &help);
        assert_int_equal(strncmp(bytes_text(&help), "Usage: besra ", 13), 0);
        assert_non_null(strstr(bytes_text(&help), "\nExamples\n  besra "));
        assert_non_null(strstr(bytes_text(&help), "\nExit codes\n  0 "));
        for (int other = COMMAND_NONE + 1; c == COMMAND_NONE && other < COMMAND_COUNT; other++)
            assert_non_null(strstr(bytes_text(&help), command_infos[other].summary));
        bytes_free(&help);
    }
}

/* The examples are parsed by what they are examples of. */
static void test_examples_can_be_typed(void **state)
{
    (void)state;
    for (int c = COMMAND_NONE; c < COMMAND_COUNT; c++)
        for (int i = 0; i < 3 && command_infos[c].examples[i][0]; i++) {
            struct options   options;
            struct bsr_error err = {0};
            if (support_parse(&options, command_infos[c].examples[i][0], &err) != BSR_OK)
                fail_msg("%s: %s", command_infos[c].examples[i][0], err.message);
            options_free(&options);
        }
}

static void test_letters_are_unique_and_defaults_are_in_range(void **state)
{
    (void)state;
    for (int c = COMMAND_NONE; c < COMMAND_COUNT; c++)
        for (int i = 0; i < OPTION_COUNT; i++) {
            const struct option_row *row = &option_rows[i];
            assert_int_equal(row->id, i);
            if (!option_is_in(row, (enum command)c))
                continue;
            assert_ptr_equal(option_by_name_in(option_name(row), strlen(option_name(row)), (enum command)c),
                             row);
            if (row->letter)
                assert_ptr_equal(option_by_letter(row->letter, (enum command)c), row);
        }
}

/* Flags as roff writes them: \-\-max\-det. */
static void append_escaped(struct bytes *out, const char *text)
{
    for (; *text; text++)
        bytes_append_format(out, "%s%c", *text == '-' ? "\\" : "", *text);
}

static void test_every_option_is_in_the_manual_of_its_commands_only(void **state)
{
    (void)state;
    for (int c = COMMAND_NONE; c < COMMAND_COUNT; c++) {
        struct bytes man = {0};
        options_write_man((enum command)c, &man);
        assert_false(man.failed);
        for (int i = 0; i < OPTION_COUNT; i++) {
            struct bytes flag = {0};
            bytes_append_text(&flag, "\\fB");
            append_escaped(&flag, option_rows[i].flag);
            bytes_append_text(&flag, "\\fR");
            assert_int_equal(strstr(bytes_text(&man), bytes_text(&flag)) != NULL,
                             has_option((enum command)c, &option_rows[i]));
            bytes_free(&flag);
        }
        bytes_free(&man);
    }
}

static void test_every_option_is_in_the_completions(void **state)
{
    (void)state;
    for (int shell = SHELL_BASH; shell <= SHELL_FISH; shell++) {
        struct bytes script = {0};
        options_write_completion((enum shell)shell, &script);
        assert_false(script.failed);
        for (int i = 0; i < OPTION_COUNT; i++) {
            char flag[64];
            snprintf(flag, sizeof flag, shell == SHELL_FISH ? "-l %s" : "--%s", option_name(&option_rows[i]));
            if (!has_word(bytes_text(&script), flag))
                fail_msg("%s in the completions of shell %d", flag, shell);
        }
        bytes_free(&script);
    }
}

/* Runs a command; whether the program is there, its answer goes to *code. What it prints goes to *said. */
static bool run(const char *program, const char *command, int *code, struct bytes *said)
{
    char line[4096], chunk[1024];
    snprintf(line, sizeof line, "command -v %s >/dev/null", program);
    if (system(line) != 0) {
        print_message("skipped: %s is not installed\n", program);
        return false;
    }
    snprintf(line, sizeof line, "{ %s; } 2>&1", command);
    FILE *pipe = popen(line, "r");
    assert_non_null(pipe);
    for (size_t got; (got = fread(chunk, 1, sizeof chunk, pipe)) > 0;)
        bytes_append(said, chunk, got);
    int status = pclose(pipe);
    *code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return true;
}

/* Fails when the command says anything or ends with an error. */
static bool check_silent(const char *program, const char *command)
{
    int          code = 0;
    struct bytes said = {0};
    bool         is_there = run(program, command, &code, &said);
    if (is_there && (code != 0 || said.size))
        fail_msg("%s: %d: %s", command, code, bytes_text(&said));
    bytes_free(&said);
    return is_there;
}

static void test_man_and_mandoc_read_the_pages_without_a_warning(void **state)
{
    (void)state;
    bool checked = true;
    for (int c = COMMAND_NONE; c < COMMAND_COUNT; c++) {
        struct bytes man = {0};
        char         command[2048];
        options_write_man((enum command)c, &man);
        const char *path = support_write("page.1", bytes_text(&man));
        snprintf(command, sizeof command, "LC_ALL=C.UTF-8 MANWIDTH=80 man --warnings -l %s >/dev/null", path);
        checked = check_silent("man", command) && checked;
        /* Long lines are style; the date is left out so that builds can be repeated bit by bit. */
        snprintf(command, sizeof command, "mandoc -Tlint -Wwarning %s | grep -v 'missing date' || true",
                 path);
        check_silent("mandoc", command);
        bytes_free(&man);
    }
    if (!checked)
        skip();
}

static void test_shells_read_their_completions(void **state)
{
    static const struct {
        enum shell  shell;
        const char *program, *file;
    } rows[] = {
        {SHELL_BASH, "bash", "besra.bash"},
        {SHELL_ZSH, "zsh", "_besra"},
        {SHELL_FISH, "fish", "besra.fish"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct bytes script = {0};
        char         command[2048];
        options_write_completion(rows[i].shell, &script);
        snprintf(command, sizeof command, "%s -n %s", rows[i].program,
                 support_write(rows[i].file, bytes_text(&script)));
        check_silent(rows[i].program, command);
        bytes_free(&script);
    }
}

static void test_bash_completes_commands_options_choices_and_models(void **state)
{
    static const struct {
        const char *words, *replies;
    } rows[] = {
        {"besra de", "detect"},
        {"besra model sh", "show"},
        {"besra model show --lay", "--layers"},
        {"besra detect --lett", "--letterbox"},
        {"besra detect --letterbox \"\"", "card rect square"},
        {"besra detect --format=p", "png ppm"},
        {"besra upscale --sca", "--scale"},
        {"besra upscale --con", "--config"},
        {"besra detect --conf \"\"", ""},
        {"besra detect -m har", "harrier"},
    };
    (void)state;
    struct bytes script = {0};
    options_write_completion(SHELL_BASH, &script);
    support_write("besra.bash", bytes_text(&script));
    support_write("data/besra/models/harrier.cfg", "");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char         command[2048];
        int          code = 0;
        struct bytes said = {0};
        snprintf(
            command, sizeof command,
            "cd %s && bash --norc -c 'source %s; COMP_WORDS=(%s); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); "
            "_besra; printf %%s \"${COMPREPLY[*]}\"'",
            support_path("data"), support_path("besra.bash"), rows[i].words);
        if (!run("bash", command, &code, &said)) {
            bytes_free(&script);
            skip();
        }
        assert_string_equal(bytes_text(&said), rows[i].replies);
        bytes_free(&said);
    }
    bytes_free(&script);
}

static void write_page(int page, struct bytes *out)
{
    if (page < COMMAND_COUNT)
        options_print_help((enum command)page, out);
    else if (page < 2 * COMMAND_COUNT)
        options_write_man((enum command)(page - COMMAND_COUNT), out);
    else
        options_write_completion((enum shell)(page - 2 * COMMAND_COUNT), out);
}

static void test_running_out_of_memory_shows_in_the_text(void **state)
{
    (void)state;
    for (int page = 0; page < 2 * COMMAND_COUNT + 3; page++)
        for (size_t n = 1;; n++) {
            struct bytes text = {0};
            mem_fail_from(n);
            write_page(page, &text);
            size_t asked = mem_fail_from(0);
            bool   failed = text.failed;
            bytes_free(&text);
            assert_int_equal(failed, asked >= n);
            if (!failed)
                break;
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_option_is_in_the_help_of_its_commands_only),
        cmocka_unit_test(test_help_is_80_columns_wide_without_blanks_at_ends),
        cmocka_unit_test(test_help_shows_usage_an_example_and_exit_codes),
        cmocka_unit_test(test_examples_can_be_typed),
        cmocka_unit_test(test_letters_are_unique_and_defaults_are_in_range),
        cmocka_unit_test(test_every_option_is_in_the_manual_of_its_commands_only),
        cmocka_unit_test(test_every_option_is_in_the_completions),
        cmocka_unit_test(test_man_and_mandoc_read_the_pages_without_a_warning),
        cmocka_unit_test(test_shells_read_their_completions),
        cmocka_unit_test(test_bash_completes_commands_options_choices_and_models),
        cmocka_unit_test(test_running_out_of_memory_shows_in_the_text),
    };
    return cmocka_run_group_tests(tests, support_enter, support_leave);
}
