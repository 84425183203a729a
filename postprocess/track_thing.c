#include "postprocess/track_thing.h"

#include <limits.h>
#include <math.h>

struct kalman_corners track_corners(const struct track_box *box)
{
    return (struct kalman_corners){box->x1, box->y1, box->x2, box->y2};
}

double track_overlap(const struct kalman_corners *a, const struct kalman_corners *b)
{
    double width = fmin(a->x2, b->x2) - fmax(a->x1, b->x1);
    double height = fmin(a->y2, b->y2) - fmax(a->y1, b->y1);
    if (!(width > 0 && height > 0))
        return 0;
    double both = width * height;
    return both / ((a->x2 - a->x1) * (a->y2 - a->y1) + (b->x2 - b->x1) * (b->y2 - b->y1) - both);
}

/* A class without a vote yet takes the place of the one with the fewest. */
static void vote(struct track_thing *thing, int class_index)
{
    struct track_vote *fewest = &thing->votes[0];
    for (int i = 0; i < TRACK_VOTES; i++) {
        struct track_vote *vote = &thing->votes[i];
        if (vote->frames && vote->class_index == class_index) {
            vote->frames += vote->frames < INT_MAX;
            return;
        }
        if (vote->frames < fewest->frames)
            fewest = vote;
    }
    *fewest = (struct track_vote){class_index, 1};
}

int track_thing_class(const struct track_thing *thing)
{
    const struct track_vote *most = &thing->votes[0];
    for (int i = 1; i < TRACK_VOTES; i++)
        if (thing->votes[i].frames > most->frames)
            most = &thing->votes[i];
    return most->class_index;
}

void track_thing_begin(struct track_thing *thing, const struct track_box *box, int index, double time)
{
    struct kalman_corners corners = track_corners(box);
    *thing = (struct track_thing){.hits = 1, .box = index, .seen = time, .score = box->score};
    kalman_begin(&thing->motion, &corners);
    vote(thing, box->class_index);
}

void track_thing_predict(struct track_thing *thing, double seconds)
{
    thing->shown = thing->box >= 0;
    thing->box = -1;
    thing->age += thing->age < INT_MAX;
    if (!thing->shown)
        kalman_hold_size(&thing->motion);
    kalman_predict(&thing->motion, seconds);
}

void track_thing_see(struct track_thing *thing, const struct track_box *box, int index, double time)
{
    struct kalman_corners corners = track_corners(box);
    kalman_correct(&thing->motion, &corners);
    vote(thing, box->class_index);
    thing->hits += thing->hits < INT_MAX;
    thing->box = index;
    thing->seen = time;
    thing->score = box->score;
}

struct track track_thing_show(const struct track_thing *thing)
{
    struct kalman_corners corners = kalman_corners(&thing->motion);
    return (struct track){
        .id = thing->id,
        .x1 = corners.x1,
        .y1 = corners.y1,
        .x2 = corners.x2,
        .y2 = corners.y2,
        .score = thing->score,
        .class_index = track_thing_class(thing),
        .box = thing->box,
        .age = thing->age,
    };
}
