/* besra model show --dot and --svg: a drawing of the graph. */
#include "app/exit_code.h"
#include "app/model_output.h"
#include "app/model_show.h"
#include "app/terminal.h"
#include "base/file.h"

#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static bsr_status fail_graphviz(int error, struct bsr_error *err)
{
    if (error != ENOENT)
        return bsr_fail(err, BSR_EIO, "dot", "can't be started: %s", strerror(error));
    bsr_fail(err, BSR_EMISSING, "--svg", "graphviz, which draws, is not installed");
    bsr_hint(err, "apt install graphviz, or take the drawing in its language with --dot");
    return BSR_EMISSING;
}

/* Starts `dot -Tsvg` that reads from one file and writes to another. */
static bsr_status start_graphviz(pid_t *child, int from, int to, struct bsr_error *err)
{
    char                       name[] = "dot", format[] = "-Tsvg";
    char                      *arguments[] = {name, format, NULL};
    posix_spawn_file_actions_t actions;

    int error = posix_spawn_file_actions_init(&actions);
    if (error)
        return fail_graphviz(error, err);
    error = posix_spawn_file_actions_adddup2(&actions, from, STDIN_FILENO);
    if (!error)
        error = posix_spawn_file_actions_adddup2(&actions, to, STDOUT_FILENO);
    if (!error)
        error = posix_spawnp(child, name, &actions, NULL, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    return error ? fail_graphviz(error, err) : BSR_OK;
}

static bsr_status read_back(struct bytes *out, FILE *file, struct bsr_error *err)
{
    char   part[65536];
    size_t count;

    rewind(file);
    while ((count = fread(part, 1, sizeof part, file)) > 0)
        bytes_append(out, part, count);
    return out->failed ? bsr_fail_memory(err, "--svg", out->size) : BSR_OK;
}

static bsr_status draw(struct bytes *svg, const struct bytes *dot, FILE *from, FILE *to,
                       struct bsr_error *err)
{
    pid_t child;
    int   state = 0;

    if (fwrite(dot->data, 1, dot->size, from) != dot->size || fflush(from) != 0)
        return bsr_fail(err, BSR_EIO, "--svg", "a temporary file can't be written: %s", strerror(errno));
    rewind(from);
    bsr_status status = start_graphviz(&child, fileno(from), fileno(to), err);
    if (status != BSR_OK)
        return status;
    while (waitpid(child, &state, 0) < 0 && errno == EINTR)
        ;
    if (!WIFEXITED(state) || WEXITSTATUS(state) == 127)
        return fail_graphviz(ENOENT, err);
    if (WEXITSTATUS(state) != 0)
        return bsr_fail(err, BSR_EIO, "dot", "failed to draw the graph (exit code %d)", WEXITSTATUS(state));
    return read_back(svg, to, err);
}

static bsr_status draw_svg(struct bytes *svg, const struct bytes *dot, struct bsr_error *err)
{
    FILE      *from = tmpfile(), *to = tmpfile();
    bsr_status status;

    if (from && to)
        status = draw(svg, dot, from, to, err);
    else
        status = bsr_fail(err, BSR_EIO, "--svg", "no temporary file can be made: %s", strerror(errno));
    if (from)
        fclose(from);
    if (to)
        fclose(to);
    return status;
}

static bsr_status write_file(const char *path, const struct bytes *bytes, const struct show *show,
                             const struct options *options, struct bsr_error *err)
{
    bsr_status status = model_output_spare(path, show->file.card.file, err);
    if (status == BSR_OK)
        status = file_write(path, bytes->data, bytes->size, options->overwrite, false, err);
    if (status == BSR_EEXIST)
        bsr_hint(err, "replace it with --overwrite");
    return status;
}

int show_drawing(const struct show *show, const struct options *options)
{
    struct bytes     dot = {0}, svg = {0};
    struct bsr_error err;
    bsr_status       status = onnx_write_dot(&show->inspection, file_name(show->file.card.file), &dot, &err);

    if (status == BSR_OK && options->dot)
        status = write_file(options->dot, &dot, show, options, &err);
    if (status == BSR_OK && options->svg)
        status = draw_svg(&svg, &dot, &err);
    if (status == BSR_OK && options->svg)
        status = write_file(options->svg, &svg, show, options, &err);
    bytes_free(&dot);
    bytes_free(&svg);
    if (status == BSR_OK)
        return EXIT_DONE;
    terminal_error(&err);
    return exit_code_of(status);
}
