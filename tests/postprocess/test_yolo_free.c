/* Heads as a net left them, in any order of their numbers: anchor-free ones against the formula in doubles,
 * those with anchors against yolo_decode_head(). */
#include "random.h"

#include "base/alloc.h"
#include "postprocess/yolo.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { HEIGHT = 9, WIDTH = 13, CELLS = HEIGHT * WIDTH, STRIDE = 8 };

/* A map of channels with its numbers in three orders. */
enum order { PLANES, TOGETHER, PADDED, ORDERS };
struct orders {
    float          *data[ORDERS];
    struct yolo_map maps[ORDERS];
};

static struct orders random_orders(uint64_t *state, int channels, float least, float most)
{
    static const float odd[] = {NAN, INFINITY, -INFINITY, 80.0F, -1e30F};
    const ptrdiff_t    wide = channels + 5, pixel[ORDERS] = {1, channels, wide},
                    row[ORDERS] = {WIDTH, channels * (ptrdiff_t)WIDTH, wide * (WIDTH + 2)};
    struct orders orders;

    for (int o = 0; o < ORDERS; o++) {
        orders.data[o] = calloc((size_t)(wide * (WIDTH + 2) * HEIGHT), sizeof(float));
        assert_non_null(orders.data[o]);
        orders.maps[o] =
            (struct yolo_map){orders.data[o], o == PLANES ? CELLS : 1, pixel[o], row[o], HEIGHT, WIDTH};
    }
    for (int c = 0; c < channels; c++)
        for (int i = 0; i < CELLS; i++) {
            float value =
                random_below(state, 200) ? random_between(state, least, most) : odd[random_below(state, 5)];
            for (int o = 0; o < ORDERS; o++)
                orders.data[o][c * orders.maps[o].channel + i / WIDTH * row[o] + i % WIDTH * pixel[o]] =
                    value;
        }
    return orders;
}

static void orders_free(struct orders *orders)
{
    for (int o = 0; o < ORDERS; o++)
        free(orders->data[o]);
}

static void assert_same(const struct candidates *a, const struct candidates *b)
{
    assert_int_equal(a->count, b->count);
    if (a->count)
        assert_memory_equal(a->items, b->items, a->count * sizeof *a->items);
}

/* ---- anchor-free ---------------------------------------------------------------------------------- */

struct free_case {
    int   bins, classes, multi_label;
    float threshold;
    bool  some_classes;
};
static const struct free_case cases[] = {
    {16, 80, 0, 0.25F, false}, {16, 80, 1, 0.25F, false}, {4, 1, 0, 0.5F, false},  {1, 6, 1, 0.3F, true},
    {64, 3, 0, 0.6F, true},    {16, 80, 1, 0.0F, false},  {16, 2, 0, 1.0F, false}, {2, 700, 0, 0.9F, false},
};

static double number(const struct orders *orders, int channel, int cell)
{
    return (double)orders->data[PLANES][channel * CELLS + cell];
}

static bool naive_box(double box[4], const struct orders *sides, int bins, int cell)
{
    for (int side = 0; side < 4; side++) {
        double sum = 0, mean = 0;
        for (int k = 0; k < bins; k++) {
            double t = number(sides, side * bins + k, cell);
            if (!isfinite(t))
                return false;
            sum += exp(t);
            mean += exp(t) * k;
        }
        double distance = bins == 1 ? number(sides, side, cell) : mean / sum;
        double centre = (side % 2 ? cell / WIDTH : cell % WIDTH) + 0.5;
        box[side] = (centre + (side < 2 ? -distance : distance)) * STRIDE;
    }
    return box[2] >= box[0] && box[3] >= box[1];
}

/* What a cell gives, appended; scores that are at the threshold within rounding are not in these cases. */
static void naive_cell(struct candidates *out, const struct free_case *how, const char *wanted,
                       const struct orders *sides, const struct orders *classes, int cell)
{
    double box[4], best = -INFINITY;
    int    best_class = -1;

    if (!naive_box(box, sides, how->bins, cell))
        return;
    for (int c = 0; c < how->classes; c++)
        if (isfinite(number(classes, c, cell)) && number(classes, c, cell) > best) {
            best = number(classes, c, cell);
            best_class = c;
        }
    for (int c = 0; c < how->classes; c++) {
        double logit = number(classes, c, cell), score = 1 / (1 + exp(-logit));
        if (!isfinite(logit) || !(score > (double)how->threshold) || (!how->multi_label && c != best_class) ||
            (wanted && !wanted[c]))
            continue;
        struct candidate found = {(float)box[0], (float)box[1], (float)box[2],
                                  (float)box[3], (float)score,  c};
        assert_int_equal(candidates_add(out, &found, NULL), BSR_OK);
    }
}

static void assert_near(const struct candidates *found, const struct candidates *expected)
{
    assert_int_equal(found->count, expected->count);
    for (size_t i = 0; i < found->count; i++) {
        const struct candidate *a = &found->items[i], *b = &expected->items[i];
        assert_int_equal(a->class_index, b->class_index);
        assert_true(fabsf(a->x1 - b->x1) <= 1e-3F && fabsf(a->y1 - b->y1) <= 1e-3F);
        assert_true(fabsf(a->x2 - b->x2) <= 1e-3F && fabsf(a->y2 - b->y2) <= 1e-3F);
        assert_true(fabsf(a->score - b->score) <= 1e-5F);
    }
}

static void test_anchor_free_heads_are_the_formula_in_any_order(void **state)
{
    (void)state;
    uint64_t random = 11;
    char     wanted[700];

    for (size_t i = 0; i < sizeof wanted; i++)
        wanted[i] = i % 3 == 1;
    for (size_t i = 0; i < 3 * sizeof cases / sizeof *cases; i++) {
        const struct free_case *how = &cases[i / 3];
        struct orders           sides = random_orders(&random, 4 * how->bins, -3, 3),
                      classes = random_orders(&random, how->classes, -4, 2);
        struct candidates     expected = {0};
        struct yolo_free_head head = {STRIDE, how->bins, how->classes};
        struct yolo_filter    filter = {how->threshold, how->multi_label, how->some_classes ? wanted : NULL};

        for (int cell = 0; cell < CELLS; cell++)
            naive_cell(&expected, how, filter.class_wanted, &sides, &classes, cell);
        struct candidates first = {0};
        for (int o = 0; o < ORDERS; o++) {
            struct candidates    found = {0};
            struct yolo_gathered gathered;
            struct bsr_error     err;
            struct yolo_fetch    fetch =
                yolo_fetch_from(&gathered, &sides.maps[(o + i) % ORDERS], (size_t)(4 * how->bins));
            assert_int_equal(yolo_decode_free_head(&found, &classes.maps[o], &fetch, &head, &filter, &err),
                             BSR_OK);
            assert_near(&found, &expected);
            if (o == 0) {
                first = found;
                continue;
            }
            assert_same(&found, &first);
            candidates_free(&found);
        }
        candidates_free(&first);
        candidates_free(&expected);
        orders_free(&sides);
        orders_free(&classes);
    }
}

static void test_heads_that_cannot_be_are_refused(void **state)
{
    (void)state;
    static const struct yolo_free_head wrong[] = {
        {0, 16, 80}, {8, 0, 80}, {8, YOLO_MAX_BINS + 1, 80}, {8, 16, 0}, {8, 16, YOLO_MAX_CLASSES + 1}};
    float                numbers[64] = {0};
    struct yolo_map      map = {numbers, 1, 1, 1, 1, 1};
    struct yolo_gathered gathered;
    struct yolo_fetch    fetch = yolo_fetch_from(&gathered, &map, 64);
    struct yolo_filter   filter = {.threshold = 0.5F};
    struct candidates    found = {0};
    struct bsr_error     err;

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(yolo_decode_free_head(&found, &map, &fetch, &wrong[i], &filter, &err), BSR_ERANGE);
    struct yolo_free_head head = {8, 16, 1};
    filter.threshold = NAN;
    assert_int_equal(yolo_decode_free_head(&found, &map, &fetch, &head, &filter, &err), BSR_ERANGE);
    filter.threshold = 0.5F;
    map.width = 0;
    assert_int_equal(yolo_decode_free_head(&found, &map, &fetch, &head, &filter, &err), BSR_ERANGE);
    assert_int_equal(found.count, 0);
}

static bsr_status fail_get(void *context, int group, const uint32_t *cells, size_t count, const float **rows,
                           size_t *step, struct bsr_error *err)
{
    (void)context;
    (void)group;
    (void)cells;
    (void)count;
    (void)rows;
    (void)step;
    return bsr_fail(err, BSR_ENOMEM, "test", "no");
}

static void test_a_list_is_as_before_where_its_numbers_cannot_be_got(void **state)
{
    (void)state;
    float                 ones[2] = {9, 9};
    struct yolo_map       map = {ones, 1, 1, 2, 1, 2};
    struct yolo_fetch     fetch = {fail_get, NULL};
    struct yolo_free_head head = {8, 16, 1};
    struct yolo_filter    filter = {.threshold = 0.5F};
    struct candidates     found = {0};
    struct candidate      before = {.score = 1};
    struct yolo_layout    layout;
    struct bsr_error      err;

    assert_int_equal(candidates_add(&found, &before, NULL), BSR_OK);
    assert_int_equal(yolo_decode_free_head(&found, &map, &fetch, &head, &filter, &err), BSR_ENOMEM);
    yolo_layout_default(&layout, 1);
    map.channel = 0;
    assert_int_equal(yolo_decode_head_parts(&found, &map, &fetch, &layout, 0, &filter, &err), BSR_ENOMEM);
    assert_int_equal(found.count, 1);
    candidates_free(&found);
}

/* ---- with anchors ----------------------------------------------------------------------------------- */

static void test_parts_of_heads_with_anchors_decode_as_planes_do(void **state)
{
    (void)state;
    static const float thresholds[] = {0.0F, 0.001F, 0.25F, 0.7F, 1.0F};
    uint64_t           random = 5;

    for (int i = 0; i < 40; i++) {
        int                classes = 1 + (int)random_below(&random, i % 8 ? 90 : 2000), numbers = classes + 5;
        struct yolo_filter filter = {.threshold = thresholds[i % 5], .multi_label = i % 2};
        struct yolo_layout layout;
        struct bsr_error   err;
        struct candidates  expected = {0};
        struct orders      orders = random_orders(&random, 3 * numbers, -4, 2);

        yolo_layout_default(&layout, classes);
        assert_int_equal(
            yolo_decode_head(&expected, orders.data[PLANES], HEIGHT, WIDTH, &layout, 1, &filter, &err),
            BSR_OK);
        for (int o = 0; o < ORDERS; o++) {
            struct candidates    found = {0};
            struct yolo_gathered gathered;
            struct yolo_fetch    fetch = yolo_fetch_from(&gathered, &orders.maps[o], (size_t)numbers);
            struct yolo_map      objectness = orders.maps[(o + i) % ORDERS];
            objectness.data += 4 * objectness.channel;
            objectness.channel *= numbers;
            assert_int_equal(yolo_decode_head_parts(&found, &objectness, &fetch, &layout, 1, &filter, &err),
                             BSR_OK);
            assert_same(&found, &expected);
            candidates_free(&found);
        }
        candidates_free(&expected);
        orders_free(&orders);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_anchor_free_heads_are_the_formula_in_any_order),
        cmocka_unit_test(test_heads_that_cannot_be_are_refused),
        cmocka_unit_test(test_a_list_is_as_before_where_its_numbers_cannot_be_got),
        cmocka_unit_test(test_parts_of_heads_with_anchors_decode_as_planes_do),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
