/* With a window, threads that work give way to the one that shows. */
#include "base/pool.h"
#include "base/priority.h"
#include "base/team.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/resource.h>

#include <cmocka.h>

enum { THREADS = 3, LOWER = 10, MOST_NICE = 19 };

static int seen[THREADS];

static int nice_of_this_thread(void)
{
    return getpriority(PRIO_PROCESS, 0);
}

static void look_in_team(void *context, int step, int thread)
{
    (void)context;
    (void)step;
    seen[thread] = nice_of_this_thread();
}

static void look(void)
{
    struct team *team = NULL;
    assert_int_equal(team_create(&team, THREADS, NULL), BSR_OK);
    team_run(team, 1, look_in_team, NULL);
    team_destroy(team);
}

/* Which thread of a pool takes which part is not said: none may be but the caller or lowered. */
static void look_in_pool(void *context, int worker, int first, int last)
{
    const int *own = context;
    const int  nice = nice_of_this_thread();
    (void)worker;
    (void)first;
    (void)last;
    assert_true(nice == *own || nice == *own + LOWER);
}

static void test_workers_give_way_where_that_is_asked_for(void **state)
{
    struct pool *pool = NULL;
    int          own = nice_of_this_thread();
    (void)state;
    if (own + LOWER > MOST_NICE)
        skip();
    priority_enter_worker(); /* does nothing yet */
    look();
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(seen[i], own);
    priority_lower_workers();
    look();
    assert_int_equal(seen[0], own); /* the caller, who may be the one that shows */
    for (int i = 1; i < THREADS; i++)
        assert_int_equal(seen[i], own + LOWER);
    assert_int_equal(pool_create(&pool, THREADS, NULL), BSR_OK);
    pool_run(pool, 100, look_in_pool, &own);
    pool_destroy(pool);
    priority_enter_worker();
    assert_int_equal(nice_of_this_thread(), own + LOWER);
    priority_enter_worker(); /* and no lower */
    assert_int_equal(nice_of_this_thread(), own + LOWER);
    look();
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(seen[i], own + LOWER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_workers_give_way_where_that_is_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
