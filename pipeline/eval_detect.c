#include "pipeline/eval_detect.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

struct eval_worker {
    struct job_worker common;
    struct detector  *detector;
};

/* What was found in a picture, and its size. */
struct seen {
    bool              done;
    int               width, height;
    struct detection *found; /* [count] */
    size_t            count;
};

struct eval_detect {
    const struct job          *job;
    struct eval_detect_options options;
    struct eval_worker        *workers; /* [job->workers] */
    int                        classes;
    struct truth               truth;
    struct seen               *seen; /* [sources], each filled by the worker that does it */
};

static bsr_status worker_open(struct eval_detect *eval, struct eval_worker *worker, struct bytes *notes,
                              struct bsr_error *err)
{
    if (worker->detector)
        return BSR_OK;
    bsr_status status = job_worker_open(&worker->common, eval->job, err);
    if (status == BSR_OK)
        status = detector_open(&worker->detector, eval->job->model, &eval->options.detect,
                               worker->common.pool, notes, err);
    return status;
}

static bsr_status read_truth(struct eval_detect *eval, struct bytes *notes, struct bsr_error *err)
{
    const char **names = mem_alloc_zeroed((size_t)eval->classes, sizeof *names);
    if (!names)
        return bsr_fail_memory(err, NULL, (size_t)eval->classes * sizeof *names);
    for (int i = 0; i < eval->classes; i++)
        names[i] = eval_detect_class(eval, i);
    const struct truth_classes classes = {
        .names = names, .count = eval->classes, .named = eval->job->model->card.name_count > 0};
    bsr_status status =
        truth_read(&eval->truth, eval->options.truth, eval->job->sources, &classes, notes, err);
    mem_free((void *)names);
    return status;
}

static bsr_status fill(struct eval_detect *eval, struct bytes *notes, struct bsr_error *err)
{
    const struct job *job = eval->job;

    eval->workers = mem_alloc_zeroed((size_t)job->workers, sizeof *eval->workers);
    eval->seen = mem_alloc_zeroed(job->sources->count, sizeof *eval->seen);
    if (!eval->workers || !eval->seen)
        return bsr_fail_memory(err, NULL, job->sources->count * sizeof *eval->seen);
    bsr_status status = worker_open(eval, &eval->workers[0], notes, err);
    if (status != BSR_OK)
        return status;
    eval->classes = detector_class_count(eval->workers[0].detector);
    return read_truth(eval, notes, err);
}

bsr_status eval_detect_open(struct eval_detect **out, const struct job *job,
                            const struct eval_detect_options *options, struct bytes *notes,
                            struct bsr_error *err)
{
    struct eval_detect *made = mem_alloc_zeroed(1, sizeof *made);
    if (!made)
        return bsr_fail_memory(err, NULL, sizeof *made);
    made->job = job;
    made->options = *options;
    job_share_threads(job);
    bsr_status status = fill(made, notes, err);
    if (status != BSR_OK) {
        eval_detect_close(made);
        return status;
    }
    *out = made;
    return BSR_OK;
}

void eval_detect_close(struct eval_detect *eval)
{
    if (!eval)
        return;
    for (int i = 0; eval->workers && i < eval->job->workers; i++) {
        detector_close(eval->workers[i].detector);
        job_worker_close(&eval->workers[i].common);
    }
    for (size_t i = 0; eval->seen && i < eval->job->sources->count; i++)
        mem_free(eval->seen[i].found);
    truth_free(&eval->truth);
    mem_free(eval->workers);
    mem_free(eval->seen);
    mem_free(eval);
}

const char *eval_detect_class(const struct eval_detect *eval, int class_index)
{
    return detector_class_name(eval->workers[0].detector, class_index);
}

/* ---- one picture -------------------------------------------------------------------------- */

static uint64_t eval_cost(const struct job *job, const struct picture_facts *facts, const void *context)
{
    (void)job;
    (void)context;
    uint64_t as_stored = (uint64_t)facts->channels * (uint64_t)facts->depth / 8;
    return (uint64_t)facts->width * (uint64_t)facts->height * (as_stored + 3 + 3);
}

static int eval_reduction(int width, int height, const void *context)
{
    return detector_reduction(context, width, height);
}

static bsr_status keep(struct seen *seen, const struct detections *found, const struct loaded *loaded,
                       struct bsr_error *err)
{
    seen->found = mem_alloc_zeroed(found->count, sizeof *seen->found);
    if (!seen->found)
        return bsr_fail_memory(err, NULL, found->count * sizeof *seen->found);
    if (found->count)
        memcpy(seen->found, found->items, found->count * sizeof *seen->found);
    seen->count = found->count;
    seen->width = loaded->width;
    seen->height = loaded->height;
    seen->done = true;
    return BSR_OK;
}

void eval_detect_work(void *context, struct batch *batch, int worker, size_t index,
                      struct item_result *result)
{
    struct eval_detect  *eval = context;
    struct loaded        loaded = {0};
    struct detections    found;
    struct bsr_error    *err = &result->error;
    enum picture_purpose purpose = eval->options.as_stored ? PICTURE_FOR_NET_AS_STORED : PICTURE_FOR_NET;
    struct eval_worker  *own = &eval->workers[worker];

    if (!eval->truth.pictures[index].known)
        return;
    bsr_status status = worker_open(eval, own, NULL, err);
    if (status == BSR_OK)
        status = job_load_reduced(
            &loaded, eval->job, batch, worker, index,
            &(struct job_reading){
                .purpose = purpose, .cost = eval_cost, .reduction = eval_reduction, .context = own->detector},
            &result->timing, err);
    if (status == BSR_OK)
        status = detector_run_reduced(own->detector, &loaded.picture.image, &loaded.picture.reduction, &found,
                                      &result->timing, err);
    if (status == BSR_OK)
        status = keep(&eval->seen[index], &found, &loaded, err);
    if (status == BSR_OK)
        result->found = found.count;
    loaded_free(&loaded);
    result->status = status;
}

/* ---- all of them -------------------------------------------------------------------------- */

/* What average precision takes: picture by picture, in the order of the sources. */
struct boxes {
    struct ap_truth *truths;
    struct ap_found *found;
    size_t           truth_count, found_count;
};

static bool wants(const struct eval_detect *eval, int class_index)
{
    return detector_wants_class(eval->workers[0].detector, class_index);
}

static void add_truths(struct boxes *boxes, const struct eval_detect *eval, size_t source)
{
    const struct truth_picture *picture = &eval->truth.pictures[source];
    const struct seen          *seen = &eval->seen[source];
    double                      width = picture->in_parts ? seen->width : 1;
    double                      height = picture->in_parts ? seen->height : 1;

    for (size_t i = 0; i < picture->count; i++) {
        const struct truth_box *box = &eval->truth.boxes[picture->first + i];
        if (wants(eval, box->class_index))
            boxes->truths[boxes->truth_count++] = (struct ap_truth){.picture = (int)source,
                                                                    .class_index = box->class_index,
                                                                    .x1 = box->x1 * width,
                                                                    .y1 = box->y1 * height,
                                                                    .x2 = box->x2 * width,
                                                                    .y2 = box->y2 * height,
                                                                    .crowd = box->crowd,
                                                                    .ignored = box->ignored,
                                                                    .area = box->area * width * height};
    }
}

static void add_found(struct boxes *boxes, const struct eval_detect *eval, size_t source)
{
    const struct seen *seen = &eval->seen[source];
    for (size_t i = 0; i < seen->count; i++) {
        const struct detection *item = &seen->found[i];
        boxes->found[boxes->found_count++] = (struct ap_found){.picture = (int)source,
                                                               .class_index = item->class_index,
                                                               .x1 = item->x1,
                                                               .y1 = item->y1,
                                                               .x2 = item->x2,
                                                               .y2 = item->y2,
                                                               .score = item->score};
    }
}

/* Adds the boxes of one picture, and judges them. */
static bsr_status add_picture(struct eval_detection *out, struct boxes *boxes, const struct eval_detect *eval,
                              size_t source, struct bsr_error *err)
{
    const struct truth_picture *picture = &eval->truth.pictures[source];
    const struct seen          *seen = &eval->seen[source];
    struct eval_picture         judged = {.source = source};
    size_t                      truths = boxes->truth_count, found = boxes->found_count;

    add_truths(boxes, eval, source);
    add_found(boxes, eval, source);
    out->other_size += picture->width && (picture->width != seen->width || picture->height != seen->height);
    bsr_status status = confusion_add(&judged.tally, out->confusion, out->classes, boxes->truths + truths,
                                      boxes->truth_count - truths, boxes->found + found,
                                      boxes->found_count - found, &eval->options.at, err);
    judged.f1 = confusion_f1(&judged.tally);
    out->tally.correct += judged.tally.correct;
    out->tally.confused += judged.tally.confused;
    out->tally.missed += judged.tally.missed;
    out->tally.extra += judged.tally.extra;
    out->pictures[out->picture_count++] = judged;
    return status;
}

/* Of equal ones those with more faults are worse. */
static int worst_first(const void *left, const void *right)
{
    const struct eval_picture *a = left, *b = right;
    size_t                     faults_of_a = a->tally.confused + a->tally.missed + a->tally.extra;
    size_t                     faults_of_b = b->tally.confused + b->tally.missed + b->tally.extra;
    int                        order = (a->f1 > b->f1) - (a->f1 < b->f1);
    if (!order)
        order = (faults_of_a < faults_of_b) - (faults_of_a > faults_of_b);
    return order ? order : (a->source > b->source) - (a->source < b->source);
}

static bsr_status allocate(struct eval_detection *out, struct boxes *boxes, const struct eval_detect *eval,
                           struct bsr_error *err)
{
    size_t sources = eval->job->sources->count, found = 0, classes = (size_t)eval->classes;
    bool   matrix = eval->classes <= CONFUSION_MAX_CLASSES;

    for (size_t i = 0; i < sources; i++)
        found += eval->seen[i].count;
    boxes->truths = mem_alloc_zeroed(eval->truth.box_count, sizeof *boxes->truths);
    boxes->found = mem_alloc_zeroed(found, sizeof *boxes->found);
    out->classes = eval->classes;
    out->pictures = mem_alloc_zeroed(sources, sizeof *out->pictures);
    out->per_class = mem_alloc_zeroed(classes, sizeof *out->per_class);
    out->curves = mem_alloc_zeroed(classes, sizeof *out->curves);
    out->confusion = matrix ? mem_alloc_zeroed((classes + 1) * (classes + 1), sizeof *out->confusion) : NULL;
    if (boxes->truths && boxes->found && out->pictures && out->per_class && out->curves &&
        (out->confusion || !matrix))
        return BSR_OK;
    return bsr_fail_memory(err, NULL, mem_product(found + classes * classes, sizeof *boxes->found));
}

static bsr_status score(struct eval_detection *out, const struct boxes *boxes, struct bsr_error *err)
{
    bsr_status status = BSR_OK;
    for (int area = 0; status == BSR_OK && area < AP_AREAS; area++) {
        const struct ap_result wanted = {.mean = &out->mean[area],
                                         .per_class = area == AP_ALL ? out->per_class : NULL,
                                         .curves = area == AP_ALL ? out->curves : NULL};
        status = average_precision_at(&wanted, (enum ap_area)area, out->classes, boxes->truths,
                                      boxes->truth_count, boxes->found, boxes->found_count, err);
    }
    return status;
}

bsr_status eval_detect_finish(struct eval_detection *out, const struct eval_detect *eval,
                              struct bsr_error *err)
{
    struct eval_detection made = {0};
    struct boxes          boxes = {0};
    bsr_status            status = allocate(&made, &boxes, eval, err);

    for (size_t i = 0; status == BSR_OK && i < eval->job->sources->count; i++)
        if (eval->seen[i].done)
            status = add_picture(&made, &boxes, eval, i, err);
    if (status == BSR_OK)
        status = score(&made, &boxes, err);
    mem_free(boxes.truths);
    mem_free(boxes.found);
    if (status != BSR_OK) {
        eval_detection_free(&made);
        return status;
    }
    qsort(made.pictures, made.picture_count, sizeof *made.pictures, worst_first);
    *out = made;
    return BSR_OK;
}

void eval_detection_free(struct eval_detection *result)
{
    mem_free(result->per_class);
    mem_free(result->curves);
    mem_free(result->confusion);
    mem_free(result->pictures);
    *result = (struct eval_detection){0};
}
