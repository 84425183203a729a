/* Lines and zones: seen on the frame, made with the pointer, moved by their points. */
#include "app/window/live_view_parts.h"
#include "app/window/ui_text.h"

#include <stdio.h>
#include <string.h>

enum { GRAB_POINTS = 9 };

struct colour live_view_shape_colour(int index)
{
    static const struct colour colours[] = {
        {255, 214, 10, 255}, {90, 200, 250, 255}, {255, 120, 180, 255}, {120, 230, 140, 255}};
    return colours[index % 4];
}

/* ---- changes -------------------------------------------------------------------------------------- */

static void remember(struct live_view *view)
{
    if (view->past_count == LIVE_VIEW_STEPS) {
        memmove(view->past, view->past + 1, (LIVE_VIEW_STEPS - 1) * sizeof *view->past);
        view->past_count--;
    }
    view->past[view->past_count++] = view->shapes;
}

/* From the next frame on the live counts at these; false where it can't, which is then said. */
static bool put_in_force(struct live_view *view, const struct live_view_shapes *shapes)
{
    struct count_shape list[LIVE_VIEW_SHAPES];
    struct bsr_error   err = {0};

    for (int i = 0; i < shapes->count; i++)
        list[i] = (struct count_shape){shapes->items[i].points, shapes->items[i].count};
    if (live_set_shapes(view->options.live, list, shapes->count, &err) == BSR_OK)
        return true;
    live_view_say_error(view, &err);
    return false;
}

static void add_shape(struct live_view *view, const struct live_view_shape *shape)
{
    struct live_view_shapes next = view->shapes;

    if (next.count == LIVE_VIEW_SHAPES) {
        live_view_say(view, "there are %d lines and zones already, the most there can be", LIVE_VIEW_SHAPES);
        return;
    }
    next.items[next.count++] = *shape;
    if (!put_in_force(view, &next))
        return;
    remember(view);
    view->shapes = next;
}

void live_view_remove_shape(struct live_view *view, int index)
{
    struct live_view_shapes next = view->shapes;

    if (index < 0 || index >= next.count)
        return;
    memmove(next.items + index, next.items + index + 1,
            (size_t)(next.count - index - 1) * sizeof *next.items);
    next.count--;
    if (!put_in_force(view, &next))
        return;
    remember(view);
    view->shapes = next;
}

void live_view_undo(struct live_view *view)
{
    if (view->making.count) { /* the zone that is being made, point by point */
        view->making.count--;
        return;
    }
    if (!view->past_count) {
        live_view_say(view, "there is nothing to undo");
        return;
    }
    view->shapes = view->past[--view->past_count];
    put_in_force(view, &view->shapes);
}

void live_view_choose_tool(struct live_view *view, enum live_view_tool tool)
{
    view->tool = view->tool == tool ? TOOL_NONE : tool;
    view->making.count = 0;
    if (view->tool == TOOL_LINE)
        live_view_say(view, "drag a line; things are counted as they cross it");
    else if (view->tool == TOOL_ZONE)
        live_view_say(view, "click the corners; Return or a double click closes the zone");
}

/* ---- the pointer ----------------------------------------------------------------------------------- */

/* The point of the frame under the pointer, within the frame. */
static struct count_point point_here(const struct live_view *view)
{
    struct count_point point;

    canvas_to_picture(&view->canvas, view->ui.x, view->ui.y, &point.x, &point.y);
    point.x = fmin(fmax(round(point.x), 0), view->shot.frame->width);
    point.y = fmin(fmax(round(point.y), 0), view->shot.frame->height);
    return point;
}

static bool is_near(const struct live_view *view, const struct count_point *point)
{
    float x, y;

    canvas_to_window(&view->canvas, point->x, point->y, &x, &y);
    return hypotf(x - view->ui.x, y - view->ui.y) <= ui_points(&view->ui, GRAB_POINTS);
}

static bool find_point(const struct live_view *view, int *shape, int *point)
{
    for (int i = 0; i < view->shapes.count; i++)
        for (int p = 0; p < view->shapes.items[i].count; p++)
            if (is_near(view, &view->shapes.items[i].points[p])) {
                *shape = i;
                *point = p;
                return true;
            }
    return false;
}

static void draw_line(struct live_view *view)
{
    struct ui              *ui = &view->ui;
    struct live_view_shape *making = &view->making;

    if (ui->event.kind == EVENT_PRESS && ui->event.button == 1) {
        making->points[0] = making->points[1] = point_here(view);
        making->count = 2;
        ui->taken = true;
    } else if (making->count == 2 && ui->event.kind == EVENT_POINTER) {
        making->points[1] = point_here(view);
        ui->taken = true;
    } else if (making->count == 2 && ui->event.kind == EVENT_RELEASE) {
        making->points[1] = point_here(view);
        if (making->points[0].x != making->points[1].x || making->points[0].y != making->points[1].y)
            add_shape(view, making);
        making->count = 0;
        view->tool = TOOL_NONE;
        ui->taken = true;
    }
}

static void close_zone(struct live_view *view)
{
    if (view->making.count >= 3)
        add_shape(view, &view->making);
    else
        live_view_say(view, "a zone has three corners at least");
    view->making.count = 0;
    view->tool = TOOL_NONE;
}

static void draw_zone(struct live_view *view)
{
    struct ui              *ui = &view->ui;
    struct live_view_shape *making = &view->making;

    if (making->count &&
        (ui_take_key(ui, "return") || (ui->event.kind == EVENT_PRESS && ui->event.clicks == 2))) {
        close_zone(view);
        ui->taken = true;
    } else if (ui->event.kind == EVENT_PRESS && ui->event.button == 1 && making->count < LIVE_VIEW_POINTS) {
        making->points[making->count++] = point_here(view);
        ui->taken = true;
    }
}

static void move_points(struct live_view *view)
{
    struct ui *ui = &view->ui;
    int        shape, point;

    if (view->held_shape >= view->shapes.count)
        view->held_shape = -1; /* undone meanwhile */
    if (view->held_shape < 0) {
        if (!find_point(view, &shape, &point))
            return;
        ui->shape = POINTER_MOVE;
        if (ui->event.kind == EVENT_PRESS && ui->event.button == 1) {
            remember(view);
            view->held_shape = shape;
            view->held_point = point;
            ui->taken = true;
        }
        return;
    }
    ui->shape = POINTER_MOVE;
    if (ui->event.kind == EVENT_POINTER || ui->event.kind == EVENT_RELEASE) {
        view->shapes.items[view->held_shape].points[view->held_point] = point_here(view);
        ui->taken = true;
    }
    if (ui->event.kind == EVENT_RELEASE) {
        view->held_shape = -1;
        if (!put_in_force(view, &view->shapes)) /* back to where it was */
            view->shapes = view->past[--view->past_count];
    }
}

/* ---- what is seen ----------------------------------------------------------------------------------- */

static void add_segment(struct live_view *view, const struct count_point *a, const struct count_point *b,
                        struct colour colour)
{
    struct ui *ui = &view->ui;
    float      x1, y1, x2, y2;

    canvas_to_window(&view->canvas, a->x, a->y, &x1, &y1);
    canvas_to_window(&view->canvas, b->x, b->y, &x2, &y2);
    paint_line(ui->list, x1, y1, x2, y2, (struct colour){0, 0, 0, 150}, ui_points(ui, 5));
    paint_line(ui->list, x1, y1, x2, y2, colour, ui_points(ui, 2));
}

static void add_handle(struct live_view *view, const struct count_point *point, struct colour colour)
{
    struct ui  *ui = &view->ui;
    const float side = ui_points(ui, 9);
    float       x, y;

    canvas_to_window(&view->canvas, point->x, point->y, &x, &y);
    struct rect rect = {roundf(x - side / 2), roundf(y - side / 2), side, side};
    paint_rect(ui->list, rect_inset(rect, -ui_points(ui, 1)), (struct colour){0, 0, 0, 200}, side / 2 + 1);
    paint_rect(ui->list, rect, colour, side / 2);
}

/* From a line's middle to the right of who walks along it: the way that "there" counts. */
static void add_tick(struct live_view *view, const struct live_view_shape *line, struct colour colour)
{
    enum { TICK_POINTS = 14 };
    struct ui *ui = &view->ui;
    float      x1, y1, x2, y2;

    canvas_to_window(&view->canvas, line->points[0].x, line->points[0].y, &x1, &y1);
    canvas_to_window(&view->canvas, line->points[1].x, line->points[1].y, &x2, &y2);
    const float length = hypotf(x2 - x1, y2 - y1), x = (x1 + x2) / 2, y = (y1 + y2) / 2;
    if (!(length > 1))
        return;
    const float across = ui_points(ui, TICK_POINTS) / length;
    const float end_x = x - (y2 - y1) * across, end_y = y + (x2 - x1) * across;
    paint_line(ui->list, x, y, end_x, end_y, (struct colour){0, 0, 0, 150}, ui_points(ui, 5));
    paint_line(ui->list, x, y, end_x, end_y, colour, ui_points(ui, 2));
}

/* The number at the first point, as the panel has it. */
static void add_number(struct live_view *view, const struct live_view_shape *shape, int index)
{
    struct ui *ui = &view->ui;
    char       text[16];
    float      x, y;

    canvas_to_window(&view->canvas, shape->points[0].x, shape->points[0].y, &x, &y);
    snprintf(text, sizeof text, "%d", index + 1);
    struct rect rect = {roundf(x) + ui_points(ui, 8), roundf(y) - ui_points(ui, 24), ui_points(ui, 18),
                        ui_points(ui, 18)};
    paint_rect(ui->list, rect, live_view_shape_colour(index), ui_points(ui, 9));
    ui_text(ui, rect, text, POINT_SMALL, (struct colour){0, 0, 0, 255}, ALIGN_CENTRE);
}

static void add_outline(struct live_view *view, const struct live_view_shape *shape, struct colour colour,
                        bool closed)
{
    for (int i = 1; i < shape->count; i++)
        add_segment(view, &shape->points[i - 1], &shape->points[i], colour);
    if (closed && shape->count > 2)
        add_segment(view, &shape->points[shape->count - 1], &shape->points[0], colour);
    if (closed && shape->count == 2)
        add_tick(view, shape, colour);
    for (int i = 0; i < shape->count; i++)
        add_handle(view, &shape->points[i], colour);
}

void live_view_shapes_add(struct live_view *view)
{
    struct ui *ui = &view->ui;

    if (!ui->taken && (ui_over(ui, view->stage) || view->held_shape >= 0 || view->making.count == 2)) {
        if (view->tool == TOOL_LINE)
            draw_line(view);
        else if (view->tool == TOOL_ZONE)
            draw_zone(view);
        else
            move_points(view);
    }
    for (int i = 0; i < view->shapes.count; i++) {
        add_outline(view, &view->shapes.items[i], live_view_shape_colour(i), true);
        add_number(view, &view->shapes.items[i], i);
    }
    if (!view->making.count)
        return;
    const struct colour colour = live_view_shape_colour(view->shapes.count);
    add_outline(view, &view->making, colour, false);
    if (view->tool == TOOL_ZONE) {
        const struct count_point here = point_here(view);
        add_segment(view, &view->making.points[view->making.count - 1], &here, colour);
    }
}
