#include "app/window/canvas.h"

#include "tests/app/window/hand.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct rect area = {100, 50, 600, 400};

static bool near(double a, double b, double by)
{
    return fabs(a - b) <= by;
}

static void test_a_picture_is_fitted_into_the_middle(void **state)
{
    (void)state;
    struct canvas canvas = {0};
    canvas_place(&canvas, area, 1200, 400);
    struct rect rect = canvas_rect(&canvas);
    assert_true(near(canvas.zoom, 0.5, 1e-9) && canvas.fitted);
    assert_true(near(rect.x, 100, 0.01) && near(rect.y, 150, 0.01) && near(rect.width, 600, 0.01));
    canvas_place(&canvas, (struct rect){0, 0, 300, 300}, 1200, 400); /* the window shrinks */
    assert_true(near(canvas.zoom, 0.25, 1e-9));
}

static void test_small_pictures_are_not_blown_up_to_the_window(void **state)
{
    (void)state;
    struct canvas canvas = {0};
    canvas_place(&canvas, area, 16, 16);
    assert_true(near(canvas.zoom, 8, 1e-9));
}

static void test_zooming_keeps_the_point_under_the_pointer(void **state)
{
    (void)state;
    struct canvas canvas = {0};
    srand(7);
    canvas_place(&canvas, area, 1200, 800);
    for (int i = 0; i < 500; i++) {
        float  x = area.x + 200 + (float)(rand() % 200), y = area.y + 100 + (float)(rand() % 200);
        double before_x, before_y, after_x, after_y;
        canvas_to_picture(&canvas, x, y, &before_x, &before_y);
        double least = canvas.zoom;
        canvas_zoom(&canvas, rand() % 2 ? 1.2 : 1 / 1.2, x, y);
        canvas_to_picture(&canvas, x, y, &after_x, &after_y);
        bool   at_an_end = canvas.x <= 0 || canvas.y <= 0 || canvas.x >= 1200 || canvas.y >= 800;
        double by = 1e-3 / fmin(least, canvas.zoom) + 1e-3;
        assert_true(at_an_end || (near(before_x, after_x, by) && near(before_y, after_y, by)));
    }
}

static void test_zoom_has_ends(void **state)
{
    (void)state;
    struct canvas canvas = {0};
    canvas_place(&canvas, area, 1200, 800);
    for (int i = 0; i < 200; i++)
        canvas_zoom(&canvas, 1.5, 300, 200);
    assert_true(near(canvas.zoom, CANVAS_MOST_ZOOM, 1e-9));
    for (int i = 0; i < 200; i++)
        canvas_zoom(&canvas, 0.5, 300, 200);
    assert_true(near(canvas.zoom, 0.125, 1e-9)); /* a quarter of the fitted size */
    canvas_zoom(&canvas, 0, 300, 200);
    canvas_zoom(&canvas, -1, 300, 200);
    assert_true(near(canvas.zoom, 0.125, 1e-9));
}

static void test_actual_size_is_a_pixel_for_a_pixel(void **state)
{
    (void)state;
    struct canvas canvas = {0};
    canvas_place(&canvas, area, 3000, 2000);
    canvas_actual(&canvas, 400, 250);
    assert_true(near(canvas.zoom, 1, 1e-9) && !canvas.fitted);
    canvas_place(&canvas, area, 3000, 2000); /* the next pass, or a picture of the same size, keeps it */
    assert_true(near(canvas.zoom, 1, 1e-9));
    canvas_place(&canvas, area, 300, 200);
    assert_true(canvas.fitted);
}

static void test_points_go_there_and_back(void **state)
{
    (void)state;
    struct canvas canvas = {0};
    float         x, y;
    double        back_x, back_y;
    canvas_place(&canvas, area, 640, 480);
    canvas_zoom(&canvas, 3, 333, 222);
    canvas_to_window(&canvas, 123.5, 77.25, &x, &y);
    canvas_to_picture(&canvas, x, y, &back_x, &back_y);
    assert_true(near(back_x, 123.5, 1e-3) && near(back_y, 77.25, 1e-3));
}

static void test_only_what_is_seen_is_painted(void **state)
{
    (void)state;
    struct canvas canvas = {0};
    struct rect   from, to;
    assert_false(canvas_visible(&canvas, &from, &to));
    canvas_place(&canvas, area, 6000, 4000);
    canvas_actual(&canvas, 400, 250);
    assert_true(canvas_visible(&canvas, &from, &to));
    assert_true(near(from.width, 600, 1) && near(from.height, 400, 1));
    assert_true(to.x <= area.x && to.x + to.width >= area.x + area.width);
    canvas_fit(&canvas);
    assert_true(canvas_visible(&canvas, &from, &to));
    assert_true(near(from.width, 6000, 0.1) && near(to.width, 600, 0.1));
}

/* ---- with a hand */

struct stage {
    struct canvas canvas;
    int           clicks;
};

static void frame(void *context, struct ui *ui)
{
    struct stage *stage = context;
    bool          clicked;
    canvas_place(&stage->canvas, area, 1200, 800);
    canvas_touch(ui, &stage->canvas, &clicked);
    stage->clicks += clicked;
}

static void test_a_drag_moves_the_picture_with_the_pointer(void **state)
{
    (void)state;
    struct stage stage = {0};
    struct hand  hand;
    double       before_x, before_y, after_x, after_y;
    hand_start(&hand, frame, &stage);
    canvas_actual(&stage.canvas, 400, 250);
    canvas_to_picture(&stage.canvas, 300, 200, &before_x, &before_y);
    hand_drag(&hand, 300, 200, 380, 160);
    canvas_to_picture(&stage.canvas, 380, 160, &after_x, &after_y);
    assert_true(near(before_x, after_x, 1e-3) && near(before_y, after_y, 1e-3));
    assert_int_equal(stage.clicks, 0);
    hand_stop(&hand);
}

static void test_wheel_zooms_click_clicks_double_click_fits(void **state)
{
    (void)state;
    struct stage stage = {0};
    struct hand  hand;
    hand_start(&hand, frame, &stage);
    double fitted = stage.canvas.zoom;
    hand_wheel(&hand, 20, 20, 1); /* outside */
    assert_true(near(stage.canvas.zoom, fitted, 1e-9));
    hand_wheel(&hand, 300, 200, 2);
    assert_true(near(stage.canvas.zoom, fitted * 1.44, 1e-6));
    hand_click(&hand, 300, 200);
    assert_int_equal(stage.clicks, 1);
    hand_press(&hand, 300, 200, 2);
    hand_release(&hand, 300, 200);
    assert_true(stage.canvas.fitted && near(stage.canvas.zoom, fitted, 1e-9));
    hand_stop(&hand);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_picture_is_fitted_into_the_middle),
        cmocka_unit_test(test_small_pictures_are_not_blown_up_to_the_window),
        cmocka_unit_test(test_zooming_keeps_the_point_under_the_pointer),
        cmocka_unit_test(test_zoom_has_ends),
        cmocka_unit_test(test_actual_size_is_a_pixel_for_a_pixel),
        cmocka_unit_test(test_points_go_there_and_back),
        cmocka_unit_test(test_only_what_is_seen_is_painted),
        cmocka_unit_test(test_a_drag_moves_the_picture_with_the_pointer),
        cmocka_unit_test(test_wheel_zooms_click_clicks_double_click_fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
