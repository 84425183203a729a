/* A growing block of bytes keeps what it was given, and says once that it failed. */
#include "base/alloc.h"
#include "base/bytes.h"

#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

static void test_text_ends_with_0_at_every_size(void **state)
{
    struct bytes bytes = {0};

    (void)state;
    assert_string_equal(bytes_text(&bytes), "");
    for (size_t size = 1; size < 1000; size++) {
        assert_true(bytes_append(&bytes, "x", 1));
        assert_int_equal(bytes.size, size);
        assert_int_equal(strlen(bytes_text(&bytes)), size);
        assert_true(bytes.size < bytes.capacity);
    }
    bytes_free(&bytes);
    assert_null(bytes.data);
}

static void test_appends_follow_each_other(void **state)
{
    struct bytes bytes = {0};

    (void)state;
    assert_true(bytes_append_text(&bytes, "a"));
    assert_true(bytes_append(&bytes, "b\0c", 3));
    assert_true(bytes_append(&bytes, NULL, 0));
    assert_true(bytes_append_format(&bytes, "%d-%s", 5, "d"));
    assert_true(bytes_append_text(&bytes, ""));
    assert_int_equal(bytes.size, 7);
    assert_memory_equal(bytes.data, "ab\0c5-d", 8);
    bytes_free(&bytes);
}

static void test_formats_of_any_length_fit(void **state)
{
    struct bytes bytes = {0};

    (void)state;
    for (int length = 0; length < 300; length++) {
        bytes_clear(&bytes);
        assert_true(bytes_append_format(&bytes, "%*s", length, ""));
        assert_int_equal(bytes.size, (size_t)length);
        assert_int_equal(strlen(bytes_text(&bytes)), (size_t)length);
        if (length % 50 == 0)
            bytes_free(&bytes);
    }
    bytes_free(&bytes);
}

static void test_reserved_room_is_empty_text(void **state)
{
    struct bytes bytes = {0};

    (void)state;
    assert_true(bytes_reserve(&bytes, 100));
    assert_true(bytes.capacity > 100);
    assert_int_equal(bytes.size, 0);
    assert_string_equal(bytes_text(&bytes), "");
    bytes_free(&bytes);
}

static void test_clearing_keeps_the_memory(void **state)
{
    struct bytes bytes = {0};

    (void)state;
    bytes_clear(&bytes);
    assert_true(bytes_append_text(&bytes, "abc"));
    const uint8_t *data = bytes.data;
    bytes_clear(&bytes);
    assert_string_equal(bytes_text(&bytes), "");
    assert_ptr_equal(bytes.data, data);
    bytes_free(&bytes);
}

static void test_after_a_failure_nothing_changes(void **state)
{
    struct bytes bytes = {0};

    (void)state;
    assert_true(bytes_append_text(&bytes, "kept"));
    mem_fail_from(1);
    assert_false(bytes_append_format(&bytes, "%500s", ""));
    mem_fail_from(0);
    assert_true(bytes.failed);
    assert_false(bytes_append_text(&bytes, "x"));
    assert_false(bytes_append_format(&bytes, "x"));
    assert_false(bytes_reserve(&bytes, 1));
    assert_string_equal(bytes_text(&bytes), "kept");
    bytes_clear(&bytes);
    assert_true(bytes_append_text(&bytes, "again"));
    assert_string_equal(bytes_text(&bytes), "again");
    bytes_free(&bytes);
    assert_false(bytes.failed);
}

/* Sizes at which size + 1, or half as much again, is more than a size_t holds. */
static void test_sizes_that_overflow_are_refused(void **state)
{
    static const size_t sizes[] = {SIZE_MAX, SIZE_MAX - 1, SIZE_MAX - 10, SIZE_MAX / 3 * 2,
                                   SIZE_MAX / 3 * 2 + 10};

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct bytes bytes = {0};
        assert_true(bytes_append_text(&bytes, "kept"));
        assert_false(bytes_reserve(&bytes, sizes[i]));
        assert_true(bytes.failed);
        assert_string_equal(bytes_text(&bytes), "kept");
        bytes_free(&bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_ends_with_0_at_every_size),
        cmocka_unit_test(test_appends_follow_each_other),
        cmocka_unit_test(test_formats_of_any_length_fit),
        cmocka_unit_test(test_reserved_room_is_empty_text),
        cmocka_unit_test(test_clearing_keeps_the_memory),
        cmocka_unit_test(test_after_a_failure_nothing_changes),
        cmocka_unit_test(test_sizes_that_overflow_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
