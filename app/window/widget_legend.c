#include "app/window/widget_legend.h"

#include "app/window/ui_text.h"
#include "app/window/widget_button.h"

#include <stdio.h>

enum legend_result legend_add(struct ui *ui, struct rect row, size_t index, const struct legend_row *what)
{
    const struct theme *theme = ui->theme;
    ui_id               id = ui_name("legend", index);
    struct ui_touch     touch = ui_touch_stop(ui, id, row);
    struct colour       text = what->hidden ? theme->quiet : theme->text;
    char                count[16];

    if (touch.hot)
        paint_rect(ui->list, row, theme->hover, ui_points(ui, POINT_RADIUS));
    focus_ring_add(ui, id, row);
    ui_tip(ui, &touch, row, what->hidden ? "click to show this class" : "click to hide this class");
    rect_cut_left(&row, ui_points(ui, 6));
    rect_cut_right(&row, ui_points(ui, 6));
    struct rect patch = rect_cut_left(&row, ui_points(ui, 12));
    patch = rect_centred(patch, patch.width, patch.width);
    if (what->hidden) /* only its outline is left */
        paint_frame(ui->list, patch, theme->edge, ui_points(ui, 3), fmaxf(1, ui_points(ui, 1)));
    else {
        paint_rect(ui->list, patch, what->colour, ui_points(ui, 3));
        paint_frame(ui->list, patch, colour_faded(theme->text, 0.35), ui_points(ui, 3), 1);
    }
    rect_cut_left(&row, ui_points(ui, POINT_GAP));
    snprintf(count, sizeof count, "%d", what->count);
    struct rect right = rect_cut_right(&row, ui_points(ui, 40));
    ui_text(ui, right, count, POINT_TEXT, theme->quiet, ALIGN_RIGHT);
    float width = ui_text(ui, row, what->name, POINT_TEXT, text, ALIGN_LEFT);
    if (what->hidden)
        paint_line(ui->list, row.x, row.y + row.height / 2, row.x + width, row.y + row.height / 2,
                   theme->quiet, fmaxf(1, ui_points(ui, 1)));
    if (touch.hot)
        ui->shape = POINTER_HAND;
    if (touch.clicked)
        return LEGEND_CLICKED;
    return touch.hot && !what->hidden ? LEGEND_POINTED : LEGEND_SAME;
}
