#include "canvas.h"
#include "colour_vision.h"

#include <limits.h>

enum { BASE_COLOURS = 8, COLOURS = 80 };

/* The 8 base colours are 16.1 apart at least (tritanopia; 17.0 for deuteranopia, 20.7 for protanopia). */
static const double base_floor = 15;

/* Neighbours in all 80 are 10.6 apart at least. */
static const double neighbour_floor = 10;

static void test_palette_base_colours_differ_for_all_eyes(void **state)
{
    (void)state;
    for (size_t eye = 0; eye < EYES; eye++)
        for (int i = 0; i < BASE_COLOURS; i++)
            for (int k = 0; k < i; k++) {
                double distance =
                    lab_distance(seen_by(eye, draw_class_colour(i)), seen_by(eye, draw_class_colour(k)));
                if (distance < base_floor)
                    fail_msg("%s: colours %d and %d are %.1f apart", eyes[eye].name, k, i, distance);
            }
}

static void test_palette_neighbours_differ_for_all_eyes(void **state)
{
    (void)state;
    for (size_t eye = 0; eye < EYES; eye++)
        for (int i = 1; i < COLOURS; i++) {
            double distance =
                lab_distance(seen_by(eye, draw_class_colour(i)), seen_by(eye, draw_class_colour(i - 1)));
            if (distance < neighbour_floor)
                fail_msg("%s: colours %d and %d are %.1f apart", eyes[eye].name, i - 1, i, distance);
        }
}

static void test_palette_has_eighty_different_colours(void **state)
{
    (void)state;
    for (int i = 0; i < COLOURS; i++)
        for (int k = 0; k < i; k++) {
            struct draw_colour a = draw_class_colour(i), b = draw_class_colour(k);
            assert_false(a.b == b.b && a.g == b.g && a.r == b.r);
        }
}

static void test_palette_begins_with_okabe_and_ito(void **state)
{
    /* Okabe and Ito 2008, the table of the web page (jfly.uni-koeln.de/color), in no order. */
    static const uint8_t set[BASE_COLOURS][3] = {{0, 0, 0},     {230, 159, 0},  {86, 180, 233},
                                                 {0, 158, 115}, {240, 228, 66}, {0, 114, 178},
                                                 {213, 94, 0},  {204, 121, 167}};
    (void)state;
    for (int k = 0; k < BASE_COLOURS; k++) {
        bool found = false;
        for (int i = 0; i < BASE_COLOURS; i++) {
            struct draw_colour c = draw_class_colour(i);
            found = found || (c.r == set[k][0] && c.g == set[k][1] && c.b == set[k][2]);
        }
        assert_true(found);
    }
}

static void test_palette_takes_any_index(void **state)
{
    (void)state;
    static const int indices[] = {-1, INT_MIN, INT_MAX, COLOURS, 100000};
    for (size_t i = 0; i < sizeof indices / sizeof *indices; i++)
        draw_class_colour(indices[i]);
    struct draw_colour first = draw_class_colour(0), again = draw_class_colour(COLOURS);
    assert_memory_equal(&first, &again, sizeof first);
}

static void test_text_colour_is_readable_on_all_class_colours(void **state)
{
    (void)state;
    for (int i = 0; i < COLOURS; i++) {
        struct draw_colour plate = draw_class_colour(i);
        assert_true(contrast(draw_text_colour(plate), plate) >= 4.5);
    }
}

static void test_text_colour_is_the_better_of_black_and_white_everywhere(void **state)
{
    const struct draw_colour black = {0, 0, 0}, white = {255, 255, 255};
    (void)state;
    for (int r = 0; r < 256; r += 5)
        for (int g = 0; g < 256; g += 5)
            for (int b = 0; b < 256; b += 5) {
                struct draw_colour below = {(uint8_t)b, (uint8_t)g, (uint8_t)r};
                double             best = fmax(contrast(black, below), contrast(white, below));
                double             got = contrast(draw_text_colour(below), below);
                assert_true(got >= 4.5);
                assert_true(got > best - 1e-9);
            }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_palette_base_colours_differ_for_all_eyes),
        cmocka_unit_test(test_palette_neighbours_differ_for_all_eyes),
        cmocka_unit_test(test_palette_has_eighty_different_colours),
        cmocka_unit_test(test_palette_begins_with_okabe_and_ito),
        cmocka_unit_test(test_palette_takes_any_index),
        cmocka_unit_test(test_text_colour_is_readable_on_all_class_colours),
        cmocka_unit_test(test_text_colour_is_the_better_of_black_and_white_everywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
