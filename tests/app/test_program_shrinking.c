/* Large JPEGs are decoded smaller for the net: what is found, and all that is written, is of the whole
 * picture. */
#include "tests/app/scenes.h"

#include "base/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A scene TIMES as large: the net's input is 64 x 64, so that it is decoded at 1/4, or 1/8
 * where that is asked for. */
enum { TIMES = 10, LARGE_SIDE = TIMES * SCENE_SIDE };

/* Little-endian EXIF whose only tag is the orientation. */
static const uint8_t exif_block[] = {'I', 'I', '*', 0, 8, 0, 0, 0, 1, 0, 0x12, 0x01, 3,
                                     0,   1,   0,   0, 0, 1, 0, 0, 0, 0, 0,    0,    0};
enum { ORIENTATION_AT = 18 };

/* Says in an encoded picture that it is stored turned. */
static void set_orientation(struct bytes *file, int orientation)
{
    for (size_t at = 0; at + sizeof exif_block <= file->size; at++)
        if (memcmp(file->data + at, exif_block, sizeof exif_block) == 0) {
            file->data[at + ORIENTATION_AT] = (uint8_t)orientation;
            return;
        }
    fail_msg("no EXIF was written");
}

/* A scene of width x height pixels or a little more, with its squares at 160 to 320 and 320 to 480. */
static void large_scene_write(const char *path, int width, int height, int orientation)
{
    struct picture large = {0};
    struct bytes   encoded = {0};
    assert_int_equal(image_alloc(&large.image, width, height, 3, 8, NULL), BSR_OK);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            bool red = x >= 160 && x < 320 && y >= 160 && y < 320;
            bool green = x >= 320 && x < 480 && y >= 320 && y < 480;
            memcpy(image_row(&large.image, y) + 3 * (size_t)x,
                   red     ? "\0\0\xFF"
                   : green ? "\0\xFF\0"
                           : "\x5A\x5A\x5A",
                   3);
        }
    assert_true(bytes_append(&large.exif, exif_block, sizeof exif_block));
    assert_int_equal(picture_encode(&encoded, &large, PICTURE_JPEG, 95, NULL), BSR_OK);
    set_orientation(&encoded, orientation);
    assert_int_equal(file_write(path, encoded.data, encoded.size, true, false, NULL), BSR_OK);
    bytes_free(&encoded);
    picture_free(&large);
}

static json_t *detect(const char *arguments)
{
    struct run_result run = run_shell("$BESRA detect -q -y -m berries --json %s", arguments);
    expect_code(&run, 0);
    json_t *record = record_read(run.out, 0);
    json_object_del(record, "ms");
    run_free(&run);
    return record;
}

static void expect_box(const json_t *find, double left, double top, double right, double bottom)
{
    const double wanted[4] = {left, top, right, bottom};
    assert_non_null(find);
    for (size_t i = 0; i < 4; i++)
        assert_float_equal(json_real_value(json_array_get(json_object_get(find, "box"), i)), wanted[i], 0.01);
}

/* The find of a class, of which there is one. */
static const json_t *find_of(const json_t *record, int class_index)
{
    const json_t *finds = json_object_get(record, "detections"), *found = NULL;
    assert_int_equal(json_array_size(finds), 2);
    for (size_t i = 0; i < 2; i++)
        if (json_integer_value(json_object_get(json_array_get(finds, i), "class")) == class_index)
            found = json_array_get(finds, i);
    return found;
}

static void expect_large_record(const json_t *record)
{
    assert_int_equal(json_integer_value(json_object_get(record, "width")), LARGE_SIDE);
    assert_int_equal(json_integer_value(json_object_get(record, "height")), LARGE_SIDE);
    expect_box(find_of(record, 0), 160, 160, 320, 320);
    expect_box(find_of(record, 1), 320, 320, 480, 480);
}

static void test_boxes_are_of_the_whole_picture(void **state)
{
    (void)state;
    static const char *const ways[] = {"", "--shrink-on-load auto", "--shrink-on-load on",
                                       "--shrink-on-load off"};
    large_scene_write("large.jpg", LARGE_SIDE, LARGE_SIDE, 1);
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        char arguments[64];
        snprintf(arguments, sizeof arguments, "--no-image %s large.jpg", ways[i]);
        json_t *record = detect(arguments);
        expect_large_record(record);
        json_decref(record);
    }
}

/* Stored with its right at the top, so that the squares are mirrored across the other diagonal. */
static void test_turned_pictures_are_turned_and_mapped_back(void **state)
{
    (void)state;
    large_scene_write("large.jpg", LARGE_SIDE, LARGE_SIDE, 6);
    json_t *record = detect("--no-image large.jpg");
    expect_box(find_of(record, 0), 320, 160, 480, 320);
    expect_box(find_of(record, 1), 160, 320, 320, 480);
    json_decref(record);

    /* sides that are no multiples of 8: the picture turned and not turned shows the same to within what a
     * JPEG does to it */
    large_scene_write("large.jpg", LARGE_SIDE + 3, LARGE_SIDE + 5, 8);
    json_t *reduced = detect("--no-image large.jpg"),
           *whole = detect("--no-image --shrink-on-load off large.jpg");
    assert_int_equal(json_integer_value(json_object_get(reduced, "width")), LARGE_SIDE + 5);
    assert_int_equal(json_integer_value(json_object_get(reduced, "height")), LARGE_SIDE + 3);
    for (int class_index = 0; class_index < 2; class_index++) {
        const json_t *box = json_object_get(find_of(whole, class_index), "box");
        expect_box(find_of(reduced, class_index), json_real_value(json_array_get(box, 0)),
                   json_real_value(json_array_get(box, 1)), json_real_value(json_array_get(box, 2)),
                   json_real_value(json_array_get(box, 3)));
    }
    json_decref(reduced);
    json_decref(whole);
}

static void expect_size(const char *path, int width, int height)
{
    struct picture picture = picture_read(path);
    assert_int_equal(picture.image.width, width);
    assert_int_equal(picture.image.height, height);
    picture_free(&picture);
}

static void test_written_pictures_are_whole_and_change_no_record(void **state)
{
    (void)state;
    large_scene_write("large.jpg", LARGE_SIDE, LARGE_SIDE, 1);
    json_t *without = detect("--no-image large.jpg");
    json_t *with = detect("--save-txt -o out large.jpg");
    assert_true(json_equal(with, without));
    expect_large_record(with);
    json_t *crops = detect("--no-image --save-crop --classes berry -o out large.jpg");
    expect_files("out", "crops/berry/large-1.jpg\nlabels/large.txt\nlarge.jpg\n");
    expect_size("out/large.jpg", LARGE_SIDE, LARGE_SIDE);
    expect_size("out/crops/berry/large-1.jpg", 160, 160);
    json_decref(without);
    json_decref(with);
    json_decref(crops);

    struct run_result run = run_shell("$BESRA detect -q -y -m berries -o piped.jpg - < large.jpg");
    expect_code(&run, 0);
    expect_size("piped.jpg", LARGE_SIDE, LARGE_SIDE);
    run_free(&run);
}

/* In full 640 x 640 pixels take 9 bytes each, 3.5 MB in all; at 1/8 hardly more than their file.
 */
static void test_smaller_pictures_take_less_of_the_budget(void **state)
{
    (void)state;
    large_scene_write("large.jpg", LARGE_SIDE, LARGE_SIDE, 1);
    json_t *record = detect("--no-image --memory 300K --shrink-on-load on large.jpg");
    expect_large_record(record);
    json_decref(record);
    struct run_result run =
        run_shell("$BESRA detect -q -m berries --no-image --memory 300K --shrink-on-load off large.jpg");
    expect_code(&run, 5);
    expect_part(run.err, "would take about");
    run_free(&run);
    run = run_shell(
        "$BESRA detect -q -m berries --memory 300K --shrink-on-load on -o out large.jpg"); /* the whole is
                                                                                              written */
    expect_code(&run, 5);
    run_free(&run);
}

static void test_evaluation_and_classes_know_the_option(void **state)
{
    (void)state;
    static const char *const ways[] = {"auto", "on", "off"};
    large_scene_write("large.jpg", LARGE_SIDE, LARGE_SIDE, 1);
    text_write("large.txt", "0 0.375 0.375 0.25 0.25\n1 0.625 0.625 0.25 0.25\n");
    text_write("labels.csv", "large.jpg,grey\n");
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        struct run_result run = run_shell(
            "$BESRA eval detect -q --json -m berries --truth . --shrink-on-load %s large.jpg", ways[i]);
        expect_code(&run, 0);
        expect_part(run.out, "\"map\":1.0,");
        run_free(&run);
        run = run_shell("$BESRA eval classify -q -m $SOURCE/tests/app/data/colours.onnx --truth labels.csv "
                        "--shrink-on-load %s large.jpg",
                        ways[i]);
        expect_code(&run, 0);
        expect_part(run.out, "top-1 100.00 %");
        run_free(&run);
        run = run_shell("$BESRA classify -q -m $SOURCE/tests/app/data/colours.onnx --shrink-on-load %s "
                        "--fit stretch large.jpg",
                        ways[i]);
        expect_code(&run, 0);
        expect_part(run.out, "large.jpg: grey ");
        run_free(&run);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(test_boxes_are_of_the_whole_picture),
        IN_SCRATCH(test_turned_pictures_are_turned_and_mapped_back),
        IN_SCRATCH(test_written_pictures_are_whole_and_change_no_record),
        IN_SCRATCH(test_smaller_pictures_take_less_of_the_budget),
        IN_SCRATCH(test_evaluation_and_classes_know_the_option),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
