#include "base/team.h"

#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { STEPS = 50, RUNS = 200, MOST = 5 };

struct count {
    int        threads;
    atomic_int calls[STEPS];
    atomic_int early;             /* calls that began before all of the step before had ended */
    int        sums[STEPS][MOST]; /* plain: a step sees what the one before wrote */
};

static void work(void *context, int step, int thread)
{
    struct count *count = context;

    if (step > 0 && atomic_load(&count->calls[step - 1]) != count->threads)
        atomic_fetch_add(&count->early, 1);
    int sum = 1;
    for (int t = 0; step > 0 && t < count->threads; t++)
        sum += count->sums[step - 1][t];
    count->sums[step][thread] = sum % 1000003;
    atomic_fetch_add(&count->calls[step], 1);
}

static void test_steps_are_begun_when_all_have_ended_the_one_before(void **state)
{
    (void)state;
    for (int threads = 1; threads <= MOST; threads++) {
        struct team *team = NULL;
        assert_int_equal(team_create(&team, threads, NULL), BSR_OK);
        assert_int_equal(team_threads(team), threads);
        for (int run = 0; run < RUNS; run++) {
            struct count count = {.threads = threads};
            team_run(team, run % STEPS, work, &count); /* none, too */
            assert_int_equal(atomic_load(&count.early), 0);
            for (int s = 0; s < STEPS; s++)
                assert_int_equal(atomic_load(&count.calls[s]), s < run % STEPS ? threads : 0);
            int sum = 1;
            for (int s = 0; s < run % STEPS; s++, sum = (1 + sum * threads) % 1000003)
                for (int t = 0; t < threads; t++)
                    assert_int_equal(count.sums[s][t], sum);
        }
        team_destroy(team);
    }
}

static void test_threads_that_sleep_wake_up(void **state)
{
    struct team *team = NULL;

    (void)state;
    assert_int_equal(team_create(&team, 3, NULL), BSR_OK);
    for (int run = 0; run < 5; run++) {
        struct count count = {.threads = 3};
        usleep(20000);
        team_run(team, 7, work, &count);
        assert_int_equal(atomic_load(&count.calls[6]), 3);
    }
    usleep(20000);
    team_destroy(team);
}

static void test_counts_out_of_range_are_refused(void **state)
{
    struct team     *team = NULL;
    struct bsr_error err = {0};

    (void)state;
    assert_int_equal(team_create(&team, 0, &err), BSR_ERANGE);
    assert_int_equal(team_create(&team, TEAM_MOST + 1, &err), BSR_ERANGE);
    assert_non_null(strstr(err.message, "257 threads (1 to 256)"));
    for (size_t n = 1; n <= 2; n++) {
        mem_fail_from(n);
        assert_int_equal(team_create(&team, 2, &err), BSR_ENOMEM);
        mem_fail_from(0);
    }
    assert_null(team);
    team_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_steps_are_begun_when_all_have_ended_the_one_before),
        cmocka_unit_test(test_threads_that_sleep_wake_up),
        cmocka_unit_test(test_counts_out_of_range_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
