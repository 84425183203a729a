/* Many inputs through a few workers: each once, results in order, budgets kept. */
#include "pipeline/batch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

enum { INPUTS = 300 };

struct fixture {
    atomic_int   begun[INPUTS];
    atomic_ulong in_use, most_in_use;
    uint64_t     cost; /* bytes that each input reserves */
    size_t       next; /* to be reported */
    size_t       stop_at;
    int          wrong_order;
    int          failed;
};

static void do_input(void *context, struct batch *batch, int worker, size_t index, struct item_result *result)
{
    struct fixture *fixture = context;
    atomic_fetch_add(&fixture->begun[index], 1);
    if (index % 7 == 0)
        usleep(300); /* some are slower: results come in another order than inputs go in */
    result->status = batch_reserve(batch, worker, fixture->cost, &result->error);
    if (result->status != BSR_OK)
        return;
    unsigned long now = atomic_fetch_add(&fixture->in_use, fixture->cost) + fixture->cost;
    unsigned long most = atomic_load(&fixture->most_in_use);
    while (now > most && !atomic_compare_exchange_weak(&fixture->most_in_use, &most, now))
        ;
    bytes_append_format(&result->record, "%zu", index);
    atomic_fetch_sub(&fixture->in_use, fixture->cost);
}

static bool report(void *context, size_t index, const struct item_result *result)
{
    struct fixture *fixture = context;
    fixture->wrong_order += index != fixture->next++;
    fixture->failed += result->status != BSR_OK;
    if (result->status == BSR_OK)
        fixture->wrong_order += strtoul(bytes_text(&result->record), NULL, 10) != index;
    return index != fixture->stop_at;
}

static bsr_status run(struct fixture *fixture, int workers, uint64_t memory,
                      const volatile sig_atomic_t *canceled)
{
    struct batch_options options = {.count = INPUTS,
                                    .workers = workers,
                                    .memory = memory,
                                    .work = do_input,
                                    .report = report,
                                    .context = fixture,
                                    .canceled = canceled};
    return batch_run(&options, NULL);
}

static void test_each_input_is_done_once_and_reported_in_order(void **state)
{
    (void)state;
    for (int workers = 1; workers <= 5; workers++) {
        struct fixture fixture = {.stop_at = INPUTS};
        assert_int_equal(run(&fixture, workers, 0, NULL), BSR_OK);
        assert_int_equal(fixture.next, INPUTS);
        assert_int_equal(fixture.wrong_order, 0);
        for (int i = 0; i < INPUTS; i++)
            assert_int_equal(fixture.begun[i], 1);
    }
}

static void test_the_budget_is_never_exceeded(void **state)
{
    (void)state;
    struct fixture fixture = {.cost = 60, .stop_at = INPUTS};
    assert_int_equal(run(&fixture, 4, 130, NULL), BSR_OK);
    assert_int_equal(fixture.failed, 0);
    assert_true(fixture.most_in_use <= 130);
}

static void test_what_never_fits_is_refused_and_the_rest_goes_on(void **state)
{
    (void)state;
    struct fixture fixture = {.cost = 131, .stop_at = INPUTS};
    assert_int_equal(run(&fixture, 3, 130, NULL), BSR_OK);
    assert_int_equal(fixture.failed, INPUTS);
    assert_int_equal(fixture.next, INPUTS);
}

static void test_a_report_can_end_the_batch(void **state)
{
    (void)state;
    struct fixture fixture = {.stop_at = 20};
    assert_int_equal(run(&fixture, 3, 0, NULL), BSR_ECANCELED);
    assert_true(fixture.next > 20 && fixture.next < INPUTS);
    assert_int_equal(fixture.wrong_order, 0);
}

static void test_a_signal_begins_nothing_more(void **state)
{
    (void)state;
    volatile sig_atomic_t canceled = 1;
    struct fixture        fixture = {.stop_at = INPUTS};
    assert_int_equal(run(&fixture, 2, 0, &canceled), BSR_ECANCELED);
    assert_int_equal(fixture.next, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_input_is_done_once_and_reported_in_order),
        cmocka_unit_test(test_the_budget_is_never_exceeded),
        cmocka_unit_test(test_what_never_fits_is_refused_and_the_rest_goes_on),
        cmocka_unit_test(test_a_report_can_end_the_batch),
        cmocka_unit_test(test_a_signal_begins_nothing_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
