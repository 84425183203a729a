#include "config/options.h"

#include "base/alloc.h"
#include "base/machine.h"
#include "config/command_line.h"
#include "config/config_file.h"
#include "config/option_set.h"
#include "config/option_table.h"

#include <string.h>

enum { MAX_THREADS = 256 };

/* What the table can't say as text, then its defaults: half of the memory that this program may have, 0 (no
 * limit) when the machine doesn't tell. */
static bsr_status set_defaults(struct options *options, enum command command, const struct machine *machine,
                               struct bsr_error *err)
{
    options->command = command;
    options->conf = options->iou = -1;
    options->memory = machine->memory / 2;
    if (command == COMMAND_NONE)
        return BSR_OK;
    const char *model = command_infos[command].model;
    options->model = options_keep_text(options, model, strlen(model));
    if (!options->model)
        return bsr_fail_memory(err, "--model", strlen(model) + 1);

    for (int i = 0; i < OPTION_COUNT; i++) {
        const struct option_row  *row = &option_rows[i];
        const struct option_value value = {.kind = VALUE_TEXT, .text = row->fallback};
        bsr_status status = row->fallback ? option_set(options, row, &value, row->flag, err) : BSR_OK;
        if (status != BSR_OK)
            return status;
        options->origins[i] = NULL;
    }
    return BSR_OK;
}

/* Makes the inputs the options' own. */
static bsr_status keep_inputs(struct options *options, const struct command_line *line, struct bsr_error *err)
{
    options->inputs = options_keep(options, line->input_count * sizeof *options->inputs + 1);
    if (!options->inputs)
        return bsr_fail_memory(err, "inputs", line->input_count * sizeof *options->inputs);
    for (size_t i = 0; i < line->input_count; i++) {
        options->inputs[i] = options_keep_text(options, line->inputs[i], strlen(line->inputs[i]));
        if (!options->inputs[i])
            return bsr_fail_memory(err, "inputs", strlen(line->inputs[i]) + 1);
        if (!line->inputs[i][0])
            return bsr_fail(err, BSR_EUSAGE, NULL, "an input without a name: \"\"");
        options->input_count++;
    }
    return BSR_OK;
}

static bsr_status apply_line(struct options *options, const struct command_line *line, struct bsr_error *err)
{
    for (size_t i = 0; i < line->option_count; i++) {
        const struct line_option *given = &line->options[i];
        const struct option_value value = {
            .kind = given->value ? VALUE_TEXT : VALUE_SWITCH,
            .text = given->value,
            .on = !given->off,
        };
        bsr_status status = option_set(options, given->row, &value, given->row->flag, err);
        if (status != BSR_OK)
            return status;
    }
    return BSR_OK;
}

/* How the window was left. What is wrong with that file is no reason not to open one. */
static bsr_status apply_window_file(struct options *options, struct bsr_error *err)
{
    char            *path = NULL;
    struct bsr_error why;
    bsr_status       status = options_window_file(&path, options->command, err);

    if (status == BSR_OK && path && config_file_apply(options, path, &why) == BSR_ENOMEM)
        status = bsr_fail_memory(err, path, sizeof *options);
    mem_free(path);
    return status;
}

/* The person's own file, then that of --config. */
static bsr_status apply_files(struct options *options, const struct command_line *line, struct bsr_error *err)
{
    const char *named = NULL;
    bool        own = true;
    for (size_t i = 0; i < line->option_count; i++) {
        if (line->options[i].row->id == OPTION_CONFIG)
            named = line->options[i].value;
        if (line->options[i].row->id == OPTION_NO_CONFIG)
            own = false;
    }
    char      *path = NULL;
    bsr_status status = own ? config_file_own(&path, err) : BSR_OK;
    if (status == BSR_OK && path) {
        status = config_file_apply(options, path, err);
        if (status == BSR_EMISSING)
            status = BSR_OK;
    }
    mem_free(path);
    if (status == BSR_OK && own && (options->command == COMMAND_VIEW || options->command == COMMAND_LIVE))
        status = apply_window_file(options, err);
    if (status == BSR_OK && named && !named[0])
        status = bsr_fail(err, BSR_EUSAGE, "--config", "\"\" is empty");
    if (status == BSR_OK && named)
        status = config_file_apply(options, named, err);
    return status;
}

static bool is_on_line(const struct options *options, enum option_id id)
{
    return options->origins[id] && options->origins[id][0] == '-';
}

/* --to and --scale say the same in two ways: the command line wins over files, --to wins within a file. */
static bsr_status settle_scale(struct options *options, struct bsr_error *err)
{
    bool to = is_on_line(options, OPTION_TO), scale = is_on_line(options, OPTION_SCALE);
    if (to && scale) {
        bsr_fail(err, BSR_EUSAGE, "--to", "given together with --scale");
        bsr_hint(err, "give either the size or the factor");
        return BSR_EUSAGE;
    }
    if (scale) {
        options->to = (struct option_extent){0};
        options->origins[OPTION_TO] = NULL;
    }
    return BSR_OK;
}

/* -v and -q: the one on the command line, else quiet. */
static bsr_status settle_loudness(struct options *options, struct bsr_error *err)
{
    bool verbose = is_on_line(options, OPTION_VERBOSE) && options->verbose > 0;
    bool quiet = is_on_line(options, OPTION_QUIET) && options->quiet;
    if (verbose && quiet)
        return bsr_fail(err, BSR_EUSAGE, "--verbose", "given together with --quiet");
    if (verbose)
        options->quiet = false;
    else if (options->quiet)
        options->verbose = 0;
    return BSR_OK;
}

static bsr_status refuse_inputs(const struct options *options, const char *why, struct bsr_error *err)
{
    const char *name = command_name(options->command);
    bsr_fail(err, BSR_EUSAGE, name, "%s", why);
    bsr_hint(err, "besra %s %s; besra %s --help says more", name, command_infos[options->command].usage,
             name);
    return BSR_EUSAGE;
}

/* "which? detect, upscale or classify" */
static bsr_status refuse_group(const struct options *options, struct bsr_error *err)
{
    struct bytes why = {0};
    const char  *before = "which? ", *last = NULL;
    for (int c = COMMAND_NONE + 1; c < COMMAND_COUNT; c++) {
        if (command_group((enum command)c) != options->command)
            continue;
        if (last)
            bytes_append_format(&why, "%s%s", before, last);
        before = last ? ", " : before;
        last = strchr(command_infos[c].name, ' ') + 1;
    }
    bytes_append_format(&why, " or %s", last);
    bsr_status status = refuse_inputs(options, why.failed ? "which?" : bytes_text(&why), err);
    bytes_free(&why);
    return status;
}

static bsr_status check_inputs(const struct options *options, struct bsr_error *err)
{
    const struct command_info *info = &command_infos[options->command];
    if (command_is_group(options->command))
        return refuse_group(options, err);
    if (info->most_inputs && options->input_count > (size_t)info->most_inputs)
        return refuse_inputs(options, "too many arguments", err);
    if (options->input_count >= (size_t)info->least_inputs || options->list)
        return BSR_OK;
    if (command_is_for_pictures(options->command))
        return refuse_inputs(options, "no input: name a picture, a folder, or '-' for standard input", err);
    return refuse_inputs(options, "no model: name an .onnx, a card or a card's name", err);
}

static bsr_status fill(struct options *options, const struct command_line *line, struct bsr_error *err)
{
    const struct machine machine = machine_find("");
    bsr_status           status = set_defaults(options, line->command, &machine, err);

    options->help = line->help;
    options->version = line->version;
    if (status != BSR_OK || line->help || line->version)
        return status;
    if (line->command == COMMAND_NONE) {
        bsr_fail(err, BSR_EUSAGE, NULL, "no command");
        bsr_hint(err, "besra --help lists the commands");
        return BSR_EUSAGE;
    }
    if ((status = keep_inputs(options, line, err)) != BSR_OK ||
        (status = apply_files(options, line, err)) != BSR_OK ||
        (status = apply_line(options, line, err)) != BSR_OK ||
        (status = settle_scale(options, err)) != BSR_OK || (status = settle_loudness(options, err)) != BSR_OK)
        return status;
    if (options->threads == 0)
        options->threads = machine.processors < MAX_THREADS ? machine.processors : MAX_THREADS;
    return check_inputs(options, err);
}

bsr_status options_parse(struct options *out, int argc, char **argv, struct bsr_error *err)
{
    struct command_line line;
    bsr_status          status = command_line_read(&line, argc, argv, err);
    if (status != BSR_OK)
        return status;
    struct options options = {0};
    status = fill(&options, &line, err);
    if (status == BSR_OK)
        *out = options;
    else
        options_free(&options);
    command_line_free(&line);
    return status;
}
