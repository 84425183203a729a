#include "app/window/widget_keycaps.h"

#include "app/window/ui_text.h"

#include <math.h>

void keycaps_add(struct ui *ui, struct rect row, const char *const *keys, size_t most, const char *help)
{
    const float gap = ui_points(ui, 4), round = ui_points(ui, 4);
    float       x = row.x;

    for (size_t k = 0; k < most && keys[k]; k++) {
        const float       wide = ceilf(ui_text_width(ui, keys[k], POINT_SMALL)) + ui_points(ui, 12);
        const struct rect cap =
            rect_centred((struct rect){x, row.y, wide, row.height}, wide, ui_points(ui, 20));
        paint_rect(ui->list, cap, ui->theme->raised, round);
        paint_frame(ui->list, cap, ui->theme->edge, round, fmaxf(1, ui_points(ui, 1)));
        ui_text(ui, cap, keys[k], POINT_SMALL, ui->theme->text, ALIGN_CENTRE);
        x += wide + gap;
    }
    rect_cut_left(&row, fmaxf(ui_points(ui, 140), x - row.x + gap));
    ui_text(ui, row, help, POINT_TEXT, ui->theme->text, ALIGN_LEFT);
}
