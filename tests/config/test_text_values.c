/* Numbers, sizes and shapes as people write them. */
#include "config/text_values.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
/* after its prerequisites */
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void test_whole_numbers_are_taken_in_full_or_not_at_all(void **state)
{
    static const struct {
        const char *text;
        bool        good;
        int64_t     value;
    } rows[] = {
        {"0", true, 0},
        {"42", true, 42},
        {"-7", true, -7},
        {"+3", true, 3},
        {"007", true, 7},
        {"9223372036854775807", true, INT64_MAX},
        {"", false, 0},
        {"-", false, 0},
        {"9223372036854775808", false, 0},
        {"1.0", false, 0},
        {" 1", false, 0},
        {"1 ", false, 0},
        {"0x10", false, 0},
        {"99999999999999999999999", false, 0},
        {"--1", false, 0},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        int64_t value = 99;
        assert_int_equal(text_to_whole(&value, rows[i].text), rows[i].good);
        assert_int_equal(value, rows[i].good ? rows[i].value : 99);
    }
}

/* The values are C's own literals: the nearest double to what is written. */
static void test_reals_are_the_nearest_double_and_finite(void **state)
{
    static const struct {
        const char *text;
        bool        good;
        double      value;
    } rows[] = {
        {"0.25", true, 0.25},
        {".5", true, .5},
        {"3.", true, 3.},
        {"1e3", true, 1e3},
        {"-1.5E-3", true, -1.5e-3},
        {"0.003921568859368563", true, 0.003921568859368563},
        {"1e-400", true, 0},
        {"+2", true, 2},
        {"nan", false, 0},
        {"inf", false, 0},
        {"-Infinity", false, 0},
        {"1e400", false, 0},
        {"0x1p3", false, 0},
        {"1e", false, 0},
        {"1e+", false, 0},
        {".", false, 0},
        {"-", false, 0},
        {"", false, 0},
        {"0,5", false, 0},
        {"1.2.3", false, 0},
        {" 1", false, 0},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        double value = 99;
        assert_int_equal(text_to_real(&value, rows[i].text), rows[i].good);
        assert_true(value == (rows[i].good ? rows[i].value : 99));
    }
}

static void test_reals_have_a_point_whatever_the_locale(void **state)
{
    static const char *const comma_locales[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "nl_NL.UTF-8"};
    double                   value = 0;
    const char              *set = NULL;
    (void)state;
    for (size_t i = 0; i < COUNT(comma_locales) && !set; i++)
        set = setlocale(LC_NUMERIC, comma_locales[i]);
    if (!set) {
        print_message("skipped: no locale with a decimal comma is installed\n");
        skip();
    }
    assert_true(text_to_real(&value, "0.25") && value == 0.25);
    assert_false(text_to_real(&value, "0,25"));
    setlocale(LC_NUMERIC, "C");
}

static void test_sizes_are_powers_of_1024(void **state)
{
    static const struct {
        const char *text;
        bool        good;
        uint64_t    value;
    } rows[] = {
        {"0", true, 0},
        {"4096", true, 4096},
        {"2G", true, UINT64_C(2) << 30},
        {"512M", true, UINT64_C(512) << 20},
        {"1.5GiB", true, UINT64_C(3) << 29},
        {"2 GB", true, UINT64_C(2) << 30},
        {"1k", true, 1024},
        {"1Ki", true, 1024},
        {"3T", true, UINT64_C(3) << 40},
        {"7B", true, 7},
        {"0.5K", true, 512},
        {"-1", false, 0},
        {"-0", false, 0},
        {"G", false, 0},
        {"2X", false, 0},
        {"2iB", false, 0},
        {"2Gx", false, 0},
        {"2GiBi", false, 0},
        {"9999999999T", false, 0},
        {"1e300", false, 0},
        {"nan", false, 0},
        {"", false, 0},
        {"0x10", false, 0},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        uint64_t value = 99;
        if (text_to_bytes(&value, rows[i].text) != rows[i].good)
            fail_msg("\"%s\"", rows[i].text);
        assert_true(value == (rows[i].good ? rows[i].value : 99));
    }
}

static void test_amounts_are_powers_of_1000(void **state)
{
    uint64_t value = 0;
    (void)state;
    assert_true(text_to_amount(&value, "500M") && value == 500000000);
    assert_true(text_to_amount(&value, "20k") && value == 20000);
    assert_true(text_to_amount(&value, "1.5G") && value == 1500000000);
    assert_true(text_to_amount(&value, "12") && value == 12);
    assert_false(text_to_amount(&value, "1B"));
    assert_false(text_to_amount(&value, "1Mi"));
    assert_false(text_to_amount(&value, "-3"));
    assert_true(value == 12);
}

static void test_extents_and_shards(void **state)
{
    int a = 0, b = 0;
    (void)state;
    assert_true(text_to_extent(&a, &b, "640x480") && a == 640 && b == 480);
    assert_true(text_to_extent(&a, &b, "1X2147483647") && a == 1 && b == 2147483647);
    assert_true(text_to_extent(&a, &b,
                               "3\xC3\x97"
                               "4") &&
                a == 3 && b == 4);
    static const char *const bad[] = {"640", "640x",  "x480",  "0x5",
                                      "5x0", "1x2x3", "-1x2",  "1x2147483648",
                                      "",    "1 x 2", "3\xC3", "99999999999999999999x1"};
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_false(text_to_extent(&a, &b, bad[i]));
    assert_true(text_to_shard(&a, &b, "2/8") && a == 2 && b == 8);
    assert_true(text_to_shard(&a, &b, "1/1") && a == 1 && b == 1);
    static const char *const bad_shards[] = {"0/8", "9/8", "2", "2/", "/8", "2/8/9", "2x8", "1/0", "a/b"};
    for (size_t i = 0; i < COUNT(bad_shards); i++)
        assert_false(text_to_shard(&a, &b, bad_shards[i]));
    assert_true(a == 1 && b == 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole_numbers_are_taken_in_full_or_not_at_all),
        cmocka_unit_test(test_reals_are_the_nearest_double_and_finite),
        cmocka_unit_test(test_reals_have_a_point_whatever_the_locale),
        cmocka_unit_test(test_sizes_are_powers_of_1024),
        cmocka_unit_test(test_amounts_are_powers_of_1000),
        cmocka_unit_test(test_extents_and_shards),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
