/* How numbers are spread, and which range of them is given steps, against numpy (make_golden_ranges.py). */
#include "base/alloc.h"
#include "pipeline/quantize_range.h"
#include "tests/pipeline/golden_ranges.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { SETS = sizeof golden_ranges / sizeof *golden_ranges };

static struct histogram *count(const float *numbers, size_t size)
{
    struct histogram *histogram = mem_alloc_zeroed(1, sizeof *histogram);
    assert_non_null(histogram);
    histogram_add(histogram, numbers, size);
    return histogram;
}

static void expect_near(double found, double wanted, double relative)
{
    if (!(fabs(found - wanted) <= relative * fabs(wanted)))
        fail_msg("%.17g instead of %.17g", found, wanted);
}

static void test_bins_are_those_of_numpy(void **state)
{
    (void)state;
    for (size_t s = 0; s < SETS; s++) {
        const struct golden_range *golden = &golden_ranges[s];
        struct histogram          *histogram = count(golden->numbers, golden->count);
        uint64_t                   places = 0;
        for (size_t i = 0; i < HISTOGRAM_BINS; i++)
            places += i * histogram->counts[i];
        assert_int_equal(histogram->exponent, golden->exponent);
        assert_int_equal(places, golden->places);
        assert_int_equal(histogram->total, golden->count);
        mem_free(histogram);
    }
}

/* In any order, one by one or at once, in one or in two: bins are made wider in between, and nothing is lost.
 */
static void test_the_order_does_not_matter(void **state)
{
    (void)state;
    for (size_t s = 0; s < SETS; s++) {
        const struct golden_range *golden = &golden_ranges[s];
        struct histogram          *once = count(golden->numbers, golden->count);
        struct histogram          *halves[2] = {count(NULL, 0), count(NULL, 0)};
        for (size_t i = golden->count; i-- > 0;)
            histogram_add(halves[i % 2], &golden->numbers[i], 1);
        histogram_merge(halves[0], halves[1]);
        assert_memory_equal(halves[0], once, sizeof *once);
        struct histogram *other = count(NULL, 0);
        histogram_merge(other, once);
        struct histogram *none = count(NULL, 0);
        histogram_merge(other, none);
        mem_free(none);
        assert_memory_equal(other->counts, once->counts, sizeof once->counts);
        mem_free(other);
        mem_free(once);
        mem_free(halves[0]);
        mem_free(halves[1]);
    }
}

static void test_what_is_no_number_is_left_out(void **state)
{
    (void)state;
    const float       numbers[] = {1.0F, NAN, -INFINITY, 0.0F, INFINITY, -2.0F};
    struct histogram *histogram = count(numbers, 6);
    assert_int_equal(histogram->total, 3);
    assert_int_equal(histogram->left_out, 3);
    assert_true(histogram->min == -2 && histogram->max == 1);
    mem_free(histogram);
}

static void test_zeros_and_extremes_have_their_place(void **state)
{
    (void)state;
    static const float rows[][3] = {
        {0, 0, 0}, {0, -0.0F, 1e-45F}, {3.4e38F, -3.4e38F, 1e-38F}, {1e-45F, -1e-45F, 0}, {-1, -1, 1e30F}};
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
        struct histogram *histogram = count(rows[r], 1);
        uint64_t          sum = 0;
        histogram_add(histogram, rows[r] + 1, 2);
        for (size_t i = 0; i < HISTOGRAM_BINS; i++)
            sum += histogram->counts[i];
        assert_int_equal(sum, 3);
        for (int m = QUANTIZE_MINMAX; m <= QUANTIZE_MSE; m++) {
            struct quantize_range range = quantize_choose_range(histogram, (enum quantize_method)m, 99.9);
            assert_true(isfinite(range.least) && isfinite(range.most) && range.least <= range.most);
        }
        mem_free(histogram);
    }
    struct histogram     *none = count(NULL, 0);
    struct quantize_range range = quantize_choose_range(none, QUANTIZE_ENTROPY, 99);
    assert_true(range.least == 0 && range.most == 0);
    mem_free(none);
}

static void test_percentiles_are_those_of_numpy(void **state)
{
    (void)state;
    for (size_t s = 0; s < SETS; s++) {
        const struct golden_range *golden = &golden_ranges[s];
        struct histogram          *histogram = count(golden->numbers, golden->count);
        struct quantize_range      range = quantize_choose_range(histogram, QUANTIZE_PERCENTILE, 97.54);
        expect_near(range.least, fmax(golden->low, histogram->min), 1e-9);
        expect_near(range.most, fmin(golden->high, histogram->max), 1e-9);
        range = quantize_choose_range(histogram, QUANTIZE_PERCENTILE, 100);
        assert_true(range.least >= histogram->min && range.most == histogram->max);
        range = quantize_choose_range(histogram, QUANTIZE_MINMAX, 50);
        assert_true(range.least == histogram->min && range.most == histogram->max);
        mem_free(histogram);
    }
}

static void test_what_a_range_costs_is_what_numpy_says(void **state)
{
    (void)state;
    for (size_t s = 0; s < SETS; s++) {
        const struct golden_range  *golden = &golden_ranges[s];
        struct histogram           *histogram = count(golden->numbers, golden->count);
        const struct quantize_range range = {golden->least, golden->most};
        expect_near(quantize_range_mse(histogram, range), golden->mse, 1e-9);
        expect_near(quantize_range_divergence(histogram, range), golden->divergence, 1e-9);
        mem_free(histogram);
    }
}

/* The search looks at one end after the other; numpy tried a grid of both. */
static void test_what_is_chosen_costs_no_more_than_the_best_of_a_grid(void **state)
{
    (void)state;
    for (size_t s = 0; s < SETS; s++) {
        const struct golden_range *golden = &golden_ranges[s];
        struct histogram          *histogram = count(golden->numbers, golden->count);
        struct quantize_range      mse = quantize_choose_range(histogram, QUANTIZE_MSE, 0),
                              entropy = quantize_choose_range(histogram, QUANTIZE_ENTROPY, 0);
        const double close = 1.05;
        if (!(quantize_range_mse(histogram, mse) <= close * golden->best_mse))
            fail_msg("set %zu: %g, the grid has %g", s, quantize_range_mse(histogram, mse), golden->best_mse);
        if (!(quantize_range_divergence(histogram, entropy) <= close * golden->best_divergence))
            fail_msg("set %zu: %g, the grid has %g", s, quantize_range_divergence(histogram, entropy),
                     golden->best_divergence);
        mem_free(histogram);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bins_are_those_of_numpy),
        cmocka_unit_test(test_the_order_does_not_matter),
        cmocka_unit_test(test_what_is_no_number_is_left_out),
        cmocka_unit_test(test_zeros_and_extremes_have_their_place),
        cmocka_unit_test(test_percentiles_are_those_of_numpy),
        cmocka_unit_test(test_what_a_range_costs_is_what_numpy_says),
        cmocka_unit_test(test_what_is_chosen_costs_no_more_than_the_best_of_a_grid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
