#include "pipeline/eval_upscale.h"

#include "base/alloc.h"
#include "pipeline/eval_shrink.h"
#include "postprocess/picture_quality.h"

#include <math.h>
#include <stdlib.h>

struct eval_worker {
    struct job_worker common;
    struct upscaler  *upscaler;
};

struct eval_upscale {
    const struct job     *job;
    int                   factor;
    bool                  luma;    /* the net sees luma alone */
    struct eval_worker   *workers; /* [job->workers] */
    struct eval_enlarged *made;    /* [sources], each filled by the worker that does it */
    bool                 *done;    /* [sources] */
};

static bsr_status worker_open(struct eval_upscale *eval, struct eval_worker *worker, struct bsr_error *err)
{
    if (worker->upscaler)
        return BSR_OK;
    bsr_status status = job_worker_open(&worker->common, eval->job, err);
    if (status == BSR_OK)
        status = upscaler_open(&worker->upscaler, eval->job->model, worker->common.pool, err);
    return status;
}

bsr_status eval_upscale_open(struct eval_upscale **out, const struct job *job, int factor,
                             struct bsr_error *err)
{
    size_t               sources = job->sources->count;
    struct eval_upscale *made = mem_alloc_zeroed(1, sizeof *made);
    if (!made)
        return bsr_fail_memory(err, NULL, sizeof *made);
    made->job = job;
    made->factor = factor;
    made->luma = job->model->input.shape[1] == 1;
    made->workers = mem_alloc_zeroed((size_t)job->workers, sizeof *made->workers);
    made->made = mem_alloc_zeroed(sources, sizeof *made->made);
    made->done = mem_alloc_zeroed(sources, sizeof *made->done);

    job_share_threads(job);
    bsr_status status = made->workers && made->made && made->done
                            ? worker_open(made, &made->workers[0], err)
                            : bsr_fail_memory(err, NULL, sources * sizeof *made->made);
    if (status != BSR_OK) {
        eval_upscale_close(made);
        return status;
    }
    *out = made;
    return BSR_OK;
}

void eval_upscale_close(struct eval_upscale *eval)
{
    if (!eval)
        return;
    for (int i = 0; eval->workers && i < eval->job->workers; i++) {
        upscaler_close(eval->workers[i].upscaler);
        job_worker_close(&eval->workers[i].common);
    }
    mem_free(eval->workers);
    mem_free(eval->made);
    mem_free(eval->done);
    mem_free(eval);
}

/* ---- one picture -------------------------------------------------------------------------- */

static uint64_t eval_cost(const struct job *job, const struct picture_facts *facts, const void *context)
{
    const struct eval_upscale *eval = context;
    enum { PLANES = 48 }; /* bytes a pixel: pictures, planes of floats, rows of doubles, levels */
    uint64_t pixels = (uint64_t)facts->width * (uint64_t)facts->height;
    return pixels * PLANES + upscale_bytes(job->model, facts->width / eval->factor,
                                           facts->height / eval->factor, eval->luma ? 1 : 3,
                                           eval->luma ? 16 : 8, facts->width, facts->height,
                                           job->workers == 1 ? job->threads : 1);
}

/* The part that divides by the factor, as a view. */
static bsr_status crop(struct bsr_image *view, const struct bsr_image *image, int factor,
                       struct bsr_error *err)
{
    int least = SSIM_WINDOW + 2 * factor;
    *view = *image;
    view->width -= image->width % factor;
    view->height -= image->height % factor;
    if (view->width >= least && view->height >= least)
        return BSR_OK;
    return bsr_fail(err, BSR_ERANGE, NULL,
                    "%dx%d pixels are too few to measure a factor of %d: %d are needed", image->width,
                    image->height, factor, least);
}

/* The luma of one picture in levels, three times: the truth's, MATLAB's, and that which is compared. */
struct luma {
    uint8_t *truth, *matlab, *levels;
    int      width, height;
};

static bsr_status luma_alloc(struct luma *luma, const struct bsr_image *view, struct bsr_error *err)
{
    size_t pixels = (size_t)view->width * (size_t)view->height;

    *luma = (struct luma){.width = view->width, .height = view->height};
    luma->truth = mem_alloc(pixels);
    luma->matlab = mem_alloc(pixels);
    luma->levels = mem_alloc(pixels);
    return luma->truth && luma->matlab && luma->levels ? BSR_OK : bsr_fail_memory(err, NULL, 3 * pixels);
}

static void luma_free(struct luma *luma)
{
    mem_free(luma->truth);
    mem_free(luma->matlab);
    mem_free(luma->levels);
}

static bsr_status compare(struct eval_quality *quality, const struct luma *luma, const uint8_t *levels,
                          int border, struct bsr_error *err)
{
    const struct luma_plane a = {luma->truth, luma->width, luma->height},
                            b = {levels, luma->width, luma->height};
    bsr_status status = luma_psnr(&quality->psnr, &a, &b, border, err);
    return status == BSR_OK ? luma_ssim(&quality->ssim, &a, &b, border, err) : status;
}

static bsr_status compare_image(struct eval_quality *quality, const struct luma *luma,
                                const struct bsr_image *image, int border, struct bsr_error *err)
{
    bsr_status status = luma_levels(luma->levels, image, err);
    return status == BSR_OK ? compare(quality, luma, luma->levels, border, err) : status;
}

/* Shrinks, enlarges in three ways, and compares. */
static bsr_status measure(struct eval_upscale *eval, struct upscaler *upscaler, const struct bsr_image *view,
                          struct eval_enlarged *made, struct timing *timing, struct bsr_error *err)
{
    const struct upscale_size size = {.factor = eval->factor};
    struct bsr_image          small = {0}, net = {0}, bicubic = {0};
    struct luma               luma;
    bsr_status                status = luma_alloc(&luma, view, err);

    if (status == BSR_OK)
        status = luma_levels(luma.truth, view, err);
    if (status == BSR_OK)
        status = eval->luma ? eval_shrink_luma(&small, luma.matlab, luma.truth, view->width, view->height,
                                               eval->factor, err)
                            : eval_shrink_picture(&small, luma.matlab, view, eval->factor, err);
    if (status == BSR_OK)
        status = upscaler_run(upscaler, &small, &size, &net, &bicubic, timing, err);
    if (status == BSR_OK)
        status = compare_image(&made->net, &luma, &net, eval->factor, err);
    if (status == BSR_OK)
        status = compare_image(&made->bicubic, &luma, &bicubic, eval->factor, err);
    if (status == BSR_OK)
        status = compare(&made->matlab, &luma, luma.matlab, eval->factor, err);
    image_free(&small);
    image_free(&net);
    image_free(&bicubic);
    luma_free(&luma);
    return status;
}

void eval_upscale_work(void *context, struct batch *batch, int worker, size_t index,
                       struct item_result *result)
{
    struct eval_upscale *eval = context;
    struct eval_worker  *own = &eval->workers[worker];
    struct loaded        loaded = {0};
    struct bsr_image     view;
    struct bsr_error    *err = &result->error;

    bsr_status status = worker_open(eval, own, err);
    if (status == BSR_OK)
        status = job_load(&loaded, eval->job, batch, worker, index, PICTURE_FOR_NET_AS_STORED, eval_cost,
                          eval, &result->timing, err);
    if (status == BSR_OK) {
        status = crop(&view, &loaded.picture.image, eval->factor, err);
        if (status == BSR_OK)
            status = measure(eval, own->upscaler, &view, &eval->made[index], &result->timing, err);
        if (status != BSR_OK && (status == BSR_ERANGE || status == BSR_ENOMEM))
            bsr_error_set_subject(err, eval->job->sources->items[index].path);
    }
    if (status == BSR_OK) {
        eval->made[index].source = index;
        eval->done[index] = true;
        result->found = 1;
    }
    picture_free(&loaded.picture);
    result->status = status;
}

/* ---- all of them -------------------------------------------------------------------------- */

static int worst_first(const void *left, const void *right)
{
    const struct eval_enlarged *a = left, *b = right;
    int                         order = (a->net.psnr > b->net.psnr) - (a->net.psnr < b->net.psnr);
    return order ? order : (a->source > b->source) - (a->source < b->source);
}

static void add(struct eval_quality *sum, const struct eval_quality *quality, double parts)
{
    sum->psnr += quality->psnr / parts;
    sum->ssim += quality->ssim / parts;
}

bsr_status eval_upscale_finish(struct eval_enlargement *out, const struct eval_upscale *eval,
                               struct bsr_error *err)
{
    const struct eval_quality none = {NAN, NAN};
    size_t                    sources = eval->job->sources->count;
    struct eval_enlargement   made = {.pictures = mem_alloc_zeroed(sources, sizeof *made.pictures)};

    if (!made.pictures)
        return bsr_fail_memory(err, NULL, sources * sizeof *made.pictures);
    for (size_t i = 0; i < sources; i++)
        if (eval->done[i])
            made.pictures[made.picture_count++] = eval->made[i];
    if (!made.picture_count)
        made.mean = (struct eval_enlarged){.net = none, .bicubic = none, .matlab = none};
    for (size_t i = 0; i < made.picture_count; i++) {
        add(&made.mean.net, &made.pictures[i].net, (double)made.picture_count);
        add(&made.mean.bicubic, &made.pictures[i].bicubic, (double)made.picture_count);
        add(&made.mean.matlab, &made.pictures[i].matlab, (double)made.picture_count);
    }
    qsort(made.pictures, made.picture_count, sizeof *made.pictures, worst_first);
    *out = made;
    return BSR_OK;
}

void eval_enlargement_free(struct eval_enlargement *result)
{
    mem_free(result->pictures);
    *result = (struct eval_enlargement){0};
}
