#include "app/window/widget_bar.h"

#include "app/window/icon.h"
#include "app/window/ui_text.h"

#include <math.h>

struct rect bar_begin_top(struct ui *ui, struct rect area)
{
    paint_rect(ui->list, area, ui->theme->panel, 0);
    paint_rect(ui->list, rect_cut_bottom(&area, fmaxf(1, ui_points(ui, 1))), ui->theme->line, 0);
    return area;
}

struct rect bar_begin_bottom(struct ui *ui, struct rect area)
{
    paint_rect(ui->list, area, ui->theme->panel, 0);
    paint_rect(ui->list, rect_cut_top(&area, fmaxf(1, ui_points(ui, 1))), ui->theme->line, 0);
    return area;
}

struct rect bar_place(struct ui *ui, struct rect *rest, float width, bool right)
{
    const float       gap = ui_points(ui, 6);
    const struct rect place = right ? rect_cut_right(rest, width) : rect_cut_left(rest, width);

    if (right)
        rect_cut_right(rest, gap);
    else
        rect_cut_left(rest, gap);
    return rect_centred(place, place.width, ui_points(ui, POINT_ROW + 2));
}

bool bar_command_add(struct ui *ui, struct rect area, const char *command, const char *tip)
{
    if (!*command)
        return false;
    const struct ui_touch touch = ui_touch(ui, ui_name("command", 0), area);
    if (touch.hot)
        paint_rect(ui->list, rect_inset(area, ui_points(ui, 3)), ui->theme->hover, ui_points(ui, 4));
    ui_tip(ui, &touch, area, tip);
    rect_cut_left(&area, ui_points(ui, 8));
    rect_cut_right(&area, ui_points(ui, 8));
    icon_add(ui, ICON_COPY, rect_cut_left(&area, ui_points(ui, 16)), ui->theme->quiet);
    rect_cut_left(&area, ui_points(ui, 8));
    ui_text(ui, area, command, POINT_SMALL, touch.hot ? ui->theme->text : ui->theme->quiet, ALIGN_LEFT);
    if (touch.hot)
        ui->shape = POINTER_HAND;
    return touch.clicked;
}
