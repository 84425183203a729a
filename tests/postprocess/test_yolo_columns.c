/* Anchor-free columns against a plain loop over random numbers, and boxes from the graph. */
#include "random.h"

#include "base/alloc.h"
#include "postprocess/yolo.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* As the formula says it: column by column. */
static void naive(struct candidates *out, const float *data, size_t count, int classes,
                  const struct yolo_filter *filter)
{
    for (size_t i = 0; i < count; i++) {
        float            w = data[2 * count + i], h = data[3 * count + i];
        struct candidate box = {.x1 = data[i] - w / 2,
                                .y1 = data[count + i] - h / 2,
                                .x2 = data[i] + w / 2,
                                .y2 = data[count + i] + h / 2};
        int              best = -1;
        if (!(w >= 0 && h >= 0) || !isfinite(w + h + box.x1 + box.y1))
            continue;
        for (int c = 0; c < classes; c++) {
            float score = data[(size_t)(4 + c) * count + i];
            if (!(score > filter->threshold) || !isfinite(score))
                continue;
            if (best < 0 || score > data[(size_t)(4 + best) * count + i])
                best = c;
            box.score = score;
            box.class_index = c;
            if (filter->multi_label && (!filter->class_wanted || filter->class_wanted[c]))
                candidates_add(out, &box, NULL);
        }
        if (filter->multi_label || best < 0 || (filter->class_wanted && !filter->class_wanted[best]))
            continue;
        box.score = data[(size_t)(4 + best) * count + i];
        box.class_index = best;
        candidates_add(out, &box, NULL);
    }
}

static float *random_columns(uint64_t *state, size_t count, int classes)
{
    static const float odd[] = {NAN, INFINITY, -INFINITY, -1.0F, 0.5F};
    float             *data = malloc((size_t)(4 + classes) * count * sizeof *data);
    assert_non_null(data);
    for (size_t i = 0; i < (size_t)(4 + classes) * count; i++) {
        data[i] = i < 4 * count ? random_between(state, 0, 640) : random_between(state, 0, 1);
        if (random_below(state, 50) == 0)
            data[i] = odd[random_below(state, 5)];
    }
    return data;
}

static void test_columns_are_what_the_formula_says(void **state)
{
    uint64_t seed = 7;
    (void)state;
    for (int round = 0; round < 200; round++) {
        size_t             count = 1 + random_below(&seed, 1300);
        int                classes = 1 + (int)random_below(&seed, 12);
        char               wanted[12] = {0};
        float             *data = random_columns(&seed, count, classes);
        struct yolo_filter filter = {.threshold = random_between(&seed, 0, 1),
                                     .multi_label = (int)random_below(&seed, 2)};
        struct candidates  found = {0}, right = {0};
        for (int c = 0; c < classes; c++)
            wanted[c] = (char)random_below(&seed, 2);
        filter.class_wanted = random_below(&seed, 2) ? wanted : NULL;
        assert_int_equal(yolo_decode_columns(&found, data, count, classes, &filter, NULL), BSR_OK);
        naive(&right, data, count, classes, &filter);
        assert_int_equal(found.count, right.count);
        if (found.count)
            assert_memory_equal(found.items, right.items, found.count * sizeof *found.items);
        candidates_free(&found);
        candidates_free(&right);
        free(data);
    }
}

static void test_boxes_of_the_graph_are_taken_as_they_are(void **state)
{
    static const float six[][6] = {
        {10, 20, 30, 40, 0.9F, 2}, {10, 20, 30, 40, 0.1F, 2}, {30, 20, 10, 40, 0.9F, 2},
        {1, 2, 3, 4, 0.8F, 1.5F},  {1, 2, 3, NAN, 0.8F, 1},   {1, 2, 3, 4, 0.8F, 3},
        {1, 2, 3, 4, 0.8F, -1},    {1, 2, 3, 4, INFINITY, 1}, {0, 0, 0, 0, 0, 0},
        {5, 6, 7, 8, 0.26F, 0},
    };
    static const float seven[][7] = {{0, 5, 6, 7, 8, 1, 0.5F}, {0, 5, 6, 7, 8, 1, 0.2F}};
    struct yolo_filter filter = {.threshold = 0.25F};
    struct candidates  found = {0};
    (void)state;
    assert_int_equal(yolo_decode_boxes(&found, six[0], 10, YOLO_BOXES_SCORE_CLASS, 3, &filter, NULL), BSR_OK);
    assert_int_equal(found.count, 2);
    assert_int_equal(found.items[0].class_index, 2);
    assert_true(found.items[0].x1 == 10 && found.items[0].y2 == 40);
    assert_true(found.items[1].score == 0.26F);
    assert_int_equal(yolo_decode_boxes(&found, seven[0], 2, YOLO_BOXES_CLASS_SCORE, 3, &filter, NULL),
                     BSR_OK);
    assert_int_equal(found.count, 3);
    assert_int_equal(found.items[2].class_index, 1);
    assert_true(found.items[2].x1 == 5 && found.items[2].y2 == 8 && found.items[2].score == 0.5F);
    candidates_free(&found);
}

static void test_what_can_not_be_is_refused_and_leaves_the_list(void **state)
{
    const float        data[6] = {1, 2, 3, 4, 0.5F, 0};
    struct yolo_filter odd = {.threshold = NAN}, filter = {.threshold = 0.1F};
    struct candidates  found = {0};
    (void)state;
    assert_int_equal(yolo_decode_columns(&found, data, 1, 0, &filter, NULL), BSR_ERANGE);
    assert_int_equal(yolo_decode_columns(&found, data, 1, 1, &odd, NULL), BSR_ERANGE);
    assert_int_equal(yolo_decode_boxes(&found, data, 1, YOLO_BOXES_SCORE_CLASS, 10001, &filter, NULL),
                     BSR_ERANGE);
    mem_fail_from(1);
    assert_int_equal(yolo_decode_columns(&found, data, 1, 1, &filter, NULL), BSR_ENOMEM);
    assert_int_equal(yolo_decode_boxes(&found, data, 1, YOLO_BOXES_SCORE_CLASS, 1, &filter, NULL),
                     BSR_ENOMEM);
    mem_fail_from(0);
    assert_int_equal(found.count, 0);
    candidates_free(&found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_columns_are_what_the_formula_says),
        cmocka_unit_test(test_boxes_of_the_graph_are_taken_as_they_are),
        cmocka_unit_test(test_what_can_not_be_is_refused_and_leaves_the_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
