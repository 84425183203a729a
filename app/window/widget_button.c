#include "app/window/widget_button.h"

#include "app/window/ui_text.h"

enum { SIDE = 10, ICON_SPACE = 22 };

float button_width(const struct ui *ui, const struct button *button)
{
    float points = 0;

    if (!button->label)
        return ui_points(ui, POINT_ROW + 4);
    points += button->icon ? ICON_SPACE : 0;
    points += button->tail ? ICON_SPACE - 4 : 0;
    return ceilf(ui_text_width(ui, button->label, POINT_TEXT)) + ui_points(ui, points + 2 * SIDE);
}

void focus_ring_add(struct ui *ui, ui_id id, struct rect rect)
{
    if (ui_has_keys(ui, id) && ui->focus_shown)
        paint_frame(ui->list, rect_inset(rect, -ui_points(ui, 2)), ui->theme->accent,
                    ui_points(ui, POINT_RADIUS + 2), ui_points(ui, 2));
}

/* The plate below; returns the colour of what stands on it. */
static struct colour add_plate(struct ui *ui, struct rect rect, const struct button *button,
                               const struct ui_touch *touch)
{
    const struct theme *theme = ui->theme;
    float               radius = ui_points(ui, POINT_RADIUS);
    struct colour       plate = theme->raised, text = theme->text;

    if (button->on || button->primary) {
        plate = theme->accent;
        text = theme->on_accent;
        if (touch->hot && !touch->held)
            text.a = 225;
    } else if (touch->held) {
        plate = theme->held;
    } else if (touch->hot) {
        plate = theme->hover;
    }
    if (button->off) {
        plate = theme->panel;
        text = colour_faded(theme->quiet, 0.5);
    }
    bool bare = button->flat && !button->on && !touch->hot && !touch->held;
    if (!bare && !(button->flat && button->off))
        paint_rect(ui->list, rect, plate, radius);
    if (!button->flat && !button->on && !button->primary)
        paint_frame(ui->list, rect, theme->line, radius, fmaxf(1, ui_points(ui, 1)));
    return text;
}

static void add_content(struct ui *ui, struct rect rect, const struct button *button, struct colour colour)
{
    if (!button->label) {
        icon_add(ui, button->icon, rect, colour);
        return;
    }
    float side = fminf(ui_points(ui, SIDE), rect.width / 8);
    rect_cut_left(&rect, side);
    rect_cut_right(&rect, side);
    if (button->icon)
        icon_add(ui, button->icon, rect_cut_left(&rect, ui_points(ui, ICON_SPACE - 6)), colour);
    if (button->icon)
        rect_cut_left(&rect, ui_points(ui, 6));
    if (button->tail)
        icon_add(ui, button->tail, rect_cut_right(&rect, ui_points(ui, ICON_SPACE - 8)), colour);
    ui_text(ui, rect, button->label, POINT_TEXT, colour, button->left ? ALIGN_LEFT : ALIGN_CENTRE);
}

bool button_add(struct ui *ui, struct rect rect, const struct button *button)
{
    ui_id           id = ui_name(button->name, 0);
    struct ui_touch touch = {0};

    if (button->off) /* its tip still says what it would do */
        touch.hot = false;
    else
        touch = ui_touch_stop(ui, id, rect);
    struct colour text = add_plate(ui, rect, button, &touch);
    add_content(ui, rect, button, text);
    focus_ring_add(ui, id, rect);
    ui_tip(ui, &touch, rect, button->tip);
    if (touch.hot)
        ui->shape = POINTER_HAND;
    return touch.clicked;
}
