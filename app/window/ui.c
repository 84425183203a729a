#include "app/window/ui.h"

#include <string.h>

float ui_points(const struct ui *ui, float points)
{
    return roundf(points * ui->scale);
}

/* FNV-1a, 32 bits. */
ui_id ui_name(const char *name, size_t index)
{
    uint32_t hash = 2166136261u;
    for (; *name; name++)
        hash = (hash ^ (uint8_t)*name) * 16777619u;
    for (size_t i = 0; i < sizeof index; i++)
        hash = (hash ^ (uint8_t)(index >> (8 * i))) * 16777619u;
    return hash ? hash : 1;
}

static void follow_pointer(struct ui *ui)
{
    const struct event *event = &ui->event;
    ui->last_x = ui->x;
    ui->last_y = ui->y;
    if (event->kind == EVENT_LEAVE)
        ui->inside = false;
    if (event->kind != EVENT_POINTER && event->kind != EVENT_PRESS && event->kind != EVENT_RELEASE &&
        event->kind != EVENT_WHEEL)
        return;
    ui->inside = true;
    ui->x = event->x;
    ui->y = event->y;
}

void ui_begin(struct ui *ui, const struct event *event, int width, int height, double now_ms)
{
    ui->event = *event;
    ui->taken = false;
    ui->now_ms = now_ms;
    ui->window = ui->clip = (struct rect){0, 0, (float)width, (float)height};
    ui->layer = ui->keys_layer = LAYER_BASE;
    ui->shape = POINTER_ARROW;
    ui->again_ms = -1;
    memcpy(ui->covers, ui->covers_next, sizeof ui->covers);
    ui->cover_count = ui->cover_next_count;
    ui->cover_next_count = 0;
    ui->stop_count = ui->clip_depth = 0;
    ui->hot_next = 0;
    ui->tip[0] = '\0';
    follow_pointer(ui);
    if (event->kind == EVENT_TEXT && ui->swallow)
        ui->taken = true;
    if (event->kind == EVENT_TEXT || event->kind == EVENT_KEY)
        ui->swallow = false;
}

/* Tab and shift+Tab go round those that were met in this pass. */
static void move_focus(struct ui *ui, int step)
{
    if (!ui->stop_count)
        return;
    int at = step > 0 ? -1 : ui->stop_count;
    for (int i = 0; i < ui->stop_count; i++)
        if (ui->stops[i] == ui->focus)
            at = i;
    ui->focus = ui->stops[(at + step + ui->stop_count) % ui->stop_count];
    ui->focus_shown = true;
}

void ui_end(struct ui *ui)
{
    bool is_there = false;
    ui->layer = LAYER_DIALOGUE;
    for (int i = 0; i < ui->stop_count; i++)
        is_there = is_there || ui->stops[i] == ui->focus;
    if (!is_there)
        ui->focus = 0;
    if (ui_take_key(ui, "tab"))
        move_focus(ui, 1);
    else if (ui_take_key(ui, "shift+tab"))
        move_focus(ui, -1);
    if (ui->event.kind == EVENT_PRESS && !ui->taken)
        ui->focus = 0;
    if (ui->event.kind == EVENT_RELEASE && ui->event.button == 1)
        ui->active = 0; /* also of a widget that went away meanwhile */
    if (ui->hot_next != ui->hot)
        ui->hot_since_ms = ui->now_ms;
    ui->hot = ui->hot_next;
}

bool ui_over(const struct ui *ui, struct rect rect)
{
    if (!ui->inside || !rect_has(rect, ui->x, ui->y) || !rect_has(ui->clip, ui->x, ui->y))
        return false;
    for (int i = 0; i < ui->cover_count; i++)
        if (ui->covers[i].layer > ui->layer && rect_has(ui->covers[i].rect, ui->x, ui->y))
            return false;
    return true;
}

struct ui_touch ui_touch(struct ui *ui, ui_id id, struct rect rect)
{
    const struct event *event = &ui->event;
    struct ui_touch     touch = {0};
    bool                over = ui_over(ui, rect);

    over = over && (!ui->hot_next || ui->hot_next == id); /* the first that is called is above */
    touch.hot = over && (!ui->active || ui->active == id);
    if (touch.hot)
        ui->hot_next = id;
    if (event->kind == EVENT_PRESS && event->button == 1 && touch.hot && !ui->taken) {
        ui->active = id;
        ui->grab_x = event->x;
        ui->grab_y = event->y;
        ui->taken = touch.pressed = true;
        touch.clicks = event->clicks;
        if (ui->focus != id)
            ui->focus = 0;
        ui->focus_shown = false;
    }
    touch.held = ui->active == id;
    if (event->kind == EVENT_RELEASE && event->button == 1 && touch.held) {
        touch.clicked = touch.hot;
        touch.held = false;
        ui->active = 0;
        ui->taken = true;
    }
    return touch;
}

struct ui_touch ui_touch_stop(struct ui *ui, ui_id id, struct rect rect)
{
    struct ui_touch touch = ui_touch(ui, id, rect);
    ui_stop(ui, id);
    if (ui_has_keys(ui, id) &&
        (ui_take_key(ui, "return") || ui_take_key(ui, "enter") || ui_take_key(ui, "space")))
        touch.clicked = true;
    return touch;
}

bool ui_has_keys(const struct ui *ui, ui_id id)
{
    return id && ui->focus == id && ui->layer >= ui->keys_layer;
}

void ui_stop(struct ui *ui, ui_id id)
{
    if (ui->stop_count < UI_STOPS && ui->layer >= ui->keys_layer)
        ui->stops[ui->stop_count++] = id;
}

/* Whether a chord's last part is found by what is typed rather than by the key. */
static bool is_typed(const char *key)
{
    bool letter = (*key >= 'a' && *key <= 'z') || (*key >= 'A' && *key <= 'Z');
    return *key && !key[1] && !letter;
}

bool ui_is_key(const struct ui *ui, const char *chord)
{
    static const struct {
        const char *name;
        int         modifier;
    } prefixes[] = {{"ctrl+", MODIFIER_CTRL}, {"shift+", MODIFIER_SHIFT}, {"alt+", MODIFIER_ALT}};
    int modifiers = 0;

    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        size_t length = strlen(prefixes[i].name);
        if (strncmp(chord, prefixes[i].name, length) == 0) {
            modifiers |= prefixes[i].modifier;
            chord += length;
        }
    }
    if (ui->taken || ui->layer < ui->keys_layer)
        return false;
    if (is_typed(chord) && !(modifiers & (MODIFIER_CTRL | MODIFIER_ALT)))
        return ui->event.kind == EVENT_TEXT && strcmp(ui->event.text, chord) == 0;
    return ui->event.kind == EVENT_KEY && ui->event.modifiers == modifiers &&
           strcmp(ui->event.text, chord) == 0;
}

bool ui_take_key(struct ui *ui, const char *chord)
{
    if (!ui_is_key(ui, chord))
        return false;
    ui->taken = true;
    ui->swallow = ui->event.kind == EVENT_KEY &&
                  (!ui->event.text[1] || strcmp(ui->event.text, "space") == 0) &&
                  !(ui->event.modifiers & (MODIFIER_CTRL | MODIFIER_ALT));
    return true;
}

void ui_set_keys_layer(struct ui *ui, enum ui_layer layer)
{
    ui->keys_layer = (int)layer;
}

void ui_set_layer(struct ui *ui, enum ui_layer layer)
{
    ui->layer = (int)layer;
}

void ui_cover(struct ui *ui, struct rect cover)
{
    if (ui->cover_next_count < UI_COVERS)
        ui->covers_next[ui->cover_next_count++] = (struct ui_cover){cover, ui->layer};
}

void ui_clip(struct ui *ui, struct rect rect)
{
    if (ui->clip_depth < UI_CLIPS)
        ui->clips[ui->clip_depth] = ui->clip;
    ui->clip_depth++;
    ui->clip = rect_meet(ui->clip, rect);
    paint_clip(ui->list, ui->clip);
}

void ui_unclip(struct ui *ui)
{
    ui->clip_depth--;
    if (ui->clip_depth < UI_CLIPS)
        ui->clip = ui->clips[ui->clip_depth];
    paint_clip(ui->list, ui->clip);
}

void ui_again(struct ui *ui, double ms)
{
    if (ui->again_ms < 0 || ms < ui->again_ms)
        ui->again_ms = ms;
}

void ui_tip(struct ui *ui, const struct ui_touch *touch, struct rect at, const char *text)
{
    enum { REST_MS = 500 };
    double rested = ui->now_ms - ui->hot_since_ms;

    if (!touch->hot || touch->held || ui->hot != ui->hot_next || !text || !*text)
        return;
    if (rested < REST_MS) {
        ui_again(ui, REST_MS - rested);
        return;
    }
    strncpy(ui->tip, text, sizeof ui->tip - 1);
    ui->tip_at = at;
}
