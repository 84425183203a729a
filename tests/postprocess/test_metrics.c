#include "golden_metrics.h"

#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* Sums of a thousand doubles in another order. */
static const double tolerance = 1e-9;

/* The golden picture with `channels` of its channels (2 and 4: and an alpha of no account). */
static struct bsr_image make_image(const uint8_t *bgr, int channels, int depth)
{
    struct bsr_image image;
    assert_int_equal(image_alloc(&image, GOLDEN_WIDTH, GOLDEN_HEIGHT, channels, depth, NULL), BSR_OK);
    for (int y = 0; y < GOLDEN_HEIGHT; y++)
        for (int x = 0; x < GOLDEN_WIDTH; x++)
            for (int k = 0; k < channels; k++) {
                bool    alpha = channels % 2 == 0 && k == channels - 1;
                uint8_t value =
                    alpha ? (uint8_t)(x * 7 + bgr[y]) : bgr[(y * GOLDEN_WIDTH + x) * 3 + (k < 3 ? k : 0)];
                int at = x * channels + k;
                if (depth == 8)
                    image_row(&image, y)[at] = value;
                else
                    ((uint16_t *)(void *)image_row(&image, y))[at] = (uint16_t)(value * 257);
            }
    return image;
}

static void test_psnr_and_ssim_are_those_of_skimage(void **state)
{
    (void)state;
    for (int channels = 1; channels <= 4; channels++)
        for (int depth = 8; depth <= 16; depth += 8) {
            struct bsr_image a = make_image(golden_a, channels, depth);
            struct bsr_image b = make_image(golden_b, channels, depth);
            for (size_t i = 0; i < sizeof(golden_quality) / sizeof(*golden_quality); i++) {
                double psnr, ssim;
                bool   grey = channels < 3;
                int    border = golden_quality[i].border;
                assert_int_equal(picture_psnr(&psnr, &a, &b, border, NULL), BSR_OK);
                assert_int_equal(picture_ssim(&ssim, &a, &b, border, NULL), BSR_OK);
                assert_float_equal(psnr, grey ? golden_quality[i].blue_psnr : golden_quality[i].psnr,
                                   tolerance);
                assert_float_equal(ssim, grey ? golden_quality[i].blue_ssim : golden_quality[i].ssim,
                                   tolerance);
            }
            image_free(&a);
            image_free(&b);
        }
}

/* The rounded luma of a picture differs from its luma by half a level at most. */
static void test_luma_in_levels_is_luma_rounded(void **state)
{
    (void)state;
    const uint8_t    bgr[] = {255, 255, 255, 0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0, 255};
    const uint8_t    expected[] = {235, 16, 41, 145, 81}; /* by hand; MATLAB's rgb2ycbcr gives the same */
    struct bsr_image row = {(void *)bgr, sizeof bgr, 5, 1, 3, 8};
    uint8_t          levels[5];
    assert_int_equal(luma_levels(levels, &row, NULL), BSR_OK);
    assert_memory_equal(levels, expected, sizeof levels);
    row.depth = 12;
    assert_int_equal(luma_levels(levels, &row, NULL), BSR_ERANGE);
    row.depth = 8;
    mem_fail_from(1);
    assert_int_equal(luma_levels(levels, &row, NULL), BSR_ENOMEM);
    mem_fail_from(0);
}

/* Grey of 0..219 is luma of 16..235, in which a step counts 219 / 255 of one of levels. */
static void test_psnr_and_ssim_of_levels_are_those_of_the_luma(void **state)
{
    (void)state;
    struct bsr_image  a = make_image(golden_a, 1, 8), b = make_image(golden_b, 1, 8);
    uint8_t           tight[2][GOLDEN_WIDTH * GOLDEN_HEIGHT];
    struct luma_plane one = {tight[0], GOLDEN_WIDTH, GOLDEN_HEIGHT}, other = one;
    double            psnr, of_picture, ssim;
    other.levels = tight[1];
    for (int y = 0; y < GOLDEN_HEIGHT; y++) {
        memcpy(tight[0] + (size_t)y * GOLDEN_WIDTH, image_row(&a, y), GOLDEN_WIDTH);
        memcpy(tight[1] + (size_t)y * GOLDEN_WIDTH, image_row(&b, y), GOLDEN_WIDTH);
    }
    assert_int_equal(luma_psnr(&psnr, &one, &other, 3, NULL), BSR_OK);
    assert_int_equal(picture_psnr(&of_picture, &a, &b, 3, NULL), BSR_OK);
    assert_float_equal(psnr, of_picture + 20 * log10(219.0 / 255), tolerance);
    assert_int_equal(luma_ssim(&ssim, &one, &one, 3, NULL), BSR_OK);
    assert_float_equal(ssim, 1, tolerance);
    assert_int_equal(luma_ssim(&ssim, &one, &other, 3, NULL), BSR_OK);
    assert_true(ssim > 0 && ssim < 1);
    other.width--;
    assert_int_equal(luma_psnr(&psnr, &one, &other, 0, NULL), BSR_ERANGE);
    assert_int_equal(luma_ssim(&ssim, &one, &one, 6, NULL), BSR_ERANGE);
    image_free(&a);
    image_free(&b);
}

static void test_equal_pictures_are_infinitely_near(void **state)
{
    (void)state;
    struct bsr_image a = make_image(golden_a, 3, 8);
    double           psnr, ssim;
    assert_int_equal(picture_psnr(&psnr, &a, &a, 0, NULL), BSR_OK);
    assert_int_equal(picture_ssim(&ssim, &a, &a, 0, NULL), BSR_OK);
    assert_true(isinf(psnr) && psnr > 0);
    assert_float_equal(ssim, 1, tolerance);
    image_free(&a);
}

/* White against black: luma 235 and 16, so 20 log10(255 / 219) dB. */
static void test_psnr_of_white_and_black_by_hand(void **state)
{
    (void)state;
    uint8_t          white[3] = {255, 255, 255}, black[3] = {0, 0, 0};
    struct bsr_image a = {white, 3, 1, 1, 3, 8}, b = {black, 3, 1, 1, 3, 8};
    double           psnr;
    assert_int_equal(picture_psnr(&psnr, &a, &b, 0, NULL), BSR_OK);
    assert_float_equal(psnr, 20 * log10(255.0 / 219), 1e-12);
}

static void test_pictures_that_cannot_be_compared_are_refused(void **state)
{
    (void)state;
    struct bsr_image a = make_image(golden_a, 3, 8), b = a;
    struct bsr_error err;
    double           value = 5;

    b.width--;
    assert_int_equal(picture_psnr(&value, &a, &b, 0, &err), BSR_ERANGE);
    assert_string_equal(err.message, "26 x 21 pixels can't be compared with 25 x 21");
    assert_int_equal(picture_ssim(&value, &a, &b, 0, &err), BSR_ERANGE);
    b = a;
    b.depth = 12;
    assert_int_equal(picture_psnr(&value, &a, &b, 0, &err), BSR_ERANGE);
    b.depth = 8;
    b.channels = 5;
    assert_int_equal(picture_psnr(&value, &a, &b, 0, &err), BSR_ERANGE);
    assert_int_equal(picture_psnr(&value, &a, &a, -1, &err), BSR_ERANGE);
    assert_int_equal(picture_psnr(&value, &a, &a, 2000000000, &err), BSR_ERANGE);
    assert_int_equal(picture_psnr(&value, &a, &a, 11, &err), BSR_ERANGE);
    assert_int_equal(picture_ssim(&value, &a, &a, 6, &err), BSR_ERANGE); /* 9 rows are left */
    mem_fail_from(1);
    assert_int_equal(picture_psnr(&value, &a, &a, 0, &err), BSR_ENOMEM);
    assert_int_equal(picture_ssim(&value, &a, &a, 0, &err), BSR_ENOMEM);
    mem_fail_from(0);
    assert_float_equal(value, 5, 0);
    image_free(&a);
}

static void assert_score(const struct ap_score *score, const struct ap_score *expected)
{
    assert_int_equal(score->truths, expected->truths);
    if (isnan(expected->ap)) {
        assert_true(isnan(score->ap) && isnan(score->ap50) && isnan(score->ap50_exact));
        return;
    }
    assert_float_equal(score->ap, expected->ap, tolerance);
    assert_float_equal(score->ap50, expected->ap50, tolerance);
    assert_float_equal(score->ap50_exact, expected->ap50_exact, tolerance);
}

static void test_average_precision_is_that_of_cocoeval(void **state)
{
    (void)state;
    struct ap_score mean, per_class[GOLDEN_CLASSES];
    assert_int_equal(average_precision(&mean, per_class, GOLDEN_CLASSES, golden_truths,
                                       sizeof(golden_truths) / sizeof(*golden_truths), golden_found,
                                       sizeof(golden_found) / sizeof(*golden_found), NULL),
                     BSR_OK);
    for (int k = 0; k < GOLDEN_CLASSES; k++)
        assert_score(&per_class[k], &golden_ap[k]);
    assert_score(&mean, &golden_ap[GOLDEN_CLASSES]);
}

/* Two truths; right, wrong, right: precision 1 up to recall 1/2 (51 of the points), then 2/3 (50). */
static void test_average_precision_by_hand(void **state)
{
    (void)state;
    const struct ap_truth truths[] = {{1, 0, 0, 0, 10, 10, false, false, 0},
                                      {2, 0, 0, 0, 10, 10, false, false, 0}};
    const struct ap_found found[] = {
        {2, 0, 0, 0, 10, 10, 0.7}, {1, 0, 50, 50, 60, 60, 0.8}, {1, 0, 0, 0, 10, 10, 0.9}};
    struct ap_score mean;
    assert_int_equal(average_precision(&mean, NULL, 1, truths, 2, found, 3, NULL), BSR_OK);
    assert_float_equal(mean.ap50, (51 + 50 * 2.0 / 3) / 101, tolerance);
    assert_float_equal(mean.ap, mean.ap50, tolerance);
    assert_float_equal(mean.ap50_exact, 0.5 + 0.5 * 2 / 3, tolerance);
}

static void test_only_the_best_100_of_a_class_and_picture_count(void **state)
{
    (void)state;
    const struct ap_truth truth = {0, 0, 0, 0, 10, 10, false, false, 0};
    struct ap_found       found[AP_MOST_FOUND + 1];
    struct ap_score       mean;
    for (int i = 0; i <= AP_MOST_FOUND; i++)
        found[i] = (struct ap_found){0, 0, 50, 50, 60, 60, 0.5};
    found[AP_MOST_FOUND] = (struct ap_found){0, 0, 0, 0, 10, 10, 0.4}; /* the only right one, the 101st */
    assert_int_equal(average_precision(&mean, NULL, 1, &truth, 1, found, AP_MOST_FOUND + 1, NULL), BSR_OK);
    assert_float_equal(mean.ap50, 0, 0);
    assert_int_equal(average_precision(&mean, NULL, 1, &truth, 1, found + 1, AP_MOST_FOUND, NULL), BSR_OK);
    assert_float_equal(mean.ap50, 0.01, tolerance);
}

static void test_average_precision_without_truths_or_detections(void **state)
{
    (void)state;
    const struct ap_truth truth = {0, 1, 0, 0, 10, 10, false, false, 0};
    const struct ap_found found = {0, 0, 0, 0, 10, 10, 0.5};
    struct ap_score       mean, per_class[2];
    assert_int_equal(average_precision(&mean, per_class, 2, NULL, 0, NULL, 0, NULL), BSR_OK);
    assert_true(isnan(mean.ap));
    assert_int_equal(average_precision(&mean, per_class, 2, NULL, 0, &found, 1, NULL), BSR_OK);
    assert_true(isnan(mean.ap) && isnan(per_class[0].ap));
    assert_int_equal(average_precision(&mean, per_class, 2, &truth, 1, &found, 1, NULL), BSR_OK);
    assert_float_equal(mean.ap, 0, 0); /* class 0 has no truth and does not count */
}

static void test_boxes_that_cannot_be_scored_are_refused(void **state)
{
    (void)state;
    const struct ap_truth truth = {0, 0, 0, 0, 10, 10, false, false, 0};
    const struct ap_found found = {0, 0, 0, 0, 10, 10, 0.5};
    struct ap_truth       bad_truth[] = {truth, truth, truth};
    struct ap_found       bad_found[] = {found, found, found};
    struct ap_score       mean = {.ap = 5};
    bad_truth[0].class_index = 1;
    bad_truth[1].class_index = -1;
    bad_truth[2].x1 = NAN;
    bad_found[0].class_index = 1;
    bad_found[1].score = NAN;
    bad_found[2].y2 = INFINITY;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(average_precision(&mean, NULL, 1, &bad_truth[i], 1, &found, 1, NULL), BSR_ERANGE);
        assert_int_equal(average_precision(&mean, NULL, 1, &truth, 1, &bad_found[i], 1, NULL), BSR_ERANGE);
    }
    for (size_t n = 1; n <= 7; n++) {
        mem_fail_from(n);
        assert_int_equal(average_precision(&mean, NULL, 1, &truth, 1, &found, 1, NULL), BSR_ENOMEM);
    }
    mem_fail_from(0);
    assert_float_equal(mean.ap, 5, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_psnr_and_ssim_are_those_of_skimage),
        cmocka_unit_test(test_luma_in_levels_is_luma_rounded),
        cmocka_unit_test(test_psnr_and_ssim_of_levels_are_those_of_the_luma),
        cmocka_unit_test(test_equal_pictures_are_infinitely_near),
        cmocka_unit_test(test_psnr_of_white_and_black_by_hand),
        cmocka_unit_test(test_pictures_that_cannot_be_compared_are_refused),
        cmocka_unit_test(test_average_precision_is_that_of_cocoeval),
        cmocka_unit_test(test_average_precision_by_hand),
        cmocka_unit_test(test_only_the_best_100_of_a_class_and_picture_count),
        cmocka_unit_test(test_average_precision_without_truths_or_detections),
        cmocka_unit_test(test_boxes_that_cannot_be_scored_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
