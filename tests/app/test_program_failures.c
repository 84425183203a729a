/* Broken, hostile and oversized input, too little memory, full disks: one line that names the file and the
 * cause, the right exit code, nothing half-written, the rest of the batch done. */
#include "tests/app/scenes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <cmocka.h>

static const char *const formats[] = {"jpg", "png", "webp", "tiff", "bmp", "ppm"};
enum { FORMATS = sizeof formats / sizeof *formats };

/* Unless `said` has exactly one line that begins with "besra: NAME: " and goes on behind it. */
static void expect_one_line(const char *said, const char *name)
{
    char   head[256];
    size_t lines = 0;
    snprintf(head, sizeof head, "besra: %s: ", name);
    for (const char *at = said; (at = strstr(at, head)) != NULL; at += strlen(head)) {
        assert_true(at[strlen(head)] > ' ' && at[strlen(head)] != ':');
        lines++;
    }
    if (lines != 1)
        fail_msg("%zu lines begin with \"%s\" in:\n%s", lines, head, said);
}

/* Whether `error` is the record's, with this code. */
static void expect_error(const char *records, size_t index, const char *code)
{
    json_t *record = record_read(records, index), *error = json_object_get(record, "error");
    assert_string_equal(json_string_value(json_object_get(error, "code")), code);
    json_decref(record);
}

static void test_broken_pictures_amid_good_ones(void **state)
{
    (void)state;
    char name[64], cut[64];
    mkdir("in", 0777);
    for (int i = 0; i < FORMATS; i++) {
        snprintf(name, sizeof name, "in/good.%s", formats[i]);
        scene_write(name);
        snprintf(cut, sizeof cut, "in/half.%s", formats[i]);
        file_cut(name, cut, 0);
        snprintf(cut, sizeof cut, "in/head.%s", formats[i]);
        file_cut(name, cut, 20);
    }
    struct run_result run = run_shell("$BESRA detect -q -m berries --json -o out in");
    expect_code(&run, 1);
    assert_int_equal(record_count(run.out), 3 * FORMATS);
    for (int i = 0; i < FORMATS; i++) {
        snprintf(name, sizeof name, "in/half.%s", formats[i]);
        expect_one_line(run.err, name);
        snprintf(name, sizeof name, "in/head.%s", formats[i]);
        expect_one_line(run.err, name);
        expect_error(run.out, FORMATS + (size_t)i, "decode");
        expect_error(run.out, 2 * FORMATS + (size_t)i, "decode");
    }
    expect_files("out", "good.bmp\ngood.jpg\ngood.png\ngood.ppm\ngood.tiff\ngood.webp\n");
    run_free(&run);

    run = run_shell("$BESRA upscale -q -s 1.5 -m srcnn -o large in");
    expect_code(&run, 1);
    expect_files("large", "good.bmp\ngood.jpg\ngood.png\ngood.ppm\ngood.tiff\ngood.webp\n");
    run_free(&run);
}

static void test_noise_under_a_picture_s_name(void **state)
{
    (void)state;
    text_write("empty.jpg", "");
    text_write("text.png", "a text that is no picture\n");
    scene_write("a.png");
    struct run_result run =
        run_shell("mkdir folder.jpg && $BESRA detect -q -m berries -o out empty.jpg text.png a.png");
    expect_code(&run, 1);
    expect_one_line(run.err, "empty.jpg");
    expect_one_line(run.err, "text.png");
    expect_files("out", "a.png\n");
    run_free(&run);
}

static void put_big_endian(uint8_t *at, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> (24 - 8 * i));
}

/* PNG specification, annex D. */
static uint32_t checksum(const uint8_t *data, size_t size)
{
    uint32_t sum = 0xFFFFFFFF;
    for (size_t i = 0; i < size; i++) {
        sum ^= data[i];
        for (int bit = 0; bit < 8; bit++)
            sum = sum & 1 ? sum >> 1 ^ 0xEDB88320 : sum >> 1;
    }
    return ~sum;
}

static void append_chunk(struct bytes *file, const char *type, const void *data, uint32_t size)
{
    uint8_t number[4];
    put_big_endian(number, size);
    bytes_append(file, number, 4);
    size_t start = file->size;
    bytes_append(file, type, 4);
    bytes_append(file, data, size);
    put_big_endian(number, checksum(file->data + start, size + 4));
    bytes_append(file, number, 4);
}

/* A PNG that claims side x side pixels of 8-bit RGB, all of which `padding` bytes can't hold. */
static void claim_png(const char *path, uint32_t side, size_t padding)
{
    struct bytes file = {0};
    uint8_t      header[13] = {[8] = 8, [9] = 2};
    uint8_t     *data = calloc(padding + 1, 1);
    put_big_endian(header, side);
    put_big_endian(header + 4, side);
    bytes_append(&file, "\x89PNG\r\n\x1a\n", 8);
    append_chunk(&file, "IHDR", header, sizeof header);
    append_chunk(&file, "IDAT", data, (uint32_t)padding);
    append_chunk(&file, "IEND", "", 0);
    FILE *out = fopen(path, "wb");
    assert_non_null(out);
    assert_int_equal(fwrite(file.data, 1, file.size, out), file.size);
    fclose(out);
    bytes_free(&file);
    free(data);
}

static void test_a_small_file_that_claims_to_be_huge(void **state)
{
    (void)state;
    claim_png("huge.png", 60000, 1000);
    claim_png("large.png", 20000, 1000); /* under the limit of pixels, but these bytes can't hold it */
    scene_write("a.png");
    struct run_result run = run_shell("$BESRA detect -q -m berries -o out huge.png large.png a.png");
    expect_code(&run, 1);
    expect_one_line(run.err, "huge.png");
    expect_part(run.err, "60000 x 60000");
    expect_one_line(run.err, "large.png");
    expect_files("out", "a.png\n");
    run_free(&run);

    run = run_shell("$BESRA upscale -q -m srcnn -o out huge.png large.png");
    expect_code(&run, 1);
    run_free(&run);

    /* the pictures would have taken 10.8 GB and 1.2 GB; a run of the program alone takes some 30 MB, with the
     * sanitizers some 200 */
    struct rusage usage;
    assert_int_equal(getrusage(RUSAGE_CHILDREN, &usage), 0);
    printf("largest resident set so far: %ld MB\n", usage.ru_maxrss >> 10);
    assert_true(usage.ru_maxrss >> 10 < 600);
}

static void test_limits_are_told_and_can_be_raised(void **state)
{
    (void)state;
    scene_write("a.png");
    struct run_result run = run_shell("$BESRA detect -q -m berries --max-pixels 4095 --json -o out a.png");
    expect_code(&run, 1);
    expect_one_line(run.err, "a.png");
    expect_part(run.err, "over the limit of 4095");
    expect_part(run.err, "--max-pixels");
    expect_error(run.out, 0, "limit");
    run_free(&run);
    run = run_shell("$BESRA detect -q -m berries --max-pixels 4096 -o out a.png");
    expect_code(&run, 0);
    run_free(&run);
}

static void test_a_budget_of_memory_holds(void **state)
{
    (void)state;
    scene_write("a.png");
    struct run_result run = run_shell("$BESRA upscale -q -s 8 -m srcnn --memory 1M --json -o out a.png");
    expect_code(&run, 5);
    expect_one_line(run.err, "a.png");
    expect_part(run.err, "over the budget of 1024 KB");
    expect_part(run.err, "--memory");
    expect_error(run.out, 0, "budget");
    run_free(&run);

    run = run_shell("$BESRA detect -q -m berries --memory 1K -o out a.png");
    expect_code(&run, 5);
    run_free(&run);

    /* what fits is done */
    struct picture small = {0};
    assert_int_equal(image_alloc(&small.image, 8, 8, 1, 8, NULL), BSR_OK);
    for (int y = 0; y < 8; y++)
        memset(image_row(&small.image, y), 100, 8);
    picture_write("small.png", &small);
    picture_free(&small);
    run =
        run_shell("$BESRA upscale -q -m srcnn -s 30 --memory 4M -j 2 -o out a.png small.png a.png small.png");
    expect_code(&run, 5);
    expect_files("out", "small-2.png\nsmall.png\n");
    run_free(&run);
}

static void test_fail_fast_begins_nothing_more(void **state)
{
    (void)state;
    scene_write("a.png");
    struct run_result run =
        run_shell("$BESRA detect -q -j 1 -m berries --fail-fast --json -o out a.png none.png a.png");
    expect_code(&run, 1);
    assert_int_equal(record_count(run.out), 2);
    expect_files("out", "a.png\n");
    run_free(&run);
}

static void test_output_that_cant_be_written_is_told_once(void **state)
{
    (void)state;
    scene_write("a.png");
    scene_write("b.png");
    text_write("file", "mine");
    struct run_result run = run_shell("$BESRA detect -q -m berries -o file/below a.png b.png");
    expect_code(&run, 1);
    assert_string_equal(run.err, "besra: file: is a file, not a folder to write into\n");
    run_free(&run);

    /* a file where a folder of the tree should be */
    run = run_shell("mkdir -p in/deep out && cp a.png in/deep/ && cp b.png in/ && touch out/deep\n"
                    "$BESRA detect -q -r -m berries -o out in");
    expect_code(&run, 1);
    expect_one_line(run.err, "out/deep");
    expect_files("out", "b.png\ndeep\n");
    run_free(&run);

    run = run_shell("mkdir locked && chmod 555 locked\n"
                    "test $(id -u) = 0 && { chmod 777 .; "
                    "as='setpriv --reuid=65534 --regid=65534 --clear-groups'; "
                    "$as cat " BESRA_SOURCE_DIR "/tests/app/data/berries.cfg >/dev/null || exit 77; }\n"
                    "export XDG_CONFIG_HOME=/nonexistent\n"
                    "$as $BESRA detect -q -m berries -o locked a.png b.png");
    if (run.code == 77) {
        run_free(&run);
        printf("SKIPPED: as root every folder can be written, and no one else can be made who sees the "
               "models\n");
        skip();
    }
    expect_code(&run, 1);
    assert_string_equal(run.err, "besra: locked: can't be written into: Permission denied\n");
    run_free(&run);
}

static void test_a_limit_of_the_file_size(void **state)
{
    (void)state;
    scene_write("a.png");
    /* 512 or 1,024 bytes, whatever the shell's unit; the enlarged BMP has 27,702 */
    struct run_result run = run_shell("ulimit -f 1; $BESRA upscale -q -s 1.5 -f bmp -m srcnn -o out a.png");
    expect_code(&run, 1);
    assert_string_equal(run.err, "besra: out/a.bmp: can't be written: File too large\n");
    expect_files("out", "");
    run_free(&run);
}

static void test_standard_output_on_a_full_disk(void **state)
{
    (void)state;
    scene_write("a.png");
    struct run_result run = run_shell("$BESRA detect -q -m berries -o - a.png > /dev/full");
    expect_code(&run, 1);
    assert_string_equal(run.err, "besra: standard output: can't be written: No space left on device\n");
    run_free(&run);

    run = run_shell("$BESRA detect -q -m berries --no-image --json a.png a.png a.png > /dev/full");
    expect_code(&run, 1);
    assert_string_equal(run.err,
                        "besra: standard output: the records can't be written: No space left on device\n");
    run_free(&run);

    run = run_shell("$BESRA detect -q -n -m berries a.png > /dev/full");
    expect_code(&run, 1);
    run_free(&run);

    /* a reader that has gone is no reason for a signal's death */
    run =
        run_shell("{ $BESRA detect -q -m berries --no-image --json a.png a.png a.png; echo $? >&2; } | true");
    expect_no_part(run.err, "141");
    run_free(&run);
}

static void test_closed_streams_get_no_file_in_their_place(void **state)
{
    (void)state;
    scene_write("a.png");
    struct run_result run = run_shell("$BESRA detect -q -m berries --json -f ppm -o out a.png a.png >&-");
    expect_code(&run, 1);
    assert_string_equal(run.err,
                        "besra: standard output: the records can't be written: Bad file descriptor\n");
    run_free(&run);
    run = run_shell("$BESRA detect -m berries -f ppm -o all a.png <&- >&- 2>&-");
    expect_code(&run, 0);
    run_free(&run);
    expect_same_file("out/a.ppm", "all/a.ppm");
}

static void test_a_full_disk(void **state)
{
    (void)state;
    mkdir("small", 0777);
    if (mount("tmpfs", "small", "tmpfs", 0, "size=64k") != 0) {
        printf("SKIPPED: no small file system can be mounted here\n");
        skip();
    }
    scene_write("a.png");
    struct run_result run =
        run_shell("$BESRA upscale -q -s 3 -m srcnn -f bmp -o small/out a.png;"
                  "echo $? >&2; rm -r small/out;"
                  "$BESRA detect -q -m berries -f bmp -o small/out a.png a.png a.png a.png a.png a.png");
    struct run_result files = run_shell("find small/out -type f -printf '%%f %%s\\n' | sort");
    umount("small");
    expect_part(run.err, "besra: small/out/a.bmp: can't be written: No space left on device\n1\n");
    expect_code(&run, 1);
    /* of 12,342 bytes each, few enough to fit, and nothing else */
    expect_no_part(files.out, ".besra");
    for (char *line = files.out; *line; line = strchr(line, '\n') + 1)
        assert_int_equal(strncmp(strchr(line, ' '), " 12342\n", 7), 0);
    assert_true(strlen(files.out) > 0);
    run_free(&run);
    run_free(&files);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(test_broken_pictures_amid_good_ones),
        IN_SCRATCH(test_noise_under_a_picture_s_name),
        IN_SCRATCH(test_a_small_file_that_claims_to_be_huge),
        IN_SCRATCH(test_limits_are_told_and_can_be_raised),
        IN_SCRATCH(test_a_budget_of_memory_holds),
        IN_SCRATCH(test_fail_fast_begins_nothing_more),
        IN_SCRATCH(test_output_that_cant_be_written_is_told_once),
        IN_SCRATCH(test_a_limit_of_the_file_size),
        IN_SCRATCH(test_standard_output_on_a_full_disk),
        IN_SCRATCH(test_closed_streams_get_no_file_in_their_place),
        IN_SCRATCH(test_a_full_disk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
