/* Below a video: its buttons, its time line, and where in it the frame is. */
#include "app/window/ui_text.h"
#include "app/window/view_parts.h"
#include "app/window/widget_button.h"
#include "app/window/widget_timeline.h"

#include <stdio.h>

static void add_button(struct view *view, struct rect *rest, enum action action, enum icon icon)
{
    struct ui    *ui = &view->ui;
    char          tip[128], name[32];
    struct button button = {.name = name, .icon = icon, .flat = true, .tip = action_tip(action, tip)};
    struct rect   place = rect_cut_left(rest, button_width(ui, &button));

    snprintf(name, sizeof name, "video %d", (int)action);
    if (button_add(ui, rect_centred(place, place.width, ui_points(ui, POINT_ROW + 2)), &button))
        action_do(view, action);
    rect_cut_left(rest, ui_points(ui, 2));
}

/* "0:08.00 / 0:30.16" and, where it is exact, "frame 100". */
static void add_place(struct view *view, struct rect *rest)
{
    const struct viewer_video *video = &view->shot.video;
    struct ui                 *ui = &view->ui;
    char                       time[TIMELINE_TEXT], all[TIMELINE_TEXT], text[96], number[48] = "";
    float                      gap = ui_points(ui, 10);

    timeline_write(time, video->time);
    timeline_write(all, video->duration);
    snprintf(text, sizeof text, video->duration > 0 ? "%s / %s" : "%s", time, all);
    if (video->steady)
        snprintf(number, sizeof number, "frame %lld", video->number);
    float wide = ceilf(ui_text_width(ui, text, POINT_SMALL)),
          more = ceilf(ui_text_width(ui, "frame 000000", POINT_SMALL));
    if (*number && rest->width > wide + more + ui_points(ui, 160)) {
        ui_text(ui, rect_cut_right(rest, more), number, POINT_SMALL, ui->theme->quiet, ALIGN_RIGHT);
        rect_cut_right(rest, gap);
    }
    ui_text(ui, rect_cut_right(rest, wide), text, POINT_SMALL, ui->theme->text, ALIGN_RIGHT);
    rect_cut_right(rest, gap);
}

void view_timeline_add(struct view *view, struct rect area)
{
    const struct viewer_video *video = &view->shot.video;
    struct ui                 *ui = &view->ui;
    double                     time = video->time;

    paint_rect(ui->list, area, ui->theme->panel, 0);
    paint_rect(ui->list, rect_cut_top(&area, fmaxf(1, ui_points(ui, 1))), ui->theme->line, 0);
    rect_cut_left(&area, ui_points(ui, 4));
    rect_cut_right(&area, ui_points(ui, 12));
    add_button(view, &area, ACTION_STEP_BACK, ICON_STEP_BACK);
    add_button(view, &area, ACTION_PLAY, video->playing ? ICON_PAUSE : ICON_PLAY);
    add_button(view, &area, ACTION_STEP, ICON_STEP);
    rect_cut_left(&area, ui_points(ui, 4));
    add_place(view, &area);
    if (video->seeking && view->sought >= 0)
        time = view->sought; /* where it will be */
    else
        view->sought = -1;
    if (area.width > ui_points(ui, 40) &&
        timeline_add(ui, area, "time line", video->duration, &time, "drag to another place"))
        view_seek(view, time);
}

bool view_has_timeline(const struct view *view)
{
    return view->shot.video.there && view->shot.picture;
}

void view_seek(struct view *view, double time)
{
    view->sought = fmax(time, 0);
    if (view->shot.video.duration > 0)
        view->sought = fmin(view->sought, view->shot.video.duration);
    viewer_seek(view->viewer, view->sought);
    ui_again(&view->ui, 0);
}

void view_seek_by(struct view *view, double seconds)
{
    const struct viewer_video *video = &view->shot.video;
    bool                       on_its_way = video->seeking && view->sought >= 0;

    if (video->there)
        view_seek(view, (on_its_way ? view->sought : video->time) + seconds);
}

void view_follow_frame(struct view *view)
{
    const struct viewer_snapshot *shot = &view->shot;

    if (shot->video.there && view->frame_id != shot->video.frame_id && view->pictures.change)
        view->pictures.change(view->pictures.context, shot->picture_id);
    view->frame_id = shot->video.frame_id;
}
