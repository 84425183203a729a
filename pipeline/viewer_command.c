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

static void add_choice(struct bytes *out, const char *option, const char *const *words, unsigned choice)
{
    if (words[choice]) /* the usual one has no word */
        add_option(out, option, words[choice]);
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
static bool names_one(const struct opened *model, int index)
{
    const char *name = detector_class_name(model->detector, index);
    size_t      length = strlen(name);

    if (!length || strchr(name, ',') || strspn(name, "0123456789+-") == length || name[0] == ' ' ||
        name[length - 1] == ' ')
        return false;
    return detector_find_class(model->detector, name) == index;
}

static bool is_hidden(const struct viewer_settings *settings, size_t index)
{
    return settings->hidden && index < (size_t)settings->hidden_count && settings->hidden[index];
}

static size_t count_hidden(const struct viewer_settings *settings, const struct opened *model)
{
    size_t hidden = 0;
    for (size_t i = 0; i < model->class_count; i++)
        hidden += is_hidden(settings, i);
    return hidden;
}

static void add_classes(struct bytes *out, const struct viewer_settings *settings, const struct opened *model,
                        struct bytes *scratch)
{
    const size_t hidden = count_hidden(settings, model);

    if (!hidden || hidden == model->class_count)
        return;
    bytes_clear(scratch);
    for (size_t i = 0; i < model->class_count; i++) {
        if (is_hidden(settings, i))
            continue;
        if (scratch->size)
            bytes_append_text(scratch, ",");
        if (names_one(model, (int)i))
            bytes_append_text(scratch, detector_class_name(model->detector, (int)i));
        else
            bytes_append_format(scratch, "%zu", i);
    }
    add_option(out, "--classes", bytes_text(scratch));
}

static void add_detection(struct bytes *out, const struct viewer_snapshot *snapshot,
                          const struct opened *model, const struct viewer_reading *reading,
                          struct bytes *scratch)
{
    const struct viewer_settings *settings = &snapshot->settings;
    static const char *const      letterboxes[] = {[VIEWER_LETTERBOX_CARD] = NULL,
                                                   [VIEWER_LETTERBOX_RECT] = "rect",
                                                   [VIEWER_LETTERBOX_SQUARE] = "square"};

    if (settings->confidence != model->confidence)
        add_number(out, "--conf", settings->confidence);
    if (settings->iou != model->iou)
        add_number(out, "--iou", settings->iou);
    if (settings->max_detections != model->max_detections)
        add_whole(out, "--max-det", settings->max_detections);
    add_classes(out, settings, model, scratch);
    if (settings->agnostic != model->agnostic)
        shell_append_word(out, settings->agnostic ? "--agnostic" : "--no-agnostic");
    add_choice(out, "--letterbox", letterboxes, reading->letterbox);
}

/* How the picture is read. */
static void add_reading(struct bytes *out, const struct viewer_reading *reading, enum card_task task)
{
    static const char *const profiles[] = {
        [VIEWER_PROFILE_CARD] = NULL, [VIEWER_PROFILE_APPLY] = "apply", [VIEWER_PROFILE_IGNORE] = "ignore"};
    static const char *const shrinking[] = {[SHRINK_AUTO] = NULL, [SHRINK_ON] = "on", [SHRINK_OFF] = "off"};

    if (task == CARD_UPSCALE)
        return;
    add_choice(out, "--profile", profiles, reading->profile);
    add_choice(out, "--shrink-on-load", shrinking, reading->shrinking);
}

/* How boxes are drawn. */
static void add_drawing(struct bytes *out, const struct viewer_reading *reading, bool hide_labels)
{
    if (reading->label && strcmp(reading->label, VIEWER_LABEL) != 0)
        add_option(out, "--label", reading->label);
    if (reading->line_width > 0)
        add_whole(out, "--line-width", reading->line_width);
    if (hide_labels)
        shell_append_word(out, "--hide-labels");
    if (reading->hide_score)
        shell_append_word(out, "--hide-conf");
}

static void add_classification(struct bytes *out, const struct viewer_snapshot *snapshot,
                               const struct viewer_reading *reading)
{
    static const char *const fits[] = {
        [CLASSIFY_CROP] = NULL, [CLASSIFY_STRETCH] = "stretch", [CLASSIFY_PAD] = "pad"};
    static const char *const scores[] = {
        [CLASSIFY_AUTO] = NULL, [CLASSIFY_LOGITS] = "logits", [CLASSIFY_PROBABILITIES] = "probabilities"};

    if (snapshot->settings.top != VIEWER_USUAL_TOP)
        add_whole(out, "--top", snapshot->settings.top);
    add_choice(out, "--fit", fits, reading->fit);
    add_choice(out, "--scores", scores, reading->scores);
}

/* What was said of the model when the viewer was opened. */
static void add_net(struct bytes *out, const struct viewer *viewer, enum card_task task, bool moving)
{
    static const char *const  colours[] = {[CARD_RGB] = "rgb", [CARD_BGR] = "bgr", [CARD_LUMA] = "luma"};
    static const char *const  ranges[] = {[MODEL_RANGE_CARD] = NULL,
                                          [MODEL_RANGE_UNIT] = "unit",
                                          [MODEL_RANGE_BYTE] = "byte",
                                          [MODEL_RANGE_IMAGENET] = "imagenet"};
    static const char *const  layouts[] = {[OUTPUT_ANY] = NULL,
                                           [OUTPUT_ROWS] = "yolov5",
                                           [OUTPUT_HEADS] = "yolov5-heads",
                                           [OUTPUT_COLUMNS] = "yolov8",
                                           [OUTPUT_BOXES] = "boxes"};
    const struct model_hints *hints = &viewer->options.hints;
    char                      size[32];

    if (hints->width > 0 && hints->height > 0 && task != CARD_UPSCALE) {
        snprintf(size, sizeof size, "%dx%d", hints->width, hints->height);
        add_option(out, moving ? "--net-size" : "--size", size);
    }
    if (hints->colour_given)
        add_option(out, "--input-color", colours[hints->colour]);
    add_choice(out, "--input-range", ranges, hints->range);
    if (task == CARD_DETECT)
        add_choice(out, "--layout", layouts, viewer->options.reading.layout);
}

/* How nets are run. */
static void add_running(struct bytes *out, const struct viewer *viewer)
{
    const struct engine_options *engine = &viewer->options.hints.engine;
    const struct viewer_reading *reading = &viewer->options.reading;

    if (engine->backend && strcmp(engine->backend, "auto") != 0)
        add_option(out, "--engine", engine->backend);
    if (engine->precision != ENGINE_F32)
        add_option(out, "--precision", engine->precision == ENGINE_BF16 ? "bf16" : "int8");
    for (size_t i = 0; i < reading->plugin_count; i++)
        add_option(out, "--ops", reading->plugins[i]);
    if (engine->drop_qdq)
        add_option(out, "--qdq", "drop");
}

/* What a command can't say. */
static void add_remark(struct bytes *out, const struct viewer_snapshot *snapshot)
{
    const struct opened *model = snapshot->moment->model;
    const bool           has_classes = model && snapshot->task == CARD_DETECT && model->class_count > 0;

    if (snapshot->unsaved)
        bytes_append_text(out, " # which is in no file yet");
    else if (has_classes && count_hidden(&snapshot->settings, model) == model->class_count)
        bytes_append_text(out, " # but all classes are hidden");
}

/* Of a model, all that makes it say what it says. */
static void add_model(struct bytes *out, const struct viewer *viewer, const struct viewer_snapshot *snapshot,
                      bool moving, struct bytes *scratch)
{
    const struct opened         *model = snapshot->moment->model;
    const struct viewer_reading *reading = &viewer->options.reading;

    add_option(out, "-m", snapshot->model_used);
    if (!moving)
        add_reading(out, reading, snapshot->task);
    if (snapshot->task == CARD_DETECT)
        add_detection(out, snapshot, model, reading, scratch);
    if (snapshot->task == CARD_DETECT && !moving)
        add_drawing(out, reading, snapshot->settings.hide_labels);
    if (snapshot->task == CARD_UPSCALE && snapshot->settings.factor != model->factor)
        add_number(out, "--scale", snapshot->settings.factor);
    if (snapshot->task == CARD_CLASSIFY)
        add_classification(out, snapshot, reading);
    add_net(out, viewer, snapshot->task, moving);
    add_running(out, viewer);
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
        add_model(&line, viewer, snapshot, moving, &scratch);
    if (moving)
        shell_append_word(&line, "--realtime");
    if (snapshot->path)
        add_path(&line, snapshot, moving, &scratch);
    add_remark(&line, snapshot);
    bool done = !line.failed && !scratch.failed && bytes_append(out, line.data, line.size);
    bytes_free(&line);
    bytes_free(&scratch);
    return done ? BSR_OK : bsr_fail_memory(err, "command", 0);
}
