/* The filmstrip: small pictures in a row, the selected one framed. */
#include "app/window/ui_text.h"
#include "app/window/view_parts.h"
#include "app/window/widget_button.h"
#include "app/window/widget_scroll.h"

enum { FRAME = 76, INSET = 4 };

/* As large as it fits, in the middle; returns where. */
static struct rect paint_small(struct view *view, struct rect rect, const struct bsr_image *image,
                               unsigned long long id)
{
    float       zoom = fminf(rect.width / (float)image->width, rect.height / (float)image->height);
    struct rect to = rect_centred(rect, fmaxf(1, roundf((float)image->width * zoom)),
                                  fmaxf(1, roundf((float)image->height * zoom)));
    view->pictures.paint(view->pictures.context, view->ui.list, image, id,
                         (struct rect){0, 0, (float)image->width, (float)image->height}, to, true);
    return to;
}

static void add_cross(struct view *view, struct rect frame)
{
    struct ui    *ui = &view->ui;
    float         side = ui_points(ui, 18);
    struct rect   place = {frame.x + frame.width - side, frame.y, side, side};
    char          tip[128];
    struct button button = {.name = "take out", .icon = ICON_CROSS, .tip = action_tip(ACTION_REMOVE, tip)};

    if (ui_over(ui, frame) && button_add(ui, place, &button))
        action_do(view, ACTION_REMOVE);
}

/* In the picture's lower left corner: this one plays. */
static void add_mark(struct view *view, struct rect picture)
{
    const struct colour dark = {0, 0, 0, 170}, white = {255, 255, 255, 255};
    struct ui          *ui = &view->ui;
    float               side = ui_points(ui, 18), gap = ui_points(ui, 3);
    struct rect         plate = {picture.x + gap, picture.y + picture.height - gap - side, side, side};

    paint_rect(ui->list, plate, dark, ui_points(ui, 4));
    icon_add(ui, ICON_PLAY, plate, white);
}

static void add_frame(struct view *view, struct rect frame, size_t index)
{
    struct ui              *ui = &view->ui;
    bool                    selected = index == view->shot.selected;
    unsigned long long      id = 0;
    const struct bsr_image *image = viewer_thumbnail(view->viewer, &view->shot, index, &id);

    ui_id own = ui_name("frame", index);
    bool  over_cross = selected && ui_over(ui, frame) && ui->x > frame.x + frame.width - ui_points(ui, 18) &&
                      ui->y < frame.y + ui_points(ui, 18);
    struct ui_touch touch = {0};
    if (!over_cross)
        touch = ui_touch(ui, own, frame);
    paint_rect(ui->list, frame, touch.hot || selected ? ui->theme->hover : ui->theme->panel,
               ui_points(ui, POINT_RADIUS));
    struct rect inner = rect_inset(frame, ui_points(ui, INSET));
    if (image)
        inner = paint_small(view, inner, image, id);
    else
        paint_rect(ui->list, inner = rect_inset(inner, ui_points(ui, 6)), ui->theme->line, ui_points(ui, 3));
    if (viewer_is_video(&view->shot, index))
        add_mark(view, inner);
    if (selected)
        paint_frame(ui->list, frame, ui->theme->accent, ui_points(ui, POINT_RADIUS), ui_points(ui, 2));
    if (selected)
        add_cross(view, frame);
    ui_tip(ui, &touch, frame, viewer_name(&view->shot, index));
    if (touch.hot)
        ui->shape = POINTER_HAND;
    if (touch.pressed)
        viewer_select(view->viewer, index);
}

void view_strip_add(struct view *view, struct rect area)
{
    struct ui *ui = &view->ui;
    float      step = ui_points(ui, FRAME), gap = ui_points(ui, 4);
    size_t     count = view->shot.count;

    paint_rect(ui->list, area, ui->theme->panel, 0);
    paint_rect(ui->list, rect_cut_top(&area, fmaxf(1, ui_points(ui, 1))), ui->theme->line, 0);
    rect_cut_left(&area, gap);
    rect_cut_right(&area, gap);
    if (view->strip_selected != view->shot.selected) {
        float at = step * (float)view->shot.selected;
        view->strip_scroll.length = step * (float)count;
        scroll_show(&view->strip_scroll, area.width, at - step / 2, at + step * 1.5F);
        view->strip_selected = view->shot.selected;
    }
    struct rect row = scroll_begin(ui, area, "strip", step * (float)count, true, &view->strip_scroll);
    size_t      first = (size_t)fmaxf(0, floorf((area.x - row.x) / step));
    for (size_t i = first; i < count; i++) {
        struct rect frame = {row.x + step * (float)i, area.y + gap, step - gap, area.height - 2 * gap};
        if (frame.x > area.x + area.width)
            break;
        add_frame(view, frame, i);
    }
    scroll_end(ui);
}
