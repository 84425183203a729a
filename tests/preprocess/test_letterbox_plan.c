/* The layout of a picture in a net's input, and the way of points between the two. */
#include "preprocess/letterbox.h"
#include "tests/preprocess/fixture.h"

#include <math.h>

/* Computed by hand after YOLOv5 v7's letterbox():
 *   r = min(S / h, S / w)   new = round(w r), round(h r)   d = S - new   (rect: d mod stride)
 *   before = round(d / 2 - 0.1), after = round(d / 2 + 0.1) */
static const struct plan_case {
    int width, height, size_width, size_height;
    int fit_width, fit_height;
    int left, top;               /* square */
    int rect_width, rect_height; /* the input in rect mode */
    int rect_left, rect_top;
} plan_cases[] = {
    {810, 1080, 640, 640, 480, 640, 80, 0, 480, 640, 0, 0},
    {1920, 1080, 640, 640, 640, 360, 0, 140, 640, 384, 0, 12},
    {1280, 720, 640, 640, 640, 360, 0, 140, 640, 384, 0, 12},
    {500, 375, 640, 640, 640, 480, 0, 80, 640, 480, 0, 0},
    {640, 427, 640, 640, 640, 427, 0, 106, 640, 448, 0, 10}, /* 213 / 2 - 0.1 = 106.4; 21 / 2 - 0.1 = 10.4 */
    {333, 500, 640, 640, 426, 640, 107, 0, 448, 640, 11, 0}, /* 426.24 */
    {5, 1280, 640, 640, 2, 640, 319, 0, 32, 640, 15, 0},     /* 2.5 to the even 2 */
    {7, 1280, 640, 640, 4, 640, 318, 0, 32, 640, 14, 0},     /* 3.5 to the even 4 */
    {3, 2, 640, 640, 640, 427, 0, 106, 640, 448, 0, 10},     /* enlarged; 426.67 */
    {1, 1, 640, 640, 640, 640, 0, 0, 640, 640, 0, 0},
    {1, 65535, 640, 640, 1, 640, 319, 0, 32, 640, 15, 0}, /* 0.0098, where YOLOv5 fails */
    {1920, 1080, 640, 480, 640, 360, 0, 60, 640, 384, 0, 12},
    {480, 640, 640, 640, 480, 640, 80, 0, 480, 640, 0, 0},
};

static void test_plan_rounds_as_yolov5(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof plan_cases / sizeof *plan_cases; i++) {
        const struct plan_case *want = &plan_cases[i];
        struct letterbox_plan   plan;
        assert_int_equal(letterbox_make_plan(&plan, want->width, want->height, want->size_width,
                                             want->size_height, 32, LETTERBOX_SQUARE, NULL),
                         BSR_OK);
        assert_int_equal(plan.fit_width, want->fit_width);
        assert_int_equal(plan.fit_height, want->fit_height);
        assert_int_equal(plan.in_width, want->size_width);
        assert_int_equal(plan.in_height, want->size_height);
        assert_int_equal(plan.left, want->left);
        assert_int_equal(plan.top, want->top);

        assert_int_equal(letterbox_make_plan(&plan, want->width, want->height, want->size_width,
                                             want->size_height, 32, LETTERBOX_RECT, NULL),
                         BSR_OK);
        assert_int_equal(plan.fit_width, want->fit_width);
        assert_int_equal(plan.fit_height, want->fit_height);
        assert_int_equal(plan.in_width, want->rect_width);
        assert_int_equal(plan.in_height, want->rect_height);
        assert_int_equal(plan.left, want->rect_left);
        assert_int_equal(plan.top, want->rect_top);
    }
}

static void test_plan_always_fits_its_input(void **state)
{
    uint32_t random = 1;

    (void)state;
    for (int i = 0; i < 20000; i++) {
        int                   most = i % 2 ? IMAGE_MAX_SIDE : 700;
        int                   stride = 1 << random_between(&random, 0, 6);
        int                   size_width = stride * random_between(&random, 1, 20);
        int                   size_height = stride * random_between(&random, 1, 20);
        struct letterbox_plan plan;
        assert_int_equal(letterbox_make_plan(&plan, random_between(&random, 1, most),
                                             random_between(&random, 1, most), size_width, size_height,
                                             stride, i % 3 ? LETTERBOX_RECT : LETTERBOX_SQUARE, NULL),
                         BSR_OK);
        assert_in_range(plan.fit_width, 1, plan.in_width);
        assert_in_range(plan.fit_height, 1, plan.in_height);
        assert_in_range(plan.left, 0, plan.in_width - plan.fit_width);
        assert_in_range(plan.top, 0, plan.in_height - plan.fit_height);
        assert_in_range(plan.in_width, 1, size_width);
        assert_in_range(plan.in_height, 1, size_height);
        assert_int_equal(plan.in_width % stride, 0);
        assert_int_equal(plan.in_height % stride, 0);
        assert_true(plan.fit_width == size_width || plan.fit_height == size_height);
    }
}

static void test_plan_refuses_what_is_out_of_range(void **state)
{
    static const int wrong[][5] = {
        {0, 1, 640, 640, 32},     {1, 0, 640, 640, 32},      {-1, 5, 640, 640, 32}, {65536, 5, 640, 640, 32},
        {5, 65536, 640, 640, 32}, {5, 5, 0, 640, 32},        {5, 5, 640, 0, 32},    {5, 5, 65536, 640, 32},
        {5, 5, 640, 65536, 32},   {5, 5, 650, 640, 32},      {5, 5, 640, 650, 32},  {5, 5, 640, 640, 0},
        {5, 5, 640, 640, -32},    {5, 5, 640, 640, 1 << 30},
    };

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct letterbox_plan plan = {.width = 77};
        struct bsr_error      err;
        assert_int_equal(letterbox_make_plan(&plan, wrong[i][0], wrong[i][1], wrong[i][2], wrong[i][3],
                                             wrong[i][4], LETTERBOX_SQUARE, &err),
                         BSR_ERANGE);
        assert_int_equal(err.code, BSR_ERANGE);
        assert_int_equal(plan.width, 77);
    }
}

static void test_unmap_of_map_is_the_identity(void **state)
{
    uint32_t random = 2;

    (void)state;
    for (int i = 0; i < 10000; i++) {
        int                   width = random_between(&random, 1, i % 2 ? IMAGE_MAX_SIDE : 2000);
        int                   height = random_between(&random, 1, i % 2 ? IMAGE_MAX_SIDE : 2000);
        double                x = width * (random_between(&random, 0, 10000) / 10000.0);
        double                y = height * (random_between(&random, 0, 10000) / 10000.0);
        struct letterbox_plan plan;
        double                in_x, in_y, back_x, back_y;
        assert_int_equal(letterbox_make_plan(&plan, width, height, 640, 640, 32,
                                             i % 3 ? LETTERBOX_RECT : LETTERBOX_SQUARE, NULL),
                         BSR_OK);
        letterbox_map(&plan, x, y, &in_x, &in_y);
        letterbox_unmap(&plan, in_x, in_y, &back_x, &back_y);
        assert_true(fabs(back_x - x) < 1e-3);
        assert_true(fabs(back_y - y) < 1e-3);
    }
}

/* YOLOv5's scale_coords by hand: 640 x 427 in 640 x 640 has a border of (640 - 427) / 2 = 106.5. 333 x 500
 * has gain 1.28 and (640 - 426.24) / 2 = 106.88. */
static void test_unmap_moves_as_yolov5(void **state)
{
    struct letterbox_plan plan;
    double                x, y;

    (void)state;
    assert_int_equal(letterbox_make_plan(&plan, 640, 427, 640, 640, 32, LETTERBOX_SQUARE, NULL), BSR_OK);
    letterbox_unmap(&plan, 100, 206.5, &x, &y);
    assert_true(fabs(x - 100) < 1e-9 && fabs(y - 100) < 1e-9);

    assert_int_equal(letterbox_make_plan(&plan, 333, 500, 640, 640, 32, LETTERBOX_SQUARE, NULL), BSR_OK);
    letterbox_unmap(&plan, 106.88 + 128, 128, &x, &y);
    assert_true(fabs(x - 100) < 1e-9 && fabs(y - 100) < 1e-9);
}

static void test_unmap_clips_to_the_picture(void **state)
{
    struct letterbox_plan plan;
    double                x, y;

    (void)state;
    assert_int_equal(letterbox_make_plan(&plan, 810, 1080, 640, 640, 32, LETTERBOX_SQUARE, NULL), BSR_OK);
    letterbox_unmap(&plan, -1e300, -1, &x, &y);
    assert_true(x == 0 && y == 0);
    letterbox_unmap(&plan, INFINITY, 641, &x, &y);
    assert_true(x == 810 && y == 1080);
    letterbox_unmap(&plan, NAN, NAN, &x, &y);
    assert_true(x == 0 && y == 0);
}

/* The largest factor at which side / factor is at least the side of the fit, or that and a half, both ways.
 */
static void test_pictures_may_be_as_much_smaller_as_they_fit(void **state)
{
    static const struct {
        int width, height, size, times, with_spare; /* of a half */
    } cases[] = {
        {640, 480, 640, 1, 1},   {1279, 959, 640, 1, 1},  {1280, 960, 640, 2, 1},  {1281, 961, 640, 2, 1},
        {1919, 1439, 640, 2, 1}, {1920, 1440, 640, 2, 2}, {4000, 3000, 640, 4, 4}, {3000, 4000, 640, 4, 4},
        {5120, 3840, 640, 8, 4}, {5119, 3839, 640, 4, 4}, {7680, 5760, 640, 8, 8}, {65535, 65535, 32, 8, 8},
        {640, 480, 320, 2, 1},   {5, 1280, 640, 2, 1},    {7, 1280, 640, 1, 1}, /* 3.5 became 4 */
        {3, 2, 640, 1, 1},       {1, 65535, 640, 1, 1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct letterbox_plan plan;
        assert_int_equal(letterbox_make_plan(&plan, cases[i].width, cases[i].height, cases[i].size,
                                             cases[i].size, 32, LETTERBOX_SQUARE, NULL),
                         BSR_OK);
        assert_int_equal(plan.from.times, 1);
        assert_int_equal(letterbox_reduction(&plan, 1), cases[i].times);
        assert_int_equal(letterbox_reduction(&plan, 1.5), cases[i].with_spare);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plan_rounds_as_yolov5),
        cmocka_unit_test(test_plan_always_fits_its_input),
        cmocka_unit_test(test_plan_refuses_what_is_out_of_range),
        cmocka_unit_test(test_unmap_of_map_is_the_identity),
        cmocka_unit_test(test_unmap_moves_as_yolov5),
        cmocka_unit_test(test_unmap_clips_to_the_picture),
        cmocka_unit_test(test_pictures_may_be_as_much_smaller_as_they_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
