/* What upscale writes: sizes, channels, depth, transparency, profile and EXIF, by the srcnn of models/. */
#include "base/file.h"
#include "tests/app/scenes.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#define MEDIA "$SOURCE/tests/media/data/" /* 19 x 13 pixels each */

static void expect_run(int code, const char *arguments)
{
    struct run_result run = run_shell("$BESRA upscale -q -m srcnn %s", arguments);
    expect_code(&run, code);
    if (code == 0)
        assert_string_equal(run.err, "");
    run_free(&run);
}

static void expect_image(const struct picture *picture, int width, int height, int channels, int depth)
{
    assert_int_equal(picture->image.width, width);
    assert_int_equal(picture->image.height, height);
    assert_int_equal(picture->image.channels, channels);
    assert_int_equal(picture->image.depth, depth);
}

/* A picture of one colour. */
static void plain_write(const char *path, int width, int height, int channels, const uint8_t *pixel)
{
    struct picture plain = {0};
    assert_int_equal(image_alloc(&plain.image, width, height, channels, 8, NULL), BSR_OK);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            memcpy(image_row(&plain.image, y) + x * channels, pixel, (size_t)channels);
    picture_write(path, &plain);
    picture_free(&plain);
}

static void test_sizes_are_the_floor_of_the_product(void **state)
{
    (void)state;
    static const struct {
        const char *options;
        int         width, height;
    } cases[] = {
        {"-s 1", 19, 13},         {"-s 1.5", 28, 19},   {"-s 2.37", 45, 30},
        {"-s 3", 57, 39},         {"", 38, 26},         {"--to 19x14", 19, 14},
        {"--to 100x50", 100, 50}, {"-s 1.999", 37, 25}, {"-s 1.05", 19, 13},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char arguments[256];
        snprintf(arguments, sizeof arguments, "-y %s -o large.png " MEDIA "png-3-8.png", cases[i].options);
        expect_run(0, arguments);
        struct picture large = picture_read("large.png");
        expect_image(&large, cases[i].width, cases[i].height, 3, 8);
        picture_free(&large);
    }
}

static void test_sizes_that_cant_be_are_refused(void **state)
{
    (void)state;
    const uint8_t grey = 90;
    plain_write("wide.png", 1100, 2, 1, &grey);
    static const struct {
        const char *arguments, *said;
        int         code;
    } cases[] = {
        {"-s 60 wide.png", "besra: wide.png: enlarged, it would have 66000 x 120 pixels", 1},
        {"--to 1000x2 wide.png", "besra: wide.png: 1100 x 2 pixels are more than the 1000 x 2 asked for", 1},
        {"-s 0.99 wide.png", "besra: --scale", 2},
        {"-s nan wide.png", "besra: --scale", 2},
        {"--to 66000x10 wide.png", "besra: --to", 2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct run_result run = run_shell("$BESRA upscale -q -m srcnn -o out %s", cases[i].arguments);
        expect_code(&run, cases[i].code);
        expect_part(run.err, cases[i].said);
        run_free(&run);
    }
    expect_files(".", "wide.png\n");
}

static void test_channels_and_depth_stay(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int         channels, depth;
    } cases[] = {
        {"png-1-8.png", 1, 8},    {"png-2-8.png", 2, 8},     {"png-3-8.png", 3, 8},
        {"png-4-8.png", 4, 8},    {"png-1-16.png", 1, 16},   {"png-4-16.png", 4, 16},
        {"tiff-1-16.tif", 1, 16}, {"tiff-3-16.tif", 3, 16},  {"tiff-4-16.tif", 4, 16},
        {"jpeg-grey.jpg", 1, 8},  {"webp-alpha.webp", 4, 8},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char arguments[256], output[128];
        snprintf(arguments, sizeof arguments, "-s 1.5 -o out " MEDIA "%s", cases[i].name);
        expect_run(0, arguments);
        snprintf(output, sizeof output, "out/%s", cases[i].name);
        struct picture large = picture_read(output);
        expect_image(&large, 28, 19, cases[i].channels, cases[i].depth);
        picture_free(&large);
    }
}

/* The levels of one colour may move a little, since a net is no identity; what was grey stays without colour.
 */
static void test_an_even_picture_stays_even(void **state)
{
    (void)state;
    enum { NET_MAY_MOVE = 3, BORDER = 12 }; /* the net pads with zeros: its border differs */
    const uint8_t colour[3] = {40, 90, 200}, grey = 120;
    plain_write("colour.png", 32, 32, 3, colour);
    plain_write("grey.png", 32, 32, 1, &grey);
    expect_run(0, "-s 2 -o out colour.png grey.png");
    struct picture large = picture_read("out/colour.png"), even = picture_read("out/grey.png");
    expect_image(&large, 64, 64, 3, 8);
    expect_image(&even, 64, 64, 1, 8);
    for (int y = BORDER; y < 64 - BORDER; y++)
        for (int x = BORDER; x < 64 - BORDER; x++) {
            for (int c = 0; c < 3; c++)
                assert_in_range(abs(image_row(&large.image, y)[3 * x + c] - colour[c]), 0, NET_MAY_MOVE);
            assert_in_range(abs(image_row(&even.image, y)[x] - grey), 0, NET_MAY_MOVE);
        }
    picture_free(&large);
    picture_free(&even);
}

/* A red disc on transparent black: enlarged colour by colour, its rim would turn dark. */
static void test_transparency_makes_no_dark_fringe(void **state)
{
    (void)state;
    enum { SIDE = 40, RADIUS = 12, SEEN = 16, DARKEST_RED = 245, MOST_OTHER = 10 };
    struct picture disc = {0};
    assert_int_equal(image_alloc(&disc.image, SIDE, SIDE, 4, 8, NULL), BSR_OK);
    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++) {
            bool inside = hypot(x - SIDE / 2 + 0.5, y - SIDE / 2 + 0.5) < RADIUS;
            memcpy(image_row(&disc.image, y) + 4 * x, inside ? "\0\0\xFF\xFF" : "\0\0\0\0", 4);
        }
    picture_write("disc.png", &disc);
    picture_free(&disc);

    expect_run(0, "-s 3 -o large.png disc.png");
    struct picture large = picture_read("large.png");
    expect_image(&large, 3 * SIDE, 3 * SIDE, 4, 8);
    int rim = 0, darkest = 255, other = 0;
    for (int y = 0; y < 3 * SIDE; y++)
        for (int x = 0; x < 3 * SIDE; x++) {
            const uint8_t *pixel = image_row(&large.image, y) + 4 * x;
            if (pixel[3] < SEEN)
                continue;
            rim += pixel[3] < 240;
            darkest = pixel[2] < darkest ? pixel[2] : darkest;
            other = pixel[0] > other ? pixel[0] : other;
            other = pixel[1] > other ? pixel[1] : other;
        }
    printf("%d pixels of the rim; the darkest red is %d, most of another colour %d\n", rim, darkest, other);
    assert_true(rim > 100);
    assert_true(darkest >= DARKEST_RED);
    assert_true(other <= MOST_OTHER);
    picture_free(&large);
}

static void test_transparency_itself_is_bicubic(void **state)
{
    (void)state;
    const uint8_t half[4] = {10, 20, 30, 128};
    plain_write("half.png", 16, 16, 4, half);
    expect_run(0, "-s 2 -o large.png half.png");
    struct picture large = picture_read("large.png");
    for (int y = 0; y < 32; y++)
        for (int x = 0; x < 32; x++)
            assert_int_equal(image_row(&large.image, y)[4 * x + 3], 128);
    picture_free(&large);
}

static void test_profile_is_carried_over(void **state)
{
    (void)state;
    static const char *const names[] = {"png-p3-16.png", "tiff-p3-16.tif", "jpeg-p3.jpg",
                                        "webp-p3-exif.webp"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char arguments[256], path[512];
        snprintf(arguments, sizeof arguments, "-s 1.5 -o out " MEDIA "%s", names[i]);
        expect_run(0, arguments);
        snprintf(path, sizeof path, "%s/tests/media/data/%s", BESRA_SOURCE_DIR, names[i]);
        struct picture before = picture_read(path);
        snprintf(path, sizeof path, "out/%s", names[i]);
        struct picture after = picture_read(path);
        assert_true(before.icc.size > 0);
        assert_int_equal(after.icc.size, before.icc.size);
        assert_memory_equal(after.icc.data, before.icc.data, before.icc.size);
        picture_free(&before);
        picture_free(&after);
    }
}

/* Of each EXIF orientation an upright picture is made, with an EXIF block that says so: reading it turns
 * nothing. */
static void test_orientation_is_applied_and_reset(void **state)
{
    (void)state;
    for (int orientation = 1; orientation <= 8; orientation++) {
        char source[256], arguments[512];
        snprintf(source, sizeof source, "%s/tests/media/data/jpeg-exif-%d.jpg", BESRA_SOURCE_DIR,
                 orientation);
        snprintf(arguments, sizeof arguments, "-s 2 -f png -o %d.png %s", orientation, source);
        expect_run(0, arguments);
        snprintf(arguments, sizeof arguments, "%d.png", orientation);
        struct picture upright = picture_read(source), large = picture_read(arguments);
        assert_int_equal(large.image.width, upright.image.width * 2);
        assert_int_equal(large.image.height, upright.image.height * 2);
        assert_true(large.exif.size > 0);
        picture_free(&upright);
        picture_free(&large);
    }
    struct run_result run = run_shell("command -v exiftool > /dev/null || exit 77\n"
                                      "exiftool -q -n -s3 -Orientation -Make ?.png");
    if (run.code == 77)
        printf("SKIPPED: exiftool is not installed; its word on the orientation wasn't asked for\n");
    else
        assert_string_equal(
            run.out, "1\nbesra\n1\nbesra\n1\nbesra\n1\nbesra\n1\nbesra\n1\nbesra\n1\nbesra\n1\nbesra\n");
    run_free(&run);
}

static void test_comparison_lays_both_beside_each_other(void **state)
{
    (void)state;
    scene_write("a.png");
    expect_run(0, "-s 2 --compare -o out a.png");
    expect_files("out", "a-compare.png\na.png\n");
    struct picture both = picture_read("out/a-compare.png");
    assert_true(both.image.width >= 2 * 2 * SCENE_SIDE);
    assert_true(both.image.height >= 2 * SCENE_SIDE);
    picture_free(&both);
    expect_run(0, "-s 2 --compare -o one.webp a.png");
    expect_files(".", "a-compare.png\na.png\none.webp\nout/a-compare.png\nout/a.png\n");
}

static void test_a_batch_in_any_number_of_threads(void **state)
{
    (void)state;
    struct run_result run = run_shell(
        "for j in 1 2 3; do $BESRA upscale -q -j $j -s 1.5 -m srcnn -o out$j " MEDIA "png-?-8.png " MEDIA
        "jpeg-exif-*.jpg || exit 1; done; diff -r out1 out2 && diff -r out1 out3");
    expect_code(&run, 0);
    run_free(&run);
}

/* The largest difference of two pictures of one size, in steps of 8 bits. */
static int largest_difference(const char *a, const char *b)
{
    struct picture first = picture_read(a), second = picture_read(b);
    int            count = first.image.width * first.image.channels, largest = 0;

    assert_int_equal(first.image.depth, second.image.depth);
    assert_int_equal(first.image.height, second.image.height);
    for (int y = 0; y < first.image.height; y++)
        for (int i = 0; i < count; i++) {
            const uint8_t *p = image_row(&first.image, y), *q = image_row(&second.image, y);
            int            difference =
                first.image.depth == 8
                               ? p[i] - q[i]
                               : (((const uint16_t *)(const void *)p)[i] - ((const uint16_t *)(const void *)q)[i]) / 256;
            if (abs(difference) > largest)
                largest = abs(difference);
        }
    picture_free(&first);
    picture_free(&second);
    return largest;
}

static void test_processors_agree(void **state)
{
    (void)state;
    static const char *const names[] = {"a.png", "png-3-8.png", "png-4-16.png"};
    static const char *const others[] = {"avx2", "avx512", "stock"};
    scene_write("a.png");
    struct run_result run =
        run_shell("upscale() { $BESRA upscale -q -s 1.37 -m srcnn \"$@\" " MEDIA "png-3-8.png " MEDIA
                  "png-4-16.png a.png; }\n"
                  "for c in scalar avx2 avx512; do BESRA_CPU=$c upscale -o $c || exit 1; done\n"
                  "upscale -o stock --engine opencv && ls scalar");
    expect_code(&run, 0);
    assert_string_equal(run.out, "a.png\npng-3-8.png\npng-4-16.png\n");
    run_free(&run);
    for (size_t o = 0; o < sizeof others / sizeof *others; o++)
        for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
            char one[64], other[64];
            snprintf(one, sizeof one, "scalar/%s", names[n]);
            snprintf(other, sizeof other, "%s/%s", others[o], names[n]);
            assert_in_range(largest_difference(one, other), 0, 1);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(test_sizes_are_the_floor_of_the_product),
        IN_SCRATCH(test_sizes_that_cant_be_are_refused),
        IN_SCRATCH(test_channels_and_depth_stay),
        IN_SCRATCH(test_an_even_picture_stays_even),
        IN_SCRATCH(test_transparency_makes_no_dark_fringe),
        IN_SCRATCH(test_transparency_itself_is_bicubic),
        IN_SCRATCH(test_profile_is_carried_over),
        IN_SCRATCH(test_orientation_is_applied_and_reset),
        IN_SCRATCH(test_comparison_lays_both_beside_each_other),
        IN_SCRATCH(test_a_batch_in_any_number_of_threads),
        IN_SCRATCH(test_processors_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
