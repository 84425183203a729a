/* Small pictures for the list. */
#include "pipeline/viewer_parts.h"

#include "base/alloc.h"

#include <math.h>

#define SMALL_BYTES ((uint64_t)64 << 20) /* of all small pictures: some 900 */

/* The mean of what each pixel covers: out of a picture that is up to a few times larger. */
static void average(const struct bsr_image *out, const struct bsr_image *in)
{
    for (int y = 0; y < out->height; y++) {
        int      top = (int)((int64_t)y * in->height / out->height);
        int      bottom = (int)((int64_t)(y + 1) * in->height / out->height);
        uint8_t *row = image_row(out, y);
        for (int x = 0; x < out->width; x++) {
            int      left = (int)((int64_t)x * in->width / out->width);
            int      right = (int)((int64_t)(x + 1) * in->width / out->width);
            unsigned sums[3] = {0}, count = 0;
            for (int v = top; v < bottom || v == top; v++)
                for (int u = left; u < right || u == left; u++, count++)
                    for (int c = 0; c < 3; c++)
                        sums[c] += image_row(in, v)[3 * u + c];
            for (int c = 0; c < 3; c++)
                row[3 * x + c] = (uint8_t)((sums[c] + count / 2) / count);
        }
    }
}

/* Sides of at most VIEWER_THUMBNAIL_SIDE in the same proportion; a small picture stays as it is. */
static void fit(const struct bsr_image *image, int *width, int *height)
{
    double larger = fmax(image->width, image->height);
    double gain = fmin(1, VIEWER_THUMBNAIL_SIDE / larger);
    *width = (int)fmax(1, floor(image->width * gain));
    *height = (int)fmax(1, floor(image->height * gain));
}

static void small_destroy(struct shared *shared)
{
    struct small_picture *small = (struct small_picture *)shared;
    image_free(&small->image);
    mem_free(small);
}

static struct small_picture *shrink_picture(const struct bsr_image *image)
{
    struct small_picture *made = mem_alloc_zeroed(1, sizeof *made);
    int                   width, height;

    fit(image, &width, &height);
    if (made && image_alloc(&made->image, width, height, 3, 8, NULL) == BSR_OK) {
        made->base = (struct shared){.holders = 1, .destroy = small_destroy};
        average(&made->image, image);
        return made;
    }
    mem_free(made);
    return NULL;
}

/* ---- what is kept of them ------------------------------------------------------------------------- */

static uint64_t bytes_of(const struct small_picture *small)
{
    return small->image.stride * (uint64_t)small->image.height;
}

/* What was asked for least recently goes; it is made again when it is asked for. With the lock held. */
static void make_room(struct viewer *viewer)
{
    while (viewer->small_used > SMALL_BYTES) {
        struct entry *oldest = NULL;
        for (size_t i = 0; i < viewer->shelf->count; i++) {
            struct entry *entry = viewer->shelf->items[i];
            if (entry->small && (!oldest || entry->small_asked < oldest->small_asked))
                oldest = entry;
        }
        if (!oldest)
            return;
        viewer->small_used -= bytes_of(oldest->small);
        VIEWER_REPLACE(viewer, &oldest->small, NULL);
    }
}

void viewer_make_small(struct viewer *viewer, struct entry *entry, const struct pixels *pixels)
{
    struct picture          picture = {.format = PICTURE_UNKNOWN};
    const struct bsr_image *image = pixels && pixels->status == BSR_OK ? &pixels->image : NULL;
    struct pixels          *first = NULL;

    if (entry->video && (!pixels || (image && pixels->frame.time > 0))) {
        first = video_load_frame(viewer, entry->path->text, 0);
        image = first && first->status == BSR_OK ? &first->image : NULL;
    } else if (!pixels && viewer_decode(viewer, entry, PICTURE_FOR_NET, 0, &picture, NULL) == BSR_OK)
        image = &picture.image;
    struct small_picture *made = image ? shrink_picture(image) : NULL;
    picture_free(&picture);
    shared_drop(first);

    viewer_lock(viewer);
    entry->small_wanted = false;
    entry->small_failed = !made;
    if (made && !entry->small && !entry->gone) {
        made->id = ++viewer->ids;
        entry->small = made;
        viewer->small_used += bytes_of(made);
        make_room(viewer);
    } else {
        viewer_retire(viewer, made);
    }
    viewer_unlock(viewer);
}

/* ---- asking for them ------------------------------------------------------------------------------ */

/* So that it stays as long as the snapshot. False: out of memory. */
static bool lend(struct viewer_moment *moment, struct small_picture *small)
{
    for (size_t i = 0; i < moment->lent_count; i++)
        if (moment->lent[i] == small)
            return true;
    if (moment->lent_count == moment->lent_capacity) {
        size_t                 capacity = moment->lent_capacity ? 2 * moment->lent_capacity : 32;
        struct small_picture **larger = mem_resize(moment->lent, capacity, sizeof(struct small_picture *));
        if (!larger)
            return false;
        moment->lent = larger;
        moment->lent_capacity = capacity;
    }
    moment->lent[moment->lent_count++] = shared_hold(small);
    return true;
}

const struct bsr_image *viewer_thumbnail(struct viewer *viewer, const struct viewer_snapshot *snapshot,
                                         size_t index, unsigned long long *id)
{
    const struct shelf     *shelf = snapshot->moment->shelf;
    const struct bsr_image *image = NULL;

    if (index >= shelf->count)
        return NULL;
    struct entry *entry = shelf->items[index];
    viewer_lock(viewer);
    entry->small_asked = ++viewer->clock;
    if (entry->small && lend(snapshot->moment, entry->small)) {
        image = &entry->small->image;
        if (id)
            *id = entry->small->id;
    } else if (!entry->small && !entry->small_failed && !entry->small_wanted) {
        entry->small_wanted = true;
        pthread_cond_broadcast(&viewer->work);
    }
    viewer_unlock(viewer);
    return image;
}
