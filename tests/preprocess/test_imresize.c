#include "golden_imresize.h"
#include "preprocess/imresize.h"

#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const double tolerance = 1e-4; /* of 255, in floats */

static void test_imresize_is_matlabs(void **state)
{
    (void)state;
    static float made[IMRESIZE_MOST];
    for (size_t i = 0; i < sizeof imresize_cases / sizeof *imresize_cases; i++) {
        assert_int_equal(imresize_side(IMRESIZE_WIDTH, imresize_cases[i].scale), imresize_cases[i].width);
        assert_int_equal(imresize_side(IMRESIZE_HEIGHT, imresize_cases[i].scale), imresize_cases[i].height);
        assert_int_equal(
            imresize(made, imresize_plane, IMRESIZE_WIDTH, IMRESIZE_HEIGHT, imresize_cases[i].scale, NULL),
            BSR_OK);
        for (int k = 0; k < imresize_cases[i].width * imresize_cases[i].height; k++)
            assert_float_equal(made[k], imresize_cases[i].values[k], tolerance);
    }
}

static void test_a_multiple_of_the_factor_shrinks_to_whole_sides(void **state)
{
    (void)state;
    for (int factor = 2; factor <= 9; factor++)
        for (int side = 1; side < 2000; side++)
            assert_int_equal(imresize_side(side * factor, 1.0 / factor), side);
}

static void test_a_flat_plane_stays_flat(void **state)
{
    (void)state;
    const float flat[4] = {7, 7, 7, 7};
    float       made[36];
    for (int times = 1; times <= 3; times++) {
        assert_int_equal(imresize(made, flat, 2, 2, times, NULL), BSR_OK);
        for (int i = 0; i < 4 * times * times; i++)
            assert_float_equal(made[i], 7, 1e-6);
    }
    assert_int_equal(imresize(made, flat, 2, 2, 0.5, NULL), BSR_OK);
    assert_float_equal(made[0], 7, 1e-6);
}

static void test_what_cannot_be_resized_is_refused(void **state)
{
    (void)state;
    const float plane[4] = {0};
    float       made[16] = {5};
    assert_int_equal(imresize(made, plane, 0, 2, 2, NULL), BSR_ERANGE);
    assert_int_equal(imresize(made, plane, 2, 70000, 2, NULL), BSR_ERANGE);
    assert_int_equal(imresize(made, plane, 2, 2, 65, NULL), BSR_ERANGE);
    assert_int_equal(imresize(made, plane, 2, 2, 0.0 / 1.0, NULL), BSR_ERANGE);
    for (size_t n = 1; n <= 5; n++) {
        mem_fail_from(n);
        assert_int_equal(imresize(made, plane, 2, 2, 2, NULL), BSR_ENOMEM);
    }
    mem_fail_from(0);
    assert_float_equal(made[0], 5, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_imresize_is_matlabs),
        cmocka_unit_test(test_a_multiple_of_the_factor_shrinks_to_whole_sides),
        cmocka_unit_test(test_a_flat_plane_stays_flat),
        cmocka_unit_test(test_what_cannot_be_resized_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
