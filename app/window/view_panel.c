/* The panel at the right: settings of the task, what was found, what can be done with it. */
#include "app/window/ui_text.h"
#include "app/window/view_parts.h"
#include "app/window/widget_button.h"
#include "app/window/widget_scroll.h"

#include <stdio.h>

void view_heading(struct view *view, struct rect *rest, const char *text)
{
    struct ui *ui = &view->ui;
    rect_cut_top(rest, ui_points(ui, 10));
    ui_text(ui, rect_cut_top(rest, ui_points(ui, 20)), text, POINT_SMALL, ui->theme->quiet, ALIGN_LEFT);
    rect_cut_top(rest, ui_points(ui, 2));
}

void view_row(struct view *view, struct rect *rest, const char *name, const char *value)
{
    struct ui  *ui = &view->ui;
    struct rect row = rect_cut_top(rest, ui_points(ui, 20));
    struct rect left = rect_cut_left(&row, ui_points(ui, 78));
    ui_text(ui, left, name, POINT_SMALL, ui->theme->quiet, ALIGN_LEFT);
    ui_text(ui, row, value, POINT_SMALL, ui->theme->text, ALIGN_RIGHT);
}

static void add_box_numbers(struct view *view, struct rect *rest)
{
    const struct detection *box = view_picked_box(view);
    char                    text[96];

    if (!box)
        return;
    view_heading(view, rest, "Picked box");
    view_row(view, rest, "class", view_class_name(view, box->class_index));
    snprintf(text, sizeof text, "%.4f", box->score);
    view_row(view, rest, "score", text);
    snprintf(text, sizeof text, "%.1f, %.1f", box->x1, box->y1);
    view_row(view, rest, "from", text);
    snprintf(text, sizeof text, "%.1f, %.1f", box->x2, box->y2);
    view_row(view, rest, "to", text);
    snprintf(text, sizeof text, "%.1f \xc3\x97 %.1f", box->x2 - box->x1, box->y2 - box->y1);
    view_row(view, rest, "size", text);
}

/* Two buttons in a row. */
static void add_pair(struct view *view, struct rect *rest, enum action left, const char *left_label,
                     enum action right, const char *right_label, bool off)
{
    struct ui  *ui = &view->ui;
    struct rect row = rect_cut_top(rest, ui_points(ui, POINT_ROW + 2));
    float       gap = ui_points(ui, 6);
    char        tip[128];
    struct rect one = rect_cut_left(&row, floorf((row.width - gap) / 2));

    rect_cut_left(&row, gap);
    if (button_add(ui, one,
                   &(struct button){
                       .name = left_label, .label = left_label, .off = off, .tip = action_tip(left, tip)}))
        action_do(view, left);
    if (button_add(ui, row,
                   &(struct button){
                       .name = right_label, .label = right_label, .off = off, .tip = action_tip(right, tip)}))
        action_do(view, right);
    rect_cut_top(rest, gap);
}

static void add_results(struct view *view, struct rect *rest)
{
    bool nothing = view->shot.result_state != VIEWER_READY;
    bool working = view->shot.batch_state == VIEWER_WORKING;

    view_heading(view, rest, "Results");
    add_pair(view, rest, ACTION_SAVE, "Picture\xe2\x80\xa6", ACTION_RECORD, "Record\xe2\x80\xa6", nothing);
    if (working)
        add_pair(view, rest, ACTION_FOLDER, "Stop", ACTION_COPY_FOUND, "Copy", false);
    else
        add_pair(view, rest, ACTION_FOLDER, "All pictures\xe2\x80\xa6", ACTION_COPY_FOUND, "Copy", nothing);
}

void view_panel_add(struct view *view, struct rect area)
{
    struct ui *ui = &view->ui;
    float      edge = fmaxf(1, ui_points(ui, 1));
    size_t     pointed = view->pointed;

    view->pointed = SIZE_MAX;
    paint_rect(ui->list, area, ui->theme->panel, 0);
    paint_rect(ui->list, rect_cut_left(&area, edge), ui->theme->line, 0);
    rect_cut_left(&area, ui_points(ui, 14));
    rect_cut_right(&area, ui_points(ui, 4));
    /* the length is that of the last pass: what it holds changes it */
    float       length = fmaxf(1, view->panel_scroll.length);
    struct rect inside = scroll_begin(ui, area, "panel", length, false, &view->panel_scroll);
    struct rect rest = {inside.x, inside.y, inside.width, 1e6F};
    if (length <= area.height)
        rect_cut_right(&rest, ui_points(ui, 10));
    if (view->shot.task == CARD_UPSCALE)
        view_upscale_settings_add(view, &rest);
    else if (view->shot.task == CARD_CLASSIFY)
        view_classes_add(view, &rest);
    else
        view_detect_settings_add(view, &rest);
    if (view->shot.task == CARD_DETECT) {
        view_legend_add(view, &rest);
        add_box_numbers(view, &rest);
    }
    add_results(view, &rest);
    rect_cut_top(&rest, ui_points(ui, 8));
    scroll_end(ui);
    if (view->panel_scroll.length != rest.y - inside.y || pointed != view->pointed)
        ui_again(ui, 0);
    view->panel_scroll.length = rest.y - inside.y;
}
