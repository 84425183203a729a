/* What is seen, written as the commands write it. */
#include "pipeline/viewer_parts.h"

#include "base/alloc.h"
#include "pipeline/annotate.h"
#include "pipeline/job.h"
#include "pipeline/label.h"
#include "pipeline/record.h"
#include "pipeline/still.h"

#include <string.h>
#include <sys/stat.h>

enum { QUALITY = 95 }; /* of the commands */

static const struct entry *entry_of(const struct viewer_snapshot *snapshot)
{
    const struct shelf *shelf = snapshot->moment->shelf;
    return snapshot->selected < shelf->count ? shelf->items[snapshot->selected] : NULL;
}

static bsr_status copy_image(struct bsr_image *out, const struct bsr_image *image, struct bsr_error *err)
{
    struct bsr_image copy;
    bsr_status status = image_alloc(&copy, image->width, image->height, image->channels, image->depth, err);
    if (status != BSR_OK)
        return status;
    for (int y = 0; y < image->height; y++)
        memcpy(image_row(&copy, y), image_row(image, y), image_pixel_size(image) * (size_t)image->width);
    *out = copy;
    return BSR_OK;
}

/* ---- boxes -------------------------------------------------------------------------------------- */

static bsr_status write_label(const struct viewer *viewer, const struct viewer_snapshot *snapshot,
                              size_t index, struct bytes *out, struct bsr_error *err)
{
    const struct detection *item = &snapshot->detections[index];
    return label_write(out, viewer_label(viewer), item, snapshot->classes[item->class_index].name, index,
                       viewer->options.reading.hide_score, err);
}

void viewer_write_label(const struct viewer *viewer, const struct viewer_snapshot *snapshot, size_t index,
                        struct bytes *out)
{
    (void)write_label(viewer, snapshot, index, out, NULL); /* out->failed says it */
}

static bsr_status draw_boxes(const struct viewer *viewer, const struct viewer_snapshot *snapshot,
                             struct bsr_image *image, struct annotation *boxes, struct bytes *texts,
                             struct bsr_error *err)
{
    const struct annotate_options how = {.line_width = viewer->options.reading.line_width};
    const bool                    labelled = !snapshot->settings.hide_labels;
    struct typesetter            *typesetter = NULL;
    bsr_status                    status = labelled ? typesetter_open(&typesetter, err) : BSR_OK;

    for (size_t i = 0; status == BSR_OK && i < snapshot->detection_count; i++) {
        const struct detection *item = &snapshot->detections[i];
        if (labelled)
            status = write_label(viewer, snapshot, i, &texts[i], err);
        boxes[i] = (struct annotation){.x1 = item->x1,
                                       .y1 = item->y1,
                                       .x2 = item->x2,
                                       .y2 = item->y2,
                                       .class_index = item->class_index,
                                       .text = labelled ? bytes_text(&texts[i]) : NULL};
    }
    if (status == BSR_OK)
        status = annotate_detections(image, boxes, snapshot->detection_count, typesetter, &how, err);
    typesetter_close(typesetter);
    return status;
}

static bsr_status draw_found(const struct viewer *viewer, const struct viewer_snapshot *snapshot,
                             struct bsr_image *image, struct bsr_error *err)
{
    size_t             count = snapshot->detection_count;
    struct annotation *boxes = mem_alloc_zeroed(count + 1, sizeof *boxes);
    struct bytes      *texts = mem_alloc_zeroed(count + 1, sizeof *texts);

    bsr_status status = boxes && texts ? draw_boxes(viewer, snapshot, image, boxes, texts, err)
                                       : bsr_fail_memory(err, NULL, count * sizeof *boxes);
    for (size_t i = 0; texts && i < count; i++)
        bytes_free(&texts[i]);
    mem_free(texts);
    mem_free(boxes);
    return status;
}

static bsr_status check_ready(const struct viewer_snapshot *snapshot, struct bsr_error *err)
{
    if (!snapshot->picture)
        return bsr_fail(err, BSR_EMISSING, snapshot->path, "there is no picture to be written yet");
    if (snapshot->model_used && snapshot->result_state != VIEWER_READY)
        return bsr_fail(err, BSR_EMISSING, snapshot->path, "there is no result to be written yet");
    return BSR_OK;
}

/* ---- a picture ---------------------------------------------------------------------------------- */

/* The picture of the file as the command reads it: with its EXIF block and its profile. */
static bsr_status reread(struct viewer *viewer, const struct viewer_snapshot *snapshot, struct picture *out,
                         struct bsr_error *err)
{
    const struct entry  *entry = entry_of(snapshot);
    const struct opened *model = snapshot->moment->model;
    enum picture_purpose purpose = PICTURE_FOR_NET;

    if (entry->pasted || entry->video) {
        *out = (struct picture){.format = PICTURE_PNG};
        return copy_image(&out->image, snapshot->picture, err);
    }
    if (snapshot->task == CARD_UPSCALE)
        purpose = PICTURE_FOR_EDIT;
    else if (model && model->as_stored)
        purpose = PICTURE_FOR_NET_AS_STORED;
    return viewer_decode(viewer, entry, purpose, 1, out, err);
}

/* Whether the enlarged picture that is shown is all that the command would make of it: what is shown has no
 * alpha, 8 bits a channel, and sRGB's colours. */
static bool is_as_shown(const struct picture *picture)
{
    return picture->image.channels == 3 && picture->image.depth == 8 && !picture->icc.size;
}

static bsr_status enlarge_again(struct viewer *viewer, const struct viewer_snapshot *snapshot,
                                struct picture *picture, struct bsr_error *err)
{
    const struct upscale_size size = {.factor = snapshot->moment->outcome->factor};
    struct upscaler          *upscaler = NULL;
    struct bsr_image          enlarged = {0};
    struct timing             timing = {0};

    bsr_status status = upscaler_open(&upscaler, &snapshot->moment->model->model, NULL, err);
    if (status == BSR_OK) {
        pthread_mutex_lock(&viewer->nets);
        status = upscaler_run(upscaler, &picture->image, &size, &enlarged, NULL, &timing, err);
        pthread_mutex_unlock(&viewer->nets);
    }
    upscaler_close(upscaler);
    if (status == BSR_OK) {
        image_free(&picture->image);
        picture->image = enlarged;
    }
    return status;
}

static bsr_status finish_picture(struct viewer *viewer, const struct viewer_snapshot *snapshot,
                                 struct picture *picture, struct bsr_error *err)
{
    if (snapshot->task == CARD_DETECT)
        return draw_found(viewer, snapshot, &picture->image, err);
    if (snapshot->task != CARD_UPSCALE || !snapshot->enlarged)
        return BSR_OK;
    if (!is_as_shown(picture))
        return enlarge_again(viewer, snapshot, picture, err);
    image_free(&picture->image);
    return copy_image(&picture->image, snapshot->enlarged, err);
}

/* What besra makes of a picture doesn't give it back. */
static bsr_status spare_input(const struct entry *entry, const char *path, struct bsr_error *err)
{
    struct stat one, other;
    if (entry->pasted || entry->blob || stat(entry->path->text, &one) != 0 || stat(path, &other) != 0 ||
        one.st_dev != other.st_dev || one.st_ino != other.st_ino)
        return BSR_OK;
    bsr_fail(err, BSR_EUSAGE, path, "would be written over by its own result");
    bsr_hint(err, "write to another file");
    return BSR_EUSAGE;
}

static bsr_status make_picture(struct viewer *viewer, const struct viewer_snapshot *snapshot,
                               struct picture *picture, struct bsr_error *err)
{
    bsr_status status = reread(viewer, snapshot, picture, err);
    return status == BSR_OK ? finish_picture(viewer, snapshot, picture, err) : status;
}

bsr_status viewer_save_picture(struct viewer *viewer, const struct viewer_snapshot *snapshot,
                               const char *path, bool overwrite, struct bsr_error *err)
{
    const struct job job = {.quality = QUALITY, .overwrite = overwrite};
    struct picture   picture = {.format = PICTURE_UNKNOWN};

    bsr_status status = check_ready(snapshot, err);
    if (status == BSR_OK)
        status = spare_input(entry_of(snapshot), path, err);
    if (status == BSR_OK)
        status = make_picture(viewer, snapshot, &picture, err);
    if (status == BSR_OK)
        status = job_write_picture(&job, path, &picture, err);
    picture_free(&picture);
    return status;
}

bsr_status viewer_encode_picture(struct viewer *viewer, const struct viewer_snapshot *snapshot,
                                 struct bytes *png, struct bsr_error *err)
{
    struct picture picture = {.format = PICTURE_UNKNOWN};

    bsr_status status = check_ready(snapshot, err);
    if (status == BSR_OK)
        status = make_picture(viewer, snapshot, &picture, err);
    if (status == BSR_OK)
        status = picture_encode(png, &picture, PICTURE_PNG, QUALITY, err);
    picture_free(&picture);
    return status;
}

/* ---- a record ----------------------------------------------------------------------------------- */

static bsr_status write_upscaled(struct bytes *out, const struct viewer_snapshot *snapshot,
                                 const struct record_head *head, struct bsr_error *err)
{
    struct bytes path = {0};
    bsr_status   status = BSR_OK;

    bytes_append_format(&path, "besra-out/%s/", head->model);
    if (snapshot->video.there)
        still_append_picture_name(&path, entry_of(snapshot)->name->text,
                                  strlen(entry_of(snapshot)->name->text), snapshot->video.time);
    else
        bytes_append_text(&path, entry_of(snapshot)->relative->text);
    if (path.failed)
        status = bsr_fail_memory(err, snapshot->path, path.size);
    else
        status = record_upscaled(out, head, bytes_text(&path), snapshot->enlarged->width,
                                 snapshot->enlarged->height, err);
    bytes_free(&path);
    return status;
}

bsr_status viewer_save_record(struct viewer *viewer, const struct viewer_snapshot *snapshot, const char *path,
                              bool overwrite, struct bsr_error *err)
{
    static const char *const tasks[] = {"unknown", "detect", "upscale", "classify"};
    const struct job         job = {.overwrite = overwrite};
    const struct opened     *model = snapshot->moment->model;
    struct bytes             line = {0}, source = {0};

    (void)viewer;
    if (!model)
        return bsr_fail(err, BSR_EMISSING, snapshot->path, "there is no model, and no result to be written");
    bsr_status status = check_ready(snapshot, err);
    if (status != BSR_OK)
        return status;
    bytes_append_text(&source, snapshot->path);
    if (snapshot->video.there)
        still_append_time(&source, snapshot->video.time);
    if (source.failed) {
        bytes_free(&source);
        return bsr_fail_memory(err, snapshot->path, source.size);
    }
    const struct record_head head = {.source = bytes_text(&source),
                                     .model = model->model.card.name,
                                     .task = tasks[snapshot->task],
                                     .width = snapshot->picture->width,
                                     .height = snapshot->picture->height,
                                     .timing = snapshot->timing};
    if (snapshot->task == CARD_DETECT)
        status = record_detections(
            &line, &head,
            &(struct detections){.items = snapshot->detections, .count = snapshot->detection_count},
            model->detector, err);
    else if (snapshot->task == CARD_CLASSIFY)
        status =
            record_classes(&line, &head, snapshot->scores, snapshot->score_count, model->classifier, err);
    else
        status = write_upscaled(&line, snapshot, &head, err);
    if (status == BSR_OK)
        status = job_write(&job, path, line.data, line.size, err);
    bytes_free(&source);
    bytes_free(&line);
    return status;
}
