#include "app/window/widget_panel.h"

#include "app/window/ui_text.h"

#include <math.h>

enum { NAME_POINTS = 96, ROW_POINTS = 20 };

struct rect panel_begin(struct ui *ui, struct rect area, const char *name, struct scroll *scroll)
{
    paint_rect(ui->list, area, ui->theme->panel, 0);
    paint_rect(ui->list, rect_cut_left(&area, fmaxf(1, ui_points(ui, 1))), ui->theme->line, 0);
    rect_cut_left(&area, ui_points(ui, 14));
    rect_cut_right(&area, ui_points(ui, 4));
    /* the length is that of the last pass: what it holds changes it */
    const float       length = fmaxf(1, scroll->length);
    const struct rect inside = scroll_begin(ui, area, name, length, false, scroll);
    struct rect       rest = {inside.x, inside.y, inside.width, 1e6F};
    if (length <= area.height)
        rect_cut_right(&rest, ui_points(ui, 10));
    scroll->start = inside.y;
    return rest;
}

void panel_end(struct ui *ui, struct rect rest, struct scroll *scroll)
{
    const float length = rest.y + ui_points(ui, 8) - scroll->start;

    scroll_end(ui);
    if (scroll->length != length)
        ui_again(ui, 0);
    scroll->length = length;
}

void panel_heading(struct ui *ui, struct rect *rest, const char *text)
{
    rect_cut_top(rest, ui_points(ui, 10));
    ui_text(ui, rect_cut_top(rest, ui_points(ui, ROW_POINTS)), text, POINT_SMALL, ui->theme->quiet,
            ALIGN_LEFT);
    rect_cut_top(rest, ui_points(ui, 2));
}

void panel_row(struct ui *ui, struct rect *rest, const char *name, const char *value)
{
    struct rect row = rect_cut_top(rest, ui_points(ui, ROW_POINTS));
    struct rect left = rect_cut_left(&row, ui_points(ui, NAME_POINTS));

    ui_text(ui, left, name, POINT_SMALL, ui->theme->quiet, ALIGN_LEFT);
    ui_text(ui, row, value, POINT_SMALL, ui->theme->text, ALIGN_RIGHT);
}
