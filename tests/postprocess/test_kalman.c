/* The filter of a box against what its formulas say. */
#include "postprocess/kalman.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "random.h"

static struct kalman_corners box_at(double x, double y, double width, double height)
{
    return (struct kalman_corners){x - width / 2, y - height / 2, x + width / 2, y + height / 2};
}

static void assert_axis(const struct kalman_axis *a, const struct kalman_axis *b, double tolerance)
{
    assert_float_equal(a->place, b->place, tolerance);
    assert_float_equal(a->speed, b->speed, tolerance);
    assert_float_equal(a->place_variance, b->place_variance, tolerance * 100);
    assert_float_equal(a->covariance, b->covariance, tolerance * 100);
    assert_float_equal(a->speed_variance, b->speed_variance, tolerance * 1000);
}

static void test_a_dropped_frame_is_two_steps(void **state)
{
    struct kalman_box     twice, once;
    struct kalman_corners seen = box_at(100, 200, 40, 60);
    (void)state;
    kalman_begin(&twice, &seen);
    kalman_predict(&twice, 0.04);
    seen = box_at(104, 203, 40, 60);
    kalman_correct(&twice, &seen);
    kalman_hold_size(&twice);
    once = twice;
    kalman_predict(&twice, 0.04);
    kalman_predict(&twice, 0.04);
    kalman_predict(&once, 0.08);
    assert_axis(&once.x, &twice.x, 1e-9);
    assert_axis(&once.y, &twice.y, 1e-9);
    assert_axis(&once.width, &twice.width, 1e-9);
    assert_axis(&once.height, &twice.height, 1e-9);
}

/* At 30 frames a second ByteTrack's own numbers, computed with its kalman_filter.py for a box of 100 x 100 at
 * (500, 400), a step, and a box at (510, 400): by hand, deviations 10 and 6.25 at the beginning,
 * noise 5 and 0.625 a step: variance of the place 10^2 + 6.25^2 + 5^2 = 164.06, gain 164.06 / (164.06 + 25).
 * ByteTrack adds the noise of the speed behind the step, the integral within it: that is in the tolerance. */
static void test_the_first_step_is_byte_tracks(void **state)
{
    struct kalman_box     box;
    struct kalman_corners seen = box_at(500, 400, 100, 100);
    (void)state;
    kalman_begin(&box, &seen);
    kalman_predict(&box, 1.0 / 30);
    seen = box_at(510, 400, 100, 100);
    kalman_correct(&box, &seen);
    assert_float_equal(box.x.place, 500 + 10 * 164.0625 / 189.0625, 0.02);
    assert_float_equal(box.x.speed, 30 * 10 * 39.0625 / 189.0625, 0.3);
    assert_float_equal(box.y.place, 400, 1e-9);
}

static void test_a_steady_motion_is_learned(void **state)
{
    uint64_t              seed = 3;
    struct kalman_box     box;
    struct kalman_corners seen = box_at(0, 500, 80, 50);
    double                time = 0;
    (void)state;
    kalman_begin(&box, &seen);
    for (int i = 0; i < 100; i++) {
        double step = 0.01 + 0.05 * random_below(&seed, 3); /* frames are dropped */
        time += step;
        kalman_predict(&box, step);
        seen = box_at(120 * time + random_between(&seed, -1, 1), 500 - 30 * time, 80 + 5 * time, 50);
        kalman_correct(&box, &seen);
    }
    assert_float_equal(box.x.speed, 120, 12);
    assert_float_equal(box.y.speed, -30, 3);
    assert_float_equal(box.width.speed, 5, 3);
    kalman_predict(&box, 0.5);
    assert_float_equal(box.x.place, 120 * (time + 0.5), 8);
}

static void test_a_shrinking_box_keeps_a_pixel(void **state)
{
    struct kalman_box     box;
    struct kalman_corners seen = box_at(100, 100, 40, 40), last;
    (void)state;
    kalman_begin(&box, &seen);
    for (int i = 1; i < 8; i++) {
        kalman_predict(&box, 0.1);
        seen = box_at(100, 100, 40 - 5 * i, 40 - 5 * i);
        kalman_correct(&box, &seen);
    }
    kalman_predict(&box, 10);
    last = kalman_corners(&box);
    assert_float_equal(last.x2 - last.x1, 1, 1e-9);
    assert_float_equal(last.y2 - last.y1, 1, 1e-9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_dropped_frame_is_two_steps),
        cmocka_unit_test(test_the_first_step_is_byte_tracks),
        cmocka_unit_test(test_a_steady_motion_is_learned),
        cmocka_unit_test(test_a_shrinking_box_keeps_a_pixel),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
