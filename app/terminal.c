#include "app/terminal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { LINE_SIZE = 512 };

static struct {
    bool quiet, colour, output_colour, progress, tty;
    bool line_shown;
} terminal;

void terminal_setup(const struct options *options)
{
    const char *no_colour = getenv("NO_COLOR");
    bool        wanted = terminal.tty = isatty(STDERR_FILENO) == 1;

    terminal.quiet = options->quiet;
    wanted = wanted && !(no_colour && *no_colour);
    terminal.colour = options->color == COLOR_ALWAYS || (options->color == COLOR_AUTO && wanted);
    wanted = isatty(STDOUT_FILENO) == 1 && !(no_colour && *no_colour);
    terminal.output_colour = options->color == COLOR_ALWAYS || (options->color == COLOR_AUTO && wanted);
    terminal.progress = !options->quiet && (options->progress == PROGRESS_BAR ||
                                            (options->progress == PROGRESS_AUTO && terminal.tty));
}

bool terminal_colours_output(void)
{
    return terminal.output_colour;
}

bool terminal_shows_progress(void)
{
    return terminal.progress;
}

void terminal_clear_progress(void)
{
    flockfile(stderr); /* over line_shown, too, here and below: threads have things to say */
    if (terminal.line_shown && terminal.tty)
        fputs("\r\033[K", stderr);
    terminal.line_shown = false;
    funlockfile(stderr);
}

/* Columns of the terminal, so that the progress line never wraps; 80 where it doesn't say. */
static int columns(void)
{
    struct winsize size;
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 ? size.ws_col : 80;
}

void terminal_progress(const char *text)
{
    if (!terminal.progress)
        return;
    flockfile(stderr);
    if (terminal.tty)
        fprintf(stderr, "\r%.*s\033[K", columns() - 1, text);
    else
        fprintf(stderr, "%s\n", text);
    fflush(stderr);
    terminal.line_shown = true;
    funlockfile(stderr);
}

/* Writes text of unknown origin: control characters, which could move the cursor, become question marks. */
static void put_safely(const char *text)
{
    for (; *text; text++)
        fputc((unsigned char)*text < 0x20 || *text == 0x7F ? '?' : *text, stderr);
}

void terminal_say(const char *format, ...)
{
    if (terminal.quiet)
        return;
    char   *line = NULL;
    va_list args;
    va_start(args, format);
    int length = vasprintf(&line, format, args);
    va_end(args);
    if (length < 0)
        return;
    flockfile(stderr);
    terminal_clear_progress();
    put_safely(line);
    fputc('\n', stderr);
    funlockfile(stderr);
    free(line);
}

void terminal_say_notes(const struct bytes *notes)
{
    const char *text = bytes_text(notes);
    for (const char *end; (end = strchr(text, '\n')); text = end + 1)
        terminal_say("note: %.*s", (int)(end - text), text);
}

void terminal_error(const struct bsr_error *err)
{
    flockfile(stderr);
    terminal_clear_progress();
    fputs(terminal.colour ? "\033[1;31mbesra:\033[0m " : "besra: ", stderr);
    if (err->subject[0]) {
        put_safely(err->subject);
        fputs(": ", stderr);
    }
    put_safely(err->message[0] ? err->message : bsr_status_name(err->code));
    fputc('\n', stderr);
    if (err->hint[0]) {
        fputs("       ", stderr);
        put_safely(err->hint);
        fputc('\n', stderr);
    }
    funlockfile(stderr);
}
