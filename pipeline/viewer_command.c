/* The command line that makes what is seen. */
#include "base/shell.h"
#include "pipeline/still.h"
#include "pipeline/viewer_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- words -------------------------------------------------------------------------------------- */

static void add_option(struct bytes *out, const char *option, const char *value)
{
    shell_append_word(out, option);
    shell_append_word(out, value);
}

/* The fewest digits that give the same number. */
static void add_number(struct bytes *out, const char *option, double value)
{
    char text[40];
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            break;
    }
    add_option(out, option, text);
}

static void add_whole(struct bytes *out, const char *option, int value)
{
    char text[16];
    snprintf(text, sizeof text, "%d", value);
    add_option(out, option, text);
}

/* A file that would be taken for an option or standard input is named from where we are; of a video that
 * stands still the frame. */
static void add_path(struct bytes *out, const struct viewer_snapshot *snapshot, bool moving,
                     struct bytes *scratch)
{
    bytes_clear(scratch);
    bytes_append_format(scratch, "%s%s", *snapshot->path == '-' ? "./" : "", snapshot->path);
    if (snapshot->video.there && !moving)
        still_append_time(scratch, snapshot->video.time);
    shell_append_word(out, bytes_text(scratch));
}

/* ---- options, in the order of --help ------------------------------------------------------------ */

/* Whether --classes would understand the name as this class. */
static bool names_one(const struct viewer_snapshot *snapshot, size_t index)
{
    const char *name = snapshot->classes[index].name;
    size_t      length = strlen(name);

    if (!length || strchr(name, ',') || strspn(name, "0123456789+-") == length || name[0] == ' ' ||
        name[length - 1] == ' ')
        return false;
    for (size_t i = 0; i < snapshot->class_count; i++)
        if (i != index && strcmp(name, snapshot->classes[i].name) == 0)
            return false;
    return true;
}

static void add_classes(struct bytes *out, const struct viewer_snapshot *snapshot, struct bytes *scratch)
{
    const struct viewer_settings *settings = &snapshot->settings;
    size_t                        hidden = 0, listed = 0;

    bytes_clear(scratch);
    for (size_t i = 0; i < snapshot->class_count; i++) {
        if (settings->hidden && (int)i < settings->hidden_count && settings->hidden[i]) {
            hidden++;
            continue;
        }
        if (names_one(snapshot, i))
            bytes_append_format(scratch, "%s%s", listed++ ? "," : "", snapshot->classes[i].name);
        else
            bytes_append_format(scratch, "%s%zu", listed++ ? "," : "", i);
    }
    if (hidden && listed)
        add_option(out, "--classes", bytes_text(scratch));
}

static void add_detection(struct bytes *out, const struct viewer_snapshot *snapshot,
                          const struct opened *model, struct bytes *scratch)
{
    const struct viewer_settings *settings = &snapshot->settings;

    if (settings->confidence != model->confidence)
        add_number(out, "--conf", settings->confidence);
    if (settings->iou != model->iou)
        add_number(out, "--iou", settings->iou);
    if (settings->max_detections != model->max_detections)
        add_whole(out, "--max-det", settings->max_detections);
    add_classes(out, snapshot, scratch);
    if (settings->agnostic != model->agnostic)
        shell_append_word(out, settings->agnostic ? "--agnostic" : "--no-agnostic");
}

/* What was said of the model when the viewer was opened. */
static void add_hints(struct bytes *out, const struct viewer *viewer, enum card_task task, bool moving)
{
    static const char *const  colours[] = {[CARD_RGB] = "rgb", [CARD_BGR] = "bgr", [CARD_LUMA] = "luma"};
    static const char *const  ranges[] = {[MODEL_RANGE_CARD] = NULL,
                                          [MODEL_RANGE_UNIT] = "unit",
                                          [MODEL_RANGE_BYTE] = "byte",
                                          [MODEL_RANGE_IMAGENET] = "imagenet"};
    const struct model_hints *hints = &viewer->options.hints;
    char                      size[32];

    if (hints->width > 0 && hints->height > 0 && task == CARD_DETECT) {
        snprintf(size, sizeof size, "%dx%d", hints->width, hints->height);
        add_option(out, moving ? "--net-size" : "--size", size);
    }
    if (hints->colour_given)
        add_option(out, "--input-color", colours[hints->colour]);
    if (ranges[hints->range])
        add_option(out, "--input-range", ranges[hints->range]);
    if (hints->engine.backend && strcmp(hints->engine.backend, "auto") != 0)
        add_option(out, "--engine", hints->engine.backend);
    if (hints->engine.precision != ENGINE_F32)
        add_option(out, "--precision", hints->engine.precision == ENGINE_BF16 ? "bf16" : "int8");
}

bsr_status viewer_command(const struct viewer *viewer, const struct viewer_snapshot *snapshot,
                          struct bytes *out, struct bsr_error *err)
{
    static const char *const words[] = {"detect", "detect", "upscale", "classify"};
    const struct opened     *model = snapshot->moment->model;
    const bool               moving = snapshot->video.playing && model && snapshot->task == CARD_DETECT;
    struct bytes             line = {0}, scratch = {0};

    bytes_append_format(&line, "besra %s", moving ? "live" : words[snapshot->task]);
    if (model)
        add_option(&line, "-m", snapshot->model_used);
    if (model && snapshot->task == CARD_DETECT)
        add_detection(&line, snapshot, model, &scratch);
    if (model && snapshot->task == CARD_UPSCALE && snapshot->settings.factor != model->factor)
        add_number(&line, "--scale", snapshot->settings.factor);
    if (snapshot->task == CARD_CLASSIFY && snapshot->settings.top != VIEWER_USUAL_TOP)
        add_whole(&line, "--top", snapshot->settings.top);
    if (model)
        add_hints(&line, viewer, snapshot->task, moving);
    if (moving)
        shell_append_word(&line, "--realtime");
    if (snapshot->path)
        add_path(&line, snapshot, moving, &scratch);
    if (snapshot->unsaved)
        bytes_append_text(&line, " # which is in no file yet");
    bool done = !line.failed && !scratch.failed && bytes_append(out, line.data, line.size);
    bytes_free(&line);
    bytes_free(&scratch);
    return done ? BSR_OK : bsr_fail_memory(err, "command", 0);
}
