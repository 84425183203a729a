/* The whole list, as the commands do it, beside what is looked at. */
#include "pipeline/viewer_parts.h"

#include "base/alloc.h"
#include "engine/engine.h"
#include "pipeline/classify_job.h"
#include "pipeline/detect_job.h"
#include "pipeline/upscale_job.h"

#include <stdio.h>

enum { QUALITY = 95 }; /* of the commands */

/* One run, and what it holds. */
struct folder_run {
    struct viewer *viewer;
    struct shelf  *shelf;
    struct opened *model;
    struct asked  *asked;
    struct text   *folder;
    struct sources sources;
    struct outputs outputs;
    struct job     job;
    struct bytes   records; /* a classifier's */
    char         **classes; /* that are looked for, as numbers; [class_count] */
    size_t         class_count;
    size_t         pasted; /* pictures that are in no file */
    size_t         videos; /* that are left to `besra live` */
};

static void folder_run_free(struct folder_run *run)
{
    shared_drop(run->shelf);
    shared_drop(run->model);
    shared_drop(run->asked);
    shared_drop(run->folder);
    for (size_t i = 0; run->classes && i < run->class_count; i++)
        mem_free(run->classes[i]);
    mem_free(run->classes);
    sources_free(&run->sources);
    outputs_free(&run->outputs);
    bytes_free(&run->records);
}

/* ---- what is to be done ------------------------------------------------------------------------- */

static bsr_status collect(struct folder_run *run, struct bsr_error *err)
{
    const struct shelf *shelf = run->shelf;

    run->sources.items = mem_alloc_zeroed(shelf->count, sizeof *run->sources.items);
    if (!run->sources.items)
        return bsr_fail_memory(err, run->folder->text, shelf->count * sizeof *run->sources.items);
    run->sources.capacity = shelf->count;
    for (size_t i = 0; i < shelf->count; i++) {
        const struct entry *entry = shelf->items[i];
        struct source      *item = &run->sources.items[run->sources.count];
        if (entry->pasted || entry->blob || entry->video) {
            run->pasted += !entry->video;
            run->videos += entry->video;
            continue;
        }
        run->sources.count++;
        *item = (struct source){.path = mem_copy_text(entry->path->text),
                                .relative = mem_copy_text(entry->relative->text),
                                .named = true};
        if (!item->path || !item->relative)
            return bsr_fail_memory(err, entry->path->text, 0);
    }
    return outputs_plan(&run->outputs, &run->sources, PICTURE_UNKNOWN, err);
}

static bsr_status choose_classes(struct folder_run *run, const struct viewer_settings *settings,
                                 struct bsr_error *err)
{
    if (!settings->hidden)
        return BSR_OK;
    run->classes = mem_alloc_zeroed(run->model->class_count, sizeof *run->classes);
    if (!run->classes)
        return bsr_fail_memory(err, NULL, run->model->class_count * sizeof *run->classes);
    for (size_t i = 0; i < run->model->class_count; i++) {
        char number[24];
        if ((int)i < settings->hidden_count && settings->hidden[i])
            continue;
        snprintf(number, sizeof number, "%zu", i);
        run->classes[run->class_count] = mem_copy_text(number);
        if (!run->classes[run->class_count])
            return bsr_fail_memory(err, NULL, sizeof number);
        run->class_count++;
    }
    return run->class_count ? BSR_OK : bsr_fail(err, BSR_EUSAGE, NULL, "all classes are hidden");
}

/* ---- doing it ----------------------------------------------------------------------------------- */

/* With the lock held. */
static void note_failure(struct viewer *viewer, const struct bsr_error *error)
{
    viewer->batch_failed++;
    if (!viewer->batch_why)
        viewer->batch_why = text_of_error(error);
}

static bool report(void *context, size_t index, const struct item_result *result)
{
    struct folder_run *run = context;
    struct viewer     *viewer = run->viewer;

    (void)index;
    if (result->status == BSR_OK && run->job.records)
        bytes_append(&run->records, result->record.data, result->record.size);
    viewer_lock(viewer);
    viewer->batch_done++;
    if (result->status != BSR_OK)
        note_failure(viewer, &result->error);
    bool go_on = !viewer->batch_stop;
    moment_publish(viewer);
    viewer_unlock(viewer);
    return go_on;
}

/* A job's work and its report have one context. */
struct doing {
    struct folder_run *run;
    batch_work        *work;
    void              *job;
};

static void do_one(void *context, struct batch *batch, int worker, size_t index, struct item_result *result)
{
    const struct doing *doing = context;
    doing->work(doing->job, batch, worker, index, result);
}

static bool report_one(void *context, size_t index, const struct item_result *result)
{
    const struct doing *doing = context;
    return report(doing->run, index, result);
}

static bsr_status work_through(struct folder_run *run, batch_work *work, void *job, struct bsr_error *err)
{
    struct doing doing = {.run = run, .work = work, .job = job};
    return batch_run(&(struct batch_options){.count = run->sources.count,
                                             .workers = run->job.workers,
                                             .memory = run->viewer->options.memory,
                                             .work = do_one,
                                             .report = report_one,
                                             .context = &doing},
                     err);
}

/* Opening a job tells the engine how many threads a net gets, which must not happen under a net that runs. */
static bsr_status detect_all(struct folder_run *run, const struct viewer_settings *settings,
                             struct bsr_error *err)
{
    struct detect_job        *job = NULL;
    struct detect_job_options how = {.detect = viewer_detect_options(run->viewer, &run->model->model),
                                     .as_stored = run->model->as_stored,
                                     .save_image = true,
                                     .label = viewer_label(run->viewer),
                                     .hide_labels = settings->hide_labels,
                                     .hide_score = run->viewer->options.reading.hide_score,
                                     .line_width = run->viewer->options.reading.line_width};
    how.detect.confidence = settings->confidence;
    how.detect.iou = settings->iou;
    how.detect.max_detections = settings->max_detections;
    how.detect.agnostic = settings->agnostic;
    bsr_status status = choose_classes(run, settings, err);
    how.detect.classes = run->classes;
    how.detect.class_count = run->class_count;

    pthread_mutex_lock(&run->viewer->nets);
    if (status == BSR_OK)
        status = detect_job_open(&job, &run->job, &how, NULL, err);
    pthread_mutex_unlock(&run->viewer->nets);
    if (status == BSR_OK)
        status = work_through(run, detect_job_work, job, err);
    detect_job_close(job);
    return status;
}

static bsr_status upscale_all(struct folder_run *run, const struct viewer_settings *settings,
                              struct bsr_error *err)
{
    struct upscale_job              *job = NULL;
    const struct upscale_job_options how = {.size = {.factor = settings->factor}};

    pthread_mutex_lock(&run->viewer->nets);
    bsr_status status = upscale_job_open(&job, &run->job, &how, err);
    pthread_mutex_unlock(&run->viewer->nets);
    if (status == BSR_OK)
        status = work_through(run, upscale_job_work, job, err);
    upscale_job_close(job);
    return status;
}

/* A classifier writes no pictures: what it says of each goes to classes.jsonl in the folder. */
static bsr_status classify_all(struct folder_run *run, const struct viewer_settings *settings,
                               struct bsr_error *err)
{
    struct classify_job              *job = NULL;
    struct bytes                      path = {0};
    const struct classify_job_options how = {.classify = viewer_classify_options(run->viewer, settings->top),
                                             .as_stored = run->model->as_stored};

    run->job.records = true;
    bsr_status status = job_path(&path, &run->job, NULL, "classes.jsonl", err);
    pthread_mutex_lock(&run->viewer->nets);
    if (status == BSR_OK)
        status = classify_job_open(&job, &run->job, &how, NULL, err);
    pthread_mutex_unlock(&run->viewer->nets);
    if (status == BSR_OK)
        status = work_through(run, classify_job_work, job, err);
    if (status == BSR_OK && run->records.failed)
        status = bsr_fail_memory(err, bytes_text(&path), run->records.size);
    if (status == BSR_OK)
        status = job_write(&run->job, bytes_text(&path), run->records.data, run->records.size, err);
    classify_job_close(job);
    bytes_free(&path);
    return status;
}

static bsr_status do_all(struct folder_run *run, struct bsr_error *err)
{
    const struct viewer_settings settings = asked_in_force(run->asked, run->model);
    const int                    threads = run->viewer->options.threads;

    bsr_status status = collect(run, err);
    if (status == BSR_OK)
        status = outputs_check_folder(run->folder->text, err);
    if (status != BSR_OK || !run->sources.count)
        return status;
    run->job = (struct job){.model = &run->model->model,
                            .sources = &run->sources,
                            .outputs = &run->outputs,
                            .folder = run->folder->text,
                            .quality = QUALITY,
                            .limits = run->viewer->options.limits,
                            .threads = threads,
                            .workers = job_workers(threads, run->sources.count)};
    status = run->model->task == CARD_DETECT    ? detect_all(run, &settings, err)
             : run->model->task == CARD_UPSCALE ? upscale_all(run, &settings, err)
                                                : classify_all(run, &settings, err);
    pthread_mutex_lock(&run->viewer->nets);
    engine_set_threads(threads);
    pthread_mutex_unlock(&run->viewer->nets);
    return status;
}

/* ---- the thread --------------------------------------------------------------------------------- */

/* With the lock held. */
static void finish(struct viewer *viewer, struct folder_run *run, bsr_status status,
                   const struct bsr_error *err)
{
    struct bsr_error left;

    for (size_t i = 0; status == BSR_OK && i < run->pasted; i++) {
        bsr_fail(&left, BSR_EMISSING, NULL, "a pasted picture is in no file: save it first");
        viewer->batch_done++;
        note_failure(viewer, &left);
    }
    for (size_t i = 0; status == BSR_OK && i < run->videos; i++) {
        bsr_fail(&left, BSR_EUSAGE, NULL, "a video is no picture: besra live --headless does all its frames");
        viewer->batch_done++;
        note_failure(viewer, &left);
    }
    viewer->batch_state = VIEWER_READY;
    if (status != BSR_OK) {
        viewer->batch_state = VIEWER_FAILED;
        VIEWER_REPLACE(viewer, &viewer->batch_why, text_of_error(err));
    }
    moment_publish(viewer);
}

static void run_batch(struct viewer *viewer)
{
    struct folder_run run = {.viewer = viewer,
                             .shelf = shared_hold(viewer->shelf),
                             .model = shared_hold(viewer->model),
                             .asked = shared_hold(viewer->asked),
                             .folder = shared_hold(viewer->batch_folder)};
    struct bsr_error  err = {0};

    viewer->batch_wanted = false;
    viewer_unlock(viewer);
    bsr_status status = do_all(&run, &err);
    viewer_lock(viewer);
    finish(viewer, &run, status, &err);
    viewer_unlock(viewer);
    folder_run_free(&run);
    viewer_lock(viewer);
}

void *viewer_batch_thread(void *argument)
{
    struct viewer *viewer = argument;

    priority_enter_worker();
    viewer_lock(viewer);
    while (!viewer->closing)
        if (viewer->batch_wanted)
            run_batch(viewer);
        else
            pthread_cond_wait(&viewer->work, &viewer->lock);
    viewer_unlock(viewer);
    return NULL;
}

void viewer_start_batch(struct viewer *viewer, const char *folder)
{
    struct text *copy = text_make(folder);

    viewer_lock(viewer);
    if (viewer->batch_state == VIEWER_WORKING) {
        viewer_retire(viewer, copy);
        viewer_unlock(viewer);
        return;
    }
    bool can = copy && viewer->model && viewer->shelf->count;
    VIEWER_REPLACE(viewer, &viewer->batch_folder, copy);
    VIEWER_REPLACE(viewer, &viewer->batch_why,
                   can                     ? NULL
                   : !copy                 ? NULL
                   : !viewer->shelf->count ? text_make("there are no pictures")
                                           : text_make("there is no model"));
    viewer->batch_state = can ? VIEWER_WORKING : VIEWER_FAILED;
    viewer->batch_wanted = can;
    viewer->batch_stop = false;
    viewer->batch_done = viewer->batch_failed = 0;
    viewer->batch_count = viewer->shelf->count;
    moment_publish(viewer);
    viewer_unlock(viewer);
}

void viewer_cancel_batch(struct viewer *viewer)
{
    viewer_lock(viewer);
    viewer->batch_stop = true;
    viewer_unlock(viewer);
}
