/* Settings: what was asked for over what the model's card says, and the way back. */
#include "pipeline/viewer_parts.h"

#include "base/alloc.h"
#include "base/clock.h"

#include <string.h>

enum { MOST_TOP = 1000, MOST_FACTOR = 64, MOST_DETECTIONS = 100000 };

#define SAME_STEP_MS 500.0
#define USUAL_FLOOR  0.01 /* of proposals that are kept: thresholds under it run the net again */

/* What a change changed, a bit each. */
enum {
    KIND_CONFIDENCE = 1,
    KIND_IOU = 2,
    KIND_MOST = 4,
    KIND_AGNOSTIC = 8,
    KIND_HIDDEN = 16,
    KIND_FACTOR = 32,
    KIND_TOP = 64,
    KIND_LABELS = 128
};

static void asked_destroy(struct shared *shared)
{
    mem_free(shared);
}

struct asked *asked_make(const struct viewer_settings *settings)
{
    size_t hidden = settings->hidden && settings->hidden_count > 0 ? (size_t)settings->hidden_count : 0;
    struct asked *made = mem_alloc_zeroed(1, sizeof *made + hidden * sizeof *made->hidden);

    if (!made)
        return NULL;
    made->base = (struct shared){.holders = 1, .destroy = asked_destroy};
    made->confidence = settings->confidence;
    made->iou = settings->iou;
    made->max_detections = settings->max_detections;
    made->agnostic = settings->agnostic;
    made->factor = settings->factor;
    made->top = settings->top;
    made->hide_labels = settings->hide_labels;
    made->hidden_count = (int)hidden;
    if (hidden)
        memcpy(made->hidden, settings->hidden, hidden * sizeof *made->hidden);
    return made;
}

struct viewer_settings asked_in_force(const struct asked *asked, const struct opened *model)
{
    struct viewer_settings in_force = {
        .confidence = asked->confidence,
        .iou = asked->iou,
        .max_detections = asked->max_detections,
        .agnostic = asked->agnostic > 0,
        .hidden = asked->hidden_count ? asked->hidden : NULL,
        .hidden_count = asked->hidden_count,
        .factor = asked->factor,
        .top = asked->top,
        .hide_labels = asked->hide_labels,
    };
    if (!model)
        return in_force;
    if (!(asked->confidence >= 0))
        in_force.confidence = model->confidence;
    if (!(asked->iou >= 0))
        in_force.iou = model->iou;
    if (asked->max_detections < 1)
        in_force.max_detections = model->max_detections;
    if (asked->agnostic < 0)
        in_force.agnostic = model->agnostic;
    if (!(asked->factor >= 1))
        in_force.factor = model->factor;
    if (asked->top < 1)
        in_force.top = VIEWER_USUAL_TOP;
    return in_force;
}

double asked_floor(const struct asked *asked, const struct opened *model)
{
    return asked_in_force(asked, model).confidence < USUAL_FLOOR ? 0 : USUAL_FLOOR;
}

/* ---- changes ------------------------------------------------------------------------------------ */

static bool is_hidden(const struct viewer_settings *settings, int index)
{
    return settings->hidden && index < settings->hidden_count && settings->hidden[index];
}

static bool same_hidden(const struct viewer_settings *a, const struct viewer_settings *b)
{
    int most = a->hidden_count > b->hidden_count ? a->hidden_count : b->hidden_count;
    for (int i = 0; i < most; i++)
        if (is_hidden(a, i) != is_hidden(b, i))
            return false;
    return true;
}

static double limit(double value, double least, double most)
{
    return value >= most ? most : value > least ? value : least;
}

static int limit_whole(int value, int most)
{
    return value > most ? most : value;
}

/* What was asked for until now with what `wanted` has otherwise than what is in force. */
static struct asked *change(const struct asked *old, const struct viewer_settings *in_force,
                            const struct viewer_settings *wanted, unsigned *kind)
{
    struct asked *made = asked_make(wanted);
    if (!made)
        return NULL;
    *kind = (wanted->confidence != in_force->confidence ? KIND_CONFIDENCE : 0U) |
            (wanted->iou != in_force->iou ? KIND_IOU : 0U) |
            (wanted->max_detections != in_force->max_detections ? KIND_MOST : 0U) |
            (wanted->agnostic != in_force->agnostic ? KIND_AGNOSTIC : 0U) |
            (same_hidden(wanted, in_force) ? 0U : KIND_HIDDEN) |
            (wanted->factor != in_force->factor ? KIND_FACTOR : 0U) |
            (wanted->top != in_force->top ? KIND_TOP : 0U) |
            (wanted->hide_labels != in_force->hide_labels ? KIND_LABELS : 0U);
    made->confidence = *kind & KIND_CONFIDENCE && wanted->confidence >= 0 ? limit(wanted->confidence, 0, 1)
                       : *kind & KIND_CONFIDENCE                          ? -1
                                                                          : old->confidence;
    made->iou = *kind & KIND_IOU && wanted->iou >= 0 ? limit(wanted->iou, 0, 1)
                : *kind & KIND_IOU                   ? -1
                                                     : old->iou;
    made->max_detections =
        *kind & KIND_MOST ? limit_whole(wanted->max_detections, MOST_DETECTIONS) : old->max_detections;
    made->agnostic = *kind & KIND_AGNOSTIC ? wanted->agnostic : old->agnostic;
    made->factor = *kind & KIND_FACTOR && wanted->factor >= 1 ? limit(wanted->factor, 1, MOST_FACTOR)
                   : *kind & KIND_FACTOR                      ? 0
                                                              : old->factor;
    made->top = *kind & KIND_TOP ? limit_whole(wanted->top, MOST_TOP) : old->top;
    return made;
}

static void clear_history(struct viewer *viewer, struct history *history)
{
    for (size_t i = 0; i < history->count; i++)
        viewer_retire(viewer, history->items[i]);
    history->count = 0;
}

/* Takes `asked` over. The oldest goes when there are too many. */
static void remember(struct viewer *viewer, struct history *history, struct asked *asked)
{
    if (history->count == HISTORY) {
        viewer_retire(viewer, history->items[0]);
        memmove(history->items, history->items + 1, (HISTORY - 1) * sizeof(struct asked *));
        history->count--;
    }
    history->items[history->count++] = asked;
}

static void put(struct viewer *viewer, struct asked *asked)
{
    viewer->asked = asked;
    if (viewer->running && viewer->model && viewer->model->task == CARD_UPSCALE &&
        viewer->running_factor != asked_in_force(asked, viewer->model).factor)
        atomic_store(&viewer->stop_running, true);
    viewer_reconsider(viewer);
}

void viewer_set(struct viewer *viewer, const struct viewer_settings *settings)
{
    double   now = clock_ms();
    unsigned kind = 0;

    viewer_lock(viewer);
    const struct viewer_settings in_force = asked_in_force(viewer->asked, viewer->model);
    struct asked                *made = change(viewer->asked, &in_force, settings, &kind);
    if (made && kind) {
        bool same_step = kind == viewer->last_kind && now - viewer->last_ms < SAME_STEP_MS;
        if (same_step)
            viewer_retire(viewer, viewer->asked);
        else
            remember(viewer, &viewer->undo, viewer->asked);
        clear_history(viewer, &viewer->redo);
        viewer->last_kind = kind;
        viewer->last_ms = now;
        put(viewer, made);
    } else {
        viewer_retire(viewer, made);
    }
    viewer_unlock(viewer);
    if (made && kind)
        shown_refresh(viewer);
}

void viewer_settle(struct viewer *viewer)
{
    viewer_lock(viewer);
    viewer->last_kind = 0;
    viewer_unlock(viewer);
}

static bool step(struct viewer *viewer, struct history *from, struct history *to)
{
    viewer_lock(viewer);
    bool there = from->count > 0;
    if (there) {
        remember(viewer, to, viewer->asked);
        viewer->last_kind = 0;
        put(viewer, from->items[--from->count]);
    }
    viewer_unlock(viewer);
    if (there)
        shown_refresh(viewer);
    return there;
}

bool viewer_undo(struct viewer *viewer)
{
    return step(viewer, &viewer->undo, &viewer->redo);
}

bool viewer_redo(struct viewer *viewer)
{
    return step(viewer, &viewer->redo, &viewer->undo);
}

void settings_begin_classes(struct viewer *viewer, const bool *hidden, size_t count)
{
    struct viewer_settings settings = asked_in_force(viewer->asked, NULL);

    clear_history(viewer, &viewer->undo);
    clear_history(viewer, &viewer->redo);
    viewer->last_kind = 0;
    settings.hidden = hidden;
    settings.hidden_count = hidden ? (int)count : 0;
    struct asked *made = viewer->asked->hidden_count || hidden ? asked_make(&settings) : NULL;
    if (!made)
        return;
    made->agnostic = viewer->asked->agnostic;
    VIEWER_REPLACE(viewer, &viewer->asked, made);
}
