#include "app/window/widget_timeline.h"

#include "app/window/ui_text.h"
#include "app/window/widget_button.h"

#include <stdio.h>

enum { KNOB = 7 }; /* points from its middle to its edge */

void timeline_write(char out[TIMELINE_TEXT], double time)
{
    const double most = 359999.99; /* 99:59:59.99 */
    long long    hundredths = llround(fmin(fmax(time, 0), most) * 100);
    int          hours = (int)(hundredths / 360000), minutes = (int)(hundredths / 6000 % 60);
    int          seconds = (int)(hundredths / 100 % 60), rest = (int)(hundredths % 100);

    if (hours)
        snprintf(out, TIMELINE_TEXT, "%d:%02d:%02d.%02d", hours, minutes, seconds, rest);
    else
        snprintf(out, TIMELINE_TEXT, "%d:%02d.%02d", minutes, seconds, rest);
}

static double time_at(const struct ui *ui, struct rect track, double duration)
{
    double place = (double)(ui->x - track.x) / fmax(1, (double)track.width);
    return duration * fmin(fmax(place, 0), 1);
}

static void paint_track(struct ui *ui, struct rect track, double part, const struct ui_touch *touch, bool off)
{
    const struct theme *theme = ui->theme;
    float               thick = ui_points(ui, touch->hot || touch->held ? 6 : 4);
    float               x = track.x + (float)part * track.width, y = track.y + track.height / 2;
    float               knob = ui_points(ui, touch->hot || touch->held ? 2 * KNOB : 2 * KNOB - 2);
    struct rect         bar = rect_centred(track, track.width + thick, thick);

    paint_rect(ui->list, bar, theme->line, thick / 2);
    if (off)
        return;
    bar.width = x - bar.x;
    if (bar.width >= thick)
        paint_rect(ui->list, bar, theme->accent, thick / 2);
    paint_rect(ui->list, (struct rect){x - knob / 2, y - knob / 2, knob, knob}, theme->accent, knob / 2);
}

/* What is under the pointer is told above it. */
static void tell_time(struct ui *ui, struct rect track, double duration, const struct ui_touch *touch)
{
    char        text[TIMELINE_TEXT];
    float       pad = ui_points(ui, 6);
    struct rect plate = {.height = ui_points(ui, 22)};

    if (!touch->held)
        return;
    timeline_write(text, time_at(ui, track, duration));
    plate.width = ceilf(ui_text_width(ui, text, POINT_SMALL)) + 2 * pad;
    plate.x = roundf(fminf(fmaxf(ui->x, track.x), track.x + track.width) - plate.width / 2);
    plate.y = track.y - plate.height - ui_points(ui, 2);
    paint_rect(ui->list, plate, ui->theme->raised, ui_points(ui, POINT_RADIUS));
    paint_frame(ui->list, plate, ui->theme->line, ui_points(ui, POINT_RADIUS), fmaxf(1, ui_points(ui, 1)));
    ui_text(ui, plate, text, POINT_SMALL, ui->theme->text, ALIGN_CENTRE);
}

bool timeline_add(struct ui *ui, struct rect rect, const char *name, double duration, double *time,
                  const char *tip)
{
    ui_id           id = ui_name(name, 0);
    bool            off = !(duration > 0);
    struct rect     track = rect;
    struct ui_touch touch = {0};
    double          before = *time;

    rect_cut_left(&track, ui_points(ui, KNOB));
    rect_cut_right(&track, ui_points(ui, KNOB));
    if (!off)
        touch = ui_touch(ui, id, rect);
    if (touch.pressed || (touch.held && ui->event.kind == EVENT_POINTER))
        *time = time_at(ui, track, duration);
    paint_track(ui, track, off ? 0 : fmin(fmax(*time / duration, 0), 1), &touch, off);
    tell_time(ui, track, duration, &touch);
    ui_tip(ui, &touch, rect, tip);
    if (touch.hot || touch.held)
        ui->shape = POINTER_HAND;
    return *time != before;
}
