/* The mean of blocks, against a plain sum. */
#include "base/alloc.h"
#include "preprocess/shrink.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static uint8_t pixel(const struct bsr_image *image, int x, int y, int channel)
{
    return (
        (const uint8_t *)image->data)[(size_t)y * image->stride + (size_t)(x * image->channels + channel)];
}

static void test_pixels_are_means_of_blocks(void **state)
{
    (void)state;
    srand(3);
    for (int channels = 1; channels <= 4; channels++)
        for (int times = 1; times <= 5; times++) {
            struct bsr_image image, small;
            assert_int_equal(image_alloc(&image, 23, 17, channels, 8, NULL), BSR_OK);
            for (size_t i = 0; i < image.stride * 17; i++)
                ((uint8_t *)image.data)[i] = (uint8_t)rand();
            assert_int_equal(shrink(&small, &image, times, NULL), BSR_OK);
            assert_int_equal(small.width, 23 / times);
            assert_int_equal(small.height, 17 / times);
            for (int y = 0; y < small.height; y++)
                for (int x = 0; x < small.width; x++)
                    for (int c = 0; c < channels; c++) {
                        double sum = 0;
                        for (int i = 0; i < times * times; i++)
                            sum += pixel(&image, x * times + i % times, y * times + i / times, c);
                        assert_int_equal(pixel(&small, x, y, c), (int)(sum / (times * times) + 0.5));
                    }
            image_free(&image);
            image_free(&small);
        }
}

static void test_what_can_not_be_is_refused(void **state)
{
    struct bsr_image image, small = {0};
    (void)state;
    assert_int_equal(image_alloc(&image, 4, 3, 3, 8, NULL), BSR_OK);
    assert_int_equal(shrink(&small, &image, 0, NULL), BSR_ERANGE);
    assert_int_equal(shrink(&small, &image, 4, NULL), BSR_ERANGE);
    for (size_t n = 1; n <= 2; n++) {
        mem_fail_from(n);
        assert_int_equal(shrink(&small, &image, 2, NULL), BSR_ENOMEM);
        mem_fail_from(0);
    }
    assert_null(small.data);
    image_free(&image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pixels_are_means_of_blocks),
        cmocka_unit_test(test_what_can_not_be_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
