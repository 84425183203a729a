/* The clipboard's tools are shell scripts of the test here, in a folder that is first in $PATH: they answer,
 * hang, die and talk nonsense. What xclip itself does is in test_view_board.c. */
#include "app/window/board.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { HANG_MS = 1500 }; /* long for a script of one line, also where sanitizers watch */

/* ---- a stage ---- */

struct stage {
    char          folder[64], path[4096];
    struct board *board;
    struct bytes  used; /* what use() took */
    bsr_status    use_status;
    atomic_int    wakes, dones;
};

static bsr_status use(void *context, struct bytes *picture, struct bsr_error *err)
{
    struct stage *stage = context;
    if (stage->use_status != BSR_OK)
        return bsr_fail(err, stage->use_status, "pasted", "no picture of mine");
    bytes_free(&stage->used);
    stage->used = *picture;
    *picture = (struct bytes){0};
    return BSR_OK;
}

static void wake(void *context)
{
    atomic_fetch_add(&((struct stage *)context)->wakes, 1);
}

static void start(struct stage *stage, int timeout_ms)
{
    struct bsr_error err;
    *stage = (struct stage){.folder = "/tmp/besra-board-XXXXXX"};
    assert_non_null(mkdtemp(stage->folder));
    const char *before = getenv("PATH");
    snprintf(stage->path, sizeof stage->path, "%s", before ? before : "");
    char path[4300];
    snprintf(path, sizeof path, "%s:/usr/bin:/bin", stage->folder);
    setenv("PATH", path, 1);
    setenv("DISPLAY", ":none", 1);
    unsetenv("WAYLAND_DISPLAY");
    unsetenv("SDL_VIDEODRIVER");
    const struct board_options options = {
        .use = use, .wake = wake, .context = stage, .timeout_ms = timeout_ms};
    assert_int_equal(board_open(&stage->board, &options, &err), BSR_OK);
}

static void stop(struct stage *stage)
{
    static const char *const files[] = {"xclip", "wl-copy", "wl-paste", "given", "type"};
    board_close(stage->board);
    bytes_free(&stage->used);
    setenv("PATH", stage->path, 1);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char path[128];
        snprintf(path, sizeof path, "%s/%s", stage->folder, files[i]);
        unlink(path);
    }
    rmdir(stage->folder);
}

/* `script` sees its arguments, and the stage's folder as $F. */
static void put_tool(const struct stage *stage, const char *name, const char *script)
{
    struct bytes     text = {0};
    struct bsr_error err;
    char             path[128];
    snprintf(path, sizeof path, "%s/%s", stage->folder, name);
    bytes_append_format(&text, "#!/bin/sh\nF=%s\n%s\n", stage->folder, script);
    assert_int_equal(file_write(path, text.data, text.size, true, false, &err), BSR_OK);
    assert_int_equal(chmod(path, 0755), 0);
    bytes_free(&text);
}

/* An xclip whose targets are these, and which gives "bytes of TYPE". */
static void put_xclip(const struct stage *stage, const char *targets)
{
    char script[1024];
    snprintf(script, sizeof script,
             "case $4 in TARGETS) printf '%s';; *) if [ $5 = -in ]; then cat > $F/given;"
             " printf %%s $4 > $F/type; else printf 'bytes of %%s' $4; fi;; esac",
             targets);
    put_tool(stage, "xclip", script);
}

static struct board_report wait_for(struct stage *stage)
{
    struct board_report report = {0};
    double              until = clock_ms() + 60000;
    while (report.news == BOARD_NOTHING && clock_ms() < until) {
        board_take(stage->board, &report);
        usleep(2000);
    }
    assert_int_not_equal(report.news, BOARD_NOTHING);
    assert_true(atomic_load(&stage->wakes) > 0);
    return report;
}

static struct board_report fetch(struct stage *stage)
{
    assert_true(board_fetch(stage->board));
    return wait_for(stage);
}

static bsr_status make(void *context, struct bytes *png, struct bsr_error *err)
{
    (void)err;
    (void)context;
    bytes_append_text(png, "a picture");
    return BSR_OK;
}

static bsr_status make_none(void *context, struct bytes *png, struct bsr_error *err)
{
    (void)context;
    (void)png;
    return bsr_fail(err, BSR_EMISSING, "a.jpg", "there is no result yet");
}

static void done(void *context)
{
    atomic_fetch_add(&((struct stage *)context)->dones, 1);
}

static struct board_report give(struct stage *stage,
                                bsr_status (*made)(void *, struct bytes *, struct bsr_error *))
{
    assert_true(board_give(stage->board, made, done, stage));
    return wait_for(stage);
}

/* ---- what it promises ---- */

static void test_the_best_type_is_chosen(void **state)
{
    (void)state;
    static const struct {
        const char *types, *chosen, *picture;
    } rows[] = {
        {"TARGETS\nimage/bmp\nimage/png\nimage/jpeg\n", "image/png", "image/png"},
        {"image/png\ntext/uri-list\n", "text/uri-list", "image/png"},
        {"image/x-icon\nIMAGE/JPEG\r\n", "image/jpeg", "image/jpeg"},
        {"UTF8_STRING\ntext/plain\n", NULL, NULL},
        {"image/pngx\nximage/png\nimage/png2", NULL, NULL},
        {"", NULL, NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct bytes types = {0};
        bytes_append_text(&types, rows[i].types);
        const char *chosen = board_choose(&types, true), *picture = board_choose(&types, false);
        assert_true((chosen != NULL) == (rows[i].chosen != NULL));
        if (chosen)
            assert_string_equal(chosen, rows[i].chosen);
        if (picture)
            assert_string_equal(picture, rows[i].picture);
        bytes_free(&types);
    }
}

static void test_a_picture_is_fetched(void **state)
{
    (void)state;
    struct stage stage;
    start(&stage, 0);
    put_xclip(&stage, "TARGETS\\nimage/jpeg\\nimage/png\\n");
    assert_int_equal(fetch(&stage).news, BOARD_USED);
    assert_string_equal(bytes_text(&stage.used), "bytes of image/png");
    put_xclip(&stage, "image/bmp\\n");
    assert_int_equal(fetch(&stage).news, BOARD_USED);
    assert_string_equal(bytes_text(&stage.used), "bytes of image/bmp");
    stage.use_status = BSR_EDECODE;
    struct board_report report = fetch(&stage);
    assert_int_equal(report.news, BOARD_FAILED);
    assert_int_equal(report.error.code, BSR_EDECODE);
    assert_false(report.giving);
    stop(&stage);
}

static void test_files_are_fetched_and_addresses_of_the_web_are_not(void **state)
{
    (void)state;
    struct stage stage;
    start(&stage, 0);
    put_tool(&stage, "xclip",
             "case $4 in TARGETS) printf 'text/uri-list\\nimage/png\\n';;"
             " text/uri-list) printf 'file:///a%%20b.png\\r\\nfile:///c.png\\r\\n';; *) exit 1;; esac");
    struct board_report report = fetch(&stage);
    assert_int_equal(report.news, BOARD_FILES);
    assert_string_equal(bytes_text(&report.files), "file:///a%20b.png\r\nfile:///c.png\r\n");
    bytes_free(&report.files);
    put_tool(&stage, "xclip",
             "case $4 in TARGETS) printf 'text/uri-list\\nimage/png\\n';;"
             " text/uri-list) printf 'https://a.example/b.png\\n';; *) printf picture;; esac");
    assert_int_equal(fetch(&stage).news, BOARD_USED);
    assert_string_equal(bytes_text(&stage.used), "picture");
    stop(&stage);
}

static void test_text_is_left_to_the_display(void **state)
{
    (void)state;
    struct stage stage;
    start(&stage, 0);
    put_xclip(&stage, "UTF8_STRING\\nSTRING\\n");
    assert_int_equal(fetch(&stage).news, BOARD_TEXT);
    stop(&stage);
}

static void test_a_missing_tool_is_named_with_its_package(void **state)
{
    (void)state;
    struct stage stage;
    start(&stage, 0);
    setenv("PATH", stage.folder, 1);
    struct board_report report = fetch(&stage);
    assert_int_equal(report.news, BOARD_FAILED);
    assert_int_equal(report.error.code, BSR_EMISSING);
    assert_non_null(strstr(report.error.message, "apt install xclip"));
    report = give(&stage, make);
    assert_true(report.news == BOARD_FAILED && report.giving);
    unsetenv("DISPLAY");
    setenv("WAYLAND_DISPLAY", "wayland-0", 1);
    report = fetch(&stage);
    assert_non_null(strstr(report.error.message, "apt install wl-clipboard"));
    put_tool(&stage, "wl-paste", "exit 0"); /* half of a package is none */
    assert_int_equal(fetch(&stage).error.code, BSR_EMISSING);
    stop(&stage);
}

static void test_the_tool_is_that_of_the_windows_server(void **state)
{
    (void)state;
    static const struct {
        const char *display, *wayland, *driver, *used;
    } rows[] = {
        {":0", NULL, NULL, "x"},        {":0", "wayland-0", NULL, "x"},      {"", "wayland-0", NULL, "w"},
        {NULL, "wayland-0", NULL, "w"}, {":0", "wayland-0", "wayland", "w"}, {":0", "", "wayland", "x"},
    };
    struct stage stage;
    start(&stage, 0);
    put_tool(&stage, "xclip", "[ $4 = TARGETS ] && echo image/png || printf x");
    put_tool(&stage, "wl-paste", "[ $1 = --list-types ] && echo image/png || printf w");
    put_tool(&stage, "wl-copy", "cat > /dev/null");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *const names[] = {"DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER"};
        const char *const values[] = {rows[i].display, rows[i].wayland, rows[i].driver};
        for (int v = 0; v < 3; v++)
            if (values[v])
                setenv(names[v], values[v], 1);
            else
                unsetenv(names[v]);
        assert_int_equal(fetch(&stage).news, BOARD_USED);
        assert_string_equal(bytes_text(&stage.used), rows[i].used);
    }
    stop(&stage);
}

static void test_tools_that_fail_hang_or_die_are_told(void **state)
{
    (void)state;
    static const struct {
        const char *script;
        bsr_status  code;
        const char *said;
    } rows[] = {
        {"exit 1", BSR_EIO, "exit code 1"},
        {"kill -9 $$", BSR_EIO, "signal 9"},
        {"sleep 600", BSR_ECANCELED, "no answer"},
        {"[ $4 = TARGETS ] && echo image/png || exit 1", BSR_EIO, "exit code 1"},
        {"[ $4 = TARGETS ] && echo image/png || sleep 600", BSR_ECANCELED, "no answer"},
        {"[ $4 = TARGETS ] && echo image/png || exit 0", BSR_EFORMAT, "empty"},
        {"cat /dev/zero", BSR_ELIMIT, "more than"},
    };
    struct stage stage;
    start(&stage, HANG_MS);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        put_tool(&stage, "xclip", rows[i].script);
        struct board_report report = fetch(&stage);
        assert_int_equal(report.news, BOARD_FAILED);
        assert_int_equal(report.error.code, rows[i].code);
        assert_non_null(strstr(report.error.message, rows[i].said));
    }
    put_tool(&stage, "xclip", "head -c 3000 /dev/urandom"); /* no type among it: text, if anything */
    assert_int_equal(fetch(&stage).news, BOARD_TEXT);
    stop(&stage);
}

static void test_a_picture_is_given_and_its_maker_is_let_go(void **state)
{
    (void)state;
    struct stage     stage;
    struct bytes     given = {0};
    struct bsr_error err;
    char             path[128];
    start(&stage, HANG_MS);
    put_xclip(&stage, "");
    struct board_report report = give(&stage, make);
    assert_true(report.news == BOARD_GIVEN && report.giving);
    snprintf(path, sizeof path, "%s/given", stage.folder);
    assert_int_equal(file_read(&given, path, 1000, &err), BSR_OK);
    assert_string_equal(bytes_text(&given), "a picture");
    bytes_clear(&given);
    snprintf(path, sizeof path, "%s/type", stage.folder);
    assert_int_equal(file_read(&given, path, 1000, &err), BSR_OK);
    assert_string_equal(bytes_text(&given), "image/png");
    assert_int_equal(atomic_load(&stage.dones), 1);
    report = give(&stage, make_none);
    assert_true(report.news == BOARD_FAILED && report.giving);
    assert_string_equal(report.error.subject, "a.jpg");
    put_tool(&stage, "xclip", "sleep 600");
    assert_int_equal(give(&stage, make).error.code, BSR_ECANCELED);
    assert_int_equal(atomic_load(&stage.dones), 3);
    bytes_free(&given);
    stop(&stage);
}

static void test_one_wish_at_a_time(void **state)
{
    (void)state;
    struct stage        stage;
    struct board_report report;
    start(&stage, 0);
    put_tool(&stage, "xclip", "sleep 600");
    assert_true(board_fetch(stage.board));
    assert_false(board_fetch(stage.board));
    assert_false(board_give(stage.board, make, done, &stage));
    assert_int_equal(atomic_load(&stage.dones), 1);
    board_take(stage.board, &report);
    assert_int_equal(report.news, BOARD_NOTHING);
    stop(&stage); /* at once: what hangs is ended */
}

static void test_out_of_memory_is_told(void **state)
{
    (void)state;
    struct stage stage;
    start(&stage, 0);
    put_xclip(&stage, "image/png\\n");
    for (size_t n = 1; n <= 3; n++) {
        mem_fail_from(n);
        struct board_report report = fetch(&stage);
        mem_fail_from(0);
        assert_true(report.news == BOARD_USED || report.error.code == BSR_ENOMEM);
        bytes_free(&report.files);
    }
    struct board    *board = NULL;
    struct bsr_error err;
    mem_fail_from(1);
    assert_int_equal(board_open(&board, &(struct board_options){.use = use, .wake = wake}, &err), BSR_ENOMEM);
    mem_fail_from(0);
    assert_null(board);
    stop(&stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_best_type_is_chosen),
        cmocka_unit_test(test_a_picture_is_fetched),
        cmocka_unit_test(test_files_are_fetched_and_addresses_of_the_web_are_not),
        cmocka_unit_test(test_text_is_left_to_the_display),
        cmocka_unit_test(test_a_missing_tool_is_named_with_its_package),
        cmocka_unit_test(test_the_tool_is_that_of_the_windows_server),
        cmocka_unit_test(test_tools_that_fail_hang_or_die_are_told),
        cmocka_unit_test(test_a_picture_is_given_and_its_maker_is_let_go),
        cmocka_unit_test(test_one_wish_at_a_time),
        cmocka_unit_test(test_out_of_memory_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
