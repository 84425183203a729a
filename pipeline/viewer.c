#include "pipeline/viewer.h"

#include "base/alloc.h"
#include "engine/engine.h"
#include "pipeline/viewer_parts.h"

/* ---- moments ------------------------------------------------------------------------------------ */

static void moment_destroy(struct shared *shared)
{
    struct viewer_moment *moment = (struct viewer_moment *)shared;
    shared_drop(moment->shelf);
    shared_drop(moment->model);
    shared_drop(moment->pixels);
    shared_drop(moment->outcome);
    shared_drop(moment->shown);
    shared_drop(moment->asked);
    for (size_t i = 0; i < MOMENT_TEXTS; i++)
        shared_drop(moment->texts[i]);
    for (size_t i = 0; i < moment->lent_count; i++)
        shared_drop(moment->lent[i]);
    mem_free(moment->lent);
    mem_free(moment);
}

static void see_model(const struct viewer *viewer, struct viewer_moment *moment)
{
    struct viewer_snapshot *seen = &moment->seen;

    moment->model = shared_hold(viewer->model);
    moment->texts[0] = shared_hold(viewer->model_name);
    moment->texts[1] = shared_hold(viewer->model_why);
    seen->model_state = viewer->model_state;
    seen->model_name = text_of(viewer->model_name);
    seen->model_why = text_of(viewer->model_why);
    seen->model_progress = viewer->model_progress;
    if (viewer->model) {
        seen->model_used = viewer->model->name->text;
        seen->task = viewer->model->task;
    }
}

static void see_picture(struct viewer_moment *moment, const struct entry *entry)
{
    struct viewer_snapshot *seen = &moment->seen;
    const struct pixels    *pixels = entry->pixels;

    seen->path = entry->path->text; /* the shelf's */
    seen->unsaved = entry->blob != NULL;
    seen->picture_state = !pixels ? VIEWER_WORKING : pixels->status == BSR_OK ? VIEWER_READY : VIEWER_FAILED;
    if (!pixels)
        return;
    moment->pixels = shared_hold(entry->pixels);
    if (pixels->status == BSR_OK) {
        seen->picture = &pixels->image;
        seen->picture_id = pixels->moves_in ? pixels->moves_in : pixels->id;
    } else {
        seen->picture_why = pixels->why ? pixels->why->text : "out of memory";
    }
}

static void see_video(const struct viewer *viewer, struct viewer_moment *moment, const struct entry *entry)
{
    const struct video_wish *wish = &viewer->video;
    const struct pixels     *pixels = moment->pixels;
    struct viewer_video     *seen = &moment->seen.video;

    if (!entry->video)
        return;
    moment->texts[4] = shared_hold(entry->cut_why);
    *seen = (struct viewer_video){.there = true,
                                  .playing = wish->playing,
                                  .seeking = wish->go || wish->steps || wish->working,
                                  .time = entry->place,
                                  .duration = entry->duration,
                                  .why = text_of(entry->cut_why)};
    if (pixels && pixels->status == BSR_OK) {
        seen->frame_id = pixels->id;
        seen->number = pixels->frame.number;
        seen->steady = pixels->frame.steady;
    }
}

static void see_shown(struct viewer_moment *moment, struct shown *shown)
{
    struct viewer_snapshot *seen = &moment->seen;

    moment->shown = shared_hold(shown);
    seen->detections = shown->detections;
    seen->detection_count = shown->detection_count;
    seen->classes = shown->classes;
    seen->class_count = shown->class_count;
    seen->scores = shown->outcome->scores;
    seen->score_count = shown->score_count;
    seen->score_names = shown->score_names;
    seen->suppress_ms = shown->suppress_ms;
    seen->timing = shown->outcome->timing;
}

static void see_outcome(struct viewer_moment *moment, struct outcome *outcome)
{
    struct viewer_snapshot *seen = &moment->seen;

    moment->outcome = shared_hold(outcome);
    seen->timing = outcome->timing;
    if (outcome->status != BSR_OK) {
        seen->result_state = VIEWER_FAILED;
        seen->result_why = outcome->why ? outcome->why->text : "out of memory";
        return;
    }
    seen->result_state = VIEWER_READY;
    if (outcome->enlarged.data) {
        seen->enlarged = &outcome->enlarged;
        seen->plain = &outcome->plain;
        seen->enlarged_id = outcome->id;
    }
}

static void see_result(const struct viewer *viewer, struct viewer_moment *moment, const struct entry *entry)
{
    struct viewer_snapshot *seen = &moment->seen;
    struct outcome         *outcome = keep_find(viewer, entry);
    struct shown           *shown = viewer->shown;

    if (!viewer->model || seen->picture_state == VIEWER_FAILED)
        return;
    seen->result_state = VIEWER_WORKING;
    if (shown && shown->outcome->entry == entry->id && shown->outcome->model == viewer->model &&
        keep_is_near(viewer, entry, shown->outcome))
        see_shown(moment, shown);
    if (outcome)
        see_outcome(moment, outcome);
    else if (viewer->running == entry)
        seen->result_progress = viewer->running_progress;
    if (outcome && outcome->status == BSR_OK && moment->shown && moment->shown->failed) {
        seen->result_state = VIEWER_FAILED;
        seen->result_why = "out of memory";
    }
}

static void see_batch(const struct viewer *viewer, struct viewer_moment *moment)
{
    struct viewer_snapshot *seen = &moment->seen;

    moment->texts[2] = shared_hold(viewer->batch_folder);
    moment->texts[3] = shared_hold(viewer->batch_why);
    seen->batch_state = viewer->batch_state;
    seen->batch_done = viewer->batch_done;
    seen->batch_failed = viewer->batch_failed;
    seen->batch_count = viewer->batch_count;
    seen->batch_folder = text_of(viewer->batch_folder);
    seen->batch_why = text_of(viewer->batch_why);
}

void moment_publish(struct viewer *viewer)
{
    struct viewer_moment *moment = mem_alloc_zeroed(1, sizeof *moment);
    const struct entry   *entry = viewer_wanted(viewer, 0);

    pthread_cond_broadcast(&viewer->work);
    viewer->changed = true;
    viewer->stale = !moment;
    if (!moment)
        return;
    moment->base = (struct shared){.holders = 1, .destroy = moment_destroy};
    moment->seen = (struct viewer_snapshot){
        .serial = ++viewer->serial, .count = viewer->shelf->count, .selected = viewer->selected};
    moment->seen.moment = moment;
    moment->shelf = shared_hold(viewer->shelf);
    moment->asked = shared_hold(viewer->asked);
    moment->seen.can_undo = viewer->undo.count > 0;
    moment->seen.can_redo = viewer->redo.count > 0;
    moment->seen.settings = asked_in_force(viewer->asked, viewer->model);
    see_model(viewer, moment);
    if (entry) {
        see_picture(moment, entry);
        see_video(viewer, moment, entry);
        see_result(viewer, moment, entry);
    }
    see_batch(viewer, moment);
    VIEWER_REPLACE(viewer, &viewer->moment, moment);
}

struct viewer_snapshot viewer_snapshot(struct viewer *viewer)
{
    pthread_mutex_lock(&viewer->lock);
    if (viewer->stale)
        moment_publish(viewer);
    struct viewer_moment *moment = shared_hold(viewer->moment);
    pthread_mutex_unlock(&viewer->lock);
    return moment->seen;
}

void viewer_release(struct viewer *viewer, struct viewer_snapshot *snapshot)
{
    (void)viewer;
    shared_drop(snapshot->moment);
    *snapshot = (struct viewer_snapshot){0};
}

/* ---- from beginning to end ---------------------------------------------------------------------- */

static bsr_status start_threads(struct viewer *viewer, struct bsr_error *err)
{
    static void *(*const mains[])(void *) = {viewer_load_thread, viewer_run_thread, viewer_open_thread,
                                             viewer_batch_thread, viewer_video_thread};
    for (size_t i = 0; i < sizeof mains / sizeof *mains; i++) {
        if (pthread_create(&viewer->threads[i], NULL, mains[i], viewer) != 0)
            return bsr_fail(err, BSR_EIO, "viewer", "the system gives no more threads");
        viewer->thread_count++;
    }
    return BSR_OK;
}

static void shelf_destroy_empty(struct shared *shared)
{
    mem_free(shared);
}

static bsr_status make_parts(struct viewer *viewer, struct bsr_error *err)
{
    viewer->shelf = mem_alloc_zeroed(1, sizeof *viewer->shelf);
    if (viewer->shelf)
        viewer->shelf->base = (struct shared){.holders = 1, .destroy = shelf_destroy_empty};
    viewer->asked = asked_make(&(struct viewer_settings){.confidence = -1, .iou = -1});
    if (viewer->asked)
        viewer->asked->agnostic =
            viewer->options.reading.agnostic ? viewer->options.reading.agnostic > 0 : -1;
    viewer->suppressor = suppressor_open();
    if (!viewer->shelf || !viewer->asked || !viewer->suppressor)
        return bsr_fail_memory(err, "viewer", sizeof *viewer);
    moment_publish(viewer);
    viewer->changed = false;
    return viewer->moment ? BSR_OK : bsr_fail_memory(err, "viewer", sizeof *viewer->moment);
}

bsr_status viewer_open(struct viewer **out, const struct viewer_options *options, struct bsr_error *err)
{
    struct viewer *viewer = mem_alloc_zeroed(1, sizeof *viewer);
    if (!viewer)
        return bsr_fail_memory(err, "viewer", sizeof *viewer);
    viewer->options = *options;
    viewer->options.threads = options->threads > 0 ? options->threads : 1;
    pthread_mutex_init(&viewer->lock, NULL);
    pthread_mutex_init(&viewer->tuning, NULL);
    pthread_mutex_init(&viewer->nets, NULL);
    pthread_cond_init(&viewer->work, NULL);
    engine_set_threads(viewer->options.threads);

    bsr_status status = make_parts(viewer, err);
    if (status == BSR_OK)
        status = start_threads(viewer, err);
    if (status != BSR_OK) {
        viewer_close(viewer);
        return status;
    }
    *out = viewer;
    return BSR_OK;
}

static void stop_threads(struct viewer *viewer)
{
    viewer_lock(viewer);
    viewer->closing = true;
    viewer->batch_stop = true;
    atomic_store(&viewer->stop_running, true);
    atomic_store(&viewer->video.stop, true);
    pthread_cond_broadcast(&viewer->work);
    viewer_unlock(viewer);
    for (int i = 0; i < viewer->thread_count; i++)
        pthread_join(viewer->threads[i], NULL);
}

static void drop_history(struct history *history)
{
    for (size_t i = 0; i < history->count; i++)
        shared_drop(history->items[i]);
}

void viewer_close(struct viewer *viewer)
{
    if (!viewer)
        return;
    stop_threads(viewer);
    drop_history(&viewer->undo);
    drop_history(&viewer->redo);
    shared_drop(viewer->moment);
    shared_drop(viewer->shown);
    shared_drop(viewer->shelf);
    shared_drop(viewer->model);
    shared_drop(viewer->asked);
    shared_drop(viewer->model_name);
    shared_drop(viewer->model_why);
    shared_drop(viewer->batch_folder);
    shared_drop(viewer->batch_why);
    suppressor_close(viewer->suppressor);
    pthread_cond_destroy(&viewer->work);
    pthread_mutex_destroy(&viewer->nets);
    pthread_mutex_destroy(&viewer->tuning);
    pthread_mutex_destroy(&viewer->lock);
    mem_free(viewer);
}
