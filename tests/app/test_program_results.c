/* Results depend on the picture and the options alone: not on the number of threads, nor on the processor;
 * and what the program is linked with. */
#include "tests/app/scenes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The records without their times, which differ. */
static char *run_and_strip(const char *before, const char *arguments)
{
    struct run_result run = run_shell("%s $BESRA %s", before, arguments);
    expect_code(&run, 0);
    struct bytes stripped = {0};
    for (size_t i = 0; i < record_count(run.out); i++) {
        json_t *record = record_read(run.out, i);
        json_object_del(record, "ms");
        char *text = json_dumps(record, JSON_COMPACT | JSON_REAL_PRECISION(17));
        bytes_append_format(&stripped, "%s\n", text);
        free(text);
        json_decref(record);
    }
    run_free(&run);
    assert_true(stripped.size > 0);
    char *copy = strdup(bytes_text(&stripped));
    bytes_free(&stripped);
    return copy;
}

/* Unless both ways of running say and write the same. */
static void expect_same(const char *before, const char *arguments, const char *other_before,
                        const char *other_arguments)
{
    struct run_result run;
    char              full[2][512];
    snprintf(full[0], sizeof full[0], "%s -q --json -o out", arguments);
    snprintf(full[1], sizeof full[1], "%s -q --json -o out", other_arguments);

    char *first = run_and_strip(before, full[0]);
    run = run_shell("mv out first");
    run_free(&run);
    char *second = run_and_strip(other_before, full[1]);
    assert_string_equal(first, second);
    run = run_shell("diff -r out first && rm -r out first");
    expect_code(&run, 0);
    run_free(&run);
    free(first);
    free(second);
}

#define PHOTOS "$SOURCE/assets/photos $SOURCE/assets/photos $SOURCE/assets/photos"

static void test_threads_change_nothing(void **state)
{
    (void)state;
    expect_same("", "detect -m berries --conf 0.02 --save-txt -j 1 " PHOTOS, "",
                "detect -m berries --conf 0.02 --save-txt -j 2 " PHOTOS);
    expect_same("", "detect -m berries-decoded --conf 0.02 -j 1 " PHOTOS, "",
                "detect -m berries-decoded --conf 0.02 -j 3 " PHOTOS);
}

static void test_threads_change_nothing_of_one_picture(void **state)
{
    (void)state;
    expect_same("", "detect -m berries --conf 0.02 -f png -j 1 $SOURCE/assets/photos/coffee.jpg", "",
                "detect -m berries --conf 0.02 -f png -j 2 $SOURCE/assets/photos/coffee.jpg");
}

/* Bit for bit in all that is besra's but the kernels of nets, whose levels differ in the last bits:
 * tests/kernels holds these to sums in doubles. */
static void test_processors_agree(void **state)
{
    (void)state;
    static const char        command[] = "detect -m berries --engine opencv --conf 0.02 --save-txt " PHOTOS;
    static const char *const cpus[] = {"avx2", "avx512"}; /* what the processor lacks falls back by itself */
    for (size_t i = 0; i < 2; i++) {
        char before[64];
        snprintf(before, sizeof before, "BESRA_CPU=%s", cpus[i]);
        expect_same("BESRA_CPU=scalar", command, before, command);
    }
}

static void test_the_program_is_linked_with_little(void **state)
{
    (void)state;
    static const char *const strangers[] = {"gdal",      "libavcodec", "libavformat",    "libSDL",
                                            "imgcodecs", "videoio",    "opencv_highgui", "libgtk"};
    struct run_result        run = run_shell("ldd $BESRA");
    expect_code(&run, 0);
    expect_part(run.out, "opencv_dnn");
    expect_no_part(run.out, "not found");
    for (size_t i = 0; i < sizeof strangers / sizeof *strangers; i++)
        expect_no_part(run.out, strangers[i]);
    printf("linked with %zu libraries\n", record_count(run.out));
    run_free(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(test_threads_change_nothing),
        IN_SCRATCH(test_threads_change_nothing_of_one_picture),
        IN_SCRATCH(test_processors_agree),
        IN_SCRATCH(test_the_program_is_linked_with_little),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
