#include "app/window/widget_bars.h"

#include "app/window/ui_text.h"

#include <stdio.h>

void bars_add(struct ui *ui, struct rect rect, const struct bar *bars, size_t count)
{
    const struct theme *theme = ui->theme;
    float               height = ui_points(ui, POINT_BAR_ROW);

    for (size_t i = 0; i < count && rect.height >= height; i++) {
        struct rect row = rect_cut_top(&rect, height);
        struct rect text = rect_cut_top(&row, ui_points(ui, 22));
        struct rect track = rect_cut_top(&row, ui_points(ui, 6));
        char        number[16];

        snprintf(number, sizeof number, "%.1f %%", 100 * bars[i].part);
        struct rect right = rect_cut_right(&text, ui_points(ui, 56));
        ui_text(ui, right, number, POINT_TEXT, i ? theme->quiet : theme->text, ALIGN_RIGHT);
        ui_text(ui, text, bars[i].name, POINT_TEXT, theme->text, ALIGN_LEFT);
        paint_rect(ui->list, track, theme->line, track.height / 2);
        track.width = fmaxf(track.height, track.width * (float)fmin(fmax(bars[i].part, 0), 1));
        paint_rect(ui->list, track, i ? theme->edge : theme->accent, track.height / 2);
    }
}
