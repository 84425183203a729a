/* generate: writes the manual pages and the completions into a folder, while besra is built. */
#include "base/file.h"
#include "config/options.h"

#include <stdio.h>

static bsr_status save(const char *folder, const char *name, const struct bytes *text, struct bsr_error *err)
{
    struct bytes path = {0};
    bytes_append_format(&path, "%s/%s", folder, name);
    bsr_status status = BSR_OK;
    if (path.failed || text->failed)
        status = bsr_fail_memory(err, name, text->size);
    else
        status = file_write(bytes_text(&path), text->data, text->size, true, false, err);
    bytes_free(&path);
    return status;
}

static bsr_status save_man(const char *folder, enum command command, struct bsr_error *err)
{
    char         name[64];
    struct bytes text = {0};
    snprintf(name, sizeof name, "besra%s%s.1", command ? "-" : "", command_page(command));
    options_write_man(command, &text);
    bsr_status status = save(folder, name, &text, err);
    bytes_free(&text);
    return status;
}

static bsr_status save_completion(const char *folder, enum shell shell, const char *name,
                                  struct bsr_error *err)
{
    struct bytes text = {0};
    options_write_completion(shell, &text);
    bsr_status status = save(folder, name, &text, err);
    bytes_free(&text);
    return status;
}

static bsr_status save_all(const char *folder, struct bsr_error *err)
{
    bsr_status status = file_make_folders(folder, err);
    for (int c = COMMAND_NONE; status == BSR_OK && c < COMMAND_COUNT; c++)
        status = save_man(folder, (enum command)c, err);
    if (status == BSR_OK)
        status = save_completion(folder, SHELL_BASH, "besra.bash", err);
    if (status == BSR_OK)
        status = save_completion(folder, SHELL_ZSH, "_besra", err);
    if (status == BSR_OK)
        status = save_completion(folder, SHELL_FISH, "besra.fish", err);
    return status;
}

int main(int argc, char **argv)
{
    struct bsr_error err;
    if (argc != 2) {
        fprintf(stderr, "usage: generate FOLDER\n");
        return 2;
    }
    if (save_all(argv[1], &err) != BSR_OK) {
        fprintf(stderr, "generate: %s: %s\n", err.subject, err.message);
        return 1;
    }
    return 0;
}
