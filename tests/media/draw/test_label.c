#include "canvas.h"
#include "colour_vision.h"

#include <limits.h>
#include <stdio.h>

enum { GREY = 128, SIZE = 16 };

static struct typesetter *typesetter;

static int set_up(void **state)
{
    (void)state;
    return typesetter_open(&typesetter, NULL);
}

static int tear_down(void **state)
{
    (void)state;
    typesetter_close(typesetter);
    return 0;
}

static struct label_plate measured(const char *text, int size, int max_width)
{
    struct label_plate plate;
    assert_int_equal(label_measure(typesetter, text, size, max_width, &plate, NULL), BSR_OK);
    return plate;
}

static void fill_with_noise(const struct bsr_image *image)
{
    unsigned random = 5;
    for (int y = 0; y < image->height; y++)
        for (int i = 0; i < image->width * 3; i++) {
            random = random * 1664525U + 1013904223U;
            image_row(image, y)[i] = (uint8_t)(random >> 24);
        }
}

/* On noise, for all class colours: behind the text there is the plate and nothing else, and the text reaches
 * WCAG's 4.5 against it. */
static void test_label_text_is_readable_on_noise(void **state)
{
    (void)state;
    struct bsr_image image = canvas_make(160, 40, 0);
    for (int i = 0; i < 80; i++) {
        struct draw_colour colour = draw_class_colour(i), ink = draw_text_colour(colour);
        struct label_plate plate = measured("person 0.87", SIZE, 160);
        fill_with_noise(&image);
        assert_int_equal(draw_label_at(typesetter, &image, 5, 5, "person 0.87", SIZE, 160, colour, NULL),
                         BSR_OK);

        size_t readable = 0, plain = 0;
        for (int y = 6; y < 4 + plate.height; y++)
            for (int x = 6; x < 4 + plate.width; x++) {
                struct draw_colour c = canvas_pixel(&image, x, y);
                readable += contrast(c, colour) >= 4.5;
                plain += canvas_is(&image, x, y, colour);
                /* Between plate and ink, nothing of the noise. */
                assert_true(c.b >= (colour.b < ink.b ? colour.b : ink.b));
                assert_true(c.b <= (colour.b > ink.b ? colour.b : ink.b));
            }
        assert_true(readable > 100);
        assert_true(plain > (size_t)(plate.width * plate.height) / 2);
    }
    image_free(&image);
}

static void test_label_changes_just_its_plate(void **state)
{
    static const char *const texts[] = {"person 0.87", "", " ", "\xE5\xBF\x83 0.5", "\xD7\x90\xD7\x91"};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct bsr_image   image = canvas_make(300, 120, GREY);
        struct label_plate plate = measured(texts[i], SIZE, 300);
        assert_int_equal(draw_label_at(typesetter, &image, 31, 17, texts[i], SIZE, 300,
                                       (struct draw_colour){0, 0, 255}, NULL),
                         BSR_OK);
        struct canvas_change change = canvas_changed(&image, GREY);
        assert_int_equal(change.x1, 31);
        assert_int_equal(change.y1, 17);
        assert_int_equal(change.x2, 31 + plate.width);
        assert_int_equal(change.y2, 17 + plate.height);
        assert_int_equal(change.pixels, plate.width * plate.height);
        image_free(&image);
    }
}

/* Marks piled up without end would reach far over the plate: they are cut off at its edge. */
static void test_label_keeps_piled_marks_on_its_plate(void **state)
{
    char text[400] = "Z";
    (void)state;
    for (size_t i = 0; i < 99; i++)
        memcpy(text + 1 + 2 * i, i % 2 ? "\xCC\x8A" : "\xCC\xA3", 3);
    struct bsr_image   image = canvas_make(200, 200, GREY);
    struct label_plate plate = measured(text, 24, 200);
    assert_true(plate.height < 24 * 4);
    assert_int_equal(draw_label_at(typesetter, &image, 90, 60, text, 24, 200, (struct draw_colour){0}, NULL),
                     BSR_OK);
    struct canvas_change change = canvas_changed(&image, GREY);
    assert_true(change.y1 >= 60 && change.y2 <= 60 + plate.height);
    assert_true(change.x1 >= 90 && change.x2 <= 90 + plate.width);
    image_free(&image);
}

/* Above the box; inside it where there is no room above; never over the border. */
static void test_label_finds_its_place(void **state)
{
    struct label_plate plate = measured("dog 0.5", SIZE, 200);
    const struct {
        double x, y;
        int    left, top;
    } cases[] = {
        {50, 80, 50, 80 - plate.height},
        {50, 3, 50, 3},
        {50, plate.height, 50, 0},
        {50.4, 80.6, 50, 81 - plate.height},
        {190, 80, 200 - plate.width, 80 - plate.height},
        {-30, 80, 0, 80 - plate.height},
        {50, 500, 50, 120 - plate.height},
        {50, -500, 50, 0},
        {-INFINITY, INFINITY, 0, 120 - plate.height},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bsr_image image = canvas_make(200, 120, GREY);
        assert_int_equal(draw_label(typesetter, &image, cases[i].x, cases[i].y, "dog 0.5", SIZE,
                                    (struct draw_colour){0}, NULL),
                         BSR_OK);
        struct canvas_change change = canvas_changed(&image, GREY);
        assert_int_equal(change.x1, cases[i].left);
        assert_int_equal(change.y1, cases[i].top);
        assert_int_equal(change.x2, cases[i].left + plate.width);
        assert_int_equal(change.y2, cases[i].top + plate.height);
        image_free(&image);
    }
}

static void test_label_is_cut_to_fit(void **state)
{
    static const char *const texts[] = {
        "a very long name of a class that nobody would give to anything",
        /* long enough also as the narrow boxes of a machine without a font for it */
        "\xE3\x83\x8F\xE3\x83\xBC\xE3\x83\x88\xE3\x81\xAE\xE5\xA5\xB3\xE7\x8E\x8B\xE3\x81\xAE\xE3\x83\x8F"
        "\xE3\x83\x8F\xE3\x83\xBC\xE3\x83\x88\xE3\x81\xAE\xE5\xA5\xB3\xE7\x8E\x8B\xE3\x81\xAE\xE3\x83\x8F"
        "\xE3\x83\x8F\xE3\x83\xBC\xE3\x83\x88\xE3\x81\xAE\xE5\xA5\xB3\xE7\x8E\x8B\xE3\x81\xAE\xE3\x83\x8F",
        "\xD7\x97\xD7\xAA\xD7\x95\xD7\x9C \xD7\x97\xD7\xAA\xD7\x95\xD7\x9C \xD7\x97\xD7\xAA\xD7\x95\xD7\x9C",
        "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF",
    };
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        int whole = measured(texts[i], SIZE, 65535).width;
        assert_true(whole > 120);
        for (int room = 40; room < whole; room += 9) {
            int width = measured(texts[i], SIZE, room).width;
            assert_true(width <= room);
            assert_true(width > room - 3 * SIZE); /* and not shorter than it must be */
        }
        assert_int_equal(measured(texts[i], SIZE, whole).width, whole);
    }
}

static void test_label_cut_begins_like_the_text_and_ends_in_an_ellipsis(void **state)
{
    struct bsr_image  cut = canvas_make(100, 40, GREY), written = canvas_make(100, 40, GREY);
    bool              found = false;
    static const char name[] = "playing card";
    (void)state;
    assert_int_equal(draw_label(typesetter, &cut, 0, 35, name, 18, (struct draw_colour){0}, NULL), BSR_OK);
    for (size_t kept = 0; kept < sizeof name && !found; kept++) {
        char text[64];
        snprintf(text, sizeof text, "%.*s\xE2\x80\xA6", (int)kept, name);
        memset(written.data, GREY, written.stride * 40);
        assert_int_equal(draw_label(typesetter, &written, 0, 35, text, 18, (struct draw_colour){0}, NULL),
                         BSR_OK);
        found = memcmp(cut.data, written.data, cut.stride * 40) == 0;
    }
    assert_true(found);
    image_free(&cut);
    image_free(&written);
}

/* From 1 x 1 on, with text and plates of any size; under ASan this is the test of clipping. */
static void test_label_fits_on_any_picture(void **state)
{
    static const int sizes[][2] = {{1, 1}, {2, 1}, {1, 9}, {7, 5}, {40, 3}, {3, 40}};
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (int size = 1; size <= 1000; size = size * 3 + 1) {
            struct bsr_image image = canvas_make(sizes[i][0], sizes[i][1], GREY);
            assert_int_equal(
                draw_label(typesetter, &image, 0.5, 0.5, "person 0.87", size, (struct draw_colour){0}, NULL),
                BSR_OK);
            assert_true(canvas_changed(&image, GREY).pixels > 0);
            assert_int_equal(draw_label_at(typesetter, &image, INT_MAX, INT_MIN, "p", size, 1,
                                           (struct draw_colour){0}, NULL),
                             BSR_OK);
            image_free(&image);
        }
}

static void test_label_nowhere_draws_nothing(void **state)
{
    (void)state;
    struct bsr_image image = canvas_make(50, 50, GREY);
    assert_int_equal(draw_label(typesetter, &image, NAN, 5, "x", 12, (struct draw_colour){0}, NULL), BSR_OK);
    assert_int_equal(draw_label(typesetter, &image, 5, NAN, "x", 12, (struct draw_colour){0}, NULL), BSR_OK);
    assert_int_equal(canvas_changed(&image, GREY).pixels, 0);
    image.channels = 1;
    assert_int_equal(draw_label(typesetter, &image, 5, 5, "x", 12, (struct draw_colour){0}, NULL),
                     BSR_ERANGE);
    image.channels = 3;
    image_free(&image);
}

static void test_label_survives_each_failing_allocation(void **state)
{
    (void)state;
    struct bsr_image image = canvas_make(60, 40, GREY);
    mem_fail_from(0);
    assert_int_equal(
        draw_label(typesetter, &image, 5, 30, "quite a long name", 21, (struct draw_colour){0}, NULL),
        BSR_OK);
    size_t asked = mem_fail_from(0);
    for (size_t n = 1; n <= asked; n++) {
        struct bsr_error err = {0};
        /* Another size each time, so that the cache doesn't help. */
        mem_fail_from(n);
        bsr_status status = draw_label(typesetter, &image, 5, 30, "quite a long name", 21 + (int)n,
                                       (struct draw_colour){0}, &err);
        mem_fail_from(0);
        if (status != BSR_OK)
            assert_int_equal(status, BSR_ENOMEM);
    }
    image_free(&image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_label_text_is_readable_on_noise),
        cmocka_unit_test(test_label_changes_just_its_plate),
        cmocka_unit_test(test_label_keeps_piled_marks_on_its_plate),
        cmocka_unit_test(test_label_finds_its_place),
        cmocka_unit_test(test_label_is_cut_to_fit),
        cmocka_unit_test(test_label_cut_begins_like_the_text_and_ends_in_an_ellipsis),
        cmocka_unit_test(test_label_fits_on_any_picture),
        cmocka_unit_test(test_label_nowhere_draws_nothing),
        cmocka_unit_test(test_label_survives_each_failing_allocation),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
