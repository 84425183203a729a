/* besra: the program. Reads the options, runs the command, tells the shell how it went. */
#include "app/commands.h"
#include "app/exit_code.h"
#include "app/interrupt.h"
#include "app/terminal.h"

#include <fcntl.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <stdio.h>
#include <unistd.h>

static int print_help(const struct options *options, FILE *stream)
{
    struct bytes text = {0};
    options_print_help(options->command, &text);
    fputs(bytes_text(&text), stream);
    bytes_free(&text);
    return fflush(stream) == 0 ? EXIT_DONE : EXIT_SOME_FAILED;
}

static int (*const commands[COMMAND_COUNT])(const struct options *options) = {
    [COMMAND_DETECT] = detect_command,
    [COMMAND_UPSCALE] = upscale_command,
    [COMMAND_CLASSIFY] = classify_command,
    [COMMAND_VIEW] = view_command,
    [COMMAND_LIVE] = live_command,
    [COMMAND_BENCH] = bench_command,
    [COMMAND_EVAL_DETECT] = eval_detect_command,
    [COMMAND_EVAL_UPSCALE] = eval_upscale_command,
    [COMMAND_EVAL_CLASSIFY] = eval_classify_command,
    [COMMAND_MODEL_SHOW] = model_show_command,
    [COMMAND_MODEL_CHECK] = model_check_command,
    [COMMAND_MODEL_SIMPLIFY] = model_simplify_command,
    [COMMAND_MODEL_EXPLAIN] = model_explain_command,
    [COMMAND_MODEL_LIST] = model_list_command,
    [COMMAND_MODEL_EXTRACT] = model_extract_command,
    [COMMAND_MODEL_EDIT] = model_edit_command,
    [COMMAND_MODEL_BUILD] = model_build_command,
    [COMMAND_MODEL_RUN] = model_run_command,
    [COMMAND_MODEL_COMPARE] = model_compare_command,
    [COMMAND_MODEL_QUANTIZE] = model_quantize_command,
};

static int run_command(const struct options *options)
{
    if (options->help)
        return print_help(options, stdout);
    if (options->version)
        return printf("besra %s\n", bsr_version()) > 0 && fflush(stdout) == 0 ? EXIT_DONE : EXIT_SOME_FAILED;
    struct bsr_error err;
    for (size_t i = 0; i < options->ops.count; i++)
        if (bsr_plugin_load(options->ops.items[i], &err) != BSR_OK) {
            terminal_error(&err);
            return exit_code_of(err.code);
        }
    if (commands[options->command])
        return commands[options->command](options);
    print_help(options, stderr);
    return EXIT_WRONG_USAGE;
}

/* Models are read, copied and prepared in blocks of megabytes, one after the other: the memory of the last
 * one serves the next one, instead of being given back and made of new pages each time. */
static void keep_freed_memory(void)
{
#ifdef __GLIBC__
    enum { MOST = 32 << 20 }; /* that glibc takes for the first one */
    mallopt(M_MMAP_THRESHOLD, MOST);
    mallopt(M_TRIM_THRESHOLD, 8 * MOST);
#endif
}

/* Where a standard stream was closed (besra ... >&-), the first file that is opened would get its number, and
 * the records would be written into a picture. Read-only: writing to it fails and is told. */
static void fill_closed_streams(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0)
            open("/dev/null", O_RDONLY);
}

int main(int argc, char **argv)
{
    struct options   options = {0};
    struct bsr_error err;

    keep_freed_memory();
    fill_closed_streams();
    interrupt_setup();
    if (options_parse(&options, argc, argv, &err) != BSR_OK) {
        terminal_error(&err);
        return err.code == BSR_ENOMEM ? EXIT_SOME_FAILED : EXIT_WRONG_USAGE; /* also a missing --config */
    }
    terminal_setup(&options);
    int code = run_command(&options);
    options_free(&options);
    return code;
}
