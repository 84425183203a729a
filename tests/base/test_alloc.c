/* Memory: alignment, sizes that overflow, failures on demand; and pictures in memory. */
#include "base/alloc.h"
#include "base/image.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

static void test_product_is_0_when_it_overflows(void **state)
{
    (void)state;
    assert_true(mem_product(6, 7) == 42);
    assert_true(mem_product(0, 7) == 0 && mem_product(7, 0) == 0);
    assert_true(mem_product(SIZE_MAX, 1) == SIZE_MAX && mem_product(1, SIZE_MAX) == SIZE_MAX);
    assert_true(mem_product(SIZE_MAX, 2) == 0 && mem_product(2, SIZE_MAX) == 0);
    assert_true(mem_product(SIZE_MAX / 2 + 1, 2) == 0);
}

static void test_aligned_memory_is_aligned(void **state)
{
    (void)state;
    for (size_t count = 1; count < 200; count++) {
        uint8_t *block = mem_alloc_aligned(count, 3);
        assert_non_null(block);
        assert_int_equal((uintptr_t)block % MEM_ALIGNMENT, 0);
        memset(block, 1, count * 3);
        mem_free(block);
    }
}

static void test_zeroed_memory_is_zero(void **state)
{
    uint8_t *block = mem_alloc_zeroed(100, 10);

    (void)state;
    assert_non_null(block);
    for (size_t i = 0; i < 1000; i++)
        assert_int_equal(block[i], 0);
    mem_free(block);
}

static void test_sizes_that_overflow_are_refused(void **state)
{
    void *block = mem_alloc(5);

    (void)state;
    assert_null(mem_alloc_zeroed(SIZE_MAX / 2, 4));
    assert_null(mem_alloc_aligned(SIZE_MAX / 2, 4));
    assert_null(mem_alloc_aligned(SIZE_MAX, 1));
    assert_null(mem_alloc_aligned(SIZE_MAX - MEM_ALIGNMENT, 1));
    assert_null(mem_resize(block, SIZE_MAX / 2, 4));
    mem_free(block);
}

static void test_nothing_can_be_asked_for(void **state)
{
    void *a = mem_alloc(0), *b = mem_alloc_zeroed(0, 8);

    (void)state;
    assert_non_null(a);
    assert_non_null(b);
    mem_free(a);
    mem_free(b);
    mem_free(NULL);
}

static void test_resizing_keeps_the_contents(void **state)
{
    char *text = mem_copy_text("besra");

    (void)state;
    assert_non_null(text);
    text = mem_resize(text, 1000, 2);
    assert_non_null(text);
    assert_string_equal(text, "besra");
    mem_free(text);
}

static void test_the_nth_allocation_and_all_after_it_fail(void **state)
{
    void *blocks[5];

    (void)state;
    mem_fail_from(3);
    blocks[0] = mem_alloc(1);
    blocks[1] = mem_alloc_zeroed(1, 1);
    blocks[2] = mem_alloc_aligned(1, 1);
    blocks[3] = mem_resize(blocks[0], 2, 1);
    blocks[4] = mem_copy_text("x");
    assert_int_equal(mem_fail_from(0), 5);
    assert_non_null(blocks[0]); /* untouched by the resizing that failed */
    assert_non_null(blocks[1]);
    assert_null(blocks[2]);
    assert_null(blocks[3]);
    assert_null(blocks[4]);
    mem_free(blocks[0]);
    mem_free(blocks[1]);

    blocks[0] = mem_alloc(1);
    assert_non_null(blocks[0]);
    mem_free(blocks[0]);
    assert_int_equal(mem_fail_from(0), 1);
}

static void test_picture_rows_are_padded_and_whole(void **state)
{
    static const struct {
        int    width, height, channels, depth;
        size_t stride;
    } cases[] = {
        {1, 1, 1, 8, 64}, {64, 2, 1, 8, 64}, {65, 2, 1, 8, 128}, {100, 3, 3, 8, 320}, {33, 7, 4, 16, 320}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bsr_image image;
        assert_int_equal(
            image_alloc(&image, cases[i].width, cases[i].height, cases[i].channels, cases[i].depth, NULL),
            BSR_OK);
        assert_int_equal(image.stride, cases[i].stride);
        assert_int_equal((uintptr_t)image.data % MEM_ALIGNMENT, 0);
        assert_ptr_equal(image_row(&image, cases[i].height - 1),
                         (uint8_t *)image.data + image.stride * (size_t)(cases[i].height - 1));
        memset(image.data, 7, image.stride * (size_t)image.height);
        image_free(&image);
        assert_null(image.data);
        image_free(&image);
    }
}

static void test_pictures_out_of_range_are_refused(void **state)
{
    static const int wrong[][4] = {{0, 1, 1, 8},     {1, 0, 1, 8},     {-1, 1, 1, 8},
                                   {65536, 1, 1, 8}, {1, 65536, 1, 8}, {1, 1, 0, 8},
                                   {1, 1, 5, 8},     {1, 1, 3, 7},     {1, 1, 3, 32}};

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct bsr_image image = {.width = 77};
        struct bsr_error err;
        assert_int_equal(image_alloc(&image, wrong[i][0], wrong[i][1], wrong[i][2], wrong[i][3], &err),
                         BSR_ERANGE);
        assert_int_equal(err.code, BSR_ERANGE);
        assert_int_equal(image.width, 77);
    }
}

static void test_a_picture_without_memory_is_untouched(void **state)
{
    struct bsr_image image = {.width = 77};
    struct bsr_error err;

    (void)state;
    mem_fail_from(1);
    assert_int_equal(image_alloc(&image, 10, 10, 3, 8, &err), BSR_ENOMEM);
    mem_fail_from(0);
    assert_int_equal(err.code, BSR_ENOMEM);
    assert_int_equal(image.width, 77);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_product_is_0_when_it_overflows),
        cmocka_unit_test(test_aligned_memory_is_aligned),
        cmocka_unit_test(test_zeroed_memory_is_zero),
        cmocka_unit_test(test_sizes_that_overflow_are_refused),
        cmocka_unit_test(test_nothing_can_be_asked_for),
        cmocka_unit_test(test_resizing_keeps_the_contents),
        cmocka_unit_test(test_the_nth_allocation_and_all_after_it_fail),
        cmocka_unit_test(test_picture_rows_are_padded_and_whole),
        cmocka_unit_test(test_pictures_out_of_range_are_refused),
        cmocka_unit_test(test_a_picture_without_memory_is_untouched),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
