#include "golden_yolo.h"
#include "naive_yolo.h"
#include "random.h"

#include "base/alloc.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { GOLDEN_CLASSES = 2, GOLDEN_CELLS0 = 3 * 4, GOLDEN_CELLS1 = 5 * 2, GOLDEN_ROWS = 66 };

/* Golden numbers are of double precision, rounded to float: scores differ by the roundings of two sigmoids
 * and a product, boxes by those of some five operations on up to 500 pixels. */
static const double score_tolerance = 3e-7, box_tolerance = 2e-4;

static void assert_same(const struct candidates *a, const struct candidates *b)
{
    assert_int_equal(a->count, b->count);
    if (a->count)
        assert_memory_equal(a->items, b->items, a->count * sizeof(*a->items));
}

static void assert_golden(const struct candidates *found, const struct candidate *golden, size_t count)
{
    assert_int_equal(found->count, count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(found->items[i].class_index, golden[i].class_index);
        assert_float_equal(found->items[i].score, golden[i].score, score_tolerance);
        assert_float_equal(found->items[i].x1, golden[i].x1, box_tolerance);
        assert_float_equal(found->items[i].y1, golden[i].y1, box_tolerance);
        assert_float_equal(found->items[i].x2, golden[i].x2, box_tolerance);
        assert_float_equal(found->items[i].y2, golden[i].y2, box_tolerance);
    }
}

static struct yolo_layout golden_layout(void)
{
    struct yolo_layout layout;
    yolo_layout_default(&layout, GOLDEN_CLASSES);
    layout.head_count = 2;
    return layout;
}

/* [anchors][values][cells] -> [anchors][cells][values] */
static void planes_to_rows(float *rows, const float *planes, int anchors, int values, int cells)
{
    for (int a = 0; a < anchors; a++)
        for (int k = 0; k < values; k++)
            for (int i = 0; i < cells; i++)
                rows[(a * cells + i) * values + k] = planes[(a * values + k) * cells + i];
}

static void test_heads_give_the_candidates_of_pytorch(void **state)
{
    (void)state;
    const struct yolo_layout layout = golden_layout();
    struct candidates        found = {0};
    for (size_t i = 0; i < sizeof(golden_cases) / sizeof(*golden_cases); i++) {
        struct yolo_filter filter = {golden_cases[i].threshold, golden_cases[i].multi_label, NULL};
        found.count = 0;
        assert_int_equal(yolo_decode_head(&found, golden_head0, 3, 4, &layout, 0, &filter, NULL), BSR_OK);
        assert_int_equal(yolo_decode_head(&found, golden_head1, 5, 2, &layout, 1, &filter, NULL), BSR_OK);
        assert_golden(&found, golden_cases[i].found, golden_cases[i].count);
    }
    candidates_free(&found);
}

static void test_heads_of_rows_give_the_candidates_of_pytorch(void **state)
{
    (void)state;
    const struct yolo_layout layout = golden_layout();
    struct candidates        found = {0};
    float                    rows0[3 * 7 * GOLDEN_CELLS0], rows1[3 * 7 * GOLDEN_CELLS1];
    planes_to_rows(rows0, golden_head0, 3, 7, GOLDEN_CELLS0);
    planes_to_rows(rows1, golden_head1, 3, 7, GOLDEN_CELLS1);
    for (size_t i = 0; i < sizeof(golden_cases) / sizeof(*golden_cases); i++) {
        struct yolo_filter filter = {golden_cases[i].threshold, golden_cases[i].multi_label, NULL};
        found.count = 0;
        assert_int_equal(yolo_decode_head_rows(&found, rows0, 3, 4, &layout, 0, &filter, NULL), BSR_OK);
        assert_int_equal(yolo_decode_head_rows(&found, rows1, 5, 2, &layout, 1, &filter, NULL), BSR_OK);
        assert_golden(&found, golden_cases[i].found, golden_cases[i].count);
    }
    candidates_free(&found);
}

static void test_decoded_rows_give_the_candidates_of_pytorch(void **state)
{
    (void)state;
    struct candidates found = {0};
    for (size_t i = 0; i < sizeof(golden_cases) / sizeof(*golden_cases); i++) {
        struct yolo_filter filter = {golden_cases[i].threshold, golden_cases[i].multi_label, NULL};
        found.count = 0;
        assert_int_equal(yolo_decode_rows(&found, golden_rows, GOLDEN_ROWS, GOLDEN_CLASSES, &filter, NULL),
                         BSR_OK);
        assert_golden(&found, golden_cases[i].found, golden_cases[i].count);
    }
    candidates_free(&found);
}

/* All logits 0: sigmoids are 1/2, so the centre is half a cell on, the size the anchor's, the score 1/4. */
static void test_a_head_of_zeros_computed_by_hand(void **state)
{
    (void)state;
    const float        zeros[3 * 6 * 2] = {0};
    struct yolo_filter filter = {.threshold = 0.2F};
    struct yolo_layout layout;
    struct candidates  found = {0};
    yolo_layout_default(&layout, 1);
    assert_int_equal(yolo_decode_head(&found, zeros, 1, 2, &layout, 0, &filter, NULL), BSR_OK);
    assert_int_equal(found.count, 6);
    const struct candidate second = {12 - 5, 4 - 6.5F, 12 + 5, 4 + 6.5F, 0.25F, 0};
    assert_memory_equal(&found.items[1], &second, sizeof(second));
    const struct candidate last = {12 - 16.5F, 4 - 11.5F, 12 + 16.5F, 4 + 11.5F, 0.25F, 0};
    assert_memory_equal(&found.items[5], &last, sizeof(last));

    filter.threshold = 0.25F; /* over it, not at it */
    found.count = 0;
    assert_int_equal(yolo_decode_head(&found, zeros, 1, 2, &layout, 0, &filter, NULL), BSR_OK);
    assert_int_equal(found.count, 0);
    candidates_free(&found);
}

static void test_one_label_is_the_first_of_the_best_and_wanted_or_none(void **state)
{
    (void)state;
    const float            row[] = {50, 50, 20, 10, 0.8F, 0.3F, 0.9F, 0.9F, 0.7F};
    const char             not_the_best[] = {1, 0, 1, 1}, the_best[] = {0, 1, 0, 0};
    struct yolo_filter     filter = {.threshold = 0.5F};
    struct candidates      found = {0};
    const struct candidate expected = {40, 45, 60, 55, 0.8F * 0.9F, 1};

    assert_int_equal(yolo_decode_rows(&found, row, 1, 4, &filter, NULL), BSR_OK);
    assert_int_equal(found.count, 1);
    assert_memory_equal(found.items, &expected, sizeof(expected));
    filter.class_wanted = not_the_best;
    assert_int_equal(yolo_decode_rows(&found, row, 1, 4, &filter, NULL), BSR_OK);
    assert_int_equal(found.count, 1);
    filter.class_wanted = the_best;
    assert_int_equal(yolo_decode_rows(&found, row, 1, 4, &filter, NULL), BSR_OK);
    assert_int_equal(found.count, 2);

    filter.multi_label = 1; /* 0.72, 0.72 and 0.56 are over 0.5, each for itself */
    filter.class_wanted = not_the_best;
    found.count = 0;
    assert_int_equal(yolo_decode_rows(&found, row, 1, 4, &filter, NULL), BSR_OK);
    assert_int_equal(found.count, 2);
    assert_int_equal(found.items[0].class_index, 2);
    assert_int_equal(found.items[1].class_index, 3);
    candidates_free(&found);
}

static void test_sigmoid_is_within_a_millionth(void **state)
{
    (void)state;
    for (int i = -8700; i <= 10000; i++) {
        float at = (float)i * 0.01003F;
        if (at < -87) /* under that results are denormal */
            continue;
        double exact = 1 / (1 + exp(-(double)at));
        assert_float_equal(yolo_sigmoid(at) / exact, 1, 1e-6);
    }
    assert_float_equal(yolo_sigmoid(0), 0.5, 0);
    assert_float_equal(yolo_sigmoid(FLT_MAX), 1, 0);
    assert_float_equal(yolo_sigmoid(-FLT_MAX), 0, 0);
}

/* Thresholds from the smallest float to the last one before 1, and logits right and left of the floor. */
static void test_the_floor_never_loses_a_candidate(void **state)
{
    (void)state;
    static const float hard[] = {0,
                                 FLT_TRUE_MIN,
                                 3e-45F,
                                 1e-40F,
                                 FLT_MIN,
                                 1e-30F,
                                 1e-9F,
                                 0.001F,
                                 0.25F,
                                 0.5F,
                                 0.9F,
                                 1 - FLT_EPSILON,
                                 1 - FLT_EPSILON / 2,
                                 1};
    uint64_t           seed = 3;
    for (size_t i = 0; i < 3000; i++) {
        bool  chosen = i < sizeof(hard) / sizeof(*hard);
        float threshold = chosen ? hard[i] : random_between(&seed, 0, 1);
        if (!chosen && i % 3 == 0)
            threshold = yolo_sigmoid(random_between(&seed, -103, 17)); /* one that a score can meet */
        float floor = yolo_logit_floor((double)threshold);
        float under = nextafterf(isinf(floor) && floor > 0 ? FLT_MAX : floor, -INFINITY);
        for (int k = 0; k < 60; k++, under = nextafterf(under, -INFINITY))
            assert_false(yolo_sigmoid(under) > threshold);
        if (threshold > 0)
            assert_true(yolo_sigmoid(floor - 1) <= threshold);
    }
    assert_true(yolo_logit_floor(0) == -INFINITY && yolo_logit_floor(-1) == -INFINITY);
    assert_true(yolo_logit_floor(1) == INFINITY);
}

/* ... and hardly lets more than those through. */
static void test_the_floor_is_tight(void **state)
{
    (void)state;
    for (int i = 1; i < 1000; i++) {
        double threshold = i / 1000.0;
        double logit = log(threshold / (1 - threshold)), floor = (double)yolo_logit_floor(threshold);
        assert_true(floor <= logit);
        assert_true(floor >= logit - 0x1.1p-21 / (1 - threshold) - fabs(logit) * 2 * FLT_EPSILON);
    }
}

/* Random heads: a shape, a filter and numbers, usual or hostile. */
struct random_head {
    struct yolo_layout layout;
    struct yolo_filter filter;
    char               wanted[YOLO_MAX_CLASSES];
    int                height, width, head;
    size_t             count;
    float             *data;
};

static float hostile_number(uint64_t *seed)
{
    uint32_t bits = (uint32_t)random_bits(seed);
    float    number;
    memcpy(&number, &bits, sizeof(number));
    return random_below(seed, 3) ? number : random_below(seed, 2) ? NAN : INFINITY;
}

/* A threshold that decoding is likely to get wrong: exactly at the score of a cell, or just under it. */
static float hard_threshold(const struct random_head *head, uint64_t *seed)
{
    float number = head->data[random_below(seed, (unsigned)head->count)];
    float other = head->data[random_below(seed, (unsigned)head->count)];
    float score = random_below(seed, 2) ? yolo_sigmoid(number) : yolo_sigmoid(number) * yolo_sigmoid(other);
    if (!(score >= 0 && score <= 1))
        score = random_between(seed, 0, 1);
    return random_below(seed, 2) && score > 0 ? nextafterf(score, 0) : score;
}

static void make_random_head(struct random_head *head, uint64_t *seed, bool scores)
{
    static const float easy[] = {0, 0.001F, 0.25F, 0.5F, 1, FLT_TRUE_MIN};
    bool               hostile = !random_below(seed, 4);

    yolo_layout_default(&head->layout, 1 + (int)random_below(seed, random_below(seed, 8) ? 30 : 1500));
    head->layout.anchor_count = 1 + (int)random_below(seed, 3);
    head->head = (int)random_below(seed, 3);
    head->height = 1 + (int)random_below(seed, 12);
    head->width = 1 + (int)random_below(seed, head->layout.classes < 5 ? 150 : 20);
    head->count = (size_t)head->layout.anchor_count * (size_t)(head->layout.classes + 5) *
                  (size_t)head->height * (size_t)head->width;
    head->data = malloc(head->count * sizeof(float));
    float reach = random_below(seed, 5) ? 6 : 60;
    for (size_t i = 0; i < head->count; i++) {
        head->data[i] = scores ? random_between(seed, -0.1F, 1) : random_between(seed, -reach, reach);
        if (!random_below(seed, 3)) /* ties */
            head->data[i] = roundf(head->data[i] * 2) / 2;
        if (hostile && !random_below(seed, 20))
            head->data[i] = hostile_number(seed);
    }
    head->filter = (struct yolo_filter){.multi_label = (int)random_below(seed, 2)};
    head->filter.threshold = random_below(seed, 2) ? easy[random_below(seed, 6)] : hard_threshold(head, seed);
    for (int i = 0; i < head->layout.classes; i++)
        head->wanted[i] = (char)random_below(seed, 2);
    if (!random_below(seed, 4))
        head->filter.class_wanted = head->wanted;
}

static void test_decoding_agrees_with_the_naive_way_on_random_heads(void **state)
{
    (void)state;
    static struct random_head head;
    struct candidates         found = {0}, expected = {0};
    uint64_t                  seed = 11;
    size_t                    total = 0;

    for (int i = 0; i < 900; i++) {
        enum naive_order order = (enum naive_order)(i % 3);
        make_random_head(&head, &seed, order == NAIVE_DECODED);
        found.count = expected.count = 0;
        if (order == NAIVE_DECODED)
            head.layout.anchor_count = 1;
        naive_decode(&expected, head.data, head.height, head.width, &head.layout, head.head, &head.filter,
                     order);
        bsr_status status = BSR_OK;
        if (order == NAIVE_DECODED)
            status = yolo_decode_rows(&found, head.data, (size_t)head.height * (size_t)head.width,
                                      head.layout.classes, &head.filter, NULL);
        else
            status = (order == NAIVE_PLANES ? yolo_decode_head : yolo_decode_head_rows)(
                &found, head.data, head.height, head.width, &head.layout, head.head, &head.filter, NULL);
        assert_int_equal(status, BSR_OK);
        assert_same(&found, &expected);
        for (size_t k = 0; k < found.count; k++)
            assert_true(isfinite(found.items[k].x1 + found.items[k].score));
        total += found.count;
        free(head.data);
    }
    assert_true(total > 100000);
    candidates_free(&found);
    candidates_free(&expected);
}

static void test_a_net_of_the_most_classes_is_decoded(void **state)
{
    (void)state;
    struct yolo_layout layout;
    yolo_layout_default(&layout, YOLO_MAX_CLASSES);
    layout.anchor_count = 1;
    const size_t       count = (size_t)(YOLO_MAX_CLASSES + 5) * 3;
    float             *data = malloc(count * sizeof(float));
    uint64_t           seed = 17;
    struct yolo_filter filter = {.threshold = 0.9F, .multi_label = 1};
    struct candidates  found = {0}, expected = {0};
    for (size_t i = 0; i < count; i++)
        data[i] = random_between(&seed, 0, 5);
    for (size_t i = 4 * 3; i < 5 * 3; i++)
        data[i] = 9;
    naive_decode(&expected, data, 1, 3, &layout, 0, &filter, NAIVE_PLANES);
    assert_true(expected.count > 10000);
    assert_int_equal(yolo_decode_head(&found, data, 1, 3, &layout, 0, &filter, NULL), BSR_OK);
    assert_same(&found, &expected);
    candidates_free(&found);
    candidates_free(&expected);
    free(data);
}

static void test_outputs_are_matched_to_heads_by_their_cells(void **state)
{
    (void)state;
    struct yolo_layout layout;
    yolo_layout_default(&layout, 80);
    static const struct {
        int64_t height, width;
        int     in_height, in_width, head;
    } cases[] = {
        {80, 80, 640, 640, 0},  {40, 40, 640, 640, 1},  {20, 20, 640, 640, 2},
        {48, 80, 384, 640, 0},  {12, 20, 384, 640, 2},  {80, 48, 384, 640, -1},
        {10, 10, 640, 640, -1}, {0, 0, 0, 0, -1},       {-80, -80, -640, -640, -1},
        {1, 1, 32, 32, 2},      {80, 80, 641, 640, -1}, {INT64_MAX, 80, 640, 640, -1},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        assert_int_equal(
            yolo_match_head(&layout, cases[i].height, cases[i].width, cases[i].in_height, cases[i].in_width),
            cases[i].head);
}

static void test_what_cannot_be_decoded_is_said(void **state)
{
    (void)state;
    const float              data[3 * 6] = {0};
    const struct yolo_filter filter = {.threshold = 0.25F};
    struct candidates        found = {0};
    struct bsr_error         err;
    struct yolo_layout       good;
    yolo_layout_default(&good, 1);

    static const float thresholds[] = {-0.1F, 1.1F, NAN, INFINITY};
    for (int i = 0; i < 4; i++) {
        struct yolo_filter bad = {.threshold = thresholds[i]};
        assert_int_equal(yolo_decode_head(&found, data, 1, 1, &good, 0, &bad, &err), BSR_ERANGE);
        assert_string_equal(err.subject, "confidence");
        assert_int_equal(yolo_decode_rows(&found, data, 1, 1, &bad, &err), BSR_ERANGE);
    }
    assert_int_equal(yolo_decode_rows(&found, data, 1, 0, &filter, &err), BSR_ERANGE);
    assert_string_equal(err.message, "0 classes, possible are 1 to 10000");
    assert_int_equal(yolo_decode_rows(&found, data, 1, YOLO_MAX_CLASSES + 1, &filter, &err), BSR_ERANGE);
    assert_int_equal(yolo_decode_head(&found, data, 1, 1, &good, 3, &filter, &err), BSR_ERANGE);
    assert_string_equal(err.message, "no head 3 among 3");
    assert_int_equal(yolo_decode_head(&found, data, 1, 1, &good, -1, &filter, &err), BSR_ERANGE);
    assert_int_equal(yolo_decode_head(&found, data, 0, 1, &good, 0, &filter, &err), BSR_ERANGE);
    assert_int_equal(yolo_decode_head_rows(&found, data, 1, -1, &good, 0, &filter, &err), BSR_ERANGE);

    struct yolo_layout bad[7];
    for (int i = 0; i < 7; i++)
        bad[i] = good;
    bad[0].classes = 0;
    bad[1].classes = YOLO_MAX_CLASSES + 1;
    bad[2].head_count = YOLO_MAX_HEADS + 1;
    bad[3].anchor_count = 0;
    bad[4].strides[2] = 0;
    bad[5].anchors[1][2][1] = NAN;
    bad[6].head_count = 0;
    for (int i = 0; i < 7; i++)
        assert_int_equal(yolo_decode_head(&found, data, 1, 1, &bad[i], 0, &filter, &err), BSR_ERANGE);
    assert_int_equal(yolo_decode_head(&found, data, 1, 1, &bad[5], 0, &filter, &err), BSR_ERANGE);
    assert_string_equal(err.message, "anchor 2 of head 1 is 59 x nan pixels");
    assert_int_equal(found.count, 0);
}

static void test_the_list_is_as_before_when_memory_runs_out(void **state)
{
    (void)state;
    const struct yolo_layout layout = golden_layout();
    const struct yolo_filter filter = {.threshold = 0, .multi_label = 1};
    struct candidates        found = {0};
    bsr_status               status = BSR_ENOMEM;
    size_t                   n = 1;
    struct bsr_error         err;

    for (; status; n++) {
        candidates_free(&found);
        assert_int_equal(candidates_add(&found, &(struct candidate){.score = 1}, NULL), BSR_OK);
        mem_fail_from(n);
        status = yolo_decode_head(&found, golden_head0, 3, 4, &layout, 0, &filter, &err);
        mem_fail_from(0);
        if (status) {
            assert_int_equal(status, BSR_ENOMEM);
            assert_int_equal(found.count, 1);
            assert_float_equal(found.items[0].score, 1, 0);
        }
    }
    assert_true(n > 2);
    assert_int_equal(found.count, 1 + 72);
    mem_fail_from(1);
    found.capacity = found.count; /* full: the next one needs memory */
    assert_int_equal(yolo_decode_rows(&found, golden_rows, GOLDEN_ROWS, GOLDEN_CLASSES, &filter, &err),
                     BSR_ENOMEM);
    mem_fail_from(0);
    assert_int_equal(found.count, 1 + 72);
    candidates_free(&found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_heads_give_the_candidates_of_pytorch),
        cmocka_unit_test(test_heads_of_rows_give_the_candidates_of_pytorch),
        cmocka_unit_test(test_decoded_rows_give_the_candidates_of_pytorch),
        cmocka_unit_test(test_a_head_of_zeros_computed_by_hand),
        cmocka_unit_test(test_one_label_is_the_first_of_the_best_and_wanted_or_none),
        cmocka_unit_test(test_sigmoid_is_within_a_millionth),
        cmocka_unit_test(test_the_floor_never_loses_a_candidate),
        cmocka_unit_test(test_the_floor_is_tight),
        cmocka_unit_test(test_decoding_agrees_with_the_naive_way_on_random_heads),
        cmocka_unit_test(test_a_net_of_the_most_classes_is_decoded),
        cmocka_unit_test(test_outputs_are_matched_to_heads_by_their_cells),
        cmocka_unit_test(test_what_cannot_be_decoded_is_said),
        cmocka_unit_test(test_the_list_is_as_before_when_memory_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
