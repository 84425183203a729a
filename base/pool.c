#include "base/pool.h"

#include "base/alloc.h"
#include "base/busy.h"
#include "base/priority.h"

#include <pthread.h>
#include <stdbool.h>

struct worker {
    struct pool *pool;
    pthread_t    thread;
    int          index;
    bool         taken; /* this worker's part of the loop has begun, in its own thread or another */
};

struct pool {
    int             threads;
    struct worker  *workers; /* [threads]; the first is the caller and has no thread */
    pthread_mutex_t lock;
    pthread_cond_t  start, done;
    unsigned        round;   /* grows by one a loop */
    int             running; /* parts that have not ended */
    bool            stop;
    pool_work      *work;
    void           *context;
    int             count;
};

static void run_part(const struct pool *pool, int index)
{
    int first = (int)((long long)pool->count * index / pool->threads);
    int last = (int)((long long)pool->count * (index + 1) / pool->threads);
    if (first >= last)
        return;
    busy_begin();
    pool->work(pool->context, index, first, last);
    busy_end();
}

/* The worker whose part is to be run next by the thread of worker `own`: itself, for the sake of its cache,
 * or else one whose thread has not come round to it; -1 when all have begun. Holds the lock. */
static int take_part(struct pool *pool, int own)
{
    for (int i = 0; i < pool->threads; i++) {
        int index = (own + i) % pool->threads;
        if (!pool->workers[index].taken) {
            pool->workers[index].taken = true;
            return index;
        }
    }
    return -1;
}

/* Runs parts of the loop until all have begun. On a busy machine a thread may be kept waiting for
 * milliseconds, longer than most loops take: the others do its part. Holds the lock, but not while it works.
 */
static void run_parts(struct pool *pool, int own)
{
    for (int index; (index = take_part(pool, own)) >= 0;) {
        pthread_mutex_unlock(&pool->lock);
        run_part(pool, index);
        pthread_mutex_lock(&pool->lock);
        if (--pool->running == 0)
            pthread_cond_signal(&pool->done);
    }
}

static void *worker_main(void *argument)
{
    struct worker *worker = argument;
    struct pool   *pool = worker->pool;
    unsigned       seen = 0;

    priority_enter_worker();
    pthread_mutex_lock(&pool->lock);
    for (;;) {
        while (pool->round == seen && !pool->stop)
            pthread_cond_wait(&pool->start, &pool->lock);
        if (pool->stop)
            break;
        seen = pool->round;
        run_parts(pool, worker->index);
    }
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

bsr_status pool_create(struct pool **out, int threads, struct bsr_error *err)
{
    if (threads < 1 || threads > 256)
        return bsr_fail(err, BSR_ERANGE, NULL, "%d threads (1 to 256)", threads);

    struct pool *pool = mem_alloc_zeroed(1, sizeof *pool);
    if (!pool)
        return bsr_fail_memory(err, NULL, sizeof *pool);
    pool->workers = mem_alloc_zeroed((size_t)threads, sizeof *pool->workers);
    if (!pool->workers) {
        mem_free(pool);
        return bsr_fail_memory(err, NULL, (size_t)threads * sizeof *pool->workers);
    }
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->start, NULL);
    pthread_cond_init(&pool->done, NULL);

    pool->threads = 1;
    for (int i = 1; i < threads; i++) {
        pool->workers[i] = (struct worker){.pool = pool, .index = i};
        if (pthread_create(&pool->workers[i].thread, NULL, worker_main, &pool->workers[i]) != 0) {
            pool_destroy(pool);
            return bsr_fail(err, BSR_EIO, NULL, "the system gives no %d threads", threads);
        }
        pool->threads = i + 1;
    }
    *out = pool;
    return BSR_OK;
}

void pool_destroy(struct pool *pool)
{
    if (!pool)
        return;
    pthread_mutex_lock(&pool->lock);
    pool->stop = true;
    pthread_cond_broadcast(&pool->start);
    pthread_mutex_unlock(&pool->lock);
    for (int i = 1; i < pool->threads; i++)
        pthread_join(pool->workers[i].thread, NULL);
    pthread_cond_destroy(&pool->done);
    pthread_cond_destroy(&pool->start);
    pthread_mutex_destroy(&pool->lock);
    mem_free(pool->workers);
    mem_free(pool);
}

int pool_threads(const struct pool *pool)
{
    return pool ? pool->threads : 1;
}

void pool_run(struct pool *pool, int count, pool_work *work, void *context)
{
    if (!pool || pool->threads == 1 || count < 2) {
        if (count <= 0)
            return;
        busy_begin();
        work(context, 0, 0, count);
        busy_end();
        return;
    }
    pthread_mutex_lock(&pool->lock);
    pool->work = work;
    pool->context = context;
    pool->count = count;
    pool->running = pool->threads;
    for (int i = 0; i < pool->threads; i++)
        pool->workers[i].taken = false;
    pool->round++;
    pthread_cond_broadcast(&pool->start);
    run_parts(pool, 0);
    while (pool->running > 0)
        pthread_cond_wait(&pool->done, &pool->lock);
    pthread_mutex_unlock(&pool->lock);
}
