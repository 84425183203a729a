#include "app/window/widget_field.h"

#include "app/window/ui_text.h"
#include "app/window/widget_button.h"
#include "base/alloc.h"

#include <stdio.h>
#include <string.h>

void field_set(struct field *field, const char *text)
{
    *field = (struct field){0};
    field_insert(field, text);
    field->anchor = 0;
}

static size_t first_of(const struct field *field)
{
    return field->caret < field->anchor ? field->caret : field->anchor;
}

static size_t last_of(const struct field *field)
{
    return field->caret > field->anchor ? field->caret : field->anchor;
}

static void take_out(struct field *field)
{
    size_t first = first_of(field), last = last_of(field);
    memmove(field->text + first, field->text + last, strlen(field->text + last) + 1);
    field->caret = field->anchor = first;
}

bool field_insert(struct field *field, const char *text)
{
    char   clean[FIELD_SPACE];
    size_t count = 0;

    for (; *text && count + 1 < sizeof clean; text++)
        if ((unsigned char)*text >= ' ' && *text != 0x7F)
            clean[count++] = *text;
    size_t marked = last_of(field) - first_of(field), length = strlen(field->text);
    if (*text || length - marked + count >= sizeof field->text)
        return false;
    take_out(field);
    memmove(field->text + field->caret + count, field->text + field->caret,
            length - marked - field->caret + 1);
    memcpy(field->text + field->caret, clean, count);
    field->caret = field->anchor = field->caret + count;
    return true;
}

static size_t step_back(const struct field *field, size_t at)
{
    while (at > 0 && ((unsigned char)field->text[--at] & 0xC0) == 0x80)
        ;
    return at;
}

static size_t step_on(const struct field *field, size_t at)
{
    if (field->text[at])
        at++;
    while (((unsigned char)field->text[at] & 0xC0) == 0x80)
        at++;
    return at;
}

/* Left, right, home, end; with shift the anchor stays. */
static void move_caret(struct ui *ui, struct field *field)
{
    static const char *const keys[] = {"left", "right", "home", "end"};
    for (int i = 0; i < 8; i++) {
        char chord[16];
        snprintf(chord, sizeof chord, "%s%s", i < 4 ? "" : "shift+", keys[i % 4]);
        if (!ui_take_key(ui, chord))
            continue;
        bool marked = field->caret != field->anchor && i < 4;
        if (i % 4 == 0)
            field->caret = marked ? first_of(field) : step_back(field, field->caret);
        else if (i % 4 == 1)
            field->caret = marked ? last_of(field) : step_on(field, field->caret);
        else
            field->caret = i % 4 == 2 ? 0 : strlen(field->text);
        if (i < 4)
            field->anchor = field->caret;
    }
}

/* What takes something out: backspace, delete; whether it did. */
static bool erase(struct ui *ui, struct field *field)
{
    bool back = ui_take_key(ui, "backspace"), on = !back && ui_take_key(ui, "delete");
    if (!back && !on)
        return false;
    if (field->caret == field->anchor)
        field->caret = back ? step_back(field, field->caret) : step_on(field, field->caret);
    take_out(field);
    return true;
}

static void copy_marked(struct ui *ui, const struct field *field)
{
    char marked[FIELD_SPACE];
    snprintf(marked, sizeof marked, "%.*s", (int)(last_of(field) - first_of(field)),
             field->text + first_of(field));
    if (marked[0] && ui->clipboard.set)
        ui->clipboard.set(ui->clipboard.context, marked);
}

static bool use_clipboard(struct ui *ui, struct field *field)
{
    bool cut = ui_take_key(ui, "ctrl+x"), changed = false;
    if (cut || ui_take_key(ui, "ctrl+c"))
        copy_marked(ui, field);
    if (cut)
        take_out(field);
    if (ui_take_key(ui, "ctrl+v") && ui->clipboard.get) {
        char *text = ui->clipboard.get(ui->clipboard.context);
        changed = text && field_insert(field, text);
        mem_free(text);
    }
    return cut || changed;
}

static enum field_result edit(struct ui *ui, struct field *field)
{
    bool changed = false;

    if (ui_take_key(ui, "return") || ui_take_key(ui, "enter"))
        return FIELD_DONE;
    if (ui_take_key(ui, "escape"))
        return FIELD_LEFT;
    if (ui_take_key(ui, "ctrl+a")) {
        field->anchor = 0;
        field->caret = strlen(field->text);
    }
    move_caret(ui, field);
    changed = erase(ui, field) || use_clipboard(ui, field);
    if (ui->event.kind == EVENT_TEXT && !ui->taken) {
        ui->taken = true;
        changed = field_insert(field, ui->event.text);
    }
    /* Keys that type something come as text, too: nobody else is to have them. */
    if (ui->event.kind == EVENT_KEY && !(ui->event.modifiers & (MODIFIER_CTRL | MODIFIER_ALT)) &&
        strcmp(ui->event.text, "tab") != 0)
        ui->taken = true;
    return changed ? FIELD_CHANGED : FIELD_SAME;
}

static float width_before(const struct ui *ui, const struct field *field, size_t at)
{
    char before[FIELD_SPACE];
    snprintf(before, sizeof before, "%.*s", (int)at, field->text);
    return ui_text_width(ui, before, POINT_TEXT);
}

/* The place between characters that is nearest to `x` pixels of the text. */
static size_t place_at(const struct ui *ui, const struct field *field, float x)
{
    size_t at = 0;
    while (field->text[at]) {
        size_t next = step_on(field, at);
        if (x < (width_before(ui, field, at) + width_before(ui, field, next)) / 2)
            break;
        at = next;
    }
    return at;
}

static void paint_field(struct ui *ui, struct rect inner, const char *hint, bool keys, struct field *field)
{
    const struct theme *theme = ui->theme;
    float               caret = width_before(ui, field, field->caret);
    float               line = fmaxf(1, ui_points(ui, 1));

    field->shift = fminf(field->shift, caret);
    field->shift = fmaxf(field->shift, caret + 2 * line - inner.width);
    if (!keys)
        field->shift = 0;
    struct rect text = {inner.x - field->shift, inner.y, 1e6F, inner.height};
    ui_clip(ui, inner);
    if (keys && field->caret != field->anchor) {
        float from = width_before(ui, field, first_of(field)), to = width_before(ui, field, last_of(field));
        paint_rect(ui->list, (struct rect){text.x + from, inner.y + line, to - from, inner.height - 2 * line},
                   colour_faded(theme->accent, 0.35), 0);
    }
    if (*field->text)
        ui_text(ui, keys ? text : inner, field->text, POINT_TEXT, theme->text, ALIGN_LEFT);
    else
        ui_text(ui, inner, hint, POINT_TEXT, theme->quiet, ALIGN_LEFT);
    if (keys)
        paint_rect(ui->list,
                   (struct rect){text.x + caret, inner.y + 2 * line, 1.5F * line, inner.height - 4 * line},
                   theme->text, 0);
    ui_unclip(ui);
}

enum field_result field_add(struct ui *ui, struct rect rect, const char *name, const char *hint, bool bad,
                            struct field *field)
{
    const struct theme *theme = ui->theme;
    ui_id               id = ui_name(name, 0);
    bool                had = ui_has_keys(ui, id);
    struct ui_touch     touch = ui_touch(ui, id, rect);
    struct rect         inner = rect_inset(rect, ui_points(ui, 3));
    enum field_result   result = FIELD_SAME;

    rect_cut_left(&inner, ui_points(ui, 4));
    rect_cut_right(&inner, ui_points(ui, 4));
    ui_stop(ui, id);
    if (touch.pressed) {
        ui->focus = id;
        field->caret = field->anchor = place_at(ui, field, ui->x - inner.x + field->shift);
        if (!had || touch.clicks > 1) {
            field->anchor = 0;
            field->caret = strlen(field->text);
        }
    } else if (touch.held && ui->event.kind == EVENT_POINTER) {
        field->caret = place_at(ui, field, ui->x - inner.x + field->shift);
    }
    if (ui_has_keys(ui, id))
        result = edit(ui, field);
    bool          keys = ui_has_keys(ui, id);
    struct colour edge = bad ? theme->bad : keys ? theme->accent : theme->edge;
    paint_rect(ui->list, rect, theme->raised, ui_points(ui, POINT_RADIUS));
    paint_frame(ui->list, rect, edge, ui_points(ui, POINT_RADIUS), fmaxf(1, ui_points(ui, keys ? 2 : 1)));
    paint_field(ui, inner, hint, keys, field);
    if (touch.hot)
        ui->shape = POINTER_TEXT;
    return result;
}
