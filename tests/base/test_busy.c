/* How many threads are at work at once: those of pools and teams, each once, and none that waits. */
#include "base/busy.h"
#include "base/pool.h"
#include "base/team.h"

#include <sched.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

/* Comes back when `*here` threads have come here. */
static void wait_for_all(atomic_int *here, int all)
{
    atomic_fetch_add(here, 1);
    while (atomic_load(here) < all)
        sched_yield();
}

struct meeting {
    atomic_int   here;
    int          all;
    struct team *teams[2];
};

static void meet_in_step(void *context, int step, int thread)
{
    struct meeting *meeting = context;

    (void)thread;
    if (step == 0)
        wait_for_all(&meeting->here, meeting->all);
}

static void meet_in_part(void *context, int worker, int first, int last)
{
    struct meeting *meeting = context;

    (void)worker;
    (void)first;
    (void)last;
    wait_for_all(&meeting->here, meeting->all);
}

static void run_own_team(void *context, int worker, int first, int last)
{
    struct meeting *meeting = context;

    (void)first;
    (void)last;
    team_run(meeting->teams[worker], 3, meet_in_step, meeting);
}

static void test_each_thread_of_a_pool_or_a_team_counts(void **state)
{
    (void)state;
    for (int threads = 1; threads <= 4; threads++) {
        struct meeting in_team = {.all = threads}, in_pool = {.all = threads};
        struct team   *team = NULL;
        struct pool   *pool = NULL;
        busy_take_most();
        assert_int_equal(team_create(&team, threads, NULL), BSR_OK);
        assert_int_equal(pool_create(&pool, threads, NULL), BSR_OK);
        assert_int_equal(busy_take_most(), 0); /* they wait */
        team_run(team, 2, meet_in_step, &in_team);
        assert_int_equal(busy_take_most(), threads);
        pool_run(pool, threads, meet_in_part, &in_pool);
        assert_int_equal(busy_take_most(), threads);
        pool_destroy(pool);
        team_destroy(team);
        assert_int_equal(busy_take_most(), 0);
    }
}

/* Each of two workers with threads of its own: what --threads 2 must never become. */
static void test_threads_of_workers_with_teams_add_up(void **state)
{
    struct meeting meeting = {.all = 4};
    struct pool   *pool = NULL;

    (void)state;
    assert_int_equal(pool_create(&pool, 2, NULL), BSR_OK);
    for (int i = 0; i < 2; i++)
        assert_int_equal(team_create(&meeting.teams[i], 2, NULL), BSR_OK);
    busy_take_most();
    pool_run(pool, 2, run_own_team, &meeting);
    assert_int_equal(busy_take_most(), 4);
    for (int i = 0; i < 2; i++)
        team_destroy(meeting.teams[i]);
    pool_destroy(pool);
}

static void do_nothing(void *context, int step, int thread)
{
    (void)context;
    (void)step;
    (void)thread;
}

static void do_no_part(void *context, int worker, int first, int last)
{
    (void)context;
    (void)worker;
    (void)first;
    (void)last;
}

/* One after the other they are never at work together, however shortly they follow. */
static void test_a_team_that_has_ended_is_not_at_work_beside_a_pool(void **state)
{
    struct team *team = NULL;
    struct pool *pool = NULL;

    (void)state;
    assert_int_equal(team_create(&team, 3, NULL), BSR_OK);
    assert_int_equal(pool_create(&pool, 3, NULL), BSR_OK);
    busy_take_most();
    for (int i = 0; i < 3000; i++) {
        team_run(team, 1, do_nothing, NULL);
        pool_run(pool, 3, do_no_part, NULL);
    }
    assert_in_range(busy_take_most(), 1, 3);
    pool_destroy(pool);
    team_destroy(team);
}

static void test_nested_work_of_a_thread_counts_once(void **state)
{
    (void)state;
    busy_take_most();
    busy_begin();
    busy_begin();
    pool_run(NULL, 5, do_no_part, NULL);
    team_run(NULL, 5, do_nothing, NULL);
    assert_int_equal(busy_take_most(), 1);
    busy_end();
    assert_int_equal(busy_take_most(), 1); /* it still is */
    busy_end();
    busy_take_most();
    assert_int_equal(busy_take_most(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_thread_of_a_pool_or_a_team_counts),
        cmocka_unit_test(test_threads_of_workers_with_teams_add_up),
        cmocka_unit_test(test_a_team_that_has_ended_is_not_at_work_beside_a_pool),
        cmocka_unit_test(test_nested_work_of_a_thread_counts_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
