/* Sessions without a display: events go in, the viewer is asked, text is painted. */
#include "app/window/keys.h"
#include "app/window/view.h"
#include "base/alloc.h"

#include "tests/app/window/fake_viewer.h"
#include "tests/app/window/plain_ground.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static struct view         view;
static struct plain_ground ground;
static double              now;
static int                 width, height;

static void send(const struct event *event)
{
    plain_ground_clear(&ground);
    now += 5;
    view_pass(&view, event, width, height, 1, now);
    assert_false(view.list.failed);
    assert_int_equal(view.ui.clip_depth, 0);
}

static void rest(void)
{
    send(&(struct event){.kind = EVENT_NONE});
}

static void key(const char *name, int modifiers)
{
    struct event event = {.kind = EVENT_KEY, .modifiers = modifiers};
    snprintf(event.text, sizeof event.text, "%s", name);
    send(&event);
    event.kind = EVENT_TEXT;
    struct view_wishes wishes = view.wishes;
    if (!name[1] && !modifiers)
        send(&event);
    if (!view.wishes.copy[0] && !view.wishes.paste && !view.wishes.quit)
        view.wishes = wishes;
}

static void type(const char *text)
{
    struct event event = {.kind = EVENT_TEXT};
    snprintf(event.text, sizeof event.text, "%s", text);
    send(&event);
}

static void move(float x, float y)
{
    send(&(struct event){.kind = EVENT_POINTER, .x = x, .y = y});
}

static void click(float x, float y)
{
    send(&(struct event){.kind = EVENT_PRESS, .x = x, .y = y, .button = 1, .clicks = 1});
    send(&(struct event){.kind = EVENT_RELEASE, .x = x, .y = y, .button = 1});
}

static bool saw(const char *text)
{
    rest();
    return strstr(ground.said, text) != NULL;
}

static int setup(void **state)
{
    struct bsr_error       err;
    struct viewer         *viewer;
    const struct view_look look = view_usual_look();
    (void)state;
    fake_start();
    viewer_open(&viewer, &(struct viewer_options){0}, &err);
    view_start(&view, viewer, &look);
    plain_ground_carry(&ground, &view.ui, &view.pictures);
    width = 1200;
    height = 800;
    now = 1000;
    rest();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    view_stop(&view);
    fake_stop();
    return 0;
}

static void test_what_is_dropped_is_opened_as_what_it_is(void **state)
{
    (void)state;
    send(&(struct event){.kind = EVENT_DROP, .text = "/a b/holiday"});
    assert_true(fake_was_asked("add /a b/holiday and below"));
    send(&(struct event){.kind = EVENT_DROP, .text = "net.onnx"});
    assert_true(fake_was_asked("model net.onnx"));
    send(&(struct event){.kind = EVENT_DROP, .text = "MINE.CFG"});
    assert_true(fake_was_asked("model MINE.CFG"));
    send(&(struct event){.kind = EVENT_DROP, .text = "missing.jpg"});
    assert_true(saw("missing.jpg: there is no such file"));
}

static void test_pasted_paths_and_addresses_are_opened(void **state)
{
    (void)state;
    key("v", MODIFIER_CTRL);
    assert_true(view.wishes.paste);
    view_open_text(&view, "file:///tmp/a%20b.png\r\n/tmp/c.png\n\n");
    assert_true(fake_was_asked("add /tmp/a b.png and below"));
    assert_true(fake_was_asked("add /tmp/c.png and below"));
    view_open_text(&view, "file:///tmp/100%/%zz%4");
    assert_true(fake_was_asked("add /tmp/100%/%zz%4 and below"));
}

static void test_arrows_go_through_the_pictures_and_stop_at_the_ends(void **state)
{
    (void)state;
    fake_pictures(3);
    key("right", 0);
    assert_true(fake_was_asked("select 1"));
    key("space", 0);
    key("right", 0);
    assert_int_equal(fake.shot.selected, 2);
    key("home", 0);
    assert_int_equal(fake.shot.selected, 0);
    key("left", 0);
    assert_int_equal(fake.shot.selected, 0);
    key("end", 0);
    assert_int_equal(fake.shot.selected, 2);
    key("delete", 0);
    assert_true(fake_was_asked("remove 2"));
}

static void test_a_slider_acts_in_each_pass_of_its_drag(void **state)
{
    (void)state;
    fake_pictures(1);
    fake_detector(8);
    rest();
    /* the panel's slider of confidence: its track at y 108, from 959 to 1178 */
    send(&(struct event){.kind = EVENT_PRESS, .x = 1013, .y = 108, .button = 1, .clicks = 1});
    for (int x = 1020; x <= 1068; x += 8)
        move((float)x, 108);
    assert_true(fake_was_asked("set conf 0.50 iou 0.45 max 300 agnostic 0 factor 2.00 top 5"));
    assert_true(fake.past_count >= 6);
    send(&(struct event){.kind = EVENT_RELEASE, .x = 1068, .y = 108, .button = 1});
    assert_true(fake_was_asked("settle"));
    assert_true(saw("--conf 0.50"));
    key("z", MODIFIER_CTRL);
    assert_true(fake_was_asked("undo"));
    key("y", MODIFIER_CTRL);
    assert_true(fake_was_asked("redo"));
}

static void test_a_class_is_hidden_by_a_click_and_shown_again(void **state)
{
    (void)state;
    fake_pictures(1);
    fake_detector(8);
    rest();
    rest();
    click(1050, 342); /* "person", the first row of the legend */
    assert_true(fake.hidden[0] && !fake.hidden[1]);
    assert_true(saw("Show all classes"));
    click(1050, 366);
    assert_true(fake.hidden[0] && fake.hidden[1]);
    key("x", 0);
    assert_false(fake.hidden[0] || fake.hidden[1]);
}

static void test_a_click_on_a_box_shows_its_numbers(void **state)
{
    (void)state;
    fake_pictures(1);
    fake_detector(8);
    rest();
    float x, y;
    canvas_to_window(&view.canvas, 470, 280, &x, &y); /* in a small box within a large one */
    click(x, y);
    assert_true(saw("Picked box"));
    assert_true(saw("0.6100"));
    assert_true(saw("420.0, 220.0"));
    key("escape", 0);
    assert_false(saw("Picked box"));
    click(x, y);
    key("right", 0); /* another picture's box is another box */
    assert_true(fake.shot.count == 1 || !saw("Picked box"));
}

static void test_zoom_by_wheel_and_keys(void **state)
{
    (void)state;
    fake_pictures(1);
    fake_detector(2);
    rest();
    double fitted = view.canvas.zoom;
    send(&(struct event){.kind = EVENT_WHEEL, .x = 400, .y = 300, .dy = 3});
    assert_true(view.canvas.zoom > fitted * 1.5);
    key("1", 0);
    assert_true(fabs(view.canvas.zoom - 1) < 1e-9);
    assert_true(saw("100 %"));
    key("+", 0);
    assert_true(fabs(view.canvas.zoom - 1.25) < 1e-9);
    key("0", 0);
    assert_true(fabs(view.canvas.zoom - fitted) < 1e-9);
}

static void test_what_is_enlarged_stays_where_it_is(void **state)
{
    (void)state;
    fake_pictures(1);
    fake.shot.task = CARD_UPSCALE;
    fake.shot.model_used = "srcnn";
    fake.shot.result_state = VIEWER_WORKING;
    rest();
    send(&(struct event){.kind = EVENT_WHEEL, .x = 400, .y = 300, .dy = 4});
    double zoom = view.canvas.zoom, x = view.canvas.x;
    fake_enlarger();
    rest();
    assert_true(fabs(view.canvas.zoom - zoom / 2) < 1e-9 && fabs(view.canvas.x - 2 * x) < 1e-9);
    assert_int_equal(ground.pictures, 2); /* before, after */
}

static void test_ways_to_compare(void **state)
{
    (void)state;
    fake_pictures(1);
    fake_enlarger();
    for (int i = 0; i < COMPARE_COUNT; i++) {
        assert_int_equal(view.look.compare, i);
        move(400, 300);
        assert_int_equal(ground.pictures, i < COMPARE_AFTER ? 2 : 1);
        key("v", 0);
    }
    assert_int_equal(view.look.compare, 0);
    fake.shot.plain = NULL; /* not made yet */
    rest();
    assert_int_equal(ground.pictures, 1);
}

static void test_tasks_bring_back_their_last_model(void **state)
{
    (void)state;
    fake_pictures(1);
    fake_detector(1);
    fake.shot.model_used = fake.shot.model_name = "mine.onnx";
    rest();
    key("u", 0);
    assert_true(fake_was_asked("model srcnn"));
    fake_enlarger();
    rest();
    key("d", 0);
    assert_true(fake_was_asked("model mine.onnx"));
    key("k", 0); /* there is no classifier yet: which? */
    assert_int_equal(view.dialogue, DIALOGUE_MODELS);
}

static void test_the_picker_takes_cards_and_paths(void **state)
{
    (void)state;
    setenv("BESRA_MODELS", BESRA_SOURCE_DIR "/models", 1);
    key("m", 0);
    assert_true(saw("cards"));
    assert_true(saw("Find objects"));
    assert_string_equal(view.field.text, ""); /* the m that opened it is not in it */
    key("down", 0);
    key("return", 0);
    assert_int_equal(view.dialogue, DIALOGUE_NONE);
    assert_true(fake_was_asked("model srcnn"));
    key("m", 0);
    type("/tmp/other.onnx");
    key("return", 0);
    assert_true(fake_was_asked("model /tmp/other.onnx"));
}

static void test_dialogues_have_all_keys(void **state)
{
    (void)state;
    fake_pictures(3);
    key("o", 0);
    type("q");
    key("q", 0);
    assert_false(view.wishes.quit);
    assert_string_equal(view.field.text, "qq");
    key("right", 0);
    assert_int_equal(fake.shot.selected, 0);
    key("escape", 0);
    assert_int_equal(view.dialogue, DIALOGUE_NONE);
    key("q", 0);
    assert_true(view.wishes.quit);
}

static void test_what_lies_below_a_dialogue_is_not_clicked(void **state)
{
    (void)state;
    fake_pictures(3);
    fake_detector(2);
    key("?", 0);
    rest();
    fake_was_asked(NULL);
    click(1165, 228); /* a switch in the panel */
    assert_false(fake.shot.settings.agnostic);
    assert_int_equal(view.dialogue, DIALOGUE_NONE); /* beside the plate: it is closed */
    rest();
    click(1165, 228);
    assert_true(fake.shot.settings.agnostic);
}

static void test_saving_asks_before_it_replaces(void **state)
{
    (void)state;
    char folder[] = "/tmp/besra-view-XXXXXX", path[64];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/a.png", folder);
    fake_pictures(1);
    fake_detector(2);
    rest();
    key("s", 0);
    assert_string_equal(view.field.text, "besra-out/cards/picture-001.jpg");
    type(path); /* all was marked */
    fake.save_status = BSR_EEXIST;
    key("return", 0);
    assert_true(saw("exists already"));
    assert_true(saw("Replace"));
    key("return", 0);
    char asked[128];
    snprintf(asked, sizeof asked, "save %s over", path);
    assert_true(fake_was_asked(asked));
    assert_int_equal(view.dialogue, DIALOGUE_NONE);
    key("r", 0);
    assert_string_equal(view.field.text, "besra-out/cards/picture-001.json");
    key("escape", 0);
    rmdir(folder);
}

static void test_a_batch_is_started_shown_and_stopped(void **state)
{
    (void)state;
    fake_pictures(12);
    fake_detector(2);
    rest();
    key("a", 0);
    assert_string_equal(view.field.text, "besra-out/cards");
    key("return", 0);
    assert_true(fake_was_asked("batch besra-out/cards"));
    fake.shot.batch_done = 5;
    assert_true(saw("5 of 12 written to besra-out/cards"));
    key("a", 0);
    assert_true(fake_was_asked("cancel"));
}

static void test_the_command_line_is_shown_and_copied(void **state)
{
    (void)state;
    fake_pictures(1);
    fake_detector(1);
    assert_true(saw("besra detect -m cards --conf 0.25 'holiday/picture-001.jpg'"));
    key("c", 0);
    assert_string_equal(view.wishes.copy, "besra detect -m cards --conf 0.25 'holiday/picture-001.jpg'");
    key("c", MODIFIER_CTRL | MODIFIER_SHIFT);
    assert_string_equal(view.wishes.copy, "person\t0.9300\t60.0\t80.0\t220.0\t330.0\n");
}

static void test_look_and_window(void **state)
{
    (void)state;
    fake_pictures(3);
    fake_detector(3);
    key("n", 0);
    assert_int_equal(view.look.theme, THEME_LIGHT);
    key("p", 0);
    assert_false(saw("Confidence"));
    key("p", 0);
    assert_true(saw("Confidence"));
    key("t", 0);
    assert_false(view.look.strip);
    key("l", 0);
    assert_false(saw("person 0.93"));
    key("b", 0);
    assert_false(view.look.boxes);
    key("f11", 0);
    assert_true(view.wishes.full_screen && view.full);
    key("f3", 0);
    assert_true(saw("input to screen"));
    width = 480; /* a narrow one: the panel lies over the picture when asked for */
    height = 360;
    assert_false(saw("Confidence"));
    key("p", 0);
    assert_true(saw("Confidence"));
    send(&(struct event){.kind = EVENT_QUIT});
    assert_true(view.wishes.quit);
}

static void test_states_without_results_say_why(void **state)
{
    (void)state;
    assert_true(saw("Drop pictures, videos, folders or models here"));
    fake_pictures(2);
    fake.shot.picture = NULL;
    fake.shot.picture_state = VIEWER_FAILED;
    fake.shot.picture_why = "not a JPEG";
    assert_true(saw("not a JPEG"));
    fake.shot.picture_state = VIEWER_WORKING;
    fake.shot.picture_why = NULL;
    rest();
    assert_true(view.ui.again_ms >= 0); /* something moves meanwhile */
    fake_pictures(2);
    fake.shot.model_state = VIEWER_FAILED;
    fake.shot.model_why = "net.onnx: no model";
    assert_true(saw("net.onnx: no model"));
}

static void test_nothing_is_painted_anew_while_nothing_happens(void **state)
{
    (void)state;
    fake_pictures(2);
    fake_detector(3);
    for (int i = 0; i < 5; i++)
        rest();
    assert_true(view.ui.again_ms < 0);
}

/* Any size of window, with all dialogues, and pointer and keys at random: nothing breaks (run with
 * sanitizers). */
static void test_any_window_and_any_events(void **state)
{
    (void)state;
    static const int sizes[] = {1, 7, 100, 480, 1200, 5000};
    srand(3);
    fake_pictures(500);
    fake_detector(8);
    setenv("BESRA_MODELS", BESRA_SOURCE_DIR "/models", 1);
    for (int i = 0; i < 3000; i++) {
        struct event             event = {.kind = (enum event_kind)(rand() % (EVENT_LEAVE + 1)),
                                          .x = (float)(rand() % 1300 - 50),
                                          .y = (float)(rand() % 900 - 50),
                                          .dx = (float)(rand() % 5 - 2),
                                          .dy = (float)(rand() % 5 - 2),
                                          .button = 1 + rand() % 3,
                                          .clicks = 1 + rand() % 2};
        const struct action_row *row = &action_rows[rand() % ACTION_COUNT];
        snprintf(event.text, sizeof event.text, "%s", row->keys[0]);
        if (rand() % 50 == 0)
            width = sizes[rand() % 6];
        if (rand() % 50 == 0)
            height = sizes[rand() % 6];
        if (rand() % 200 == 0)
            fake_enlarger();
        if (rand() % 200 == 0)
            fake_detector((size_t)(rand() % 9));
        if (rand() % 200 == 0)
            fake_classifier();
        send(&event);
        if (fake.past_count == 16)
            fake.past_count = 0;
        fake.asked[0] = '\0';
    }
}

static void test_every_action_is_whole_and_has_a_key_of_its_own(void **state)
{
    (void)state;
    for (int i = 0; i < ACTION_COUNT; i++) {
        const struct action_row *row = &action_rows[i];
        assert_non_null(row->act);
        assert_non_null(row->help);
        assert_non_null(row->keys[0]);
        assert_true(row->where && *row->where); /* and a place to click */
        for (int other = 0; other < i; other++)
            for (int a = 0; a < 3 && row->keys[a]; a++)
                for (int b = 0; b < 3 && action_rows[other].keys[b]; b++)
                    assert_string_not_equal(row->keys[a], action_rows[other].keys[b]);
    }
}

static void test_the_docs_have_the_table_of_keys(void **state)
{
    (void)state;
    struct bytes table = {0};
    FILE        *file = fopen(BESRA_SOURCE_DIR "/docs/view.md", "r");
    char         page[65536];
    keys_document(&table);
    assert_non_null(file);
    size_t size = fread(page, 1, sizeof page - 1, file);
    page[size] = '\0';
    fclose(file);
    if (!strstr(page, bytes_text(&table)))
        fail_msg("docs/view.md should have this table:\n%s", bytes_text(&table));
    bytes_free(&table);
}

static void test_a_pasted_picture_is_saved_before_its_line_is_copied(void **state)
{
    (void)state;
    fake_pictures(1);
    fake_detector(2);
    snprintf(fake.names[0], sizeof fake.names[0], "pasted-1.png");
    fake.shot.unsaved = true;
    rest();
    key("c", 0);
    assert_string_equal(view.wishes.copy, "");
    assert_true(saw("Save what was pasted"));
    fake.save_status = BSR_EEXIST;
    key("return", 0);
    assert_true(saw("exists already"));
    key("return", 0); /* once more replaces it */
    assert_true(fake_was_asked("save pasted pasted-1.png over"));
    assert_true(strstr(view.wishes.copy, "besra detect") == view.wishes.copy);
    assert_true(saw("saved: pasted-1.png, and copied the line that reads it"));
    key("c", 0);
    assert_true(strstr(view.wishes.copy, "besra detect") == view.wishes.copy);
}

static void test_undo_is_off_where_there_is_nothing_to_undo(void **state)
{
    (void)state;
    fake_pictures(1);
    fake_detector(2);
    rest();
    rest();
    click(989, 21);
    assert_false(fake_was_asked("undo"));
    key("]", 0);
    rest();
    click(989, 21);
    assert_true(fake_was_asked("undo"));
    rest();
    click(1028, 21); /* the fake viewer has nothing to do again */
    assert_false(fake_was_asked("redo"));
}

static void test_without_the_clipboards_tools_text_is_pasted(void **state)
{
    (void)state;
    key("v", MODIFIER_CTRL);
    assert_true(view.wishes.paste);
    view_paste_text(&view, NULL);
    assert_true(saw("there is nothing to paste"));
    view_paste_text(&view, "x-special/nautilus-clipboard\ncopy\nfile:///a%20b.png\nfile://host/net.onnx");
    assert_true(fake_was_asked("add /a b.png and below"));
    assert_true(fake_was_asked("model /net.onnx"));
    click(62, 21);
    assert_true(view.wishes.paste);
    key("c", MODIFIER_CTRL);
    assert_true(saw("there is no picture to copy"));
    fake_pictures(1);
    rest();
    key("c", MODIFIER_CTRL);
    assert_true(saw("pictures can't be copied here"));
}

static void test_labels_are_a_setting(void **state)
{
    (void)state;
    fake_pictures(1);
    fake_detector(8);
    assert_true(saw("person 0.93"));
    key("l", 0);
    assert_true(fake.shot.settings.hide_labels);
    assert_false(saw("person 0.93"));
    key("z", MODIFIER_CTRL);
    assert_true(saw("person 0.93"));
}

static void test_running_out_of_memory_breaks_nothing(void **state)
{
    (void)state;
    fake_pictures(20);
    fake_detector(8);
    for (size_t n = 1; n < 40; n++) {
        teardown(NULL);
        setup(NULL);
        fake_pictures(20);
        fake_detector(8);
        mem_fail_from(n);
        view_pass(&view, &(struct event){.kind = EVENT_NONE}, width, height, 1, now);
        view_pass(&view, &(struct event){.kind = EVENT_KEY, .text = "m"}, width, height, 1, now);
        view_pass(&view, &(struct event){.kind = EVENT_PRESS, .button = 1, .clicks = 1, .x = 1050, .y = 342},
                  width, height, 1, now);
        mem_fail_from(0);
    }
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_what_is_dropped_is_opened_as_what_it_is),
        T(test_pasted_paths_and_addresses_are_opened),
        T(test_arrows_go_through_the_pictures_and_stop_at_the_ends),
        T(test_a_slider_acts_in_each_pass_of_its_drag),
        T(test_a_class_is_hidden_by_a_click_and_shown_again),
        T(test_a_click_on_a_box_shows_its_numbers),
        T(test_zoom_by_wheel_and_keys),
        T(test_what_is_enlarged_stays_where_it_is),
        T(test_ways_to_compare),
        T(test_tasks_bring_back_their_last_model),
        T(test_the_picker_takes_cards_and_paths),
        T(test_dialogues_have_all_keys),
        T(test_what_lies_below_a_dialogue_is_not_clicked),
        T(test_saving_asks_before_it_replaces),
        T(test_a_batch_is_started_shown_and_stopped),
        T(test_the_command_line_is_shown_and_copied),
        T(test_look_and_window),
        T(test_states_without_results_say_why),
        T(test_nothing_is_painted_anew_while_nothing_happens),
        T(test_any_window_and_any_events),
        T(test_every_action_is_whole_and_has_a_key_of_its_own),
        T(test_the_docs_have_the_table_of_keys),
        T(test_a_pasted_picture_is_saved_before_its_line_is_copied),
        T(test_undo_is_off_where_there_is_nothing_to_undo),
        T(test_without_the_clipboards_tools_text_is_pasted),
        T(test_labels_are_a_setting),
        T(test_running_out_of_memory_breaks_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
