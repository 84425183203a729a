/* pipeline/live_result.h: what was found in a frame, passed between threads by reference. */
#pragma once

#include "pipeline/live.h"

/* The lines and zones that are counted at, of one time that they were set. */
struct live_shapes {
    struct count_shape *items;
    int                 count;
    struct count_point *points; /* of all */
    int                 users;
};

/* Copies them; one user. BSR_ENOMEM. */
bsr_status live_shapes_copy(struct live_shapes **out, const struct count_shape *shapes, int count,
                            struct bsr_error *err);

/* Under the caller's lock; NULL is fine. */
static inline struct live_shapes *live_shapes_share(struct live_shapes *shapes)
{
    if (shapes)
        shapes->users++;
    return shapes;
}
void live_shapes_drop(struct live_shapes *shapes);

/* A detection, and which thing it is. */
struct live_box {
    struct detection found;
    int              track;       /* 0: not known */
    int              shown_class; /* of its track, which stays when the net wavers; else its own */
};

/* Rows of one shape: rows[first] .. rows[first + count - 1]. */
struct live_count_span {
    size_t first, count;
};

struct live_result {
    long long               number; /* of the frame */
    double                  time, done_ms, latency_ms;
    struct timing           timing;
    struct detection       *detections; /* as in boxes */
    struct live_box        *boxes;      /* best first */
    size_t                  box_count, box_capacity;
    struct track           *tracks; /* with tracking; hidden ones, too */
    size_t                  track_count, track_capacity;
    struct live_shapes     *shapes; /* or NULL */
    struct live_count_span *spans;  /* one a shape */
    int                     span_capacity;
    struct count_row       *rows;
    size_t                  row_count, row_capacity;
    bool                    sighted; /* something of record_on is in the frame */
    int                     users;
};

struct live_results {
    struct live_result *items;
    int                 count;
};

/* As live_frames_open() and so on. */
bsr_status          live_results_open(struct live_results *out, int count, struct bsr_error *err);
void                live_results_close(struct live_results *results);
struct live_result *live_results_take(struct live_results *results);

static inline struct live_result *live_result_share(struct live_result *result)
{
    if (result)
        result->users++;
    return result;
}
static inline void live_result_drop(struct live_result *result)
{
    if (result)
        result->users--;
}

/* For the only user. Boxes without tracks; tracks (the boxes' track is then set by those that have one);
 * the counts of all shapes. BSR_ENOMEM. */
bsr_status live_result_set_found(struct live_result *result, const struct detections *found,
                                 struct bsr_error *err);
bsr_status live_result_set_tracks(struct live_result *result, const struct track *tracks, size_t count,
                                  struct bsr_error *err);
bsr_status live_result_set_counts(struct live_result *result, const struct counter *counter,
                                  struct bsr_error *err);

/* Leaves out boxes under `confidence` that continue no track. */
void live_result_leave_out(struct live_result *result, double confidence);

/* The rows of shape `index`. */
static inline const struct count_row *live_result_rows(const struct live_result *result, int index,
                                                       size_t *count)
{
    *count = result->spans[index].count;
    return result->rows + result->spans[index].first;
}
