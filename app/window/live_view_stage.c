/* The newest frame, the boxes of the newest that the net saw, the numbers in the corner, the lens. */
#include "app/window/live_view_parts.h"
#include "app/window/ui_text.h"
#include "app/window/view_boxes.h"
#include "base/alloc.h"

#include <stdio.h>

enum { LABEL = 96 };

/* ---- pictures that move ------------------------------------------------------------------------------ */

void live_view_paint_moving(struct live_view *view, const struct bsr_image *image, enum moving which,
                            unsigned long long version, unsigned long long *shown, struct rect from,
                            struct rect to, bool smooth)
{
    const struct ui_pictures *pictures = &view->pictures;
    const unsigned long long  id = (unsigned long long)which << 32 | (unsigned long long)image->width << 16 |
                                  (unsigned long long)image->height;

    if (*shown != version && pictures->change)
        pictures->change(pictures->context, id);
    *shown = version;
    pictures->paint(pictures->context, view->ui.list, image, id, from, to, smooth);
}

/* ---- boxes ---------------------------------------------------------------------------------------- */

static const char *class_name(const struct live_view *view, int index)
{
    return index >= 0 && index < view->shot.class_count ? view->shot.class_names[index] : "?";
}

static struct view_box box_of_detection(const struct live_view *view, const struct detection *d,
                                        char label[LABEL])
{
    snprintf(label, LABEL, "%.70s %.2f", class_name(view, d->class_index), d->score);
    return (struct view_box){
        .x1 = d->x1, .y1 = d->y1, .x2 = d->x2, .y2 = d->y2, .colour = colour_of_class(d->class_index)};
}

/* Things that are hidden at the moment are faint. */
static struct view_box box_of_track(const struct live_view *view, const struct track *t, char label[LABEL])
{
    snprintf(label, LABEL, "%.60s #%d %.2f", class_name(view, t->class_index), t->id, t->score);
    return (struct view_box){.x1 = t->x1,
                             .y1 = t->y1,
                             .x2 = t->x2,
                             .y2 = t->y2,
                             .colour = colour_of_class(t->class_index),
                             .faded = t->box < 0};
}

static void add_boxes(struct live_view *view)
{
    const struct live_snapshot *shot = &view->shot;
    struct view_box            *boxes = shot->count ? mem_alloc_zeroed(shot->count, sizeof *boxes) : NULL;
    char(*labels)[LABEL] = boxes ? mem_alloc_zeroed(shot->count, sizeof *labels) : NULL;

    for (size_t i = 0; labels && i < shot->count; i++) {
        boxes[i] = shot->tracks ? box_of_track(view, &shot->tracks[i], labels[i])
                                : box_of_detection(view, &shot->detections[i], labels[i]);
        boxes[i].label = view->look.labels ? labels[i] : NULL;
    }
    if (labels)
        boxes_add(&view->ui, &view->canvas, boxes, shot->count);
    mem_free(boxes);
    mem_free(labels);
}

/* ---- numbers -------------------------------------------------------------------------------------- */

static void add_numbers(struct live_view *view)
{
    const struct live_stats *stats = &view->shot.stats;
    struct ui               *ui = &view->ui;
    const struct colour      white = {255, 255, 255, 255};
    char                     lines[5][96];
    const float              row = ui_points(ui, 17), pad = ui_points(ui, 8);
    float                    wide = 0;
    int                      count = 4;

    snprintf(lines[0], sizeof lines[0], "%.1f fps, net %.1f fps, %s", stats->fps, stats->net_fps,
             view->options.precision);
    snprintf(lines[1], sizeof lines[1], "latency %.0f ms", stats->latency_ms);
    snprintf(lines[2], sizeof lines[2], "prepare %.1f, net %.1f, after %.1f ms", stats->timing.pre,
             stats->timing.net, stats->timing.post);
    snprintf(lines[3], sizeof lines[3], "%lld frames, %lld dropped", stats->frames, stats->dropped);
    if (view->times.answers)
        snprintf(lines[count++], sizeof lines[0], "input to screen %.1f ms (99 %%: %.1f)",
                 view_times_answer(&view->times, 0.5), view_times_answer(&view->times, 0.99));
    for (int i = 0; i < count; i++)
        wide = fmaxf(wide, ceilf(ui_text_width(ui, lines[i], POINT_SMALL)));
    struct rect rect = {view->stage.x + pad, view->stage.y + pad, wide + 2 * pad,
                        (float)count * row + 2 * pad};
    paint_rect(ui->list, rect, (struct colour){0, 0, 0, 170}, ui_points(ui, POINT_RADIUS));
    rect = rect_inset(rect, pad);
    for (int i = 0; i < count; i++)
        ui_text(ui, rect_cut_top(&rect, row), lines[i], POINT_SMALL, white, ALIGN_LEFT);
}

/* "REC 1:05", for as long as it has been recorded. */
static void add_recording(struct live_view *view)
{
    const struct colour red = {230, 40, 40, 255}, white = {255, 255, 255, 255};
    struct ui          *ui = &view->ui;
    const float         side = ui_points(ui, 10), pad = ui_points(ui, 8);
    const int           seconds = (int)fmin(fmax(view->shot.recorded, 0), 1e6);
    char                text[32];

    snprintf(text, sizeof text, "REC %d:%02d", seconds / 60, seconds % 60);
    const float wide = ceilf(ui_text_width(ui, text, POINT_SMALL)) + side + ui_points(ui, 5) + 2 * pad;
    struct rect rect = {view->stage.x + view->stage.width - wide - pad, view->stage.y + pad, wide,
                        ui_points(ui, 26)};
    paint_rect(ui->list, rect, (struct colour){0, 0, 0, 170}, ui_points(ui, 13));
    rect_cut_left(&rect, pad);
    paint_rect(ui->list, rect_centred(rect_cut_left(&rect, side), side, side), red, side / 2);
    rect_cut_left(&rect, ui_points(ui, 5));
    ui_text(ui, rect, text, POINT_SMALL, white, ALIGN_LEFT);
}

/* ---- all ------------------------------------------------------------------------------------------ */

static const char *state_text(const struct live_view *view, char *space, size_t size)
{
    const struct live_snapshot *shot = &view->shot;

    switch (shot->state) {
    case LIVE_OPENING: /* a film that begins again is no news */
        return shot->frame && !shot->stats.reconnects ? NULL : "Opening\xe2\x80\xa6";
    case LIVE_WAITING:
    case LIVE_FAILED:
        snprintf(space, size, "%s: %s", view->options.source, shot->why);
        return space;
    case LIVE_ENDED:
        return "The source has ended.";
    case LIVE_PAUSED:
        return shot->frame ? NULL : "Paused";
    case LIVE_RUNNING:
        break;
    }
    return shot->frame ? NULL : "Waiting for the first frame\xe2\x80\xa6";
}

/* What there is to say of the source, over the frame or in its place. */
static void add_state(struct live_view *view)
{
    struct ui  *ui = &view->ui;
    char        space[LIVE_WHY + 256];
    const char *text = state_text(view, space, sizeof space);
    const bool  bad = view->shot.state == LIVE_FAILED || view->shot.state == LIVE_WAITING;

    if (!text)
        return;
    const float side = ui_points(ui, 12), wide = fminf(view->stage.width - 2 * side, ui_points(ui, 520));
    const float line = fminf(wide - 2 * side, ceilf(ui_text_width(ui, text, POINT_TEXT)) + 1);
    const float high =
        ui_paragraph(ui, (struct rect){0, 0, line, 0}, text, POINT_TEXT, ui->theme->text, false);
    struct rect rect = view->shot.frame
                           ? (struct rect){view->stage.x + floorf((view->stage.width - line) / 2) - side,
                                           view->stage.y + view->stage.height - high - 3 * side,
                                           line + 2 * side, high + 2 * side}
                           : rect_centred(view->stage, line + 2 * side, high + 2 * side);
    paint_rect(ui->list, rect, ui->theme->panel, ui_points(ui, POINT_RADIUS));
    paint_frame(ui->list, rect, bad ? ui->theme->bad : ui->theme->line, ui_points(ui, POINT_RADIUS),
                fmaxf(1, ui_points(ui, 1)));
    ui_paragraph(ui, rect_inset(rect, side), text, POINT_TEXT, bad ? ui->theme->bad : ui->theme->text, true);
}

static void add_frame(struct live_view *view)
{
    const struct bsr_image *frame = view->shot.frame;
    struct rect             from, to;

    canvas_place(&view->canvas, view->stage, frame->width, frame->height);
    if (canvas_visible(&view->canvas, &from, &to))
        live_view_paint_moving(view, frame, FRAME_PICTURE, (unsigned long long)view->shot.frame_number + 1,
                               &view->frame_shown, from, to, !canvas_shows_pixels(&view->canvas));
}

void live_view_stage_add(struct live_view *view, struct rect area)
{
    struct ui *ui = &view->ui;
    bool       clicked = false;

    view->stage = area;
    paint_rect(ui->list, area, ui->theme->stage, 0);
    ui_clip(ui, area);
    if (view->shot.frame) {
        add_frame(view);
        live_view_shapes_add(view); /* below the labels, which are to be read */
        if (view->look.boxes)
            add_boxes(view);
        if (view->lens_on && view->lens)
            live_view_lens_add(view);
        canvas_touch(ui, &view->canvas, &clicked); /* takes what those on the frame have left */
    }
    add_state(view);
    if (view->numbers && view->shot.frame)
        add_numbers(view);
    if (view->shot.recording)
        add_recording(view);
    ui_unclip(ui);
}
