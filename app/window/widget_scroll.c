#include "app/window/widget_scroll.h"

enum { BAR = 6, SHORTEST = 24, NOTCH = 56 };

static void limit(struct scroll *scroll, float extent)
{
    scroll->at = fmaxf(0, fminf(scroll->at, scroll->length - extent));
}

void scroll_show(struct scroll *scroll, float extent, float from, float to)
{
    if (to > scroll->at + extent)
        scroll->at = to - extent;
    if (from < scroll->at)
        scroll->at = from;
}

static void take_wheel(struct ui *ui, struct rect area, bool sideways, struct scroll *scroll, float extent)
{
    if (ui->event.kind != EVENT_WHEEL || ui->taken || !ui_over(ui, area))
        return;
    float notches = ui->event.dy;
    if (sideways && ui->event.dx != 0)
        notches = -ui->event.dx;
    ui->taken = true;
    scroll->at -= notches * ui_points(ui, NOTCH);
    limit(scroll, extent);
}

/* The bar, where there is something to scroll; it can be dragged. */
static void add_bar(struct ui *ui, struct rect area, const char *name, bool sideways, struct scroll *scroll)
{
    float           extent = sideways ? area.width : area.height;
    float           thick = ui_points(ui, BAR), travel = scroll->length - extent;
    float           size = fmaxf(ui_points(ui, SHORTEST), extent * extent / scroll->length);
    float           from = sideways ? area.x : area.y, room = extent - size;
    struct rect     lane = sideways ? (struct rect){area.x, area.y + area.height - thick, area.width, thick}
                                    : (struct rect){area.x + area.width - thick, area.y, thick, area.height};
    ui_id           id = ui_name(name, 1);
    struct ui_touch touch = ui_touch(ui, id, lane);
    float           pointer = (sideways ? ui->x : ui->y) - from;

    if (room < 1)
        return;
    float at = room * scroll->at / travel;
    if (touch.pressed)
        scroll->grab = pointer >= at && pointer < at + size ? pointer - at : size / 2;
    if (touch.held || touch.pressed) {
        scroll->at = (pointer - scroll->grab) / room * travel;
        limit(scroll, extent);
        at = room * scroll->at / travel;
    }
    struct rect bar = sideways ? (struct rect){from + at, lane.y, size, thick}
                               : (struct rect){lane.x, from + at, thick, size};
    paint_rect(ui->list, rect_inset(bar, 1),
               colour_faded(ui->theme->edge, touch.hot || touch.held ? 1 : 0.55), thick / 2 - 1);
}

struct rect scroll_begin(struct ui *ui, struct rect area, const char *name, float length, bool sideways,
                         struct scroll *scroll)
{
    float       extent = sideways ? area.width : area.height;
    struct rect inside = area;

    scroll->length = length;
    limit(scroll, extent);
    if (length > extent) {
        take_wheel(ui, area, sideways, scroll, extent);
        add_bar(ui, area, name, sideways, scroll);
        if (!sideways) /* the bar has its own place; a row's lies on the row's edge */
            rect_cut_right(&inside, ui_points(ui, BAR + 4));
    }
    ui_clip(ui, inside);
    if (sideways)
        return (struct rect){inside.x - roundf(scroll->at), inside.y, length, inside.height};
    return (struct rect){inside.x, inside.y - roundf(scroll->at), inside.width, length};
}

void scroll_end(struct ui *ui)
{
    ui_unclip(ui);
}
