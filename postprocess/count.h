/* postprocess/count.h: how many things crossed a line or are in a zone, by the middle of their box's lower
 * edge: where they stand. */
#pragma once

#include "postprocess/track.h"

struct count_point {
    double x, y; /* pixels */
};

struct count_shape {
    const struct count_point *points; /* 2: a line, from the first to the second; 3 and more: a zone */
    int                       count;
};

/* What was counted of a class. */
struct count_row {
    int       class_index;
    long long there;  /* over the line from its left to its right, seen along it; or into the zone */
    long long back;   /* the other way; or out of it */
    int       inside; /* of a zone: now */
};

struct counter;

/* Copies the shapes. Release with counter_destroy(). BSR_ERANGE (points that are not finite, a line without
 * length, a zone that crosses itself, over 64 shapes, over 256 points), BSR_ENOMEM. */
bsr_status counter_create(struct counter **out, const struct count_shape *shapes, int count,
                          struct bsr_error *err);
void       counter_destroy(struct counter *counter);

/* Takes in the things of a frame, as tracker_update() gives them; none at all is right, too. Who trembles at
 * a line is counted once: a crossing counts when the thing has gone `margin` (3 % of its box's height, at
 * least 2 pixels) beyond, and the way back as much. A thing that is hidden meanwhile is counted when it is
 * seen again on the other side. What is first seen nearer than the margin to a line or a zone's edge is not
 * counted where it goes from there, nor what is first seen in a zone as having gone in, nor what is no longer
 * followed as having gone out. BSR_ENOMEM; the counter is then as it was. */
bsr_status counter_update(struct counter *counter, const struct track *tracks, size_t count,
                          struct bsr_error *err);

/* What was counted of shape `index`: rows by class, the counter's until its next update. A class has a row as
 * soon as something was counted or inside. */
const struct count_row *counter_rows(const struct counter *counter, int index, size_t *count);
