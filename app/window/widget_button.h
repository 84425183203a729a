/* app/window/widget_button.h: buttons. */
#pragma once

#include "app/window/icon.h"

struct button {
    const char *name;  /* of its id */
    const char *label; /* or NULL */
    enum icon   icon;
    const char *tip;
    bool        on;      /* of a button that stays down: filled */
    bool        primary; /* the one that is meant to be pressed */
    bool        flat;    /* without a plate until the pointer comes */
    bool        off;     /* can't be pressed */
    enum icon   tail;    /* at the right end: ICON_DOWN of one that opens a list */
    bool        left;    /* label at the left, not in the middle */
};

/* The width that it wants, pixels. */
float button_width(const struct ui *ui, const struct button *button);

/* True when it was pressed and released, by pointer or key. */
bool button_add(struct ui *ui, struct rect rect, const struct button *button);

/* A ring round what has the keys. */
void focus_ring_add(struct ui *ui, ui_id id, struct rect rect);
