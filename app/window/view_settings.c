/* The panel's sliders and switches. They act in each pass in which they change. */
#include "app/window/ui_text.h"
#include "app/window/view_parts.h"
#include "app/window/widget_bars.h"
#include "app/window/widget_button.h"
#include "app/window/widget_legend.h"
#include "app/window/widget_panel.h"
#include "app/window/widget_progress.h"
#include "app/window/widget_toggle.h"

#include <stdio.h>

/* True when it changed *value. */
static bool add_slider(struct view *view, struct rect *rest, const struct slider *slider, double *value)
{
    bool settled = false;
    bool changed = slider_add(&view->ui, rect_cut_top(rest, ui_points(&view->ui, POINT_SLIDER)), slider,
                              &view->sliding, value, &settled);
    if (settled && !changed)
        viewer_settle(view->viewer);
    return changed;
}

/* The same of a setting that is below `least` while the model's card is to say it, and there is no model: the
 * usual one is shown. */
static bool add_setting(struct view *view, struct rect *rest, const struct slider *slider, double *value)
{
    double shown = *value < slider->least ? slider->usual : *value;
    if (!add_slider(view, rest, slider, &shown))
        return false;
    *value = shown;
    return true;
}

static bool add_toggle(struct view *view, struct rect *rest, const char *label, const char *tip, bool *on)
{
    return toggle_add(&view->ui, rect_cut_top(rest, ui_points(&view->ui, POINT_ROW)), label, tip, on);
}

void view_detect_settings_add(struct view *view, struct rect *rest)
{
    static const struct slider confidence = {.name = "conf",
                                             .label = "Confidence",
                                             .least = 0,
                                             .most = 1,
                                             .step = 0.01,
                                             .usual = 0.25,
                                             .decimals = 2,
                                             .tip = "least score of an object (--conf)"};
    static const struct slider overlap = {.name = "iou",
                                          .label = "Overlap",
                                          .least = 0,
                                          .most = 1,
                                          .step = 0.01,
                                          .usual = 0.45,
                                          .decimals = 2,
                                          .tip = "boxes that overlap more are one object (--iou)"};
    static const struct slider most = {.name = "max-det",
                                       .label = "Most objects",
                                       .least = 1,
                                       .most = 1000,
                                       .step = 1,
                                       .usual = 300,
                                       .logarithmic = true,
                                       .tip = "the best so many are kept (--max-det)"};
    struct viewer_settings     settings = view->shot.settings;
    double                     number = settings.max_detections;
    char                       tip[128];

    panel_heading(&view->ui, rest, "Detection");
    bool changed = add_setting(view, rest, &confidence, &settings.confidence);
    changed = add_setting(view, rest, &overlap, &settings.iou) || changed;
    if (add_setting(view, rest, &most, &number)) {
        settings.max_detections = (int)lround(fmin(fmax(number, 1), 100000));
        changed = true;
    }
    changed = add_toggle(view, rest, "Across classes", "boxes of other classes suppress, too (--agnostic)",
                         &settings.agnostic) ||
              changed;
    add_toggle(view, rest, "Boxes", action_tip(ACTION_BOXES, tip), &view->look.boxes);
    bool labels = !settings.hide_labels;
    changed = add_toggle(view, rest, "Labels", action_tip(ACTION_LABELS, tip), &labels) || changed;
    settings.hide_labels = !labels;
    if (changed)
        view_set(view, &settings);
}

/* ---- what was found
 * ---------------------------------------------------------------------------------------- */

static bool is_hidden(const struct viewer_settings *settings, size_t index)
{
    return settings->hidden && index < (size_t)settings->hidden_count && settings->hidden[index];
}

void view_legend_add(struct view *view, struct rect *rest)
{
    const struct viewer_snapshot *shot = &view->shot;
    struct ui                    *ui = &view->ui;
    char                          title[64], tip[128];
    bool                          hidden = false;

    if (shot->result_state == VIEWER_WORKING && !shot->detection_count)
        snprintf(title, sizeof title, "Looking\xe2\x80\xa6");
    else if (shot->detection_count || shot->result_state == VIEWER_READY)
        snprintf(title, sizeof title, "Found: %zu %s", shot->detection_count,
                 shot->detection_count == 1 ? "object" : "objects");
    else
        return;
    panel_heading(&view->ui, rest, title);
    for (size_t i = 0; i < shot->class_count; i++) {
        struct legend_row row = {shot->classes[i].name, shot->classes[i].count, colour_of_class((int)i),
                                 is_hidden(&shot->settings, i)};
        hidden = hidden || row.hidden;
        if (!row.count && !row.hidden)
            continue;
        enum legend_result result = legend_add(ui, rect_cut_top(rest, ui_points(ui, 24)), i, &row);
        if (result == LEGEND_CLICKED)
            view_hide_class(view, i);
        else if (result == LEGEND_POINTED)
            view->pointed = i;
    }
    if (hidden && button_add(ui, rect_cut_top(rest, ui_points(ui, POINT_ROW)),
                             &(struct button){.name = "show all",
                                              .label = "Show all classes",
                                              .icon = ICON_EYE,
                                              .flat = true,
                                              .left = true,
                                              .tip = action_tip(ACTION_SHOW_ALL, tip)}))
        view_show_all(view);
}

/* ---- enlarging
 * --------------------------------------------------------------------------------------------- */

static void add_ways(struct view *view, struct rect *rest)
{
    static const char *const names[COMPARE_COUNT] = {"Divider", "Side by side", "Lens", "After", "Before"};
    struct ui               *ui = &view->ui;
    float                    gap = ui_points(ui, 6);
    struct rect              row = {0};

    panel_heading(&view->ui, rest, "Compare");
    for (int i = 0; i < COMPARE_COUNT; i++) {
        if (i % 2 == 0)
            row = rect_cut_top(rest, ui_points(ui, POINT_ROW));
        struct rect place = i % 2 ? row : rect_cut_left(&row, floorf((row.width - gap) / 2));
        if (i % 2 == 0)
            rect_cut_left(&row, gap);
        else
            rect_cut_top(rest, gap);
        if (button_add(
                ui, place,
                &(struct button){.name = names[i], .label = names[i], .on = (int)view->look.compare == i}))
            view->look.compare = (enum compare)i;
    }
    rect_cut_top(rest, gap);
}

void view_upscale_settings_add(struct view *view, struct rect *rest)
{
    static const struct slider    factor = {.name = "scale",
                                            .label = "Factor",
                                            .least = 1,
                                            .most = 16,
                                            .step = 0.1,
                                            .usual = 2,
                                            .decimals = 2,
                                            .logarithmic = true,
                                            .tip = "times larger, any number (--scale)"};
    const struct viewer_snapshot *shot = &view->shot;
    struct viewer_settings        settings = shot->settings;
    struct ui                    *ui = &view->ui;
    char                          text[96];

    panel_heading(&view->ui, rest, "Enlarging");
    if (add_slider(view, rest, &factor, &settings.factor))
        view_set(view, &settings);
    if (shot->picture) {
        snprintf(text, sizeof text, "%d \xc3\x97 %d", shot->picture->width, shot->picture->height);
        panel_row(&view->ui, rest, "picture", text);
        snprintf(text, sizeof text, "%.0f \xc3\x97 %.0f", floor(shot->picture->width * settings.factor),
                 floor(shot->picture->height * settings.factor));
        panel_row(&view->ui, rest, "enlarged", text);
    }
    if (shot->result_state == VIEWER_WORKING) {
        rect_cut_top(rest, ui_points(ui, 6));
        progress_add(ui, rect_cut_top(rest, ui_points(ui, 6)),
                     shot->result_progress > 0 ? shot->result_progress : -1);
    }
    add_ways(view, rest);
}

/* ---- classes
 * ------------------------------------------------------------------------------------------------ */

void view_classes_add(struct view *view, struct rect *rest)
{
    static const struct slider    top = {.name = "top",
                                         .label = "Classes to name",
                                         .least = 1,
                                         .most = 20,
                                         .step = 1,
                                         .usual = 5,
                                         .tip = "best first (--top)"};
    const struct viewer_snapshot *shot = &view->shot;
    struct viewer_settings        settings = shot->settings;
    double                        number = settings.top;
    enum { MOST = 64 };
    struct bar bars[MOST];
    size_t     count = shot->score_count < MOST ? shot->score_count : MOST;

    panel_heading(&view->ui, rest, "Classification");
    if (add_slider(view, rest, &top, &number)) {
        settings.top = (int)lround(fmin(fmax(number, 1), 1000));
        view_set(view, &settings);
    }
    panel_heading(&view->ui, rest, shot->result_state == VIEWER_WORKING ? "Looking\xe2\x80\xa6" : "It shows");
    for (size_t i = 0; i < count; i++)
        bars[i] = (struct bar){shot->score_names[i], (double)shot->scores[i].score};
    bars_add(&view->ui, rect_cut_top(rest, ui_points(&view->ui, POINT_BAR_ROW) * (float)count), bars, count);
}
