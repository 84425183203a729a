/* The list of pictures: a shelf is never changed, another one takes its place. */
#include "pipeline/viewer_parts.h"

#include "base/alloc.h"
#include "base/file.h"
#include "pipeline/still.h"

#include <string.h>
#include <unistd.h>

static void entry_destroy(struct shared *shared)
{
    struct entry *entry = (struct entry *)shared;

    for (struct outcome *next, *at = entry->outcomes; at; at = next) {
        next = at->next;
        shared_drop(at);
    }
    shared_drop(entry->pixels);
    shared_drop(entry->small);
    shared_drop(entry->blob);
    shared_drop(entry->path);
    shared_drop(entry->name);
    shared_drop(entry->relative);
    shared_drop(entry->cut_why);
    mem_free(entry);
}

static void shelf_destroy(struct shared *shared)
{
    struct shelf *shelf = (struct shelf *)shared;
    for (size_t i = 0; i < shelf->count; i++)
        shared_drop(shelf->items[i]);
    mem_free(shelf);
}

static struct shelf *shelf_make(size_t count)
{
    struct shelf *shelf = mem_alloc_zeroed(1, sizeof *shelf + count * sizeof(struct entry *));
    if (shelf)
        shelf->base = (struct shared){.holders = 1, .destroy = shelf_destroy};
    return shelf;
}

struct entry *viewer_make_entry(const char *path, const char *relative)
{
    static atomic_ullong ids;
    struct entry        *entry = mem_alloc_zeroed(1, sizeof *entry);
    const char          *slash = strrchr(relative, '/');

    if (!entry)
        return NULL;
    entry->base = (struct shared){.holders = 1, .destroy = entry_destroy};
    entry->id = 1 + atomic_fetch_add(&ids, 1);
    entry->path = text_make(path);
    entry->relative = text_make(relative);
    entry->name = text_make(slash ? slash + 1 : relative);
    if (entry->path && entry->relative && entry->name)
        return entry;
    shared_drop(entry);
    return NULL;
}

/* A video has its own name, also where one of its frames was named. */
static struct entry *entry_of_source(const struct source *source)
{
    struct bytes  path = {0};
    size_t        length;
    double        time;
    struct entry *made;

    if (!still_is_named(source->path, &length, &time)) {
        made = viewer_make_entry(source->path, source->relative);
        if (made)
            made->video = video_is_file(source->path);
        return made;
    }
    bytes_append(&path, source->path, length);
    made = path.failed ? NULL : viewer_make_entry(bytes_text(&path), file_name(bytes_text(&path)));
    bytes_free(&path);
    if (made) {
        made->video = true;
        made->place = time;
    }
    return made;
}

/* ---- what is wanted ----------------------------------------------------------------------------- */

struct entry *viewer_wanted(const struct viewer *viewer, int rank)
{
    const struct shelf *shelf = viewer->shelf;
    size_t              at = viewer->selected;

    if (rank == 0)
        return at < shelf->count ? shelf->items[at] : NULL;
    if (rank == 1)
        return at + 1 < shelf->count ? shelf->items[at + 1] : NULL;
    return at > 0 && at <= shelf->count ? shelf->items[at - 1] : NULL;
}

int viewer_rank(const struct viewer *viewer, const struct entry *entry)
{
    for (int rank = 0; rank < WANTED; rank++)
        if (viewer_wanted(viewer, rank) == entry)
            return rank;
    return WANTED;
}

void viewer_reconsider(struct viewer *viewer)
{
    const struct entry *selected = viewer_wanted(viewer, 0), *running = viewer->running;

    video_reconsider(viewer);
    for (int rank = WANTED - 1; rank >= 0; rank--) {
        struct entry *entry = viewer_wanted(viewer, rank);
        if (!entry)
            continue;
        entry->used = ++viewer->clock;
        keep_retry(viewer, entry);
    }
    if (!running)
        return;
    bool urgent = selected && selected != running && !keep_find(viewer, selected);
    if (urgent || viewer_rank(viewer, running) == WANTED)
        atomic_store(&viewer->stop_running, true);
}

void viewer_select(struct viewer *viewer, size_t index)
{
    viewer_lock(viewer);
    bool other = index < viewer->shelf->count && index != viewer->selected;
    if (other) {
        viewer->selected = index;
        viewer_reconsider(viewer);
    }
    viewer_unlock(viewer);
    if (other)
        shown_refresh(viewer);
}

/* ---- another list ------------------------------------------------------------------------------- */

/* Puts the new entries (their holders are taken over) behind those that are there. */
static bsr_status append(struct viewer *viewer, const struct shelf *added, struct bsr_error *err)
{
    viewer_lock(viewer);
    const struct shelf *old = viewer->shelf;
    struct shelf       *made = shelf_make(old->count + added->count);
    if (made) {
        for (size_t i = 0; i < old->count; i++)
            made->items[i] = shared_hold(old->items[i]);
        for (size_t i = 0; i < added->count; i++)
            made->items[old->count + i] = shared_hold(added->items[i]);
        made->count = old->count + added->count;
        viewer->selected = old->count;
        VIEWER_REPLACE(viewer, &viewer->shelf, made);
        viewer_reconsider(viewer);
    }
    viewer_unlock(viewer);
    if (!made)
        return bsr_fail_memory(err, "list", added->count * sizeof(struct entry *));
    shown_refresh(viewer);
    return BSR_OK;
}

static bsr_status append_one(struct viewer *viewer, struct entry *entry, struct bsr_error *err)
{
    struct shelf *added = shelf_make(1);
    if (!added)
        return bsr_fail_memory(err, entry->name->text, sizeof *added);
    added->items[added->count++] = shared_hold(entry);
    bsr_status status = append(viewer, added, err);
    shared_drop(added);
    return status;
}

bsr_status viewer_append_made(struct viewer *viewer, struct entry *entry, struct pixels *pixels,
                              struct bsr_error *err)
{
    const uint64_t held = entry->blob ? entry->blob->bytes.size : 0, bytes = pixels->bytes + held;

    viewer_lock(viewer);
    bool fits = keep_make_room(viewer, bytes, 0);
    if (fits) {
        keep_pixels(viewer, entry, pixels);
        viewer->used += held;
    } else {
        viewer_retire(viewer, pixels);
    }
    viewer_unlock(viewer);
    if (!fits)
        return keep_fail(viewer, "", bytes, entry->name->text, err);
    bsr_status status = append_one(viewer, entry, err);
    if (status != BSR_OK) {
        viewer_lock(viewer);
        keep_forget(viewer, entry);
        viewer_unlock(viewer);
    }
    return status;
}

/* All that is known of a picture goes to its other self; with the lock held. */
static void hand_over(struct viewer *viewer, struct entry *to, struct entry *from)
{
    to->id = from->id;
    to->used = from->used;
    to->pixels = from->pixels;
    to->outcomes = from->outcomes;
    to->small = from->small;
    from->pixels = NULL;
    from->outcomes = NULL;
    from->small = NULL;
    keep_forget(viewer, from);
}

bsr_status viewer_exchange(struct viewer *viewer, const struct entry *old, struct entry *entry,
                           struct bsr_error *err)
{
    viewer_lock(viewer);
    const struct shelf *before = viewer->shelf;
    struct shelf       *made = shelf_make(before->count);
    for (size_t i = 0; made && i < before->count; i++) {
        bool its = before->items[i] == old;
        made->items[made->count++] = shared_hold(its ? entry : before->items[i]);
        if (its)
            hand_over(viewer, entry, before->items[i]);
    }
    if (made) {
        VIEWER_REPLACE(viewer, &viewer->shelf, made);
        viewer_reconsider(viewer);
    }
    viewer_unlock(viewer);
    if (!made)
        return bsr_fail_memory(err, "list", sizeof *made);
    shown_refresh(viewer);
    return BSR_OK;
}

/* What is pasted or typed may be anything: a name alone that nothing has is no entry of the list. */
static bool is_nowhere(const struct sources *sources)
{
    const char *path = sources->count == 1 ? sources->items[0].path : NULL;
    return path && strcmp(path, "-") != 0 && !strchr(path, '#') && access(path, F_OK) != 0;
}

bsr_status viewer_add(struct viewer *viewer, char *const *inputs, size_t count, bool recursive,
                      struct bsr_error *err)
{
    struct sources              sources = {0};
    const struct source_options options = {.recursive = recursive, .videos = true};
    struct shelf               *added = NULL;
    bsr_status                  status = sources_collect(&sources, inputs, count, &options, err);

    if (status == BSR_OK && !sources.count) {
        sources_free(&sources);
        return bsr_fail(err, BSR_EMISSING, count ? inputs[0] : NULL, "no pictures or videos found");
    }
    if (status == BSR_OK && is_nowhere(&sources)) {
        sources_free(&sources);
        return bsr_fail(err, BSR_EMISSING, inputs[0], "there is no such file");
    }
    if (status == BSR_OK) {
        added = shelf_make(sources.count);
        status = added ? BSR_OK : bsr_fail_memory(err, "list", sources.count * sizeof(struct entry *));
    }
    for (size_t i = 0; status == BSR_OK && i < sources.count; i++) {
        struct entry *entry = entry_of_source(&sources.items[i]);
        if (entry)
            added->items[added->count++] = entry;
        else
            status = bsr_fail_memory(err, sources.items[i].path, sizeof *entry);
    }
    if (status == BSR_OK)
        status = append(viewer, added, err);
    shared_drop(added);
    sources_free(&sources);
    return status;
}

void viewer_remove(struct viewer *viewer, size_t index)
{
    viewer_lock(viewer);
    const struct shelf *old = viewer->shelf;
    struct shelf       *made = index < old->count ? shelf_make(old->count - 1) : NULL;
    if (made) {
        for (size_t i = 0; i < old->count; i++)
            if (i != index)
                made->items[made->count++] = shared_hold(old->items[i]);
        keep_forget(viewer, old->items[index]);
        if (viewer->selected > index || (viewer->selected == made->count && made->count))
            viewer->selected--;
        VIEWER_REPLACE(viewer, &viewer->shelf, made);
        viewer_reconsider(viewer);
    }
    viewer_unlock(viewer);
    if (made)
        shown_refresh(viewer);
}

/* ---- a picture that was pasted ------------------------------------------------------------------ */

static void pixels_destroy(struct shared *shared)
{
    struct pixels *pixels = (struct pixels *)shared;
    image_free(&pixels->image);
    shared_drop(pixels->why);
    mem_free(pixels);
}

struct pixels *pixels_make(void)
{
    struct pixels *made = mem_alloc_zeroed(1, sizeof *made);
    if (made)
        made->base = (struct shared){.holders = 1, .destroy = pixels_destroy};
    return made;
}

static bsr_status copy_image(struct pixels **out, const struct bsr_image *image, struct bsr_error *err)
{
    struct pixels *made = pixels_make();
    if (!made)
        return bsr_fail_memory(err, "pasted", sizeof *made);
    bsr_status status = image_alloc(&made->image, image->width, image->height, 3, 8, err);
    if (status != BSR_OK) {
        shared_drop(made);
        return status;
    }
    for (int y = 0; y < image->height; y++)
        memcpy(image_row(&made->image, y), image_row(image, y), 3 * (size_t)image->width);
    made->bytes = made->image.stride * (uint64_t)made->image.height;
    *out = made;
    return BSR_OK;
}

bsr_status viewer_add_image(struct viewer *viewer, const struct bsr_image *image, const char *name,
                            struct bsr_error *err)
{
    struct pixels *pixels = NULL;

    if (image->channels != 3 || image->depth != 8)
        return bsr_fail(err, BSR_ERANGE, name, "a picture in memory must be 8-bit BGR");
    bsr_status status = copy_image(&pixels, image, err);
    if (status != BSR_OK)
        return status;
    struct entry *entry = viewer_make_entry(name, name);
    if (!entry) {
        shared_drop(pixels);
        return bsr_fail_memory(err, name, sizeof *entry);
    }
    entry->pasted = true;
    status = viewer_append_made(viewer, entry, pixels, err);
    shared_drop(entry);
    return status;
}

bool viewer_is_video(const struct viewer_snapshot *snapshot, size_t index)
{
    const struct shelf *shelf = snapshot->moment->shelf;
    return index < shelf->count && shelf->items[index]->video;
}

const char *viewer_name(const struct viewer_snapshot *snapshot, size_t index)
{
    const struct shelf *shelf = snapshot->moment->shelf;
    return index < shelf->count ? shelf->items[index]->name->text : "";
}
