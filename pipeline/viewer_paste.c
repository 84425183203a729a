/* Pictures that are in no file: they came by the clipboard, and are kept as they came, encoded, so that all
 * that is made of them is what the commands would make of the file, once there is one. */
#include "pipeline/viewer_parts.h"

#include "base/alloc.h"
#include "base/file.h"
#include "pipeline/job.h"

#include <string.h>

static void blob_destroy(struct shared *shared)
{
    struct blob *blob = (struct blob *)shared;
    bytes_free(&blob->bytes);
    mem_free(blob);
}

/* Takes *encoded over. */
static struct blob *blob_make(struct bytes *encoded)
{
    struct blob *made = mem_alloc_zeroed(1, sizeof *made);
    if (!made)
        return NULL;
    made->base = (struct shared){.holders = 1, .destroy = blob_destroy};
    made->bytes = *encoded;
    *encoded = (struct bytes){0};
    return made;
}

/* Its pixels, as they are shown: what can't be decoded does not get into the list. */
static bsr_status decode(const struct viewer *viewer, const struct entry *entry, struct pixels **out,
                         struct bsr_error *err)
{
    struct picture picture = {.format = PICTURE_UNKNOWN};
    struct pixels *made = pixels_make();
    bsr_status     status = made ? viewer_decode(viewer, entry, PICTURE_FOR_NET, 1, &picture, err)
                                 : bsr_fail_memory(err, entry->name->text, sizeof *made);

    if (status != BSR_OK) {
        shared_drop(made);
        return status;
    }
    made->image = picture.image;
    made->bytes = picture.image.stride * (uint64_t)picture.image.height;
    picture.image = (struct bsr_image){0};
    picture_free(&picture);
    *out = made;
    return BSR_OK;
}

bsr_status viewer_add_encoded(struct viewer *viewer, struct bytes *encoded, const char *stem,
                              struct bsr_error *err)
{
    const char    *ending = picture_format_extension(picture_sniff(encoded->data, encoded->size));
    struct bytes   name = {0};
    struct entry  *entry = NULL;
    struct pixels *pixels = NULL;

    bytes_append_format(&name, "%s%s%s", stem, ending ? "." : "", ending ? ending : "");
    if (!name.failed)
        entry = viewer_make_entry(bytes_text(&name), bytes_text(&name));
    bytes_free(&name);
    if (entry)
        entry->blob = blob_make(encoded);
    bsr_status status = entry && entry->blob ? decode(viewer, entry, &pixels, err)
                                             : bsr_fail_memory(err, stem, sizeof *entry);
    if (status == BSR_OK)
        status = viewer_append_made(viewer, entry, pixels, err);
    shared_drop(entry);
    return status;
}

/* ---- once it is saved --------------------------------------------------------------------------- */

/* The file instead of what was pasted, at the same place of the list. */
static bsr_status replace(struct viewer *viewer, const struct entry *old, const char *path,
                          struct bsr_error *err)
{
    struct entry *entry = viewer_make_entry(path, file_name(path));

    if (!entry)
        return bsr_fail_memory(err, path, sizeof *entry);
    bsr_status status = viewer_exchange(viewer, old, entry, err);
    shared_drop(entry);
    return status;
}

bsr_status viewer_save_pasted(struct viewer *viewer, const struct viewer_snapshot *snapshot, const char *path,
                              bool overwrite, struct bsr_error *err)
{
    const struct shelf *shelf = snapshot->moment->shelf;
    const struct entry *entry = snapshot->selected < shelf->count ? shelf->items[snapshot->selected] : NULL;

    if (!entry || !entry->blob)
        return bsr_fail(err, BSR_EMISSING, snapshot->path, "is no picture that was pasted");
    const struct job    job = {.overwrite = overwrite};
    const struct bytes *bytes = &entry->blob->bytes;
    bsr_status          status = job_write(&job, path, bytes->data, bytes->size, err);
    return status == BSR_OK ? replace(viewer, entry, path, err) : status;
}
