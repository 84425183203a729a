/* tests/app/window/plain_ground.h: what a window stands on (app/window/ground.h) without a display: text is
 * half as wide as its size, a character each, and is written down; a picture is a plain rectangle. */
#pragma once

#include "app/window/ui.h"

struct plain_ground {
    char               said[16384];  /* the text of a pass, a line each */
    char               copied[1024]; /* the clipboard */
    int                pictures;     /* of a pass */
    int                changes;      /* pictures that were said to have other pixels, */
    unsigned long long changed;      /* the last of them */
};

/* Zeroes it, and has `ui` and `pictures` paint on it. */
void plain_ground_carry(struct plain_ground *ground, struct ui *ui, struct ui_pictures *pictures);

/* Before a pass. */
void plain_ground_clear(struct plain_ground *ground);
