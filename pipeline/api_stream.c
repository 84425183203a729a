/* The third tier of besra.h: a net a processor, results in the order of the pictures. */
#include "pipeline/api.h"

#include "base/alloc.h"
#include "base/busy.h"
#include "base/image.h"
#include "engine/engine.h"

#include <pthread.h>
#include <string.h>

enum { PLACES_PER_WORKER = 4 }; /* pictures under way, a worker */

enum place_state { PLACE_FREE, PLACE_WAITING, PLACE_WORKED_ON, PLACE_DONE };

/* One picture under way. Number n uses place n % places. */
struct place {
    enum place_state      state;
    struct bsr_image      image;
    struct bsr_detections found;
    struct bsr_error      error; /* code BSR_OK: all went well */
};

struct stream_worker {
    struct bsr_stream *stream;
    struct detector   *detector;
    pthread_t          thread;
};

struct bsr_stream {
    struct model          model;
    bsr_stream_result    *result;
    void                 *context;
    struct stream_worker *workers;
    int                   worker_count, started;
    struct place         *places;
    size_t                place_count;
    pthread_mutex_t       lock;
    pthread_cond_t        changed;
    uint64_t              pushed, begun, delivered;
    bool                  delivering, stop;
};

static struct place *place_of(struct bsr_stream *stream, uint64_t number)
{
    return &stream->places[number % stream->place_count];
}

/* Under the lock: hands out every result whose turn it is. One thread does so at a time, without the lock. */
static void deliver(struct bsr_stream *stream)
{
    while (!stream->delivering && stream->delivered < stream->pushed) {
        struct place *place = place_of(stream, stream->delivered);
        if (place->state != PLACE_DONE)
            return;
        bool ok = place->error.code == BSR_OK;
        stream->delivering = true;
        pthread_mutex_unlock(&stream->lock);
        stream->result(stream->context, stream->delivered, ok ? &place->found : NULL,
                       ok ? NULL : &place->error);
        bsr_detections_free(&place->found);
        pthread_mutex_lock(&stream->lock);
        stream->delivering = false;
        place->state = PLACE_FREE;
        stream->delivered++;
        pthread_cond_broadcast(&stream->changed);
    }
}

static void work_on(struct stream_worker *worker, struct place *place)
{
    struct detections found;
    struct timing     timing = {0};
    place->error.code = BSR_OK;
    busy_begin();
    if (detector_run(worker->detector, &place->image, &found, &timing, &place->error) == BSR_OK &&
        api_copy_detections(&place->found, &found, worker->detector, &place->image, &place->error) == BSR_OK)
        place->error.code = BSR_OK;
    image_free(&place->image);
    busy_end();
}

static void *worker_main(void *argument)
{
    struct stream_worker *worker = argument;
    struct bsr_stream    *stream = worker->stream;

    pthread_mutex_lock(&stream->lock);
    for (;;) {
        while (!stream->stop && stream->begun == stream->pushed)
            pthread_cond_wait(&stream->changed, &stream->lock);
        if (stream->begun == stream->pushed)
            break;
        struct place *place = place_of(stream, stream->begun++);
        place->state = PLACE_WORKED_ON;
        pthread_mutex_unlock(&stream->lock);
        work_on(worker, place);
        pthread_mutex_lock(&stream->lock);
        place->state = PLACE_DONE;
        deliver(stream);
    }
    pthread_mutex_unlock(&stream->lock);
    return NULL;
}

static bsr_status start_workers(struct bsr_stream *stream, const struct bsr_detect_options *options,
                                struct bsr_error *err)
{
    struct detect_options how = api_detect_options(&stream->model, options);
    stream->place_count = (size_t)stream->worker_count * PLACES_PER_WORKER;
    stream->places = mem_alloc_zeroed(stream->place_count, sizeof *stream->places);
    stream->workers = mem_alloc_zeroed((size_t)stream->worker_count, sizeof *stream->workers);
    if (!stream->places || !stream->workers)
        return bsr_fail_memory(err, NULL, stream->place_count * sizeof *stream->places);

    engine_set_threads(1);
    for (int i = 0; i < stream->worker_count; i++) {
        struct stream_worker *worker = &stream->workers[i];
        worker->stream = stream;
        bsr_status status = detector_open(&worker->detector, &stream->model, &how, NULL, NULL, err);
        if (status != BSR_OK)
            return status;
        if (pthread_create(&worker->thread, NULL, worker_main, worker) != 0)
            return bsr_fail(err, BSR_EIO, NULL, "the system gives no %d threads", stream->worker_count);
        stream->started++;
    }
    return BSR_OK;
}

bsr_status bsr_stream_open(struct bsr_stream **out, const char *model,
                           const struct bsr_detect_options *options, bsr_stream_result *result, void *context,
                           struct bsr_error *err)
{
    struct bsr_detect_options wanted = options ? *options : bsr_detect_options_default();
    struct bsr_stream        *stream = mem_alloc_zeroed(1, sizeof *stream);
    if (!stream)
        return bsr_fail_memory(err, model, sizeof *stream);
    pthread_mutex_init(&stream->lock, NULL);
    pthread_cond_init(&stream->changed, NULL);
    stream->result = result;
    stream->context = context;
    stream->worker_count = api_threads(wanted.threads);

    bsr_status status = model_open(&stream->model, model, CARD_DETECT, NULL, err);
    if (status == BSR_OK)
        status = start_workers(stream, &wanted, err);
    if (status != BSR_OK) {
        bsr_stream_close(stream);
        return status;
    }
    *out = stream;
    return BSR_OK;
}

bsr_status bsr_stream_push(struct bsr_stream *stream, const struct bsr_image *image, struct bsr_error *err)
{
    struct bsr_image copy;
    bsr_status       status = api_check_bgr8(image, err);
    if (status == BSR_OK)
        status = image_alloc(&copy, image->width, image->height, image->channels, image->depth, err);
    if (status != BSR_OK)
        return status;
    for (int y = 0; y < image->height; y++)
        memcpy(image_row(&copy, y), image_row(image, y), (size_t)image->width * image_pixel_size(image));

    pthread_mutex_lock(&stream->lock);
    while (stream->pushed - stream->delivered >= stream->place_count)
        pthread_cond_wait(&stream->changed, &stream->lock);
    struct place *place = place_of(stream, stream->pushed++);
    *place = (struct place){.state = PLACE_WAITING, .image = copy};
    pthread_cond_broadcast(&stream->changed);
    pthread_mutex_unlock(&stream->lock);
    return BSR_OK;
}

void bsr_stream_drain(struct bsr_stream *stream)
{
    pthread_mutex_lock(&stream->lock);
    while (stream->delivered < stream->pushed)
        pthread_cond_wait(&stream->changed, &stream->lock);
    pthread_mutex_unlock(&stream->lock);
}

void bsr_stream_close(struct bsr_stream *stream)
{
    if (!stream)
        return;
    if (stream->started)
        bsr_stream_drain(stream);
    pthread_mutex_lock(&stream->lock);
    stream->stop = true;
    pthread_cond_broadcast(&stream->changed);
    pthread_mutex_unlock(&stream->lock);
    for (int i = 0; i < stream->started; i++)
        pthread_join(stream->workers[i].thread, NULL);
    for (int i = 0; stream->workers && i < stream->worker_count; i++)
        detector_close(stream->workers[i].detector);
    mem_free(stream->workers);
    mem_free(stream->places);
    model_free(&stream->model);
    pthread_cond_destroy(&stream->changed);
    pthread_mutex_destroy(&stream->lock);
    mem_free(stream);
}
