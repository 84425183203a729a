/* Options from files: what they may say, what wins, and where it came from. */
#include "support.h"

#include "config/option_table.h"
#include "config/settings_guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* after its prerequisites */
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* Parses `line` with --config of a file that says `text`. */
static bsr_status parse_with(struct options *options, const char *line, const char *text,
                             struct bsr_error *err)
{
    char whole[2048];
    snprintf(whole, sizeof whole, "%s --config %s", line, support_write("named.cfg", text));
    return support_parse(options, whole, err);
}

static struct options parse(const char *line, const char *text)
{
    struct options   options = {0};
    struct bsr_error err = {0};
    if (parse_with(&options, line, text, &err) != BSR_OK)
        fail_msg("%s: %s: %s", text, err.subject, err.message);
    return options;
}

static void clear_own(void)
{
    remove(support_path("config/besra/besra.cfg"));
}

static void test_all_types_are_read(void **state)
{
    (void)state;
    clear_own();
    struct options o = parse("besra detect a",
                             "model = \"m\"; output = \"o\"; format = \"png\"; quality = 70; json = true;\n"
                             "dry_run = true; overwrite = true; keep_going = false; recursive = true;\n"
                             "list = \"l\"; threads = 2; memory = 4294967296L; max_pixels = \"20M\";\n"
                             "engine = \"opencv\"; shard = \"2/8\"; verbose = 2; progress = \"none\";\n"
                             "color = \"always\";\n"
                             "detect = { conf = 1; iou = 0.5; max_det = 5; classes = (\"person\", 3);\n"
                             "  agnostic = true; letterbox = \"square\"; size = 320; save_txt = true;\n"
                             "  label = \"\"; line_width = 3; };\n"
                             "upscale = { scale = 3; to = \"10x20\"; };\n");
    assert_string_equal(o.model, "m");
    assert_string_equal(o.output, "o");
    assert_int_equal(o.format, AS_PNG);
    assert_int_equal(o.quality, 70);
    assert_string_equal(o.json, "-");
    assert_true(o.dry_run && o.overwrite && o.fail_fast && o.recursive);
    assert_string_equal(o.list, "l");
    assert_int_equal(o.threads, 2);
    assert_true(o.memory == UINT64_C(1) << 32);
    assert_int_equal(o.max_pixels, 20000000);
    assert_int_equal(o.engine, RUN_OPENCV);
    assert_int_equal(o.shard.index, 2);
    assert_int_equal(o.verbose, 2);
    assert_int_equal(o.progress, PROGRESS_NONE);
    assert_int_equal(o.color, COLOR_ALWAYS);
    assert_true(o.conf == 1 && o.iou == 0.5);
    assert_int_equal(o.max_det, 5);
    assert_int_equal(o.classes.count, 2);
    assert_string_equal(o.classes.items[0], "person");
    assert_string_equal(o.classes.items[1], "3");
    assert_true(o.agnostic && o.save_txt);
    assert_int_equal(o.letterbox, FIT_SQUARE);
    assert_int_equal(o.size.height, 320);
    assert_string_equal(o.label, "");
    assert_int_equal(o.line_width, 3);
    assert_true(o.scale == 2 && o.to.width == 0); /* another command's group is only checked */
    options_free(&o);

    o = parse("besra detect a", "json = \"r.jsonl\"; detect = { classes = \"a, b\"; size = \"64x96\"; };");
    assert_string_equal(o.json, "r.jsonl");
    assert_int_equal(o.classes.count, 2);
    assert_int_equal(o.size.width, 64);
    options_free(&o);
    o = parse("besra detect a", "json = false; verbose = false; detect: { classes = [\"a\"]; };");
    assert_null(o.json);
    assert_int_equal(o.classes.count, 1);
    options_free(&o);
    o = parse("besra upscale a", "upscale = { tile = 64; };");
    assert_int_equal(o.tile, 64);
    options_free(&o);
    o = parse("besra upscale a", "upscale = { tile = \"auto\"; };");
    assert_int_equal(o.tile, 0);
    options_free(&o);

    o = parse("besra upscale a", "upscale = { to = \"10x20\"; scale = 3; compare = true; };");
    assert_int_equal(o.to.height, 20);
    assert_true(o.compare);
    options_free(&o);
}

static void test_the_command_line_wins_over_files_and_the_named_file_over_the_own(void **state)
{
    (void)state;
    support_write("config/besra/besra.cfg",
                  "threads = 2; quality = 50; detect = { conf = 0.1; iou = 0.1; };");
    struct options o = parse("besra detect -c 0.9 a", "quality = 60; detect = { conf = 0.2; iou = 0.2; };");
    assert_int_equal(o.threads, 2);
    assert_int_equal(o.quality, 60);
    assert_true(o.conf == 0.9 && o.iou == 0.2);
    options_free(&o);

    o = parse("besra detect --no-config a", "quality = 60;");
    assert_int_equal(o.quality, 60);
    assert_true(o.conf < 0);
    options_free(&o);
    clear_own();
}

static void test_a_commands_group_wins_over_the_top_wherever_it_stands(void **state)
{
    (void)state;
    const char *text = "upscale = { format = \"png\"; model = \"u\"; }; format = \"jpg\"; model = \"all\";";
    struct options o = parse("besra upscale a", text);
    assert_int_equal(o.format, AS_PNG);
    assert_string_equal(o.model, "u");
    options_free(&o);
    o = parse("besra detect a", text);
    assert_int_equal(o.format, AS_JPG);
    assert_string_equal(o.model, "all");
    options_free(&o);
}

static void test_values_remember_where_they_came_from(void **state)
{
    char place[1100];
    (void)state;
    struct options o = parse("besra detect -j 3 a", "\nquality = 60;\n# note\ndetect = {\n  conf = 0.2; };");
    snprintf(place, sizeof place, "%s:2", support_path("named.cfg"));
    assert_string_equal(o.origins[OPTION_QUALITY], place);
    snprintf(place, sizeof place, "%s:5", support_path("named.cfg"));
    assert_string_equal(o.origins[OPTION_CONF], place);
    assert_string_equal(o.origins[OPTION_THREADS], "--threads");
    assert_null(o.origins[OPTION_IOU]);
    options_free(&o);
}

static void test_to_and_scale_settle_by_precedence(void **state)
{
    (void)state;
    struct options o = parse("besra upscale -s 4 a", "upscale = { to = \"10x20\"; };");
    assert_true(o.scale == 4 && o.to.width == 0);
    options_free(&o);
    o = parse("besra upscale --to 5x6 a", "upscale = { scale = 3; };");
    assert_int_equal(o.to.width, 5);
    options_free(&o);
    o = parse("besra detect -v a", "quiet = true;");
    assert_true(o.verbose == 1 && !o.quiet);
    options_free(&o);
    o = parse("besra detect a -q", "verbose = 2;");
    assert_true(o.verbose == 0 && o.quiet);
    options_free(&o);
}

static void test_own_file_follows_the_environment(void **state)
{
    struct options   o = {0};
    struct bsr_error err = {0};
    (void)state;
    support_write(".config/besra/besra.cfg", "quality = 33;");
    support_write("config/besra/besra.cfg", "quality = 44;");
    assert_int_equal(support_parse(&o, "besra detect a", &err), BSR_OK);
    assert_int_equal(o.quality, 44);
    options_free(&o);
    setenv("XDG_CONFIG_HOME", "relative", 1); /* not allowed: as if not set */
    assert_int_equal(support_parse(&o, "besra detect a", &err), BSR_OK);
    assert_int_equal(o.quality, 33);
    options_free(&o);
    unsetenv("XDG_CONFIG_HOME");
    unsetenv("HOME");
    assert_int_equal(support_parse(&o, "besra detect a", &err), BSR_OK);
    assert_int_equal(o.quality, 0);
    options_free(&o);
    setenv("HOME", support_path("."), 1);
    setenv("XDG_CONFIG_HOME", support_path("config"), 1);
    clear_own();
}

/* Each one that may stand in a file, each kind of value, lines and zones as text and as numbers. */
static const char all_of_live[] =
    "live = { model = \"m\"; output = \"o.mp4\"; json = \"r.jsonl\"; overwrite = true; conf = 0.3; iou = "
    "0.5;\n"
    " max_det = 9; classes = [\"a\"]; agnostic = true; letterbox = \"square\"; size = \"640x480\"; fps = "
    "30;\n"
    " fourcc = \"MJPG\"; timeout = 2.5; realtime = true; loop = true; no_reconnect = true; duration = 60;\n"
    " frames = 100; headless = true; mjpeg = \"0.0.0.0:8080\"; net_size = 320; track = true; any_class = "
    "true;\n"
    " count_line = ( [0, 300, 700, 300], \"1,2,3,4.5\" ); zone = (0, 0.5, 200, 0, 200, 150);\n"
    " record_plain = true; record_on = (\"person\", 3); pre = 1; post = 2; overlay = true;\n"
    " input_color = \"rgb\"; input_range = \"unit\"; layout = \"auto\"; qdq = \"drop\"; engine = \"auto\"; "
    "precision = "
    "\"f32\";\n"
    " window = \"800x600\"; theme = \"light\"; hide_panel = true; hide_boxes = true; "
    "hide_labels = true; hide_numbers = true;\n"
    " threads = 2; verbose = 1; quiet = false; progress = \"none\"; color = \"never\"; };\n";

static void test_all_that_live_knows_may_stand_in_a_file(void **state)
{
    (void)state;
    clear_own();
    for (int i = 0; i < OPTION_COUNT; i++) {
        const struct option_row *row = &option_rows[i];
        char                     key[64];
        if (!option_is_in(row, COMMAND_LIVE) || (row->commands & LINE_ONLY))
            continue;
        snprintf(key, sizeof key, " %s = ", option_name(row));
        for (char *at = key; *at; at++)
            *at = *at == '-' ? '_' : *at;
        if (!strstr(all_of_live, key))
            fail_msg("%s: not tried", key);
    }
    struct options o = parse("besra live", all_of_live);
    assert_int_equal(o.camera_size.height, 480);
    assert_int_equal(o.size.width, 320);
    assert_true(o.fps == 30 && o.timeout == 2.5 && o.duration == 60 && o.pre == 1 && o.post == 2);
    assert_true(o.theme == LOOK_LIGHT && o.window.width == 800 && o.hide_numbers && o.hide_labels);
    assert_true(o.headless && o.no_reconnect && o.overlay && o.any_class);
    assert_string_equal(o.mjpeg, "0.0.0.0:8080");
    assert_string_equal(o.record_on.items[1], "3");
    assert_int_equal(o.count_lines.count, 2);
    assert_string_equal(o.count_lines.items[0], "0,300,700,300");
    assert_string_equal(o.count_lines.items[1], "1,2,3,4.5");
    assert_int_equal(o.zones.count, 1);
    assert_string_equal(o.zones.items[0], "0,0.5,200,0,200,150");
    options_free(&o);
}

static void test_lines_of_the_command_line_take_the_place_of_those_of_a_file(void **state)
{
    (void)state;
    support_write("config/besra/besra.cfg", "live = { count_line = [1, 2, 3, 4]; zone = \"1,2,3,4,5,6\"; };");
    struct options o = parse("besra live", "live = { count_line = ([5, 6, 7, 8], [9, 10, 11, 12]); };");
    assert_int_equal(o.count_lines.count, 2);
    assert_string_equal(o.count_lines.items[0], "5,6,7,8");
    assert_int_equal(o.zones.count, 1);
    options_free(&o);
    o = parse("besra live --count-line 1,1,2,2 --count-line 3,3,4,4",
              "live = { count_line = ([5, 6, 7, 8]); };");
    assert_int_equal(o.count_lines.count, 2);
    assert_string_equal(o.count_lines.items[1], "3,3,4,4");
    options_free(&o);
    o = parse("besra live", "live = { count_line = (); };"); /* none */
    assert_int_equal(o.count_lines.count, 0);
    options_free(&o);
    clear_own();
}

static void test_errors_name_file_and_line(void **state)
{
    static const struct {
        const char *text;
        int         line; /* 0: none */
        const char *message;
    } rows[] = {
        {"\ndetect = { cnf = 0.3; };", 2, "detect.cnf: unknown key; did you mean conf?"},
        {"thraeds = 2;", 1, "thraeds: unknown key; did you mean threads?"},
        {"detcet = { };", 1, "detcet: unknown key; did you mean detect?"},
        {"xyzzy = 2;", 1, "xyzzy: unknown key"},
        {"max-pixels = 2;", 1, "max-pixels: unknown key; did you mean max_pixels?"},
        {"conf = 0.3;", 1, "conf: belongs to detect: write detect = { conf = ...; };"},
        {"detect = { scale = 3; };", 1,
         "detect.scale: belongs to upscale: write upscale = { scale = ...; };"},
        {"upscale = {\n\n scale = 0.5; };", 3, "upscale.scale: 0.5 is out of range: 1 to 64"},
        {"detect = { conf = \"0.3\"; };", 1, "detect.conf: \"0.3\" is no number"},
        {"detect = { conf = true; };", 1, "detect.conf: true is no number"},
        {"detect = { conf = 1e999; };", 1, "detect.conf: inf is out of range: 0 to 1"},
        {"detect = { conf = [0.3]; };", 1, "detect.conf: the list is no number"},
        {"detect = { conf = { }; };", 1, "detect.conf: a value is needed, not a group"},
        {"detect = 3;", 1, "detect: a group is needed: detect = { ... };"},
        {"threads = 2.5;", 1, "threads: 2.5 is no whole number"},
        {"threads = -1;", 1, "threads: -1 is out of range: 0 to 256"},
        {"recursive = 1;", 1, "recursive: 1 is neither true nor false"},
        {"recursive = \"yes\";", 1, "recursive: \"yes\" is neither true nor false"},
        {"format = \"pgn\";", 1,
         "format: \"pgn\" is none of same, jpg, png, webp, tiff, bmp, ppm; did you mean png?"},
        {"format = 3;", 1, "format: 3 is none of same, jpg, png, webp, tiff, bmp, ppm"},
        {"model = 3;", 1, "model: 3 is no text: put it in quotes"},
        {"model = \"\";", 1, "model: \"\" is empty"},
        {"memory = -1;", 1, "memory: -1 is no size: write it as 2G, 512M or a number of bytes"},
        {"memory = 2.5;", 1, "memory: 2.5 is no size: write it as 2G, 512M or a number of bytes"},
        {"detect = { classes = (1.5); };", 1, "detect.classes: item 1 is neither text nor a whole number"},
        {"detect = { classes = (\"a\", \"\"); };", 1, "detect.classes: the list has an empty item"},
        {"detect = { size = -3; };", 1, "detect.size: -3 is no size: write it as 640 or 640x480"},
        {"live = { zone = (7, 8, \"a\"); };", 1, "live.zone: item 1 is neither text nor an array of numbers"},
        {"live = { zone = ([1, 2], [\"a\"]); };", 1,
         "live.zone: item 2 is neither text nor an array of numbers"},
        {"live = { zone = (\"\"); };", 1, "live.zone: the list has an empty item"},
        {"live = { zone = 7; };", 1, "live.zone: 7 is no text: put it in quotes"},
        {"live = { zone = { }; };", 1, "live.zone: a value is needed, not a group"},
        {"config = \"x\";", 1, "config: only on the command line"},
        {"help = true;", 1, "help: only on the command line"},
        {"a = 1;\na = 2;", 2, "duplicate setting name"},
        {"threads = 2;\nquality = ", 2, "syntax error"},
        {"\n\nthreads = \"2", 3, "syntax error"},
        {"memory = 4294967296;", 1,
         "a whole number too large: from 2147483648 on they need an L behind them"},
        {"\n@include \"/etc/passwd\"", 2, "@include is not allowed here"},
        {"a = ((((((((((((((((((1))))))))))))))))));", 1, "nested too deeply"},
    };
    (void)state;
    clear_own();
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct options   options;
        struct bsr_error err = {0};
        char             place[1100];
        if (parse_with(&options, "besra detect a", rows[i].text, &err) != BSR_EUSAGE)
            fail_msg("%s: not refused", rows[i].text);
        snprintf(place, sizeof place, "%s:%d", support_path("named.cfg"), rows[i].line);
        assert_string_equal(err.message, rows[i].message);
        assert_string_equal(err.subject, place);
    }
}

static void test_files_that_are_not_there_or_no_files(void **state)
{
    struct options   options;
    struct bsr_error err = {0};
    char             line[1200];
    (void)state;
    clear_own();
    snprintf(line, sizeof line, "besra detect a --config %s", support_path("nowhere.cfg"));
    assert_int_equal(support_parse(&options, line, &err), BSR_EMISSING);
    assert_string_equal(err.subject, support_path("nowhere.cfg"));
    snprintf(line, sizeof line, "besra detect a --config %s", support_path("."));
    assert_int_equal(support_parse(&options, line, &err), BSR_EIO);

    support_write("config/besra/besra.cfg", "threads = x;"); /* a broken own file is not passed over */
    assert_int_equal(support_parse(&options, "besra detect a", &err), BSR_EUSAGE);
    clear_own();
}

static void test_files_over_the_limit_are_refused_unread(void **state)
{
    enum { SIZE = (1 << 20) + 1 };
    struct options   options;
    struct bsr_error err = {0};
    char            *text = malloc(SIZE + 1);
    (void)state;
    assert_non_null(text);
    memset(text, ' ', SIZE);
    text[SIZE] = '\0';
    assert_int_equal(parse_with(&options, "besra detect a", text, &err), BSR_ELIMIT);
    text[SIZE - 1] = '\0';
    assert_int_equal(parse_with(&options, "besra detect a", text, &err), BSR_OK);
    options_free(&options);
    free(text);
}

/* What libconfig's own grammar takes for names, quoted text and comments must not alarm the guard, and what
 * it takes for numbers must not slip through. */
static void test_guard_knows_quotes_comments_and_numbers(void **state)
{
    static const struct {
        const char *text;
        bool        good;
    } rows[] = {
        {"a = \"@include 99999999999 ((((((((((((((((((((\";", true},
        {"# @include 99999999999\na = 1;", true},
        {"// @ {{{{{{{{{{{{{{{{{{{{{\na = 1;", true},
        {"/* @ \n 99999999999 */ a = 1;", true},
        {"/* never closed @", true},
        {"a = \"\\\"@\\\\\";", true},
        {"a = \"x\\\\\" @", false},
        {"a99999999999 = 1;", true},
        {"a-99999999999 = 1;", true},
        {"a = 2147483647;", true},
        {"a = 2147483648;", false},
        {"a = -2147483648;", true},
        {"a = -2147483649;", false},
        {"a = 2147483648L;", true},
        {"a = 9223372036854775807L;", true},
        {"a = 9223372036854775808L;", false},
        {"a = 99999999999999999999L;", false},
        {"a = 0x7FFFFFFF;", true},
        {"a = 0x80000000;", false},
        {"a = 0xFFFFFFFFL;", true},
        {"a = 99999999999.5;", true},
        {"a = .99999999999;", true},
        {"a = 99999999999e3;", true},
        {"a = 1e99999999999;", true},
        {"a = 00000000000000001;", true},
        {"a = [1,2,99999999999];", false},
        {"a = ((((((((((((((((1))))))))))))))));", true},
        {"a = (((((((((((((((((1)))))))))))))))));", false},
        {"a = ))))))))))))))))))((((((((((((((((", true},
        {"\\\\\\ \"", true},
        {"", true},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        int line = 0;
        if ((settings_guard(rows[i].text, strlen(rows[i].text), &line) == NULL) != rows[i].good)
            fail_msg("%s", rows[i].text);
    }
    int line = 0;
    assert_string_equal(settings_guard("a = 1;\n\0b = 2;", 14, &line),
                        "a byte of value zero: this is no text");
    assert_int_equal(line, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_types_are_read),
        cmocka_unit_test(test_the_command_line_wins_over_files_and_the_named_file_over_the_own),
        cmocka_unit_test(test_a_commands_group_wins_over_the_top_wherever_it_stands),
        cmocka_unit_test(test_values_remember_where_they_came_from),
        cmocka_unit_test(test_to_and_scale_settle_by_precedence),
        cmocka_unit_test(test_own_file_follows_the_environment),
        cmocka_unit_test(test_all_that_live_knows_may_stand_in_a_file),
        cmocka_unit_test(test_lines_of_the_command_line_take_the_place_of_those_of_a_file),
        cmocka_unit_test(test_errors_name_file_and_line),
        cmocka_unit_test(test_files_that_are_not_there_or_no_files),
        cmocka_unit_test(test_files_over_the_limit_are_refused_unread),
        cmocka_unit_test(test_guard_knows_quotes_comments_and_numbers),
    };
    return cmocka_run_group_tests(tests, support_enter, support_leave);
}
