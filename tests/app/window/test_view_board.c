/* Pasting and copying in the window on an Xvfb, with the real xclip, against files that are copied by it as
 * other programs would; and what becomes of it without xclip. */
#include "app/window/ground.h"
#include "app/window/view.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/process.h"

#include "tests/app/window/harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATIENCE_MS = 120 * 1000 };

#define CARD  BESRA_SOURCE_DIR "/assets/cards/cards-1.jpg"
#define OTHER BESRA_SOURCE_DIR "/assets/cards/cards-2.jpg"

static const struct display_module *module;
static struct display              *display;
static struct ground                ground;
static struct view                  view;
static struct viewer               *viewer;
static struct board                *board;
static char                         folder[64];

/* ---- a window ---- */

static void wake(void *context)
{
    (void)context;
}

static bsr_status use(void *context, struct bytes *picture, struct bsr_error *err)
{
    (void)context;
    return view_use_pasted(&view, picture, err);
}

static void open_all(void)
{
    struct bsr_error           err;
    const struct view_look     look = view_usual_look();
    const struct board_options pasting = {.use = use, .wake = wake};

    snprintf(folder, sizeof folder, "/tmp/besra-view-board-XXXXXX");
    assert_non_null(mkdtemp(folder));
    setenv("BESRA_MODELS", BESRA_SOURCE_DIR "/models", 1);
    module = harness_module();
    display = harness_open(900, 600);
    assert_int_equal(ground_open(&ground, module, display, &err), BSR_OK);
    assert_int_equal(viewer_open(&viewer, &(struct viewer_options){.threads = 2}, &err), BSR_OK);
    assert_int_equal(board_open(&board, &pasting, &err), BSR_OK);
    view_start(&view, viewer, &look);
    view.board = board;
    ground_carry(&ground, &view.ui, &view.pictures);
    viewer_load_model(viewer, "cards", CARD_TASK_UNKNOWN);
}

static void close_all(void)
{
    static const char *const files[] = {"saved.png", "copied", "xclip"};
    board_close(board);
    view_stop(&view);
    viewer_close(viewer);
    ground_close(&ground);
    module->close(display);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char path[128];
        snprintf(path, sizeof path, "%s/%s", folder, files[i]);
        unlink(path);
    }
    rmdir(folder);
}

/* As window_loop.c: an event, a pass, the wish of that. */
static void send(const struct event *event)
{
    view_pass(&view, event, 900, 600, 1, clock_ms());
    if (view.wishes.paste) {
        char *text = module->clipboard(display);
        view_paste_text(&view, text);
        mem_free(text);
    }
    if (view.wishes.copy[0])
        module->set_clipboard(display, view.wishes.copy);
}

static void key(const char *name, int modifiers)
{
    struct event event = {.kind = EVENT_KEY, .modifiers = modifiers};
    snprintf(event.text, sizeof event.text, "%s", name);
    send(&event);
}

typedef bool condition(const struct viewer_snapshot *shot);

/* The window lives on meanwhile: it answers who asks for what it has copied. */
static void wait_until(condition *holds)
{
    double end = clock_ms() + PATIENCE_MS;
    for (bool there = false; !there;) {
        struct event           event;
        struct viewer_snapshot shot = viewer_snapshot(viewer);
        there = holds(&shot);
        viewer_release(viewer, &shot);
        if (!module->next_event(display, &event, 10))
            event = (struct event){.kind = EVENT_NONE};
        send(&event);
        if (clock_ms() > end)
            fail_msg("waited for too long; the notice: %s", view.notice.text);
    }
}

static const char *wanted_notice;

static bool is_said(const struct viewer_snapshot *shot)
{
    (void)shot;
    return strstr(view.notice.text, wanted_notice) != NULL;
}

static void wait_for_notice(const char *text)
{
    wanted_notice = text;
    wait_until(is_said);
}

static bool has_result(const struct viewer_snapshot *shot)
{
    return shot->count && shot->result_state == VIEWER_READY;
}

/* ---- other programs ---- */

static void run(const char *line)
{
    const char *const arguments[] = {"sh", "-c", line, NULL};
    struct bsr_error  err = {0};
    if (process_run(NULL, &(struct process_options){.arguments = arguments, .timeout_ms = PATIENCE_MS}, &err))
        fail_msg("%s: %s", line, err.message);
}

static void put(const char *type, const char *path)
{
    char line[1024];
    snprintf(line, sizeof line, "xclip -selection clipboard -target %s -in '%s'", type, path);
    run(line);
}

static void put_text(const char *type, const char *text)
{
    char             path[128];
    struct bsr_error err;
    snprintf(path, sizeof path, "%s/copied", folder);
    assert_int_equal(file_write(path, text, strlen(text), true, false, &err), BSR_OK);
    put(type, path);
}

#define NEEDS_XCLIP()                                                                                        \
    do {                                                                                                     \
        NEEDS_DISPLAY();                                                                                     \
        if (!process_find("xclip")) {                                                                        \
            print_message("SKIPPED: xclip is not installed\n");                                              \
            skip();                                                                                          \
        }                                                                                                    \
    } while (0)

/* ---- what it promises ---- */

static void test_a_picture_is_pasted_copied_and_the_same_as_saved(void **state)
{
    (void)state;
    NEEDS_XCLIP();
    struct bytes     saved = {0}, copied = {0};
    struct bsr_error err;
    char             path[128];

    open_all();
    put("image/jpeg", CARD);
    key("v", MODIFIER_CTRL);
    wait_for_notice("pasted as pasted-1.jpg");
    wait_until(has_result);
    key("c", MODIFIER_CTRL);
    wait_for_notice("copied the picture with its boxes, 960");
    const char *const            arguments[] = {"xclip",     "-selection", "clipboard", "-target",
                                                "image/png", "-out",       NULL};
    const struct process_options fetching = {
        .arguments = arguments, .most_output = 64 << 20, .timeout_ms = PATIENCE_MS};
    assert_int_equal(process_run(&copied, &fetching, &err), BSR_OK);
    snprintf(path, sizeof path, "%s/saved.png", folder);
    struct viewer_snapshot shot = viewer_snapshot(viewer);
    assert_int_equal(viewer_save_picture(viewer, &shot, path, false, &err), BSR_OK);
    viewer_release(viewer, &shot);
    assert_int_equal(file_read(&saved, path, SIZE_MAX, &err), BSR_OK);
    assert_int_equal(copied.size, saved.size);
    assert_memory_equal(copied.data, saved.data, saved.size);

    key("v", MODIFIER_CTRL); /* what was copied comes back as a picture */
    wait_for_notice("pasted as pasted-2.png");
    bytes_free(&saved);
    bytes_free(&copied);
    close_all();
}

static bool has_two(const struct viewer_snapshot *shot)
{
    return shot->count == 2;
}

static void test_files_of_a_file_manager_are_pasted(void **state)
{
    (void)state;
    NEEDS_XCLIP();
    open_all();
    put_text("text/uri-list", "file://" CARD "\r\nfile://localhost" OTHER "\r\n");
    key("v", MODIFIER_CTRL);
    wait_for_notice("opened 2 pictures");
    wait_until(has_two);
    struct viewer_snapshot shot = viewer_snapshot(viewer);
    assert_int_equal(shot.selected, 0);
    assert_string_equal(shot.path, CARD);
    viewer_release(viewer, &shot);
    close_all();
}

/* The one that is asked for the clipboard is then the window itself. */
static void test_text_that_the_window_copied_is_pasted(void **state)
{
    (void)state;
    NEEDS_XCLIP();
    open_all();
    module->set_clipboard(display, "x-special/nautilus-clipboard\ncopy\nfile://" CARD "\nfile://" OTHER);
    key("v", MODIFIER_CTRL);
    wait_until(has_two);
    close_all();
}

static void test_broken_pictures_are_told_and_not_listed(void **state)
{
    (void)state;
    NEEDS_XCLIP();
    open_all();
    put_text("image/png", "\x89PNG\r\n\x1a\n and then nothing of the kind");
    key("v", MODIFIER_CTRL);
    wait_for_notice("pasted-1.png: ");
    assert_true(view.notice.bad);
    put_text("image/png", "no picture");
    key("v", MODIFIER_CTRL);
    wait_for_notice("pasted-1: ");
    struct viewer_snapshot shot = viewer_snapshot(viewer);
    assert_int_equal(shot.count, 0);
    viewer_release(viewer, &shot);
    close_all();
}

/* With the stage's folder alone in the path. */
static void test_without_xclip_text_is_pasted_and_pictures_name_what_is_missing(void **state)
{
    (void)state;
    NEEDS_DISPLAY();
    open_all();
    char *before = mem_copy_text(getenv("PATH"));
    setenv("PATH", folder, 1);
    module->set_clipboard(display, "");
    key("v", MODIFIER_CTRL);
    wait_for_notice("apt install xclip");
    module->set_clipboard(display, CARD);
    key("v", MODIFIER_CTRL);
    wait_until(has_result);
    key("c", MODIFIER_CTRL);
    wait_for_notice("apt install xclip");
    assert_true(view.notice.bad);
    setenv("PATH", before, 1);
    mem_free(before);
    close_all();
}

static void test_a_tool_that_hangs_hinders_nobody(void **state)
{
    (void)state;
    NEEDS_DISPLAY();
    struct bsr_error  err;
    static const char script[] = "#!/bin/sh\nsleep 600\n";
    char              path[128], *before = mem_copy_text(getenv("PATH"));

    open_all();
    snprintf(path, sizeof path, "%s/xclip", folder);
    assert_int_equal(file_write(path, script, sizeof script - 1, false, false, &err), BSR_OK);
    assert_int_equal(chmod(path, 0755), 0);
    snprintf(path, sizeof path, "%.64s:/usr/bin:/bin", folder);
    setenv("PATH", path, 1);
    char card[] = CARD, *inputs[] = {card};
    key("v", MODIFIER_CTRL);
    assert_int_equal(viewer_add(viewer, inputs, 1, true, &err), BSR_OK);
    wait_until(has_result);
    key("c", MODIFIER_CTRL);
    wait_for_notice("busy");
    setenv("PATH", before, 1);
    mem_free(before);
    close_all(); /* at once */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_picture_is_pasted_copied_and_the_same_as_saved),
        cmocka_unit_test(test_files_of_a_file_manager_are_pasted),
        cmocka_unit_test(test_text_that_the_window_copied_is_pasted),
        cmocka_unit_test(test_broken_pictures_are_told_and_not_listed),
        cmocka_unit_test(test_without_xclip_text_is_pasted_and_pictures_name_what_is_missing),
        cmocka_unit_test(test_a_tool_that_hangs_hinders_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
