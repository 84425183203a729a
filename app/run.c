#include "app/run.h"

#include "app/interrupt.h"
#include "app/terminal.h"
#include "base/file.h"
#include "pipeline/formats.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { USUAL_QUALITY = 95 };

int run_fail(const struct bsr_error *err)
{
    terminal_error(err);
    return exit_code_of(err->code);
}

void run_say_notes(const struct run *run, const struct bytes *notes, bool matter)
{
    if (matter || run->options->verbose)
        terminal_say_notes(notes);
}

/* Whether -o names one file rather than a folder: one input that is no folder, and a name that ends like a
 * picture. */
static bool names_a_file(const struct run *run, const char *output)
{
    struct stat st;
    const char *dot = strrchr(file_name(output), '.');

    if (run->sources.count != 1 || !run->sources.items[0].named)
        return false;
    if (strcmp(output, "-") == 0)
        return true;
    if (stat(output, &st) == 0 && S_ISDIR(st.st_mode))
        return false;
    return dot && picture_format_extension(picture_format_from_name(dot + 1));
}

static bsr_status choose_output(struct run *run, struct bsr_error *err)
{
    const char *output = run->options->output;

    if (output && names_a_file(run, output)) {
        run->job.file = output;
        /* side files go beside it */
        bytes_append(&run->folder, output, (size_t)(file_name(output) - output));
    } else if (output && strcmp(output, "-") == 0) {
        bsr_fail(err, BSR_EUSAGE, "--output", "standard output takes the picture of one input, not of %zu",
                 run->sources.count);
        return BSR_EUSAGE;
    } else if (output) {
        bytes_append_text(&run->folder, output);
    } else {
        bytes_append_format(&run->folder, "besra-out/%s", run->model.card.name);
    }
    if (run->job.file && strcmp(run->job.file, "-") == 0 && run->options->json &&
        strcmp(run->options->json, "-") == 0)
        return bsr_fail(err, BSR_EUSAGE, "--output",
                        "standard output can't take both the picture and the record");
    run->job.folder = bytes_text(&run->folder);
    return run->folder.failed ? bsr_fail_memory(err, output, run->folder.size) : BSR_OK;
}

static void fill_job(struct run *run)
{
    const struct options *options = run->options;
    run->job.model = &run->model;
    run->job.sources = &run->sources;
    run->job.outputs = &run->outputs;
    run->job.format = format_of_choice(options->format);
    run->job.quality = options->quality ? options->quality : USUAL_QUALITY;
    run->job.overwrite = options->overwrite || options->resume; /* side files of what wasn't finished */
    run->job.records = options->json != NULL;
    run->job.limits.max_pixels = options->max_pixels;
    run->job.threads = options->threads;
    run->job.workers = job_workers(options->threads, run->sources.count);
}

/* The path of the picture that input `index` becomes; NULL when memory ran out. *path is scratch. */
static const char *picture_path(const struct run *run, size_t index, struct bytes *path)
{
    if (run->job.file)
        return run->job.file;
    bsr_status status = job_path(path, &run->job, NULL, run->outputs.items[index].picture, NULL);
    return status == BSR_OK ? bytes_text(path) : NULL;
}

/* No input is written over, --overwrite or not: what besra makes of a picture doesn't give it back. */
static bsr_status spare_inputs(const struct run *run, struct bsr_error *err)
{
    struct bytes path = {0};
    bsr_status   status = BSR_OK;

    for (size_t i = 0; status == BSR_OK && i < run->sources.count; i++) {
        const char *input = run->sources.items[i].path, *output = picture_path(run, i, &path);
        if (output && file_is_same(input, output)) {
            status = bsr_fail(err, BSR_EUSAGE, input, "would be written over by its own result");
            bsr_hint(err, "write to another file or folder with --output");
        }
    }
    bytes_free(&path);
    return status;
}

static bool is_done(const struct run *run, size_t index, struct bytes *path)
{
    const char *output = picture_path(run, index, path);
    return output && access(output, F_OK) == 0;
}

/* Leaves out the inputs of other shards, and with --resume those whose picture is there: pictures appear as a
 * whole or not at all, so what is there is done. All inputs have their names before this, so that shards and
 * earlier runs agree on them. */
static bsr_status leave_out(struct run *run, struct bsr_error *err)
{
    const struct options *options = run->options;
    struct bytes          path = {0};
    size_t                kept = 0, done = 0, count = run->sources.count;
    size_t                shard = (size_t)options->shard.index - 1, shards = (size_t)options->shard.count;

    if (options->resume && options->no_image) {
        bsr_fail(err, BSR_EUSAGE, "--resume",
                 "tells what is done by the pictures written; with --no-image there are none");
        return BSR_EUSAGE;
    }
    for (size_t i = 0; i < count; i++) {
        bool ours = i % shards == shard, there = ours && options->resume && is_done(run, i, &path);
        done += there;
        if (!ours || there) {
            sources_drop(&run->sources.items[i]);
            outputs_drop(&run->outputs.items[i]);
            continue;
        }
        run->sources.items[kept] = run->sources.items[i];
        run->outputs.items[kept++] = run->outputs.items[i];
    }
    run->sources.count = run->outputs.count = kept;
    run->job.workers = job_workers(options->threads, kept);
    bytes_free(&path);
    if (done)
        terminal_say("%zu of %zu pictures were done before", done, done + kept);
    return BSR_OK;
}

static bool writes_pictures(const struct options *options)
{
    return (options->command == COMMAND_DETECT && !options->no_image) || options->command == COMMAND_UPSCALE;
}

static bsr_status collect(struct run *run, struct bsr_error *err)
{
    const struct options *options = run->options;
    struct source_options how = {
        .recursive = options->recursive,
        .list_file = options->list,
        .leave_out = options->output ? options->output : "besra-out",
    };
    bsr_status status = sources_collect(&run->sources, options->inputs, options->input_count, &how, err);
    if (status != BSR_OK || run->sources.count)
        return status;
    bsr_fail(err, BSR_EIO, options->input_count ? options->inputs[0] : options->list, "no pictures found");
    if (!options->recursive)
        bsr_hint(err, "look into the folders within it with --recursive");
    return BSR_EIO;
}

int run_open(struct run *run, const struct options *options, enum card_task task, const char *thing)
{
    struct bsr_error err;
    *run = (struct run){.options = options, .thing = thing};

    if (!options->input_count && !options->list) {
        bsr_fail(&err, BSR_EUSAGE, command_name(options->command),
                 "no input: name pictures, folders, or - for standard input");
        bsr_hint(&err, "besra %s --help shows how", command_name(options->command));
        return run_fail(&err);
    }
    const struct model_hints hints = run_hints(options);
    if (model_open(&run->model, options->model, task, &hints, &err) != BSR_OK) {
        terminal_error(&err);
        return (int)exit_code_of_model(err.code);
    }
    bsr_status status = collect(run, &err);
    if (status == BSR_EMISSING) {
        terminal_error(&err);
        return EXIT_SOME_FAILED; /* a list of inputs, nothing that besra needs */
    }
    if (status == BSR_OK)
        status = outputs_plan(&run->outputs, &run->sources, format_of_choice(options->format), &err);
    if (status == BSR_OK)
        status = choose_output(run, &err);
    if (status == BSR_OK) {
        fill_job(run);
        if (writes_pictures(options))
            status = spare_inputs(run, &err);
    }
    if (status == BSR_OK)
        status = leave_out(run, &err);
    if (status != BSR_OK)
        return run_fail(&err);
    run_say_notes(run, &run->model.notes, false);
    return EXIT_DONE;
}

void run_close(struct run *run)
{
    outputs_free(&run->outputs);
    sources_free(&run->sources);
    model_free(&run->model);
    bytes_free(&run->folder);
}

bsr_status run_check_output(const struct run *run, struct bsr_error *err)
{
    bool standard = run->job.file && strcmp(run->job.file, "-") == 0;
    return standard ? BSR_OK : outputs_check_folder(run->job.folder, err);
}

void run_say_written(const struct run *run)
{
    bool standard = run->job.file && strcmp(run->job.file, "-") == 0;
    if (run->report.done && !standard)
        terminal_say("written to %s", run->job.file ? run->job.file : run->job.folder);
}

static int list_inputs(const struct run *run)
{
    for (size_t i = 0; i < run->sources.count; i++) {
        const char *folder = run->job.folder;
        if (run->job.file)
            printf("%s -> %s\n", run->sources.items[i].path, run->job.file);
        else
            printf("%s -> %s%s%s\n", run->sources.items[i].path, folder,
                   *folder && folder[strlen(folder) - 1] == '/' ? "" : "/", run->outputs.items[i].picture);
    }
    return fflush(stdout) == 0 ? EXIT_DONE : EXIT_SOME_FAILED;
}

static void do_one(void *context, struct batch *batch, int worker, size_t index, struct item_result *result)
{
    struct run *run = context;
    run->work(run->work_context, batch, worker, index, result);
}

static bool report_one(void *context, size_t index, const struct item_result *result)
{
    struct run *run = context;
    return report_item(&run->report, index, result);
}

int run_batch(struct run *run, batch_work *work, void *context)
{
    struct bsr_error err;

    if (run->options->dry_run)
        return list_inputs(run);
    if (report_open(&run->report, run->options, &run->sources, run->thing, &err) != BSR_OK)
        return run_fail(&err);
    run->work = work;
    run->work_context = context;
    bsr_status status = batch_run(&(struct batch_options){.count = run->sources.count,
                                                          .workers = run->job.workers,
                                                          .memory = run->options->memory,
                                                          .work = do_one,
                                                          .report = report_one,
                                                          .context = run,
                                                          .canceled = &interrupt_signal},
                                  &err);
    bool       failed = status != BSR_OK && status != BSR_ECANCELED;
    if (failed)
        terminal_error(&err);
    report_summary(&run->report);
    return failed ? (int)exit_code_of(err.code) : report_exit_code(&run->report);
}
