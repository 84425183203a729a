#include "app/window/widget_dialogue.h"

#include "app/window/ui_text.h"
#include "app/window/widget_button.h"

#include <math.h>

struct rect dialogue_begin(struct ui *ui, const char *title, float width, float height, const char *close_tip,
                           bool *close)
{
    const float       margin = ui_points(ui, 12), round = ui_points(ui, 10);
    const struct rect all = ui->window;
    const struct rect plate = rect_centred(all, fminf(ui_points(ui, width), all.width - 2 * margin),
                                           fminf(ui_points(ui, height), all.height - 2 * margin));

    ui_set_layer(ui, LAYER_DIALOGUE);
    ui_cover(ui, all);
    paint_clip(ui->list, all);
    paint_rect(ui->list, all, ui->theme->shade, 0);
    paint_rect(ui->list, plate, ui->theme->panel, round);
    paint_frame(ui->list, plate, ui->theme->line, round, fmaxf(1, ui_points(ui, 1)));
    struct rect inner = rect_inset(plate, ui_points(ui, 16)), head = rect_cut_top(&inner, ui_points(ui, 28));
    struct rect cross = rect_cut_right(&head, ui_points(ui, 28));
    ui_text(ui, head, title, POINT_LARGE, ui->theme->text, ALIGN_LEFT);
    rect_cut_top(&inner, ui_points(ui, 8));
    const struct button button = {.name = "close", .icon = ICON_CROSS, .flat = true, .tip = close_tip};
    const bool          outside = ui->event.kind == EVENT_PRESS && !rect_has(plate, ui->x, ui->y);
    *close = button_add(ui, cross, &button) || outside;
    if (*close)
        ui->taken = true;
    return inner;
}
