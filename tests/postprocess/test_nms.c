#include "brute_nms.h"
#include "random.h"

#include "base/alloc.h"
#include "postprocess/nms_kept.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void add(struct candidates *list, float x1, float y1, float x2, float y2, float score, int class_index)
{
    struct candidate box = {x1, y1, x2, y2, score, class_index};
    assert_int_equal(candidates_add(list, &box, NULL), BSR_OK);
}

static void copy(struct candidates *to, const struct candidates *from)
{
    to->count = 0;
    for (size_t i = 0; i < from->count; i++)
        assert_int_equal(candidates_add(to, &from->items[i], NULL), BSR_OK);
}

/* Bit for bit, in the same order. */
static void assert_same(const struct candidates *a, const struct candidates *b)
{
    assert_int_equal(a->count, b->count);
    if (a->count)
        assert_memory_equal(a->items, b->items, a->count * sizeof(*a->items));
}

/* Two squares of 10 x 10, the second 5 to the right: both 50, either 150, IoU 1/3. */
static void test_iou_of_boxes_computed_by_hand(void **state)
{
    (void)state;
    const struct candidate square = {0, 0, 10, 10, 1, 0}, right = {5, 0, 15, 10, 1, 0};
    const struct candidate inside = {2, 2, 7, 7, 1, 0}, apart = {10, 0, 20, 10, 1, 0};
    const struct candidate line = {0, 5, 10, 5, 1, 0}, turned = {10, 10, 0, 0, 1, 0};
    const struct candidate huge = {-FLT_MAX, -FLT_MAX, FLT_MAX, FLT_MAX, 1, 0};
    assert_float_equal(box_iou(&square, &right), 1.0F / 3, 1e-7);
    assert_float_equal(box_iou(&square, &inside), 0.25F, 0);
    assert_float_equal(box_iou(&square, &square), 1, 0);
    assert_float_equal(box_iou(&square, &apart), 0, 0);
    assert_float_equal(box_iou(&line, &line), 0, 0);
    assert_float_equal(box_iou(&line, &square), 0, 0);
    assert_float_equal(box_iou(&turned, &square), 0, 0);
    assert_float_equal(box_iou(&huge, &huge), 0, 0);
    assert_float_equal(box_iou(&huge, &square), 0, 0);
}

static void test_nms_keeps_the_best_of_what_overlaps(void **state)
{
    (void)state;
    struct candidates list = {0};
    add(&list, 5, 0, 15, 10, 0.8F, 0);  /* IoU 1/3 with the best */
    add(&list, 0, 0, 10, 10, 0.9F, 0);  /* the best */
    add(&list, 1, 0, 11, 10, 0.7F, 0);  /* 9/11 with the best: dropped */
    add(&list, 1, 0, 11, 10, 0.7F, 1);  /* another class */
    add(&list, 14, 0, 24, 10, 0.6F, 0); /* 1/19 with the second */
    assert_int_equal(nms(&list, 0.45F, 0, 300, 0, NULL), BSR_OK);
    assert_int_equal(list.count, 4);
    assert_float_equal(list.items[0].score, 0.9F, 0);
    assert_float_equal(list.items[1].score, 0.8F, 0);
    assert_int_equal(list.items[2].class_index, 1);
    assert_float_equal(list.items[3].x1, 14, 0);

    assert_int_equal(nms(&list, 0.45F, 1, 300, 0, NULL), BSR_OK); /* agnostic: the other class goes too */
    assert_int_equal(list.count, 3);
    assert_int_equal(nms(&list, 0.3F, 0, 300, 0, NULL), BSR_OK); /* 1/3 > 0.3 */
    assert_int_equal(list.count, 2);
    assert_int_equal(nms(&list, 0.3F, 0, 1, 0, NULL), BSR_OK);
    assert_int_equal(list.count, 1);
    assert_float_equal(list.items[0].score, 0.9F, 0);
    candidates_free(&list);
}

/* As torchvision: over the threshold, not at it; empty boxes (0 / 0) suppress nothing. */
static void test_nms_at_the_ends_of_iou(void **state)
{
    (void)state;
    struct candidates list = {0};
    add(&list, 0, 0, 10, 10, 0.9F, 0);
    add(&list, 0, 0, 10, 10, 0.9F, 0);    /* identical, a tie */
    add(&list, 10, 0, 20, 10, 0.8F, 0);   /* touches */
    add(&list, 5, 5, 5, 5, 0.7F, 0);      /* empty */
    add(&list, 5, 5, 5, 5, 0.7F, 0);      /* empty, the same */
    add(&list, 9.5F, 0, 20, 10, 0.6F, 0); /* a little of the first, most of the third */
    struct candidates again = {0};
    copy(&again, &list);
    assert_int_equal(nms(&list, 1, 0, 0, 0, NULL), BSR_OK);
    assert_int_equal(list.count, 6);
    assert_int_equal(nms(&again, 0, 0, 0, 0, NULL), BSR_OK);
    assert_int_equal(again.count, 4);
    assert_float_equal(again.items[1].x1, 10, 0);
    candidates_free(&list);
    candidates_free(&again);
}

static void test_nms_breaks_ties_by_order_of_arrival(void **state)
{
    (void)state;
    struct candidates list = {0};
    for (int i = 0; i < 200; i++) /* over the limit of sorting by insertion */
        add(&list, (float)(i * 20), 0, (float)(i * 20 + 10), 10, i % 2 ? 0.5F : (i % 4 ? 0.0F : -0.0F), 0);
    assert_int_equal(nms(&list, 0.5F, 0, 0, 0, NULL), BSR_OK);
    assert_int_equal(list.count, 200);
    for (int i = 0; i < 100; i++) {
        assert_float_equal(list.items[i].x1, (i * 2 + 1) * 20, 0);
        assert_float_equal(list.items[100 + i].x1, i * 2 * 20, 0);
    }
    candidates_free(&list);
}

static void test_nms_looks_at_max_candidates_only(void **state)
{
    (void)state;
    struct candidates list = {0};
    add(&list, 0, 0, 10, 10, 0.5F, 0);
    add(&list, 20, 0, 30, 10, 0.9F, 0);
    add(&list, 21, 0, 31, 10, 0.8F, 0);
    assert_int_equal(nms(&list, 0.5F, 0, 0, 2, NULL), BSR_OK);
    assert_int_equal(list.count, 1);
    assert_float_equal(list.items[0].x1, 20, 0);
    candidates_free(&list);
}

static void test_nms_drops_what_is_not_finite(void **state)
{
    (void)state;
    struct candidates list = {0};
    add(&list, 0, 0, 10, 10, NAN, 0);
    add(&list, NAN, 0, 10, 10, 0.5F, 0);
    add(&list, 0, -INFINITY, 10, 10, 0.5F, 0);
    add(&list, 0, 0, INFINITY, 10, 0.5F, 0);
    add(&list, 0, 0, 10, NAN, 0.5F, 0);
    add(&list, 0, 0, 10, 10, INFINITY, 0);
    assert_int_equal(nms(&list, 0.5F, 0, 0, 0, NULL), BSR_OK);
    assert_int_equal(list.count, 0);
    assert_int_equal(nms(&list, 0.5F, 0, 0, 0, NULL), BSR_OK); /* nothing to do is no error */
    candidates_free(&list);
    assert_int_equal(nms(&list, 0.5F, 0, 0, 0, NULL), BSR_OK);
}

static void test_nms_says_what_is_out_of_range(void **state)
{
    (void)state;
    struct bsr_error  err;
    struct candidates list = {0};
    add(&list, 0, 0, 10, 10, 0.5F, -1);
    assert_int_equal(nms(&list, 0.5F, 0, 0, 0, &err), BSR_ERANGE);
    assert_string_equal(err.message, "class -1 is not in 0 to 1048575");
    list.items[0].class_index = NMS_MAX_CLASSES;
    assert_int_equal(nms(&list, 0.5F, 1, 0, 0, &err), BSR_ERANGE);
    list.items[0].class_index = 0;
    assert_int_equal(nms(&list, 1.5F, 0, 0, 0, &err), BSR_ERANGE);
    assert_string_equal(err.message, "1.5 is not in 0 to 1");
    assert_int_equal(nms(&list, -0.1F, 0, 0, 0, &err), BSR_ERANGE);
    assert_int_equal(nms(&list, NAN, 0, 0, 0, &err), BSR_ERANGE);
    assert_int_equal(list.count, 1);
    candidates_free(&list);
}

/* Clutter of the kinds that break suppression: few positions (identical boxes), few scores (ties), boxes
 * without area, boxes the wrong way round, tiny and huge ones, sometimes what is not finite. */
static void fill_with_clutter(struct candidates *list, uint64_t *seed)
{
    static const float odd[] = {NAN, INFINITY, -INFINITY, 1e30F, -3e38F, FLT_MAX, 1e-40F, 0};
    const unsigned     count = random_below(seed, 8) ? random_below(seed, 120) : random_below(seed, 1500);
    const unsigned     classes = 1 + random_below(seed, 4);
    const unsigned     scores = random_below(seed, 2) ? 5 : 1000000;
    const bool         coarse = random_below(seed, 2), hostile = !random_below(seed, 5);
    const float        most = random_below(seed, 3) ? 60 : 600;

    list->count = 0;
    for (unsigned i = 0; i < count; i++) {
        float corner[4] = {random_between(seed, 0, 640), random_between(seed, 0, 480),
                           random_between(seed, 0, most), random_between(seed, 0, most)};
        for (int k = 0; k < 4 && coarse; k++)
            corner[k] = floorf(corner[k] / 20) * 20;
        if (!random_below(seed, 40))
            corner[2 + random_below(seed, 2)] *= -1;
        if (hostile && !random_below(seed, 10))
            corner[random_below(seed, 4)] = odd[random_below(seed, 8)];
        add(list, corner[0], corner[1], corner[0] + corner[2], corner[1] + corner[3],
            (float)random_below(seed, scores) / (float)scores, (int)random_below(seed, classes));
    }
}

static void test_nms_agrees_with_brute_force_on_1000_random_cases(void **state)
{
    (void)state;
    static const float  ious[] = {0, 1, 0.45F, 0.6F, 0.05F, 0.9F, 0.99F};
    static const size_t limits[] = {0, 0, 300, 1, 20};
    struct nms_scratch *scratch = nms_scratch_create();
    struct candidates   list = {0}, expected = {0};
    uint64_t            seed = 20240611;

    for (int i = 0; i < 1000; i++) {
        float  iou = ious[random_below(&seed, 7)];
        int    agnostic = (int)random_below(&seed, 2);
        size_t most = limits[random_below(&seed, 5)], looked_at = limits[random_below(&seed, 5)];
        fill_with_clutter(&list, &seed);
        copy(&expected, &list);
        brute_nms(&expected, iou, agnostic, most, looked_at);
        assert_int_equal(nms_with(scratch, &list, iou, agnostic, most, looked_at, NULL), BSR_OK);
        assert_same(&list, &expected);
    }
    candidates_free(&list);
    candidates_free(&expected);
    nms_scratch_destroy(scratch);
}

/* Sets this large are in grids; sizes over three orders of magnitude use all of their levels. */
static void test_nms_agrees_with_brute_force_where_thousands_are_kept(void **state)
{
    (void)state;
    static const float ious[] = {0, 0.02F, 0.3F, 0.7F, 1};
    struct candidates  list = {0}, expected = {0};
    uint64_t           seed = 7;

    for (size_t i = 0; i < sizeof(ious) / sizeof(*ious); i++) {
        list.count = 0;
        for (int k = 0; k < 6000; k++) {
            float x = random_between(&seed, -1000, 3000), y = random_between(&seed, 0, 2000);
            float width = expf(random_between(&seed, 0, 4 + (float)i)),
                  height = expf(random_between(&seed, 0, 4));
            add(&list, x, y, x + width, y + height, random_between(&seed, 0, 1), k % 8 == 0);
        }
        copy(&expected, &list);
        brute_nms(&expected, ious[i], 0, 0, 0);
        assert_true(expected.count > NMS_FLAT_LIMIT * 8 / 7);
        assert_int_equal(nms(&list, ious[i], 0, 0, 0, NULL), BSR_OK);
        assert_same(&list, &expected);
    }
    candidates_free(&list);
    candidates_free(&expected);
}

/* Hints take the kept box beside a copy first: pixels, numbers of 0 to 1, and numbers too large for any cell.
 */
static void test_nms_agrees_with_brute_force_on_copies(void **state)
{
    (void)state;
    static const float scales[] = {1, 1.0F / 640, 3e6F, -1e30F};
    struct candidates  list = {0}, expected = {0};
    uint64_t           seed = 31;

    for (size_t i = 0; i < sizeof(scales) / sizeof(*scales); i++)
        for (int agnostic = 0; agnostic <= 1; agnostic++) {
            float things[300][2];
            list.count = 0;
            for (int k = 0; k < 6000; k++) {
                float *thing = things[k % 300], scale = scales[i];
                if (k < 300) {
                    thing[0] = random_between(&seed, -100, 640);
                    thing[1] = random_between(&seed, -100, 640);
                }
                float x = scale * (thing[0] + random_between(&seed, -4, 4));
                float y = scale * (thing[1] + random_between(&seed, -4, 4));
                float side = fabsf(scale) * random_between(&seed, 40, 44);
                add(&list, x, y, x + side, y + side, random_between(&seed, 0, 1), k % 2);
            }
            copy(&expected, &list);
            brute_nms(&expected, 0.45F, agnostic, 300, 0);
            assert_true(expected.count > 100);
            assert_int_equal(nms(&list, 0.45F, agnostic, 300, 0, NULL), BSR_OK);
            assert_same(&list, &expected);
        }
    candidates_free(&list);
    candidates_free(&expected);
}

static void test_overlap_twins_agree_with_the_reference(void **state)
{
    (void)state;
    nms_overlaps     *reference = nms_overlaps_for(CPU_SCALAR);
    struct nms_pool   pool = {0};
    struct candidates list = {0};
    uint64_t          seed = 99;
    size_t            hits = 0;

    for (int i = 0; i < 400; i++) {
        struct nms_chunk *chain = NULL;
        float             iou = i % 5 == 0 ? (float)(i % 2) : random_between(&seed, 0, 1);
        fill_with_clutter(&list, &seed);
        size_t kept = list.count / 2 < 100 ? list.count / 2 : 100;
        for (size_t k = 0; k < kept; k++)
            if (isfinite(list.items[k].x1 + list.items[k].y1 + list.items[k].x2 + list.items[k].y2))
                assert_true(nms_chain_add(&pool, &chain, &list.items[k]));
        for (size_t k = kept; k < list.count; k++) {
            bool expected = reference(chain, &list.items[k], iou);
            hits += expected;
            for (int level = CPU_AVX2; level <= (int)cpu_level_of_machine(); level++)
                assert_int_equal(nms_overlaps_for((enum cpu_level)level)(chain, &list.items[k], iou),
                                 expected);
        }
        nms_pool_clear(&pool);
    }
    assert_true(hits > 1000);
    nms_pool_free(&pool);
    candidates_free(&list);
}

static void test_nms_leaves_the_list_when_memory_runs_out(void **state)
{
    (void)state;
    struct candidates list = {0}, before = {0};
    bsr_status        status = BSR_ENOMEM;
    struct bsr_error  err;

    for (int i = 0; i < 3000; i++) { /* apart: all are kept, in a grid */
        int column = i % 60 * 20, row = i / 60 * 20;
        add(&list, (float)column, (float)row, (float)(column + 10), (float)(row + 10),
            (float)(i * 7919 % 3000) / 3000, 0);
    }
    copy(&before, &list);
    size_t n = 1;
    for (; status; n++) {
        assert_true(n < 1000);
        mem_fail_from(n);
        status = nms(&list, 0.5F, 0, 0, 0, &err);
        mem_fail_from(0);
        if (status) {
            assert_int_equal(status, BSR_ENOMEM);
            assert_int_equal(err.code, BSR_ENOMEM);
            assert_same(&list, &before);
        }
    }
    assert_true(n > 6);
    assert_int_equal(list.count, 3000);
    candidates_free(&list);
    candidates_free(&before);
}

static void test_nms_in_used_scratch_allocates_nothing(void **state)
{
    (void)state;
    struct nms_scratch *scratch = nms_scratch_create();
    struct candidates   list = {0}, once = {0};
    uint64_t            seed = 5;
    for (int i = 0; i < 3000; i++) {
        float x = random_between(&seed, 0, 9000), y = random_between(&seed, 0, 9000);
        add(&once, x, y, x + 20, y + 20, random_between(&seed, 0, 1), i % 8 / 7);
    }
    copy(&list, &once);
    assert_int_equal(nms_with(scratch, &list, 0.5F, 0, 0, 0, NULL), BSR_OK);
    assert_true(list.count > NMS_FLAT_LIMIT * 8 / 7);
    copy(&list, &once);
    mem_fail_from(1);
    bsr_status status = nms_with(scratch, &list, 0.5F, 0, 0, 0, NULL);
    size_t     asked = mem_fail_from(0);
    assert_int_equal(status, BSR_OK);
    assert_int_equal(asked, 0);
    nms_scratch_destroy(scratch);
    candidates_free(&list);
    candidates_free(&once);
}

static void test_candidates_are_as_before_when_memory_runs_out(void **state)
{
    (void)state;
    struct candidates list = {0};
    struct candidate  box = {0};
    struct bsr_error  err;
    mem_fail_from(1);
    assert_int_equal(candidates_add(&list, &box, &err), BSR_ENOMEM);
    assert_null(list.items);
    mem_fail_from(0);
    for (int i = 0; i < 64; i++)
        add(&list, 0, 0, 1, 1, (float)i, 0);
    mem_fail_from(1);
    assert_int_equal(candidates_add(&list, &box, &err), BSR_ENOMEM);
    mem_fail_from(0);
    assert_int_equal(list.count, 64);
    assert_float_equal(list.items[63].score, 63, 0);
    candidates_free(&list);
    assert_int_equal(list.capacity, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_iou_of_boxes_computed_by_hand),
        cmocka_unit_test(test_nms_keeps_the_best_of_what_overlaps),
        cmocka_unit_test(test_nms_at_the_ends_of_iou),
        cmocka_unit_test(test_nms_breaks_ties_by_order_of_arrival),
        cmocka_unit_test(test_nms_looks_at_max_candidates_only),
        cmocka_unit_test(test_nms_drops_what_is_not_finite),
        cmocka_unit_test(test_nms_says_what_is_out_of_range),
        cmocka_unit_test(test_nms_agrees_with_brute_force_on_1000_random_cases),
        cmocka_unit_test(test_nms_agrees_with_brute_force_where_thousands_are_kept),
        cmocka_unit_test(test_nms_agrees_with_brute_force_on_copies),
        cmocka_unit_test(test_overlap_twins_agree_with_the_reference),
        cmocka_unit_test(test_nms_leaves_the_list_when_memory_runs_out),
        cmocka_unit_test(test_nms_in_used_scratch_allocates_nothing),
        cmocka_unit_test(test_candidates_are_as_before_when_memory_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
