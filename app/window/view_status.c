/* The line at the bottom: the command that makes what is seen, the zoom, the time; above it the batch. */
#include "app/window/ui_text.h"
#include "app/window/view_parts.h"
#include "app/window/widget_bar.h"
#include "app/window/widget_button.h"
#include "app/window/widget_progress.h"

#include <stdio.h>
#include <string.h>

static bool add_text_button(struct view *view, struct rect *rest, const char *name, const char *text,
                            enum action action)
{
    struct ui      *ui = &view->ui;
    char            tip[128];
    float           wide = ceilf(ui_text_width(ui, text, POINT_SMALL)) + ui_points(ui, 12);
    struct rect     place = rect_cut_right(rest, wide);
    struct ui_touch touch = ui_touch(ui, ui_name(name, 0), place);

    if (touch.hot)
        paint_rect(ui->list, rect_inset(place, ui_points(ui, 3)), ui->theme->hover, ui_points(ui, 4));
    ui_text(ui, place, text, POINT_SMALL, ui->theme->quiet, ALIGN_CENTRE);
    ui_tip(ui, &touch, place, action_tip(action, tip));
    if (touch.hot)
        ui->shape = POINTER_HAND;
    if (touch.clicked)
        action_do(view, action);
    return touch.clicked;
}

static void say_time(const struct viewer_snapshot *shot, char *text, size_t size)
{
    if (shot->result_state == VIEWER_WORKING && !(shot->video.playing && shot->timing.net > 0))
        snprintf(text, size, "working\xe2\x80\xa6");
    else if (shot->result_state != VIEWER_NOTHING && shot->result_state != VIEWER_FAILED)
        snprintf(text, size, "net %.1f ms", shot->timing.net);
    else
        snprintf(text, size, "idle");
}

void view_status_add(struct view *view, struct rect area)
{
    struct ui  *ui = &view->ui;
    struct rect rest = bar_begin_bottom(ui, area);
    char        text[64], tip[128];

    rect_cut_left(&rest, ui_points(ui, 4));
    rect_cut_right(&rest, ui_points(ui, 4));
    add_text_button(view, &rest, "full", view->full ? "window" : "full screen", ACTION_FULL);
    say_time(&view->shot, text, sizeof text);
    add_text_button(view, &rest, "time", text, ACTION_DEBUG);
    if (view->shot.picture && view->canvas.zoom > 0) {
        snprintf(text, sizeof text, "%.0f %%", 100 * view->canvas.zoom);
        add_text_button(view, &rest, "zoom", text, view->canvas.fitted ? ACTION_ACTUAL : ACTION_FIT);
    }
    if (bar_command_add(ui, rest, bytes_text(&view->command), action_tip(ACTION_COPY_COMMAND, tip)))
        action_do(view, ACTION_COPY_COMMAND);
}

void view_batch_add(struct view *view, struct rect area)
{
    const struct viewer_snapshot *shot = &view->shot;
    struct ui                    *ui = &view->ui;
    bool                          working = shot->batch_state == VIEWER_WORKING;
    char                          text[1024], tip[128];

    area = bar_begin_bottom(ui, area);
    rect_cut_left(&area, ui_points(ui, 12));
    rect_cut_right(&area, ui_points(ui, 12));
    int used = snprintf(text, sizeof text, "%zu of %zu %s %s", shot->batch_done - shot->batch_failed,
                        shot->batch_count, working ? "written to" : "are in",
                        shot->batch_folder ? shot->batch_folder : "");
    if (shot->batch_failed && used > 0 && (size_t)used < sizeof text)
        snprintf(text + used, sizeof text - (size_t)used, "; %zu failed: %s", shot->batch_failed,
                 shot->batch_why ? shot->batch_why : "");
    else if (shot->batch_state == VIEWER_FAILED && shot->batch_why)
        snprintf(text, sizeof text, "%s", shot->batch_why);
    text[strcspn(text, "\n")] = '\0'; /* hints are options, for who types a command */
    if (working) {
        struct button stop = {.name = "stop", .label = "Stop", .tip = action_tip(ACTION_FOLDER, tip)};
        struct rect   place = rect_cut_right(&area, button_width(ui, &stop));
        if (button_add(ui, rect_centred(place, place.width, ui_points(ui, POINT_ROW)), &stop))
            action_do(view, ACTION_FOLDER);
        rect_cut_right(&area, ui_points(ui, 12));
        struct rect bar = rect_cut_right(&area, area.width / 3);
        progress_add(ui, rect_centred(bar, bar.width, ui_points(ui, 6)),
                     shot->batch_count ? (double)shot->batch_done / (double)shot->batch_count : -1);
        rect_cut_right(&area, ui_points(ui, 12));
    }
    ui_text(ui, area, text, POINT_TEXT, shot->batch_failed ? ui->theme->bad : ui->theme->text, ALIGN_LEFT);
}
