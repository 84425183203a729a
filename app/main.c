/* besra: the program. Reads the options, runs the command, tells the shell how it went. */
#include "app/commands.h"
#include "app/exit_code.h"
#include "app/interrupt.h"
#include "app/terminal.h"

#include <stdio.h>

static int print_help(const struct options *options, FILE *stream)
{
    struct bytes text = {0};
    options_print_help(options->command, &text);
    fputs(bytes_text(&text), stream);
    bytes_free(&text);
    return fflush(stream) == 0 ? EXIT_DONE : EXIT_SOME_FAILED;
}

static int run_command(const struct options *options)
{
    if (options->help)
        return print_help(options, stdout);
    if (options->version)
        return printf("besra %s\n", bsr_version()) > 0 && fflush(stdout) == 0 ? EXIT_DONE : EXIT_SOME_FAILED;
    switch (options->command) {
    case COMMAND_DETECT:
        return detect_command(options);
    case COMMAND_UPSCALE:
        return upscale_command(options);
    default:
        print_help(options, stderr);
        return EXIT_WRONG_USAGE;
    }
}

int main(int argc, char **argv)
{
    struct options   options = {0};
    struct bsr_error err;

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
