/* Small pictures for the list. */
#include "pipeline/viewer_parts.h"

#include "base/alloc.h"

#include <math.h>

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

static struct small_picture *shrink_picture(const struct bsr_image *image)
{
    struct small_picture *made = mem_alloc_zeroed(1, sizeof *made);
    int                   width, height;

    fit(image, &width, &height);
    if (made && image_alloc(&made->image, width, height, 3, 8, NULL) == BSR_OK) {
        average(&made->image, image);
        return made;
    }
    mem_free(made);
    return NULL;
}

void viewer_make_small(struct viewer *viewer, struct entry *entry, struct pixels *pixels)
{
    struct picture          picture = {.format = PICTURE_UNKNOWN};
    const struct bsr_image *image = pixels && pixels->status == BSR_OK ? &pixels->image : NULL;

    if (atomic_load(&entry->small))
        return;
    if (!image && !pixels &&
        viewer_decode(viewer, entry->path->text, PICTURE_FOR_NET, 0, &picture, NULL) == BSR_OK)
        image = &picture.image;
    struct small_picture *made = image ? shrink_picture(image) : NULL;
    picture_free(&picture);
    if (!made) {
        atomic_store(&entry->small_failed, true);
        return;
    }
    viewer_lock(viewer);
    made->id = ++viewer->ids;
    viewer_unlock(viewer);
    atomic_store(&entry->small, made);
}

const struct bsr_image *viewer_thumbnail(struct viewer *viewer, const struct viewer_snapshot *snapshot,
                                         size_t index, unsigned long long *id)
{
    const struct shelf *shelf = snapshot->moment->shelf;
    if (index >= shelf->count)
        return NULL;
    struct entry               *entry = shelf->items[index];
    const struct small_picture *small = atomic_load(&entry->small);
    if (small) {
        if (id)
            *id = small->id;
        return &small->image;
    }
    if (atomic_load(&entry->small_failed))
        return NULL;
    viewer_lock(viewer);
    bool new = atomic_load(&entry->small_asked) == 0;
    atomic_store(&entry->small_asked, ++viewer->clock);
    if (new)
        pthread_cond_broadcast(&viewer->work);
    viewer_unlock(viewer);
    return NULL;
}
