/* What lies over the window: dialogues' plate, the keys, notices, how fast it is. */
#include "app/window/ui_text.h"
#include "app/window/view_parts.h"
#include "app/window/widget_button.h"
#include "app/window/widget_scroll.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void view_close_dialogue(struct view *view)
{
    view->dialogue = DIALOGUE_NONE;
    ui_again(&view->ui, 0);
}

struct rect view_dialogue_begin(struct view *view, const char *title, float width, float height)
{
    struct ui  *ui = &view->ui;
    float       margin = ui_points(ui, 12), pad = ui_points(ui, 16);
    struct rect all = ui->window;
    struct rect plate = rect_centred(all, fminf(ui_points(ui, width), all.width - 2 * margin),
                                     fminf(ui_points(ui, height), all.height - 2 * margin));
    char        tip[128];

    ui_set_layer(ui, LAYER_DIALOGUE);
    ui_cover(ui, all);
    paint_clip(ui->list, all);
    paint_rect(ui->list, all, ui->theme->shade, 0);
    paint_rect(ui->list, plate, ui->theme->panel, ui_points(ui, 10));
    paint_frame(ui->list, plate, ui->theme->line, ui_points(ui, 10), fmaxf(1, ui_points(ui, 1)));
    struct rect inner = rect_inset(plate, pad), head = rect_cut_top(&inner, ui_points(ui, 28));
    struct rect cross = rect_cut_right(&head, ui_points(ui, 28));
    ui_text(ui, head, title, POINT_LARGE, ui->theme->text, ALIGN_LEFT);
    rect_cut_top(&inner, ui_points(ui, 8));
    struct button close = {
        .name = "close", .icon = ICON_CROSS, .flat = true, .tip = action_tip(ACTION_CLOSE, tip)};
    bool outside = ui->event.kind == EVENT_PRESS && !rect_has(plate, ui->x, ui->y);
    if (button_add(ui, cross, &close) || outside) {
        ui->taken = true;
        view_close_dialogue(view);
    }
    return inner;
}

void view_dialogue_end(struct view *view)
{
    if (ui_take_key(&view->ui, "escape"))
        view_close_dialogue(view);
}

/* ---- the keys
 * ---------------------------------------------------------------------------------------------- */

static void add_key_row(struct view *view, struct rect row, const struct action_row *what)
{
    struct ui *ui = &view->ui;
    float      gap = ui_points(ui, 4), x = row.x;

    for (size_t k = 0; k < sizeof what->keys / sizeof *what->keys && what->keys[k]; k++) {
        float       wide = ceilf(ui_text_width(ui, what->keys[k], POINT_SMALL)) + ui_points(ui, 12);
        struct rect cap = rect_centred((struct rect){x, row.y, wide, row.height}, wide, ui_points(ui, 20));
        paint_rect(ui->list, cap, ui->theme->raised, ui_points(ui, 4));
        paint_frame(ui->list, cap, ui->theme->edge, ui_points(ui, 4), fmaxf(1, ui_points(ui, 1)));
        ui_text(ui, cap, what->keys[k], POINT_SMALL, ui->theme->text, ALIGN_CENTRE);
        x += wide + gap;
    }
    float taken = fmaxf(ui_points(ui, 140), x - row.x + gap);
    rect_cut_left(&row, taken);
    ui_text(ui, row, what->help, POINT_TEXT, ui->theme->text, ALIGN_LEFT);
}

/* The height of all rows, in columns; painted where `paint`. */
static float add_columns(struct view *view, struct rect area, int columns)
{
    struct ui  *ui = &view->ui;
    float       gap = ui_points(ui, 24), wide = (area.width - gap * (float)(columns - 1)) / (float)columns;
    float       row = ui_points(ui, 26), y[3] = {area.y, area.y, area.y};
    const char *title = "";
    int         column = 0;

    for (int i = 0; i < ACTION_COUNT; i++) {
        if (strcmp(action_rows[i].title, title) != 0) {
            title = action_rows[i].title;
            for (int c = 0; c < columns; c++) /* each group goes where there is most room */
                if (y[c] < y[column])
                    column = c;
            y[column] += y[column] > area.y ? ui_points(ui, 12) : 0;
            struct rect head = {area.x + (wide + gap) * (float)column, y[column], wide, ui_points(ui, 22)};
            ui_text(ui, head, title, POINT_SMALL, ui->theme->accent, ALIGN_LEFT);
            y[column] += head.height;
        }
        add_key_row(view, (struct rect){area.x + (wide + gap) * (float)column, y[column], wide, row},
                    &action_rows[i]);
        y[column] += row;
    }
    return fmaxf(y[0], fmaxf(y[1], y[2])) - area.y;
}

void view_keys_add(struct view *view)
{
    struct ui  *ui = &view->ui;
    struct rect area = view_dialogue_begin(view, "Keys", 880, 660);
    int         columns = area.width > ui_points(ui, 700) ? 2 : 1;
    float       length = fmaxf(1, view->keys_scroll.length);
    struct rect inside = scroll_begin(ui, area, "keys", length, false, &view->keys_scroll);

    float taken = add_columns(view, inside, columns);
    scroll_end(ui);
    if (taken != length)
        ui_again(ui, 0);
    view->keys_scroll.length = taken;
    view_dialogue_end(view);
}

/* ---- notices
 * ------------------------------------------------------------------------------------------------ */

void view_notice_add(struct view *view)
{
    struct ui *ui = &view->ui;
    double     left = view->notice_until_ms - ui->now_ms;

    if (!view->notice[0] || left <= 0)
        return;
    float       side = ui_points(ui, 12), most = ui->window.width - ui_points(ui, 32);
    float       wide = fminf(ceilf(ui_text_width(ui, view->notice, POINT_TEXT)) + 2 * side, most);
    struct rect rect = {floorf((ui->window.width - wide) / 2),
                        ui->window.height - ui_points(ui, POINT_STATUS + 48), wide, ui_points(ui, 34)};
    paint_rect(ui->list, rect, view->notice_bad ? ui->theme->panel : ui->theme->text, ui_points(ui, 17));
    if (view->notice_bad)
        paint_frame(ui->list, rect, ui->theme->bad, ui_points(ui, 17), fmaxf(1, ui_points(ui, 1)));
    rect_cut_left(&rect, side);
    rect_cut_right(&rect, side);
    ui_text(ui, rect, view->notice, POINT_TEXT, view->notice_bad ? ui->theme->bad : ui->theme->panel,
            ALIGN_CENTRE);
    ui_again(ui, left);
}

/* ---- how fast it is
 * ------------------------------------------------------------------------------------------- */

static int by_size(const void *a, const void *b)
{
    float one = *(const float *)a, other = *(const float *)b;
    return (one > other) - (one < other);
}

static float percentile(const float *values, size_t count, double part)
{
    float sorted[VIEW_FRAMES];
    if (!count)
        return 0;
    memcpy(sorted, values, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, by_size);
    return sorted[(size_t)((double)(count - 1) * part)];
}

void view_debug_add(struct view *view)
{
    const struct view_times      *times = &view->times;
    const struct viewer_snapshot *shot = &view->shot;
    struct ui                    *ui = &view->ui;
    size_t                        count = times->count < VIEW_FRAMES ? times->count : VIEW_FRAMES;
    struct rect rect = {view->stage.x + ui_points(ui, 10), view->stage.y + ui_points(ui, 40),
                        ui_points(ui, 300), ui_points(ui, 108)};
    size_t      answers = times->answers < VIEW_FRAMES ? times->answers : VIEW_FRAMES;
    char        lines[5][128];

    snprintf(lines[0], sizeof lines[0], "frames %zu, passes' lists %zu items", times->count,
             view->list.count);
    snprintf(lines[1], sizeof lines[1], "build %.1f ms (99 %%: %.1f)",
             (double)percentile(times->build, count, 0.5), (double)percentile(times->build, count, 0.99));
    snprintf(lines[2], sizeof lines[2], "input to screen %.1f ms (99 %%: %.1f)",
             (double)percentile(times->answer, answers, 0.5),
             (double)percentile(times->answer, answers, 0.99));
    snprintf(lines[3], sizeof lines[3], "decode %.1f, prepare %.1f, net %.1f, after %.1f ms",
             shot->timing.decode, shot->timing.pre, shot->timing.net, shot->timing.post);
    snprintf(lines[4], sizeof lines[4], "suppression %.2f ms", shot->suppress_ms);
    paint_clip(ui->list, ui->window);
    paint_rect(ui->list, rect, (struct colour){0, 0, 0, 190}, ui_points(ui, POINT_RADIUS));
    rect = rect_inset(rect, ui_points(ui, 8));
    for (int i = 0; i < 5; i++)
        ui_text(ui, rect_cut_top(&rect, ui_points(ui, 18)), lines[i], POINT_SMALL,
                (struct colour){255, 255, 255, 255}, ALIGN_LEFT);
}
