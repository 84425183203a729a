/* What lies over the window: dialogues' plate, the keys, how fast it is. */
#include "app/window/ui_text.h"
#include "app/window/view_parts.h"
#include "app/window/widget_dialogue.h"
#include "app/window/widget_keycaps.h"
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
    char        tip[128];
    bool        close = false;
    struct rect inner =
        dialogue_begin(&view->ui, title, width, height, action_tip(ACTION_CLOSE, tip), &close);

    if (close)
        view_close_dialogue(view);
    return inner;
}

void view_dialogue_end(struct view *view)
{
    if (ui_take_key(&view->ui, "escape"))
        view_close_dialogue(view);
}

/* ---- the keys --------------------------------------------------------------------------------------- */

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
        keycaps_add(ui, (struct rect){area.x + (wide + gap) * (float)column, y[column], wide, row},
                    action_rows[i].keys, sizeof action_rows[i].keys / sizeof *action_rows[i].keys,
                    action_rows[i].help);
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

/* ---- how fast it is --------------------------------------------------------------------------------- */

void view_debug_add(struct view *view)
{
    const struct view_times      *times = &view->times;
    const struct viewer_snapshot *shot = &view->shot;
    struct ui                    *ui = &view->ui;
    struct rect rect = {view->stage.x + ui_points(ui, 10), view->stage.y + ui_points(ui, 40),
                        ui_points(ui, 300), ui_points(ui, 108)};
    char        lines[5][128];

    snprintf(lines[0], sizeof lines[0], "frames %zu, passes' lists %zu items", times->count,
             view->list.count);
    snprintf(lines[1], sizeof lines[1], "build %.1f ms (99 %%: %.1f)", view_times_build(times, 0.5),
             view_times_build(times, 0.99));
    snprintf(lines[2], sizeof lines[2], "input to screen %.1f ms (99 %%: %.1f)",
             view_times_answer(times, 0.5), view_times_answer(times, 0.99));
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
