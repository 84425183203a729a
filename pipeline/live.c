#include "pipeline/live.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "pipeline/live_state.h"

#include <stdio.h>
#include <string.h>

enum {
    WAIT_MS = 100,    /* between two looks at a flag that a signal sets */
    SECOND_MS = 1000, /* between two calls of on_second */
};

/* With the lock: whether a source that goes by the clock has had its time, though no frame may have come. */
static bool is_over(const struct live *live)
{
    const struct live_options *options = &live->options;
    bool                       by_the_clock = options->realtime || live->live || live->stats.frames == 0;
    /* A second more, since frames tell it better where they come. */
    return options->duration > 0 && by_the_clock &&
           clock_ms() - live->opened_ms > (options->duration + 1) * 1000;
}

bsr_status live_wait(struct live *live, const atomic_bool *stop, struct bsr_error *err)
{
    bsr_status status = BSR_OK;
    double     told_ms = clock_ms();

    pthread_mutex_lock(&live->lock);
    while (!live->net_done && live->record_failure.code == BSR_OK && !(stop && atomic_load(stop)) &&
           !is_over(live)) {
        live_wait_change(live, clock_ms() + WAIT_MS);
        if (live->options.on_second && clock_ms() - told_ms >= SECOND_MS) {
            told_ms = clock_ms();
            pthread_mutex_unlock(&live->lock);
            live->options.on_second(live->options.context);
            pthread_mutex_lock(&live->lock);
        }
    }
    const struct bsr_error *failure = live->failure.code != BSR_OK ? &live->failure : &live->record_failure;
    status = failure->code;
    if (status != BSR_OK && err)
        *err = *failure;
    pthread_mutex_unlock(&live->lock);
    return status;
}

bool live_is_endless(struct live *live)
{
    const struct live_options *options = &live->options;

    pthread_mutex_lock(&live->lock);
    bool endless = live->stats.frames > 0 ? live->live : live_comes_back(options->source);
    pthread_mutex_unlock(&live->lock);
    return (endless || options->loop) && options->duration <= 0 && options->frames <= 0;
}

struct live_snapshot live_snapshot(struct live *live)
{
    pthread_mutex_lock(&live->lock);
    struct live_frame   *frame = live->newest ? live_frame_share(live->newest) : NULL;
    struct live_result  *result = live_result_share(live->found);
    struct live_snapshot shot = {
        .serial = live->serial,
        .state = live->state,
        .stats = live_stats_of(live),
        .recording = live->recording,
        .recorded = live->recording ? live->last_time - live->record_begun : 0,
        .confidence = live->confidence,
        .iou = live->iou,
        .class_names = live->class_names,
        .class_count = live->class_count,
        .looked_number = -1,
        .frame_number = -1,
        .held = {frame, result},
    };
    memcpy(shot.why, live->why, sizeof shot.why);
    memcpy(shot.record_path, live->record_path, sizeof shot.record_path);
    if (live->record_failure.code != BSR_OK)
        snprintf(shot.record_why, sizeof shot.record_why, "%.300s", live->record_failure.message);
    pthread_mutex_unlock(&live->lock);

    if (frame) {
        shot.frame = &frame->image;
        shot.frame_number = frame->number;
        shot.frame_time = frame->time;
        shot.arrived_ms = frame->arrived_ms;
    }
    if (result) {
        bool tracked = live->options.track || result->shapes;
        shot.detections = tracked ? NULL : result->detections;
        shot.tracks = tracked ? result->tracks : NULL;
        shot.count = tracked ? result->track_count : result->box_count;
        shot.looked_number = result->number;
        shot.shapes = result->shapes ? result->shapes->items : NULL;
        shot.shape_count = result->shapes ? result->shapes->count : 0;
    }
    return shot;
}

void live_release(struct live *live, struct live_snapshot *snapshot)
{
    pthread_mutex_lock(&live->lock);
    live_frame_drop(snapshot->held[0]);
    live_result_drop(snapshot->held[1]);
    pthread_cond_broadcast(&live->changed);
    pthread_mutex_unlock(&live->lock);
    *snapshot = (struct live_snapshot){.looked_number = -1, .frame_number = -1};
}

/* ---- settings ----------------------------------------------------------------------------------------- */

void live_set_thresholds(struct live *live, double confidence, double iou)
{
    pthread_mutex_lock(&live->lock);
    live->confidence = confidence;
    live->iou = iou;
    live_note_change(live);
    pthread_mutex_unlock(&live->lock);
}

void live_pause(struct live *live, bool pause)
{
    pthread_mutex_lock(&live->lock);
    live->paused = pause;
    live->steps = 0;
    if (live->state == LIVE_RUNNING || live->state == LIVE_PAUSED)
        live->state = pause ? LIVE_PAUSED : LIVE_RUNNING;
    live_note_change(live);
    pthread_mutex_unlock(&live->lock);
    live_wake(live);
}

void live_step(struct live *live)
{
    pthread_mutex_lock(&live->lock);
    live->paused = true;
    live->steps++;
    if (live->state == LIVE_RUNNING)
        live->state = LIVE_PAUSED;
    live_note_change(live);
    pthread_mutex_unlock(&live->lock);
}

void live_record(struct live *live, bool on)
{
    pthread_mutex_lock(&live->lock);
    live->order = on ? ORDER_RECORD : ORDER_END;
    live->order_changed = true;
    pthread_cond_broadcast(&live->changed);
    pthread_mutex_unlock(&live->lock);
}

bsr_status live_set_shapes(struct live *live, const struct count_shape *shapes, int count,
                           struct bsr_error *err)
{
    struct counter     *counter = NULL;
    struct live_shapes *copy = NULL;

    bsr_status status = count > 0 ? counter_create(&counter, shapes, count, err) : BSR_OK;
    if (status == BSR_OK && count > 0)
        status = live_shapes_copy(&copy, shapes, count, err);
    if (status != BSR_OK) {
        counter_destroy(counter);
        return status;
    }
    pthread_mutex_lock(&live->lock);
    struct counter *old = live->counter;
    live_shapes_drop(live->shapes);
    live->counter = counter;
    live->shapes = copy;
    live->shapes_changed = true;
    live_note_change(live);
    pthread_mutex_unlock(&live->lock);
    counter_destroy(old);
    return BSR_OK;
}

bsr_status live_counts(struct live *live, int index, struct count_row **out, size_t *count,
                       struct bsr_error *err)
{
    bsr_status status = BSR_OK;

    pthread_mutex_lock(&live->lock);
    struct live_result *result = live_result_share(live->found);
    pthread_mutex_unlock(&live->lock);
    size_t                  found = 0;
    const struct count_row *rows = NULL;
    if (result && result->shapes && index >= 0 && index < result->shapes->count)
        rows = live_result_rows(result, index, &found);
    struct count_row *copy = mem_alloc_zeroed(found + 1, sizeof *copy);
    if (!copy)
        status = bsr_fail_memory(err, NULL, found * sizeof *copy);
    if (copy && found)
        memcpy(copy, rows, found * sizeof *copy);
    pthread_mutex_lock(&live->lock);
    live_result_drop(result);
    pthread_cond_broadcast(&live->changed);
    pthread_mutex_unlock(&live->lock);
    if (status != BSR_OK)
        return status;
    *out = copy;
    *count = found;
    return BSR_OK;
}
