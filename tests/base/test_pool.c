/* Loops shared out among threads: each item once, the same worker each time. */
#include "base/alloc.h"
#include "base/pool.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

enum { MOST_ITEMS = 300, MOST_WORKERS = 16 };

struct record {
    atomic_int times[MOST_ITEMS];  /* how often an item was run */
    int        worker[MOST_ITEMS]; /* by whom */
    atomic_int parts[MOST_WORKERS];
};

static void record_items(void *context, int worker, int first, int last)
{
    struct record *record = context;

    atomic_fetch_add(&record->parts[worker], 1);
    for (int i = first; i < last; i++) {
        atomic_fetch_add(&record->times[i], 1);
        record->worker[i] = worker;
    }
}

static void check_loop(struct pool *pool, int count, int workers[MOST_ITEMS])
{
    struct record record;

    memset(&record, 0, sizeof record);
    pool_run(pool, count, record_items, &record);
    for (int i = 0; i < MOST_ITEMS; i++)
        assert_int_equal(record.times[i], i < count ? 1 : 0);
    for (int i = 0; i < count; i++) {
        assert_in_range(record.worker[i], 0, pool_threads(pool) - 1);
        assert_true(i == 0 || record.worker[i] >= record.worker[i - 1]);
    }
    for (int i = 0; i < MOST_WORKERS; i++)
        assert_true(record.parts[i] <= 1); /* one contiguous part */
    memcpy(workers, record.worker, sizeof record.worker);
}

static void test_each_item_is_run_once_by_the_same_worker(void **state)
{
    (void)state;
    for (int threads = 0; threads <= MOST_WORKERS; threads = threads < 5 ? threads + 1 : threads + 11) {
        struct pool *pool = NULL;
        if (threads > 0)
            assert_int_equal(pool_create(&pool, threads, NULL), BSR_OK);
        assert_int_equal(pool_threads(pool), threads > 0 ? threads : 1);
        for (int count = 0; count <= MOST_ITEMS; count = count < 20 ? count + 1 : count + 35) {
            int first[MOST_ITEMS], again[MOST_ITEMS];
            check_loop(pool, count, first);
            check_loop(pool, count, again);
            assert_memory_equal(first, again, sizeof first);
        }
        pool_destroy(pool);
    }
}

static void add_items(void *context, int worker, int first, int last)
{
    long long *sums = context;

    for (int i = first; i < last; i++)
        sums[worker] += i;
}

static void test_what_the_workers_wrote_is_seen_after_the_loop(void **state)
{
    struct pool *pool;
    long long    sums[4] = {0};

    (void)state;
    assert_int_equal(pool_create(&pool, 4, NULL), BSR_OK);
    for (int round = 1; round <= 2000; round++) {
        pool_run(pool, 100, add_items, sums);
        assert_int_equal(sums[0] + sums[1] + sums[2] + sums[3], 4950LL * round);
    }
    pool_destroy(pool);
}

static void count_items(void *context, int worker, int first, int last)
{
    atomic_llong *count = context;

    (void)worker;
    atomic_fetch_add(count, (long long)last - first);
}

static void test_counts_near_the_limit_of_int_are_split_right(void **state)
{
    struct pool *pool;
    atomic_llong count = 0;

    (void)state;
    assert_int_equal(pool_create(&pool, 3, NULL), BSR_OK);
    pool_run(pool, 2147483647, count_items, &count);
    pool_run(pool, -5, count_items, &count);
    assert_int_equal(count, 2147483647LL);
    pool_destroy(pool);
}

static void test_a_pool_that_never_ran_ends(void **state)
{
    (void)state;
    for (int i = 0; i < 50; i++) {
        struct pool *pool;
        assert_int_equal(pool_create(&pool, 5, NULL), BSR_OK);
        pool_destroy(pool);
    }
    pool_destroy(NULL);
}

static void test_pools_out_of_range_are_refused(void **state)
{
    static const int wrong[] = {0, -1, 257, 2147483647};

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct pool     *pool = NULL;
        struct bsr_error err;
        assert_int_equal(pool_create(&pool, wrong[i], &err), BSR_ERANGE);
        assert_int_equal(err.code, BSR_ERANGE);
        assert_null(pool);
    }
}

static void test_a_pool_without_memory_is_none(void **state)
{
    size_t n = 0;

    (void)state;
    for (bsr_status status = BSR_ENOMEM; status != BSR_OK;) {
        struct pool     *pool = NULL;
        struct bsr_error err = {0};
        mem_fail_from(++n);
        status = pool_create(&pool, 3, &err);
        mem_fail_from(0);
        assert_true(status == BSR_OK ? pool != NULL : !pool && err.code == BSR_ENOMEM);
        pool_destroy(pool);
    }
    assert_int_equal(n, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_item_is_run_once_by_the_same_worker),
        cmocka_unit_test(test_what_the_workers_wrote_is_seen_after_the_loop),
        cmocka_unit_test(test_counts_near_the_limit_of_int_are_split_right),
        cmocka_unit_test(test_a_pool_that_never_ran_ends),
        cmocka_unit_test(test_pools_out_of_range_are_refused),
        cmocka_unit_test(test_a_pool_without_memory_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
