/* Fuzz target: a command line, a word a line; behind a line "%" the file that --config names as "%". */
#include "config/options.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look_at(const struct options *options)
{
    if (options->help || options->version)
        return;
    bool needs_input = options->command != COMMAND_LIVE && options->command != COMMAND_VIEW;
    if (options->command == COMMAND_NONE || !options->model || options->threads < 1 ||
        options->threads > 256 || options->shard.index < 1 || options->shard.index > options->shard.count ||
        options->quality > 100 || !(options->conf <= 1) || !(options->scale >= 1) ||
        !isfinite(options->scale) || options->verbose < 0 ||
        (needs_input && !options->input_count && !options->list))
        abort();
    for (size_t i = 0; i < options->classes.count; i++)
        if (!options->classes.items[i][0])
            abort();
    for (size_t i = 0; i < options->zones.count; i++)
        if (!options->zones.items[i][0])
            abort();
}

/* Splits `text` into words; returns how many. */
static int split(char *text, char **words, int most)
{
    int count = 0;
    for (char *at = text, *word; count < most && (word = strsep(&at, "\n"));)
        words[count++] = word;
    return count;
}

static int open_file(const char *text)
{
    int fd = memfd_create("config", MFD_CLOEXEC);
    if (fd >= 0 && write(fd, text, strlen(text)) < 0) {
        close(fd);
        fd = -1;
    }
    return fd;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { MAX_WORDS = 100 };
    char *words[MAX_WORDS + 2] = {(char[]){"besra"}};
    char  path[64] = "";
    char *text = malloc(size + 1);
    if (!text)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    char *file = strstr(text, "\n%\n");
    if (file)
        *file = '\0';
    int fd = open_file(file ? file + 3 : "");
    if (fd >= 0)
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);

    int count = 1 + split(text, words + 1, MAX_WORDS);
    for (int i = 1; i < count; i++)
        if (strcmp(words[i], "%") == 0)
            words[i] = path;
    struct options   options;
    struct bsr_error err = {0};
    setenv("XDG_CONFIG_HOME", "/nonexistent", 1);
    if (options_parse(&options, count, words, &err) == BSR_OK) {
        look_at(&options);
        options_free(&options);
    } else if (err.code == BSR_OK || !err.message[0]) {
        abort();
    }
    if (fd >= 0)
        close(fd);
    free(text);
    return 0;
}
