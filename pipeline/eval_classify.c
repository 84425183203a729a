#include "pipeline/eval_classify.h"

#include "base/alloc.h"
#include "pipeline/truth.h"

#include <stdlib.h>
#include <string.h>

struct eval_worker {
    struct job_worker  common;
    struct classifier *classifier;
};

struct eval_classify {
    const struct job            *job;
    struct eval_classify_options options;
    struct eval_worker          *workers; /* [job->workers] */
    int                          classes;
    int                         *labels;  /* [sources]; -1: the truth doesn't have it */
    struct eval_guess           *guesses; /* [sources], each filled by the worker that does it */
    bool                        *done;    /* [sources] */
};

static bsr_status worker_open(struct eval_classify *eval, struct eval_worker *worker, struct bytes *notes,
                              struct bsr_error *err)
{
    struct classify_options how = eval->options.classify;
    how.top = EVAL_TOP;
    if (worker->classifier)
        return BSR_OK;
    bsr_status status = job_worker_open(&worker->common, eval->job, err);
    if (status == BSR_OK)
        status =
            classifier_open(&worker->classifier, eval->job->model, &how, worker->common.pool, notes, err);
    return status;
}

/* As many as the net has outputs, else as there are names. */
static bsr_status count_classes(struct eval_classify *eval, struct bsr_error *err)
{
    const struct model      *model = eval->job->model;
    const struct onnx_value *output = &model->outputs[0];
    int64_t                  longest = 0;

    for (int i = 0; i < output->dims; i++)
        longest = output->shape[i] > longest ? output->shape[i] : longest;
    eval->classes = longest > 1 ? (int)longest : model->card.name_count;
    if (eval->classes > 0 && longest <= TRUTH_MAX_CLASSES * 10)
        return BSR_OK;
    return bsr_fail(err, BSR_EMODEL, model->card.file, "does not say how many classes it has");
}

static bsr_status read_truth(struct eval_classify *eval, struct bytes *notes, struct bsr_error *err)
{
    const struct card   *card = &eval->job->model->card;
    const char         **names = mem_alloc_zeroed((size_t)eval->classes, sizeof *names);
    struct truth_classes classes = {.names = names, .count = eval->classes, .named = card->name_count > 0};

    if (!names)
        return bsr_fail_memory(err, NULL, (size_t)eval->classes * sizeof *names);
    for (int i = 0; i < eval->classes; i++)
        names[i] = i < card->name_count ? card->names[i] : "";
    bsr_status status =
        truth_read_labels(eval->labels, eval->options.truth, eval->job->sources, &classes, notes, err);
    mem_free((void *)names);
    return status;
}

static bsr_status fill(struct eval_classify *eval, struct bytes *notes, struct bsr_error *err)
{
    size_t sources = eval->job->sources->count;

    eval->workers = mem_alloc_zeroed((size_t)eval->job->workers, sizeof *eval->workers);
    eval->labels = mem_alloc_zeroed(sources, sizeof *eval->labels);
    eval->guesses = mem_alloc_zeroed(sources, sizeof *eval->guesses);
    eval->done = mem_alloc_zeroed(sources, sizeof *eval->done);
    if (!eval->workers || !eval->labels || !eval->guesses || !eval->done)
        return bsr_fail_memory(err, NULL, sources * sizeof *eval->guesses);
    bsr_status status = worker_open(eval, &eval->workers[0], notes, err);
    if (status == BSR_OK)
        status = count_classes(eval, err);
    return status == BSR_OK ? read_truth(eval, notes, err) : status;
}

bsr_status eval_classify_open(struct eval_classify **out, const struct job *job,
                              const struct eval_classify_options *options, struct bytes *notes,
                              struct bsr_error *err)
{
    struct eval_classify *made = mem_alloc_zeroed(1, sizeof *made);
    if (!made)
        return bsr_fail_memory(err, NULL, sizeof *made);
    made->job = job;
    made->options = *options;
    job_share_threads(job);
    bsr_status status = fill(made, notes, err);
    if (status != BSR_OK) {
        eval_classify_close(made);
        return status;
    }
    *out = made;
    return BSR_OK;
}

void eval_classify_close(struct eval_classify *eval)
{
    if (!eval)
        return;
    for (int i = 0; eval->workers && i < eval->job->workers; i++) {
        classifier_close(eval->workers[i].classifier);
        job_worker_close(&eval->workers[i].common);
    }
    mem_free(eval->workers);
    mem_free(eval->labels);
    mem_free(eval->guesses);
    mem_free(eval->done);
    mem_free(eval);
}

const char *eval_classify_class(const struct eval_classify *eval, int class_index, char space[32])
{
    return classifier_class_name(eval->workers[0].classifier, class_index, space);
}

/* ---- one picture -------------------------------------------------------------------------- */

static uint64_t eval_cost(const struct job *job, const struct picture_facts *facts, const void *context)
{
    (void)job;
    (void)context;
    uint64_t as_stored = (uint64_t)facts->channels * (uint64_t)facts->depth / 8;
    return (uint64_t)facts->width * (uint64_t)facts->height * (as_stored + 3 + 1); /* a smaller copy, too */
}

static int eval_reduction(int width, int height, const void *context)
{
    return classifier_reduction(context, width, height);
}

static struct eval_guess guess_of(size_t source, int label, const struct class_score *best, size_t count)
{
    struct eval_guess guess = {
        .source = source, .truth = label, .best = best[0].class_index, .score = best[0].score};
    for (size_t i = 0; i < count; i++)
        if (best[i].class_index == label)
            guess.rank = (int)i + 1;
    return guess;
}

void eval_classify_work(void *context, struct batch *batch, int worker, size_t index,
                        struct item_result *result)
{
    struct eval_classify     *eval = context;
    struct eval_worker       *own = &eval->workers[worker];
    struct loaded             loaded = {0};
    const struct class_score *best = NULL;
    size_t                    count = 0;
    struct bsr_error         *err = &result->error;
    enum picture_purpose      purpose = eval->options.as_stored ? PICTURE_FOR_NET_AS_STORED : PICTURE_FOR_NET;

    if (eval->labels[index] < 0)
        return;
    bsr_status status = worker_open(eval, own, NULL, err);
    if (status == BSR_OK)
        status = job_load_reduced(&loaded, eval->job, batch, worker, index,
                                  &(struct job_reading){.purpose = purpose,
                                                        .cost = eval_cost,
                                                        .reduction = eval_reduction,
                                                        .context = own->classifier},
                                  &result->timing, err);
    if (status == BSR_OK)
        status = classifier_run_reduced(own->classifier, &loaded.picture.image, &loaded.picture.reduction,
                                        &best, &count, &result->timing, err);
    if (status == BSR_OK && (!count || best[0].class_index >= eval->classes))
        status = bsr_fail(err, BSR_EMODEL, eval->job->model->card.file,
                          "makes other classes than it declares: %d of %d", count ? best[0].class_index : -1,
                          eval->classes);
    if (status == BSR_OK) {
        eval->guesses[index] = guess_of(index, eval->labels[index], best, count);
        eval->done[index] = true;
        result->found = eval->guesses[index].rank == 1;
    }
    loaded_free(&loaded);
    result->status = status;
}

/* ---- all of them -------------------------------------------------------------------------- */

/* Wrong before right; the surest of the wrong ones first. */
static int worst_first(const void *left, const void *right)
{
    const struct eval_guess *a = left, *b = right;
    int                      order = (a->rank == 1) - (b->rank == 1);
    if (!order)
        order = (a->score < b->score) - (a->score > b->score);
    return order ? order : (a->source > b->source) - (a->source < b->source);
}

static void add_guess(struct eval_class *sum, const struct eval_guess *guess)
{
    sum->pictures++;
    sum->first += guess->rank == 1;
    sum->among += guess->rank > 0;
}

bsr_status eval_classify_finish(struct eval_classification *out, const struct eval_classify *eval,
                                struct bsr_error *err)
{
    size_t                     sources = eval->job->sources->count, classes = (size_t)eval->classes;
    bool                       matrix = eval->classes <= CONFUSION_MAX_CLASSES;
    struct eval_classification made = {.classes = eval->classes};

    made.per_class = mem_alloc_zeroed((size_t)eval->classes, sizeof *made.per_class);
    made.guesses = mem_alloc_zeroed(sources, sizeof *made.guesses);
    if (matrix)
        made.confusion = mem_alloc_zeroed(classes * classes, sizeof *made.confusion);
    if (!made.per_class || !made.guesses || (matrix && !made.confusion)) {
        eval_classification_free(&made);
        return bsr_fail_memory(err, NULL, sources * sizeof *made.guesses);
    }
    for (size_t i = 0; i < sources; i++)
        if (eval->done[i]) {
            add_guess(&made.all, &eval->guesses[i]);
            add_guess(&made.per_class[eval->guesses[i].truth], &eval->guesses[i]);
            made.guesses[made.guess_count++] = eval->guesses[i];
            if (matrix)
                made.confusion[(size_t)eval->guesses[i].truth * classes + (size_t)eval->guesses[i].best]++;
        }
    qsort(made.guesses, made.guess_count, sizeof *made.guesses, worst_first);
    *out = made;
    return BSR_OK;
}

void eval_classification_free(struct eval_classification *result)
{
    mem_free(result->per_class);
    mem_free(result->guesses);
    mem_free(result->confusion);
    *result = (struct eval_classification){0};
}
