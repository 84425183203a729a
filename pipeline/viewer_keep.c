/* What is kept of pictures and results, and what is thrown out when there is not enough memory: what was
 * wanted least recently goes first. */
#include "pipeline/viewer_parts.h"

#include <inttypes.h>

static void drop_outcome(struct viewer *viewer, struct outcome **place)
{
    struct outcome *outcome = *place;
    *place = outcome->next;
    viewer->used -= outcome->bytes;
    viewer_retire(viewer, outcome);
}

static void drop_pixels(struct viewer *viewer, struct entry *entry)
{
    if (!entry->pixels)
        return;
    viewer->used -= entry->pixels->bytes;
    VIEWER_REPLACE(viewer, &entry->pixels, NULL);
}

static void drop_all(struct viewer *viewer, struct entry *entry)
{
    while (entry->outcomes)
        drop_outcome(viewer, &entry->outcomes);
    if (!entry->pasted)
        drop_pixels(viewer, entry);
}

void keep_forget(struct viewer *viewer, struct entry *entry)
{
    drop_all(viewer, entry);
    drop_pixels(viewer, entry);
    if (entry->small)
        viewer->small_used -= entry->small->image.stride * (uint64_t)entry->small->image.height;
    VIEWER_REPLACE(viewer, &entry->small, NULL);
    if (entry->blob && !entry->gone)
        viewer->used -= entry->blob->bytes.size;
    entry->gone = true;
}

void keep_forget_models(struct viewer *viewer)
{
    for (size_t i = 0; i < viewer->shelf->count; i++)
        for (struct outcome **at = &viewer->shelf->items[i]->outcomes; *at;)
            if ((*at)->model != viewer->model)
                drop_outcome(viewer, at);
            else
                at = &(*at)->next;
}

void keep_retry(struct viewer *viewer, struct entry *entry)
{
    if (entry->pixels && entry->pixels->status == BSR_ENOMEM)
        drop_pixels(viewer, entry);
    for (struct outcome **at = &entry->outcomes; *at;)
        if ((*at)->status == BSR_ENOMEM)
            drop_outcome(viewer, at);
        else
            at = &(*at)->next;
    entry->too_large = false;
}

/* ---- what there is ------------------------------------------------------------------------------ */

static bool is_of_frame(const struct entry *entry, const struct outcome *outcome)
{
    return !entry->video || (entry->pixels && outcome->time == entry->pixels->frame.time);
}

/* Whether it says what the model of now says with the settings of now, of whichever frame. */
static bool is_current(const struct viewer *viewer, const struct outcome *outcome)
{
    if (outcome->model != viewer->model)
        return false;
    if (outcome->status != BSR_OK && viewer->model->task != CARD_UPSCALE)
        return true;
    switch (viewer->model->task) {
    case CARD_DETECT:
        return outcome->proposals.floor <= asked_floor(viewer->asked, viewer->model);
    case CARD_UPSCALE:
        return outcome->factor == asked_in_force(viewer->asked, viewer->model).factor;
    default:
        return true;
    }
}

struct outcome *keep_find(const struct viewer *viewer, const struct entry *entry)
{
    for (struct outcome *at = entry->outcomes; at; at = at->next)
        if (is_of_frame(entry, at) && is_current(viewer, at))
            return at;
    return NULL;
}

bool keep_is_near(const struct viewer *viewer, const struct entry *entry, const struct outcome *outcome)
{
    /* Seconds. A net's boxes are as old as it took when they come, and twice that before the next ones are
     * there. */
    const double oldest = 1 + 2 * outcome->timing.net / 1e3;

    if (is_of_frame(entry, outcome))
        return true;
    if (!entry->pixels || !viewer->video.playing || outcome->status != BSR_OK)
        return false;
    double late = entry->pixels->frame.time - outcome->time;
    return late >= 0 && late <= oldest;
}

struct outcome *keep_find_shown(const struct viewer *viewer, const struct entry *entry)
{
    struct outcome *found = keep_find(viewer, entry);

    for (struct outcome *at = entry->outcomes; !found && entry->video && at; at = at->next)
        if (is_current(viewer, at) && keep_is_near(viewer, entry, at))
            found = at; /* the newest is the first */
    return found;
}

/* Frames of one size go by one id, so that they are painted from one texture. */
static void keep_place(struct viewer *viewer, struct entry *entry, struct pixels *pixels)
{
    const struct pixels *old = entry->pixels;
    bool                 same = old && old->moves_in && old->image.width == pixels->image.width &&
                old->image.height == pixels->image.height;

    pixels->moves_in = same ? old->moves_in : ++viewer->ids;
    entry->place = pixels->frame.time;
    if (entry->duration <= 0)
        entry->duration = pixels->frame.duration;
}

/* Of a video's frames what was said last, so that steps back and forth are quick. */
static void keep_few(struct viewer *viewer, struct entry *entry)
{
    enum { FRAMES = 8, ENLARGED_FRAMES = 2 };
    size_t           most = viewer->model->task == CARD_UPSCALE ? ENLARGED_FRAMES : FRAMES;
    struct outcome **at = &entry->outcomes;

    for (size_t i = 0; *at && i < most; i++)
        at = &(*at)->next;
    while (*at)
        drop_outcome(viewer, at);
}

void keep_pixels(struct viewer *viewer, struct entry *entry, struct pixels *pixels)
{
    if (entry->gone) {
        viewer_retire(viewer, pixels);
        return;
    }
    if (entry->video)
        keep_place(viewer, entry, pixels);
    drop_pixels(viewer, entry);
    pixels->id = ++viewer->ids;
    entry->pixels = pixels;
    viewer->used += pixels->bytes;
}

void keep_outcome(struct viewer *viewer, struct entry *entry, struct outcome *outcome)
{
    if (entry->gone || outcome->model != viewer->model) {
        viewer_retire(viewer, outcome);
        return;
    }
    outcome->id = ++viewer->ids;
    outcome->entry = entry->id;
    outcome->next = entry->outcomes;
    entry->outcomes = outcome;
    viewer->used += outcome->bytes;
    if (entry->video)
        keep_few(viewer, entry);
}

/* ---- room --------------------------------------------------------------------------------------- */

static bool has_bytes(const struct entry *entry)
{
    uint64_t bytes = entry->pixels && !entry->pasted ? entry->pixels->bytes : 0;
    for (const struct outcome *at = entry->outcomes; at; at = at->next)
        bytes += at->bytes;
    return bytes > 0;
}

/* The one that was wanted least recently, of those that are wanted less than `rank`. */
static struct entry *find_oldest(const struct viewer *viewer, int rank)
{
    struct entry *oldest = NULL;
    for (size_t i = 0; i < viewer->shelf->count; i++) {
        struct entry *entry = viewer->shelf->items[i];
        if (has_bytes(entry) && (!oldest || entry->used < oldest->used) && viewer_rank(viewer, entry) > rank)
            oldest = entry;
    }
    return oldest;
}

/* What other settings made of pictures that are wanted. */
static bool drop_stale(struct viewer *viewer)
{
    for (int rank = WANTED - 1; rank >= 0; rank--) {
        struct entry *entry = viewer_wanted(viewer, rank);
        if (!entry)
            continue;
        for (struct outcome **at = &entry->outcomes; *at; at = &(*at)->next)
            if ((*at)->bytes && !(is_of_frame(entry, *at) && is_current(viewer, *at))) {
                drop_outcome(viewer, at);
                return true;
            }
    }
    return false;
}

bool keep_make_room(struct viewer *viewer, uint64_t bytes, int rank)
{
    const uint64_t budget = viewer->options.memory;

    if (!budget)
        return true;
    if (bytes > budget)
        return false;
    while (viewer->used > budget - bytes) {
        struct entry *oldest = find_oldest(viewer, rank);
        if (oldest)
            drop_all(viewer, oldest);
        else if (!drop_stale(viewer))
            return false;
    }
    return true;
}

bsr_status keep_fail(const struct viewer *viewer, const char *what, uint64_t bytes, const char *subject,
                     struct bsr_error *err)
{
    const uint64_t megabyte = 1 << 20;
    bsr_fail(err, BSR_EBUDGET, subject,
             "%swould take about %" PRIu64 " MB, over the budget of %" PRIu64 " MB", what,
             (bytes + megabyte - 1) / megabyte, viewer->options.memory / megabyte);
    bsr_hint(err, "give more with --memory SIZE (0 is no limit)");
    return BSR_EBUDGET;
}
