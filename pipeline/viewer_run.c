/* What nets say of pictures: of the selected one, then of its neighbours ahead of time. */
#include "pipeline/viewer_parts.h"

#include "base/alloc.h"
#include "base/clock.h"

#include <string.h>

/* What is to be run, all of it held. */
struct task {
    struct viewer *viewer;
    struct entry  *entry;
    struct pixels *pixels;
    struct opened *model;
    double         floor, factor;
    int            rank;
    double         told; /* progress that was published */
};

static void outcome_destroy(struct shared *shared)
{
    struct outcome *outcome = (struct outcome *)shared;
    proposals_free(&outcome->proposals);
    mem_free(outcome->scores);
    image_free(&outcome->enlarged);
    image_free(&outcome->plain);
    shared_drop(outcome->model);
    shared_drop(outcome->why);
    mem_free(outcome);
}

static uint64_t image_bytes(const struct bsr_image *image)
{
    return image->stride * (uint64_t)image->height;
}

/* ---- the picture as the command would see it ---------------------------------------------------- */

/* How many times smaller the command would decode it. */
static int reduction_of(const struct task *task)
{
    const struct bsr_image *image = &task->pixels->image;
    return task->model->task == CARD_DETECT
               ? detector_reduction(task->model->detector, image->width, image->height)
               : classifier_reduction(task->model->classifier, image->width, image->height);
}

/* The decoded picture as it is shown, where the net sees the same; else it is decoded for the net. */
static bsr_status take_picture(const struct task *task, struct picture *decoded,
                               const struct bsr_image **image, struct image_reduction *reduction,
                               struct bsr_error *err)
{
    bool as_stored = task->model->as_stored;
    bool in_file = !task->entry->pasted && !task->entry->video;
    int  times = in_file ? reduction_of(task) : 1;

    *image = &task->pixels->image;
    *reduction = image_whole(*image);
    if (!in_file || (times == 1 && !as_stored))
        return BSR_OK;
    bsr_status status =
        viewer_decode(task->viewer, task->entry, as_stored ? PICTURE_FOR_NET_AS_STORED : PICTURE_FOR_NET,
                      times, decoded, err);
    if (status == BSR_OK) {
        *image = &decoded->image;
        *reduction = decoded->reduction;
    }
    return status;
}

/* ---- one picture -------------------------------------------------------------------------------- */

static bsr_status detect(const struct task *task, struct outcome *made, const struct bsr_image *image,
                         const struct image_reduction *reduction, struct bsr_error *err)
{
    bsr_status status = detector_propose(task->model->detector, image, reduction, task->floor,
                                         &made->proposals, &made->timing, err);
    made->bytes = made->proposals.candidates.capacity * sizeof *made->proposals.candidates.items;
    return status;
}

static bsr_status classify(const struct task *task, struct outcome *made, const struct bsr_image *image,
                           const struct image_reduction *reduction, struct bsr_error *err)
{
    const struct class_score *best = NULL;
    size_t                    count = 0;

    bsr_status status =
        classifier_run_reduced(task->model->classifier, image, reduction, &best, &count, &made->timing, err);
    if (status != BSR_OK)
        return status;
    made->scores = mem_alloc_zeroed(count, sizeof *made->scores);
    if (!made->scores)
        return bsr_fail_memory(err, NULL, count * sizeof *made->scores);
    memcpy(made->scores, best, count * sizeof *made->scores);
    made->score_count = count;
    made->bytes = count * sizeof *made->scores;
    return BSR_OK;
}

static bsr_status look(const struct task *task, struct outcome *made, struct bsr_error *err)
{
    struct picture          decoded = {.format = PICTURE_UNKNOWN};
    const struct bsr_image *image = NULL;
    struct image_reduction  reduction;
    double                  start = clock_ms();

    made->timing.decode = task->pixels->decode_ms;
    bsr_status status = take_picture(task, &decoded, &image, &reduction, err);
    if (image == &decoded.image)
        made->timing.decode = clock_ms() - start;
    if (status == BSR_OK && atomic_load(&task->viewer->stop_running))
        status = bsr_fail(err, BSR_ECANCELED, NULL, "is not wanted any more");
    if (status == BSR_OK) {
        pthread_mutex_lock(&task->viewer->nets);
        status = task->model->task == CARD_DETECT ? detect(task, made, image, &reduction, err)
                                                  : classify(task, made, image, &reduction, err);
        pthread_mutex_unlock(&task->viewer->nets);
    }
    picture_free(&decoded);
    return status;
}

static bool tell_progress(void *context, double part)
{
    struct task   *task = context;
    struct viewer *viewer = task->viewer;

    if (part >= task->told + 0.01) {
        task->told = part;
        viewer_lock(viewer);
        viewer->running_progress = part;
        if (viewer_wanted(viewer, 0) == task->entry)
            moment_publish(viewer);
        viewer_unlock(viewer);
    }
    return !atomic_load(&viewer->stop_running);
}

/* Both pictures that are kept, and what making them takes beside. */
static bsr_status reserve(const struct task *task, struct bsr_error *err)
{
    struct viewer            *viewer = task->viewer;
    const struct bsr_image   *image = &task->pixels->image;
    const struct upscale_size size = {.factor = task->factor};
    int                       width, height;

    bsr_status status = upscale_output_size(&size, image->width, image->height, &width, &height, err);
    if (status != BSR_OK)
        return status;
    uint64_t kept = 2 * 3 * (uint64_t)width * (uint64_t)height;
    uint64_t bytes = kept / 2 + upscale_bytes(&task->model->model, image->width, image->height, 3, 8, width,
                                              height, viewer->options.threads);
    viewer_lock(viewer);
    bool fits = keep_make_room(viewer, bytes, task->rank);
    viewer_unlock(viewer);
    return fits ? BSR_OK : keep_fail(viewer, "enlarged, it ", bytes + image_bytes(image), NULL, err);
}

static bsr_status enlarge(struct task *task, struct outcome *made, struct bsr_error *err)
{
    const struct upscale_size size = {.factor = task->factor};
    const struct watch        watch = {.go_on = tell_progress, .context = task};

    made->factor = task->factor;
    made->timing.decode = task->pixels->decode_ms;
    bsr_status status = reserve(task, err);
    if (status != BSR_OK)
        return status;
    pthread_mutex_lock(&task->viewer->nets);
    upscaler_watch(task->model->upscaler, &watch);
    status = upscaler_run(task->model->upscaler, &task->pixels->image, &size, &made->enlarged, &made->plain,
                          &made->timing, err);
    upscaler_watch(task->model->upscaler, NULL);
    pthread_mutex_unlock(&task->viewer->nets);
    if (status == BSR_OK)
        made->bytes = image_bytes(&made->enlarged) + image_bytes(&made->plain);
    return status;
}

/* ---- the thread --------------------------------------------------------------------------------- */

/* Enlarging takes so long that the frame would be gone. */
static bool plays_on(const struct viewer *viewer, const struct entry *entry)
{
    return entry->video && viewer->video.playing && viewer->model->task == CARD_UPSCALE &&
           viewer_wanted(viewer, 0) == entry;
}

/* With the lock held; what is found is held. */
static bool find_task(struct viewer *viewer, struct task *task)
{
    for (int rank = 0; viewer->model && rank < WANTED; rank++) {
        struct entry *entry = viewer_wanted(viewer, rank);
        if (!entry || (entry->pixels && (entry->pixels->status != BSR_OK || keep_find(viewer, entry))))
            continue;
        if (entry->too_large || plays_on(viewer, entry))
            continue;
        if (!entry->pixels)
            return false; /* it comes before what is wanted less */
        *task = (struct task){.viewer = viewer,
                              .entry = shared_hold(entry),
                              .pixels = shared_hold(entry->pixels),
                              .model = shared_hold(viewer->model),
                              .floor = asked_floor(viewer->asked, viewer->model),
                              .factor = asked_in_force(viewer->asked, viewer->model).factor,
                              .rank = rank};
        viewer->running = entry;
        viewer->running_factor = task->factor;
        viewer->running_progress = 0;
        atomic_store(&viewer->stop_running, viewer->closing);
        return true;
    }
    return false;
}

static struct outcome *run(struct task *task)
{
    struct outcome  *made = mem_alloc_zeroed(1, sizeof *made);
    struct bsr_error err = {0};

    if (!made)
        return NULL;
    made->base = (struct shared){.holders = 1, .destroy = outcome_destroy};
    made->model = shared_hold(task->model);
    made->time = task->pixels->frame.time;
    made->status = task->model->task == CARD_UPSCALE ? enlarge(task, made, &err) : look(task, made, &err);
    if (made->status != BSR_OK) {
        if (!*err.subject)
            bsr_error_set_subject(&err, task->entry->name->text);
        made->why = text_of_error(&err);
    }
    return made;
}

/* With the lock held. What was stopped, or doesn't fit ahead of time, is done when it is wanted (again). */
static void finish(struct viewer *viewer, struct task *task, struct outcome *made)
{
    bsr_status status = made ? made->status : BSR_ENOMEM;
    bool       ahead = viewer_rank(viewer, task->entry) > 0;
    bool       too_large = ahead && (status == BSR_EBUDGET || status == BSR_ENOMEM);

    viewer->running = NULL;
    if (too_large || !made)
        task->entry->too_large = true;
    if (!made || too_large || status == BSR_ECANCELED)
        viewer_retire(viewer, made);
    else
        keep_outcome(viewer, task->entry, made);
    viewer_retire(viewer, task->entry);
    viewer_retire(viewer, task->pixels);
    viewer_retire(viewer, task->model);
}

void *viewer_run_thread(void *argument)
{
    struct viewer *viewer = argument;
    struct task    task;

    priority_enter_worker();
    viewer_lock(viewer);
    while (!viewer->closing) {
        if (!find_task(viewer, &task)) {
            pthread_cond_wait(&viewer->work, &viewer->lock);
            continue;
        }
        viewer_unlock(viewer);
        struct outcome *made = run(&task);
        viewer_lock(viewer);
        finish(viewer, &task, made);
        viewer_unlock(viewer);
        shown_refresh(viewer);
        viewer_lock(viewer);
    }
    viewer_unlock(viewer);
    return NULL;
}
