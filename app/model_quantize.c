/* besra model quantize: a model on 8-bit numbers, with ranges from pictures. */
#include "app/commands.h"
#include "app/exit_code.h"
#include "app/interrupt.h"
#include "app/model_output.h"
#include "app/model_quantize_show.h"
#include "app/run.h"
#include "app/terminal.h"
#include "base/alloc.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* ---- what was asked for ------------------------------------------------------------------------------ */

static struct samples_options samples_options_of(const struct options *options)
{
    static const enum samples_letterbox letterboxes[] = {
        [FIT_CARD] = SAMPLES_CARD, [FIT_RECT] = SAMPLES_RECT, [FIT_SQUARE] = SAMPLES_SQUARE};

    return (struct samples_options){
        .hints = run_hints(options),
        .threads = options->threads,
        .most = options->samples,
        .letterbox = letterboxes[options->letterbox],
        .fit = (enum classify_fit)options->fit, /* in the same order */
        .limits = {.max_pixels = options->max_pixels},
        .colours_given = options->profile != PROFILE_CARD,
        .as_stored = options->profile == PROFILE_IGNORE,
        .scale = options->scale,
    };
}

static struct quantize_options quantize_options_of(const struct options *options)
{
    return (struct quantize_options){.method = (enum quantize_method)options->range, /* in the same order */
                                     .percentile = options->percentile,
                                     .keep = options->keep.items,
                                     .keep_count = options->keep.count,
                                     .keep_below = options->keep_below};
}

/* Before minutes of work; what appears meanwhile is met when it is written. */
static bsr_status check_output(const struct options *options, struct bsr_error *err)
{
    const char *path = options->input_count > 1 ? options->inputs[1] : options->output;
    struct stat found;

    if (options->overwrite || stat(path, &found) != 0 || !S_ISREG(found.st_mode))
        return BSR_OK;
    return report_refuse_existing(path, err);
}

static bsr_status check_options(const struct options *options, struct bsr_error *err)
{
    bsr_status status = model_output_check(options, err);

    if (status == BSR_OK && !options->calibrate.count) {
        bsr_fail(err, BSR_EUSAGE, "--calibrate", "is needed: pictures like those that the model will see");
        bsr_hint(err, "besra model quantize --calibrate photos/ %s OUTPUT", options->inputs[0]);
        return BSR_EUSAGE;
    }
    if (status == BSR_OK && model_output_is_stream(options) && options->json &&
        strcmp(options->json, "-") == 0)
        status = bsr_fail(err, BSR_EUSAGE, "--json",
                          "the model goes to standard output already: give --json=FILE");
    return status == BSR_OK ? check_output(options, err) : status;
}

/* ---- the work ---------------------------------------------------------------------------------------- */

static bool show_progress(void *context, const char *what, int done, int all)
{
    char line[80];

    (void)context;
    snprintf(line, sizeof line, "%s: %d of %d", what, done, all);
    terminal_progress(line);
    return !interrupt_signal;
}

static bsr_status quantize(struct quantize_report *report, struct samples **samples, struct model_file *file,
                           const struct options *options, struct bsr_error *err)
{
    const struct samples_options  how = samples_options_of(options);
    const struct quantize_options what = quantize_options_of(options);
    struct bytes                  notes = {0};

    engine_set_threads(options->threads);
    bsr_status status = samples_open(samples, options->inputs[0], file->model, options->calibrate.items,
                                     options->calibrate.count, &how, &notes, err);
    terminal_say_notes(&notes);
    bytes_free(&notes);
    if (status != BSR_OK)
        return status;
    const struct observer observer = {
        .samples = *samples, .name = file->card.file, .progress = show_progress};
    status = quantize_model(report, file->model, &observer, &what, err);
    terminal_clear_progress();
    return status;
}

static bsr_status size_of(size_t *bytes, const struct onnx_model *model, struct bsr_error *err)
{
    struct bytes written = {0};
    bsr_status   status = onnx_model_write(model, &written, err);
    *bytes = written.size;
    bytes_free(&written);
    return status;
}

static int fail(const struct bsr_error *err)
{
    int code = run_fail(err);
    return err->code == BSR_ECANCELED && interrupt_signal ? EXIT_SIGNAL + interrupt_signal : code;
}

static int quantize_file(struct model_file *file, const struct options *options)
{
    struct quantize_report report = {.layers = NULL};
    struct samples        *samples = NULL;
    struct quantize_told   told = {
          .options = options, .model = file->card.file, .report = &report, .bytes = {file->bytes.size, 0}};
    struct bsr_error err;
    bsr_status       status = model_output_spare_model(options, file, &err);

    if (status == BSR_OK)
        status = quantize(&report, &samples, file, options, &err);
    if (status == BSR_OK)
        status = size_of(&told.bytes[1], file->model, &err);
    int code = status == BSR_OK ? model_output_write(options, file->model) : fail(&err);
    if (code == EXIT_DONE && !(model_output_is_stream(options) && !options->json)) {
        told.task = samples_task(samples);
        code = model_quantize_show(&told);
    }
    samples_close(samples);
    quantize_report_free(&report);
    return code;
}

int model_quantize_command(const struct options *options)
{
    struct model_file file;
    struct bsr_error  err;
    bsr_status        status = check_options(options, &err);

    if (status == BSR_OK)
        status = model_file_read(&file, options->inputs[0], &err);
    if (status != BSR_OK)
        return fail(&err);
    int code = quantize_file(&file, options);
    model_file_close(&file);
    return code;
}
