/* tests/app/window/hand.h: a hand for widgets: events go in, a pass is made, the paint list comes out. Text
 * is half as wide as its size, a character each. */
#pragma once

#include "app/window/ui.h"

struct hand {
    struct ui         ui;
    struct paint_list list;
    double            now_ms;
    int               width, height;
    char              said[4096];  /* the text of the last pass, a line each */
    char              board[1024]; /* the clipboard */
    void (*frame)(void *context, struct ui *ui);
    void *context;
};

void hand_start(struct hand *hand, void (*frame)(void *context, struct ui *ui), void *context);
void hand_stop(struct hand *hand);

void hand_send(struct hand *hand, const struct event *event);
void hand_move(struct hand *hand, float x, float y);
void hand_press(struct hand *hand, float x, float y, int clicks);
void hand_release(struct hand *hand, float x, float y);
void hand_click(struct hand *hand, float x, float y);
void hand_drag(struct hand *hand, float x1, float y1, float x2, float y2); /* in ten steps */
void hand_wheel(struct hand *hand, float x, float y, float dy);
void hand_key(struct hand *hand, const char *chord); /* "ctrl+z"; a typed character comes as text, too */
void hand_type(struct hand *hand, const char *text);
void hand_wait(struct hand *hand, double ms);

/* Whether the last pass painted this text, whole. */
bool hand_saw(const struct hand *hand, const char *text);
