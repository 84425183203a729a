/* The thread that records, so that an encoder that stumbles makes no one wait. */
#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "pipeline/live_state.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define FRESH 1.0 /* seconds that boxes are drawn on later frames */

/* What is this thread's own. */
struct recording {
    struct live         *live;
    struct video_writer *writer; /* or NULL */
    int                  width, height;
    bool                 begun;
    int                  files;   /* that were opened */
    double               last;    /* time of the newest frame */
    double               sighted; /* time of the newest frame with something of record_on */
    struct bytes         path;
    struct bsr_image     picture; /* that is drawn on */
    struct live_pen      pen;
};

static bool waits_for_things(const struct live *live)
{
    return live->begins != NULL;
}

/* NAME-2.mp4 of NAME.mp4. */
static bsr_status name_file(struct bytes *path, const char *record, int number, struct bsr_error *err)
{
    const char *dot = strrchr(file_name(record), '.');
    size_t      stem = dot ? (size_t)(dot - record) : strlen(record);

    bytes_clear(path);
    bytes_append(path, record, stem);
    if (number > 0)
        bytes_append_format(path, "-%d", number);
    bytes_append_text(path, dot ? dot : "");
    return path->failed ? bsr_fail_memory(err, record, path->size) : BSR_OK;
}

/* Files that come when something happens have numbers from 1 on. */
static bool is_numbered(const struct live *live)
{
    return waits_for_things(live) || live->options.record_waits;
}

/* The first file is the one that was asked for; else the first number that is free. */
static bsr_status choose_file(struct recording *recording, struct bsr_error *err)
{
    const struct live *live = recording->live;
    const char        *record = live->options.record_path;
    bsr_status         status = BSR_OK;

    recording->files++;
    if (!is_numbered(live) && recording->files == 1)
        return name_file(&recording->path, record, 0, err);
    for (int number = recording->files;; number++) {
        status = name_file(&recording->path, record, number, err);
        if (status != BSR_OK || access(bytes_text(&recording->path), F_OK) != 0)
            return status;
        recording->files = number + 1;
    }
}

static void set_recording(struct live *live, bool on)
{
    pthread_mutex_lock(&live->lock);
    bool changed = live->recording != on;
    live->recording = on;
    if (changed)
        live_note_change(live);
    pthread_mutex_unlock(&live->lock);
    if (changed)
        live_wake(live);
}

/* With the frame of this time, and what is held from before it. */
static void note_begin(struct recording *recording, double time)
{
    struct live *live = recording->live;

    recording->begun = true;
    pthread_mutex_lock(&live->lock);
    live->record_begun = time;
    snprintf(live->record_path, sizeof live->record_path, "%s", bytes_text(&recording->path));
    pthread_mutex_unlock(&live->lock);
    set_recording(live, true);
}

/* Held where nothing is to be recorded yet. */
static bsr_status open_file(struct recording *recording, const struct live_frame *frame, bool held,
                            struct bsr_error *err)
{
    struct live                *live = recording->live;
    struct video_writer_options options = {.width = frame->image.width,
                                           .height = frame->image.height,
                                           .held = held,
                                           .hold = live->options.pre,
                                           .threads = 1};
    bsr_status                  status = choose_file(recording, err);
    if (status == BSR_OK)
        status = live->ground.sink.open(&recording->writer, bytes_text(&recording->path), &options, err);
    if (status != BSR_OK)
        return status;
    recording->width = frame->image.width;
    recording->height = frame->image.height;
    if (!held)
        note_begin(recording, frame->time);
    return BSR_OK;
}

static bsr_status close_file(struct recording *recording, double end_time, struct bsr_error *err)
{
    struct live         *live = recording->live;
    struct video_writer *writer = recording->writer;
    if (!writer)
        return BSR_OK;
    recording->writer = NULL;
    if (recording->begun)
        live_say(live, "%s: recorded", bytes_text(&recording->path));
    recording->begun = false;
    set_recording(live, false);
    return live->ground.sink.close(writer, end_time, err);
}

/* The picture as it is recorded. */
static bsr_status draw(struct recording *recording, const struct live_queued *item,
                       const struct bsr_image **out, struct bsr_error *err)
{
    struct live *live = recording->live;
    bool         fresh = item->result && item->frame->time - item->result->time < FRESH;

    *out = &item->frame->image;
    if (live->options.record_plain || (!fresh && !live->options.overlay))
        return BSR_OK;
    struct live_stats stats = live_stats_now(live);
    bsr_status        status = live_picture_copy(&recording->picture, &item->frame->image, err);
    if (status == BSR_OK)
        status = live_pen_draw(&recording->pen, &recording->picture,
                               &(struct live_drawing){.result = fresh ? item->result : NULL,
                                                      .class_names = live->class_names,
                                                      .overlay = live->options.overlay ? &stats : NULL},
                               err);
    if (status == BSR_OK)
        *out = &recording->picture;
    return status;
}

/* ---- when it is recorded ------------------------------------------------------------------------------ */

/* What was ended while things were there begins again with the next ones. */
static enum live_order take_order(struct live *live, bool seen)
{
    pthread_mutex_lock(&live->lock);
    if (live->order == ORDER_END && waits_for_things(live) && !seen)
        live->order = ORDER_NONE;
    enum live_order order = live->order;
    pthread_mutex_unlock(&live->lock);
    return order;
}

/* Whether this frame is to be recorded, as things that were seen and orders say. */
static bool is_wanted(struct recording *recording, const struct live_queued *item)
{
    struct live *live = recording->live;
    const double time = item->frame->time;
    /* A result goes with many frames, and counts for as long as it is fresh. */
    const bool seen = item->result && item->result->sighted && time - item->result->time < FRESH;

    if (seen)
        recording->sighted = item->result->time;
    switch (take_order(live, seen)) {
    case ORDER_RECORD:
        return true;
    case ORDER_END:
        return false;
    case ORDER_NONE:
        break;
    }
    if (waits_for_things(live))
        return seen || (recording->begun && time <= recording->sighted + live->options.post);
    return !live->options.record_waits;
}

/* Begins what is held, and ends what is no longer wanted. */
static bsr_status begin_or_end(struct recording *recording, bool wanted, double time, struct bsr_error *err)
{
    struct live *live = recording->live;

    if (wanted && !recording->begun) {
        bsr_status status = live->ground.sink.begin(recording->writer, err);
        if (status != BSR_OK)
            return status;
        note_begin(recording, time);
        live_say(live, "%s: recording", bytes_text(&recording->path));
    }
    return !wanted && recording->begun ? close_file(recording, time, err) : BSR_OK;
}

/* What happens before a frame: nothing to be held, no file. */
static bool holds(const struct live *live)
{
    return waits_for_things(live) || live->options.pre > 0;
}

static bsr_status record(struct recording *recording, const struct live_queued *item, struct bsr_error *err)
{
    const struct live      *live = recording->live;
    const struct bsr_image *image = &item->frame->image;
    const double            time = item->frame->time;
    const bool              wanted = is_wanted(recording, item);
    bsr_status              status = BSR_OK;

    if (recording->writer && (image->width != recording->width || image->height != recording->height))
        status = close_file(recording, time, err);
    if (status == BSR_OK && recording->writer)
        status = begin_or_end(recording, wanted, time, err);
    if (status == BSR_OK && !recording->writer && !wanted && !holds(live))
        return BSR_OK;
    const bool anew = status == BSR_OK && !recording->writer, things = waits_for_things(live);
    if (anew)
        status = open_file(recording, item->frame, things || !wanted, err);
    if (status == BSR_OK)
        status = draw(recording, item, &image, err);
    if (status == BSR_OK)
        status = live->ground.sink.add(recording->writer, image, time, err);
    if (status == BSR_OK)
        recording->last = time;
    if (status == BSR_OK && anew && things)
        status = begin_or_end(recording, wanted, time, err);
    return status;
}

/* When the last frame stops being shown: now, or of a file that isn't paced as long after it as it says. */
static double end_of(struct live *live, double last)
{
    pthread_mutex_lock(&live->lock);
    double nominal = live->nominal > 0 ? live->nominal : 0.04;
    double since = (clock_ms() - live->last_arrived_ms) / 1000;
    double end = live->live && live->last_time <= last ? last + fmax(since, nominal) : last + nominal;
    pthread_mutex_unlock(&live->lock);
    return end;
}

static void keep_failure(struct live *live, const struct bsr_error *err)
{
    pthread_mutex_lock(&live->lock);
    if (live->record_failure.code == BSR_OK)
        live->record_failure = *err;
    live->recording = false;
    live_note_change(live);
    pthread_mutex_unlock(&live->lock);
    live_say(live, "the recording ended: %.300s%s%.300s", err->subject, *err->subject ? ": " : "",
             err->message);
}

/* With the lock: takes what is next, or no frame where an order came; false: there will be nothing more. */
static bool next_item(struct live *live, struct live_queued *item)
{
    live->recorder_idle = live->queue_count == 0;
    while (live->queue_count == 0 && !live->queue_closed && !live->order_changed)
        live_wait_change(live, INFINITY);
    const bool ordered = live->order_changed;
    live->order_changed = false;
    *item = (struct live_queued){.frame = NULL};
    if (live->queue_count == 0)
        return ordered;
    *item = live->queue[live->queue_first];
    live->queue_first = (live->queue_first + 1) % LIVE_QUEUE;
    live->queue_count--;
    pthread_cond_broadcast(&live->changed); /* for who waits for room */
    return true;
}

/* A frame; or where none comes, an order to end, which need not wait for one. */
static bsr_status take_item(struct recording *recording, const struct live_queued *item,
                            struct bsr_error *err)
{
    struct live *live = recording->live;

    if (item->frame)
        return record(recording, item, err);
    pthread_mutex_lock(&live->lock);
    const bool end = live->order == ORDER_END;
    pthread_mutex_unlock(&live->lock);
    return end && recording->begun ? close_file(recording, end_of(live, recording->last), err) : BSR_OK;
}

void *live_recorder_main(void *context)
{
    struct live       *live = context;
    struct recording   recording = {.live = live, .sighted = -INFINITY};
    struct live_queued item;
    struct bsr_error   err = {0};
    bsr_status         status = BSR_OK;

    pthread_mutex_lock(&live->lock);
    while (next_item(live, &item)) {
        pthread_mutex_unlock(&live->lock);
        if (status == BSR_OK) {
            status = take_item(&recording, &item, &err);
            if (status != BSR_OK) {
                keep_failure(live, &err);
                close_file(&recording, recording.last, NULL);
            }
        }
        pthread_mutex_lock(&live->lock);
        live_frame_drop(item.frame);
        live_result_drop(item.result);
        pthread_cond_broadcast(&live->changed);
    }
    pthread_mutex_unlock(&live->lock);

    if (close_file(&recording, end_of(live, recording.last), &err) != BSR_OK)
        keep_failure(live, &err);
    bytes_free(&recording.path);
    image_free(&recording.picture);
    live_pen_close(&recording.pen);
    return NULL;
}
