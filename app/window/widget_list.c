#include "app/window/widget_list.h"

#include "app/window/icon.h"
#include "app/window/ui_text.h"

/* The next row from `at` on in steps of `by` that can be chosen; `at` where there is none. */
static size_t next_row(const struct list_row *rows, size_t count, size_t at, long by)
{
    long next = (long)at;
    for (long left = by < 0 ? -by : by, step = by < 0 ? -1 : 1; left > 0; left--) {
        long from = next;
        do
            from += step;
        while (from >= 0 && from < (long)count && rows[from].heading);
        if (from < 0 || from >= (long)count)
            break;
        next = from;
    }
    return (size_t)next;
}

static void move(struct ui *ui, const struct list_row *rows, size_t count, struct list_state *state)
{
    static const struct {
        const char *chord;
        long        by;
    } keys[] = {{"down", 1},    {"up", -1},         {"pagedown", 8},
                {"pageup", -8}, {"home", -1000000}, {"end", 1000000}};

    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (ui_take_key(ui, keys[i].chord)) {
            state->at = next_row(rows, count, state->at, keys[i].by);
            state->moved = true;
        }
}

static void add_row(struct ui *ui, struct rect rect, const struct list_row *row, bool at, bool hot)
{
    const struct theme *theme = ui->theme;
    struct rect         inner = rect_inset(rect, 0);

    if (row->heading) {
        rect_cut_left(&inner, ui_points(ui, 8));
        ui_text(ui, inner, row->text, POINT_SMALL, theme->quiet, ALIGN_LEFT);
        return;
    }
    if (at || hot)
        paint_rect(ui->list, rect, at ? theme->hover : theme->raised, ui_points(ui, POINT_RADIUS));
    rect_cut_left(&inner, ui_points(ui, 6));
    struct rect sign = rect_cut_left(&inner, ui_points(ui, 20));
    if (row->marked)
        icon_add(ui, ICON_CHECK, sign, theme->accent);
    rect_cut_left(&inner, ui_points(ui, 6));
    rect_cut_right(&inner, ui_points(ui, 8));
    if (row->note) {
        float width = fminf(ui_text_width(ui, row->note, POINT_SMALL), inner.width / 2);
        ui_text_cut(ui, rect_cut_right(&inner, ceilf(width)), row->note, POINT_SMALL, theme->quiet,
                    ALIGN_RIGHT, CUT_START);
        rect_cut_right(&inner, ui_points(ui, POINT_GAP));
    }
    ui_text(ui, inner, row->text, POINT_TEXT, theme->text, ALIGN_LEFT);
}

int list_add(struct ui *ui, struct rect area, const char *name, const struct list_row *rows, size_t count,
             bool keys, struct list_state *state)
{
    float height = ui_points(ui, POINT_ROW);
    int   chosen = LIST_NONE;

    if (!count)
        return LIST_NONE;
    if (state->at >= count)
        state->at = count - 1;
    if (rows[state->at].heading)
        state->at = next_row(rows, count, state->at, 1);
    if (keys)
        move(ui, rows, count, state);
    if (state->moved)
        scroll_show(&state->scroll, area.height, height * (float)state->at, height * (float)(state->at + 1));
    state->moved = false;
    struct rect inner = scroll_begin(ui, area, name, height * (float)count, false, &state->scroll);
    for (size_t i = 0; i < count; i++) {
        struct rect     rect = {inner.x, inner.y + height * (float)i, inner.width, height};
        struct ui_touch touch = {0};
        if (rect.y + rect.height < area.y || rect.y > area.y + area.height)
            continue;
        if (!rows[i].heading)
            touch = ui_touch(ui, ui_name(name, i + 2), rect);
        if (touch.clicked)
            chosen = (int)i;
        if (touch.hot)
            ui->shape = POINTER_HAND;
        add_row(ui, rect, &rows[i], keys && i == state->at, touch.hot);
    }
    scroll_end(ui);
    if (keys && !rows[state->at].heading && ui_take_key(ui, "return"))
        chosen = (int)state->at;
    return chosen;
}
