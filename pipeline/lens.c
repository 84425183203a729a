#include "pipeline/lens.h"

#include "base/alloc.h"
#include "base/busy.h"
#include "base/clock.h"
#include "base/priority.h"

#include <pthread.h>
#include <string.h>

struct part {
    struct bsr_image image; /* no data: there is none */
    int              x, y;
    double           factor;
};

struct lens {
    struct model     model;
    struct upscaler *upscaler;
    void (*wake)(void *context);
    void               *context;
    pthread_t           thread;
    pthread_mutex_t     lock; /* of all below */
    pthread_cond_t      changed;
    struct part         asked;
    struct lens_picture done;
    bsr_status          status; /* of the newest */
    struct bsr_error    why;
    bool                stop, opening;

    /* of one whose thread opens the model */
    char              *name;
    struct model_hints hints;
    bool               hinted;
};

/* ---- the thread --------------------------------------------------------------------------------- */

/* Waits for a part; false: there will be none. */
static bool next_part(struct lens *lens, struct part *out)
{
    pthread_mutex_lock(&lens->lock);
    while (!lens->stop && !lens->asked.image.data)
        pthread_cond_wait(&lens->changed, &lens->lock);
    const bool more = !lens->stop;
    if (more) {
        *out = lens->asked;
        lens->asked = (struct part){.factor = 1};
    }
    pthread_mutex_unlock(&lens->lock);
    return more;
}

static void hand_out(struct lens *lens, struct lens_picture *picture, bsr_status status,
                     const struct bsr_error *err)
{
    pthread_mutex_lock(&lens->lock);
    image_free(&lens->done.image);
    lens->done = *picture;
    lens->status = status;
    lens->why = *err;
    pthread_mutex_unlock(&lens->lock);
    if (lens->wake)
        lens->wake(lens->context);
}

static bsr_status open_model(struct lens *lens, const char *model, const struct model_hints *hints,
                             struct bsr_error *err)
{
    bsr_status status = model_open(&lens->model, model, CARD_UPSCALE, hints, err);
    return status == BSR_OK ? upscaler_open(&lens->upscaler, &lens->model, NULL, err) : status;
}

/* False, told, where the model can't be opened. */
static bool open_late(struct lens *lens)
{
    struct bsr_error    err = {0};
    struct lens_picture nothing = {.ms = 0};

    busy_begin();
    bsr_status status = open_model(lens, lens->name, lens->hinted ? &lens->hints : NULL, &err);
    busy_end();
    pthread_mutex_lock(&lens->lock);
    lens->opening = false;
    pthread_mutex_unlock(&lens->lock);
    hand_out(lens, &nothing, status, &err);
    return status == BSR_OK;
}

static void *lens_main(void *context)
{
    struct lens *lens = context;

    priority_enter_worker();
    if (lens->name && !open_late(lens))
        return NULL;
    for (struct part part; next_part(lens, &part);) {
        const struct upscale_size size = {.factor = part.factor};
        struct lens_picture       picture = {.x = part.x, .y = part.y};
        struct timing             timing = {0};
        struct bsr_error          err = {0};
        const double              start = clock_ms();

        picture.width = part.image.width;
        picture.height = part.image.height;
        busy_begin();
        bsr_status status =
            upscaler_run(lens->upscaler, &part.image, &size, &picture.image, NULL, &timing, &err);
        busy_end();
        picture.ms = clock_ms() - start;
        image_free(&part.image);
        hand_out(lens, &picture, status, &err);
    }
    return NULL;
}

/* ---- opening ------------------------------------------------------------------------------------ */

static bsr_status start(struct lens *lens, struct bsr_error *err)
{
    pthread_mutex_init(&lens->lock, NULL);
    pthread_cond_init(&lens->changed, NULL);
    if (pthread_create(&lens->thread, NULL, lens_main, lens) == 0)
        return BSR_OK;
    pthread_cond_destroy(&lens->changed);
    pthread_mutex_destroy(&lens->lock);
    return bsr_fail(err, BSR_EIO, "lens", "the system gives no more threads");
}

static void free_lens(struct lens *lens)
{
    upscaler_close(lens->upscaler);
    model_free(&lens->model);
    mem_free(lens->name);
    mem_free(lens);
}

static bsr_status open_lens(struct lens **out, const char *model, const struct model_hints *hints, bool later,
                            void (*wake)(void *context), void *context, struct bsr_error *err)
{
    struct lens *lens = mem_alloc_zeroed(1, sizeof *lens);
    bsr_status   status = BSR_OK;
    if (!lens)
        return bsr_fail_memory(err, model, sizeof *lens);
    lens->wake = wake;
    lens->context = context;
    lens->opening = later;
    lens->hinted = hints != NULL;
    if (hints)
        lens->hints = *hints;
    if (!later)
        status = open_model(lens, model, hints, err);
    else if (!(lens->name = mem_copy_text(model)))
        status = bsr_fail_memory(err, model, strlen(model) + 1);
    if (status == BSR_OK)
        status = start(lens, err);
    if (status != BSR_OK) {
        free_lens(lens);
        return status;
    }
    *out = lens;
    return BSR_OK;
}

bsr_status lens_open(struct lens **out, const char *model, const struct model_hints *hints,
                     void (*wake)(void *context), void *context, struct bsr_error *err)
{
    return open_lens(out, model, hints, false, wake, context, err);
}

bsr_status lens_open_later(struct lens **out, const char *model, const struct model_hints *hints,
                           void (*wake)(void *context), void *context, struct bsr_error *err)
{
    return open_lens(out, model, hints, true, wake, context, err);
}

bool lens_is_opening(struct lens *lens)
{
    pthread_mutex_lock(&lens->lock);
    const bool opening = lens->opening;
    pthread_mutex_unlock(&lens->lock);
    return opening;
}

void lens_close(struct lens *lens)
{
    if (!lens)
        return;
    pthread_mutex_lock(&lens->lock);
    lens->stop = true;
    pthread_cond_signal(&lens->changed);
    pthread_mutex_unlock(&lens->lock);
    pthread_join(lens->thread, NULL);
    pthread_cond_destroy(&lens->changed);
    pthread_mutex_destroy(&lens->lock);
    image_free(&lens->asked.image);
    image_free(&lens->done.image);
    free_lens(lens);
}

/* ---- asking and taking --------------------------------------------------------------------------- */

/* The part of 0 .. limit - 1 that lies from *first on and is *count long. */
static void cut(int *first, int *count, int limit)
{
    long long end = (long long)*first + *count;

    *first = *first > 0 ? *first : 0;
    end = end < limit ? end : limit;
    *count = end > *first ? (int)(end - *first) : 0;
}

bsr_status lens_ask(struct lens *lens, const struct bsr_image *image, int x, int y, int width, int height,
                    double factor, struct bsr_error *err)
{
    struct part part = {.factor = factor};

    cut(&x, &width, image->width);
    cut(&y, &height, image->height);
    if (!width || !height || !(factor >= 1))
        return bsr_fail(err, BSR_ERANGE, "lens", "%d x %d pixels can't be made %g times larger", width,
                        height, factor);
    part.x = x;
    part.y = y;
    bsr_status status = image_alloc(&part.image, width, height, 3, 8, err);
    if (status != BSR_OK)
        return status;
    for (int row = 0; row < height; row++)
        memcpy(image_row(&part.image, row), image_row(image, y + row) + (size_t)x * 3, (size_t)width * 3);

    pthread_mutex_lock(&lens->lock);
    struct bsr_image forgotten = lens->asked.image;
    lens->asked = part;
    pthread_cond_signal(&lens->changed);
    pthread_mutex_unlock(&lens->lock);
    image_free(&forgotten);
    return BSR_OK;
}

bsr_status lens_take(struct lens *lens, struct lens_picture *out, bool *there, struct bsr_error *err)
{
    pthread_mutex_lock(&lens->lock);
    bsr_status status = lens->status;
    if (status != BSR_OK)
        *err = lens->why;
    *there = lens->done.image.data != NULL;
    if (*there)
        *out = lens->done;
    lens->done = (struct lens_picture){.ms = 0};
    lens->status = BSR_OK;
    pthread_mutex_unlock(&lens->lock);
    return status;
}
