/* What is shown of what a net said, with the settings of the moment: fast enough for each step of a slider.
 */
#include "pipeline/viewer_parts.h"

#include "base/alloc.h"
#include "base/clock.h"

#include <stdio.h>
#include <string.h>

static void shown_destroy(struct shared *shared)
{
    struct shown *shown = (struct shown *)shared;
    shared_drop(shown->outcome);
    shared_drop(shown->asked);
    mem_free(shown->detections);
    mem_free(shown->classes);
    mem_free(shown->score_names);
    mem_free(shown->numbers);
    mem_free(shown);
}

/* ---- a detector's ------------------------------------------------------------------------------- */

static bool count_classes(struct shown *shown, const struct detections *found)
{
    const struct opened *model = shown->outcome->model;

    shown->class_count = model->class_count;
    shown->classes = mem_alloc_zeroed(model->class_count, sizeof *shown->classes);
    if (!shown->classes) {
        shown->class_count = 0;
        return false;
    }
    for (size_t i = 0; i < model->class_count; i++)
        shown->classes[i].name = detector_class_name(model->detector, (int)i);
    for (size_t i = 0; i < found->count; i++)
        shown->classes[found->items[i].class_index].count++;
    return true;
}

static bool has_hidden(const struct viewer_settings *settings)
{
    for (int i = 0; settings->hidden && i < settings->hidden_count; i++)
        if (settings->hidden[i])
            return true;
    return false;
}

/* Of hidden classes what would be seen if none were; of the others what is. */
static void count_hidden(struct shown *shown, const struct detections *found,
                         const struct viewer_settings *settings)
{
    for (size_t i = 0; i < shown->class_count; i++)
        if ((int)i >= settings->hidden_count || !settings->hidden[i])
            shown->classes[i].count = 0;
    for (size_t i = 0; i < found->count; i++)
        shown->classes[found->items[i].class_index].count++;
}

static bsr_status suppress(struct viewer *viewer, struct shown *shown, const struct suppression *how,
                           struct detections *found)
{
    return proposals_suppress(viewer->suppressor, &shown->outcome->proposals, how, found, NULL);
}

/* With the lock of `tuning`. */
static bool show_detections(struct viewer *viewer, struct shown *shown,
                            const struct viewer_settings *settings)
{
    struct suppression how = {.confidence = settings->confidence,
                              .iou = settings->iou,
                              .max_detections = settings->max_detections,
                              .agnostic = settings->agnostic};
    struct detections  found = {.count = 0};
    double             start = clock_ms();

    bool done = suppress(viewer, shown, &how, &found) == BSR_OK && count_classes(shown, &found);
    if (done && has_hidden(settings)) {
        how.hidden = settings->hidden;
        how.hidden_count = (size_t)settings->hidden_count;
        done = suppress(viewer, shown, &how, &found) == BSR_OK;
        if (done)
            count_hidden(shown, &found, settings);
    }
    shown->suppress_ms = clock_ms() - start;
    if (!done || !found.count)
        return done;
    shown->detections = mem_alloc_zeroed(found.count, sizeof *shown->detections);
    if (!shown->detections)
        return false;
    memcpy(shown->detections, found.items, found.count * sizeof *shown->detections);
    shown->detection_count = found.count;
    return true;
}

/* ---- a classifier's ----------------------------------------------------------------------------- */

static bool show_scores(struct shown *shown, const struct viewer_settings *settings)
{
    const struct outcome *outcome = shown->outcome;
    size_t                top = (size_t)settings->top;
    size_t                count = outcome->score_count < top ? outcome->score_count : top;

    if (!count)
        return true;
    shown->score_names = mem_alloc_zeroed(count, sizeof *shown->score_names);
    shown->numbers = mem_alloc_zeroed(count, sizeof *shown->numbers);
    if (!shown->score_names || !shown->numbers)
        return false;
    for (size_t i = 0; i < count; i++)
        shown->score_names[i] = classifier_class_name(outcome->model->classifier,
                                                      outcome->scores[i].class_index, shown->numbers[i]);
    shown->score_count = count;
    return true;
}

/* ---- both --------------------------------------------------------------------------------------- */

/* Takes over what it is made of. NULL: out of memory. */
static struct shown *show(struct viewer *viewer, struct outcome *outcome, struct asked *asked)
{
    struct shown *made = mem_alloc_zeroed(1, sizeof *made);
    if (!made) {
        shared_drop(outcome);
        shared_drop(asked);
        return NULL;
    }
    made->base = (struct shared){.holders = 1, .destroy = shown_destroy};
    made->outcome = outcome;
    made->asked = asked;
    const struct viewer_settings settings = asked_in_force(asked, outcome->model);
    if (outcome->status == BSR_OK && outcome->model->task == CARD_DETECT)
        made->failed = !show_detections(viewer, made, &settings);
    else if (outcome->status == BSR_OK && outcome->model->task == CARD_CLASSIFY)
        made->failed = !show_scores(made, &settings);
    return made;
}

/* The outcome that is to be shown, where it isn't already with the settings of now; with the lock held. */
static struct outcome *find_news(const struct viewer *viewer)
{
    const struct entry *entry = viewer_wanted(viewer, 0);
    struct outcome     *outcome = entry && viewer->model ? keep_find_shown(viewer, entry) : NULL;
    const struct shown *shown = viewer->shown;

    if (shown && shown->outcome == outcome && shown->asked == viewer->asked)
        return NULL;
    return outcome;
}

void shown_refresh(struct viewer *viewer)
{
    pthread_mutex_lock(&viewer->tuning);
    viewer_lock(viewer);
    for (struct outcome *outcome; (outcome = find_news(viewer));) {
        struct asked *asked = shared_hold(viewer->asked);
        shared_hold(outcome);
        pthread_mutex_unlock(&viewer->lock);
        struct shown *made = show(viewer, outcome, asked);
        viewer_lock(viewer);
        if (!made)
            break;
        VIEWER_REPLACE(viewer, &viewer->shown, made);
    }
    moment_publish(viewer);
    pthread_mutex_unlock(&viewer->tuning);
    viewer_unlock(viewer);
}
