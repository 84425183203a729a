#include "pipeline/batch.h"

#include "base/alloc.h"
#include "base/pool.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>

enum {
    WINDOW_PER_WORKER = 8, /* results that may wait for a slower input before them */
};

/* A result that waits for its turn. */
struct slot {
    struct item_result result;
    bool               done;
};

struct batch {
    struct batch_options options;
    pthread_mutex_t      lock;
    pthread_cond_t       changed; /* a result was reported, or memory was given back */
    struct slot         *slots;   /* [window]; input i waits in slot i % window */
    size_t               window;
    size_t               next_begin, next_report;
    bool                 reporting, stop;
    uint64_t             in_use;
    uint64_t            *reserved; /* [workers] */
};

static bool is_stopped(const struct batch *batch)
{
    return batch->stop || (batch->options.canceled && *batch->options.canceled);
}

/* The next input, or false when there is none. Waits while too many results wait. */
static bool begin_next(struct batch *batch, size_t *index)
{
    pthread_mutex_lock(&batch->lock);
    while (!is_stopped(batch) && batch->next_begin < batch->options.count &&
           batch->next_begin >= batch->next_report + batch->window)
        pthread_cond_wait(&batch->changed, &batch->lock);
    bool more = !is_stopped(batch) && batch->next_begin < batch->options.count;
    if (more)
        *index = batch->next_begin++;
    pthread_mutex_unlock(&batch->lock);
    return more;
}

/* Reports all results whose turn it is. One thread does it at a time, without the lock, so that a slow reader
 * of the records doesn't stop the others' work. */
static void report_ready(struct batch *batch)
{
    while (!batch->reporting && batch->next_report < batch->options.count) {
        struct slot *slot = &batch->slots[batch->next_report % batch->window];
        if (!slot->done)
            return;
        size_t index = batch->next_report;
        batch->reporting = true;
        pthread_mutex_unlock(&batch->lock);
        bool go_on = batch->options.report(batch->options.context, index, &slot->result);
        pthread_mutex_lock(&batch->lock);
        batch->reporting = false;
        batch->stop = batch->stop || !go_on;
        bytes_free(&slot->result.record);
        slot->done = false;
        batch->next_report++;
        pthread_cond_broadcast(&batch->changed);
    }
}

static void finish(struct batch *batch, int worker, size_t index, const struct item_result *result)
{
    pthread_mutex_lock(&batch->lock);
    batch->in_use -= batch->reserved[worker];
    batch->reserved[worker] = 0;
    batch->slots[index % batch->window] = (struct slot){.result = *result, .done = true};
    pthread_cond_broadcast(&batch->changed);
    report_ready(batch);
    pthread_mutex_unlock(&batch->lock);
}

static void run_worker(void *context, int worker, int first, int last)
{
    struct batch *batch = context;
    size_t        index;

    (void)first;
    (void)last;
    while (begin_next(batch, &index)) {
        struct item_result result = {0};
        batch->options.work(batch->options.context, batch, worker, index, &result);
        finish(batch, worker, index, &result);
    }
}

static const char *size_text(char *text, size_t size, uint64_t bytes)
{
    bool large = bytes >= 10 << 20;
    snprintf(text, size, "%" PRIu64 " %s", large ? bytes >> 20 : (bytes + 1023) >> 10, large ? "MB" : "KB");
    return text;
}

bsr_status batch_reserve(struct batch *batch, int worker, uint64_t bytes, struct bsr_error *err)
{
    uint64_t budget = batch->options.memory;
    if (budget && bytes > budget) {
        char need[32], have[32];
        bsr_fail(err, BSR_EBUDGET, NULL, "would take about %s, over the budget of %s",
                 size_text(need, sizeof need, bytes), size_text(have, sizeof have, budget));
        bsr_hint(err, "give more with --memory SIZE (0 is no limit)");
        return BSR_EBUDGET;
    }
    pthread_mutex_lock(&batch->lock);
    while (budget && batch->in_use - batch->reserved[worker] + bytes > budget)
        pthread_cond_wait(&batch->changed, &batch->lock);
    batch->in_use += bytes - batch->reserved[worker];
    batch->reserved[worker] = bytes;
    pthread_mutex_unlock(&batch->lock);
    return BSR_OK;
}

bsr_status batch_run(const struct batch_options *options, struct bsr_error *err)
{
    struct batch batch = {.options = *options, .window = (size_t)options->workers * WINDOW_PER_WORKER};
    struct pool *pool = NULL;

    batch.slots = mem_alloc_zeroed(batch.window, sizeof *batch.slots);
    batch.reserved = mem_alloc_zeroed((size_t)options->workers, sizeof *batch.reserved);
    bsr_status status = batch.slots && batch.reserved
                            ? pool_create(&pool, options->workers, err)
                            : bsr_fail_memory(err, NULL, batch.window * sizeof *batch.slots);
    if (status == BSR_OK) {
        pthread_mutex_init(&batch.lock, NULL);
        pthread_cond_init(&batch.changed, NULL);
        pool_run(pool, options->workers, run_worker, &batch);
        pthread_cond_destroy(&batch.changed);
        pthread_mutex_destroy(&batch.lock);
        if (batch.next_begin < options->count)
            status = bsr_fail(err, BSR_ECANCELED, NULL, "stopped after %zu of %zu", batch.next_report,
                              options->count);
    }
    pool_destroy(pool);
    mem_free(batch.reserved);
    mem_free(batch.slots);
    return status;
}
