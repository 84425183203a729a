#include "pipeline/classify_job.h"

#include "base/alloc.h"

struct classify_worker {
    struct job_worker  common;
    struct classifier *classifier;
};

struct classify_job {
    const struct job           *job;
    struct classify_job_options options;
    struct classify_worker     *workers; /* [job->workers] */
};

static bsr_status worker_open(struct classify_job *classify_job, struct classify_worker *worker,
                              struct bytes *notes, struct bsr_error *err)
{
    const struct job *job = classify_job->job;
    if (worker->classifier)
        return BSR_OK;
    bsr_status status = job_worker_open(&worker->common, job, err);
    if (status == BSR_OK)
        status = classifier_open(&worker->classifier, job->model, &classify_job->options.classify,
                                 worker->common.pool, notes, err);
    return status;
}

bsr_status classify_job_open(struct classify_job **out, const struct job *job,
                             const struct classify_job_options *options, struct bytes *notes,
                             struct bsr_error *err)
{
    struct classify_job *made = mem_alloc_zeroed(1, sizeof *made);
    if (!made)
        return bsr_fail_memory(err, NULL, sizeof *made);
    made->job = job;
    made->options = *options;
    made->workers = mem_alloc_zeroed((size_t)job->workers, sizeof *made->workers);

    job_share_threads(job);
    bsr_status status = made->workers
                            ? worker_open(made, &made->workers[0], notes, err)
                            : bsr_fail_memory(err, NULL, (size_t)job->workers * sizeof *made->workers);
    if (status != BSR_OK) {
        classify_job_close(made);
        return status;
    }
    *out = made;
    return BSR_OK;
}

void classify_job_close(struct classify_job *classify_job)
{
    if (!classify_job)
        return;
    for (int i = 0; classify_job->workers && i < classify_job->job->workers; i++) {
        classifier_close(classify_job->workers[i].classifier);
        job_worker_close(&classify_job->workers[i].common);
    }
    mem_free(classify_job->workers);
    mem_free(classify_job);
}

static uint64_t classify_cost(const struct job *job, const struct picture_facts *facts, const void *context)
{
    (void)job;
    (void)context;
    uint64_t as_stored = (uint64_t)facts->channels * (uint64_t)facts->depth / 8;
    return (uint64_t)facts->width * (uint64_t)facts->height * (as_stored + 3 + 1); /* a smaller copy, too */
}

static int classify_reduction(int width, int height, const void *context)
{
    return classifier_reduction(context, width, height);
}

/* "a.jpg: tabby 0.83, tiger cat 0.05" */
static bsr_status write_line(struct bytes *out, const char *source, const struct classifier *classifier,
                             const struct class_score *best, size_t count, struct bsr_error *err)
{
    bytes_append_format(out, "%s:", source);
    for (size_t i = 0; i < count; i++) {
        char space[32];
        bytes_append_format(out, "%s %s %.2f", i ? "," : "",
                            classifier_class_name(classifier, best[i].class_index, space),
                            (double)best[i].score);
    }
    bytes_append_text(out, "\n");
    return out->failed ? bsr_fail_memory(err, source, out->size) : BSR_OK;
}

static bsr_status classify_one(struct classify_job *classify_job, struct batch *batch, int index_of_worker,
                               size_t index, struct item_result *result, struct loaded *loaded)
{
    const struct job         *job = classify_job->job;
    struct classify_worker   *worker = &classify_job->workers[index_of_worker];
    const struct class_score *best = NULL;
    size_t                    count = 0;
    struct bsr_error         *err = &result->error;
    bool                      as_stored = classify_job->options.as_stored;

    bsr_status status = worker_open(classify_job, worker, NULL, err);
    if (status == BSR_OK)
        status = job_load_reduced(
            loaded, job, batch, index_of_worker, index,
            &(struct job_reading){.purpose = as_stored ? PICTURE_FOR_NET_AS_STORED : PICTURE_FOR_NET,
                                  .cost = classify_cost,
                                  .reduction = classify_reduction,
                                  .context = worker->classifier},
            &result->timing, err);
    if (status == BSR_OK)
        status = classifier_run_reduced(worker->classifier, &loaded->picture.image,
                                        &loaded->picture.reduction, &best, &count, &result->timing, err);
    if (status != BSR_OK)
        return status;

    result->found = 1;
    if (!job->records)
        return write_line(&result->record, job->sources->items[index].path, worker->classifier, best, count,
                          err);
    struct record_head head =
        job_record_head(job, index, "classify", loaded->width, loaded->height, &result->timing);
    return record_classes(&result->record, &head, best, count, worker->classifier, err);
}

void classify_job_work(void *context, struct batch *batch, int worker, size_t index,
                       struct item_result *result)
{
    struct classify_job *classify_job = context;
    struct loaded        loaded = {0};
    result->status = classify_one(classify_job, batch, worker, index, result, &loaded);
    job_record_failure(classify_job->job, index, "classify", &loaded, result);
    loaded_free(&loaded);
}
