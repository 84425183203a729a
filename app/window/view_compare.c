/* An enlarged picture beside the one that bicubic makes: halves with a line to drag, side by side, a lens, or
 * one of them. */
#include "app/window/ui_text.h"
#include "app/window/view_parts.h"
#include "app/window/widget_divider.h"

static void paint_part(struct view *view, const struct canvas *canvas, bool after, struct rect within)
{
    const struct viewer_snapshot *shot = &view->shot;
    const struct bsr_image       *image = after ? shot->enlarged : shot->plain;
    struct rect                   from, to;

    if (!image || within.width <= 0 || within.height <= 0)
        return;
    ui_clip(&view->ui, within);
    if (canvas_visible(canvas, &from, &to)) /* both have the same size, and ids of their own */
        view->pictures.paint(view->pictures.context, view->ui.list, image,
                             shot->enlarged_id * 2 + (after ? 1 : 0) + ((unsigned long long)1 << 62), from,
                             to, !canvas_shows_pixels(canvas));
    ui_unclip(&view->ui);
}

/* "before" and "after" in a corner of their half. */
static void add_caption(struct view *view, struct rect half, bool after, bool right)
{
    struct ui  *ui = &view->ui;
    const char *text = after ? view->shot.model_used : "bicubic";
    float       side = ui_points(ui, 8), gap = ui_points(ui, 10);

    if (!text)
        return;
    float       wide = fminf(ceilf(ui_text_width(ui, text, POINT_SMALL)) + 2 * side, half.width - 2 * gap);
    struct rect rect = {half.x + gap, half.y + gap, wide, ui_points(ui, 22)};
    if (right)
        rect.x = half.x + half.width - gap - wide;
    if (wide < 3 * side)
        return;
    paint_rect(ui->list, rect, (struct colour){0, 0, 0, 170}, ui_points(ui, POINT_RADIUS));
    rect_cut_left(&rect, side);
    rect_cut_right(&rect, side);
    ui_text_cut(ui, rect, text, POINT_SMALL, (struct colour){255, 255, 255, 255}, ALIGN_LEFT, CUT_START);
}

static void add_divided(struct view *view)
{
    struct rect area = view->stage, picture = rect_meet(canvas_rect(&view->canvas), area);

    divider_add(&view->ui, picture, "divider", &view->divider);
    float       x = roundf(picture.x + (float)view->divider * picture.width);
    struct rect left = {area.x, area.y, x - area.x, area.height};
    struct rect right = {x, area.y, area.x + area.width - x, area.height};
    paint_part(view, &view->canvas, false, left);
    paint_part(view, &view->canvas, true, right);
    add_caption(view, rect_meet(left, picture), false, false);
    add_caption(view, rect_meet(right, picture), true, true);
    divider_paint(&view->ui, picture, "divider", view->divider);
}

static void add_side_by_side(struct view *view)
{
    struct canvas other = view->canvas;
    struct rect   left = view->canvas.area, right = view->stage;

    right.x = other.area.x = left.x + left.width;
    right.width = view->stage.width - left.width;
    other.area.width = left.width;
    paint_part(view, &view->canvas, false, left);
    paint_part(view, &other, true, right);
    paint_rect(view->ui.list, (struct rect){right.x - 1, right.y, 2, right.height}, view->ui.theme->line, 0);
    add_caption(view, left, false, false);
    add_caption(view, right, true, false);
}

/* Before all over, and a disc's square of after at the pointer, twice as large as round it. */
static void add_lens(struct view *view)
{
    struct ui    *ui = &view->ui;
    struct canvas lens = view->canvas;
    double        x, y;
    float         side = fminf(ui_points(ui, 220), fminf(view->stage.width, view->stage.height) / 2);

    paint_part(view, &view->canvas, false, view->stage);
    add_caption(view, view->stage, false, false);
    if (!ui_over(ui, view->stage))
        return;
    canvas_to_picture(&view->canvas, ui->x, ui->y, &x, &y);
    lens.area = (struct rect){roundf(ui->x - side / 2), roundf(ui->y - side / 2), side, side};
    lens.zoom = fmin(2 * view->canvas.zoom, CANVAS_MOST_ZOOM);
    lens.x = x;
    lens.y = y;
    ui_clip(ui, view->stage);
    paint_rect(ui->list, lens.area, ui->theme->stage, 0);
    paint_part(view, &lens, true, lens.area);
    paint_frame(ui->list, rect_inset(lens.area, -ui_points(ui, 2)), (struct colour){0, 0, 0, 150}, 0,
                ui_points(ui, 3));
    paint_frame(ui->list, lens.area, (struct colour){255, 255, 255, 235}, 0, fmaxf(1, ui_points(ui, 1)));
    ui_unclip(ui);
    add_caption(view, lens.area, true, false);
}

void view_compare_add(struct view *view)
{
    const struct viewer_snapshot *shot = &view->shot;
    enum compare                  how = view->look.compare;

    if (!shot->plain)
        how = COMPARE_AFTER;
    if (how == COMPARE_DIVIDER)
        add_divided(view);
    else if (how == COMPARE_SIDE)
        add_side_by_side(view);
    else if (how == COMPARE_LENS)
        add_lens(view);
    else
        paint_part(view, &view->canvas, how == COMPARE_AFTER, view->stage);
    if (how == COMPARE_AFTER || how == COMPARE_BEFORE)
        add_caption(view, view->stage, how == COMPARE_AFTER, false);
}
