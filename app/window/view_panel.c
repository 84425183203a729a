/* The panel at the right: settings of the task, what was found, what can be done with it. */
#include "app/window/ui_text.h"
#include "app/window/view_parts.h"
#include "app/window/widget_button.h"
#include "app/window/widget_panel.h"

#include <stdio.h>

static void add_box_numbers(struct view *view, struct rect *rest)
{
    const struct detection *box = view_picked_box(view);
    char                    text[96];

    if (!box)
        return;
    panel_heading(&view->ui, rest, "Picked box");
    panel_row(&view->ui, rest, "class", view_class_name(view, box->class_index));
    snprintf(text, sizeof text, "%.4f", box->score);
    panel_row(&view->ui, rest, "score", text);
    snprintf(text, sizeof text, "%.1f, %.1f", box->x1, box->y1);
    panel_row(&view->ui, rest, "from", text);
    snprintf(text, sizeof text, "%.1f, %.1f", box->x2, box->y2);
    panel_row(&view->ui, rest, "to", text);
    snprintf(text, sizeof text, "%.1f \xc3\x97 %.1f", box->x2 - box->x1, box->y2 - box->y1);
    panel_row(&view->ui, rest, "size", text);
}

/* Two buttons in a row; `off`: left, right. */
static void add_pair(struct view *view, struct rect *rest, enum action left, const char *left_label,
                     enum action right, const char *right_label, const bool off[2])
{
    struct ui  *ui = &view->ui;
    struct rect row = rect_cut_top(rest, ui_points(ui, POINT_ROW + 2));
    float       gap = ui_points(ui, 6);
    char        tip[128];
    struct rect one = rect_cut_left(&row, floorf((row.width - gap) / 2));

    rect_cut_left(&row, gap);
    if (button_add(ui, one,
                   &(struct button){
                       .name = left_label, .label = left_label, .off = off[0], .tip = action_tip(left, tip)}))
        action_do(view, left);
    if (button_add(
            ui, row,
            &(struct button){
                .name = right_label, .label = right_label, .off = off[1], .tip = action_tip(right, tip)}))
        action_do(view, right);
    rect_cut_top(rest, gap);
}

/* The whole list; while it is worked through, the way to end that. */
static void add_batch(struct view *view, struct rect *rest, bool nothing)
{
    struct ui    *ui = &view->ui;
    bool          working = view->shot.batch_state == VIEWER_WORKING;
    char          tip[128];
    struct button button = {.name = "batch",
                            .label = working ? "Stop" : "All pictures\xe2\x80\xa6",
                            .off = nothing && !working,
                            .tip = action_tip(ACTION_FOLDER, tip)};

    if (button_add(ui, rect_cut_top(rest, ui_points(ui, POINT_ROW + 2)), &button))
        action_do(view, ACTION_FOLDER);
    rect_cut_top(rest, ui_points(ui, 6));
}

static void add_results(struct view *view, struct rect *rest)
{
    bool nothing = view->shot.result_state != VIEWER_READY;
    bool pauses = view->shot.video.playing; /* to save it, which then has its own result */

    bool unlisted = !view->shot.detection_count && !view->shot.score_count;

    panel_heading(&view->ui, rest, "Results");
    add_pair(view, rest, ACTION_SAVE, "Picture\xe2\x80\xa6", ACTION_RECORD, "Record\xe2\x80\xa6",
             (const bool[]){nothing && !pauses, nothing && !pauses});
    add_pair(view, rest, ACTION_COPY_PICTURE, "Copy picture", ACTION_COPY_FOUND, "Copy table",
             (const bool[]){nothing, nothing || unlisted});
    add_batch(view, rest, nothing);
}

void view_panel_add(struct view *view, struct rect area)
{
    struct ui  *ui = &view->ui;
    size_t      pointed = view->pointed;
    struct rect rest = panel_begin(ui, area, "panel", &view->panel_scroll);

    view->pointed = SIZE_MAX;
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
    panel_end(ui, rest, &view->panel_scroll);
    if (pointed != view->pointed)
        ui_again(ui, 0);
}
