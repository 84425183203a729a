#include "base/pool.h"

#include "base/alloc.h"

#include <pthread.h>
#include <stdbool.h>

struct worker {
    struct pool *pool;
    pthread_t    thread;
    int          index;
};

struct pool {
    int             threads;
    struct worker  *workers; /* [threads]; the first is the caller and has no thread */
    pthread_mutex_t lock;
    pthread_cond_t  start, done;
    unsigned        round; /* grows by one a loop */
    int             running;
    bool            stop;
    pool_work      *work;
    void           *context;
    int             count;
};

static void run_part(struct pool *pool, int index)
{
    int first = (int)((long long)pool->count * index / pool->threads);
    int last = (int)((long long)pool->count * (index + 1) / pool->threads);
    if (first < last)
        pool->work(pool->context, index, first, last);
}

static void *worker_main(void *argument)
{
    struct worker *worker = argument;
    struct pool   *pool = worker->pool;
    unsigned       seen = 0;

    for (;;) {
        pthread_mutex_lock(&pool->lock);
        while (pool->round == seen && !pool->stop)
            pthread_cond_wait(&pool->start, &pool->lock);
        seen = pool->round;
        bool stop = pool->stop;
        pthread_mutex_unlock(&pool->lock);
        if (stop)
            return NULL;

        run_part(pool, worker->index);

        pthread_mutex_lock(&pool->lock);
        if (--pool->running == 0)
            pthread_cond_signal(&pool->done);
        pthread_mutex_unlock(&pool->lock);
    }
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
        if (count > 0)
            work(context, 0, 0, count);
        return;
    }
    pthread_mutex_lock(&pool->lock);
    pool->work = work;
    pool->context = context;
    pool->count = count;
    pool->running = pool->threads - 1;
    pool->round++;
    pthread_cond_broadcast(&pool->start);
    pthread_mutex_unlock(&pool->lock);

    run_part(pool, 0);

    pthread_mutex_lock(&pool->lock);
    while (pool->running > 0)
        pthread_cond_wait(&pool->done, &pool->lock);
    pthread_mutex_unlock(&pool->lock);
}
