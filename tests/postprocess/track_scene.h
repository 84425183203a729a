/* Scenes whose truth is known: cards that slide over a picture, cross each other's paths, stop, pass behind a
 * post, and a detector that trembles, misses, and sees what isn't there. The same on every machine. */
#pragma once

#include "postprocess/track.h"

#include <stdint.h>

enum {
    SCENE_WIDTH = 1280,
    SCENE_HEIGHT = 720,
    SCENE_MOST = 16,      /* things */
    SCENE_MOST_BOXES = 64 /* of a frame */
};

struct scene_thing {
    double width, height;
    double x, y;   /* of the middle of its lower edge, at time 0 */
    double vx, vy; /* pixels a second */
    double stop_from, stop_to, hidden_from, hidden_to;
    int    class_index;
};

struct scene_options {
    int    things, classes;
    double frame_rate, seconds;
    double jitter;        /* of a box's sides, share of its size */
    double missed;        /* share of the boxes */
    double false_boxes;   /* of a frame, on average */
    double dropped;       /* share of the frames */
    double hidden_frames; /* of each second thing */
    double least_score, most_score;
};

struct scene {
    struct scene_options options;
    struct scene_thing   things[SCENE_MOST];
    uint64_t             seed;
    int                  frame; /* the next one */
};

/* What the detector says of a frame. */
struct scene_frame {
    double           time;
    int              count;
    struct track_box boxes[SCENE_MOST_BOXES];
    int              owner[SCENE_MOST_BOXES]; /* the thing; -1: nothing is there */
};

struct scene_options scene_options_hard(void);
void                 scene_begin(struct scene *scene, uint64_t seed, const struct scene_options *options);

/* The next frame that wasn't dropped; false: the scene is over. */
bool scene_next(struct scene *scene, struct scene_frame *frame);

/* Where a thing truly stands. */
void scene_place(const struct scene_thing *thing, double time, double *x, double *y);
