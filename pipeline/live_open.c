/* A live from its beginning to its end: net, threads, and what goes with them. */
#include "base/alloc.h"
#include "base/clock.h"
#include "pipeline/live_state.h"

#include <string.h>

static bsr_status open_lock(struct live *live, struct bsr_error *err)
{
    pthread_condattr_t attributes;
    bool               fine = pthread_mutex_init(&live->lock, NULL) == 0;

    if (!fine)
        return bsr_fail(err, BSR_EIO, NULL, "the system gives no lock");
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    fine = pthread_cond_init(&live->changed, &attributes) == 0;
    pthread_condattr_destroy(&attributes);
    if (fine)
        return BSR_OK;
    pthread_mutex_destroy(&live->lock);
    return bsr_fail(err, BSR_EIO, NULL, "the system gives no condition");
}

static struct detect_options detect_options_of(const struct live_options *options, const struct model *model)
{
    struct detect_options own = detect_options_default(model), detect = options->detect;

    detect.confidence = detect.confidence >= 0 ? detect.confidence : own.confidence;
    detect.iou = detect.iou >= 0 ? detect.iou : own.iou;
    detect.max_detections = detect.max_detections > 0 ? detect.max_detections : own.max_detections;
    detect.rect = options->rect_given ? detect.rect : own.rect;
    detect.agnostic = options->agnostic_given ? detect.agnostic : own.agnostic;
    return detect;
}

static bsr_status open_net(struct live *live, struct bsr_error *err)
{
    const struct live_options *options = &live->options;
    int                        threads = options->threads > 0 ? options->threads : 1;
    struct bytes               notes = {0};

    engine_set_threads(threads);
    bsr_status status = model_open(&live->model, options->model, CARD_DETECT, &options->hints, err);
    if (status == BSR_OK && threads > 1)
        status = pool_create(&live->pool, threads, err);
    if (status != BSR_OK)
        return status;
    struct detect_options detect = detect_options_of(options, &live->model);
    live->confidence = detect.confidence;
    live->iou = detect.iou;
    status = detector_open(&live->detector, &live->model, &detect, live->pool, &notes, err);
    /* A sentence a line. */
    for (char *line = (char *)notes.data, *end; status == BSR_OK && line && *line; line = end) {
        end = line + strcspn(line, "\n");
        live_say(live, "%.*s", (int)(end - line), line);
        end += *end == '\n';
    }
    bytes_free(&notes);
    return status;
}

static bsr_status name_classes(struct live *live, struct bsr_error *err)
{
    live->class_count = detector_class_count(live->detector);
    live->class_names = mem_alloc_zeroed((size_t)live->class_count, sizeof *live->class_names);
    if (!live->class_names)
        return bsr_fail_memory(err, NULL, (size_t)live->class_count * sizeof *live->class_names);
    for (int i = 0; i < live->class_count; i++)
        live->class_names[i] = detector_class_name(live->detector, i);
    return BSR_OK;
}

static bsr_status find_begins(struct live *live, struct bsr_error *err)
{
    const struct live_options *options = &live->options;

    if (!options->record_path || !options->record_on)
        return BSR_OK;
    live->begins = mem_alloc_zeroed((size_t)live->class_count, sizeof *live->begins);
    if (!live->begins)
        return bsr_fail_memory(err, NULL, (size_t)live->class_count);
    for (size_t i = 0; i < options->record_on_count; i++) {
        int found = detector_find_class(live->detector, options->record_on[i]);
        if (found < 0)
            return bsr_fail(err, BSR_EUSAGE, "--record-on",
                            "the model has no class '%s' (it has %d, from '%s' to '%s')",
                            options->record_on[i], live->class_count, live->class_names[0],
                            live->class_names[live->class_count - 1]);
        if (!detector_wants_class(live->detector, found))
            return bsr_fail(err, BSR_EUSAGE, "--record-on",
                            "'%s' is not among --classes, so it is never seen", options->record_on[i]);
        live->begins[found] = true;
    }
    return BSR_OK;
}

/* With the thread's flag set where it runs. */
static bsr_status start(struct live *live, pthread_t *thread, bool *has, void *(*run)(void *),
                        struct bsr_error *err)
{
    *has = true; /* before it looks at it */
    if (pthread_create(thread, NULL, run, live) == 0)
        return BSR_OK;
    *has = false;
    return bsr_fail(err, BSR_EIO, NULL, "the system gives no more threads");
}

static bsr_status start_all(struct live *live, struct bsr_error *err)
{
    bsr_status status = BSR_OK;

    if (live->options.record_path)
        status = start(live, &live->recorder, &live->has_recorder, live_recorder_main, err);
    if (status == BSR_OK)
        status = start(live, &live->net, &live->has_net, live_net_main, err);
    if (status == BSR_OK)
        status = start(live, &live->reader, &live->has_reader, live_reader_main, err);
    return status;
}

static bsr_status open_parts(struct live *live, struct bsr_error *err)
{
    const struct live_options *options = &live->options;

    bsr_status status = live_frames_open(&live->frames, LIVE_FRAMES, err);
    if (status == BSR_OK)
        status = live_results_open(&live->results, LIVE_RESULTS, err);
    if (status == BSR_OK)
        status = open_net(live, err);
    if (status == BSR_OK)
        status = name_classes(live, err);
    if (status == BSR_OK)
        status = find_begins(live, err);
    if (status == BSR_OK && options->shape_count > 0)
        status = live_set_shapes(live, options->shapes, options->shape_count, err);
    if (status == BSR_OK)
        status = start_all(live, err);
    return status;
}

bsr_status live_open_on(struct live **out, const struct live_options *options,
                        const struct live_ground *ground, struct bsr_error *err)
{
    struct live *live = mem_alloc_zeroed(1, sizeof *live);
    if (!live)
        return bsr_fail_memory(err, options->source, sizeof *live);
    live->options = *options;
    live->options.shapes = NULL;
    live->ground = *ground;
    live->opened_ms = clock_ms();

    bsr_status status = open_lock(live, err);
    if (status != BSR_OK) {
        mem_free(live);
        return status;
    }
    live->options.shapes = options->shapes;
    status = open_parts(live, err);
    live->options.shapes = NULL;
    if (status != BSR_OK) {
        live_close(live, NULL);
        return status;
    }
    *out = live;
    return BSR_OK;
}

/* ---- closing ------------------------------------------------------------------------------------------ */

static void stop_threads(struct live *live)
{
    pthread_mutex_lock(&live->lock);
    atomic_store(&live->stop, true);
    pthread_cond_broadcast(&live->changed);
    pthread_mutex_unlock(&live->lock);
    if (live->has_reader)
        pthread_join(live->reader, NULL);
    if (live->has_net)
        pthread_join(live->net, NULL);
    /* What was read is still recorded. */
    pthread_mutex_lock(&live->lock);
    live->queue_closed = true;
    pthread_cond_broadcast(&live->changed);
    pthread_mutex_unlock(&live->lock);
    if (live->has_recorder)
        pthread_join(live->recorder, NULL);
}

bsr_status live_close(struct live *live, struct bsr_error *err)
{
    if (!live)
        return BSR_OK;
    stop_threads(live);
    bsr_status status = live->record_failure.code;
    if (status != BSR_OK && err)
        *err = live->record_failure;

    counter_destroy(live->counter);
    live_shapes_drop(live->shapes);
    live_results_close(&live->results);
    live_frames_close(&live->frames);
    detector_close(live->detector);
    pool_destroy(live->pool);
    model_free(&live->model);
    mem_free(live->class_names);
    mem_free(live->begins);
    pthread_cond_destroy(&live->changed);
    pthread_mutex_destroy(&live->lock);
    mem_free(live);
    return status;
}
