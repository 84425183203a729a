/* Least-cost assignment against all permutations, on random matrices. */
#include "postprocess/assign.h"

#include "base/alloc.h"
#include "random.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { MOST = 7 };

/* Least sum over all ways to pair rows from `row` on with columns that aren't `used`; who stays alone costs
 * the limit's share of 0, a pair cost - limit. */
static double least_by_trying(const double *cost, int rows, int columns, double limit, int row, unsigned used)
{
    if (row == rows)
        return 0;
    double least = least_by_trying(cost, rows, columns, limit, row + 1, used);
    for (int column = 0; column < columns; column++) {
        double saved = cost[row * columns + column] - limit;
        if (used & 1U << column || !(saved < 0))
            continue;
        least =
            fmin(least, saved + least_by_trying(cost, rows, columns, limit, row + 1, used | 1U << column));
    }
    return least;
}

/* The sum that column_of has; checks that no column is used twice and no pair is over the limit. */
static double sum_of(const int *column_of, const double *cost, int rows, int columns, double limit)
{
    unsigned used = 0;
    double   sum = 0;
    for (int row = 0; row < rows; row++) {
        int column = column_of[row];
        if (column < 0)
            continue;
        assert_in_range(column, 0, columns - 1);
        assert_false(used & 1U << column);
        used |= 1U << column;
        assert_true(cost[row * columns + column] < limit);
        sum += cost[row * columns + column] - limit;
    }
    return sum;
}

static void fill(uint64_t *seed, double *cost, int count, int kind)
{
    for (int i = 0; i < count; i++) {
        cost[i] = random_between(seed, 0, 1);
        if (kind == 1) /* many ties */
            cost[i] = random_below(seed, 4) / 4.0;
        if (kind == 2 && random_below(seed, 3)) /* most pairs can't be */
            cost[i] = random_below(seed, 2) ? NAN : INFINITY;
        if (kind == 3) /* savings of any size */
            cost[i] = random_between(seed, -1000, 2);
    }
}

static void test_no_other_pairing_costs_less(void **state)
{
    struct assign_scratch scratch = {0};
    uint64_t              seed = 7;
    (void)state;
    for (int round = 0; round < 2000; round++) {
        int    rows = (int)random_below(&seed, MOST + 1), columns = (int)random_below(&seed, MOST + 1);
        double cost[MOST * MOST + 1] = {0}, limit = random_between(&seed, 0, 1.2F);
        int    column_of[MOST + 1];
        fill(&seed, cost, rows * columns, round % 4);
        assert_int_equal(assign_reserve(&scratch, rows > columns ? rows : columns, NULL), BSR_OK);
        assign_least(column_of, cost, rows, columns, limit, &scratch);
        double least = least_by_trying(cost, rows, columns, limit, 0, 0);
        assert_float_equal(sum_of(column_of, cost, rows, columns, limit), least, 1e-9);
    }
    assign_free(&scratch);
}

/* The example of scipy.optimize.linear_sum_assignment's documentation: columns 1, 0, 2, together 5. */
static void test_known_answers(void **state)
{
    struct assign_scratch scratch = {0};
    const double          cost[] = {4, 1, 3, 2, 0, 5, 3, 2, 2};
    const double          wide[] = {0.9, 0.1, 0.5, 0.2, 0.15, 0.9};
    int                   column_of[3];
    (void)state;
    assert_int_equal(assign_reserve(&scratch, 3, NULL), BSR_OK);
    assign_least(column_of, cost, 3, 3, 100, &scratch);
    assert_int_equal(column_of[0], 1);
    assert_int_equal(column_of[1], 0);
    assert_int_equal(column_of[2], 2);
    assign_least(column_of, wide, 2, 3, 0.4, &scratch);
    assert_int_equal(column_of[0], 1);
    assert_int_equal(column_of[1], 0);
    assign_least(column_of, wide, 2, 3, 0.12, &scratch);
    assert_int_equal(column_of[0], 1);
    assert_int_equal(column_of[1], -1);
    assign_free(&scratch);
}

static void test_a_pair_over_the_limit_stays_apart(void **state)
{
    struct assign_scratch scratch = {0};
    const double          cost[] = {0.5, NAN, INFINITY, 0.8};
    int                   column_of[2];
    (void)state;
    assert_int_equal(assign_reserve(&scratch, 2, NULL), BSR_OK);
    assign_least(column_of, cost, 2, 2, 0.5, &scratch);
    assert_int_equal(column_of[0], -1);
    assert_int_equal(column_of[1], -1);
    assign_free(&scratch);
}

static void test_memory_that_runs_out_leaves_the_scratch(void **state)
{
    struct assign_scratch scratch = {0};
    struct bsr_error      err;
    const double          cost[] = {0.25};
    int                   column_of[1];
    (void)state;
    assert_int_equal(assign_reserve(&scratch, 1, NULL), BSR_OK);
    for (size_t n = 1; n <= 6; n++) {
        mem_fail_from(n);
        assert_int_equal(assign_reserve(&scratch, 100, &err), BSR_ENOMEM);
        mem_fail_from(0);
        assign_least(column_of, cost, 1, 1, 1, &scratch);
        assert_int_equal(column_of[0], 0);
    }
    assert_int_equal(assign_reserve(&scratch, 100, &err), BSR_OK);
    assign_free(&scratch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_other_pairing_costs_less),
        cmocka_unit_test(test_known_answers),
        cmocka_unit_test(test_a_pair_over_the_limit_stays_apart),
        cmocka_unit_test(test_memory_that_runs_out_leaves_the_scratch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
