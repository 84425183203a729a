/* postprocess/track.h: which boxes of one frame are the things of the frame before. */
#pragma once

#include "base/status.h"

#include <stdbool.h>

/* A box that was found in a frame, pixels of the picture. */
struct track_box {
    double x1, y1, x2, y2;
    double score;
    int    class_index;
};

/* A thing that is followed. */
struct track {
    int    id; /* 1, 2, ...: never given twice */
    double x1, y1, x2, y2;
    double score;
    int    class_index; /* that it was most often of */
    int    box;         /* index of this frame's box; -1: it is hidden, and this is where it should be */
    int    age;         /* frames since it was first seen */
};

struct track_options {
    double high, low; /* scores: boxes from `high` on begin tracks; those from `low` on only continue them */
    double overlap;   /* least IoU of a box with where a track should be */
    double keep;      /* seconds that a hidden thing is waited for */
    int    confirm;   /* frames until a new thing gets its id */
    bool   any_class; /* boxes of other classes continue a track, too */
};

/* ByteTrack's values, with the scores that its authors take for what is not only persons (0.5 and 0.1). */
struct track_options track_options_default(void);

struct tracker;

/* Release with tracker_destroy(). BSR_ERANGE, BSR_ENOMEM. */
bsr_status tracker_create(struct tracker **out, const struct track_options *options, struct bsr_error *err);
void       tracker_destroy(struct tracker *tracker);

/* Says how large the frames are, pixels (0: not known, as at first): a hidden thing that should be mostly
 * outside has left and is waited for no longer. */
void tracker_set_picture(struct tracker *tracker, double width, double height);

/* From the next frame on things begin with boxes from `high` (0..1) on; `low`, where that is more. */
void tracker_set_high(struct tracker *tracker, double high);

/* Takes in the boxes of the frame at `time` seconds (later than the one before; what was dropped between is
 * allowed for). *out (the tracker's until its next update) has the confirmed things, by id, hidden ones too.
 * Two passes of matching after ByteTrack (Zhang et al. 2022), motion by the Kalman filter of SORT (Bewley et
 * al. 2016). Boxes without area, not finite or under `low` are passed over. A time that is not later moves
 * nothing. BSR_ERANGE (a time that is not finite), BSR_ENOMEM; the tracker is then as it was. */
bsr_status tracker_update(struct tracker *tracker, const struct track_box *boxes, size_t count, double time,
                          const struct track **out, size_t *out_count, struct bsr_error *err);
