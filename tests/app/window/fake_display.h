/* A display without a screen, for tests: it counts what it is asked for, and its events are those put in. */
#pragma once

#include "app/window/display.h"

enum { FAKE_EVENTS = 64, FAKE_MOST = 256 /* the largest side of its textures */ };

struct display {
    size_t       made, updated, freed; /* textures */
    size_t       bytes;                /* of those that are there, four a pixel */
    int          sides[4096][2];       /* by id; {0}: not there */
    size_t       shown, shots, wakes;
    struct event events[FAKE_EVENTS];
    size_t       event_count, event_next;
};

extern const struct display_module fake_display;
