/* The bar at the top: what is done, with which model, to which picture. */
#include "app/window/ui_text.h"
#include "app/window/view_parts.h"
#include "app/window/widget_bar.h"
#include "app/window/widget_button.h"
#include "base/file.h"

#include <stdio.h>
#include <string.h>

static void add_action(struct view *view, struct rect *rest, bool right, enum action action, enum icon icon,
                       bool off)
{
    char tip[128], name[32];
    snprintf(name, sizeof name, "bar %d", (int)action);
    struct button button = {
        .name = name, .icon = icon, .flat = true, .off = off, .tip = action_tip(action, tip)};
    struct rect place = bar_place(&view->ui, rest, button_width(&view->ui, &button), right);

    if (place.width >= ui_points(&view->ui, 20) && button_add(&view->ui, place, &button))
        action_do(view, action);
}

static void add_tasks(struct view *view, struct rect *rest)
{
    static const struct {
        enum card_task task;
        enum action    action;
        const char    *label;
    } tasks[] = {{CARD_DETECT, ACTION_DETECT, "Detect"},
                 {CARD_UPSCALE, ACTION_ENLARGE, "Enlarge"},
                 {CARD_CLASSIFY, ACTION_CLASSIFY, "Classify"}};
    struct ui  *ui = &view->ui;
    char        tip[128];
    float       wide = 0;
    struct rect group;

    for (size_t i = 0; i < 3; i++)
        wide += button_width(ui, &(struct button){.label = tasks[i].label});
    group = bar_place(ui, rest, wide + ui_points(ui, 4), false);
    paint_rect(ui->list, group, ui->theme->stage, ui_points(ui, POINT_RADIUS + 1));
    group = rect_inset(group, ui_points(ui, 2));
    for (size_t i = 0; i < 3; i++) {
        struct button button = {.name = tasks[i].label,
                                .label = tasks[i].label,
                                .flat = true,
                                .on = view->shot.model_used && view->shot.task == tasks[i].task,
                                .tip = action_tip(tasks[i].action, tip)};
        struct rect   place = rect_cut_left(&group, button_width(ui, &button));
        if (button_add(ui, place, &button))
            action_do(view, tasks[i].action);
    }
}

static void add_model(struct view *view, struct rect *rest, float most)
{
    const struct viewer_snapshot *shot = &view->shot;
    const char                   *name =
        shot->model_state == VIEWER_WORKING || !shot->model_used ? shot->model_name : shot->model_used;
    char label[256], tip[128];

    snprintf(label, sizeof label, "%.240s", name ? file_name(name) : "no model");
    struct button button = {.name = "model",
                            .label = label,
                            .tail = ICON_DOWN,
                            .left = true,
                            .tip = action_tip(ACTION_MODELS, tip)};
    struct rect   place = bar_place(&view->ui, rest, fminf(most, button_width(&view->ui, &button)), false);
    if (place.width > ui_points(&view->ui, 40) && button_add(&view->ui, place, &button))
        action_do(view, ACTION_MODELS);
}

/* "3 of 12" and the picture's name in the middle of what is left. */
static void add_picture_name(struct view *view, struct rect rest)
{
    const struct viewer_snapshot *shot = &view->shot;
    struct ui                    *ui = &view->ui;
    char                          place[64] = "";
    float                         gap = ui_points(ui, 8);

    if (!shot->count || rest.width < ui_points(ui, 90))
        return;
    if (shot->count > 1)
        snprintf(place, sizeof place, "%zu of %zu", shot->selected + 1, shot->count);
    const char *name = viewer_name(shot, shot->selected);
    if (!name)
        return;
    float count_wide = ceilf(ui_text_width(ui, place, POINT_SMALL));
    float name_wide =
        fminf(ceilf(ui_text_width(ui, name, POINT_TEXT)) + 1, rest.width - count_wide - 3 * gap);
    struct rect line = rect_centred(rest, name_wide + gap + count_wide, rest.height);
    ui_text_cut(ui, rect_cut_left(&line, name_wide), name, POINT_TEXT, ui->theme->text, ALIGN_LEFT,
                CUT_START);
    rect_cut_left(&line, gap);
    ui_text(ui, line, place, POINT_SMALL, ui->theme->quiet, ALIGN_LEFT);
}

void view_bar_add(struct view *view, struct rect area)
{
    struct ui  *ui = &view->ui;
    struct rect rest = bar_begin_top(ui, area);

    rect_cut_left(&rest, ui_points(ui, 8));
    rect_cut_right(&rest, ui_points(ui, 4));
    add_action(view, &rest, false, ACTION_OPEN, ICON_OPEN, false);
    if (!view->narrow)
        add_action(view, &rest, false, ACTION_PASTE, ICON_PASTE, false);
    add_tasks(view, &rest);
    add_action(view, &rest, true, ACTION_KEYS, ICON_HELP, false);
    add_action(view, &rest, true, ACTION_PANEL, ICON_PANEL, false);
    if (!view->narrow) {
        add_action(view, &rest, true, ACTION_STRIP, ICON_STRIP, view->shot.count < 2);
        add_action(view, &rest, true, ACTION_THEME, ICON_THEME, false);
        add_action(view, &rest, true, ACTION_REDO, ICON_REDO, !view->shot.can_redo);
        add_action(view, &rest, true, ACTION_UNDO, ICON_UNDO, !view->shot.can_undo);
    }
    add_model(view, &rest, view->narrow ? rest.width : fminf(ui_points(ui, 200), rest.width / 2));
    add_picture_name(view, rest);
}
