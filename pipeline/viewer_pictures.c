/* Decodes pictures: the selected one, its neighbours ahead of time, then small ones for the list. */
#include "pipeline/viewer_parts.h"

#include "base/clock.h"
#include "base/file.h"
#include "pipeline/still.h"

#include <math.h>

#define MAX_FILE_BYTES ((size_t)2 << 30) /* of an encoded picture */

/* What decoding takes at its peak: the picture as stored, as 8-bit BGR, and what the decoder holds. */
static uint64_t decoding_bytes(const struct picture_facts *facts, size_t file_size)
{
    uint64_t pixels = (uint64_t)facts->width * (uint64_t)facts->height;
    return pixels * ((uint64_t)facts->channels * (uint64_t)facts->depth / 8 + 3) + facts->held + file_size;
}

static bsr_status check_budget(const struct viewer *viewer, const struct picture_facts *facts,
                               size_t file_size, const char *path, struct bsr_error *err)
{
    uint64_t bytes = decoding_bytes(facts, file_size);
    return viewer->options.memory && bytes > viewer->options.memory ? keep_fail(viewer, "", bytes, path, err)
                                                                    : BSR_OK;
}

/* Decodes what is in a file. */
static bsr_status decode(const struct viewer *viewer, const struct bytes *file, const char *path,
                         enum picture_purpose purpose, int times, struct picture *out, struct bsr_error *err)
{
    const struct picture_limits *limits = &viewer->options.limits;
    struct picture_facts         facts;
    bsr_status                   status = picture_probe(&facts, file->data, file->size, limits, path, err);

    if (status == BSR_OK && times == 0) /* so much smaller as is enough for a small picture */
        for (times = 8; times > 1 && (facts.width / times < VIEWER_THUMBNAIL_SIDE ||
                                      facts.height / times < VIEWER_THUMBNAIL_SIDE);)
            times /= 2;
    if (status == BSR_OK && (times == 1 || facts.format != PICTURE_JPEG))
        status = check_budget(viewer, &facts, file->size, path, err);
    if (status == BSR_OK)
        status = picture_decode_reduced(out, file->data, file->size, times, purpose, limits, path, err);
    return status;
}

bsr_status viewer_decode(const struct viewer *viewer, const struct entry *entry, enum picture_purpose purpose,
                         int times, struct picture *out, struct bsr_error *err)
{
    const char  *path = entry->path->text;
    struct bytes file = {0};

    if (entry->blob)
        return decode(viewer, &entry->blob->bytes, path, purpose, times, out, err);
    bsr_status status = file_read(&file, path, MAX_FILE_BYTES, err);
    if (status == BSR_OK)
        status = decode(viewer, &file, path, purpose, times, out, err);
    bytes_free(&file);
    return status;
}

static struct pixels *load(const struct viewer *viewer, const struct entry *entry)
{
    struct pixels   *made = pixels_make();
    struct picture   picture = {.format = PICTURE_UNKNOWN};
    struct bsr_error err = {0};
    double           start = clock_ms();

    if (!made)
        return NULL;
    made->status = viewer_decode(viewer, entry, PICTURE_FOR_NET, 1, &picture, &err);
    if (made->status == BSR_OK) {
        made->image = picture.image;
        made->bytes = picture.image.stride * (uint64_t)picture.image.height;
        picture.image = (struct bsr_image){0};
    } else {
        made->why = text_of_error(&err);
    }
    made->decode_ms = clock_ms() - start;
    picture_free(&picture);
    return made;
}

/* ---- frames of videos ----------------------------------------------------------------------- */

static bsr_status check_frame_budget(void *context, const struct video_facts *facts, struct bsr_error *err)
{
    const struct viewer *viewer = context;
    uint64_t             bytes = 3 * (uint64_t)facts->width * (uint64_t)facts->height;

    return viewer->options.memory && bytes > viewer->options.memory ? keep_fail(viewer, "", bytes, NULL, err)
                                                                    : BSR_OK;
}

static bsr_status load_frame(struct pixels *made, const struct viewer *viewer, const char *path, double time,
                             struct bsr_error *err)
{
    const struct still_reading how = {
        .limits = viewer->options.limits, .reserve = check_frame_budget, .context = (void *)viewer};
    struct still still;
    bsr_status   status = still_read(&still, path, time, &how, err);

    if (status == BSR_ERANGE && time > 0) /* it was asked for by name, and there is none so far behind */
        status = still_read(&still, path, 0, &how, err);
    if (status != BSR_OK)
        return status;
    made->image = still.image;
    made->bytes = made->image.stride * (uint64_t)made->image.height;
    made->frame = (struct frame_place){.time = still.time,
                                       .before = still.time > 0 ? NAN : -INFINITY,
                                       .duration = still.duration,
                                       .fps = still.fps,
                                       .number = still.number,
                                       .steady = still.steady};
    return BSR_OK;
}

struct pixels *video_load_frame(const struct viewer *viewer, const char *path, double time)
{
    struct pixels   *made = pixels_make();
    struct bsr_error err = {0};
    double           start = clock_ms();

    if (!made)
        return NULL;
    made->status = load_frame(made, viewer, path, time, &err);
    if (made->status != BSR_OK)
        made->why = text_of_error(&err);
    made->decode_ms = clock_ms() - start;
    return made;
}

/* ---- the thread --------------------------------------------------------------------------------- */

/* The picture to be decoded next, or NULL. */
static struct entry *next_picture(const struct viewer *viewer)
{
    for (int rank = 0; rank < WANTED; rank++) {
        struct entry *entry = viewer_wanted(viewer, rank);
        if (entry && !entry->pixels && !entry->too_large)
            return entry;
    }
    return NULL;
}

static void install(struct viewer *viewer, struct entry *entry, struct pixels *pixels)
{
    int rank = viewer_rank(viewer, entry);

    if (!pixels || (pixels->status == BSR_OK && !keep_make_room(viewer, pixels->bytes, rank))) {
        entry->too_large = rank > 0;
        viewer_retire(viewer, pixels);
        pixels = NULL;
        if (rank == 0) { /* what is pasted takes the memory, or there is none at all */
            pixels = pixels_make();
            if (pixels)
                pixels->status = BSR_ENOMEM;
            entry->too_large = !pixels;
        }
    }
    if (pixels)
        keep_pixels(viewer, entry, pixels);
    if (rank == 0)
        moment_publish(viewer);
    else
        pthread_cond_broadcast(&viewer->work);
}

static void load_picture(struct viewer *viewer, struct entry *entry)
{
    shared_hold(entry);
    bool   wanted = entry->small_wanted;
    double place = entry->place;
    viewer_unlock(viewer);
    struct pixels *pixels =
        entry->video ? video_load_frame(viewer, entry->path->text, place) : load(viewer, entry);
    if (wanted && pixels && pixels->status == BSR_OK)
        viewer_make_small(viewer, entry, pixels);
    viewer_lock(viewer);
    install(viewer, entry, pixels);
    viewer_retire(viewer, entry);
}

/* The picture whose small one was asked for last, or NULL. */
static struct entry *next_small(const struct viewer *viewer)
{
    struct entry *newest = NULL;

    for (size_t i = 0; i < viewer->shelf->count; i++) {
        struct entry *entry = viewer->shelf->items[i];
        if (entry->small_wanted && (!newest || entry->small_asked > newest->small_asked))
            newest = entry;
    }
    return newest;
}

static void load_small(struct viewer *viewer, struct entry *entry)
{
    struct pixels *pixels = shared_hold(entry->pixels);

    shared_hold(entry);
    viewer_unlock(viewer);
    viewer_make_small(viewer, entry, pixels);
    shared_drop(pixels);
    viewer_lock(viewer);
    moment_publish(viewer);
    viewer_retire(viewer, entry);
}

void *viewer_load_thread(void *argument)
{
    struct viewer *viewer = argument;

    priority_enter_worker();
    viewer_lock(viewer);
    while (!viewer->closing) {
        struct entry *entry = next_picture(viewer);
        struct entry *small = entry ? NULL : next_small(viewer);
        if (entry)
            load_picture(viewer, entry);
        else if (small)
            load_small(viewer, small);
        else {
            pthread_cond_wait(&viewer->work, &viewer->lock);
            continue;
        }
        viewer_unlock(viewer); /* frees, and lets others see it */
        viewer_lock(viewer);
    }
    viewer_unlock(viewer);
    return NULL;
}
