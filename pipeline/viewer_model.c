/* A model made ready to be used beside the one that is. */
#include "pipeline/viewer_parts.h"

#include "base/alloc.h"
#include "pipeline/detect_layout.h"

#include <string.h>

enum { HEIGHT = 2, WIDTH = 3, CHANNELS = 3, GREY = 114, MOST_TOP = 1000, USUAL_MOST = 300 };

#define USUAL_FACTOR 2.0

static void opened_destroy(struct shared *shared)
{
    struct opened *opened = (struct opened *)shared;
    detector_close(opened->detector);
    upscaler_close(opened->upscaler);
    classifier_close(opened->classifier);
    pool_destroy(opened->pool);
    model_free(&opened->model);
    shared_drop(opened->name);
    mem_free(opened);
}

/* ---- what it is --------------------------------------------------------------------------------- */

/* Whether the shapes of a model without a card's word are those of the task: what a detector is, opening it
 * finds out. */
static bool looks_like(const struct model *model, enum card_task task)
{
    if (model->card.task == task || task == CARD_DETECT)
        return true;
    return task == CARD_UPSCALE ? model->map_channels && upscale_has_shapes(model)
                                : classify_has_shapes(model);
}

/* ---- opening ------------------------------------------------------------------------------------ */

static bsr_status open_net(const struct viewer *viewer, struct opened *opened, struct bsr_error *err)
{
    const struct model     *model = &opened->model;
    struct detect_options   detect = viewer_detect_options(viewer, model);
    struct classify_options classify = viewer_classify_options(viewer, MOST_TOP);

    switch (opened->task) {
    case CARD_DETECT:
        return detector_open(&opened->detector, model, &detect, opened->pool, NULL, err);
    case CARD_UPSCALE:
        return upscaler_open(&opened->upscaler, model, opened->pool, err);
    default:
        return classifier_open(&opened->classifier, model, &classify, opened->pool, NULL, err);
    }
}

/* A net that can't run is found before it takes another's place, and the first picture comes faster. */
static bsr_status run_once(struct viewer *viewer, struct opened *opened, struct bsr_error *err)
{
    const struct model       *model = &opened->model;
    struct bsr_image          grey = {0};
    struct detections         found;
    const struct class_score *best;
    size_t                    count;
    struct timing             timing = {0};

    if (opened->task == CARD_UPSCALE)
        return BSR_OK;
    bsr_status status = image_alloc(&grey, model_side(model, WIDTH, MODEL_USUAL_SIDE),
                                    model_side(model, HEIGHT, MODEL_USUAL_SIDE), CHANNELS, 8, err);
    if (status != BSR_OK)
        return status;
    memset(grey.data, GREY, grey.stride * (size_t)grey.height);
    pthread_mutex_lock(&viewer->nets);
    status = opened->task == CARD_DETECT
                 ? detector_run(opened->detector, &grey, &found, &timing, err)
                 : classifier_run(opened->classifier, &grey, &best, &count, &timing, err);
    pthread_mutex_unlock(&viewer->nets);
    image_free(&grey);
    return status;
}

static void take_defaults(const struct viewer *viewer, struct opened *opened)
{
    const struct model *model = &opened->model;
    const struct card  *card = &model->card;
    int                 makes = opened->task == CARD_UPSCALE ? upscale_net_factor(model) : 1;

    opened->confidence = card->confidence;
    opened->iou = card->iou;
    opened->max_detections = card->max_detections > 0 ? card->max_detections : USUAL_MOST;
    opened->agnostic = card->agnostic;
    opened->as_stored = viewer_as_stored(viewer, model);
    opened->factor = makes > 1 ? makes : model->resize.factor >= 1 ? model->resize.factor : USUAL_FACTOR;
    if (opened->detector)
        opened->class_count = (size_t)detector_class_count(opened->detector);
}

/* BSR_EMODEL: it is for another task. */
static bsr_status open_as(struct opened **out, struct viewer *viewer, struct text *name, enum card_task task,
                          opened_step *step, void *context, struct bsr_error *err)
{
    struct opened *made = mem_alloc_zeroed(1, sizeof *made);
    if (!made)
        return bsr_fail_memory(err, name->text, sizeof *made);
    made->base = (struct shared){.holders = 1, .destroy = opened_destroy};
    made->name = shared_hold(name);
    made->task = task;

    const struct model_hints hints = viewer_hints(viewer, task);
    bsr_status               status = model_open(&made->model, name->text, task, &hints, err);
    if (status == BSR_OK && !looks_like(&made->model, task))
        status = bsr_fail(err, BSR_EMODEL, name->text, "is made for something else");
    if (status == BSR_OK && !step(context, 0.4))
        status = bsr_fail(err, BSR_ECANCELED, name->text, "is not wanted any more");
    if (status == BSR_OK && viewer->options.threads > 1)
        status = pool_create(&made->pool, viewer->options.threads, err);
    if (status == BSR_OK)
        status = open_net(viewer, made, err);
    if (status == BSR_OK && !step(context, 0.7))
        status = bsr_fail(err, BSR_ECANCELED, name->text, "is not wanted any more");
    if (status == BSR_OK) {
        take_defaults(viewer, made);
        status = run_once(viewer, made, err);
    }
    if (status != BSR_OK) {
        shared_drop(made);
        return status;
    }
    *out = made;
    return BSR_OK;
}

bsr_status opened_make(struct opened **out, struct viewer *viewer, struct text *name, enum card_task task,
                       opened_step *step, void *context, struct bsr_error *err)
{
    const enum card_task tasks[] = {task, CARD_DETECT, CARD_UPSCALE, CARD_CLASSIFY};
    struct bsr_error     why = {0}, first = {0};
    bsr_status           status = BSR_EMODEL;

    for (size_t i = task == CARD_TASK_UNKNOWN; status == BSR_EMODEL && i < sizeof tasks / sizeof *tasks;
         i++) {
        if (i && tasks[i] == task)
            continue;
        status = open_as(out, viewer, name, tasks[i], step, context, &why);
        if (status != BSR_OK && (!first.code || tasks[i] == CARD_DETECT))
            first = why;
    }
    if (status != BSR_OK && err)
        *err = status == BSR_EMODEL ? first : why;
    shared_drop(name);
    return status;
}

/* ---- the thread --------------------------------------------------------------------------------- */

struct opening {
    struct viewer     *viewer;
    unsigned long long serial;
};

/* With the lock held. */
static bool is_wanted(const struct opening *opening)
{
    return !opening->viewer->closing && opening->viewer->model_serial == opening->serial;
}

static bool go_on(void *context, double progress)
{
    struct opening *opening = context;
    struct viewer  *viewer = opening->viewer;

    viewer_lock(viewer);
    bool wanted = is_wanted(opening);
    if (wanted && progress > viewer->model_progress) {
        viewer->model_progress = progress;
        moment_publish(viewer);
    }
    viewer_unlock(viewer);
    return wanted;
}

static void install(struct viewer *viewer, struct opened *model, const bool *hidden)
{
    VIEWER_REPLACE(viewer, &viewer->model, model);
    VIEWER_REPLACE(viewer, &viewer->model_why, NULL);
    viewer->model_state = VIEWER_READY;
    viewer->model_progress = 1;
    atomic_store(&viewer->stop_running, true);
    settings_begin_classes(viewer, hidden, model->class_count);
    keep_forget_models(viewer);
    viewer_reconsider(viewer);
}

/* Of the first detector, those that weren't asked for; of others none. Without the lock: it is this thread's
 * alone. */
static bsr_status choose_hidden(struct viewer *viewer, const struct opened *model, bool **hidden,
                                struct bsr_error *err)
{
    if (viewer->classes_chosen || !viewer->options.reading.class_count || model->task != CARD_DETECT)
        return BSR_OK;
    viewer->classes_chosen = true;
    return viewer_choose_hidden(viewer, model, hidden, err);
}

static void open_wanted(struct viewer *viewer)
{
    struct opening   opening = {.viewer = viewer, .serial = viewer->model_serial};
    struct text     *name = shared_hold(viewer->model_name);
    struct opened   *made = NULL;
    bool            *hidden = NULL;
    struct bsr_error err = {0};

    viewer->model_wanted = false;
    viewer_unlock(viewer);
    bsr_status status = opened_make(&made, viewer, name, viewer->model_task, go_on, &opening, &err);
    if (status == BSR_OK)
        status = choose_hidden(viewer, made, &hidden, &err);
    struct text *why = status == BSR_OK ? NULL : text_of_error(&err);
    viewer_lock(viewer);
    if (!is_wanted(&opening)) {
        viewer_retire(viewer, made);
        viewer_retire(viewer, why);
    } else if (status == BSR_OK) {
        install(viewer, made, hidden);
    } else {
        viewer_retire(viewer, made);
        VIEWER_REPLACE(viewer, &viewer->model_why, why);
        viewer->model_state = VIEWER_FAILED;
    }
    mem_free(hidden);
}

void *viewer_open_thread(void *argument)
{
    struct viewer *viewer = argument;

    priority_enter_worker();
    viewer_lock(viewer);
    while (!viewer->closing) {
        if (!viewer->model_wanted) {
            pthread_cond_wait(&viewer->work, &viewer->lock);
            continue;
        }
        open_wanted(viewer);
        viewer_unlock(viewer);
        shown_refresh(viewer);
        viewer_lock(viewer);
    }
    viewer_unlock(viewer);
    return NULL;
}

void viewer_load_model(struct viewer *viewer, const char *name, enum card_task task)
{
    struct text *copy = text_make(name);

    viewer_lock(viewer);
    if (copy) {
        VIEWER_REPLACE(viewer, &viewer->model_name, copy);
        VIEWER_REPLACE(viewer, &viewer->model_why, NULL);
        viewer->model_task = task;
        viewer->model_wanted = true;
        viewer->model_state = VIEWER_WORKING;
        viewer->model_progress = 0;
        viewer->model_serial++;
    } else {
        viewer->model_state = VIEWER_FAILED; /* model_why is then empty */
    }
    moment_publish(viewer);
    viewer_unlock(viewer);
}
