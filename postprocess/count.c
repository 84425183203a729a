#include "postprocess/count.h"

#include "base/alloc.h"
#include "postprocess/count_shape.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MOST_SHAPES = 64,
    MOST_PASSED = 100, /* who winds round a line's end so often may be counted wrong */
};

static const double margin_share = 0.03; /* of the height of a thing's box */
static const double least_margin = 2;    /* pixels */

/* What is remembered of a thing and a shape. */
struct stand {
    signed char settled; /* -1, 1: the side that it was last a margin deep in; 0: it never was */
    signed char passed;  /* a line: how often it went through it since, there less back */
    bool        inside;  /* a zone: as far as is known */
};

/* A thing, and where it was last seen. */
struct walker {
    int                id, class_index;
    struct count_point at;
    size_t             stands; /* where its stands begin */
};

struct walkers {
    struct walker *items;  /* by id */
    struct stand  *stands; /* [count][shapes] */
    size_t         count, room;
};

struct tally {
    struct count_row *rows; /* by class */
    size_t            count, room;
};

struct counter {
    int                 count;
    struct count_shape *shapes;
    struct count_point *points;  /* of all shapes */
    struct tally       *tallies; /* [count] */
    struct walkers      now, next;
};

static bsr_status check_shapes(const struct count_shape *shapes, int count, struct bsr_error *err)
{
    if (count < 0 || count > MOST_SHAPES)
        return bsr_fail(err, BSR_ERANGE, "counting", "%d lines and zones are not 0 to %d", count,
                        MOST_SHAPES);
    int lines = 0, zones = 0;
    for (int i = 0; i < count; i++) {
        char name[32];
        bool is_line = shapes[i].count == 2;
        snprintf(name, sizeof name, "%s %d", is_line ? "line" : "zone", is_line ? ++lines : ++zones);
        bsr_status status = count_shape_check(&shapes[i], name, err);
        if (status != BSR_OK)
            return status;
    }
    return BSR_OK;
}

static void copy_shapes(struct counter *counter, const struct count_shape *shapes)
{
    struct count_point *next = counter->points;
    for (int i = 0; i < counter->count; i++) {
        memcpy(next, shapes[i].points, (size_t)shapes[i].count * sizeof *next);
        counter->shapes[i] = (struct count_shape){next, shapes[i].count};
        next += shapes[i].count;
    }
}

bsr_status counter_create(struct counter **out, const struct count_shape *shapes, int count,
                          struct bsr_error *err)
{
    bsr_status status = check_shapes(shapes, count, err);
    if (status != BSR_OK)
        return status;
    size_t points = 0;
    for (int i = 0; i < count; i++)
        points += (size_t)shapes[i].count;

    struct counter *counter = mem_alloc_zeroed(1, sizeof *counter);
    if (counter) {
        counter->count = count;
        counter->shapes = mem_alloc_zeroed((size_t)count + 1, sizeof *counter->shapes);
        counter->points = mem_alloc_zeroed(points + 1, sizeof *counter->points);
        counter->tallies = mem_alloc_zeroed((size_t)count + 1, sizeof *counter->tallies);
    }
    if (!counter || !counter->shapes || !counter->points || !counter->tallies) {
        counter_destroy(counter);
        return bsr_fail_memory(err, "counting", sizeof *counter + points * sizeof(struct count_point));
    }
    copy_shapes(counter, shapes);
    *out = counter;
    return BSR_OK;
}

static void free_walkers(struct walkers *walkers)
{
    mem_free(walkers->items);
    mem_free(walkers->stands);
}

void counter_destroy(struct counter *counter)
{
    if (!counter)
        return;
    for (int i = 0; counter->tallies && i < counter->count; i++)
        mem_free(counter->tallies[i].rows);
    free_walkers(&counter->now);
    free_walkers(&counter->next);
    mem_free(counter->shapes);
    mem_free(counter->points);
    mem_free(counter->tallies);
    mem_free(counter);
}

static bsr_status reserve_walkers(struct walkers *walkers, size_t count, int shapes, struct bsr_error *err)
{
    if (count <= walkers->room)
        return BSR_OK;
    size_t         room = count + count / 2;
    size_t         stands = mem_product(room, (size_t)shapes + 1);
    struct walkers made = {.room = room};
    made.items = mem_alloc_zeroed(room, sizeof *made.items);
    made.stands = stands ? mem_alloc_zeroed(stands, sizeof *made.stands) : NULL;
    if (!made.items || !made.stands) {
        free_walkers(&made);
        return bsr_fail_memory(err, "counting", mem_product(room, sizeof *made.items));
    }
    free_walkers(walkers);
    *walkers = made;
    return BSR_OK;
}

/* Each thing could be of a class that has no row yet. */
static bsr_status reserve_rows(struct tally *tally, size_t more, struct bsr_error *err)
{
    size_t needed = tally->count + more;
    if (needed <= tally->room)
        return BSR_OK;
    size_t            room = needed + needed / 2;
    struct count_row *rows = mem_resize(tally->rows, room, sizeof *rows);
    if (!rows)
        return bsr_fail_memory(err, "counting", mem_product(room, sizeof *rows));
    tally->rows = rows;
    tally->room = room;
    return BSR_OK;
}

/* So that nothing fails once counting has begun. */
static bsr_status reserve(struct counter *counter, size_t count, struct bsr_error *err)
{
    bsr_status status = reserve_walkers(&counter->next, count, counter->count, err);
    for (int i = 0; status == BSR_OK && i < counter->count; i++)
        status = reserve_rows(&counter->tallies[i], count, err);
    return status;
}

/* The row of a class, a new one in its place if there is none. */
static struct count_row *row_of(struct tally *tally, int class_index)
{
    size_t at = 0;
    while (at < tally->count && tally->rows[at].class_index < class_index)
        at++;
    if (at == tally->count || tally->rows[at].class_index != class_index) {
        memmove(&tally->rows[at + 1], &tally->rows[at], (tally->count - at) * sizeof *tally->rows);
        tally->rows[at] = (struct count_row){.class_index = class_index};
        tally->count++;
    }
    return &tally->rows[at];
}

static int compare_ids(const void *left, const void *right)
{
    const struct walker *a = left, *b = right;
    return (a->id > b->id) - (a->id < b->id);
}

static const struct walker *find_walker(const struct walkers *walkers, int id)
{
    struct walker wanted = {.id = id};
    return walkers->count ? bsearch(&wanted, walkers->items, walkers->count, sizeof wanted, compare_ids)
                          : NULL;
}

/* Takes note of the way from where it was seen before (`from` may be NULL). */
static void pass_line(struct stand *stand, const struct count_shape *line, const struct count_point *from,
                      struct count_point to, double depth)
{
    bool is_right = depth >= 0;
    if (!from || (count_shape_depth(line, *from) >= 0) == is_right || !count_line_is_passed(line, *from, to))
        return;
    if (is_right && stand->passed < MOST_PASSED)
        stand->passed++;
    else if (!is_right && stand->passed > -MOST_PASSED)
        stand->passed--;
}

/* A thing that is a margin deep on one side, or inside, belongs there until it is as deep on the other. What
 * begins nearer to the edge belongs nowhere: it may be one that was counted and lost its id. */
static void settle(struct stand *stand, struct tally *tally, bool is_line, int class_index, double depth,
                   double margin)
{
    if (fabs(depth) < margin) {
        if (!stand->settled)
            stand->inside = depth > 0;
        return;
    }
    signed char side = depth > 0 ? 1 : -1;
    if (stand->settled && side != stand->settled && (!is_line || stand->passed * side > 0)) {
        struct count_row *row = row_of(tally, class_index);
        row->there += side > 0;
        row->back += side < 0;
    }
    *stand = (struct stand){.settled = side, .inside = side > 0};
}

static void walk(struct counter *counter, struct walker *walker, struct stand *stands,
                 const struct track *track, const struct count_point *from)
{
    double margin = fmax(margin_share * (track->y2 - track->y1), least_margin);
    for (int i = 0; i < counter->count; i++) {
        const struct count_shape *shape = &counter->shapes[i];
        bool                      is_line = shape->count == 2;
        double                    depth = count_shape_depth(shape, walker->at);
        if (is_line)
            pass_line(&stands[i], shape, from, walker->at, depth);
        settle(&stands[i], &counter->tallies[i], is_line, walker->class_index, depth, margin);
    }
}

/* Where it stands counts only while it is seen. */
static void follow(struct counter *counter, const struct track *track)
{
    const struct walker *known = find_walker(&counter->now, track->id);
    if (!known && track->box < 0)
        return;
    size_t         shapes = (size_t)counter->count, place = counter->next.count++;
    struct walker *walker = &counter->next.items[place];
    struct stand  *stands = &counter->next.stands[place * shapes];
    if (known) {
        *walker = *known;
        memcpy(stands, &counter->now.stands[known->stands], shapes * sizeof *stands);
    } else {
        *walker = (struct walker){.id = track->id};
        memset(stands, 0, shapes * sizeof *stands);
    }
    walker->stands = place * shapes;
    if (track->box < 0)
        return;
    walker->class_index = track->class_index;
    walker->at = (struct count_point){(track->x1 + track->x2) / 2, track->y2};
    walk(counter, walker, stands, track, known ? &known->at : NULL);
}

static void count_inside(struct counter *counter, int index)
{
    struct tally *tally = &counter->tallies[index];
    for (size_t i = 0; i < tally->count; i++)
        tally->rows[i].inside = 0;
    for (size_t i = 0; counter->shapes[index].count > 2 && i < counter->now.count; i++) {
        const struct walker *walker = &counter->now.items[i];
        if (counter->now.stands[walker->stands + (size_t)index].inside)
            row_of(tally, walker->class_index)->inside++;
    }
}

bsr_status counter_update(struct counter *counter, const struct track *tracks, size_t count,
                          struct bsr_error *err)
{
    bsr_status status = reserve(counter, count, err);
    if (status != BSR_OK)
        return status;
    counter->next.count = 0;
    for (size_t i = 0; i < count; i++)
        follow(counter, &tracks[i]);
    if (counter->next.count)
        qsort(counter->next.items, counter->next.count, sizeof *counter->next.items, compare_ids);

    struct walkers now = counter->next;
    counter->next = counter->now;
    counter->now = now;
    for (int i = 0; i < counter->count; i++)
        count_inside(counter, i);
    return BSR_OK;
}

const struct count_row *counter_rows(const struct counter *counter, int index, size_t *count)
{
    *count = counter->tallies[index].count;
    return counter->tallies[index].rows;
}
