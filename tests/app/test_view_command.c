#include "config/options.h"

#include "run_program.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

static void test_without_a_display_it_says_so(void **state)
{
    (void)state;
    struct run_result run =
        run_shell("env -u DISPLAY -u WAYLAND_DISPLAY -u SDL_VIDEODRIVER \"$BESRA\" view x.jpg");
    assert_int_equal(run.code, 3);
    assert_non_null(strstr(run.err, "besra: "));
    assert_non_null(strstr(run.err, "besra detect"));
    assert_string_equal(run.out, "");
    run_free(&run);
}

static void test_wrong_options_are_told_before_a_window_opens(void **state)
{
    (void)state;
    struct run_result run = run_shell("env -u DISPLAY -u WAYLAND_DISPLAY \"$BESRA\" view --theme blue");
    assert_int_equal(run.code, 2);
    assert_non_null(strstr(run.err, "dark"));
    run_free(&run);
}

/* `text` as the file `name`, which besra reads for itself. */
static bsr_status parse_named(const char *name, const char *text, struct options *options, int argc,
                              char **argv)
{
    struct bsr_error err;
    char            *folder = scratch_make();
    char             path[512];

    snprintf(path, sizeof path, "%s/besra", folder);
    assert_int_equal(mkdir(path, 0777), 0);
    snprintf(path, sizeof path, "%s/besra/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    setenv("XDG_CONFIG_HOME", folder, 1);
    bsr_status status = options_parse(options, argc, argv, &err);
    scratch_remove(folder);
    return status;
}

/* `text` as window.cfg, read by `besra view`. */
static bsr_status parse_with(const char *text, struct options *options, int argc, char **argv)
{
    return parse_named("window.cfg", text, options, argc, argv);
}

static void test_what_is_remembered_comes_back(void **state)
{
    (void)state;
    static char          program[] = "besra", command[] = "view";
    char                *argv[] = {program, command, NULL};
    struct options       options = {0}, again = {0};
    struct bytes         text = {0};
    const enum option_id ids[] = {OPTION_THEME,   OPTION_BESIDE_VIEW, OPTION_HIDE_PANEL,
                                  OPTION_WINDOW,  OPTION_MODEL,       OPTION_CONF,
                                  OPTION_MAX_DET, OPTION_AGNOSTIC,    OPTION_SCALE};
    static char          model[] = "/a \"b\"\\c/net.onnx";

    assert_int_equal(parse_with("", &options, 2, argv), BSR_OK);
    char *own = options.model;
    options.theme = LOOK_LIGHT;
    options.beside_view = VIEW_LENS;
    options.hide_panel = options.agnostic = true;
    options.window = (struct option_extent){1280, 720};
    options.model = model;
    options.conf = 1;
    options.max_det = 17;
    options.scale = 2.75;
    options_write_group(&options, ids, sizeof ids / sizeof *ids, &text);
    options.model = own;
    assert_int_equal(parse_with(bytes_text(&text), &again, 2, argv), BSR_OK);
    assert_int_equal(again.theme, LOOK_LIGHT);
    assert_int_equal(again.beside_view, VIEW_LENS);
    assert_true(again.hide_panel && again.agnostic && !again.hide_strip);
    assert_int_equal(again.window.width, 1280);
    assert_string_equal(again.model, model);
    assert_true(again.conf == 1 && again.max_det == 17 && again.scale == 2.75);
    options_free(&again);
    options_free(&options);
    bytes_free(&text);
}

static void test_the_command_line_wins_and_a_spoilt_file_is_passed_over(void **state)
{
    (void)state;
    static char    program[] = "besra", command[] = "view", theme[] = "--theme=dark", conf[] = "--conf=0.5";
    char          *argv[] = {program, command, theme, conf, NULL};
    struct options options = {0};
    assert_int_equal(parse_with("view = { theme = \"light\"; conf = 0.9; };", &options, 4, argv), BSR_OK);
    assert_true(options.theme == LOOK_DARK && options.conf == 0.5);
    options_free(&options);
    static const char *const spoilt[] = {"view = {", "view = { theme = 3; };", "view = { nothing = 1; };",
                                         "\xff\xfe", "view = 7;"};
    for (size_t i = 0; i < sizeof spoilt / sizeof *spoilt; i++) {
        assert_int_equal(parse_with(spoilt[i], &options, 2, argv), BSR_OK);
        assert_int_equal(options.theme, LOOK_DARK);
        options_free(&options);
    }
}

static void test_the_window_of_live_has_a_memory_of_its_own(void **state)
{
    (void)state;
    static char          program[] = "besra", command[] = "live", plain[] = "--no-config";
    char                *argv[] = {program, command, plain, NULL};
    struct options       options = {0}, again = {0};
    struct bytes         text = {0};
    const enum option_id ids[] = {OPTION_THEME, OPTION_HIDE_PANEL, OPTION_HIDE_NUMBERS, OPTION_WINDOW};

    assert_int_equal(parse_named("window-live.cfg", "", &options, 2, argv), BSR_OK);
    options.theme = LOOK_LIGHT;
    options.hide_panel = options.hide_numbers = true;
    options.window = (struct option_extent){900, 600};
    options_write_group(&options, ids, sizeof ids / sizeof *ids, &text);
    assert_int_equal(parse_named("window-live.cfg", bytes_text(&text), &again, 2, argv), BSR_OK);
    assert_int_equal(again.theme, LOOK_LIGHT);
    assert_true(again.hide_panel && again.hide_numbers && !again.hide_boxes && again.window.height == 600);
    options_free(&again);
    assert_int_equal(parse_named("window.cfg", bytes_text(&text), &again, 2, argv), BSR_OK); /* view's */
    assert_int_equal(again.theme, LOOK_DARK);
    options_free(&again);
    assert_int_equal(parse_named("window-live.cfg", bytes_text(&text), &again, 3, argv), BSR_OK);
    assert_false(again.hide_panel);
    options_free(&again);
    options_free(&options);
    bytes_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_without_a_display_it_says_so),
        cmocka_unit_test(test_wrong_options_are_told_before_a_window_opens),
        cmocka_unit_test(test_what_is_remembered_comes_back),
        cmocka_unit_test(test_the_window_of_live_has_a_memory_of_its_own),
        cmocka_unit_test(test_the_command_line_wins_and_a_spoilt_file_is_passed_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
