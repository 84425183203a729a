#include "app/window/canvas.h"

static bool has_picture(const struct canvas *canvas)
{
    return canvas->width >= 1 && canvas->height >= 1 && canvas->area.width >= 1 && canvas->area.height >= 1;
}

static double fit_zoom(const struct canvas *canvas)
{
    return fmin(canvas->area.width / canvas->width, canvas->area.height / canvas->height);
}

/* Something of the picture stays in the middle of the area. */
static void keep_in_sight(struct canvas *canvas)
{
    canvas->x = fmin(fmax(canvas->x, 0), canvas->width);
    canvas->y = fmin(fmax(canvas->y, 0), canvas->height);
}

void canvas_fit(struct canvas *canvas)
{
    enum { MOST_FITTED = 8 }; /* an icon of 16 pixels does not fill a screen */
    if (!has_picture(canvas))
        return;
    canvas->zoom = fmin(fit_zoom(canvas), MOST_FITTED);
    canvas->x = canvas->width / 2;
    canvas->y = canvas->height / 2;
    canvas->fitted = true;
}

void canvas_place(struct canvas *canvas, struct rect area, double width, double height)
{
    bool other = canvas->width != width || canvas->height != height || !(canvas->zoom > 0);
    canvas->area = area;
    canvas->width = width;
    canvas->height = height;
    if (other || canvas->fitted)
        canvas_fit(canvas);
}

void canvas_rescale(struct canvas *canvas, double width, double height)
{
    if (!has_picture(canvas) || !(canvas->zoom > 0) || width < 1 || height < 1)
        return;
    canvas->x *= width / canvas->width;
    canvas->y *= height / canvas->height;
    canvas->zoom *= canvas->width / width;
    canvas->width = width;
    canvas->height = height;
}

void canvas_to_window(const struct canvas *canvas, double x, double y, float *to_x, float *to_y)
{
    const struct rect *area = &canvas->area;
    *to_x = (float)(area->x + area->width / 2 + (x - canvas->x) * canvas->zoom);
    *to_y = (float)(area->y + area->height / 2 + (y - canvas->y) * canvas->zoom);
}

void canvas_to_picture(const struct canvas *canvas, float x, float y, double *to_x, double *to_y)
{
    const struct rect *area = &canvas->area;
    *to_x = canvas->x + (x - area->x - area->width / 2) / canvas->zoom;
    *to_y = canvas->y + (y - area->y - area->height / 2) / canvas->zoom;
}

void canvas_zoom(struct canvas *canvas, double factor, float x, float y)
{
    double at_x, at_y;

    if (!has_picture(canvas) || !(canvas->zoom > 0) || !(factor > 0))
        return;
    double least = fmin(fit_zoom(canvas) / 4, 1);
    canvas_to_picture(canvas, x, y, &at_x, &at_y);
    canvas->zoom = fmin(fmax(canvas->zoom * factor, least), CANVAS_MOST_ZOOM);
    canvas->x = at_x - (x - canvas->area.x - canvas->area.width / 2) / canvas->zoom;
    canvas->y = at_y - (y - canvas->area.y - canvas->area.height / 2) / canvas->zoom;
    canvas->fitted = false;
    keep_in_sight(canvas);
}

void canvas_actual(struct canvas *canvas, float x, float y)
{
    if (canvas->zoom > 0)
        canvas_zoom(canvas, 1 / canvas->zoom, x, y);
}

void canvas_pan(struct canvas *canvas, double dx, double dy)
{
    if (!has_picture(canvas) || !(canvas->zoom > 0))
        return;
    canvas->x -= dx / canvas->zoom;
    canvas->y -= dy / canvas->zoom;
    canvas->fitted = false;
    keep_in_sight(canvas);
}

struct rect canvas_rect(const struct canvas *canvas)
{
    struct rect rect = {0};
    canvas_to_window(canvas, 0, 0, &rect.x, &rect.y);
    rect.width = (float)(canvas->width * canvas->zoom);
    rect.height = (float)(canvas->height * canvas->zoom);
    return rect;
}

bool canvas_shows_pixels(const struct canvas *canvas)
{
    enum { PIXELS_FROM = 4 };
    return canvas->zoom >= PIXELS_FROM;
}

bool canvas_visible(const struct canvas *canvas, struct rect *from, struct rect *to)
{
    double left, top, right, bottom;

    if (!has_picture(canvas) || !(canvas->zoom > 0))
        return false;
    canvas_to_picture(canvas, canvas->area.x, canvas->area.y, &left, &top);
    canvas_to_picture(canvas, canvas->area.x + canvas->area.width, canvas->area.y + canvas->area.height,
                      &right, &bottom);
    left = fmax(0, floor(left));
    top = fmax(0, floor(top));
    right = fmin(canvas->width, ceil(right));
    bottom = fmin(canvas->height, ceil(bottom));
    if (!(right > left && bottom > top))
        return false;
    *from = (struct rect){(float)left, (float)top, (float)(right - left), (float)(bottom - top)};
    canvas_to_window(canvas, left, top, &to->x, &to->y);
    to->width = (float)((right - left) * canvas->zoom);
    to->height = (float)((bottom - top) * canvas->zoom);
    return true;
}

static bool drag(const struct ui *ui, struct canvas *canvas, const struct ui_touch *touch)
{
    if (!touch->held || ui->event.kind != EVENT_POINTER)
        return false;
    canvas_pan(canvas, ui->x - ui->last_x, ui->y - ui->last_y);
    return true;
}

bool canvas_touch(struct ui *ui, struct canvas *canvas, bool *clicked)
{
    const float     still = ui_points(ui, 4); /* a hand is not */
    ui_id           id = ui_name("canvas", 0);
    bool            moved = false;
    struct ui_touch touch = ui_touch(ui, id, canvas->area);

    *clicked = false;
    if (touch.pressed && touch.clicks == 2) {
        canvas_fit(canvas);
        moved = true;
    }
    if (touch.clicked)
        *clicked = fabsf(ui->x - ui->grab_x) < still && fabsf(ui->y - ui->grab_y) < still;
    moved = drag(ui, canvas, &touch) || moved;
    if (ui->event.kind == EVENT_WHEEL && !ui->taken && ui_over(ui, canvas->area)) {
        canvas_zoom(canvas, pow(1.2, ui->event.dy), ui->x, ui->y);
        ui->taken = moved = true;
    }
    if (touch.held && (fabsf(ui->x - ui->grab_x) >= still || fabsf(ui->y - ui->grab_y) >= still))
        ui->shape = POINTER_MOVE;
    return moved;
}
