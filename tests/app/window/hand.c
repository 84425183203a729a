#include "tests/app/window/hand.h"

#include "base/alloc.h"

#include <stdio.h>
#include <string.h>

static float text_width(void *context, const char *text, float size)
{
    (void)context;
    size_t count = 0;
    for (; *text; text++)
        count += ((unsigned char)*text & 0xC0) != 0x80;
    return (float)count * size / 2;
}

static void add_text(void *context, struct paint_list *list, float x, float baseline, const char *text,
                     float size, struct colour colour)
{
    struct hand *hand = context;
    size_t       length = strlen(hand->said);
    snprintf(hand->said + length, sizeof hand->said - length, "%s\n", text);
    struct rect to = {x, baseline - size, text_width(NULL, text, size), size};
    paint_image(list, 1, (struct rect){0, 0, 1, 1}, to, colour, false);
}

static char *get_board(void *context)
{
    struct hand *hand = context;
    return mem_copy_text(hand->board);
}

static void set_board(void *context, const char *text)
{
    struct hand *hand = context;
    snprintf(hand->board, sizeof hand->board, "%s", text);
}

void hand_start(struct hand *hand, void (*frame)(void *context, struct ui *ui), void *context)
{
    *hand = (struct hand){.width = 800, .height = 600, .frame = frame, .context = context, .now_ms = 1000};
    hand->ui.theme = theme_of(THEME_DARK);
    hand->ui.type = (struct ui_type){hand, text_width, add_text};
    hand->ui.clipboard = (struct ui_clipboard){hand, get_board, set_board};
    hand->ui.scale = 1;
    hand->ui.list = &hand->list;
    hand_wait(hand, 0);
}

void hand_stop(struct hand *hand)
{
    paint_free(&hand->list);
}

void hand_send(struct hand *hand, const struct event *event)
{
    paint_clear(&hand->list);
    hand->said[0] = '\0';
    hand->now_ms += 1;
    ui_begin(&hand->ui, event, hand->width, hand->height, hand->now_ms);
    hand->frame(hand->context, &hand->ui);
    ui_end(&hand->ui);
}

void hand_move(struct hand *hand, float x, float y)
{
    hand_send(hand, &(struct event){.kind = EVENT_POINTER, .x = x, .y = y});
}

void hand_press(struct hand *hand, float x, float y, int clicks)
{
    hand_send(hand, &(struct event){.kind = EVENT_PRESS, .x = x, .y = y, .button = 1, .clicks = clicks});
}

void hand_release(struct hand *hand, float x, float y)
{
    hand_send(hand, &(struct event){.kind = EVENT_RELEASE, .x = x, .y = y, .button = 1});
}

void hand_click(struct hand *hand, float x, float y)
{
    hand_press(hand, x, y, 1);
    hand_release(hand, x, y);
    hand_wait(hand, 0);
}

void hand_drag(struct hand *hand, float x1, float y1, float x2, float y2)
{
    hand_move(hand, x1, y1);
    hand_press(hand, x1, y1, 1);
    for (int i = 1; i <= 10; i++)
        hand_move(hand, x1 + (x2 - x1) * (float)i / 10, y1 + (y2 - y1) * (float)i / 10);
    hand_release(hand, x2, y2);
}

void hand_wheel(struct hand *hand, float x, float y, float dy)
{
    hand_send(hand, &(struct event){.kind = EVENT_WHEEL, .x = x, .y = y, .dy = dy});
}

void hand_key(struct hand *hand, const char *chord)
{
    struct event event = {.kind = EVENT_KEY};
    const char  *key = chord;

    if (strncmp(key, "ctrl+", 5) == 0) {
        event.modifiers |= MODIFIER_CTRL;
        key += 5;
    }
    if (strncmp(key, "shift+", 6) == 0) {
        event.modifiers |= MODIFIER_SHIFT;
        key += 6;
    }
    snprintf(event.text, sizeof event.text, "%s", key);
    hand_send(hand, &event);
    if (!key[1] && !event.modifiers)
        hand_type(hand, key);
}

void hand_type(struct hand *hand, const char *text)
{
    struct event event = {.kind = EVENT_TEXT};
    snprintf(event.text, sizeof event.text, "%s", text);
    hand_send(hand, &event);
}

void hand_wait(struct hand *hand, double ms)
{
    hand->now_ms += ms;
    hand_send(hand, &(struct event){.kind = EVENT_NONE});
}

bool hand_saw(const struct hand *hand, const char *text)
{
    size_t length = strlen(text);
    for (const char *at = hand->said; (at = strstr(at, text)) != NULL; at++)
        if ((at == hand->said || at[-1] == '\n') && at[length] == '\n')
            return true;
    return false;
}
