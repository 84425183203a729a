#include "canvas.h"
#include "pipeline/annotate.h"

#include <math.h>
#include <stdlib.h>

enum { GREY = 128 };

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

static void annotate(const struct bsr_image *image, const struct annotation *items, size_t count)
{
    struct bsr_error err = {0};
    if (annotate_detections(image, items, count, typesetter, NULL, &err) != BSR_OK)
        fail_msg("%s", err.message);
}

static void test_annotate_sizes_follow_the_picture(void **state)
{
    /* round((w + h) / 2 * 0.003), at least 2; round((w + h) / 2 * 0.02), 12 to 400: by hand. */
    static const struct {
        int width, height, line, text;
    } cases[] = {{1, 1, 2, 12},       {640, 480, 2, 12},    {810, 1080, 3, 19},
                 {1920, 1080, 5, 30}, {4000, 3000, 11, 70}, {65535, 65535, 197, 400}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(annotate_line_width(cases[i].width, cases[i].height), cases[i].line);
        assert_int_equal(annotate_text_size(cases[i].width, cases[i].height), cases[i].text);
    }
}

static void test_annotate_takes_the_widths_it_is_given(void **state)
{
    const struct annotation item = {50, 50, 150, 150, 1, NULL};
    struct bsr_image        image = canvas_make(200, 200, GREY);
    (void)state;
    assert_int_equal(
        annotate_detections(&image, &item, 1, NULL, &(struct annotate_options){.line_width = 9}, NULL),
        BSR_OK);
    int line = 0;
    for (int x = 0; x < 100; x++)
        line += canvas_is(&image, x, 100, draw_class_colour(1));
    assert_int_equal(line, 9);
    image_free(&image);
}

static void test_annotate_draws_better_frames_over_worse(void **state)
{
    const struct annotation items[] = {{20, 20, 100, 100, 0, NULL}, {60, 60, 140, 140, 1, NULL}};
    struct bsr_image        image = canvas_make(160, 160, GREY);
    (void)state;
    annotate(&image, items, 2);
    /* The edges cross at (100, 60) and (60, 100). */
    assert_true(canvas_is(&image, 99, 60, draw_class_colour(0)));
    assert_true(canvas_is(&image, 60, 99, draw_class_colour(0)));
    assert_true(canvas_is(&image, 139, 100, draw_class_colour(1)));
    image_free(&image);
}

/* A row inside the plate, just under its edge, is free of text. */
static bool has_plate(const struct bsr_image *image, int x, int y, const struct label_plate *plate,
                      int class_index)
{
    for (int i = 1; i < plate->width - 1; i++)
        if (!canvas_is(image, x + i, y + 1, draw_class_colour(class_index)))
            return false;
    return true;
}

static void test_annotate_labels_lie_over_frames_and_beside_each_other(void **state)
{
    /* Two finds in one place; then one whose frame runs through the first one's label. */
    const struct annotation items[] = {
        {60, 80, 260, 220, 1, "first"}, {60, 80, 260, 220, 3, "second"}, {70, 40, 280, 230, 4, NULL}};
    struct bsr_image   image = canvas_make(320, 240, GREY);
    struct label_plate plate;
    int                outset = draw_box_outset(2);
    (void)state;

    annotate(&image, items, 3);
    assert_int_equal(label_measure(typesetter, "first", 12, 320, &plate, NULL), BSR_OK);
    assert_true(has_plate(&image, 60 - outset, 80 - outset - plate.height, &plate, 1)); /* above */
    assert_int_equal(label_measure(typesetter, "second", 12, 320, &plate, NULL), BSR_OK);
    assert_true(has_plate(&image, 60 - outset, 80 - outset, &plate, 3)); /* inside */
    image_free(&image);
}

/* Twelve finds in one place: each label hides as little as can be, all stay inside. */
static void test_annotate_many_labels_in_one_place_stay_inside(void **state)
{
    struct annotation items[12];
    (void)state;
    for (int i = 0; i < 12; i++)
        items[i] = (struct annotation){-5, -5, 66, 50, i, "label"};
    struct bsr_image image = canvas_make(64, 48, GREY);
    annotate(&image, items, 12);
    image_free(&image);
}

static void test_annotate_leaves_out_what_can_not_be_seen(void **state)
{
    const struct annotation items[] = {
        {NAN, 1, 9, 9, 0, "nan"}, {1, 1, 9, NAN, 0, "nan"},      {9, 9, 1, 1, 0, "turned"},
        {5, 5, 5, 9, 0, "thin"},  {200, 5, 300, 20, 0, "right"}, {-50, -50, -1, -1, 0, "left"},
    };
    struct bsr_image image = canvas_make(100, 100, GREY);
    (void)state;
    annotate(&image, items, sizeof items / sizeof *items);
    annotate(&image, NULL, 0);
    assert_int_equal(canvas_changed(&image, GREY).pixels, 0);
    image_free(&image);
}

/* From 1 x 1 on, thousands of boxes anywhere: for ASan and UBSan. */
static void test_annotate_takes_any_boxes_on_any_picture(void **state)
{
    enum { COUNT = 1500 };
    static const int   sizes[][2] = {{1, 1}, {3, 70}, {90, 2}, {150, 100}};
    static const char *texts[] = {"person 0.87",  "",     NULL,
                                  "\xE5\xBF\x83", "\xFF", "a label longer than the picture"};
    struct annotation *items = mem_alloc_zeroed(COUNT, sizeof *items);
    unsigned           random = 3;
    (void)state;
    assert_non_null(items);
    for (int i = 0; i < COUNT; i++) {
        double at[4];
        for (int k = 0; k < 4; k++) {
            random = random * 1664525U + 1013904223U;
            at[k] = ((double)(random >> 8) / (1 << 24) - 0.4) * (i % 40 ? 200 : 1e200);
        }
        items[i] = (struct annotation){at[0], at[1], at[2], at[3], (int)random, texts[i % 6]};
    }
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct bsr_image image = canvas_make(sizes[i][0], sizes[i][1], GREY);
        annotate(&image, items, COUNT);
        image_free(&image);
    }
    mem_free(items);
}

static void test_annotate_refuses_what_it_can_not_draw_on(void **state)
{
    const struct annotation item = {1, 1, 5, 5, 0, "x"};
    struct bsr_image        image;
    struct bsr_error        err;
    (void)state;
    assert_int_equal(image_alloc(&image, 9, 9, 4, 8, NULL), BSR_OK);
    assert_int_equal(annotate_detections(&image, &item, 1, typesetter, NULL, &err), BSR_ERANGE);
    image_free(&image);
    image = canvas_make(9, 9, GREY);
    assert_int_equal(annotate_detections(&image, &item, 1, typesetter,
                                         &(struct annotate_options){.text_size = 1001}, &err),
                     BSR_ERANGE);
    assert_int_equal(canvas_changed(&image, GREY).pixels, 0);
    image_free(&image);
}

static void test_annotate_survives_each_failing_allocation(void **state)
{
    const struct annotation items[] = {{20, 20, 60, 60, 0, "one"},
                                       {30, 30, 70, 70, 1, "a name that must be cut short"}};
    (void)state;
    struct bsr_image image = canvas_make(80, 80, GREY);
    mem_fail_from(0);
    annotate(&image, items, 2);
    size_t asked = mem_fail_from(0);
    assert_true(asked > 0);
    for (size_t n = 1; n <= asked; n++) {
        mem_fail_from(n);
        bsr_status status = annotate_detections(&image, items, 2, typesetter,
                                                &(struct annotate_options){.text_size = 12 + (int)n}, NULL);
        mem_fail_from(0);
        assert_true(status == BSR_ENOMEM || status == BSR_OK);
    }
    image_free(&image);
}

/* ---- comparison ---- */

static void test_compare_shows_both_pictures_whole(void **state)
{
    struct bsr_image before = canvas_make(300, 200, 60), after = canvas_make(300, 200, 200), both;
    (void)state;
    assert_int_equal(annotate_compare(&both, &before, "bicubic", &after, "net", typesetter, NULL), BSR_OK);
    int line = both.width - 600;
    assert_in_range(line, 2, 6);
    assert_int_equal(both.height, 200);
    for (int y = 100; y < 200; y++) /* below the captions */
        for (int x = 0; x < both.width; x++) {
            if (x < 300)
                assert_true(canvas_is(&both, x, y, (struct draw_colour){60, 60, 60}));
            else if (x >= 300 + line)
                assert_true(canvas_is(&both, x, y, (struct draw_colour){200, 200, 200}));
        }
    image_free(&both);

    /* Without a typesetter: the same, without captions. */
    assert_int_equal(annotate_compare(&both, &before, "bicubic", &after, NULL, NULL, NULL), BSR_OK);
    assert_true(canvas_is(&both, 8, 8, (struct draw_colour){60, 60, 60}));
    image_free(&both);
    image_free(&before);
    image_free(&after);
}

static void test_compare_takes_grey_alpha_and_sixteen_bits(void **state)
{
    struct bsr_image grey, clear, both;
    (void)state;
    assert_int_equal(image_alloc(&grey, 5, 4, 1, 16, NULL), BSR_OK);
    assert_int_equal(image_alloc(&clear, 5, 4, 4, 8, NULL), BSR_OK);
    for (int y = 0; y < 4; y++) {
        for (int x = 0; x < 5; x++)
            ((uint16_t *)(void *)image_row(&grey, y))[x] = (uint16_t)(x * 257 * 10);
        memset(image_row(&clear, y), 0, 20); /* black, but not to be seen at all */
    }
    assert_int_equal(annotate_compare(&both, &grey, NULL, &clear, NULL, typesetter, NULL), BSR_OK);
    for (int x = 0; x < 5; x++)
        assert_true(canvas_is(&both, x, 2,
                              (struct draw_colour){(uint8_t)(x * 10), (uint8_t)(x * 10), (uint8_t)(x * 10)}));
    assert_true(canvas_is(&both, both.width - 1, 2, (struct draw_colour){255, 255, 255}));
    image_free(&both);
    image_free(&grey);
    image_free(&clear);
}

static void test_compare_too_wide_shows_half_of_each(void **state)
{
    struct bsr_image before = canvas_make(40000, 2, 60), after = canvas_make(40000, 2, 200), both;
    (void)state;
    assert_int_equal(annotate_compare(&both, &before, "a", &after, "b", NULL, NULL), BSR_OK);
    assert_int_equal(both.width, 40000);
    assert_true(canvas_is(&both, 0, 1, (struct draw_colour){60, 60, 60}));
    assert_true(canvas_is(&both, 19000, 1, (struct draw_colour){60, 60, 60}));
    assert_true(canvas_is(&both, 21000, 1, (struct draw_colour){200, 200, 200}));
    assert_true(canvas_is(&both, 39999, 1, (struct draw_colour){200, 200, 200}));
    image_free(&both);
    image_free(&before);
    image_free(&after);
}

static void test_compare_works_from_one_pixel_on(void **state)
{
    (void)state;
    for (int side = 1; side < 40; side += 3) {
        struct bsr_image one = canvas_make(side, side, 5), both;
        assert_int_equal(annotate_compare(&both, &one, "bicubic", &one, "a long caption", typesetter, NULL),
                         BSR_OK);
        image_free(&both);
        image_free(&one);
    }
}

static void test_compare_refuses_two_sizes(void **state)
{
    struct bsr_image a = canvas_make(5, 5, 0), b = canvas_make(5, 6, 0), both = {.width = -3};
    struct bsr_error err;
    (void)state;
    assert_int_equal(annotate_compare(&both, &a, "a", &b, "b", typesetter, &err), BSR_ERANGE);
    assert_non_null(strstr(err.message, "5 x 6"));
    assert_int_equal(both.width, -3);
    image_free(&a);
    image_free(&b);
}

static void test_compare_survives_each_failing_allocation(void **state)
{
    (void)state;
    struct bsr_image one = canvas_make(60, 60, 5);
    bsr_status       status = BSR_ENOMEM;
    for (size_t n = 1; status != BSR_OK; n++) {
        struct bsr_image both = {.width = -3};
        mem_fail_from(n);
        status = annotate_compare(&both, &one, "before", &one, "after", typesetter, NULL);
        mem_fail_from(0);
        if (status == BSR_OK) {
            image_free(&both);
        } else {
            assert_int_equal(status, BSR_ENOMEM);
            assert_int_equal(both.width, -3);
        }
    }
    image_free(&one);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_annotate_sizes_follow_the_picture),
        cmocka_unit_test(test_annotate_takes_the_widths_it_is_given),
        cmocka_unit_test(test_annotate_draws_better_frames_over_worse),
        cmocka_unit_test(test_annotate_labels_lie_over_frames_and_beside_each_other),
        cmocka_unit_test(test_annotate_many_labels_in_one_place_stay_inside),
        cmocka_unit_test(test_annotate_leaves_out_what_can_not_be_seen),
        cmocka_unit_test(test_annotate_takes_any_boxes_on_any_picture),
        cmocka_unit_test(test_annotate_refuses_what_it_can_not_draw_on),
        cmocka_unit_test(test_annotate_survives_each_failing_allocation),
        cmocka_unit_test(test_compare_shows_both_pictures_whole),
        cmocka_unit_test(test_compare_takes_grey_alpha_and_sixteen_bits),
        cmocka_unit_test(test_compare_too_wide_shows_half_of_each),
        cmocka_unit_test(test_compare_works_from_one_pixel_on),
        cmocka_unit_test(test_compare_refuses_two_sizes),
        cmocka_unit_test(test_compare_survives_each_failing_allocation),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
