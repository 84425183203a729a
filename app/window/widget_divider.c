#include "app/window/widget_divider.h"

static float reach_of(const struct ui *ui)
{
    return ui_points(ui, 10);
}

bool divider_add(struct ui *ui, struct rect area, const char *name, double *place)
{
    float           x = area.x + (float)*place * area.width, reach = reach_of(ui);
    struct rect     hit = {x - reach, area.y, 2 * reach, area.height};
    struct ui_touch touch = ui_touch(ui, ui_name(name, 0), hit);
    double          before = *place;

    if (touch.pressed && touch.clicks == 2)
        *place = 0.5;
    else if (touch.held && ui->event.kind == EVENT_POINTER)
        *place = fmin(fmax((ui->x - area.x) / fmaxf(1, area.width), 0), 1);
    if (touch.hot || touch.held)
        ui->shape = POINTER_SPLIT;
    return *place != before;
}

void divider_paint(struct ui *ui, struct rect area, const char *name, double place)
{
    const struct colour light = {255, 255, 255, 235}, dark = {0, 0, 0, 130}, ink = {40, 44, 52, 255};
    float               line = fmaxf(1, ui_points(ui, 2)), knob = ui_points(ui, 28);
    float               x = roundf(area.x + (float)place * area.width);
    bool                lit = ui->active == ui_name(name, 0) || ui->hot_next == ui_name(name, 0);
    struct rect         disc = {x - knob / 2, roundf(area.y + area.height / 2 - knob / 2), knob, knob};

    paint_rect(ui->list, (struct rect){x - line, area.y, 2 * line, area.height}, dark, 0);
    paint_rect(ui->list, (struct rect){x - line / 2, area.y, line, area.height}, light, 0);
    paint_rect(ui->list, rect_inset(disc, -line / 2), dark, knob / 2 + line / 2);
    paint_rect(ui->list, disc, lit ? (struct colour){255, 255, 255, 255} : light, knob / 2);
    for (int side = -1; side <= 1; side += 2) { /* arrow heads to both sides */
        float tip = x + (float)side * knob * 0.32F, back = x + (float)side * knob * 0.14F,
              half = knob * 0.16F;
        float y = disc.y + knob / 2;
        paint_line(ui->list, back, y - half, tip, y, ink, 1.5F * ui->scale);
        paint_line(ui->list, tip, y, back, y + half, ink, 1.5F * ui->scale);
    }
}
