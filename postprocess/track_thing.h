/* postprocess/track_thing.h: one thing that is followed, and what it has in common with a box. Inside
 * postprocess/ only. */
#pragma once

#include "postprocess/kalman.h"
#include "postprocess/track.h"

enum { TRACK_VOTES = 8 }; /* classes of one thing that are remembered */

struct track_vote {
    int class_index, frames;
};

struct track_thing {
    struct kalman_box motion;
    int               id;    /* 0: not confirmed yet */
    int               age;   /* frames since it was first seen */
    int               hits;  /* frames that it was seen in */
    int               box;   /* of this frame; -1: none */
    bool              shown; /* it had a box in the frame before */
    double            seen;  /* when it last had one, seconds */
    double            score;
    struct track_vote votes[TRACK_VOTES]; /* unused ones have 0 frames */
};

/* Begins to follow box number `index`. */
void track_thing_begin(struct track_thing *thing, const struct track_box *box, int index, double time);

/* Where it should be, `seconds` after the frame before, in which it may have been hidden. */
void track_thing_predict(struct track_thing *thing, double seconds);

/* It is this box. */
void track_thing_see(struct track_thing *thing, const struct track_box *box, int index, double time);

/* The class that it was most often of; of equals the one that was there first. */
int track_thing_class(const struct track_thing *thing);

/* What the caller sees of it. */
struct track track_thing_show(const struct track_thing *thing);

/* IoU, 0..1. */
double track_overlap(const struct kalman_corners *a, const struct kalman_corners *b);

struct kalman_corners track_corners(const struct track_box *box);
