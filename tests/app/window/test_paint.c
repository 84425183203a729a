#include "app/window/paint.h"
#include "base/alloc.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const struct colour black = {0, 0, 0, 255};
static const struct rect   place = {1, 2, 30, 40};

/* One of each kind: six items. */
static void add_all(struct paint_list *list)
{
    static const struct paint_point corners[] = {{0, 0}, {10, 0}, {10, 10}, {0, 10}};
    paint_rect(list, place, black, 3);
    paint_frame(list, place, black, 3, 2);
    paint_line(list, 1, 2, 31, 42, black, 1);
    paint_fan(list, corners, 4, black);
    paint_image(list, 7, place, place, black, true);
    paint_clip(list, place);
}

static void test_a_list_has_what_was_added_in_its_order(void **state)
{
    struct paint_list list = {0};
    (void)state;
    add_all(&list);
    assert_int_equal(list.count, 6);
    for (int i = 0; i < 6; i++)
        assert_int_equal(list.items[i].kind, PAINT_RECT + i);
    assert_memory_equal(&list.items[2].rect, &place, sizeof place); /* from (1, 2) by (30, 40) */
    assert_int_equal(list.items[3].first, 0);
    assert_int_equal(list.items[3].points, 4);
    assert_int_equal(list.items[4].texture, 7);
    assert_true(list.items[4].smooth);
    assert_false(list.failed);
    paint_free(&list);
    assert_null(list.items);
}

static void test_a_cleared_list_keeps_its_memory(void **state)
{
    struct paint_list list = {0};
    (void)state;
    for (int i = 0; i < 1000; i++)
        add_all(&list);
    const struct paint *items = list.items;
    paint_clear(&list);
    assert_int_equal(list.count, 0);
    mem_fail_from(1);
    for (int i = 0; i < 1000; i++)
        add_all(&list);
    mem_fail_from(0);
    assert_int_equal(list.count, 6000);
    assert_false(list.failed);
    assert_ptr_equal(list.items, items);
    paint_free(&list);
}

static void test_what_can_not_be_seen_is_left_out(void **state)
{
    static const struct rect wrong[] = {
        {0, 0, 0, 5}, {0, 0, 5, -1}, {NAN, 0, 5, 5}, {0, INFINITY, 5, 5}, {0, 0, INFINITY, 5}};
    static const struct paint_point points[] = {{0, 0}, {NAN, 0}, {1, 1}};
    const struct colour             none = {255, 255, 255, 0};
    struct paint_list               list = {0};
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        paint_rect(&list, wrong[i], black, 0);
        paint_frame(&list, wrong[i], black, 0, 1);
        paint_image(&list, 1, wrong[i], place, black, false);
        paint_image(&list, 1, place, wrong[i], black, false);
    }
    paint_rect(&list, place, none, 0);
    paint_rect(&list, place, black, NAN);
    paint_frame(&list, place, black, 0, 0);
    paint_frame(&list, place, black, 0, NAN);
    paint_line(&list, 0, 0, NAN, 1, black, 1);
    paint_line(&list, 0, 0, 1, 1, black, -1);
    paint_fan(&list, points, 3, black);
    paint_fan(&list, points, 2, black);
    paint_image(&list, 0, place, place, black, false);
    paint_clip(&list, wrong[2]);
    assert_int_equal(list.count, 0);
    paint_clip(&list, wrong[0]); /* hides all */
    assert_int_equal(list.count, 1);
    paint_free(&list);
}

static void test_a_list_without_memory_says_so_and_stays_whole(void **state)
{
    (void)state;
    for (size_t n = 1; n <= 3; n++) {
        struct paint_list list = {0}, copy = {0};
        mem_fail_from(n);
        add_all(&list);
        bool copied = !list.failed && paint_copy(&copy, &list);
        mem_fail_from(0);
        assert_false(copied);
        assert_true(list.failed == (n <= 2));
        for (size_t i = 0; i < list.count; i++)
            if (list.items[i].kind == PAINT_FAN)
                assert_true((size_t)list.items[i].first + (size_t)list.items[i].points <= list.point_count);
        paint_clear(&list);
        add_all(&list);
        assert_false(list.failed);
        assert_int_equal(list.count, 6);
        paint_free(&list);
        paint_free(&copy);
    }
}

static void test_a_copy_is_the_same_list(void **state)
{
    struct paint_list list = {0}, copy = {0};
    (void)state;
    add_all(&list);
    add_all(&copy);
    add_all(&copy);
    assert_true(paint_copy(&copy, &list));
    assert_int_equal(copy.count, list.count);
    assert_memory_equal(copy.items, list.items, list.count * sizeof *list.items);
    assert_int_equal(copy.point_count, 4);
    assert_memory_equal(copy.points, list.points, 4 * sizeof *list.points);
    paint_clear(&list);
    assert_true(paint_copy(&copy, &list));
    assert_int_equal(copy.count, 0);
    paint_free(&list);
    paint_free(&copy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_list_has_what_was_added_in_its_order),
        cmocka_unit_test(test_a_cleared_list_keeps_its_memory),
        cmocka_unit_test(test_what_can_not_be_seen_is_left_out),
        cmocka_unit_test(test_a_list_without_memory_says_so_and_stays_whole),
        cmocka_unit_test(test_a_copy_is_the_same_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
