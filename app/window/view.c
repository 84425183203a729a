#include "app/window/view.h"

#include "app/window/ui_text.h"
#include "app/window/view_parts.h"
#include "app/window/widget_tooltip.h"
#include "base/alloc.h"
#include "base/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct view_look view_usual_look(void)
{
    return (struct view_look){
        .theme = THEME_DARK, .panel = true, .strip = true, .boxes = true, .labels = true};
}

void view_start(struct view *view, struct viewer *viewer, const struct view_look *look)
{
    *view = (struct view){.viewer = viewer,
                          .look = *look,
                          .divider = 0.5,
                          .sought = -1,
                          .strip_selected = SIZE_MAX,
                          .pointed = SIZE_MAX};
    view->box.class_index = -1;
    snprintf(view->models[CARD_DETECT], MODEL_NAME_SPACE, "cards");
    snprintf(view->models[CARD_UPSCALE], MODEL_NAME_SPACE, "srcnn");
}

void view_stop(struct view *view)
{
    paint_free(&view->list);
    bytes_free(&view->model_names);
    bytes_free(&view->command);
    mem_free(view->model_rows);
    mem_free(view->model_paths);
    *view = (struct view){0};
}

void view_say(struct view *view, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    notice_say(&view->ui, &view->notice, format, arguments);
    va_end(arguments);
}

void view_say_error(struct view *view, const struct bsr_error *err)
{
    notice_say_error(&view->ui, &view->notice, err);
}

void view_note_frame(struct view *view, double build_ms, double answer_ms)
{
    view_times_note(&view->times, build_ms, answer_ms);
}

/* ---- what is opened ---------------------------------------------------------------------------------- */

/* "file:///a%20b" as "/a b", in place. */
static void take_address_off(char *path)
{
    static const char prefix[] = "file://";
    if (strncmp(path, prefix, sizeof prefix - 1) != 0)
        return;
    char       *to = path;
    const char *host = path + sizeof prefix - 1;
    for (const char *from = host + strcspn(host, "/"); *from; to++) {
        char  digits[3] = {from[0] == '%' ? from[1] : '\0', '\0', '\0'};
        char *end;
        if (digits[0])
            digits[1] = from[2];
        long value = strtol(digits, &end, 16);
        bool coded = digits[0] && end == digits + 2 && value > 0;
        *to = coded ? (char)value : *from;
        from += coded ? 3 : 1;
    }
    *to = '\0';
}

static bool open_one(struct view *view, char *path)
{
    struct bsr_error err;

    take_address_off(path);
    if (file_has_ending(path, ".onnx") || file_has_ending(path, ".cfg"))
        view_choose_model(view, path);
    else if (viewer_add(view->viewer, &path, 1, true, &err) != BSR_OK) {
        view_say_error(view, &err);
        return false;
    }
    return true;
}

static size_t count_pictures(const struct view *view)
{
    struct viewer_snapshot shot = viewer_snapshot(view->viewer);
    size_t                 count = shot.count;
    viewer_release(view->viewer, &shot);
    return count;
}

/* What file managers write before a list of files where they are asked for text. */
static const char *pass_over_head(const char *text)
{
    static const char *const heads[] = {"x-special/nautilus-clipboard", "x-special/gnome-copied-files",
                                        "copy", "cut"};
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
        size_t length = strlen(heads[i]), ends;
        if (strncmp(text, heads[i], length) == 0 && (ends = strspn(text + length, "\r\n")) > 0)
            text += length + ends;
    }
    return text;
}

void view_open_text(struct view *view, const char *text)
{
    const size_t before = count_pictures(view);
    bool         fine = true;

    text = pass_over_head(text);
    while (*text) {
        size_t length = strcspn(text, "\r\n");
        char   path[4096];
        if (length > 0 && length < sizeof path) {
            memcpy(path, text, length);
            path[length] = '\0';
            fine = open_one(view, path) && fine;
        }
        text += length;
        text += strspn(text, "\r\n");
    }
    const size_t count = count_pictures(view);
    if (count > before + 1)
        viewer_select(view->viewer, before);
    if (count > before + 1 && fine)
        view_say(view, "opened %zu pictures", count - before);
}

/* ---- settings and models ------------------------------------------------------------------------------- */

void view_set(struct view *view, const struct viewer_settings *settings)
{
    const struct viewer_settings *now = &view->shot.settings;
    view->changed |= (settings->confidence != now->confidence ? CHANGE_CONFIDENCE : 0U) |
                     (settings->iou != now->iou ? CHANGE_IOU : 0U) |
                     (settings->max_detections != now->max_detections ? CHANGE_MOST : 0U) |
                     (settings->agnostic != now->agnostic ? CHANGE_AGNOSTIC : 0U) |
                     (settings->factor != now->factor ? CHANGE_FACTOR : 0U) |
                     (settings->top != now->top ? CHANGE_TOP : 0U);
    viewer_set(view->viewer, settings);
    ui_again(&view->ui, 0);
}

void view_hide_class(struct view *view, size_t index)
{
    struct viewer_settings settings = view->shot.settings;
    size_t                 count = view->shot.class_count;
    bool                  *hidden = mem_alloc_zeroed(count, sizeof *hidden);

    if (!hidden || index >= count) {
        mem_free(hidden);
        return;
    }
    for (size_t i = 0; i < count && i < (size_t)settings.hidden_count && settings.hidden; i++)
        hidden[i] = settings.hidden[i];
    hidden[index] = !hidden[index];
    settings.hidden = hidden;
    settings.hidden_count = (int)count;
    view_set(view, &settings);
    mem_free(hidden);
}

void view_show_all(struct view *view)
{
    struct viewer_settings settings = view->shot.settings;
    settings.hidden = NULL;
    settings.hidden_count = 0;
    view_set(view, &settings);
}

void view_choose_model(struct view *view, const char *name)
{
    viewer_load_model(view->viewer, name, CARD_TASK_UNKNOWN);
    ui_again(&view->ui, 0);
}

void view_choose_task(struct view *view, enum card_task task)
{
    if (view->shot.task == task && view->shot.model_used && view->shot.model_state != VIEWER_FAILED)
        return;
    if (view->models[task][0])
        view_choose_model(view, view->models[task]);
    else
        view_open_models(view);
}

const char *view_class_name(const struct view *view, int index)
{
    return index >= 0 && (size_t)index < view->shot.class_count ? view->shot.classes[index].name : "?";
}

const struct detection *view_picked_box(const struct view *view)
{
    const struct viewer_snapshot *shot = &view->shot;
    const struct detection       *picked = &view->box;

    if (picked->class_index < 0 || !shot->path || strcmp(shot->path, view->box_path) != 0)
        return NULL;
    for (size_t i = 0; i < shot->detection_count; i++) {
        const struct detection *box = &shot->detections[i];
        if (box->class_index == picked->class_index && box->x1 == picked->x1 && box->y1 == picked->y1 &&
            box->x2 == picked->x2 && box->y2 == picked->y2)
            return box;
    }
    return NULL;
}

bool view_has_panel(const struct view *view)
{
    return view->narrow ? view->panel_over : view->look.panel;
}

/* ---- a pass ----------------------------------------------------------------------------------------------
 */

/* What the snapshot says that is to be kept. */
static void remember(struct view *view)
{
    const struct viewer_snapshot *shot = &view->shot;

    snprintf(view->title, sizeof view->title, "%s", shot->path ? shot->path : "");
    if (shot->model_used && shot->task > CARD_TASK_UNKNOWN && shot->task <= CARD_CLASSIFY)
        snprintf(view->models[shot->task], MODEL_NAME_SPACE, "%s", shot->model_used);
    if (shot->serial == view->command_serial && view->command.size)
        return;
    struct bsr_error err;
    bytes_clear(&view->command);
    view->command.failed = false;
    if (viewer_command(view->viewer, shot, &view->command, &err) != BSR_OK)
        bytes_clear(&view->command);
    view->command_serial = shot->serial;
}

/* Cuts the window into its parts. */
static void add_parts(struct view *view)
{
    struct ui  *ui = &view->ui;
    struct rect rest = ui->window, panel = {0};

    view->narrow = rest.width < ui_points(ui, 680);
    view->low = rest.height < ui_points(ui, 440);
    struct rect bar = rect_cut_top(&rest, ui_points(ui, POINT_BAR));
    struct rect status = rect_cut_bottom(&rest, ui_points(ui, POINT_STATUS));
    struct rect batch = {0}, strip = {0};
    if (view->shot.batch_state != VIEWER_NOTHING)
        batch = rect_cut_bottom(&rest, ui_points(ui, 40));
    if (view->look.strip && !view->low && view->shot.count > 1)
        strip = rect_cut_bottom(&rest, ui_points(ui, POINT_STRIP));
    float wide = fminf(ui_points(ui, POINT_PANEL), rest.width - ui_points(ui, 48));
    if (view_has_panel(view)) {
        struct rect over = rest;
        panel = rect_cut_right(view->narrow ? &over : &rest, wide);
    }
    if (panel.width > 0) { /* first, since it may lie over the picture */
        ui_set_layer(ui, view->narrow ? LAYER_PANEL : LAYER_BASE);
        ui_cover(ui, panel);
        ui_set_layer(ui, LAYER_BASE);
    }
    if (!view_has_panel(view))
        view->pointed = SIZE_MAX;
    struct rect timeline =
        view_has_timeline(view) ? rect_cut_bottom(&rest, ui_points(ui, POINT_TIMELINE)) : (struct rect){0};
    view_stage_add(view, rest);
    if (timeline.width > 0)
        view_timeline_add(view, timeline);
    if (strip.width > 0)
        view_strip_add(view, strip);
    if (batch.width > 0)
        view_batch_add(view, batch);
    view_bar_add(view, bar);
    view_status_add(view, status);
    if (panel.width > 0) {
        ui_set_layer(ui, view->narrow ? LAYER_PANEL : LAYER_BASE);
        view_panel_add(view, panel);
        ui_set_layer(ui, LAYER_BASE);
    }
}

static void add_dialogue(struct view *view)
{
    switch (view->dialogue) {
    case DIALOGUE_NONE:
        break;
    case DIALOGUE_MODELS:
        view_models_add(view);
        break;
    case DIALOGUE_KEYS:
        view_keys_add(view);
        break;
    default:
        view_prompt_add(view);
    }
}

void view_pass(struct view *view, const struct event *event, int width, int height, float scale,
               double now_ms)
{
    struct ui *ui = &view->ui;

    view->wishes = (struct view_wishes){0};
    view->shot = viewer_snapshot(view->viewer);
    remember(view);
    paint_clear(&view->list);
    ui->theme = theme_of(view->look.theme);
    ui->scale = scale;
    ui->list = &view->list;
    ui_begin(ui, event, width, height, now_ms);
    view_board_pass(view);
    if (event->kind == EVENT_DROP)
        view_open_text(view, event->text);
    if (event->kind == EVENT_QUIT)
        view->wishes.quit = true;
    if (view->dialogue != DIALOGUE_NONE)
        ui_set_keys_layer(ui, LAYER_DIALOGUE);
    add_parts(view);
    ui_set_layer(ui, LAYER_DIALOGUE);
    add_dialogue(view);
    keys_act(view);
    notice_add(ui, &view->notice, view->stage);
    if (view->debug)
        view_debug_add(view);
    tooltip_add(ui);
    ui_end(ui);
    viewer_release(view->viewer, &view->shot);
}
