#include "app/eval.h"

#include "app/terminal.h"
#include "base/file.h"
#include "pipeline/json_text.h"

bool eval_has_truth(const struct options *options, const char *kind)
{
    struct bsr_error err;
    if (options->truth)
        return true;
    bsr_fail(&err, BSR_EUSAGE, "--truth", "is needed: %s", kind);
    bsr_hint(&err, "besra %s --help shows how", command_name(options->command));
    terminal_error(&err);
    return false;
}

int eval_write_plot(const struct run *run, const char *name, struct bytes *svg)
{
    struct bytes     path = {0};
    struct bsr_error err;

    bytes_append_format(&path, "%s/%s", run->options->plots, name);
    bsr_status status = svg->failed || path.failed ? bsr_fail_memory(&err, name, svg->size)
                                                   : file_make_folders(run->options->plots, &err);
    if (status == BSR_OK)
        status = file_write(bytes_text(&path), svg->data, svg->size, run->options->overwrite, false, &err);
    if (status == BSR_EEXIST)
        bsr_hint(&err, "replace it with --overwrite");
    if (status == BSR_OK)
        terminal_say("drawn: %s", bytes_text(&path));
    else
        terminal_error(&err);
    bytes_free(&path);
    bytes_free(svg);
    return status == BSR_OK ? EXIT_DONE : EXIT_SOME_FAILED;
}

json_t *eval_json(const struct run *run, size_t pictures)
{
    json_t *object = json_object();
    eval_put(&object, "model", json_text(run->model.card.name));
    eval_put(&object, "images", json_integer((json_int_t)pictures));
    return object;
}

void eval_put(json_t **object, const char *key, json_t *value)
{
    if (!*object) {
        json_decref(value);
        return;
    }
    if (json_object_set_new(*object, key, value) != 0) {
        json_decref(*object);
        *object = NULL;
    }
}

int eval_exit_code(int run_code, int show_code)
{
    return run_code == EXIT_DONE ? show_code : run_code;
}
