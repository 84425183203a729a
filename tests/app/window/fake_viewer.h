/* tests/app/window/fake_viewer.h: a viewer (pipeline/viewer.h) that computes nothing: the test sets the
 * snapshot, and sees what was asked for. */
#pragma once

#include "pipeline/viewer.h"

struct fake_viewer {
    struct viewer_snapshot shot;
    char                   names[600][128]; /* of the pictures */
    char                   asked[4096];     /* a line for each call */
    bool                   hidden[64];
    struct viewer_settings past[16]; /* to undo */
    size_t                 past_count;
    bsr_status             save_status;
    size_t                 videos; /* so many of the first pictures are videos */
    struct bsr_image       small;  /* the picture of every frame of the strip */
};

extern struct fake_viewer fake;

void fake_start(void); /* no picture, no model */
void fake_stop(void);

/* `count` pictures of 640 x 480, the first selected and read. */
void fake_pictures(size_t count);

/* The selected one is a video of 30.16 seconds, at 8.00; the two behind it are videos, too. */
void fake_video(void);

/* A detector with four classes, and `count` boxes (at most 8) of them. */
void fake_detector(size_t count);

/* Of the selected picture, twice as large. */
void fake_enlarger(void);

/* Five classes with long names. */
void fake_classifier(void);

/* Whether this line was asked for, since the last call with NULL. */
bool fake_was_asked(const char *line);
