/* The picture, or why there is none, and what the model says of it. */
#include "app/window/ui_text.h"
#include "app/window/view_boxes.h"
#include "app/window/view_parts.h"
#include "app/window/widget_button.h"
#include "app/window/widget_progress.h"
#include "base/alloc.h"

#include <stdio.h>
#include <string.h>

/* A title and a quieter text in the middle of the stage; returns what is left below. */
static struct rect add_words(struct view *view, const char *title, const char *text, struct colour colour)
{
    struct ui  *ui = &view->ui;
    float       wide = fminf(view->stage.width - ui_points(ui, 32), ui_points(ui, 440));
    struct rect rect = {0, 0, wide, 0};
    char        fitted[1024];

    float text_wide = fminf(wide, ceilf(ui_text_width(ui, text, POINT_TEXT)));
    float high = ui_paragraph(ui, (struct rect){0, 0, text_wide + 1, 0}, text, POINT_TEXT, colour, false);
    rect = rect_centred(view->stage, wide, ui_points(ui, 40) + high + ui_points(ui, 48));
    rect.y = fmaxf(rect.y, view->stage.y);
    ui_fit(ui, title, POINT_LARGE, wide, CUT_START, fitted, sizeof fitted);
    ui_text(ui, rect_cut_top(&rect, ui_points(ui, 36)), fitted, POINT_LARGE, ui->theme->text, ALIGN_CENTRE);
    struct rect lines = rect_centred((struct rect){rect.x, rect.y, rect.width, high}, text_wide + 1, high);
    ui_paragraph(ui, lines, text, POINT_TEXT, colour, true);
    rect_cut_top(&rect, high + ui_points(ui, 12));
    return rect;
}

static void add_empty(struct view *view)
{
    struct ui  *ui = &view->ui;
    struct rect frame = rect_inset(view->stage, ui_points(ui, 24));
    struct rect rest;
    char        tip[128];

    if (frame.width > 0 && frame.height > 0)
        paint_frame(ui->list, frame, colour_faded(ui->theme->edge, 0.5), ui_points(ui, 12),
                    fmaxf(1, ui_points(ui, 1)));
    rest = add_words(view, "Drop pictures, videos, folders or models here",
                     "or paste a picture or a path with Ctrl+V. Press ? for all keys.", ui->theme->quiet);
    struct button open = {.name = "open here",
                          .label = "Open\xe2\x80\xa6",
                          .icon = ICON_OPEN,
                          .primary = true,
                          .tip = action_tip(ACTION_OPEN, tip)};
    struct rect   place = rect_cut_top(&rest, ui_points(ui, 32));
    if (button_add(ui, rect_centred(place, button_width(ui, &open), place.height), &open))
        action_do(view, ACTION_OPEN);
}

/* ---- boxes
 * ------------------------------------------------------------------------------------------------- */

/* The snapshot's boxes as they are shown; labels in *labels (may be NULL). NULL: out of memory. */
static struct view_box *make_boxes(const struct view *view, struct bytes *labels)
{
    const struct viewer_snapshot *shot = &view->shot;
    const struct detection       *picked = view_picked_box(view);
    struct view_box              *boxes = mem_alloc_zeroed(shot->detection_count, sizeof *boxes);

    for (size_t i = 0; boxes && i < shot->detection_count; i++) {
        const struct detection *d = &shot->detections[i];
        bool                    labelled = labels && (!shot->settings.hide_labels || d == picked);
        if (labelled)
            viewer_write_label(view->viewer, shot, i, &labels[i]);
        boxes[i] =
            (struct view_box){.x1 = d->x1,
                              .y1 = d->y1,
                              .x2 = d->x2,
                              .y2 = d->y2,
                              .colour = colour_of_class(d->class_index),
                              .label = labelled ? bytes_text(&labels[i]) : NULL,
                              .picked = d == picked,
                              .faded = view->pointed != SIZE_MAX && view->pointed != (size_t)d->class_index};
    }
    return boxes;
}

void view_detections_add(struct view *view)
{
    size_t           count = view->shot.detection_count;
    struct bytes    *labels = count && view->look.boxes ? mem_alloc_zeroed(count, sizeof *labels) : NULL;
    struct view_box *boxes = labels ? make_boxes(view, labels) : NULL;

    if (boxes)
        boxes_add(&view->ui, &view->canvas, boxes, count);
    mem_free(boxes);
    for (size_t i = 0; labels && i < count; i++)
        bytes_free(&labels[i]);
    mem_free(labels);
}

static void pick(struct view *view)
{
    const struct viewer_snapshot *shot = &view->shot;
    struct view_box              *boxes = view->look.boxes ? make_boxes(view, NULL) : NULL;
    size_t                        at = shot->detection_count;

    if (boxes)
        at = boxes_at(&view->canvas, boxes, shot->detection_count, view->ui.x, view->ui.y);
    view->box.class_index = -1;
    if (at < shot->detection_count && shot->path) {
        view->box = shot->detections[at];
        snprintf(view->box_path, sizeof view->box_path, "%s", shot->path);
    }
    mem_free(boxes);
    ui_again(&view->ui, 0);
}

/* ---- all
 * ----------------------------------------------------------------------------------------------------- */

static bool shows_enlarged(const struct viewer_snapshot *shot)
{
    return shot->task == CARD_UPSCALE && shot->enlarged && shot->result_state == VIEWER_READY;
}

/* What the picture is compared in: an enlarged one has its own size. */
static void place_canvas(struct view *view)
{
    const struct viewer_snapshot *shot = &view->shot;
    const struct bsr_image       *image = shot->picture;
    bool                          enlarged = shows_enlarged(shot);
    struct rect                   area = view->stage;

    if (enlarged)
        image = shot->enlarged;
    if (enlarged && view->look.compare == COMPARE_SIDE)
        area.width = floorf(area.width / 2);
    if (view->placed_id == shot->picture_id)
        canvas_rescale(&view->canvas, image->width, image->height);
    view->placed_id = shot->picture_id;
    canvas_place(&view->canvas, area, image->width, image->height);
}

static void add_picture(struct view *view)
{
    const struct viewer_snapshot *shot = &view->shot;
    struct ui                    *ui = &view->ui;
    struct rect                   from, to;

    ui_clip(ui, view->stage);
    if (canvas_visible(&view->canvas, &from, &to))
        view->pictures.paint(view->pictures.context, ui->list, shot->picture, shot->picture_id, from, to,
                             !canvas_shows_pixels(&view->canvas));
    ui_unclip(ui);
}

/* What keeps the model from saying something, at the foot of the picture. */
static void add_trouble(struct view *view)
{
    const struct viewer_snapshot *shot = &view->shot;
    struct ui                    *ui = &view->ui;
    const char                   *why = NULL;

    if (shot->model_state == VIEWER_FAILED)
        why = shot->model_why;
    else if (shot->result_state == VIEWER_FAILED)
        why = shot->result_why;
    else
        why = shot->video.why;
    if (!why || view->dialogue == DIALOGUE_MODELS)
        return;
    float side = ui_points(ui, 12);
    float wide = fminf(view->stage.width - 2 * side, ui_points(ui, 560));
    float high =
        ui_paragraph(ui, (struct rect){0, 0, wide - 2 * side, 0}, why, POINT_TEXT, ui->theme->bad, false);
    struct rect rect = {view->stage.x + floorf((view->stage.width - wide) / 2),
                        view->stage.y + view->stage.height - high - 3 * side, wide, high + 2 * side};
    paint_rect(ui->list, rect, ui->theme->panel, ui_points(ui, POINT_RADIUS));
    paint_frame(ui->list, rect, ui->theme->bad, ui_points(ui, POINT_RADIUS), fmaxf(1, ui_points(ui, 1)));
    ui_paragraph(ui, rect_inset(rect, side), why, POINT_TEXT, ui->theme->bad, true);
}

/* A thin bar at the stage's top while something is computed. */
static void add_progress(struct view *view)
{
    const struct viewer_snapshot *shot = &view->shot;
    struct rect top = {view->stage.x, view->stage.y, view->stage.width, ui_points(&view->ui, 3)};

    if (shot->model_state == VIEWER_WORKING)
        progress_add(&view->ui, top, shot->model_progress > 0 ? shot->model_progress : -1);
    else if (shot->picture_state == VIEWER_WORKING ||
             (shot->result_state == VIEWER_WORKING && !shot->video.playing))
        progress_add(&view->ui, top, shot->result_progress > 0 ? shot->result_progress : -1);
}

/* Arrows at the sides while the pointer is there. */
static void add_arrows(struct view *view)
{
    struct ui  *ui = &view->ui;
    float       side = ui_points(ui, 36), gap = ui_points(ui, 10);
    struct rect left = {view->stage.x + gap, view->stage.y + floorf((view->stage.height - side) / 2), side,
                        side};
    struct rect right = {view->stage.x + view->stage.width - gap - side, left.y, side, side};
    char        tip[128];

    if (view->shot.count < 2 || !ui_over(ui, view->stage) || view->dialogue != DIALOGUE_NONE)
        return;
    if (view->shot.selected > 0 && ui->x < view->stage.x + ui_points(ui, 100) &&
        button_add(
            ui, left,
            &(struct button){.name = "previous", .icon = ICON_LEFT, .tip = action_tip(ACTION_PREVIOUS, tip)}))
        action_do(view, ACTION_PREVIOUS);
    if (view->shot.selected + 1 < view->shot.count &&
        ui->x > view->stage.x + view->stage.width - ui_points(ui, 100) &&
        button_add(ui, right,
                   &(struct button){.name = "next", .icon = ICON_RIGHT, .tip = action_tip(ACTION_NEXT, tip)}))
        action_do(view, ACTION_NEXT);
}

void view_stage_add(struct view *view, struct rect area)
{
    const struct viewer_snapshot *shot = &view->shot;
    struct ui                    *ui = &view->ui;
    bool                          clicked = false;

    view->stage = area;
    paint_rect(ui->list, area, ui->theme->stage, 0);
    if (!shot->count) {
        add_empty(view);
    } else if (shot->picture_state == VIEWER_FAILED) {
        add_words(view, shot->path ? shot->path : "", shot->picture_why ? shot->picture_why : "",
                  ui->theme->bad);
    } else if (shot->picture) {
        place_canvas(view);
        view_follow_frame(view);
        if (shows_enlarged(shot))
            view_compare_add(view);
        else
            add_picture(view);
        if (shot->task == CARD_DETECT)
            view_detections_add(view);
    }
    add_arrows(view);
    if (shot->picture)
        canvas_touch(ui, &view->canvas, &clicked); /* takes what those on the picture have left */
    if (clicked && shot->task == CARD_DETECT)
        pick(view);
    add_progress(view);
    add_trouble(view);
}
