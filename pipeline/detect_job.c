#include "pipeline/detect_job.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "pipeline/annotate.h"
#include "pipeline/label.h"

#include <math.h>
#include <stdatomic.h>
#include <string.h>

struct detect_worker {
    struct job_worker common;
    struct detector  *detector;
};

struct detect_job {
    const struct job         *job;
    struct detect_job_options options;
    struct detect_worker     *workers; /* [job->workers] */
    int                       classes;
    atomic_size_t            *found; /* [classes] */
};

static bsr_status worker_open(struct detect_job *detect_job, struct detect_worker *worker,
                              struct bytes *notes, struct bsr_error *err)
{
    const struct job *job = detect_job->job;
    if (worker->detector)
        return BSR_OK;
    bsr_status status = job_worker_open(&worker->common, job, err);
    if (status == BSR_OK)
        status = detector_open(&worker->detector, job->model, &detect_job->options.detect,
                               worker->common.pool, notes, err);
    return status;
}

bsr_status detect_job_open(struct detect_job **out, const struct job *job,
                           const struct detect_job_options *options, struct bytes *notes,
                           struct bsr_error *err)
{
    struct detect_job *made = mem_alloc_zeroed(1, sizeof *made);
    if (!made)
        return bsr_fail_memory(err, NULL, sizeof *made);
    made->job = job;
    made->options = *options;
    made->workers = mem_alloc_zeroed((size_t)job->workers, sizeof *made->workers);

    job_share_threads(job);
    bsr_status status = made->workers
                            ? worker_open(made, &made->workers[0], notes, err)
                            : bsr_fail_memory(err, NULL, (size_t)job->workers * sizeof *made->workers);
    if (status == BSR_OK) {
        made->classes = detector_class_count(made->workers[0].detector);
        made->found = mem_alloc_zeroed((size_t)made->classes, sizeof *made->found);
        if (!made->found)
            status = bsr_fail_memory(err, NULL, (size_t)made->classes * sizeof *made->found);
    }
    if (status != BSR_OK) {
        detect_job_close(made);
        return status;
    }
    *out = made;
    return BSR_OK;
}

void detect_job_close(struct detect_job *detect_job)
{
    if (!detect_job)
        return;
    for (int i = 0; detect_job->workers && i < detect_job->job->workers; i++) {
        detector_close(detect_job->workers[i].detector);
        job_worker_close(&detect_job->workers[i].common);
    }
    mem_free(detect_job->workers);
    mem_free(detect_job->found);
    mem_free(detect_job);
}

const char *detect_job_class(const struct detect_job *detect_job, int index, size_t *found)
{
    if (index >= detect_job->classes)
        return NULL;
    *found = atomic_load(&detect_job->found[index]);
    return detector_class_name(detect_job->workers[0].detector, index);
}

/* ---- what is written ---------------------------------------------------------------------- */

static bsr_status write_labels(struct detect_job *detect_job, struct detect_worker *worker, size_t index,
                               const struct loaded *loaded, const struct detections *found,
                               struct bsr_error *err)
{
    const struct job *job = detect_job->job;
    bytes_clear(&worker->common.text);
    bsr_status status = record_yolo_labels(&worker->common.text, found, loaded->width, loaded->height,
                                           detect_job->options.save_score, err);
    if (status == BSR_OK)
        status = job_path(&worker->common.path, job, "labels", job->outputs->items[index].stem, err);
    if (status == BSR_OK && !bytes_append_text(&worker->common.path, ".txt"))
        status = bsr_fail_memory(err, NULL, worker->common.path.size);
    if (status == BSR_OK)
        status = job_write(job, bytes_text(&worker->common.path), worker->common.text.data,
                           worker->common.text.size, err);
    return status;
}

/* The part of a picture under a box, as a view of it; false when nothing of it is inside. */
static bool crop_view(struct bsr_image *view, const struct bsr_image *image, const struct detection *item)
{
    int x1 = (int)floor(item->x1), y1 = (int)floor(item->y1);
    int x2 = (int)ceil(item->x2), y2 = (int)ceil(item->y2);
    *view = *image;
    view->data = (uint8_t *)image->data + (size_t)y1 * image->stride + (size_t)x1 * image_pixel_size(image);
    view->width = x2 - x1;
    view->height = y2 - y1;
    return x1 >= 0 && y1 >= 0 && x2 <= image->width && y2 <= image->height && view->width > 0 &&
           view->height > 0;
}

/* crops/CLASS/STEM-N.EXT, where a slash in a class's name becomes an underscore. */
static bsr_status crop_path(struct detect_job *detect_job, struct detect_worker *worker, size_t index,
                            const struct detection *item, size_t number, struct bsr_error *err)
{
    const struct output_names *names = &detect_job->job->outputs->items[index];
    const char                *extension = strrchr(names->picture, '.');

    bytes_clear(&worker->common.text);
    bytes_append_text(&worker->common.text, detector_class_name(worker->detector, item->class_index));
    for (size_t i = 0; i < worker->common.text.size; i++)
        if (worker->common.text.data[i] == '/' || (worker->common.text.data[i] == '.' && i == 0))
            worker->common.text.data[i] = '_';
    bytes_append_format(&worker->common.text, "/%s-%zu%s", names->stem, number,
                        extension ? extension : ".jpg");
    if (worker->common.text.failed)
        return bsr_fail_memory(err, NULL, worker->common.text.size);
    return job_path(&worker->common.path, detect_job->job, "crops", bytes_text(&worker->common.text), err);
}

static bsr_status write_crops(struct detect_job *detect_job, struct detect_worker *worker, size_t index,
                              const struct loaded *loaded, const struct detections *found,
                              struct bsr_error *err)
{
    bsr_status status = BSR_OK;
    for (size_t i = 0; status == BSR_OK && i < found->count; i++) {
        struct picture crop = {.format = loaded->picture.format};
        if (!crop_view(&crop.image, &loaded->picture.image, &found->items[i]))
            continue;
        status = crop_path(detect_job, worker, index, &found->items[i], i + 1, err);
        if (status == BSR_OK)
            status = job_write_picture(detect_job->job, bytes_text(&worker->common.path), &crop, err);
    }
    return status;
}

static bsr_status draw_found(struct detect_job *detect_job, struct detect_worker *worker,
                             struct bsr_image *image, const struct detections *found, struct bsr_error *err)
{
    const struct detect_job_options *options = &detect_job->options;
    struct annotation               *boxes = mem_alloc_zeroed(found->count, sizeof *boxes);
    struct bytes                    *texts = mem_alloc_zeroed(found->count, sizeof *texts);
    bsr_status status = boxes && texts ? BSR_OK : bsr_fail_memory(err, NULL, found->count * sizeof *boxes);

    if (status == BSR_OK && !options->hide_labels)
        status = job_worker_typesetter(&worker->common, err);
    for (size_t i = 0; status == BSR_OK && i < found->count; i++) {
        const struct detection *item = &found->items[i];
        const char             *name = detector_class_name(worker->detector, item->class_index);
        if (!options->hide_labels)
            status = label_write(&texts[i], options->label, item, name, i, options->hide_score, err);
        boxes[i] = (struct annotation){.x1 = item->x1,
                                       .y1 = item->y1,
                                       .x2 = item->x2,
                                       .y2 = item->y2,
                                       .class_index = item->class_index,
                                       .text = options->hide_labels ? NULL : bytes_text(&texts[i])};
    }
    if (status == BSR_OK)
        status = annotate_detections(image, boxes, found->count, worker->common.typesetter,
                                     &(struct annotate_options){.line_width = options->line_width}, err);
    for (size_t i = 0; texts && i < found->count; i++)
        bytes_free(&texts[i]);
    mem_free(texts);
    mem_free(boxes);
    return status;
}

static bsr_status write_annotated(struct detect_job *detect_job, struct detect_worker *worker, size_t index,
                                  struct loaded *loaded, const struct detections *found,
                                  struct bsr_error *err)
{
    const struct job *job = detect_job->job;
    const char       *path = job->file;
    bsr_status        status = draw_found(detect_job, worker, &loaded->picture.image, found, err);

    if (status == BSR_OK && !path) {
        status = job_path(&worker->common.path, job, NULL, job->outputs->items[index].picture, err);
        path = bytes_text(&worker->common.path);
    }
    if (status == BSR_OK)
        status = job_write_picture(job, path, &loaded->picture, err);
    return status;
}

static bsr_status write_all(struct detect_job *detect_job, struct detect_worker *worker, size_t index,
                            struct loaded *loaded, const struct detections *found, struct bsr_error *err)
{
    const struct detect_job_options *options = &detect_job->options;
    bsr_status                       status = BSR_OK;

    if (options->save_crop)
        status = write_crops(detect_job, worker, index, loaded, found, err);
    if (status == BSR_OK && options->save_txt)
        status = write_labels(detect_job, worker, index, loaded, found, err);
    if (status == BSR_OK && options->save_image) /* last: it draws on the picture */
        status = write_annotated(detect_job, worker, index, loaded, found, err);
    return status;
}

/* Whether pictures are written. The net sees a reduced one even then, so that it finds the same as without.
 */
static bool needs_whole(const struct detect_job_options *options)
{
    return options->save_image || options->save_crop;
}

/* ---- one input ---------------------------------------------------------------------------- */

static uint64_t detect_cost(const struct job *job, const struct picture_facts *facts, const void *context)
{
    (void)job;
    (void)context;
    uint64_t pixels = (uint64_t)facts->width * (uint64_t)facts->height;
    uint64_t as_stored = (uint64_t)facts->channels * (uint64_t)facts->depth / 8;
    return pixels * (as_stored + 3 + 3); /* as decoded, as BGR, and a turned or encoded copy */
}

static int detect_reduction(int width, int height, const void *context)
{
    return detector_reduction(context, width, height);
}

static bsr_status detect_one(struct detect_job *detect_job, struct batch *batch, int index_of_worker,
                             size_t index, struct item_result *result, struct loaded *loaded)
{
    const struct job     *job = detect_job->job;
    struct detect_worker *worker = &detect_job->workers[index_of_worker];
    struct detections     found;
    struct bsr_error     *err = &result->error;
    enum picture_purpose  purpose =
        detect_job->options.as_stored ? PICTURE_FOR_NET_AS_STORED : PICTURE_FOR_NET;

    bsr_status status = worker_open(detect_job, worker, NULL, err);
    if (status == BSR_OK)
        status = job_load_reduced(loaded, job, batch, index_of_worker, index,
                                  &(struct job_reading){.purpose = purpose,
                                                        .cost = detect_cost,
                                                        .reduction = detect_reduction,
                                                        .context = worker->detector,
                                                        .whole = needs_whole(&detect_job->options)},
                                  &result->timing, err);
    if (status == BSR_OK)
        status = detector_run_reduced(worker->detector, &loaded->picture.image, &loaded->picture.reduction,
                                      &found, &result->timing, err);
    if (status == BSR_OK && needs_whole(&detect_job->options))
        status = job_load_whole(loaded, job, index, purpose, &result->timing, err);
    if (status != BSR_OK)
        return status;

    double start = clock_ms();
    status = write_all(detect_job, worker, index, loaded, &found, err);
    result->timing.encode += clock_ms() - start;
    if (status != BSR_OK)
        return status;

    result->found = found.count;
    for (size_t i = 0; i < found.count; i++)
        atomic_fetch_add(&detect_job->found[found.items[i].class_index], 1);
    if (job->records) {
        struct record_head head =
            job_record_head(job, index, "detect", loaded->width, loaded->height, &result->timing);
        status = record_detections(&result->record, &head, &found, worker->detector, err);
    }
    return status;
}

void detect_job_work(void *context, struct batch *batch, int worker, size_t index, struct item_result *result)
{
    struct detect_job *detect_job = context;
    struct loaded      loaded = {0};
    result->status = detect_one(detect_job, batch, worker, index, result, &loaded);
    job_record_failure(detect_job->job, index, "detect", &loaded, result);
    loaded_free(&loaded);
}
