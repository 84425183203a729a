/* Average precision by size and its curves, against numpy after the text of COCO's evaluation; and confusion.
 */
#include "golden_areas.h"
#include "postprocess/confusion.h"

#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const double tolerance = 1e-9; /* sums of a hundred doubles in another order */

enum {
    TRUTHS = sizeof(area_truths) / sizeof(*area_truths),
    FOUND = sizeof(area_found) / sizeof(*area_found),
};

static bsr_status score(const struct ap_result *out, enum ap_area area, struct bsr_error *err)
{
    return average_precision_at(out, area, AREA_CLASSES, area_truths, TRUTHS, area_found, FOUND, err);
}

static void test_average_precision_by_area_is_that_of_cocoeval(void **state)
{
    (void)state;
    for (int area = 0; area < AP_AREAS; area++) {
        struct ap_score  all[AREA_CLASSES + 1];
        struct ap_result out = {.mean = &all[AREA_CLASSES], .per_class = all};
        assert_int_equal(score(&out, (enum ap_area)area, NULL), BSR_OK);
        for (int k = 0; k <= AREA_CLASSES; k++) {
            assert_int_equal(all[k].truths, area_scores[area][k].truths);
            assert_float_equal(all[k].ap, area_scores[area][k].ap, tolerance);
            assert_float_equal(all[k].ap50, area_scores[area][k].ap50, tolerance);
            assert_float_equal(all[k].ap75, area_scores[area][k].ap75, tolerance);
            assert_float_equal(all[k].recall, area_scores[area][k].recall, tolerance);
        }
    }
}

static void test_curves_are_those_of_cocoeval(void **state)
{
    (void)state;
    struct ap_curve  curves[AREA_CLASSES];
    struct ap_result out = {.curves = curves};
    assert_int_equal(score(&out, AP_ALL, NULL), BSR_OK);
    for (int i = 0; i < AP_RECALL_POINTS; i++) {
        assert_float_equal(curves[0].precision[i], area_precision[i], tolerance);
        assert_float_equal(curves[0].score[i], area_score[i], tolerance);
    }
}

/* Right at 0.9, wrong at 0.8, right at 0.7, wrong at 0.6 and 0.5, of two: F1 is 2/3 after the first, 4/5
 * after the third. */
static void test_the_best_score_is_where_f1_is_largest(void **state)
{
    (void)state;
    const struct ap_truth truths[] = {{.picture = 1, .x2 = 10, .y2 = 10}, {.picture = 2, .x2 = 10, .y2 = 10}};
    struct ap_found       found[5] = {{.picture = 1, .x2 = 10, .y2 = 10, .score = 0.9},
                                      {.picture = 1, .x1 = 50, .x2 = 60, .y2 = 10, .score = 0.8},
                                      {.picture = 2, .x2 = 10, .y2 = 10, .score = 0.7},
                                      {.picture = 2, .x1 = 50, .x2 = 60, .y2 = 10, .score = 0.6},
                                      {.picture = 2, .x1 = 70, .x2 = 80, .y2 = 10, .score = 0.5}};
    struct ap_curve       curve;
    struct ap_result      out = {.curves = &curve};
    assert_int_equal(average_precision_at(&out, AP_ALL, 1, truths, 2, found, 5, NULL), BSR_OK);
    assert_float_equal(curve.best.score, 0.7, 0);
    assert_float_equal(curve.best.precision, 2.0 / 3, tolerance);
    assert_float_equal(curve.best.recall, 1, 0);

    found[3].score = found[4].score = 0.7; /* not told apart by a score any more: all four or one of them */
    assert_int_equal(average_precision_at(&out, AP_ALL, 1, truths, 2, found, 5, NULL), BSR_OK);
    assert_float_equal(curve.best.score, 0.9, 0);
}

static void test_failures_leave_results_alone(void **state)
{
    (void)state;
    struct ap_score  mean = {.ap = 5};
    struct ap_result out = {.mean = &mean};
    struct bsr_error err;
    for (size_t n = 1; n <= 7; n++) {
        mem_fail_from(n);
        assert_int_equal(score(&out, AP_ALL, &err), BSR_ENOMEM);
    }
    mem_fail_from(0);
    assert_float_equal(mean.ap, 5, 0);
}

/* ---- confusion ---------------------------------------------------------------------------- */

static const struct confusion_limits limits = {.score = 0.25, .overlap = 0.5};

/* A berry (0) that is found, one taken for a leaf (1), a leaf that is missed, a find of nothing; what is
 * under the score, and what lies in a crowd, doesn't count. */
static const struct ap_truth scene[] = {
    {.class_index = 0, .x2 = 10, .y2 = 10},
    {.class_index = 0, .x1 = 20, .x2 = 30, .y2 = 10},
    {.class_index = 1, .x1 = 40, .x2 = 50, .y2 = 10},
    {.class_index = 1, .x1 = 60, .x2 = 90, .y2 = 10, .crowd = true},
};
static const struct ap_found finds[] = {
    {.class_index = 0, .x2 = 10, .y2 = 10, .score = 0.9},
    {.class_index = 1, .x1 = 21, .x2 = 31, .y2 = 10, .score = 0.25},
    {.class_index = 1, .x1 = 40, .x2 = 50, .y2 = 10, .score = 0.2},
    {.class_index = 0, .y1 = 50, .x2 = 10, .y2 = 60, .score = 0.3},
    {.class_index = 1, .x1 = 61, .x2 = 71, .y2 = 10, .score = 0.8},
};

static void test_confusion_by_hand(void **state)
{
    (void)state;
    struct confusion_tally tally = {0};
    uint32_t               counts[3 * 3] = {0};
    const uint32_t         expected[3 * 3] = {1, 1, 0, 0, 0, 1, 1, 0, 0};
    assert_int_equal(confusion_add(&tally, counts, 2, scene, 4, finds, 5, &limits, NULL), BSR_OK);
    assert_int_equal(tally.correct, 1);
    assert_int_equal(tally.confused, 1);
    assert_int_equal(tally.missed, 1);
    assert_int_equal(tally.extra, 1);
    assert_memory_equal(counts, expected, sizeof expected);
    assert_float_equal(confusion_f1(&tally), 2.0 / (3 + 3), tolerance);
}

static void test_a_thing_is_found_once_by_what_fits_it_best(void **state)
{
    (void)state;
    const struct ap_truth  one = {.x2 = 10, .y2 = 10};
    const struct ap_found  two[] = {{.x1 = 1, .x2 = 11, .y2 = 10, .score = 0.9, .class_index = 1},
                                    {.x2 = 10, .y2 = 10, .score = 0.5}};
    struct confusion_tally tally = {0};
    assert_int_equal(confusion_add(&tally, NULL, 2, &one, 1, two, 2, &limits, NULL), BSR_OK);
    assert_int_equal(tally.correct, 1);
    assert_int_equal(tally.confused, 0);
    assert_int_equal(tally.extra, 1);
}

static void test_nothing_found_where_nothing_is_is_all_right(void **state)
{
    (void)state;
    struct confusion_tally tally = {0};
    assert_int_equal(confusion_add(&tally, NULL, 1, NULL, 0, NULL, 0, &limits, NULL), BSR_OK);
    assert_float_equal(confusion_f1(&tally), 1, 0);
}

static void test_confusion_without_memory_counts_nothing(void **state)
{
    (void)state;
    struct confusion_tally tally = {.correct = 7};
    for (size_t n = 1; n <= 3; n++) {
        mem_fail_from(n);
        assert_int_equal(confusion_add(&tally, NULL, 2, scene, 4, finds, 5, &limits, NULL), BSR_ENOMEM);
    }
    mem_fail_from(0);
    assert_int_equal(tally.correct, 7);
    assert_int_equal(tally.missed, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_average_precision_by_area_is_that_of_cocoeval),
        cmocka_unit_test(test_curves_are_those_of_cocoeval),
        cmocka_unit_test(test_the_best_score_is_where_f1_is_largest),
        cmocka_unit_test(test_failures_leave_results_alone),
        cmocka_unit_test(test_confusion_by_hand),
        cmocka_unit_test(test_a_thing_is_found_once_by_what_fits_it_best),
        cmocka_unit_test(test_nothing_found_where_nothing_is_is_all_right),
        cmocka_unit_test(test_confusion_without_memory_counts_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
