#include "app/window/ui_text.h"
#include "app/window/widget_button.h"
#include "app/window/widget_divider.h"
#include "app/window/widget_legend.h"
#include "app/window/widget_list.h"
#include "app/window/widget_slider.h"
#include "app/window/widget_toggle.h"

#include "tests/app/window/hand.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* A window with one of each. */
struct board {
    int                 clicks, covered_clicks;
    bool                on, covered;
    double              value, place;
    int                 changes, settled;
    struct slider_state sliding;
    struct field        field;
    enum field_result   typed;
    struct list_state   list;
    int                 chosen;
    enum legend_result  legend;
};

static const struct slider confidence = {
    .name = "conf", .label = "Confidence", .least = 0, .most = 1, .step = 0.01, .usual = 0.25, .decimals = 2};
/* label and number in rows 200..222, track in 222..242, its ends at 108 and 292 */
static const struct rect slider_rect = {100, 200, 200, POINT_SLIDER};

static void frame(void *context, struct ui *ui)
{
    static const struct list_row rows[] = {{"Models", NULL, true, false},
                                           {"cards", "detect", false, true},
                                           {"Files", NULL, true, false},
                                           {"a.onnx", NULL, false, false},
                                           {"b.onnx", NULL, false, false}};
    struct board                *board = context;
    bool                         settled;

    board->clicks +=
        button_add(ui, (struct rect){10, 10, 80, 28}, &(struct button){.name = "go", .label = "Go"});
    toggle_add(ui, (struct rect){10, 50, 200, 28}, "Labels", "show them", &board->on);
    board->changes += slider_add(ui, slider_rect, &confidence, &board->sliding, &board->value, &settled);
    board->settled += settled;
    divider_add(ui, (struct rect){400, 0, 200, 200}, "divider", &board->place);
    enum field_result typed =
        field_add(ui, (struct rect){10, 300, 200, 28}, "path", "a path", false, &board->field);
    if (typed != FIELD_SAME)
        board->typed = typed;
    board->legend = legend_add(ui, (struct rect){10, 340, 200, 28}, 0,
                               &(struct legend_row){.name = "ace", .count = 3, .colour = colour_of_class(0)});
    int chosen =
        list_add(ui, (struct rect){400, 300, 200, 84}, "list", rows, 5, board->covered, &board->list);
    if (chosen != LIST_NONE)
        board->chosen = chosen;
    if (board->covered) {
        const struct rect cover = {0, 0, 150, 100};
        ui_set_layer(ui, LAYER_DIALOGUE);
        ui_cover(ui, cover);
        board->covered_clicks +=
            button_add(ui, (struct rect){10, 10, 80, 28}, &(struct button){.name = "over", .label = "Over"});
    }
}

static struct board board;
static struct hand  hand;

static int setup(void **state)
{
    (void)state;
    board = (struct board){.value = 0.25, .place = 0.5, .chosen = -2};
    hand_start(&hand, frame, &board);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    hand_stop(&hand);
    return 0;
}

static void test_a_button_is_clicked_where_press_and_release_are_on_it(void **state)
{
    (void)state;
    hand_click(&hand, 20, 20);
    assert_int_equal(board.clicks, 1);
    hand_press(&hand, 20, 20, 1);
    hand_release(&hand, 300, 20);
    hand_press(&hand, 300, 20, 1);
    hand_release(&hand, 20, 20);
    assert_int_equal(board.clicks, 1);
    hand_send(&hand, &(struct event){.kind = EVENT_PRESS, .x = 20, .y = 20, .button = 3, .clicks = 1});
    hand_send(&hand, &(struct event){.kind = EVENT_RELEASE, .x = 20, .y = 20, .button = 3});
    assert_int_equal(board.clicks, 1);
}

static void test_what_lies_above_takes_the_pointer(void **state)
{
    (void)state;
    board.covered = true;
    hand_wait(&hand, 0);
    hand_click(&hand, 20, 20);
    assert_int_equal(board.clicks, 0);
    assert_int_equal(board.covered_clicks, 1);
    board.covered = false;
    hand_wait(&hand, 0);
    hand_wait(&hand, 0);
    hand_click(&hand, 20, 20);
    assert_int_equal(board.clicks, 1);
}

static void test_tab_reaches_and_return_presses(void **state)
{
    (void)state;
    hand_key(&hand, "tab");
    hand_key(&hand, "return");
    assert_int_equal(board.clicks, 1);
    hand_key(&hand, "tab");
    hand_key(&hand, "space");
    assert_true(board.on);
    hand_key(&hand, "shift+tab");
    hand_key(&hand, "return");
    assert_int_equal(board.clicks, 2);
}

static void test_a_toggle_changes_by_a_click_anywhere_in_its_row(void **state)
{
    (void)state;
    hand_click(&hand, 15, 60);
    assert_true(board.on);
    hand_click(&hand, 205, 60);
    assert_false(board.on);
}

static void test_a_slider_follows_the_pointer_in_each_pass(void **state)
{
    (void)state;
    hand_drag(&hand, 154, 232, 200, 232);
    assert_true(fabs(board.value - 0.5) < 1e-9);
    assert_true(board.changes >= 10);
    assert_int_equal(board.settled, 1);
    hand_drag(&hand, 200, 232, 900, 500); /* beyond its end */
    assert_true(board.value == 1);
    hand_press(&hand, 250, 232, 2);
    hand_release(&hand, 250, 232);
    assert_true(board.value == 0.25);
}

static void test_a_sliders_number_can_be_typed(void **state)
{
    (void)state;
    hand_click(&hand, 280, 211);
    hand_type(&hand, "0.333");
    assert_true(board.value == 0.25); /* not before Return */
    hand_key(&hand, "return");
    assert_true(fabs(board.value - 0.333) < 1e-12);
    hand_click(&hand, 280, 211);
    hand_type(&hand, "7");
    hand_key(&hand, "return");
    assert_true(fabs(board.value - 0.333) < 1e-12); /* out of range */
    hand_click(&hand, 280, 211);
    hand_type(&hand, "0.9");
    hand_key(&hand, "escape");
    assert_true(fabs(board.value - 0.333) < 1e-12);
    hand_click(&hand, 280, 211);
    hand_type(&hand, "0.9");
    hand_click(&hand, 700, 500); /* a click elsewhere takes it */
    assert_true(fabs(board.value - 0.9) < 1e-12);
}

static void test_a_slider_moves_by_keys(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++)
        hand_key(&hand, "tab");
    hand_key(&hand, "right");
    assert_true(fabs(board.value - 0.26) < 1e-9);
    hand_key(&hand, "pageup");
    assert_true(fabs(board.value - 0.36) < 1e-9);
}

static void test_a_logarithmic_slider_has_equal_ratios_on_equal_ways(void **state)
{
    (void)state;
    const struct slider factor = {.least = 1, .most = 16, .logarithmic = true};
    assert_true(fabs(slider_place(&factor, 4) - 0.5) < 1e-9);
    assert_true(fabs(slider_value(&factor, 0.75) - 8) < 1e-9);
    assert_true(fabs(slider_value(&factor, 3) - 16) < 1e-9);
}

static void test_a_divider_is_dragged_and_stays_within(void **state)
{
    (void)state;
    hand_drag(&hand, 500, 50, 450, 80);
    assert_true(fabs(board.place - 0.25) < 1e-6);
    hand_drag(&hand, 450, 50, -50, 80);
    assert_true(board.place == 0);
}

static void test_a_field_is_edited_by_characters(void **state)
{
    (void)state;
    hand_click(&hand, 50, 310);
    hand_type(&hand, "na");
    hand_type(&hand, "\xc3\xaf"); /* ï */
    hand_type(&hand, "ve");
    hand_key(&hand, "left");
    hand_key(&hand, "left");
    hand_key(&hand, "backspace");
    assert_string_equal(board.field.text, "nave");
    hand_key(&hand, "ctrl+a");
    hand_key(&hand, "ctrl+c");
    assert_string_equal(hand.board, "nave");
    hand_key(&hand, "end");
    hand_key(&hand, "ctrl+v");
    assert_string_equal(board.field.text, "navenave");
    hand_key(&hand, "home");
    hand_key(&hand, "delete");
    hand_key(&hand, "shift+right");
    hand_type(&hand, "X");
    assert_string_equal(board.field.text, "Xvenave");
    hand_key(&hand, "return");
    assert_int_equal(board.typed, FIELD_DONE);
}

static void test_a_field_refuses_what_has_no_room_and_control_characters(void **state)
{
    (void)state;
    char long_text[FIELD_SPACE + 10];
    memset(long_text, 'a', sizeof long_text - 1);
    long_text[sizeof long_text - 1] = '\0';
    assert_false(field_insert(&board.field, long_text));
    assert_true(field_insert(&board.field, "a\nb\x1b"));
    assert_string_equal(board.field.text, "ab");
    long_text[FIELD_SPACE - 3] = '\0';
    assert_true(field_insert(&board.field, long_text));
    assert_false(field_insert(&board.field, "a"));
    assert_int_equal(strlen(board.field.text), FIELD_SPACE - 1);
}

static void test_a_list_is_chosen_from_by_pointer_and_keys(void **state)
{
    (void)state;
    hand_click(&hand, 450, 300 + 28 + 10);
    assert_int_equal(board.chosen, 1);
    hand_click(&hand, 450, 305); /* a heading */
    assert_int_equal(board.chosen, 1);
    board.covered = true; /* keys go to the list */
    hand_key(&hand, "down");
    hand_key(&hand, "down");
    hand_key(&hand, "return");
    assert_int_equal(board.chosen, 4);
    assert_true(board.list.scroll.at > 0); /* it was brought into sight */
    hand_key(&hand, "home");
    hand_key(&hand, "return");
    assert_int_equal(board.chosen, 1);
}

static void test_a_list_scrolls_by_the_wheel_and_hides_what_is_outside(void **state)
{
    (void)state;
    assert_false(hand_saw(&hand, "b.onnx"));
    hand_wheel(&hand, 450, 320, -10);
    hand_wait(&hand, 0);
    assert_true(hand_saw(&hand, "b.onnx"));
    hand_click(&hand, 450, 390); /* a row that is clipped there can't be clicked */
    assert_int_equal(board.chosen, -2);
}

static void test_a_legend_row_points_and_clicks(void **state)
{
    (void)state;
    hand_move(&hand, 50, 350);
    assert_int_equal(board.legend, LEGEND_POINTED);
    hand_press(&hand, 50, 350, 1);
    hand_release(&hand, 50, 350);
    assert_int_equal(board.legend, LEGEND_CLICKED);
}

static void test_tips_come_when_the_pointer_rests(void **state)
{
    (void)state;
    hand_move(&hand, 50, 60);
    hand_wait(&hand, 0);
    assert_true(hand.ui.again_ms > 400 && hand.ui.tip[0] == '\0');
    hand_wait(&hand, 600);
    assert_string_equal(hand.ui.tip, "show them");
    hand_move(&hand, 700, 590);
    assert_string_equal(hand.ui.tip, "");
}

static void test_text_is_cut_between_characters(void **state)
{
    (void)state;
    char out[64];
    ui_fit(&hand.ui, "0123456789", 10, 30, CUT_END, out, sizeof out); /* 5 a character */
    assert_string_equal(out, "01234\xe2\x80\xa6");
    ui_fit(&hand.ui, "0123456789", 10, 30, CUT_START, out, sizeof out);
    assert_string_equal(out, "\xe2\x80\xa6"
                             "56789");
    ui_fit(&hand.ui, "0123456789", 10, 50, CUT_END, out, sizeof out);
    assert_string_equal(out, "0123456789");
    ui_fit(&hand.ui, "\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4\xc3\xb6\xc3\xbc", 10, 20, CUT_END, out, sizeof out);
    assert_string_equal(out, "\xc3\xa4\xc3\xb6\xc3\xbc\xe2\x80\xa6");
    ui_fit(&hand.ui, "\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4\xc3\xb6\xc3\xbc", 10, 20, CUT_START, out, sizeof out);
    assert_string_equal(out, "\xe2\x80\xa6\xc3\xa4\xc3\xb6\xc3\xbc");
    char narrow[8];
    ui_fit(&hand.ui, "0123456789", 10, 1000, CUT_END, narrow, sizeof narrow);
    assert_true(strlen(narrow) < sizeof narrow);
    float height = ui_paragraph(&hand.ui, (struct rect){0, 0, 50, 500}, "one two three\nfour", 10,
                                (struct colour){0}, false);
    assert_int_equal((int)height, 3 * 15); /* "one two", "three", "four" of lines 14.5 high */
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_a_button_is_clicked_where_press_and_release_are_on_it),
        T(test_what_lies_above_takes_the_pointer),
        T(test_tab_reaches_and_return_presses),
        T(test_a_toggle_changes_by_a_click_anywhere_in_its_row),
        T(test_a_slider_follows_the_pointer_in_each_pass),
        T(test_a_sliders_number_can_be_typed),
        T(test_a_slider_moves_by_keys),
        T(test_a_logarithmic_slider_has_equal_ratios_on_equal_ways),
        T(test_a_divider_is_dragged_and_stays_within),
        T(test_a_field_is_edited_by_characters),
        T(test_a_field_refuses_what_has_no_room_and_control_characters),
        T(test_a_list_is_chosen_from_by_pointer_and_keys),
        T(test_a_list_scrolls_by_the_wheel_and_hides_what_is_outside),
        T(test_a_legend_row_points_and_clicks),
        T(test_tips_come_when_the_pointer_rests),
        T(test_text_is_cut_between_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
