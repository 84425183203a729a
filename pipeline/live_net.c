/* The thread that looks: the net on the newest frame, who is who, and what is counted. */
#include "base/alloc.h"
#include "base/busy.h"
#include "base/clock.h"
#include "base/priority.h"
#include "pipeline/live_record.h"
#include "pipeline/live_state.h"

#include <math.h>
#include <string.h>

/* What is this thread's own. */
struct looking {
    struct live        *live;
    struct tracker     *tracker; /* or NULL */
    struct counter     *counter; /* or NULL */
    struct live_shapes *shapes;
    struct track_box   *boxes;
    size_t              box_capacity;
    double              confidence, iou;
    struct bsr_image    picture; /* that is drawn on, for on_frame */
    struct live_pen     pen;
    struct bytes        line;
};

/* ---- settings of the next frame -------------------------------------------------------------------------
 */

/* With the lock. */
static void take_settings(struct looking *looking)
{
    struct live *live = looking->live;

    looking->confidence = live->confidence;
    looking->iou = live->iou;
    if (!live->shapes_changed)
        return;
    counter_destroy(looking->counter);
    live_shapes_drop(looking->shapes);
    looking->counter = live->counter;
    looking->shapes = live_shapes_share(live->shapes);
    live->counter = NULL;
    live->shapes_changed = false;
}

static bool follows(const struct looking *looking)
{
    return looking->live->options.track || looking->counter;
}

/* Things begin at the confidence of now. */
static bsr_status ready_tracker(struct looking *looking, struct bsr_error *err)
{
    struct track_options options = looking->live->options.tracking;
    options.high = fmax(looking->confidence, options.low);
    bsr_status status = looking->tracker ? BSR_OK : tracker_create(&looking->tracker, &options, err);
    if (status == BSR_OK)
        tracker_set_high(looking->tracker, options.high);
    return status;
}

/* ---- a frame ----------------------------------------------------------------------------------------------
 */

static bsr_status lay_out_boxes(struct looking *looking, const struct detections *found,
                                struct bsr_error *err)
{
    if (found->count > looking->box_capacity || !looking->boxes) {
        size_t            capacity = 2 * found->count + 8;
        struct track_box *boxes = mem_alloc_zeroed(capacity, sizeof *boxes);
        if (!boxes)
            return bsr_fail_memory(err, NULL, capacity * sizeof *boxes);
        mem_free(looking->boxes);
        looking->boxes = boxes;
        looking->box_capacity = capacity;
    }
    for (size_t i = 0; i < found->count; i++) {
        const struct detection *item = &found->items[i];
        looking->boxes[i] = (struct track_box){.x1 = item->x1,
                                               .y1 = item->y1,
                                               .x2 = item->x2,
                                               .y2 = item->y2,
                                               .score = item->score,
                                               .class_index = item->class_index};
    }
    return BSR_OK;
}

static bsr_status follow(struct looking *looking, const struct live_frame *frame,
                         const struct detections *found, struct live_result *result, struct bsr_error *err)
{
    const struct track *tracks = NULL;
    size_t              count = 0;

    bsr_status status = ready_tracker(looking, err);
    if (status == BSR_OK)
        tracker_set_picture(looking->tracker, frame->image.width, frame->image.height);
    if (status == BSR_OK)
        status = lay_out_boxes(looking, found, err);
    if (status == BSR_OK)
        status = tracker_update(looking->tracker, looking->boxes, found->count, result->time, &tracks, &count,
                                err);
    if (status == BSR_OK)
        status = live_result_set_tracks(result, tracks, count, err);
    if (status == BSR_OK && looking->counter)
        status = counter_update(looking->counter, tracks, count, err);
    if (status == BSR_OK && looking->counter)
        status = live_result_set_counts(result, looking->counter, err);
    if (status == BSR_OK)
        live_result_leave_out(result, looking->confidence);
    return status;
}

/* Whether something is there that a recording begins with. */
static bool is_sighted(const struct live *live, const struct live_result *result, double confidence)
{
    for (size_t i = 0; live->begins && i < result->box_count; i++) {
        const struct detection *found = &result->boxes[i].found;
        if (found->score >= confidence && live->begins[found->class_index])
            return true;
    }
    return false;
}

static bsr_status look(struct looking *looking, const struct live_frame *frame, struct live_result *result,
                       struct bsr_error *err)
{
    struct live      *live = looking->live;
    struct detections found;
    bool              following = follows(looking);
    double least = following ? fmin(looking->confidence, live->options.tracking.low) : looking->confidence;

    result->number = frame->number;
    result->time = frame->time;
    result->timing = (struct timing){.decode = frame->decode_ms};
    detector_set_thresholds(live->detector, least, looking->iou);
    bsr_status status = detector_run(live->detector, &frame->image, &found, &result->timing, err);
    if (status == BSR_OK)
        status = live_result_set_found(result, &found, err);
    if (status == BSR_OK && following)
        status = follow(looking, frame, &found, result, err);
    if (status != BSR_OK)
        return status;
    result->sighted = is_sighted(live, result, looking->confidence);
    result->done_ms = clock_ms();
    result->latency_ms = result->done_ms - frame->arrived_ms;
    return BSR_OK;
}

/* ---- who is told
 * -------------------------------------------------------------------------------------------- */

static bsr_status tell_record(struct looking *looking, const struct live_frame *frame,
                              const struct live_result *result, const struct live_result *before,
                              struct bsr_error *err)
{
    struct live             *live = looking->live;
    const struct record_head head = {.source = live->options.source,
                                     .model = live->model.card.name,
                                     .task = "detect",
                                     .width = frame->image.width,
                                     .height = frame->image.height};
    bytes_clear(&looking->line);
    bsr_status status = live_record_frame(&looking->line, &head, result, live->class_names, err);
    if (status == BSR_OK)
        live->options.on_record(live->options.context, bytes_text(&looking->line), looking->line.size);
    for (int i = 0; status == BSR_OK && result->shapes && i < result->shapes->count; i++) {
        if (!live_record_counts_differ(result, before, i))
            continue;
        bytes_clear(&looking->line);
        status = live_record_count(&looking->line, &head, result, i, live->class_names, err);
        if (status == BSR_OK)
            live->options.on_record(live->options.context, bytes_text(&looking->line), looking->line.size);
    }
    return status;
}

static bsr_status tell_frame(struct looking *looking, const struct live_frame *frame,
                             const struct live_result *result, struct bsr_error *err)
{
    struct live      *live = looking->live;
    struct live_stats stats = live_stats_now(live);

    bsr_status status = live_picture_copy(&looking->picture, &frame->image, err);
    if (status == BSR_OK)
        status = live_pen_draw(&looking->pen, &looking->picture,
                               &(struct live_drawing){.result = result,
                                                      .class_names = live->class_names,
                                                      .overlay = live->options.overlay ? &stats : NULL},
                               err);
    if (status == BSR_OK)
        live->options.on_frame(live->options.context, &looking->picture, frame->time);
    return status;
}

static bool is_frame_wanted(const struct live *live)
{
    const struct live_options *options = &live->options;
    return options->on_frame && (!options->wants_frame || options->wants_frame(options->context));
}

/* With the lock: the result is the newest. */
static void publish(struct live *live, struct live_frame *frame, struct live_result *result)
{
    live_result_drop(live->found);
    live->found = live_result_share(result);
    live->stats.looked++;
    live->stats.latency_ms = result->latency_ms;
    live->stats.timing = result->timing;
    live_rate_add(&live->net_rate, result->done_ms);
    if (live->each && live->has_recorder)
        live_enqueue(live, frame, result, true);
    live_note_change(live);
}

/* ---- the thread
 * ------------------------------------------------------------------------------------------------ */

/* With the lock: waits for a frame that is to be looked at; a result for it, or NULL when there will be none.
 */
static struct live_result *wait_for_frame(struct live *live)
{
    while (!atomic_load(&live->stop)) {
        bool                there = live->newest && !live->newest_taken;
        struct live_result *result = there ? live_results_take(&live->results) : NULL;
        if (result || (!there && live->source_done))
            return result;
        live_wait_change(live, INFINITY);
    }
    return NULL;
}

/* With the lock: the next frame, and a result for it; false when there will be none. */
static bool next_frame(struct looking *looking, struct live_frame **frame, struct live_result **result)
{
    struct live        *live = looking->live;
    struct live_result *made = wait_for_frame(live);

    if (!made)
        return false;
    *frame = live_frame_share(live->newest);
    live->newest_taken = true;
    take_settings(looking);
    live_shapes_drop(made->shapes);
    made->shapes = live_shapes_share(looking->shapes);
    *result = made;
    live_note_change(live);
    return true;
}

static bsr_status do_frame(struct looking *looking, struct live_frame *frame, struct live_result *result,
                           struct bsr_error *err)
{
    struct live *live = looking->live;

    busy_begin();
    bsr_status status = look(looking, frame, result, err);
    busy_end();
    if (status != BSR_OK)
        return status;
    pthread_mutex_lock(&live->lock);
    struct live_result *before = live_result_share(live->found);
    publish(live, frame, result);
    pthread_mutex_unlock(&live->lock);
    live_wake(live);
    if (live->options.on_record)
        status = tell_record(looking, frame, result, before, err);
    if (status == BSR_OK && is_frame_wanted(live))
        status = tell_frame(looking, frame, result, err);
    pthread_mutex_lock(&live->lock);
    live_result_drop(before);
    pthread_mutex_unlock(&live->lock);
    return status;
}

/* With the lock: nothing more will be looked at. */
static void end(struct live *live, bsr_status status, const struct bsr_error *err)
{
    live->net_done = true;
    if (status != BSR_OK && live->failure.code == BSR_OK)
        live->failure = *err;
    live->state = live->failure.code == BSR_OK ? LIVE_ENDED : LIVE_FAILED;
    *live->why = '\0';
    if (live->failure.code != BSR_OK)
        memcpy(live->why, live->failure.message, strnlen(live->failure.message, LIVE_WHY - 1) + 1);
    live->why[LIVE_WHY - 1] = '\0';
    live_note_change(live);
}

void *live_net_main(void *context)
{
    struct looking      looking = {.live = context};
    struct live        *live = context;
    struct live_frame  *frame = NULL;
    struct live_result *result = NULL;
    struct bsr_error    err = {0};
    bsr_status          status = BSR_OK;

    priority_enter_worker();
    pthread_mutex_lock(&live->lock);
    while (status == BSR_OK && next_frame(&looking, &frame, &result)) {
        pthread_mutex_unlock(&live->lock);
        status = do_frame(&looking, frame, result, &err);
        pthread_mutex_lock(&live->lock);
        live_frame_drop(frame);
        live_result_drop(result);
    }
    end(live, status, &err);
    live_shapes_drop(looking.shapes);
    pthread_mutex_unlock(&live->lock);
    live_wake(live);

    tracker_destroy(looking.tracker);
    counter_destroy(looking.counter);
    mem_free(looking.boxes);
    image_free(&looking.picture);
    live_pen_close(&looking.pen);
    bytes_free(&looking.line);
    return NULL;
}
