/* What besra takes as input, in which order, and under which names the results come out. */
#include "tests/app/scenes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* A small tree:
 *   a.png  b.ppm  trip/a.jpg  trip/deep/c.bmp  trip/notes.txt  trip/Thumbs.db  trip/.hidden.png */
static void make_tree(void)
{
    mkdir("trip", 0777);
    mkdir("trip/deep", 0777);
    scene_write("a.png");
    scene_write("b.ppm");
    scene_write("trip/a.jpg");
    scene_write("trip/deep/c.bmp");
    scene_write("trip/.hidden.png");
    text_write("trip/notes.txt", "no picture\n");
    text_write("trip/Thumbs.db", "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1");
}

/* Unless the sources of the records are these, a line each. */
static void expect_sources(const char *records, const char *wanted)
{
    char found[1024] = "";
    for (size_t i = 0; i < record_count(records); i++) {
        json_t *record = record_read(records, i);
        size_t  length = strlen(found);
        snprintf(found + length, sizeof found - length, "%s\n",
                 json_string_value(json_object_get(record, "source")));
        json_decref(record);
    }
    assert_string_equal(found, wanted);
}

struct naming {
    const char *arguments;
    const char *sources, *files;
};

static void test_inputs_of_all_kinds_in_their_order(void **state)
{
    (void)state;
    static const struct naming namings[] = {
        {"a.png", "a.png\n", "a.png\n"},
        {"b.ppm a.png", "b.ppm\na.png\n", "a.png\nb.ppm\n"},
        {"trip", "trip/a.jpg\n", "a.jpg\n"},
        {"trip/", "trip/a.jpg\n", "a.jpg\n"},
        {"-r trip", "trip/a.jpg\ntrip/deep/c.bmp\n", "a.jpg\ndeep/c.bmp\n"},
        {"-r . ", "./a.png\n./b.ppm\n./trip/a.jpg\n./trip/deep/c.bmp\n",
         "a.png\nb.ppm\ntrip/a.jpg\ntrip/deep/c.bmp\n"},
        {"'*.p*'", "a.png\nb.ppm\n", "a.png\nb.ppm\n"},
        {"'trip/*.jp[eg]*' a.png", "trip/a.jpg\na.png\n", "a.jpg\na.png\n"},
        {"@list", "trip/a.jpg\nb.ppm\n", "a.jpg\nb.ppm\n"},
        {"--list list a.png", "trip/a.jpg\nb.ppm\na.png\n", "a.jpg\na.png\nb.ppm\n"},
        {"--list - < list", "trip/a.jpg\nb.ppm\n", "a.jpg\nb.ppm\n"},
        {"- < b.ppm", "-\n", "stdin.jpg\n"},
        {"a.png a.png", "a.png\na.png\n", "a-2.png\na.png\n"},
    };
    for (size_t i = 0; i < sizeof namings / sizeof *namings; i++) {
        make_tree();
        text_write("list", "trip/a.jpg\r\n\n# a remark\nb.ppm");
        struct run_result run =
            run_shell("$BESRA detect -q -m berries --json -o out %s", namings[i].arguments);
        expect_code(&run, 0);
        assert_string_equal(run.err, "");
        expect_sources(run.out, namings[i].sources);
        expect_files("out", namings[i].files);
        run_free(&run);
        run = run_shell("rm -r out");
        run_free(&run);
    }
}

static void test_the_scene_is_seen_in_every_format(void **state)
{
    (void)state;
    static const char *const names[] = {"a.jpg", "a.png", "a.webp", "a.tiff", "a.bmp", "a.ppm"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        scene_write(names[i]);
    struct run_result run =
        run_shell("$BESRA detect -q -m berries --json -o out a.jpg a.png a.webp a.tiff a.bmp a.ppm");
    expect_code(&run, 0);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        json_t *record = record_read(run.out, i);
        expect_scene_record(record, names[i]);
        json_decref(record);
    }
    expect_files("out", "a.bmp\na.jpg\na.png\na.ppm\na.tiff\na.webp\n"); /* none overwrote another's */
    run_free(&run);
}

static void test_names_of_any_kind(void **state)
{
    (void)state;
    scene_write("cherry tree.png");
    scene_write("вишня 桜.png");
    scene_write("-n.png");
    scene_write("it's \"100%\".png");
    scene_write("line\nbreak.png");
    scene_write("latin-\xE9.png");
    struct run_result run =
        run_shell("$BESRA detect -q -m berries --json -o out -- 'cherry tree.png' 'вишня 桜.png' -n.png "
                  "'it'\\''s \"100%%\".png' 'line\nbreak.png' 'latin-\xE9.png'");
    expect_code(&run, 0);
    expect_sources(run.out, "cherry tree.png\nвишня 桜.png\n-n.png\nit's \"100%\".png\nline\nbreak.png\n"
                            "latin-\xEF\xBF\xBD.png\n");
    expect_files("out", "-n.png\ncherry tree.png\nit's \"100%\".png\nlatin-\xE9.png\nline\nbreak.png\n"
                        "вишня 桜.png\n");
    run_free(&run);
}

static void test_names_cant_write_on_the_terminal(void **state)
{
    (void)state;
    scene_write("\033[2J.png");
    struct run_result run = run_shell("$BESRA detect -m berries --no-image . '\033]0;no\a.png'");
    expect_code(&run, 1);
    expect_part(run.err, "./?[2J.png: 2 objects");
    expect_part(run.err, "besra: ?]0;no?.png: no such file");
    expect_no_part(run.err, "\033");
    expect_no_part(run.err, "\a");
    run_free(&run);
}

static void test_thousands_of_one_name(void **state)
{
    (void)state;
    struct bytes list = {0};
    scene_write("a.png");
    for (int i = 0; i < 3000; i++)
        bytes_append_text(&list, "a.png\n");
    text_write("list", bytes_text(&list));
    bytes_free(&list);
    struct run_result run = run_shell("$BESRA detect -n -m berries -o out @list");
    expect_code(&run, 0);
    expect_part(run.out, "a.png -> out/a.png\na.png -> out/a-2.png\n");
    expect_part(run.out, "a.png -> out/a-3000.png\n");
    run_free(&run);
}

static void test_stray_files_are_passed_over_in_folders_and_refused_when_named(void **state)
{
    (void)state;
    make_tree();
    struct run_result run = run_shell("$BESRA detect -m berries -o out trip");
    expect_code(&run, 0);
    expect_no_part(run.err, "Thumbs.db");
    expect_no_part(run.err, "notes.txt");
    run_free(&run);

    run = run_shell("$BESRA detect -q -m berries -o named trip/notes.txt trip/Thumbs.db a.png");
    expect_code(&run, 1);
    expect_part(run.err, "besra: trip/notes.txt: not a picture");
    expect_part(run.err, "besra: trip/Thumbs.db: not a picture");
    expect_files("named", "a.png\n");
    run_free(&run);
}

static void test_what_isnt_there_is_named_and_the_rest_done(void **state)
{
    (void)state;
    make_tree();
    mkdir("empty", 0777);
    struct run_result run =
        run_shell("$BESRA detect -q -m berries --json -o out none.jpg '*.nope' @nolist nofolder/ a.png");
    expect_code(&run, 1);
    expect_part(run.err, "besra: none.jpg: no such file");
    expect_part(run.err, "besra: *.nope: no such file");
    expect_part(run.err, "besra: @nolist: no such file");
    expect_part(run.err, "besra: nofolder/: no such file");
    assert_int_equal(record_count(run.out), 5);
    expect_files("out", "a.png\n");
    run_free(&run);

    run = run_shell("$BESRA detect -m berries -o none empty");
    expect_code(&run, 1);
    expect_part(run.err, "besra: empty: no pictures found\n");
    run_free(&run);

    run = run_shell("$BESRA detect -m berries -o none --list nolist");
    expect_code(&run, 1);
    expect_part(run.err, "besra: nolist: no such file\n");
    assert_int_not_equal(access("none", F_OK), 0);
    run_free(&run);
}

static void test_what_may_not_be_read_is_named_and_the_rest_done(void **state)
{
    (void)state;
    make_tree();
    chmod("b.ppm", 0);
    mkdir("locked", 0);
    const char *as = "";
    if (access("b.ppm", R_OK) == 0) { /* root reads everything: be someone else */
        as = "setpriv --reuid=65534 --regid=65534 --clear-groups";
        struct run_result can =
            run_shell("chmod 777 . && %s $BESRA --version && ! %s cat b.ppm && %s cat " BESRA_SOURCE_DIR
                      "/tests/app/data/berries.cfg",
                      as, as, as);
        int code = can.code;
        run_free(&can);
        if (code != 0) {
            printf(
                "SKIPPED: as root every file can be read, and no one else can be made who sees the models\n");
            skip();
        }
    }
    struct run_result run = run_shell("export XDG_CONFIG_HOME=/nonexistent\n"
                                      "%s $BESRA detect -q -m berries -o out b.ppm locked a.png",
                                      as);
    expect_code(&run, 1);
    expect_part(run.err, "besra: b.ppm: can't be opened: Permission denied");
    expect_part(run.err, "besra: locked: can't be opened: Permission denied");
    expect_files("out", "a.png\n");
    run_free(&run);
}

static void test_the_output_folder_is_no_input(void **state)
{
    (void)state;
    scene_write("a.png");
    for (int i = 0; i < 2; i++) {
        struct run_result run = run_shell("$BESRA detect -q -y -r -m berries --json -o out .");
        expect_code(&run, 0);
        expect_sources(run.out, "./a.png\n");
        run_free(&run);
    }
    struct run_result run = run_shell("ln -s . loop && $BESRA detect -q -r -m berries --json --no-image .");
    expect_code(&run, 0); /* a folder within itself comes to an end */
    run_free(&run);
}

static void test_shards_share_out_all_inputs(void **state)
{
    (void)state;
    static const char *const shards[] = {"1/2", "2/2", "3/3", "7/7"};
    static const char *const wanted[] = {"a.png\nc.png\ne.png\n", "b.png\nd.png\n", "c.png\n", ""};
    static const char *const names[] = {"a.png", "b.png", "c.png", "d.png", "e.png"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        scene_write(names[i]);
    for (size_t i = 0; i < sizeof shards / sizeof *shards; i++) {
        struct run_result run =
            run_shell("$BESRA detect -q --no-image --json -m berries --shard %s '*.png'", shards[i]);
        expect_code(&run, 0);
        expect_sources(run.out, wanted[i]);
        run_free(&run);
    }
}

static void test_shards_write_what_one_run_would(void **state)
{
    (void)state;
    struct run_result run = run_shell("mkdir one two");
    run_free(&run);
    scene_write("one/a.png"); /* names that collide across the shards */
    scene_write("one/b.png");
    scene_write("two/a.png");
    scene_write("two/b.ppm");
    run = run_shell("for k in 1 2 3; do $BESRA detect -q -m berries --save-txt --shard $k/3 -o shards one "
                    "two || exit 1; done\n"
                    "$BESRA detect -q -m berries --save-txt -o whole one two && diff -r shards whole");
    expect_code(&run, 0);
    run_free(&run);
    expect_files("whole", "a-2.png\na.png\nb.png\nb.ppm\nlabels/a-2.txt\nlabels/a.txt\nlabels/b.png.txt\n"
                          "labels/b.ppm.txt\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(test_inputs_of_all_kinds_in_their_order),
        IN_SCRATCH(test_the_scene_is_seen_in_every_format),
        IN_SCRATCH(test_names_of_any_kind),
        IN_SCRATCH(test_names_cant_write_on_the_terminal),
        IN_SCRATCH(test_thousands_of_one_name),
        IN_SCRATCH(test_stray_files_are_passed_over_in_folders_and_refused_when_named),
        IN_SCRATCH(test_what_isnt_there_is_named_and_the_rest_done),
        IN_SCRATCH(test_what_may_not_be_read_is_named_and_the_rest_done),
        IN_SCRATCH(test_the_output_folder_is_no_input),
        IN_SCRATCH(test_shards_share_out_all_inputs),
        IN_SCRATCH(test_shards_write_what_one_run_would),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
