/* base/pool.h: a fixed set of threads that share out loops. */
#pragma once

#include "base/status.h"

struct pool;

/* One part of a loop: items first .. last - 1, run by `worker` (0 .. pool_threads() - 1). */
typedef void pool_work(void *context, int worker, int first, int last);

/* Starts threads - 1 threads (the caller is the first worker); 1..256. Release with pool_destroy().
 * BSR_ERANGE, BSR_ENOMEM, BSR_EIO when the system gives no more threads. */
bsr_status pool_create(struct pool **out, int threads, struct bsr_error *err);
void       pool_destroy(struct pool *pool);

/* 1 for NULL. */
int pool_threads(const struct pool *pool);

/* Calls `work` on parts of 0 .. count - 1, one contiguous part a worker, and waits for all. Which worker
 * gets which items is the same at every call; which thread acts for a worker may change, but never two at
 * once. A NULL pool runs all of it in the caller. One loop at a time: not to be called from inside `work`,
 * nor by two threads at once. */
void pool_run(struct pool *pool, int count, pool_work *work, void *context);
