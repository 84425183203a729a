#include "app/window/live_view.h"

#include "app/window/live_view_parts.h"
#include "app/window/ui_text.h"
#include "app/window/widget_bar.h"
#include "app/window/widget_button.h"
#include "app/window/widget_tooltip.h"
#include "base/alloc.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void take_shapes(struct live_view *view, const struct count_shape *shapes, int count)
{
    for (int i = 0; i < count && i < LIVE_VIEW_SHAPES; i++) {
        struct live_view_shape *shape = &view->shapes.items[view->shapes.count++];
        for (int p = 0; p < shapes[i].count && p < LIVE_VIEW_POINTS; p++)
            shape->points[shape->count++] = shapes[i].points[p];
    }
}

void live_view_start(struct live_view *view, const struct live_view_options *options)
{
    *view = (struct live_view){.options = *options,
                               .look = options->look,
                               .numbers = !options->hide_numbers,
                               .held_shape = -1,
                               .lens_frame = -1};
    take_shapes(view, options->shapes, options->shape_count);
}

void live_view_stop(struct live_view *view)
{
    lens_close(view->lens);
    image_free(&view->lens_picture.image);
    paint_free(&view->list);
    bytes_free(&view->command);
    *view = (struct live_view){.held_shape = -1};
}

void live_view_say(struct live_view *view, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    notice_say(&view->ui, &view->notice, format, arguments);
    va_end(arguments);
}

void live_view_say_error(struct live_view *view, const struct bsr_error *err)
{
    notice_say_error(&view->ui, &view->notice, err);
}

void live_view_set_thresholds(struct live_view *view)
{
    live_set_thresholds(view->options.live, view->confidence, view->iou);
    ui_again(&view->ui, 0);
}

/* ---- the command line ---------------------------------------------------------------------------- */

static void append_shape(struct bytes *out, const struct live_view_shape *shape)
{
    bytes_append_format(out, shape->count == 2 ? " --count-line " : " --zone ");
    for (int i = 0; i < shape->count; i++)
        bytes_append_format(out, "%s%.0f,%.0f", i ? "," : "", shape->points[i].x, shape->points[i].y);
}

static void write_command(struct live_view *view)
{
    struct bytes *out = &view->command;

    bytes_clear(out);
    bytes_append_format(out, "%s --conf %.2f --iou %.2f", view->options.command, view->confidence, view->iou);
    for (int i = 0; i < view->shapes.count; i++)
        append_shape(out, &view->shapes.items[i]);
}

/* ---- bars ---------------------------------------------------------------------------------------- */

static void add_button(struct live_view *view, struct rect *rest, bool right, enum live_view_action action,
                       const char *label, enum icon icon, bool on)
{
    struct ui    *ui = &view->ui;
    char          tip[128], name[32];
    struct button button = {.name = name,
                            .label = label,
                            .icon = icon,
                            .flat = true,
                            .on = on,
                            .tip = live_view_tip(action, tip)};

    snprintf(name, sizeof name, "live %d", (int)action);
    const struct rect place = bar_place(ui, rest, button_width(ui, &button), right);
    if (place.width >= button_width(ui, &button) && button_add(ui, place, &button))
        live_view_do(view, action);
}

static void add_bar(struct live_view *view, struct rect area)
{
    struct ui  *ui = &view->ui;
    struct rect rest = bar_begin_top(ui, area);

    rect_cut_left(&rest, ui_points(ui, 8));
    rect_cut_right(&rest, ui_points(ui, 4));
    add_button(view, &rest, true, LIVE_VIEW_KEYS, NULL, ICON_HELP, false);
    add_button(view, &rest, true, LIVE_VIEW_PANEL, NULL, ICON_PANEL, false);
    add_button(view, &rest, true, LIVE_VIEW_THEME, NULL, ICON_THEME, false);
    add_button(view, &rest, false, LIVE_VIEW_PAUSE, view->paused ? "Go on" : "Pause", ICON_NONE,
               view->paused);
    add_button(view, &rest, false, LIVE_VIEW_STEP, "Step", ICON_NONE, false);
    add_button(view, &rest, false, LIVE_VIEW_SAVE, "Save", ICON_SAVE, false);
    add_button(view, &rest, false, LIVE_VIEW_RECORD, "Record", ICON_NONE, view->shot.recording);
    add_button(view, &rest, false, LIVE_VIEW_LINE, "Line", ICON_NONE, view->tool == TOOL_LINE);
    add_button(view, &rest, false, LIVE_VIEW_ZONE, "Zone", ICON_NONE, view->tool == TOOL_ZONE);
    add_button(view, &rest, false, LIVE_VIEW_LENS, "Lens", ICON_NONE, view->lens_on);
    if (rest.width > ui_points(ui, 80))
        ui_text_cut(ui, rest, view->options.source, POINT_TEXT, ui->theme->text, ALIGN_CENTRE, CUT_START);
}

static void add_status(struct live_view *view, struct rect area)
{
    struct ui  *ui = &view->ui;
    struct rect rest = bar_begin_bottom(ui, area);
    char        tip[128], zoom[32];

    rect_cut_left(&rest, ui_points(ui, 4));
    rect_cut_right(&rest, ui_points(ui, 12));
    if (view->shot.frame && view->canvas.zoom > 0) {
        snprintf(zoom, sizeof zoom, "%.0f %%", 100 * view->canvas.zoom);
        ui_text(ui, rect_cut_right(&rest, ui_points(ui, 56)), zoom, POINT_SMALL, ui->theme->quiet,
                ALIGN_RIGHT);
    }
    if (bar_command_add(ui, rest, bytes_text(&view->command), live_view_tip(LIVE_VIEW_COPY, tip)))
        live_view_do(view, LIVE_VIEW_COPY);
}

/* Says what has become of a recording. */
static void follow_recording(struct live_view *view)
{
    const struct live_snapshot *shot = &view->shot;
    const bool                  failed = strcmp(view->record_why, shot->record_why) != 0;

    if (failed && shot->record_why[0]) {
        struct bsr_error err;
        bsr_fail(&err, BSR_EIO, "recording", "%s", shot->record_why);
        live_view_say_error(view, &err);
    }
    if (view->recording && !shot->recording && !failed)
        live_view_say(view, "recorded: %s", view->record_path);
    view->recording = shot->recording;
    memcpy(view->record_path, shot->record_path, sizeof view->record_path);
    memcpy(view->record_why, shot->record_why, sizeof view->record_why);
}

/* ---- a pass --------------------------------------------------------------------------------------- */

void live_view_pass(struct live_view *view, const struct event *event, int width, int height, float scale,
                    double now_ms)
{
    struct ui *ui = &view->ui;

    view->wishes = (struct view_wishes){0};
    view->shot = live_snapshot(view->options.live);
    view->confidence = view->shot.confidence;
    view->iou = view->shot.iou;
    write_command(view);
    paint_clear(&view->list);
    ui->theme = theme_of(view->look.theme);
    ui->scale = scale;
    ui->list = &view->list;
    ui_begin(ui, event, width, height, now_ms);
    follow_recording(view);
    if (event->kind == EVENT_QUIT || (view->options.ends && view->shot.state == LIVE_ENDED))
        view->wishes.quit = true;

    struct rect rest = ui->window, bar = rect_cut_top(&rest, ui_points(ui, POINT_BAR)),
                status = rect_cut_bottom(&rest, ui_points(ui, POINT_STATUS)), panel = {0};
    if (view->look.panel && rest.width > ui_points(ui, 480))
        panel = rect_cut_right(&rest, ui_points(ui, POINT_PANEL));
    live_view_stage_add(view, rest);
    add_bar(view, bar);
    add_status(view, status);
    if (panel.width > 0)
        live_view_panel_add(view, panel);
    if (view->keys_shown)
        live_view_keys_add(view);
    live_view_keys_act(view);
    notice_add(ui, &view->notice, view->stage);
    tooltip_add(ui);
    ui_end(ui);
    live_release(view->options.live, &view->shot);
}
