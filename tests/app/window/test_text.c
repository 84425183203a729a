#include "app/window/text.h"
#include "base/alloc.h"
#include "fake_display.h"
#include "harness.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const struct colour white = {255, 255, 255, 255}, black = {0, 0, 0, 255};

struct scene {
    struct display     *display;
    struct window_text *text;
    struct paint_list   list;
};

static struct scene make_scene(size_t budget)
{
    struct scene scene = {0};
    assert_int_equal(fake_display.open(&scene.display, NULL, NULL), BSR_OK);
    assert_int_equal(text_open(&scene.text, &fake_display, scene.display, budget, NULL), BSR_OK);
    return scene;
}

static void end_scene(struct scene *scene)
{
    text_close(scene->text);
    assert_int_equal(scene->display->made, scene->display->freed);
    assert_int_equal(scene->display->bytes, 0);
    fake_display.close(scene->display);
    paint_free(&scene->list);
}

static void test_a_line_is_drawn_once_for_all_frames(void **state)
{
    struct scene scene = make_scene(TEXT_BUDGET);
    (void)state;
    for (int frame = 0; frame < 10; frame++) {
        paint_clear(&scene.list);
        text_add(scene.text, &scene.list, 10.3F, 50.4F, "person 0.87", 13, white);
        text_add(scene.text, &scene.list, 10, 70, "person 0.87", 13.2F, (struct colour){255, 200, 200, 9});
        text_add(scene.text, &scene.list, 10, 90, "person 0.87", 20, white);
        text_add(scene.text, &scene.list, 10, 90, "person 0.87", 20, black); /* thicker ink */
        text_add(scene.text, &scene.list, 10, 90, "   ", 20, black);
        text_add(scene.text, &scene.list, 10, 90, "", 20, black);
    }
    assert_int_equal(scene.display->made, 3);
    assert_int_equal(scene.list.count, 4);

    struct text_extent  extent = text_measure(scene.text, "person 0.87", 13);
    const struct paint *first = &scene.list.items[0];
    assert_true(first->rect.x <= 10 && first->rect.x + first->rect.width >= (float)(10 + extent.width));
    assert_true(first->rect.y == (float)(50 - extent.ascent));
    assert_true(first->rect.height == (float)(extent.ascent + extent.descent));
    assert_true(first->rect.x == floorf(first->rect.x));
    assert_int_equal(first->texture, scene.list.items[1].texture);
    end_scene(&scene);
}

static void test_the_budget_holds_and_the_longest_unused_goes(void **state)
{
    enum { BUDGET = 200 * 1024 };
    struct scene scene = make_scene(BUDGET);
    (void)state;
    for (int i = 0; i < 500; i++) {
        char line[32];
        snprintf(line, sizeof line, "label %d", i);
        paint_clear(&scene.list);
        text_add(scene.text, &scene.list, 0, 20, line, 16, white);
        text_add(scene.text, &scene.list, 0, 20, "always", 16, white);
        assert_int_equal(scene.list.count, 2);
        assert_true(text_bytes(scene.text) <= BUDGET);
        assert_true(scene.display->bytes <= text_bytes(scene.text));
    }
    assert_int_equal(scene.display->made, 501); /* "always" stayed */
    assert_true(scene.display->freed > 400);
    end_scene(&scene);
}

static void test_sizes_out_of_range_and_long_lines_are_no_harm(void **state)
{
    static const float sizes[] = {-5, 0, NAN, 0.4F, 1, 200, 1e9F, INFINITY};
    struct scene       scene = make_scene(TEXT_BUDGET);
    char               longest[3000];
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        assert_true(text_measure(scene.text, "a", sizes[i]).width >= 0);
        text_add(scene.text, &scene.list, 0, 0, "\xFF\xC3 \n\x01", sizes[i], white);
    }
    memset(longest, 'w', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    text_add(scene.text, &scene.list, 0, 0, longest, 16, white);
    const struct paint *last = &scene.list.items[scene.list.count - 1];
    assert_true(last->rect.width == FAKE_MOST); /* cut to what a texture can be */
    end_scene(&scene);
}

static void test_without_a_display_text_is_measured(void **state)
{
    struct window_text *text = NULL;
    struct paint_list   list = {0};
    (void)state;
    assert_int_equal(text_open(&text, NULL, NULL, TEXT_BUDGET, NULL), BSR_OK);
    assert_true(text_measure(text, "person", 20).width > 40);
    assert_true(text_measure(text, "person", 40).width > text_measure(text, "person", 20).width);
    text_add(text, &list, 0, 0, "person", 20, white);
    assert_int_equal(list.count, 0);
    text_close(text);
    text_close(NULL);
}

static void test_text_survives_each_failing_allocation(void **state)
{
    size_t n = 1;
    (void)state;
    for (bool whole = false; !whole; n++) {
        struct display *display = NULL;
        struct scene    scene = {0};
        assert_int_equal(fake_display.open(&display, NULL, NULL), BSR_OK);
        scene.display = display;
        mem_fail_from(n);
        bsr_status status = text_open(&scene.text, &fake_display, display, TEXT_BUDGET, NULL);
        if (status == BSR_OK) {
            text_add(scene.text, &scene.list, 0, 0, "one", 16, white);
            text_add(scene.text, &scene.list, 0, 0, "two", 16, black);
        }
        mem_fail_from(0);
        whole = scene.list.count == 2;
        if (status == BSR_OK) { /* and is well again */
            paint_clear(&scene.list);
            text_add(scene.text, &scene.list, 0, 0, "one", 16, white);
            assert_int_equal(scene.list.count, 1);
        }
        end_scene(&scene);
    }
    assert_true(n > 5);
}

static void test_text_looks_as_it_did(void **state)
{
    static const char *const lines[] = {
        "person 0.87", "The quick brown fox, 0123456789 %",
        "\xD0\xA1\xD0\xBE\xD0\xB1\xD0\xB0\xD0\xBA\xD0\xB0 \xCE\x93\xCE\xAC\xCF\x84\xCE\xB1",
        "\xD9\x82\xD8\xB7\xD8\xA9 \xD7\x97\xD7\xAA\xD7\x95\xD7\x9C fj\xC3\xA9"};
    static const struct colour ground = {32, 34, 38, 255}, paper = {245, 245, 242, 255},
                               ink = {30, 30, 30, 255}, blue = {60, 120, 220, 255},
                               dim = {150, 155, 165, 255};
    (void)state;
    NEEDS_DISPLAY();
    const struct display_module *module = harness_module();
    struct display              *display = harness_open(520, 260);
    struct window_text          *text = NULL;
    struct paint_list            list = {0};
    assert_int_equal(text_open(&text, module, display, TEXT_BUDGET, NULL), BSR_OK);
    paint_rect(&list, (struct rect){260, 0, 260, 260}, paper, 0);
    paint_rect(&list, (struct rect){10, 215, 120, 34}, blue, 6);
    paint_rect(&list, (struct rect){270, 215, 120, 34}, blue, 6);
    for (int i = 0; i < 4; i++)
        for (int column = 0; column < 2; column++) {
            float x = (float)(12 + 260 * column), y = (float)(22 + 48 * i);
            text_add(text, &list, x, y, lines[i], 13, column ? ink : white);
            text_add(text, &list, x, y + 22, lines[i], (float)(11 + i), column ? blue : dim);
        }
    text_add(text, &list, 24, 237, "Enlarge", 14, white);
    text_add(text, &list, 284, 237, "Enlarge", 14, black);
    module->show(display, &list, ground);
    harness_check(display, "text");
    text_close(text);
    paint_free(&list);
    module->close(display);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_line_is_drawn_once_for_all_frames),
        cmocka_unit_test(test_the_budget_holds_and_the_longest_unused_goes),
        cmocka_unit_test(test_sizes_out_of_range_and_long_lines_are_no_harm),
        cmocka_unit_test(test_without_a_display_text_is_measured),
        cmocka_unit_test(test_text_survives_each_failing_allocation),
        cmocka_unit_test(test_text_looks_as_it_did),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
