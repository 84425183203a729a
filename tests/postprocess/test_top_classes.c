/* Top-k; the probabilities were computed with numpy in double precision: exp(x) / exp(x).sum(). */
#include "postprocess/top_classes.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_best_come_first_and_ties_go_to_the_lower_index(void **state)
{
    const float        values[] = {0.1F, 0.4F, NAN, 0.4F, -INFINITY, 0.2F};
    struct class_score out[9];
    const int          right[] = {1, 3, 5, 0, 2, 4};
    (void)state;
    assert_int_equal(top_classes(out, 9, values, 6, 0), 6);
    for (int i = 0; i < 6; i++)
        assert_int_equal(out[i].class_index, right[i]);
    assert_int_equal(top_classes(out, 2, values, 6, 0), 2);
    assert_int_equal(out[1].class_index, 3);
    assert_int_equal(top_classes(out, 2, values, 0, 1), 0);
}

static void test_logits_become_probabilities(void **state)
{
    const float        values[] = {1, 2, 3}, large[] = {1000, 1000};
    struct class_score out[3];
    (void)state;
    assert_int_equal(top_classes(out, 3, values, 3, 1), 3);
    assert_float_equal(out[0].score, 0.66524096, 1e-6);
    assert_float_equal(out[1].score, 0.24472847, 1e-6);
    assert_float_equal(out[2].score, 0.09003057, 1e-6);
    assert_int_equal(top_classes(out, 3, large, 2, 1), 2);
    assert_float_equal(out[0].score, 0.5, 1e-6);
}

static void test_probabilities_are_told_from_logits(void **state)
{
    const float yes[] = {0.2F, 0.8F, 0}, negative[] = {-0.2F, 1.2F}, large[] = {3, 4}, odd[] = {NAN, 1};
    (void)state;
    assert_true(are_probabilities(yes, 3));
    assert_false(are_probabilities(negative, 2));
    assert_false(are_probabilities(large, 2));
    assert_false(are_probabilities(odd, 2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_best_come_first_and_ties_go_to_the_lower_index),
        cmocka_unit_test(test_logits_become_probabilities),
        cmocka_unit_test(test_probabilities_are_told_from_logits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
