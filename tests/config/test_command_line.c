/* What argv becomes. */
#include "support.h"

#include "base/alloc.h"
#include "config/option_table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* after its prerequisites */
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static struct options parse(const char *line)
{
    struct options   options = {0};
    struct bsr_error err = {0};
    if (support_parse(&options, line, &err) != BSR_OK)
        fail_msg("%s: %s: %s", line, err.subject, err.message);
    return options;
}

static void test_defaults_are_those_of_the_table(void **state)
{
    (void)state;
    struct options o = parse("besra detect a.jpg");
    assert_int_equal(o.command, COMMAND_DETECT);
    assert_string_equal(o.model, "cards");
    assert_null(o.output);
    assert_int_equal(o.format, AS_SAME);
    assert_int_equal(o.quality, 0);
    assert_null(o.json);
    assert_true(o.threads >= 1);
    assert_true(o.memory > 0);
    assert_int_equal(o.max_pixels, 500000000);
    assert_true(o.conf < 0 && o.iou < 0);
    assert_int_equal(o.max_det, 0);
    assert_int_equal(o.letterbox, FIT_CARD);
    assert_string_equal(o.label, "{name} {score}");
    assert_int_equal(o.shard.index, 1);
    assert_int_equal(o.shard.count, 1);
    assert_int_equal(o.input_count, 1);
    for (int i = 0; i < OPTION_COUNT; i++)
        assert_null(o.origins[i]);
    options_free(&o);
    assert_null(o.texts);

    o = parse("besra upscale a.jpg");
    assert_string_equal(o.model, "srcnn");
    assert_true(o.scale == 2);
    options_free(&o);
}

/* A line as it is typed, from options that were given; read back it means the same. */
static void test_options_are_written_as_they_are_typed(void **state)
{
    static const struct {
        const char *line, *written;
    } cases[] = {
        {"besra live cam.mp4", ""},
        {"besra live -m a_b.onnx --track 0", " --model 'a b.onnx' --track"},
        {"besra live --conf 0.3 --zone 1,2,3,4,5,6 --count-line 1,2,3,4 --count-line=5,6,7,8 0",
         " --conf 0.3 --count-line 1,2,3,4 --count-line 5,6,7,8 --zone 1,2,3,4,5,6"},
        {"besra detect --size 640 --no-agnostic -vv --json=x.jsonl --classes person,dog --precision int8 "
         "a.jpg",
         " --json=x.jsonl --no-agnostic --classes person,dog --size 640x640 --precision int8 --verbose "
         "--verbose"},
        {"besra detect --memory 2G --shard 2/8 a.jpg", " --shard 2/8 --memory 2147483648"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct options o = parse(cases[i].line);
        struct bytes   out = {0};
        options_write_line(&o, NULL, 0, &out);
        assert_false(out.failed);
        const char *at = bytes_text(&out);
        assert_int_equal(strlen(at), strlen(cases[i].written)); /* in any order of the table */
        char copy[256];
        snprintf(copy, sizeof copy, "%s", cases[i].written);
        for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
            if (!strstr(at, word))
                fail_msg("%s: %s has no %s", cases[i].line, at, word);
        bytes_free(&out);
        options_free(&o);
    }
    struct options o = parse("besra live --conf 0.3 --track 0");
    struct bytes   out = {0};
    options_write_line(&o, (const enum option_id[]){OPTION_CONF}, 1, &out);
    assert_string_equal(bytes_text(&out), " --track");
    bytes_free(&out);
    options_free(&o);
}

/* The same wish, written in all ways that GNU programs take. */
static void test_all_ways_of_writing_mean_the_same(void **state)
{
    static const char *const lines[] = {
        "besra detect -r -y -c 0.3 -j 3 a b",
        "besra detect -ryc0.3 -j3 a b",
        "besra detect a --recursive b --overwrite --conf=0.3 --threads=3",
        "besra detect a b -yr --conf 0.3 --threads 3",
        "besra detect --rec --over --conf .3 --thr 3 -- a b",
        "besra detect -c 0.9 --conf 0.3 -j1 -j3 -ryr a b",
    };
    (void)state;
    for (size_t i = 0; i < COUNT(lines); i++) {
        struct options o = parse(lines[i]);
        assert_true(o.recursive && o.overwrite && o.conf == 0.3 && o.threads == 3);
        assert_int_equal(o.input_count, 2);
        assert_string_equal(o.inputs[0], "a");
        assert_string_equal(o.inputs[1], "b");
        assert_string_equal(o.origins[OPTION_CONF], "--conf");
        options_free(&o);
    }
}

static void test_every_option_is_read(void **state)
{
    (void)state;
    struct options o = parse(
        "besra detect -m m.onnx -o out -f webp --quality 80 --json=r.jsonl -n -y --fail-fast -r --list l -j "
        "5 "
        "--memory 1.5GiB --engine opencv:cuda --max-pixels 20M -vv -q --no-quiet --progress json --color "
        "never "
        "--shard 2/8 -c 0.5 --iou 0.6 --max-det 7 --classes person,_dog,3 --agnostic --letterbox rect --size "
        "640x480 --save-txt --save-conf --save-crop --no-image --label {name} --line-width 4 --hide-labels "
        "--hide-conf in");
    assert_string_equal(o.model, "m.onnx");
    assert_string_equal(o.output, "out");
    assert_int_equal(o.format, AS_WEBP);
    assert_int_equal(o.quality, 80);
    assert_string_equal(o.json, "r.jsonl");
    assert_true(o.dry_run && o.overwrite && o.fail_fast && o.recursive);
    assert_string_equal(o.list, "l");
    assert_int_equal(o.threads, 5);
    assert_true(o.memory == UINT64_C(3) << 29);
    assert_int_equal(o.engine, RUN_OPENCV_CUDA);
    assert_int_equal(o.max_pixels, 20000000);
    assert_int_equal(o.verbose, 2);
    assert_false(o.quiet);
    assert_int_equal(o.progress, PROGRESS_JSON);
    assert_int_equal(o.color, COLOR_NEVER);
    assert_int_equal(o.shard.index, 2);
    assert_int_equal(o.shard.count, 8);
    assert_true(o.conf == 0.5 && o.iou == 0.6);
    assert_int_equal(o.max_det, 7);
    assert_int_equal(o.classes.count, 3);
    assert_string_equal(o.classes.items[1], "dog");
    assert_string_equal(o.classes.items[2], "3");
    assert_int_equal(o.letterbox, FIT_RECT);
    assert_int_equal(o.size.width, 640);
    assert_int_equal(o.size.height, 480);
    assert_true(o.agnostic && o.save_txt && o.save_conf && o.save_crop && o.no_image);
    assert_string_equal(o.label, "{name}");
    assert_int_equal(o.line_width, 4);
    assert_true(o.hide_labels && o.hide_conf);
    options_free(&o);

    o = parse("besra upscale --scale 2.5 --compare in");
    assert_true(o.scale == 2.5 && o.compare);
    assert_int_equal(o.tile, 0);
    options_free(&o);
    o = parse("besra upscale --tile 256 in");
    assert_int_equal(o.tile, 256);
    options_free(&o);
    o = parse("besra upscale --tile 256 --tile auto in");
    assert_int_equal(o.tile, 0);
    options_free(&o);
    o = parse("besra upscale --to 1920x1080 in");
    assert_int_equal(o.to.width, 1920);
    assert_int_equal(o.to.height, 1080);
    options_free(&o);
}

static void test_optional_arguments_never_eat_an_input(void **state)
{
    (void)state;
    struct options o = parse("besra detect --json a.jpg");
    assert_string_equal(o.json, "-");
    assert_string_equal(o.inputs[0], "a.jpg");
    options_free(&o);
}

static void test_flags_are_undone_by_no(void **state)
{
    (void)state;
    struct options o =
        parse("besra detect -r --no-recursive --json --no-json --no-image --image -vvv --no-verbose "
              "--fail-fast --keep-going a");
    assert_false(o.recursive || o.json || o.no_image || o.fail_fast);
    assert_int_equal(o.verbose, 0);
    options_free(&o);
}

static void test_sides_of_a_single_number_are_equal(void **state)
{
    (void)state;
    struct options o = parse("besra detect --size 320 a");
    assert_int_equal(o.size.width, 320);
    assert_int_equal(o.size.height, 320);
    options_free(&o);
}

static void test_dashes_and_double_dash_are_inputs(void **state)
{
    (void)state;
    struct options o = parse("besra detect - -- -c --conf");
    assert_int_equal(o.input_count, 3);
    assert_string_equal(o.inputs[0], "-");
    assert_string_equal(o.inputs[1], "-c");
    assert_string_equal(o.inputs[2], "--conf");
    options_free(&o);
}

static void test_help_and_version_need_nothing_else(void **state)
{
    static const struct {
        const char  *line;
        enum command command;
        bool         help;
    } rows[] = {
        {"besra --help", COMMAND_NONE, true},
        {"besra -h", COMMAND_NONE, true},
        {"besra --version", COMMAND_NONE, false},
        {"besra -V", COMMAND_NONE, false},
        {"besra model --help", COMMAND_MODEL, true},
        {"besra model show --help", COMMAND_MODEL_SHOW, true},
        {"besra eval --help", COMMAND_EVAL, true},
        {"besra eval detect -h", COMMAND_EVAL_DETECT, true},
        {"besra detect --help", COMMAND_DETECT, true},
        {"besra upscale -h", COMMAND_UPSCALE, true},
        {"besra detect -rh --nonsense", COMMAND_DETECT, true},
        {"besra detect --conf 7 --help", COMMAND_DETECT, true},
        {"besra detect --vers", COMMAND_DETECT, false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct options o = parse(rows[i].line);
        assert_int_equal(o.command, rows[i].command);
        assert_int_equal(o.help, rows[i].help);
        assert_int_equal(o.version, !rows[i].help);
        options_free(&o);
    }
}

static void test_errors_say_who_and_why(void **state)
{
    static const struct {
        const char *line, *subject, *message;
    } rows[] = {
        {"besra", "", "no command"},
        {"besra --", "", "no command"},
        {"besra detct a", "detct", "no such command; did you mean detect?"},
        {"besra xyzzy a", "xyzzy", "no such command"},
        {"besra --conf 0.3 a", "--conf", "a command is needed before it"},
        {"besra -r detect a", "-r", "a command is needed before it"},
        {"besra --hepl", "--hepl", "no such option; did you mean --help?"},
        {"besra detect", "detect", "no input: name a picture, a folder, or '-' for standard input"},
        {"besra detect ''", "", "an input without a name: \"\""},
        {"besra detect --cnof 0.3 a", "--cnof", "no such option; did you mean --conf?"},
        {"besra detect --cnof=0.3 a", "--cnof", "no such option; did you mean --conf?"},
        {"besra detect --colour never a", "--colour", "no such option; did you mean --color?"},
        {"besra detect --xyzzy a", "--xyzzy", "no such option"},
        {"besra detect --=3 a", "--", "no such option"},
        {"besra detect -rz a", "-z", "no such option"},
        {"besra detect -r\xC3\xA9 a", "-r\xC3\xA9", "no such option"},
        {"besra upscale --conf 0.3 a", "--conf", "not an option of upscale, but of detect"},
        {"besra detect --scale 3 a", "--scale", "not an option of detect, but of upscale"},
        {"besra detect -s 3 a", "-s", "not an option of detect, but of upscale"},
        {"besra model show -o a b", "-o", "not an option of model show, but of detect"},
        {"besra detect --save a", "--save", "ambiguous; could be --save-txt, --save-conf, --save-crop"},
        {"besra detect a -c", "--conf", "needs a value: --conf SCORE"},
        {"besra detect a --conf", "--conf", "needs a value: --conf SCORE"},
        {"besra detect --recursive=1 a", "--recursive", "takes no value"},
        {"besra detect --no-json=x a", "--json", "takes no value"},
        {"besra detect -c 1.5 a", "--conf", "\"1.5\" is out of range: 0 to 1"},
        {"besra detect -c -0.1 a", "--conf", "\"-0.1\" is out of range: 0 to 1"},
        {"besra detect -c nan a", "--conf", "\"nan\" is no number"},
        {"besra detect -c 1e999 a", "--conf", "\"1e999\" is no number"},
        {"besra detect -c '' a", "--conf", "\"\" is no number"},
        {"besra detect --iou x a", "--iou", "\"x\" is no number"},
        {"besra detect --max-det 0 a", "--max-det", "\"0\" is out of range: 1 to 100000"},
        {"besra detect --max-det 2.5 a", "--max-det", "\"2.5\" is no whole number"},
        {"besra detect --quality 101 a", "--quality", "\"101\" is out of range: 1 to 100"},
        {"besra detect -j 99999999999 a", "--threads", "\"99999999999\" is out of range: 0 to 256"},
        {"besra detect --memory 2X a", "--memory",
         "\"2X\" is no size: write it as 2G, 512M or a number of bytes"},
        {"besra detect --max-pixels 0 a", "--max-pixels", "\"0\" is out of range: 1 to 4294836225"},
        {"besra detect --max-pixels lots a", "--max-pixels",
         "\"lots\" is no amount: write it as 500M, 20k or a number"},
        {"besra detect --letterbox sqare a", "--letterbox",
         "\"sqare\" is none of card, rect, square; did you mean square?"},
        {"besra detect -f gif a", "--format", "\"gif\" is none of same, jpg, png, webp, tiff, bmp, ppm"},
        {"besra detect --engine opencv:cud a", "--engine",
         "\"opencv:cud\" is none of auto, opencv, opencv:opencl, opencv:cuda, opencv:openvino, besra; did "
         "you mean "
         "opencv:cuda?"},
        {"besra detect --classes a,,b a", "--classes", "\"a,,b\" has an empty item"},
        {"besra detect --classes '' a", "--classes", "\"\" has an empty item"},
        {"besra detect --classes a,_ a", "--classes", "\"a, \" has an empty item"},
        {"besra detect --size 640x a", "--size", "\"640x\" is no size: write it as 640 or 640x480"},
        {"besra detect --size 8 a", "--size", "\"8\" is out of range: 32 to 8192"},
        {"besra upscale --to 640 a", "--to", "\"640\" is no size: write it as 640x480"},
        {"besra upscale --to 70000x3 a", "--to", "\"70000x3\" is out of range: 1 to 65535"},
        {"besra upscale -s 0.9 a", "--scale", "\"0.9\" is out of range: 1 to 64"},
        {"besra upscale --tile 8 a", "--tile", "\"8\" is out of range: 16 to 16384"},
        {"besra upscale --tile none a", "--tile", "\"none\" is no whole number"},
        {"besra upscale -s 2 --to 9x9 a", "--to", "given together with --scale"},
        {"besra detect --shard 9/8 a", "--shard", "\"9/8\" is no part: write it as K/N, with K from 1 to N"},
        {"besra detect -m '' a", "--model", "\"\" is empty"},
        {"besra detect -o '' a", "--output", "\"\" is empty"},
        {"besra detect --json= a", "--json", "\"\" is empty"},
        {"besra detect --config '' a", "--config", "\"\" is empty"},
        {"besra model", "model",
         "which? show, check, explain, simplify, extract, edit, build, compare, run, "
         "quantize or list"},
        {"besra eval", "eval", "which? detect, upscale or classify"},
        {"besra eval detect -t x", "eval detect",
         "no input: name a picture, a folder, or '-' for standard input"},
        {"besra eval upscale --truth x a", "--truth", "not an option of eval upscale, but of eval detect"},
        {"besra model shwo a", "model shwo", "no such command; did you mean model show?"},
        {"besra model show", "model show", "no model: name an .onnx, a card or a card's name"},
        {"besra model show a b", "model show", "too many arguments"},
        {"besra model show --set-op a", "--set-op", "not an option of model show, but of model edit"},
        {"besra model edit --set-op '' a", "--set-op", "\"\" is empty"},
        {"besra detect -vq a", "--verbose", "given together with --quiet"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct options   options, before;
        struct bsr_error err = {0};
        memset(&options, 0x5A, sizeof options);
        memcpy(&before, &options, sizeof options);
        if (support_parse(&options, rows[i].line, &err) != BSR_EUSAGE)
            fail_msg("%s: not refused", rows[i].line);
        assert_string_equal(err.subject, rows[i].subject);
        assert_string_equal(err.message, rows[i].message);
        assert_memory_equal(&options, &before, sizeof options); /* untouched */
    }
}

static void test_repeated_options_gather(void **state)
{
    (void)state;
    struct options   options;
    struct bsr_error err;
    assert_int_equal(
        support_parse(&options, "besra model edit --set-op a=Sub in.onnx --set-op b=Mul out.onnx", &err),
        BSR_OK);
    assert_int_equal(options.command, COMMAND_MODEL_EDIT);
    assert_int_equal(options.input_count, 2);
    assert_int_equal(options.set_op.count, 2);
    assert_string_equal(options.set_op.items[0], "a=Sub");
    assert_string_equal(options.set_op.items[1], "b=Mul");
    options_free(&options);
}

static void test_a_missing_error_is_no_matter(void **state)
{
    struct options options;
    (void)state;
    assert_int_equal(support_parse(&options, "besra detect --cnof", NULL), BSR_EUSAGE);
    assert_int_equal(support_parse(&options, "besra detct", NULL), BSR_EUSAGE);
    assert_int_equal(support_parse(&options, "besra detect --letterbox x a", NULL), BSR_EUSAGE);
}

static void test_more_inputs_than_anyone_needs(void **state)
{
    enum { INPUTS = 100000 };
    char **argv = calloc(INPUTS + 3, sizeof *argv);
    (void)state;
    assert_non_null(argv);
    argv[0] = argv[1] = (char *)(uintptr_t) "detect";
    for (int i = 0; i < INPUTS; i++)
        argv[i + 2] = (char *)(uintptr_t)(i % 7 ? "a.jpg" : "-rrrrv");
    struct options options;
    assert_int_equal(options_parse(&options, INPUTS + 2, argv, NULL), BSR_OK);
    assert_int_equal(options.input_count, INPUTS - INPUTS / 7 - 1);
    assert_int_equal(options.verbose, 9); /* the most that is counted */
    options_free(&options);
    free(argv);
}

static void test_running_out_of_memory_is_an_error_that_leaks_nothing(void **state)
{
    static const char *const lines[] = {
        "besra detect -m x -o y --classes a,b,3 --label z --json=q --list l a b c",
        "besra upscale --to 3x4 a",
    };
    (void)state;
    support_write("memory.cfg", "threads = 2; detect = { classes = (\"a\", 3); label = \"x\"; };");
    char with_file[1200];
    snprintf(with_file, sizeof with_file, "besra detect --config %s a", support_path("memory.cfg"));
    for (size_t i = 0; i <= COUNT(lines); i++) {
        const char *line = i < COUNT(lines) ? lines[i] : with_file;
        for (size_t n = 1;; n++) {
            struct options   options = {0};
            struct bsr_error err = {0};
            mem_fail_from(n);
            bsr_status status = support_parse(&options, line, &err);
            size_t     asked = mem_fail_from(0);
            if (status == BSR_OK) {
                assert_true(n > 5 && asked < n); /* no failure was passed over */
                options_free(&options);
                break;
            }
            assert_int_equal(status, BSR_ENOMEM);
            assert_int_equal(err.code, BSR_ENOMEM);
            assert_true(n < 1000);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults_are_those_of_the_table),
        cmocka_unit_test(test_options_are_written_as_they_are_typed),
        cmocka_unit_test(test_all_ways_of_writing_mean_the_same),
        cmocka_unit_test(test_every_option_is_read),
        cmocka_unit_test(test_optional_arguments_never_eat_an_input),
        cmocka_unit_test(test_flags_are_undone_by_no),
        cmocka_unit_test(test_sides_of_a_single_number_are_equal),
        cmocka_unit_test(test_dashes_and_double_dash_are_inputs),
        cmocka_unit_test(test_help_and_version_need_nothing_else),
        cmocka_unit_test(test_errors_say_who_and_why),
        cmocka_unit_test(test_repeated_options_gather),
        cmocka_unit_test(test_a_missing_error_is_no_matter),
        cmocka_unit_test(test_more_inputs_than_anyone_needs),
        cmocka_unit_test(test_running_out_of_memory_is_an_error_that_leaks_nothing),
    };
    return cmocka_run_group_tests(tests, support_enter, support_leave);
}
