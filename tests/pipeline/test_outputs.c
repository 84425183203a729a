/* No two inputs write to one name. */
#include "base/alloc.h"
#include "pipeline/outputs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

struct expectation {
    const char *relative, *stem, *picture;
};

static void check(const struct expectation *rows, size_t count, enum picture_format format)
{
    struct source  items[16] = {0};
    struct sources sources = {.items = items, .count = count};
    struct outputs outputs = {0};

    for (size_t i = 0; i < count; i++)
        items[i].path = items[i].relative = (char *)rows[i].relative;
    assert_int_equal(outputs_plan(&outputs, &sources, format, NULL), BSR_OK);
    for (size_t i = 0; i < count; i++) {
        assert_string_equal(outputs.items[i].stem, rows[i].stem);
        assert_string_equal(outputs.items[i].picture, rows[i].picture);
        for (size_t k = 0; k < i; k++) {
            assert_string_not_equal(outputs.items[i].stem, outputs.items[k].stem);
            assert_string_not_equal(outputs.items[i].picture, outputs.items[k].picture);
        }
    }
    outputs_free(&outputs);
}

#define CHECK(format, ...)                                                                                   \
    check((struct expectation[]){__VA_ARGS__},                                                               \
          sizeof(struct expectation[]){__VA_ARGS__} / sizeof(struct expectation), format)

static void test_the_tree_and_the_formats_are_kept(void **state)
{
    (void)state;
    CHECK(PICTURE_UNKNOWN, {"a.jpg", "a", "a.jpg"}, {"trip/b.PNG", "trip/b", "trip/b.PNG"},
          {"c.tar.webp", "c.tar", "c.tar.webp"}, {"no_extension", "no_extension", "no_extension.jpg"},
          {"d.gif", "d", "d.jpg"});
}

static void test_another_format_changes_the_extension(void **state)
{
    (void)state;
    CHECK(PICTURE_PNG, {"a.jpg", "a", "a.png"}, {"b.png", "b", "b.png"}, {"e.PNG", "e", "e.PNG"});
    CHECK(PICTURE_JPEG, {"a.jpeg", "a", "a.jpeg"});
}

static void test_names_that_differ_in_the_extension_only_keep_it(void **state)
{
    (void)state;
    CHECK(PICTURE_UNKNOWN, {"a.jpg", "a.jpg", "a.jpg"}, {"a.png", "a.png", "a.png"});
    CHECK(PICTURE_JPEG, {"a.jpg", "a.jpg", "a.jpg"}, {"a.png", "a.png", "a.png.jpg"});
}

static void test_equal_names_from_two_folders_are_numbered(void **state)
{
    (void)state;
    CHECK(PICTURE_UNKNOWN, {"a.jpg", "a", "a.jpg"}, {"a.jpg", "a-2", "a-2.jpg"},
          {"a-2.jpg", "a-2-2", "a-2-2.jpg"}, {"a.jpg", "a-3", "a-3.jpg"});
}

static void test_nothing_leaves_the_output_folder(void **state)
{
    (void)state;
    CHECK(PICTURE_UNKNOWN, {"../../a.jpg", "a", "a.jpg"}, {"/etc/b.jpg", "b", "b.jpg"});
}

static void test_each_failing_allocation_is_reported(void **state)
{
    (void)state;
    struct source  items[] = {{.path = (char *)"a.jpg", .relative = (char *)"a.jpg"},
                              {.path = (char *)"a.png", .relative = (char *)"a.png"}};
    struct sources sources = {.items = items, .count = 2};
    for (size_t n = 1;; n++) {
        struct outputs outputs = {0};
        mem_fail_from(n);
        bsr_status status = outputs_plan(&outputs, &sources, PICTURE_UNKNOWN, NULL);
        size_t     asked = mem_fail_from(0);
        assert_int_equal(status, asked < n ? BSR_OK : BSR_ENOMEM);
        outputs_free(&outputs);
        if (asked < n)
            break;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_tree_and_the_formats_are_kept),
        cmocka_unit_test(test_another_format_changes_the_extension),
        cmocka_unit_test(test_names_that_differ_in_the_extension_only_keep_it),
        cmocka_unit_test(test_equal_names_from_two_folders_are_numbered),
        cmocka_unit_test(test_nothing_leaves_the_output_folder),
        cmocka_unit_test(test_each_failing_allocation_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
