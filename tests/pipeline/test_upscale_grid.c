/* Windows cover a picture, begin at multiples, see enough around what they give, and keep to the memory. */
#include "pipeline/upscale_grid.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static uint32_t state = 1;

static int draw(int least, int most)
{
    state = state * 1664525 + 1013904223;
    return least + (int)((state >> 8) % (uint32_t)(most - least + 1));
}

static struct onnx_field random_field(void)
{
    static const int aligns[] = {1, 2, 4, 8, 12, 64};
    return (struct onnx_field){.local = true,
                               .factor = draw(1, 4),
                               .before = {draw(0, 60), draw(0, 60)},
                               .behind = {draw(0, 60), draw(0, 60)},
                               .align = aligns[draw(0, 5)],
                               .bytes = draw(40, 8000)};
}

static void check_axis(const struct grid_axis *axis, const struct onnx_field *field, int a, int length)
{
    int next = 0;

    assert_int_equal(axis->length, length);
    for (int i = 0; i < axis->count; i++) {
        struct grid_span span = grid_window(axis, i);
        bool             last = i == axis->count - 1;
        int              end = span.first + span.count;
        assert_true(span.first >= 0 && end <= length && span.count > 0 && span.count <= axis->size);
        assert_int_equal(span.first % field->align, 0);
        assert_true(last ? end == length : end % field->align == 0);
        /* what it gives follows upon what the one before gave, and it sees all that this looks at */
        assert_int_equal(span.out_first, next);
        assert_true(span.out_count > 0);
        next = span.out_first + span.out_count;
        assert_true(span.first == 0 || span.out_first >= span.first * field->factor + field->before[a]);
        assert_true(last || next <= end * field->factor - field->behind[a]);
    }
    assert_int_equal(next, length * field->factor);
}

static void test_windows_cover_the_picture(void **unused)
{
    (void)unused;
    for (int i = 0; i < 3000; i++) {
        struct onnx_field field = random_field();
        struct grid_net   net = {.field = &field, .channels = 3};
        int               width = draw(1, i % 2 ? 300 : 3000), height = draw(1, 700);
        int               tile = draw(0, 1) ? 0 : draw(16, 400);
        struct grid       grid = grid_make(&net, width, height, tile, 0);
        check_axis(&grid.y, &field, 0, height);
        check_axis(&grid.x, &field, 1, width);
    }
}

static void test_memory_bounds_the_windows(void **unused)
{
    struct onnx_field field = {
        .local = true, .factor = 4, .before = {20, 20}, .behind = {20, 20}, .align = 4, .bytes = 2000};
    struct grid_net net = {.field = &field, .channels = 3};
    uint64_t        before = UINT64_MAX;

    (void)unused;
    for (uint64_t memory = 256; memory >= 32; memory /= 2) {
        struct grid grid = grid_make(&net, 3000, 2000, 0, memory << 20);
        uint64_t    bytes = grid_bytes(&net, &grid);
        assert_true(bytes <= memory << 20);
        assert_true(bytes <= before);
        before = bytes;
    }
    /* what nothing fits still has windows: the smallest */
    struct grid least = grid_make(&net, 3000, 2000, 0, 1);
    assert_true(grid_bytes(&net, &least) <= before);
    check_axis(&least.y, &field, 0, 2000);
}

/* The picture's size is of no account for a window's. */
static void test_memory_does_not_grow_with_the_height(void **unused)
{
    struct onnx_field field = {
        .local = true, .factor = 2, .before = {10, 10}, .behind = {10, 10}, .align = 4, .bytes = 600};
    struct grid_net net = {.field = &field, .channels = 1};
    struct grid     small = grid_make(&net, 2000, 2000, 0, 0), large = grid_make(&net, 2000, 40000, 0, 0);

    (void)unused;
    assert_true((double)grid_bytes(&net, &large) < 1.3 * (double)grid_bytes(&net, &small));
}

static void test_one_size_covers_all(void **unused)
{
    (void)unused;
    for (int i = 0; i < 500; i++) {
        struct onnx_field field = random_field();
        field.align = 1 << draw(0, 3);
        struct grid_net net = {.field = &field, .fixed = {draw(100, 256), draw(100, 256)}, .channels = 1};
        int             sides[2] = {draw(1, 900), draw(1, 900)};
        struct grid     grid = grid_make(&net, sides[1], sides[0], 0, 0);
        for (int a = 0; a < 2; a++) {
            const struct grid_axis *axis = a ? &grid.x : &grid.y;
            int                     next = 0;
            assert_int_equal(axis->size, net.fixed[a]);
            for (int w = 0; axis->step && w < axis->count; w++) {
                struct grid_span span = grid_window(axis, w);
                bool             last = w == axis->count - 1;
                assert_true(axis->length < axis->size || span.count == axis->size);
                assert_int_equal(span.out_first, next);
                next += span.out_count;
                assert_true(last || next <= (span.first + span.count) * field.factor - field.behind[a]);
            }
            assert_true(!axis->step || next == sides[a] * field.factor);
        }
    }
}

static void test_what_is_not_local_is_one_window(void **unused)
{
    struct onnx_field field = {.local = false, .factor = 3, .align = 1};
    struct grid_net   net = {.field = &field, .channels = 1};
    struct grid       grid = grid_make(&net, 700, 300, 64, 1);

    (void)unused;
    assert_int_equal(grid.x.count * grid.y.count, 1);
    assert_int_equal(grid_window(&grid.x, 0).out_count, 2100);
    assert_int_equal(grid_window(&grid.y, 0).count, 300);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_windows_cover_the_picture),
        cmocka_unit_test(test_memory_bounds_the_windows),
        cmocka_unit_test(test_memory_does_not_grow_with_the_height),
        cmocka_unit_test(test_one_size_covers_all),
        cmocka_unit_test(test_what_is_not_local_is_one_window),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
