#include "app/window/view_boxes.h"

#include "app/window/ui_text.h"

enum { MOST_LABELS = 200 };

static struct rect box_rect(const struct canvas *canvas, const struct view_box *box)
{
    float left, top, right, bottom;
    canvas_to_window(canvas, box->x1, box->y1, &left, &top);
    canvas_to_window(canvas, box->x2, box->y2, &right, &bottom);
    return (struct rect){roundf(left), roundf(top), fmaxf(1, roundf(right) - roundf(left)),
                         fmaxf(1, roundf(bottom) - roundf(top))};
}

/* Boxes of hostile nets can be anywhere: what is far out is brought near, so that lines stay exact. */
static bool is_in_sight(const struct canvas *canvas, struct rect rect)
{
    struct rect meet = rect_meet(rect, rect_inset(canvas->area, -8));
    return isfinite(rect.x) && isfinite(rect.y) && meet.width > 0 && meet.height > 0;
}

static void add_frame(struct ui *ui, const struct canvas *canvas, const struct view_box *box)
{
    struct rect   rect = box_rect(canvas, box);
    float         line = ui_points(ui, box->picked ? 3 : 2), hair = fmaxf(1, ui_points(ui, 1));
    double        part = box->faded ? 0.3 : 1;
    struct colour dark = colour_faded((struct colour){0, 0, 0, 190}, part);
    struct colour light = colour_faded((struct colour){255, 255, 255, 150}, part);

    if (!is_in_sight(canvas, rect))
        return;
    struct rect near = rect_meet(rect, rect_inset(canvas->area, -64 * ui->scale));
    if (box->picked)
        paint_rect(ui->list, near, colour_faded(box->colour, 0.22), 0);
    paint_frame(ui->list, rect_inset(near, -hair), dark, 0, hair);
    paint_frame(ui->list, near, colour_faded(box->colour, part), 0, line);
    if (near.width > 4 * line && near.height > 4 * line)
        paint_frame(ui->list, rect_inset(near, line), light, 0, hair);
}

static bool is_free(struct rect plate, const struct rect *taken, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct rect meet = rect_meet(plate, taken[i]);
        if (meet.width > 1 && meet.height > 1)
            return false;
    }
    return true;
}

/* Above the box, in its top, below it, in its bottom: the first that is in the area and free. */
static struct rect place_label(const struct canvas *canvas, struct rect box, float width, float height,
                               const struct rect *taken, size_t count)
{
    const struct rect area = canvas->area;
    const float       ys[] = {box.y - height, box.y, box.y + box.height, box.y + box.height - height};
    struct rect       first = {0};

    float x = fmaxf(area.x, fminf(box.x, area.x + area.width - width));
    for (int i = 0; i < 4; i++) {
        float       y = fmaxf(area.y, fminf(ys[i], area.y + area.height - height));
        struct rect plate = {x, y, width, height};
        if (i == 0)
            first = plate;
        if (y == ys[i] && is_free(plate, taken, count))
            return plate;
    }
    return first;
}

/* What a label stands on: never the picture, on which no colour of text could be read everywhere. */
static struct colour plate_colour(const struct view_box *box)
{
    const struct colour c = box->colour;
    if (!box->faded)
        return c;
    return (struct colour){(uint8_t)(c.r / 3), (uint8_t)(c.g / 3), (uint8_t)(c.b / 3), 255};
}

/* Returns where it was put. */
static struct rect add_label(struct ui *ui, const struct canvas *canvas, const struct view_box *box,
                             const struct rect *taken, size_t count)
{
    float       side = ui_points(ui, 5), height = ui_points(ui, 18);
    float       width = ceilf(ui_text_width(ui, box->label, POINT_SMALL)) + 2 * side;
    struct rect rect = box_rect(canvas, box), near = rect_meet(rect, canvas->area);

    width = fminf(width, canvas->area.width);
    struct rect plate = place_label(canvas, near, width, height, taken, count), text = plate;
    paint_rect(ui->list, rect_inset(plate, -fmaxf(1, ui_points(ui, 1))),
               colour_faded((struct colour){0, 0, 0, 190}, box->faded ? 0.3 : 1), ui_points(ui, 3));
    paint_rect(ui->list, plate, plate_colour(box), ui_points(ui, 2));
    rect_cut_left(&text, side);
    rect_cut_right(&text, side - 1);
    ui_text(ui, text, box->label, POINT_SMALL, colour_text_on(plate_colour(box)), ALIGN_LEFT);
    return plate;
}

void boxes_add(struct ui *ui, const struct canvas *canvas, const struct view_box *boxes, size_t count)
{
    struct rect taken[MOST_LABELS];
    size_t      labels = 0;

    ui_clip(ui, canvas->area);
    for (size_t i = count; i-- > 0;)
        if (!boxes[i].picked)
            add_frame(ui, canvas, &boxes[i]);
    for (size_t i = 0; i < count; i++)
        if (boxes[i].picked)
            add_frame(ui, canvas, &boxes[i]);
    for (size_t i = 0; i < count && labels < MOST_LABELS; i++) /* the best choose first */
        if (boxes[i].label && is_in_sight(canvas, box_rect(canvas, &boxes[i]))) {
            taken[labels] = add_label(ui, canvas, &boxes[i], taken, labels);
            labels++;
        }
    ui_unclip(ui);
}

size_t boxes_at(const struct canvas *canvas, const struct view_box *boxes, size_t count, float x, float y)
{
    size_t best = count;
    double least = INFINITY;

    for (size_t i = 0; i < count; i++) {
        const struct view_box *box = &boxes[i];
        double                 size = (box->x2 - box->x1) * (box->y2 - box->y1);
        if (rect_has(rect_inset(box_rect(canvas, box), -2), x, y) && size < least) {
            best = i;
            least = size;
        }
    }
    return best;
}
