/* The lens of the window of `besra live`. */
#include "app/window/live_view_parts.h"
#include "app/window/ui_text.h"

#include <math.h>
#include <stdio.h>

enum {
    LENS_FACTOR = 2,
    LOOK_MS = 40, /* between two looks whether it is done */
};

static void wake_nobody(void *context)
{
    (void)context; /* it is looked at */
}

void live_view_lens_switch(struct live_view *view)
{
    struct bsr_error err;

    if (!view->lens && lens_open_later(&view->lens, view->options.lens_model, &view->options.hints,
                                       wake_nobody, NULL, &err) != BSR_OK) {
        live_view_say_error(view, &err);
        return;
    }
    view->lens_on = !view->lens_on;
    view->lens_frame = -1;
}

/* Asks for what is under the pointer, once a frame and wherever it goes. */
static void ask_lens(struct live_view *view, double side)
{
    struct ui       *ui = &view->ui;
    struct bsr_error err;
    double           x, y;

    canvas_to_picture(&view->canvas, ui->x, ui->y, &x, &y);
    if (view->lens_frame == view->shot.frame_number && view->lens_x == ui->x && view->lens_y == ui->y)
        return;
    view->lens_frame = view->shot.frame_number;
    view->lens_x = ui->x;
    view->lens_y = ui->y;
    if (x >= 0 && y >= 0 && x < view->shot.frame->width && y < view->shot.frame->height &&
        lens_ask(view->lens, view->shot.frame, (int)(x - side / 2), (int)(y - side / 2), (int)side, (int)side,
                 LENS_FACTOR, &err) == BSR_OK)
        view->lens_asked = true;
}

/* False where there is no lens any more: its model can't be opened, or it failed. */
static bool take_lens(struct live_view *view)
{
    struct lens_picture got;
    struct bsr_error    err;
    bool                there = false;

    if (lens_take(view->lens, &got, &there, &err) != BSR_OK) {
        live_view_say_error(view, &err);
        lens_close(view->lens); /* another try begins anew */
        view->lens = NULL;
        view->lens_on = false;
        return false;
    }
    if (!there)
        return true;
    image_free(&view->lens_picture.image);
    view->lens_picture = got;
    view->lens_id++;
    view->lens_asked = false;
    return true;
}

/* In the place of the picture that is not there yet. */
static void say_opening(struct live_view *view)
{
    struct ui  *ui = &view->ui;
    char        text[96];
    const float pad = ui_points(ui, 10), high = ui_points(ui, 30);

    snprintf(text, sizeof text, "The lens opens %.60s\xe2\x80\xa6", view->options.lens_model);
    const float wide = ceilf(ui_text_width(ui, text, POINT_TEXT)) + 2 * pad;
    struct rect rect = {fminf(ui->x + pad, view->stage.x + view->stage.width - wide),
                        fmaxf(ui->y - high - pad, view->stage.y), wide, high};
    paint_rect(ui->list, rect, (struct colour){0, 0, 0, 170}, ui_points(ui, POINT_RADIUS));
    rect_cut_left(&rect, pad);
    ui_text(ui, rect, text, POINT_TEXT, (struct colour){255, 255, 255, 255}, ALIGN_LEFT);
}

void live_view_lens_add(struct live_view *view)
{
    enum { LENS_POINTS = 220 };
    struct ui                 *ui = &view->ui;
    const struct lens_picture *lens = &view->lens_picture;
    const float                size = ui_points(ui, LENS_POINTS);

    /* two pixels of the window for one that the net has made, or one where points are large */
    ask_lens(view, (double)size / ui->scale / LENS_FACTOR);
    if (!take_lens(view))
        return;
    const bool opening = lens_is_opening(view->lens);
    if (opening || view->lens_asked)
        ui_again(ui, LOOK_MS); /* a frame need not come */
    if (opening && ui_over(ui, view->stage))
        say_opening(view);
    if (!lens->image.data || !ui_over(ui, view->stage))
        return;
    struct rect       place = {fminf(ui->x + ui_points(ui, 24), view->stage.x + view->stage.width - size),
                               fmaxf(ui->y - size - ui_points(ui, 24), view->stage.y), size,
                               size * (float)lens->image.height / (float)lens->image.width};
    const struct rect from = {0, 0, (float)lens->image.width, (float)lens->image.height};
    live_view_paint_moving(view, &lens->image, LENS_PICTURE, view->lens_id, &view->lens_shown, from, place,
                           true);
    paint_frame(ui->list, place, (struct colour){255, 255, 255, 220}, 0, ui_points(ui, 2));
    paint_frame(ui->list, rect_inset(place, -ui_points(ui, 1)), (struct colour){0, 0, 0, 220}, 0,
                ui_points(ui, 1));
}
