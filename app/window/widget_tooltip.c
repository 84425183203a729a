#include "app/window/widget_tooltip.h"

#include "app/window/ui_text.h"

void tooltip_add(struct ui *ui)
{
    if (!ui->tip[0])
        return;
    float       side = ui_points(ui, 8), gap = ui_points(ui, 6);
    struct rect rect = {.width = ceilf(ui_text_width(ui, ui->tip, POINT_SMALL)) + 2 * side,
                        .height = ui_points(ui, 24)};

    rect.width = fminf(rect.width, ui->window.width - 2 * gap);
    rect.x = roundf(ui->tip_at.x + ui->tip_at.width / 2 - rect.width / 2);
    rect.x = fmaxf(gap, fminf(rect.x, ui->window.width - rect.width - gap));
    rect.y = ui->tip_at.y + ui->tip_at.height + gap;
    if (rect.y + rect.height > ui->window.height)
        rect.y = ui->tip_at.y - gap - rect.height;
    paint_clip(ui->list, ui->window);
    paint_rect(ui->list, rect, ui->theme->text, ui_points(ui, POINT_RADIUS));
    rect_cut_left(&rect, side);
    rect_cut_right(&rect, side);
    ui_text(ui, rect, ui->tip, POINT_SMALL, ui->theme->panel, ALIGN_CENTRE);
}
