#include "postprocess/track.h"

#include "base/alloc.h"
#include "postprocess/assign.h"
#include "postprocess/track_thing.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    MOST_BOXES = 1000,   /* of a frame, the best ones: more are noise */
    MOST_THINGS = 2000,  /* while so many are followed none begins */
    MOST_CONFIRM = 1000, /* frames */
};

static const double most_keep = 3600;   /* seconds */
static const double most_step = 3600;   /* seconds between frames that motion is followed for */
static const double farthest = 1e6;     /* pixels; boxes beyond it are nonsense */
static const double weak_overlap = 0.5; /* least IoU of a box of low score, ByteTrack's */
static const double new_overlap = 0.3;  /* of one with a thing that isn't confirmed, ByteTrack's */
static const double same_overlap = 0.8; /* such boxes are of one thing: it is followed already */
static const double other_class = 0.9;  /* what overlapping with a box of another class is worth */
static const double doubt_of_lost = 1;  /* deviations that what found no box may be off */
static const double least_inside = 0.5; /* of a hidden thing: what is less in the picture has left it */

/* A box of this frame that is to be looked at. */
struct ranked {
    double score;
    int    index;
    bool   taken; /* it is someone's */
};

/* What a frame needs; between frames only `shown` matters. */
struct frame_room {
    size_t                things, boxes; /* how many there is room for */
    struct track         *shown;         /* [things] */
    struct ranked        *ranked;        /* [boxes], the best first */
    int                  *rows;          /* [things]: indices of those that look for a box */
    int                  *columns;       /* [boxes]: of `ranked`, those that look for a thing */
    int                  *column_of;     /* [things] */
    double               *cost;          /* [things][most boxes looked at] */
    struct assign_scratch scratch;
};

struct tracker {
    struct track_options options;
    double               width, height; /* of the picture; 0: not known */
    double               time;          /* of the last frame, as the caller told; NAN: there was none */
    double               now;           /* seconds that passed since the first frame */
    int                  last_id;
    struct track_thing  *things; /* [room.things] */
    int                  count;
    struct frame_room    room;
};

struct track_options track_options_default(void)
{
    return (struct track_options){.high = 0.5, .low = 0.1, .overlap = 0.2, .keep = 1, .confirm = 2};
}

static bool is_share(double value)
{
    return value >= 0 && value <= 1;
}

static bsr_status check_options(const struct track_options *options, struct bsr_error *err)
{
    if (!is_share(options->high) || !is_share(options->low) || options->low > options->high)
        return bsr_fail(err, BSR_ERANGE, "tracking",
                        "the scores %g (begins) and %g (continues) are not 0 to 1, "
                        "the first the higher",
                        options->high, options->low);
    if (!is_share(options->overlap))
        return bsr_fail(err, BSR_ERANGE, "tracking", "the least overlap %g is not 0 to 1", options->overlap);
    if (!(options->keep >= 0 && options->keep <= most_keep))
        return bsr_fail(err, BSR_ERANGE, "tracking", "%g seconds for what is hidden is not 0 to %g",
                        options->keep, most_keep);
    if (options->confirm < 1 || options->confirm > MOST_CONFIRM)
        return bsr_fail(err, BSR_ERANGE, "tracking", "%d frames until a thing is believed is not 1 to %d",
                        options->confirm, MOST_CONFIRM);
    return BSR_OK;
}

bsr_status tracker_create(struct tracker **out, const struct track_options *options, struct bsr_error *err)
{
    bsr_status status = check_options(options, err);
    if (status != BSR_OK)
        return status;
    struct tracker *tracker = mem_alloc_zeroed(1, sizeof *tracker);
    if (!tracker)
        return bsr_fail_memory(err, "tracking", sizeof *tracker);
    tracker->options = *options;
    tracker->time = NAN;
    *out = tracker;
    return BSR_OK;
}

static void free_room(struct frame_room *room)
{
    mem_free(room->shown);
    mem_free(room->ranked);
    mem_free(room->rows);
    mem_free(room->columns);
    mem_free(room->column_of);
    mem_free(room->cost);
    assign_free(&room->scratch);
}

void tracker_destroy(struct tracker *tracker)
{
    if (!tracker)
        return;
    free_room(&tracker->room);
    mem_free(tracker->things);
    mem_free(tracker);
}

void tracker_set_high(struct tracker *tracker, double high)
{
    tracker->options.high = fmin(fmax(high, tracker->options.low), 1);
}

void tracker_set_picture(struct tracker *tracker, double width, double height)
{
    bool known = width > 0 && height > 0;
    tracker->width = known ? width : 0;
    tracker->height = known ? height : 0;
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* A room of its own, so that a failure leaves the old one. */
static bsr_status make_room(struct frame_room *out, size_t things, size_t boxes, struct bsr_error *err)
{
    size_t            looked_at = boxes < MOST_BOXES ? boxes : MOST_BOXES;
    struct frame_room made = {
        .things = things,
        .boxes = boxes,
        .shown = mem_alloc_zeroed(things, sizeof *made.shown),
        .ranked = mem_alloc_zeroed(boxes, sizeof *made.ranked),
        .rows = mem_alloc_zeroed(things, sizeof *made.rows),
        .columns = mem_alloc_zeroed(boxes, sizeof *made.columns),
        .column_of = mem_alloc_zeroed(things, sizeof *made.column_of),
        .cost = mem_alloc_zeroed(mem_product(things, looked_at), sizeof *made.cost),
    };
    bsr_status status = made.shown && made.ranked && made.rows && made.columns && made.column_of && made.cost
                            ? assign_reserve(&made.scratch, (int)larger(things, looked_at), err)
                            : bsr_fail_memory(err, "tracking", mem_product(boxes, sizeof *made.ranked));
    if (status == BSR_OK)
        *out = made;
    else
        free_room(&made);
    return status;
}

/* So that nothing fails once the frame is begun. */
static bsr_status reserve(struct tracker *tracker, size_t boxes, struct bsr_error *err)
{
    size_t looked_at = boxes < MOST_BOXES ? boxes : MOST_BOXES;
    size_t things = larger((size_t)tracker->count + looked_at, 1);
    boxes = larger(boxes, 1);
    if (things <= tracker->room.things && boxes <= tracker->room.boxes)
        return BSR_OK;
    things = things <= tracker->room.things ? tracker->room.things : things + things / 2;
    boxes = boxes <= tracker->room.boxes ? tracker->room.boxes : boxes + boxes / 2;

    struct frame_room made = {0};
    bsr_status        status = make_room(&made, things, boxes, err);
    if (status != BSR_OK)
        return status;
    struct track_thing *grown = mem_resize(tracker->things, things, sizeof *grown);
    if (!grown) {
        free_room(&made);
        return bsr_fail_memory(err, "tracking", mem_product(things, sizeof *grown));
    }
    tracker->things = grown;
    free_room(&tracker->room);
    tracker->room = made;
    return BSR_OK;
}

static bool is_sound(const struct track_box *box)
{
    return fabs(box->x1) <= farthest && fabs(box->y1) <= farthest && fabs(box->x2) <= farthest &&
           fabs(box->y2) <= farthest && box->x2 > box->x1 && box->y2 > box->y1 && isfinite(box->score);
}

static int by_score(const void *left, const void *right)
{
    const struct ranked *a = left, *b = right;
    if (a->score != b->score)
        return a->score > b->score ? -1 : 1;
    return (a->index > b->index) - (a->index < b->index);
}

/* Returns how many boxes are to be looked at. */
static int rank_boxes(struct tracker *tracker, const struct track_box *boxes, size_t count)
{
    struct ranked *ranked = tracker->room.ranked;
    int            used = 0;
    for (size_t i = 0; i < count; i++)
        if (is_sound(&boxes[i]) && boxes[i].score >= tracker->options.low)
            ranked[used++] = (struct ranked){boxes[i].score, (int)i, false};
    qsort(ranked, (size_t)used, sizeof *ranked, by_score);
    return used < MOST_BOXES ? used : MOST_BOXES;
}

static void widen(struct kalman_corners *box, double across, double down)
{
    box->x1 -= across;
    box->x2 += across;
    box->y1 -= down;
    box->y2 += down;
}

/* What a thing and a box cost when they go together: 1 - IoU, where it is at least `least`; 1: going alone.
 * `doubt`: both are made larger by so many deviations of where the thing should be. */
static double cost_of_pair(const struct tracker *tracker, const struct track_thing *thing,
                           const struct track_box *box, double least, double doubt)
{
    bool same = track_thing_class(thing) == box->class_index;
    if (!same && !tracker->options.any_class)
        return 1;
    struct kalman_corners expected = kalman_corners(&thing->motion), found = track_corners(box);
    if (doubt > 0) {
        double across = doubt * sqrt(thing->motion.x.place_variance);
        double down = doubt * sqrt(thing->motion.y.place_variance);
        widen(&expected, across, down);
        widen(&found, across, down);
    }
    double overlap = track_overlap(&expected, &found);
    return overlap >= least ? 1 - overlap * (same ? 1 : other_class) : 1;
}

/* A pass of matching: the things of room.rows with the boxes first <= rank < last that are free. */
static void match(struct tracker *tracker, int rows, const struct track_box *boxes, int first, int last,
                  double least, double doubt)
{
    struct frame_room *room = &tracker->room;
    int                columns = 0;
    for (int i = first; i < last; i++)
        if (!room->ranked[i].taken)
            room->columns[columns++] = i;
    for (int row = 0; row < rows; row++)
        for (int column = 0; column < columns; column++)
            room->cost[(size_t)row * (size_t)columns + (size_t)column] =
                cost_of_pair(tracker, &tracker->things[room->rows[row]],
                             &boxes[room->ranked[room->columns[column]].index], least, doubt);
    assign_least(room->column_of, room->cost, rows, columns, 1, &room->scratch);
    for (int row = 0; row < rows; row++) {
        if (room->column_of[row] < 0)
            continue;
        struct ranked *ranked = &room->ranked[room->columns[room->column_of[row]]];
        ranked->taken = true;
        track_thing_see(&tracker->things[room->rows[row]], &boxes[ranked->index], ranked->index,
                        tracker->now);
    }
}

enum who {
    CONFIRMED, /* shown in the frame before or hidden */
    SHOWN,     /* confirmed, and shown in the frame before */
    NEW,       /* not confirmed */
};

/* Puts those that have no box yet into room.rows; returns how many. */
static int gather(struct tracker *tracker, enum who who)
{
    int rows = 0;
    for (int i = 0; i < tracker->count; i++) {
        const struct track_thing *thing = &tracker->things[i];
        bool wanted = who == NEW ? !thing->id : thing->id && (who == CONFIRMED || thing->shown);
        if (wanted && thing->box < 0)
            tracker->room.rows[rows++] = i;
    }
    return rows;
}

/* ByteTrack's passes, and a last one for things that began to move, or stopped, while they were hidden: new
 * boxes are theirs when they lie within the doubt about where these should be. */
static void match_all(struct tracker *tracker, const struct track_box *boxes, int high, int ranked)
{
    double least = tracker->options.overlap;
    match(tracker, gather(tracker, CONFIRMED), boxes, 0, high, least, 0);
    match(tracker, gather(tracker, SHOWN), boxes, high, ranked, fmax(least, weak_overlap), 0);
    match(tracker, gather(tracker, NEW), boxes, 0, high, fmax(least, new_overlap), 0);
    match(tracker, gather(tracker, CONFIRMED), boxes, 0, high, fmax(least, new_overlap), doubt_of_lost);
}

/* Whether the box is a second one of a thing that has its box. */
static bool is_followed(const struct tracker *tracker, const struct track_box *boxes,
                        const struct track_box *box)
{
    struct kalman_corners corners = track_corners(box);
    for (int i = 0; i < tracker->count; i++) {
        if (tracker->things[i].box < 0)
            continue;
        const struct track_box *other = &boxes[tracker->things[i].box];
        struct kalman_corners   other_corners = track_corners(other);
        if ((tracker->options.any_class || other->class_index == box->class_index) &&
            track_overlap(&corners, &other_corners) > same_overlap)
            return true;
    }
    return false;
}

static void begin_things(struct tracker *tracker, const struct track_box *boxes, int high)
{
    for (int i = 0; i < high && tracker->count < MOST_THINGS; i++) {
        int index = tracker->room.ranked[i].index;
        if (!tracker->room.ranked[i].taken && !is_followed(tracker, boxes, &boxes[index]))
            track_thing_begin(&tracker->things[tracker->count++], &boxes[index], index, tracker->now);
    }
}

/* Whether less than half of a hidden thing would be in the picture. */
static bool has_left(const struct tracker *tracker, const struct track_thing *thing)
{
    if (tracker->width <= 0)
        return false;
    struct kalman_corners box = kalman_corners(&thing->motion);
    double                width = fmin(box.x2, tracker->width) - fmax(box.x1, 0);
    double                height = fmin(box.y2, tracker->height) - fmax(box.y1, 0);
    double                area = (box.x2 - box.x1) * (box.y2 - box.y1);
    return !(width > 0 && height > 0 && width * height >= least_inside * area);
}

static bool is_over(const struct tracker *tracker, const struct track_thing *thing)
{
    if (thing->box >= 0)
        return false;
    return !thing->id || tracker->now - thing->seen > tracker->options.keep || has_left(tracker, thing);
}

/* Ids are given here, in the order in which things began. */
static void settle(struct tracker *tracker)
{
    int kept = 0;
    for (int i = 0; i < tracker->count; i++) {
        struct track_thing *thing = &tracker->things[i];
        if (is_over(tracker, thing))
            continue;
        if (!thing->id && thing->hits >= tracker->options.confirm && tracker->last_id < INT_MAX)
            thing->id = ++tracker->last_id;
        if (kept != i)
            tracker->things[kept] = *thing;
        kept++;
    }
    tracker->count = kept;
}

static int by_id(const void *left, const void *right)
{
    const struct track *a = left, *b = right;
    return (a->id > b->id) - (a->id < b->id);
}

static size_t show(struct tracker *tracker)
{
    size_t shown = 0;
    for (int i = 0; i < tracker->count; i++)
        if (tracker->things[i].id)
            tracker->room.shown[shown++] = track_thing_show(&tracker->things[i]);
    qsort(tracker->room.shown, shown, sizeof *tracker->room.shown, by_id);
    return shown;
}

/* Seconds since the frame before. A clock that stands or goes back moves nothing. */
static double step_to(const struct tracker *tracker, double time)
{
    double step = time - tracker->time;
    return step > 0 ? fmin(step, most_step) : 0;
}

bsr_status tracker_update(struct tracker *tracker, const struct track_box *boxes, size_t count, double time,
                          const struct track **out, size_t *out_count, struct bsr_error *err)
{
    if (count > INT_MAX || !isfinite(time))
        return bsr_fail(err, BSR_ERANGE, "tracking", "%zu boxes at %g seconds are out of range", count, time);
    bsr_status status = reserve(tracker, count, err);
    if (status != BSR_OK)
        return status;

    double step = step_to(tracker, time);
    tracker->time = time;
    tracker->now += step;
    for (int i = 0; i < tracker->count; i++)
        track_thing_predict(&tracker->things[i], step);

    const struct track_options *options = &tracker->options;
    int                         ranked = rank_boxes(tracker, boxes, count), high = 0;
    while (high < ranked && tracker->room.ranked[high].score >= options->high)
        high++;
    match_all(tracker, boxes, high, ranked);
    begin_things(tracker, boxes, high);
    settle(tracker);

    *out_count = show(tracker);
    *out = tracker->room.shown;
    return BSR_OK;
}
