/* The panel at the right: thresholds, what is in the frame, what was counted. */
#include "app/window/live_view_parts.h"
#include "app/window/ui_text.h"
#include "app/window/widget_button.h"
#include "app/window/widget_legend.h"
#include "app/window/widget_panel.h"
#include "app/window/widget_toggle.h"
#include "base/alloc.h"

#include <stdio.h>

static void add_thresholds(struct live_view *view, struct rect *rest)
{
    static const struct slider confidence = {.name = "live conf",
                                             .label = "Confidence",
                                             .most = 1,
                                             .step = 0.01,
                                             .usual = 0.25,
                                             .decimals = 2,
                                             .tip = "least score of an object (--conf)"};
    static const struct slider overlap = {.name = "live iou",
                                          .label = "Overlap",
                                          .most = 1,
                                          .step = 0.01,
                                          .usual = 0.45,
                                          .decimals = 2,
                                          .tip = "boxes that overlap more are one object (--iou)"};
    struct ui                 *ui = &view->ui;
    char                       tip[128];

    panel_heading(ui, rest, "Detection");
    bool changed = slider_add(ui, rect_cut_top(rest, ui_points(ui, POINT_SLIDER)), &confidence,
                              &view->sliding, &view->confidence, NULL);
    changed = slider_add(ui, rect_cut_top(rest, ui_points(ui, POINT_SLIDER)), &overlap, &view->sliding,
                         &view->iou, NULL) ||
              changed;
    if (changed)
        live_view_set_thresholds(view);
    toggle_add(ui, rect_cut_top(rest, ui_points(ui, POINT_ROW)), "Boxes", live_view_tip(LIVE_VIEW_BOXES, tip),
               &view->look.boxes);
    toggle_add(ui, rect_cut_top(rest, ui_points(ui, POINT_ROW)), "Labels",
               live_view_tip(LIVE_VIEW_LABELS, tip), &view->look.labels);
    toggle_add(ui, rect_cut_top(rest, ui_points(ui, POINT_ROW)), "Numbers",
               live_view_tip(LIVE_VIEW_NUMBERS, tip), &view->numbers);
}

/* ---- the frame ------------------------------------------------------------------------------------ */

static int class_of(const struct live_snapshot *shot, size_t i)
{
    if (!shot->tracks)
        return shot->detections[i].class_index;
    return shot->tracks[i].box < 0 ? -1 : shot->tracks[i].class_index;
}

static void add_legend(struct live_view *view, struct rect *rest)
{
    const struct live_snapshot *shot = &view->shot;
    struct ui                  *ui = &view->ui;
    int *counts = shot->class_count > 0 ? mem_alloc_zeroed((size_t)shot->class_count, sizeof *counts) : NULL;

    panel_heading(ui, rest, "In this frame");
    for (size_t i = 0; counts && i < shot->count; i++) {
        const int class_index = class_of(shot, i);
        if (class_index >= 0 && class_index < shot->class_count)
            counts[class_index]++;
    }
    for (int c = 0; counts && c < shot->class_count; c++) {
        const struct legend_row row = {shot->class_names[c], counts[c], colour_of_class(c), false};
        if (counts[c])
            legend_add(ui, rect_cut_top(rest, ui_points(ui, 24)), (size_t)c, &row);
    }
    mem_free(counts);
}

/* ---- counts --------------------------------------------------------------------------------------- */

static void add_counts(struct live_view *view, struct rect *rest, int index)
{
    const struct live_snapshot *shot = &view->shot;
    const bool                  line = view->shapes.items[index].count == 2;
    struct count_row           *rows = NULL;
    size_t                      count = 0;
    struct bsr_error            err;

    if (live_counts(view->options.live, index, &rows, &count, &err) != BSR_OK)
        return; /* a shape that the next frame will know */
    for (size_t r = 0; r < count; r++) {
        char text[80];
        if (line)
            snprintf(text, sizeof text, "%lld there, %lld back", rows[r].there, rows[r].back);
        else
            snprintf(text, sizeof text, "%d inside, %lld in, %lld out", rows[r].inside, rows[r].there,
                     rows[r].back);
        const int class_index = rows[r].class_index;
        panel_row(&view->ui, rest,
                  class_index >= 0 && class_index < shot->class_count ? shot->class_names[class_index] : "?",
                  text);
    }
    mem_free(rows);
}

static void add_shapes(struct live_view *view, struct rect *rest)
{
    struct ui *ui = &view->ui;
    int        removed = -1;

    if (!view->shapes.count)
        return;
    panel_heading(ui, rest, "Counted");
    for (int i = 0; i < view->shapes.count; i++) {
        struct rect row = rect_cut_top(rest, ui_points(ui, 26)),
                    cross = rect_cut_right(&row, ui_points(ui, 26));
        char text[32], name[32];
        snprintf(text, sizeof text, "%s %d", view->shapes.items[i].count == 2 ? "Line" : "Zone", i + 1);
        snprintf(name, sizeof name, "remove shape %d", i);
        struct rect dot = rect_cut_left(&row, ui_points(ui, 18));
        paint_rect(ui->list, rect_centred(dot, ui_points(ui, 10), ui_points(ui, 10)),
                   live_view_shape_colour(i), ui_points(ui, 5));
        ui_text(ui, row, text, POINT_TEXT, ui->theme->text, ALIGN_LEFT);
        if (button_add(
                ui, cross,
                &(struct button){.name = name, .icon = ICON_CROSS, .flat = true, .tip = "take it away"}))
            removed = i;
        add_counts(view, rest, i);
    }
    if (removed >= 0)
        live_view_remove_shape(view, removed);
}

/* ---- the source ----------------------------------------------------------------------------------- */

static void add_source(struct live_view *view, struct rect *rest)
{
    const struct live_snapshot *shot = &view->shot;
    struct ui                  *ui = &view->ui;
    char                        text[64];

    panel_heading(ui, rest, "Source");
    if (shot->frame) {
        snprintf(text, sizeof text, "%d \xc3\x97 %d", shot->frame->width, shot->frame->height);
        panel_row(ui, rest, "frame", text);
        snprintf(text, sizeof text, "%.2f s", shot->frame_time);
        panel_row(ui, rest, "time", text);
    }
    if (shot->stats.frames) {
        snprintf(text, sizeof text, "%lld of %lld frames", shot->stats.dropped, shot->stats.frames);
        panel_row(ui, rest, "dropped", text);
    }
    if (shot->stats.damaged) {
        snprintf(text, sizeof text, "%lld frames", shot->stats.damaged);
        panel_row(ui, rest, "damaged", text);
    }
    if (shot->stats.reconnects) {
        snprintf(text, sizeof text, "%lld times", shot->stats.reconnects);
        panel_row(ui, rest, "opened again", text);
    }
}

void live_view_panel_add(struct live_view *view, struct rect area)
{
    struct rect rest = panel_begin(&view->ui, area, "live panel", &view->panel_scroll);

    add_thresholds(view, &rest);
    add_shapes(view, &rest);
    if (view->shot.frame)
        add_legend(view, &rest);
    if (view->shot.frame || view->shot.stats.reconnects)
        add_source(view, &rest);
    panel_end(&view->ui, rest, &view->panel_scroll);
}
