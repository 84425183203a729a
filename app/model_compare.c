/* besra model compare: tensor by tensor, where two models, two ways to run one, or a model and a folder of
 * .npy files part. */
#include "app/model_compare.h"

#include "app/commands.h"
#include "app/exit_code.h"
#include "app/tables.h"
#include "app/terminal.h"
#include "base/alloc.h"
#include "engine/engine.h"
#include "onnx/edit.h"
#include "pipeline/compare_folder.h"
#include "pipeline/difference_picture.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { EXIT_DIFFERENT = EXIT_SOME_FAILED };

/* ---- sides ------------------------------------------------------------------------------------------- */

static bool is_folder(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bsr_status open_side(struct comparison *comparison, int which, const char *path, struct bsr_error *err)
{
    struct compare_side *side = &comparison->sides[which];

    side->name = path;
    if (is_folder(path))
        return BSR_OK;
    bsr_status status = model_file_read(&comparison->files[which], path, err);
    if (status == BSR_OK) {
        side->model = comparison->files[which].model;
        side->name = comparison->files[which].card.file;
    }
    return status;
}

static bsr_status open_sides(struct comparison *comparison, struct bsr_error *err)
{
    const struct options *options = comparison->options;
    bsr_status            status = open_side(comparison, 0, options->inputs[0], err);

    if (status != BSR_OK)
        return status;
    if (options->input_count > 1)
        status = open_side(comparison, 1, options->inputs[1], err);
    else
        comparison->sides[1] = comparison->sides[0];
    if (status == BSR_OK && !comparison->sides[0].model && !comparison->sides[1].model)
        return bsr_fail(err, BSR_EUSAGE, "model compare", "one of the two must be a model");
    return status;
}

/* The n-th word of a list of one or two; a single word is for both. */
static const char *word_for(const struct option_list *list, size_t which)
{
    return which < list->count ? list->items[which] : list->count ? list->items[0] : NULL;
}

static bsr_status choose_ways(struct comparison *comparison, struct bsr_error *err)
{
    const struct options *options = comparison->options;

    if (options->input_count < 2 && options->engines.count < 2 && options->precisions.count < 2) {
        bsr_fail(err, BSR_EUSAGE, "model compare", "with what? name a second model or folder");
        bsr_hint(err, "or two engines of the one: --engines opencv,besra, or --precisions f32,f16");
        return BSR_EUSAGE;
    }
    if (options->engines.count > 2 || options->precisions.count > 2)
        return bsr_fail(err, BSR_EUSAGE, options->engines.count > 2 ? "--engines" : "--precisions",
                        "takes one or two, not more");
    for (size_t i = 0; i < 2; i++) {
        const char *precision = word_for(&options->precisions, i);
        comparison->sides[i].backend = word_for(&options->engines, i);
        comparison->sides[i].half = precision && strcmp(precision, "f16") == 0;
        if (precision && !comparison->sides[i].half && strcmp(precision, "f32") != 0)
            return bsr_fail(err, BSR_EUSAGE, "--precisions", "\"%s\" is neither f32 nor f16", precision);
    }
    return BSR_OK;
}

/* ---- inputs ------------------------------------------------------------------------------------------ */

/* Makes the inputs of --freeze constants, in both models. */
static bsr_status freeze(struct comparison *comparison, struct model_file *file, struct bsr_error *err)
{
    const struct option_list *list = &comparison->options->freeze;
    struct feeds              frozen = {.count = 0};
    bsr_status                status = BSR_OK;

    for (size_t i = 0; status == BSR_OK && i < list->count; i++)
        status = model_inputs_add_value(&frozen, file->model, list->items[i], err);
    for (int i = 0; status == BSR_OK && i < frozen.count; i++)
        for (int which = 0; status == BSR_OK && which < 2; which++)
            if (comparison->files[which].model)
                status = onnx_freeze_input(comparison->files[which].model, frozen.items[i].name,
                                           &frozen.items[i].tensor, err);
    feeds_free(&frozen);
    return status;
}

/* What the folder has files of, for the inputs that --input leaves: the run that its tensors come from had
 * just these. */
static bsr_status feed_from_folder(struct feeds *fed, const struct model_file *file, const char *folder,
                                   struct bsr_error *err)
{
    struct bytes path = {0}, text = {0};
    bsr_status   status = BSR_OK;

    for (int i = 0; status == BSR_OK && i < onnx_input_count(file->model); i++) {
        const char *name = onnx_input(file->model, i).name;
        if (feeds_find(fed, name) || !compare_folder_find(&path, folder, name))
            continue;
        bytes_clear(&text);
        bytes_append_format(&text, "%s=%s", name, bytes_text(&path));
        status = text.failed ? bsr_fail_memory(err, name, text.size)
                             : feeds_add_file(fed, file->model, &file->chosen, bytes_text(&text), err);
        if (status == BSR_OK)
            terminal_say("input '%s' is fed with %s", name, bytes_text(&path));
    }
    bytes_free(&path);
    bytes_free(&text);
    return status;
}

/* Moves what inputs are fed with to what is chosen for them. */
static bsr_status choose_fed(struct model_file *file, struct feeds *fed, struct bsr_error *err)
{
    bsr_status status = BSR_OK;

    for (int i = 0; status == BSR_OK && i < fed->count; i++) {
        struct bsr_tensor *tensor = &fed->items[i].tensor;
        int                at = 0;
        while (at < file->chosen.count && strcmp(file->chosen.items[at].name, fed->items[i].name) != 0)
            at++;
        if (at < file->chosen.count)
            file->chosen.items[at].tensor = *tensor; /* was a shape only */
        else
            status = feeds_add(&file->chosen, fed->items[i].name, tensor, err);
        tensor->data = NULL;
    }
    return status;
}

/* Files, then, for what they leave, short lists of ones and random numbers. */
static bsr_status feed(struct comparison *comparison, struct bsr_error *err)
{
    const struct options *options = comparison->options;
    struct model_file    *file = &comparison->files[comparison->sides[0].model ? 0 : 1];
    struct feeds          fed = {.count = 0};
    bsr_status            status = freeze(comparison, file, err);

    for (size_t i = 0; status == BSR_OK && i < options->shapes.count; i++)
        status = model_inputs_add_shape(&file->chosen, file->model, options->shapes.items[i], err);
    for (size_t i = 0; status == BSR_OK && i < options->feeds.count; i++)
        status = feeds_add_file(&fed, file->model, &file->chosen, options->feeds.items[i], err);
    for (int i = 0; status == BSR_OK && i < 2; i++)
        if (!comparison->sides[i].model)
            status = feed_from_folder(&fed, file, comparison->sides[i].name, err);
    if (status == BSR_OK)
        status = choose_fed(file, &fed, err);
    feeds_free(&fed);
    if (status == BSR_OK)
        status = model_file_assume(file, err);
    return status == BSR_OK ? model_file_feeds(&comparison->feeds, file, options->seed, err) : status;
}

/* ---- the comparison ---------------------------------------------------------------------------------- */

static struct tolerance tolerance_of(const struct options *options)
{
    return (struct tolerance){.absolute = options->atol, .relative = options->rtol};
}

static bsr_status compare(struct comparison *comparison, struct bsr_error *err)
{
    const struct options  *options = comparison->options;
    const struct tolerance allowed = tolerance_of(options);
    bsr_status             status = open_sides(comparison, err);

    engine_set_threads(options->threads);
    if (status == BSR_OK)
        status = choose_ways(comparison, err);
    if (status == BSR_OK)
        status = feed(comparison, err);
    if (status == BSR_OK)
        status = compare_pairs_choose(&comparison->pairs, comparison->sides, &comparison->feeds,
                                      (const char *const *)options->at.items, (int)options->at.count, err);
    if (status != BSR_OK)
        return status;
    comparison->results = mem_alloc_zeroed((size_t)comparison->pairs.count, sizeof *comparison->results);
    if (!comparison->results)
        return bsr_fail_memory(err, NULL, (size_t)comparison->pairs.count * sizeof *comparison->results);
    status = compare_run(comparison->results, comparison->sides, &comparison->feeds, &comparison->pairs,
                         &allowed, err);
    if (status == BSR_OK)
        comparison->first = compare_first(comparison->results, comparison->pairs.count);
    return status;
}

static bsr_status draw(struct comparison *comparison, struct bsr_error *err)
{
    const struct options *options = comparison->options;
    struct bsr_tensor     tensors[2];
    bsr_status            status = compare_fetch(tensors, comparison->sides, &comparison->feeds,
                                                 &comparison->pairs.items[comparison->first], err);
    if (status != BSR_OK)
        return status;
    status = difference_write(options->heat, &tensors[0], &tensors[1], options->overwrite, err);
    if (status == BSR_EEXIST)
        bsr_hint(err, "replace it with --overwrite");
    comparison->drawn = status == BSR_OK;
    tensor_free(&tensors[0]);
    tensor_free(&tensors[1]);
    return status;
}

/* ---- the reproducer ---------------------------------------------------------------------------------- */

/* Options of the command that shows it again. Start with {0}. */
struct arguments {
    char **items;
    int    count;
    bool   failed; /* out of memory */
};

static void add_argument(struct arguments *arguments, const char *text)
{
    char **items = mem_resize(arguments->items, (size_t)arguments->count + 1, sizeof *items);

    if (items)
        arguments->items = items;
    if (items && (items[arguments->count] = mem_copy_text(text)))
        arguments->count++;
    else
        arguments->failed = true;
}

static void add_list(struct arguments *arguments, const char *option, const struct option_list *list)
{
    struct bytes text = {0};

    for (size_t i = 0; i < list->count; i++)
        bytes_append_format(&text, "%s%s", i ? "," : "", list->items[i]);
    if (list->count) {
        add_argument(arguments, option);
        add_argument(arguments, bytes_text(&text));
    }
    arguments->failed |= text.failed;
    bytes_free(&text);
}

static void add_number(struct arguments *arguments, const char *option, double number)
{
    struct bytes text = {0};

    bytes_append_format(&text, "%.17g", number);
    add_argument(arguments, option);
    add_argument(arguments, bytes_text(&text));
    bytes_free(&text);
}

/* By their full paths: the command is run in another folder. */
static void add_plugins(struct arguments *arguments, const struct option_list *plugins)
{
    for (size_t i = 0; i < plugins->count; i++) {
        char *path = realpath(plugins->items[i], NULL);
        add_argument(arguments, "--ops");
        add_argument(arguments, path ? path : plugins->items[i]);
        free(path); /* libc's own */
    }
}

static bsr_status cut(struct comparison *comparison, struct bsr_error *err)
{
    const struct options  *options = comparison->options;
    const struct tolerance allowed = tolerance_of(options);
    struct arguments       arguments = {.count = 0};
    bsr_status             status = bisect(&comparison->bisection, comparison->sides, &comparison->feeds,
                                           &comparison->pairs, comparison->results, comparison->first, &allowed, err);

    add_list(&arguments, "--engines", &options->engines);
    add_list(&arguments, "--precisions", &options->precisions);
    add_number(&arguments, "--atol", options->atol);
    add_number(&arguments, "--rtol", options->rtol);
    add_plugins(&arguments, &options->ops);
    if (status == BSR_OK && arguments.failed)
        status = bsr_fail_memory(err, options->bisect, (size_t)arguments.count * sizeof *arguments.items);
    if (status == BSR_OK)
        status = bisection_write(&comparison->bisection, (const char *const *)arguments.items,
                                 arguments.count, options->bisect, options->overwrite, err);
    comparison->bisected = status == BSR_OK;
    for (int i = 0; i < arguments.count; i++)
        mem_free(arguments.items[i]);
    mem_free(arguments.items);
    return status;
}

/* ---- the command ------------------------------------------------------------------------------------- */

/* What --heat and --bisect ask for, where the two part. What fails is said; the comparison stands. */
static int write_files(struct comparison *comparison)
{
    struct bsr_error err;
    int              code = EXIT_DONE;

    if (comparison->first < 0)
        return EXIT_DONE;
    if (comparison->options->heat && draw(comparison, &err) != BSR_OK) {
        terminal_error(&err);
        code = exit_code_of(err.code);
    }
    if (comparison->options->bisect && cut(comparison, &err) != BSR_OK) {
        terminal_error(&err);
        code = exit_code_of(err.code);
    }
    return code;
}

static int finish(struct comparison *comparison)
{
    const struct options *options = comparison->options;

    if (!options->json)
        comparison_print(comparison);
    int written = write_files(comparison), code;
    if (options->json) {
        code = output_json(options, comparison_record(comparison));
    } else {
        comparison_print_files(comparison);
        code = output_finish();
    }
    if (code == EXIT_DONE)
        code = written;
    return code == EXIT_DONE && comparison->first >= 0 ? EXIT_DIFFERENT : code;
}

int model_compare_command(const struct options *options)
{
    struct comparison comparison = {.options = options, .first = -1};
    struct bsr_error  err;
    bsr_status        status = compare(&comparison, &err);
    int               code = exit_code_of(status);

    if (status == BSR_OK)
        code = finish(&comparison);
    else
        terminal_error(&err);
    bisection_free(&comparison.bisection);
    mem_free(comparison.results);
    compare_pairs_free(&comparison.pairs);
    feeds_free(&comparison.feeds);
    for (int i = 0; i < 2; i++)
        if (comparison.files[i].model)
            model_file_close(&comparison.files[i]);
    return code;
}
