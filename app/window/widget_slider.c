#include "app/window/widget_slider.h"

#include "app/window/ui_text.h"
#include "app/window/widget_button.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KNOB = 8 }; /* points from its middle to its edge, at most */

static double limited(const struct slider *slider, double value)
{
    if (slider->step > 0)
        value = slider->least + round((value - slider->least) / slider->step) * slider->step;
    return fmin(fmax(value, slider->least), slider->most);
}

double slider_place(const struct slider *slider, double value)
{
    value = fmin(fmax(value, slider->least), slider->most);
    if (slider->logarithmic)
        return log(value / slider->least) / log(slider->most / slider->least);
    return (value - slider->least) / (slider->most - slider->least);
}

double slider_value(const struct slider *slider, double place)
{
    place = fmin(fmax(place, 0), 1);
    if (slider->logarithmic)
        return limited(slider, slider->least * pow(slider->most / slider->least, place));
    return limited(slider, slider->least + place * (slider->most - slider->least));
}

/* As few digits as say the value. */
static void show_value(const struct slider *slider, double value, char out[32])
{
    snprintf(out, 32, "%.*f", slider->decimals, value);
}

/* A number of the slider's range; false: `text` is none. */
static bool read_value(const struct slider *slider, const char *text, double *value)
{
    char  *end;
    double number = strtod(text, &end);
    if (end == text || end[strspn(end, " ")] || !isfinite(number) || number < slider->least ||
        number > slider->most)
        return false;
    *value = number; /* what is typed is not rounded to steps */
    return true;
}

/* The number at the right end of the label's row: a click makes it a field. */
static bool add_number(struct ui *ui, struct rect rect, const struct slider *slider,
                       struct slider_state *state, double *value)
{
    char            name[64], text[32];
    ui_id           id = ui_name(slider->name, 1);
    struct ui_touch touch;

    snprintf(name, sizeof name, "%s number", slider->name);
    show_value(slider, *value, text);
    if (state->typing != id) {
        touch = ui_touch(ui, id, rect);
        if (touch.hot || touch.held) {
            struct rect plate = rect;
            plate.width += ui_points(ui, 4);
            paint_rect(ui->list, plate, ui->theme->hover, ui_points(ui, 4));
            ui->shape = POINTER_TEXT;
        }
        ui_tip(ui, &touch, rect, "click to type a number");
        ui_text(ui, rect, text, POINT_TEXT, ui->theme->text, ALIGN_RIGHT);
        if (touch.clicked) {
            state->typing = id;
            ui->focus = ui_name(name, 0);
            field_set(&state->field, text);
            ui_again(ui, 0);
            ui_stop(ui, ui->focus); /* it is there from now on */
        }
        return false;
    }
    double            typed = *value;
    bool              right = read_value(slider, state->field.text, &typed);
    enum field_result result = field_add(ui, rect, name, "", !right, &state->field);
    bool              lost = !ui_has_keys(ui, ui_name(name, 0));
    if (result == FIELD_SAME && !lost)
        return false;
    right = read_value(slider, state->field.text, &typed);
    if (result == FIELD_DONE || result == FIELD_LEFT || lost) {
        state->typing = 0;
        ui->focus = 0;
        ui_again(ui, 0);
    }
    if (result == FIELD_LEFT || result == FIELD_CHANGED || !right || typed == *value)
        return false;
    *value = typed;
    return true;
}

static bool move_by_keys(struct ui *ui, const struct slider *slider, double *value)
{
    static const struct {
        const char *chord;
        double      steps;
    } keys[] = {{"left", -1}, {"right", 1}, {"down", -1}, {"up", 1}, {"pagedown", -10}, {"pageup", 10}};

    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (ui_take_key(ui, keys[i].chord)) {
            double step = slider->step > 0 ? slider->step : (slider->most - slider->least) / 100;
            *value = fmin(fmax(*value + keys[i].steps * step, slider->least), slider->most);
            return true;
        }
    return false;
}

static void paint_track(struct ui *ui, struct rect track, double place, const struct ui_touch *touch)
{
    const struct theme *theme = ui->theme;
    float               thick = ui_points(ui, 4), knob = ui_points(ui, touch->hot || touch->held ? 16 : 14);
    float               x = track.x + (float)place * track.width;
    struct rect         bar = rect_centred(rect_inset(track, -ui_points(ui, KNOB)), 0, thick);
    float               y = bar.y + thick / 2;

    bar.x = track.x - ui_points(ui, KNOB);
    bar.width = track.width + 2 * ui_points(ui, KNOB);

    paint_rect(ui->list, bar, theme->line, thick / 2);
    bar.width = x - bar.x;
    if (bar.width >= thick)
        paint_rect(ui->list, bar, theme->accent, thick / 2);
    struct rect disc = {x - knob / 2, y - knob / 2, knob, knob};
    paint_rect(ui->list, disc, theme->accent, knob / 2);
    paint_rect(ui->list, rect_inset(disc, ui_points(ui, 2)), touch->held ? theme->accent : theme->panel,
               knob / 2);
}

bool slider_add(struct ui *ui, struct rect rect, const struct slider *slider, struct slider_state *state,
                double *value, bool *settled)
{
    ui_id       id = ui_name(slider->name, 0);
    struct rect row = rect_cut_top(&rect, ui_points(ui, 22));
    struct rect number = rect_cut_right(&row, ui_points(ui, 64));
    struct rect hit = rect_cut_top(&rect, ui_points(ui, 20)), track = hit;
    double      before = *value;

    ui_text(ui, row, slider->label, POINT_TEXT, ui->theme->text, ALIGN_LEFT);
    bool done = add_number(ui, number, slider, state, value);
    rect_cut_left(&track, ui_points(ui, KNOB));
    rect_cut_right(&track, ui_points(ui, KNOB));
    bool            held = ui->active == id;
    struct ui_touch touch = ui_touch(ui, id, hit);
    ui_stop(ui, id);
    if (touch.pressed && touch.clicks > 1)
        *value = limited(slider, slider->usual);
    else if (touch.pressed || (touch.held && ui->event.kind == EVENT_POINTER))
        *value = slider_value(slider, (ui->x - track.x) / fmaxf(1, track.width));
    if (ui_has_keys(ui, id) && move_by_keys(ui, slider, value))
        done = true;
    paint_track(ui, track, slider_place(slider, *value), &touch);
    focus_ring_add(ui, id, hit);
    ui_tip(ui, &touch, hit, slider->tip);
    if (touch.hot || touch.held)
        ui->shape = POINTER_HAND;
    if (settled)
        *settled = done || (held && !touch.held);
    return *value != before;
}
