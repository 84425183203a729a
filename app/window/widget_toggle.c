#include "app/window/widget_toggle.h"

#include "app/window/ui_text.h"
#include "app/window/widget_button.h"

bool toggle_add(struct ui *ui, struct rect row, const char *label, const char *tip, bool *on)
{
    const struct theme *theme = ui->theme;
    ui_id               id = ui_name(label, 0);
    struct ui_touch     touch = ui_touch_stop(ui, id, row);
    struct rect         rest = row;
    struct rect         track = rect_cut_right(&rest, ui_points(ui, 30));

    if (touch.clicked)
        *on = !*on;
    track = rect_centred(track, track.width, ui_points(ui, 16));
    float radius = track.height / 2, knob = track.height - ui_points(ui, 6);
    ui_text(ui, rest, label, POINT_TEXT, theme->text, ALIGN_LEFT);
    paint_rect(ui->list, track, *on ? theme->accent : theme->held, radius);
    if (!*on)
        paint_frame(ui->list, track, theme->edge, radius, fmaxf(1, ui_points(ui, 1)));
    float x = *on ? track.x + track.width - knob - ui_points(ui, 3) : track.x + ui_points(ui, 3);
    paint_rect(ui->list, (struct rect){x, track.y + (track.height - knob) / 2, knob, knob},
               *on ? theme->on_accent : theme->edge, knob / 2);
    focus_ring_add(ui, id, row);
    ui_tip(ui, &touch, row, tip);
    if (touch.hot)
        ui->shape = POINTER_HAND;
    return touch.clicked;
}
