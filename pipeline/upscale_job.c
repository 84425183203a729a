#include "pipeline/upscale_job.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "pipeline/annotate.h"

struct upscale_worker {
    struct job_worker common;
    struct upscaler  *upscaler;
};

struct upscale_job {
    const struct job          *job;
    struct upscale_job_options options;
    struct upscale_worker     *workers; /* [job->workers] */
};

static bsr_status worker_open(struct upscale_job *upscale_job, struct upscale_worker *worker,
                              struct bsr_error *err)
{
    const struct job *job = upscale_job->job;
    if (worker->upscaler)
        return BSR_OK;
    bsr_status status = job_worker_open(&worker->common, job, err);
    if (status == BSR_OK)
        status = upscaler_open(&worker->upscaler, job->model, worker->common.pool, err);
    return status;
}

bsr_status upscale_job_open(struct upscale_job **out, const struct job *job,
                            const struct upscale_job_options *options, struct bsr_error *err)
{
    struct upscale_job *made = mem_alloc_zeroed(1, sizeof *made);
    if (!made)
        return bsr_fail_memory(err, NULL, sizeof *made);
    made->job = job;
    made->options = *options;
    made->workers = mem_alloc_zeroed((size_t)job->workers, sizeof *made->workers);

    job_share_threads(job);
    bsr_status status = made->workers
                            ? worker_open(made, &made->workers[0], err)
                            : bsr_fail_memory(err, NULL, (size_t)job->workers * sizeof *made->workers);
    if (status != BSR_OK) {
        upscale_job_close(made);
        return status;
    }
    *out = made;
    return BSR_OK;
}

void upscale_job_close(struct upscale_job *upscale_job)
{
    if (!upscale_job)
        return;
    for (int i = 0; upscale_job->workers && i < upscale_job->job->workers; i++) {
        upscaler_close(upscale_job->workers[i].upscaler);
        job_worker_close(&upscale_job->workers[i].common);
    }
    mem_free(upscale_job->workers);
    mem_free(upscale_job);
}

/* ---- one input ---------------------------------------------------------------------------- */

static uint64_t upscale_cost(const struct job *job, const struct picture_facts *facts, const void *context)
{
    const struct upscale_job *upscale_job = context;
    int                       width, height;
    bool                      turned = facts->orientation > 4; /* quarter turns swap the sides */
    int                       own_width = turned ? facts->height : facts->width;
    int                       own_height = turned ? facts->width : facts->height;

    if (upscale_output_size(&upscale_job->options.size, own_width, own_height, &width, &height, NULL) !=
        BSR_OK)
        return 0; /* the run itself says what is wrong */
    return upscale_bytes(job->model, own_width, own_height, facts->channels, facts->depth, width, height,
                         job->workers > 1 ? 1 : job->threads);
}

static bsr_status write_comparison(struct upscale_job *upscale_job, struct upscale_worker *worker,
                                   size_t index, const struct bsr_image *plain,
                                   const struct bsr_image *enlarged, struct bsr_error *err)
{
    const struct job *job = upscale_job->job;
    struct picture    both = {.format = PICTURE_PNG};
    bsr_status        status = job_worker_typesetter(&worker->common, err);

    if (status == BSR_OK)
        status = annotate_compare(&both.image, plain, "bicubic", enlarged, job->model->card.name,
                                  worker->common.typesetter, err);
    if (status == BSR_OK)
        status = job_path(&worker->common.path, job, NULL, job->outputs->items[index].stem, err);
    if (status == BSR_OK && !bytes_append_text(&worker->common.path, "-compare.png"))
        status = bsr_fail_memory(err, NULL, worker->common.path.size);
    if (status == BSR_OK) {
        struct job as_png = *job;
        as_png.format = PICTURE_PNG;
        status = job_write_picture(&as_png, bytes_text(&worker->common.path), &both, err);
    }
    picture_free(&both);
    return status;
}

static bsr_status write_enlarged(struct upscale_job *upscale_job, struct upscale_worker *worker, size_t index,
                                 const struct picture *enlarged, struct bsr_error *err)
{
    const struct job *job = upscale_job->job;
    if (job->file)
        return job_write_picture(job, job->file, enlarged, err);
    bsr_status status = job_path(&worker->common.path, job, NULL, job->outputs->items[index].picture, err);
    return status == BSR_OK ? job_write_picture(job, bytes_text(&worker->common.path), enlarged, err)
                            : status;
}

static bsr_status write_results(struct upscale_job *upscale_job, struct upscale_worker *worker, size_t index,
                                const struct loaded *loaded, const struct bsr_image *enlarged,
                                const struct bsr_image *plain, struct bsr_error *err)
{
    struct picture picture = loaded->picture; /* with its profile and EXIF; they stay the loaded picture's */
    picture.image = *enlarged;

    bsr_status status = BSR_OK;
    if (upscale_job->options.compare)
        status = write_comparison(upscale_job, worker, index, plain, enlarged, err);
    if (status == BSR_OK) /* last: the path that the record names */
        status = write_enlarged(upscale_job, worker, index, &picture, err);
    return status;
}

static bsr_status upscale_one(struct upscale_job *upscale_job, struct batch *batch, int index_of_worker,
                              size_t index, struct item_result *result, struct loaded *loaded)
{
    const struct job      *job = upscale_job->job;
    struct upscale_worker *worker = &upscale_job->workers[index_of_worker];
    struct bsr_image       enlarged = {0}, plain = {0};
    struct bsr_error      *err = &result->error;

    bsr_status status = worker_open(upscale_job, worker, err);
    if (status == BSR_OK)
        status = job_load(loaded, job, batch, index_of_worker, index, PICTURE_FOR_EDIT, upscale_cost,
                          upscale_job, &result->timing, err);
    if (status == BSR_OK) {
        status = upscaler_run(worker->upscaler, &loaded->picture.image, &upscale_job->options.size, &enlarged,
                              upscale_job->options.compare ? &plain : NULL, &result->timing, err);
        if (status != BSR_OK && (status == BSR_ERANGE || status == BSR_ENOMEM))
            bsr_error_set_subject(err, job->sources->items[index].path);
    }
    double start = clock_ms();
    if (status == BSR_OK)
        status = write_results(upscale_job, worker, index, loaded, &enlarged, &plain, err);
    result->timing.encode += clock_ms() - start;
    if (status == BSR_OK) {
        result->found = 1;
        if (job->records) {
            struct record_head head =
                job_record_head(job, index, "upscale", loaded->width, loaded->height, &result->timing);
            status = record_upscaled(&result->record, &head,
                                     job->file ? job->file : bytes_text(&worker->common.path), enlarged.width,
                                     enlarged.height, err);
        }
    }
    image_free(&enlarged);
    image_free(&plain);
    return status;
}

void upscale_job_work(void *context, struct batch *batch, int worker, size_t index,
                      struct item_result *result)
{
    struct upscale_job *upscale_job = context;
    struct loaded       loaded = {0};
    result->status = upscale_one(upscale_job, batch, worker, index, result, &loaded);
    job_record_failure(upscale_job->job, index, "upscale", &loaded, result);
    picture_free(&loaded.picture);
}
