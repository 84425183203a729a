#include "canvas.h"

#include <math.h>
#include <stdlib.h>

static const struct draw_colour green = {.b = 115, .g = 158, .r = 0};

enum { GREY = 128 };

/* A box in the middle of nowhere: line of 3 round its edge, hairlines outside and inside of it. */
static void test_box_line_lies_on_the_edge_between_hairlines(void **state)
{
    struct bsr_image image = canvas_make(60, 50, GREY);
    (void)state;

    draw_box(&image, 20, 15, 40, 35, green, 3);
    struct canvas_change change = canvas_changed(&image, GREY);
    int                  outset = draw_box_outset(3);
    assert_int_equal(outset, 2);
    assert_int_equal(change.x1, 20 - outset);
    assert_int_equal(change.y1, 15 - outset);
    assert_int_equal(change.x2, 40 + outset);
    assert_int_equal(change.y2, 35 + outset);

    assert_true(canvas_pixel(&image, 18, 25).g < GREY); /* dark outside */
    for (int x = 19; x < 22; x++)
        assert_true(canvas_is(&image, x, 25, green));
    assert_true(canvas_pixel(&image, 22, 25).g > GREY); /* light inside */
    assert_true(canvas_is(&image, 23, 25, (struct draw_colour){GREY, GREY, GREY}));
    image_free(&image);
}

/* On any background the frame or a hairline stands out. */
static void test_box_shows_on_black_white_and_its_own_colour(void **state)
{
    static const struct draw_colour colours[] = {{0, 0, 0}, {255, 255, 255}, {128, 128, 128}};
    (void)state;
    for (size_t below = 0; below < 3; below++)
        for (size_t i = 0; i < 3; i++) {
            uint8_t          grey = colours[below].g;
            struct bsr_image image = canvas_make(20, 20, grey);
            draw_box(&image, 5, 5, 15, 15, colours[i], 2);
            int most = 0;
            for (int x = 0; x < 20; x++) {
                int difference = abs(canvas_pixel(&image, x, 10).g - grey);
                most = difference > most ? difference : most;
            }
            assert_true(most >= 40);
            image_free(&image);
        }
}

static void test_box_at_the_border_keeps_its_whole_line(void **state)
{
    struct bsr_image image = canvas_make(40, 30, GREY);
    (void)state;
    draw_box(&image, 0, 0, 40, 30, green, 4);
    for (int i = 1; i < 5; i++) {
        assert_true(canvas_is(&image, i, 15, green));
        assert_true(canvas_is(&image, 39 - i, 15, green));
        assert_true(canvas_is(&image, 20, i, green));
        assert_true(canvas_is(&image, 20, 29 - i, green));
    }
    image_free(&image);

    /* A box that goes on beyond the picture looks the same. */
    struct bsr_image first = canvas_make(40, 30, GREY), second = canvas_make(40, 30, GREY);
    draw_box(&first, 0, 0, 40, 30, green, 4);
    draw_box(&second, -1e300, -INFINITY, 1e9, INFINITY, green, 4);
    assert_memory_equal(first.data, second.data, first.stride * 30);
    image_free(&first);
    image_free(&second);
}

static void test_box_that_is_nowhere_draws_nothing(void **state)
{
    static const double boxes[][4] = {
        {NAN, 1, 5, 5},
        {1, NAN, 5, 5},
        {1, 1, NAN, 5},
        {1, 1, 5, NAN},
        {5, 1, 5, 5},
        {1, 5, 5, 5},
        {8, 8, 2, 2},
        {-9, -9, -1, -1},
        {-9, 2, 0, 5},
        {20, 2, 30, 5},
        {2, 16, 5, 30},
        {2, -5, 9, 0},
        {1e300, 0, INFINITY, 5},
        {-INFINITY, 0, -1e300, 5},
        {NAN, NAN, NAN, NAN},
    };
    (void)state;
    for (size_t i = 0; i < sizeof boxes / sizeof *boxes; i++) {
        struct bsr_image image = canvas_make(20, 16, GREY);
        draw_box(&image, boxes[i][0], boxes[i][1], boxes[i][2], boxes[i][3], green, 2);
        assert_int_equal(canvas_changed(&image, GREY).pixels, 0);
        image_free(&image);
    }
}

/* Sizes, positions and widths at random, also far too large: under ASan this is the test of clipping. */
static void test_box_never_leaves_the_picture(void **state)
{
    unsigned random = 1;
    (void)state;
    for (int round = 0; round < 3000; round++) {
        double at[4];
        int    sizes[3];
        for (int i = 0; i < 4; i++) {
            random = random * 1664525U + 1013904223U;
            at[i] = ((double)(random >> 8) / (1 << 24) - 0.3) * 60;
        }
        for (int i = 0; i < 3; i++) {
            random = random * 1664525U + 1013904223U;
            sizes[i] = (int)(random >> 16) % 24 + 1;
        }
        struct bsr_image image = canvas_make(sizes[0], sizes[1], GREY);
        draw_box(&image, at[0], at[1], at[0] + fabs(at[2]), at[1] + fabs(at[3]), green,
                 round % 50 ? sizes[2] - 3 : 0x7FFFFFFF);
        image_free(&image);
    }
}

static void test_box_of_one_pixel_shows(void **state)
{
    struct bsr_image image = canvas_make(1, 1, GREY);
    (void)state;
    draw_box(&image, 0, 0, 1, 1, green, 1);
    assert_int_equal(canvas_changed(&image, GREY).pixels, 1);
    image_free(&image);

    image = canvas_make(9, 9, GREY);
    draw_box(&image, 4.2, 4.2, 4.4, 4.4, green, 1); /* smaller than a pixel, still a find */
    assert_true(canvas_changed(&image, GREY).pixels > 0);
    image_free(&image);
}

static void test_rectangle_is_clipped_and_covers_by_its_share(void **state)
{
    struct bsr_image image = canvas_make(10, 10, 0);
    (void)state;
    draw_rectangle(&image, -5, 2, 8, 3, (struct draw_colour){255, 255, 255}, 0.5);
    struct canvas_change change = canvas_changed(&image, 0);
    assert_int_equal(change.x1, 0);
    assert_int_equal(change.x2, 3);
    assert_int_equal(change.y1, 2);
    assert_int_equal(change.y2, 5);
    /* Half of white's light: 188 in sRGB, 180 in the squares that stand for it. */
    assert_in_range(canvas_pixel(&image, 1, 3).g, 178, 190);

    draw_rectangle(&image, 0, 0, 0x7FFFFFFF, 0x7FFFFFFF, green, 7);
    assert_true(canvas_is(&image, 9, 9, green));
    draw_rectangle(&image, 0x7FFFFFFF, 0x7FFFFFFF, 0x7FFFFFFF, 0x7FFFFFFF, green, 1);
    draw_rectangle(&image, 0, 0, -1, 5, (struct draw_colour){0}, 1);
    draw_rectangle(&image, 0, 0, 5, 5, (struct draw_colour){0}, NAN);
    assert_true(canvas_is(&image, 0, 0, green));
    image_free(&image);
}

static void test_box_leaves_other_kinds_of_pictures_alone(void **state)
{
    static const int kinds[][2] = {{1, 8}, {2, 8}, {4, 8}, {3, 16}};
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct bsr_image image;
        assert_int_equal(image_alloc(&image, 8, 8, kinds[i][0], kinds[i][1], NULL), BSR_OK);
        memset(image.data, 7, image.stride * 8);
        draw_box(&image, 1, 1, 6, 6, green, 1);
        for (size_t k = 0; k < image.stride * 8; k++)
            assert_int_equal(((uint8_t *)image.data)[k], 7);
        image_free(&image);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_box_line_lies_on_the_edge_between_hairlines),
        cmocka_unit_test(test_box_shows_on_black_white_and_its_own_colour),
        cmocka_unit_test(test_box_at_the_border_keeps_its_whole_line),
        cmocka_unit_test(test_box_that_is_nowhere_draws_nothing),
        cmocka_unit_test(test_box_never_leaves_the_picture),
        cmocka_unit_test(test_box_of_one_pixel_shows),
        cmocka_unit_test(test_rectangle_is_clipped_and_covers_by_its_share),
        cmocka_unit_test(test_box_leaves_other_kinds_of_pictures_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
