#include "pipeline/viewer_film.h"

#include "base/alloc.h"
#include "base/clock.h"

#include <math.h>
#include <string.h>

enum { KEPT = 8, KEPT_LEAST = 2 };

static const double same_time = 0.0005; /* as media/video.c has it */
static const double usual_span = 0.5;   /* seconds of KEPT frames, where no rate is known */

struct film {
    struct video_reader *reader;
    struct video_facts   facts;
    struct pixels       *kept[KEPT]; /* by the time at which they were read, the newest first */
    size_t               count;
    uint64_t             memory;
    double               behind; /* the reader stands behind the frame of this time; NAN: elsewhere */
    double               last;   /* of the last frame, once the end was met; else INFINITY */
};

/* ---- opening ------------------------------------------------------------------------------------ */

bsr_status film_open(struct film **out, const char *path, uint64_t memory, const atomic_bool *stop,
                     struct bsr_error *err)
{
    struct film *film = mem_alloc_zeroed(1, sizeof *film);
    if (!film)
        return bsr_fail_memory(err, path, sizeof *film);
    film->memory = memory;
    film->behind = NAN;
    film->last = INFINITY;
    bsr_status status = video_open(&film->reader, path, &(struct video_options){.stop = stop}, err);
    if (status != BSR_OK) {
        film_close(film);
        return status;
    }
    film->facts = *video_facts(film->reader);
    *out = film;
    return BSR_OK;
}

void film_close(struct film *film)
{
    if (!film)
        return;
    for (size_t i = 0; i < film->count; i++)
        shared_drop(film->kept[i]);
    video_close(film->reader);
    mem_free(film);
}

const struct video_facts *film_facts(const struct film *film)
{
    return &film->facts;
}

/* ---- what is kept ------------------------------------------------------------------------------- */

static void keep(struct film *film, struct pixels *pixels)
{
    size_t most = pixels->bytes ? (size_t)fmin((double)film->memory / (double)pixels->bytes, KEPT) : KEPT;

    most = most < KEPT_LEAST ? KEPT_LEAST : most;
    while (film->count >= most)
        shared_drop(film->kept[--film->count]);
    memmove(film->kept + 1, film->kept, film->count * sizeof(struct pixels *));
    film->kept[0] = shared_hold(pixels);
    film->count++;
}

static bool is_near(double a, double b)
{
    return fabs(a - b) <= same_time;
}

static struct pixels *find_at(const struct film *film, double time)
{
    for (size_t i = 0; i < film->count; i++)
        if (is_near(film->kept[i]->frame.time, time))
            return shared_hold(film->kept[i]);
    return NULL;
}

static struct pixels *find_behind(const struct film *film, double time)
{
    for (size_t i = 0; i < film->count; i++)
        if (is_near(film->kept[i]->frame.before, time))
            return shared_hold(film->kept[i]);
    return NULL;
}

/* ---- reading ------------------------------------------------------------------------------------ */

static struct pixels *copy_frame(const struct video_frame *frame)
{
    const struct bsr_image *from = &frame->image;
    struct pixels          *made = pixels_make();

    if (!made || image_alloc(&made->image, from->width, from->height, 3, 8, NULL) != BSR_OK) {
        shared_drop(made);
        return NULL;
    }
    for (int y = 0; y < from->height; y++)
        memcpy(image_row(&made->image, y), image_row(from, y), 3 * (size_t)from->width);
    made->bytes = made->image.stride * (uint64_t)made->image.height;
    return made;
}

/* The frame at which the reader stands, which is kept; *out is NULL at the end. */
static bsr_status read_one(struct film *film, struct pixels **out, struct bsr_error *err)
{
    struct video_frame frame;
    bool               end = false;
    double             start = clock_ms();
    bsr_status         status = video_read(film->reader, &frame, &end, NULL, err);

    *out = NULL;
    if (status != BSR_OK || end) {
        if (end && !isnan(film->behind))
            film->last = film->behind;
        return status;
    }
    struct pixels *made = copy_frame(&frame);
    if (!made)
        return bsr_fail_memory(err, NULL, 0);
    made->frame = (struct frame_place){.time = frame.time,
                                       .before = frame.time > 0 ? film->behind : -INFINITY,
                                       .duration = film->facts.duration,
                                       .fps = film->facts.fps,
                                       .number = frame.number,
                                       .steady = film->facts.steady};
    made->decode_ms = clock_ms() - start;
    film->behind = frame.time;
    keep(film, made);
    *out = made;
    return BSR_OK;
}

static bsr_status stand_at(struct film *film, double time, struct bsr_error *err)
{
    film->behind = NAN;
    return video_seek(film->reader, time, err);
}

/* Reads from `time` on to the last frame before `end`; *out is NULL where there is none. */
static bsr_status read_up_to(struct film *film, double time, double end, struct pixels **out,
                             struct bsr_error *err)
{
    struct pixels *last = NULL, *read = NULL;
    bsr_status     status = stand_at(film, time, err);

    while (status == BSR_OK) {
        status = read_one(film, &read, err);
        if (status != BSR_OK || !read || read->frame.time >= end - same_time)
            break;
        shared_drop(last);
        last = read;
    }
    shared_drop(read); /* the one too many, or none */
    if (status != BSR_OK) {
        shared_drop(last);
        return status;
    }
    *out = last;
    return BSR_OK;
}

/* The last frame before `end` seconds, from further and further back: `span` seconds at first. */
static bsr_status find_before(struct film *film, double end, double span, struct pixels **out,
                              struct bsr_error *err)
{
    enum { FURTHER = 8 };
    bsr_status status = BSR_OK;
    double     from;

    *out = NULL;
    do {
        from = fmax(end - span, 0);
        status = read_up_to(film, from, end, out, err);
        span *= FURTHER;
    } while (status == BSR_OK && !*out && from > 0);
    return status;
}

/* ---- going about -------------------------------------------------------------------------------- */

static double span_of(const struct film *film)
{
    return film->facts.fps > 0 ? KEPT / film->facts.fps : usual_span;
}

/* The last one; nothing is at `time` or behind. */
static bsr_status go_to_last(struct film *film, double time, struct pixels **out, struct bsr_error *err)
{
    bsr_status status = find_before(film, time, span_of(film), out, err);
    if (status == BSR_OK && !*out)
        return bsr_fail(err, BSR_EDECODE, NULL, "there is no frame in it that can be decoded");
    if (status == BSR_OK)
        film->last = (*out)->frame.time;
    return status;
}

bsr_status film_go(struct film *film, double time, struct pixels **out, struct bsr_error *err)
{
    struct pixels *made = NULL;

    time = fmin(fmax(time, 0), film->last);
    if (film->facts.duration > 0)
        time = fmin(time, film->facts.duration + 1);
    made = find_at(film, time);
    bsr_status status = made ? BSR_OK : stand_at(film, time, err);
    if (status == BSR_OK && !made)
        status = read_one(film, &made, err);
    if (status == BSR_OK && !made)
        status = go_to_last(film, time, &made, err);
    if (status == BSR_OK)
        *out = made;
    return status;
}

bsr_status film_next(struct film *film, const struct frame_place *place, struct pixels **out,
                     struct bsr_error *err)
{
    struct pixels *made = find_behind(film, place->time);
    bsr_status     status = BSR_OK;

    if (!made && !(film->behind == place->time)) {
        status = stand_at(film, place->time + 2 * same_time, err);
        film->behind = place->time;
    }
    if (status == BSR_OK && !made)
        status = read_one(film, &made, err);
    if (status == BSR_OK)
        *out = made;
    return status;
}

bsr_status film_previous(struct film *film, const struct frame_place *place, struct pixels **out,
                         struct bsr_error *err)
{
    struct pixels *made = isfinite(place->before) ? find_at(film, place->before) : NULL;
    bsr_status     status = BSR_OK;

    if (!made && place->before != -INFINITY)
        status = find_before(film, place->time, span_of(film), &made, err);
    if (status == BSR_OK)
        *out = made;
    return status;
}
