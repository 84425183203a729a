/* Every kind of picture decodes to the pixels that other programs and plain arithmetic say it has. */
#include "picture_files.h"

#include "media/picture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct bytes golden;

/* Failures are counted, so that all that differ are named. */
static int complaints;

static void complain(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vprint_error(format, args);
    va_end(args);
    print_error("\n");
    complaints++;
}

static int read_golden(void **state)
{
    (void)state;
    golden = read_picture_file("golden.bin");
    return 0;
}

static int free_golden(void **state)
{
    (void)state;
    bytes_free(&golden);
    return 0;
}

static unsigned expected_value(const struct expected_pixels *expected, size_t i)
{
    const uint8_t *data = golden.data + expected->at;
    return expected->depth == 8 ? data[i] : data[2 * i] | (unsigned)data[2 * i + 1] << 8;
}

static unsigned value_of(const struct bsr_image *image, int y, size_t i)
{
    const uint8_t *row = image_row(image, y);
    return image->depth == 8 ? row[i] : ((const uint16_t *)(const void *)row)[i];
}

/* The largest difference; fails when the shape differs. */
static unsigned compare(const char *name, const struct bsr_image *image,
                        const struct expected_pixels *expected)
{
    if (image->width != expected->width || image->height != expected->height ||
        image->channels != expected->channels || image->depth != expected->depth)
        fail_msg("%s: %d x %d, %d channels of %d bits, expected %d x %d, %d of %d", name, image->width,
                 image->height, image->channels, image->depth, expected->width, expected->height,
                 expected->channels, expected->depth);
    size_t   count = (size_t)image->width * (size_t)image->channels;
    unsigned largest = 0;
    for (int y = 0; y < image->height; y++)
        for (size_t i = 0; i < count; i++) {
            unsigned a = value_of(image, y, i), b = expected_value(expected, (size_t)y * count + i);
            unsigned difference = a > b ? a - b : b - a;
            largest = difference > largest ? difference : largest;
        }
    return largest;
}

static struct picture decode(const char *name, const struct bytes *file, enum picture_purpose purpose)
{
    struct picture   picture;
    struct bsr_error err;
    if (picture_decode(&picture, file->data, file->size, purpose, NULL, name, &err) != BSR_OK)
        fail_msg("%s: %s", err.subject, err.message);
    return picture;
}

static bool is_rare(const struct picture_file *file)
{
    return strncmp(file->name, "rare-", 5) == 0;
}

/* The module is optional, and not found when it was not built: said aloud then. */
static void skip_without_module(void)
{
    struct bytes     file = read_picture_file("rare-raster.ras");
    struct picture   picture;
    struct bsr_error err;
    bsr_status status = picture_decode(&picture, file.data, file.size, PICTURE_FOR_NET, NULL, "ras", &err);
    bytes_free(&file);
    if (status == BSR_EMISSING) {
        print_message("skipped: %s (%s)\n", err.message, err.hint);
        skip();
    }
    assert_int_equal(status, BSR_OK);
    picture_free(&picture);
}

static void check_for_net(bool rare)
{
    complaints = 0;
    for (size_t i = 0; i < picture_file_count; i++) {
        const struct picture_file *expected = &picture_files[i];
        if (is_rare(expected) != rare)
            continue;
        struct bytes   file = read_picture_file(expected->name);
        struct picture picture = decode(expected->name, &file, PICTURE_FOR_NET);
        unsigned       difference = compare(expected->name, &picture.image, &expected->for_net);
        if (difference > (unsigned)expected->tolerance)
            complain("%s for a net: off by %u", expected->name, difference);
        if (picture.icc.size)
            complain("%s for a net: a profile that is no longer true", expected->name);
        picture_free(&picture);
        bytes_free(&file);
    }
    assert_int_equal(complaints, 0);
}

static void check_for_edit(bool rare)
{
    complaints = 0;
    for (size_t i = 0; i < picture_file_count; i++) {
        const struct picture_file *expected = &picture_files[i];
        if (is_rare(expected) != rare)
            continue;
        struct bytes   file = read_picture_file(expected->name);
        struct picture picture = decode(expected->name, &file, PICTURE_FOR_EDIT);
        unsigned       difference = compare(expected->name, &picture.image, &expected->for_edit);
        bool           through_profile = strstr(expected->name, "cmyk-icc") || rare;
        if (difference > (through_profile ? (unsigned)expected->tolerance : 0))
            complain("%s for editing: off by %u", expected->name, difference);
        if (picture.icc.size != expected->icc || picture.exif.size != expected->exif)
            complain("%s: %zu bytes of profile, %zu of EXIF; expected %zu, %zu", expected->name,
                     picture.icc.size, picture.exif.size, expected->icc, expected->exif);
        picture_free(&picture);
        bytes_free(&file);
    }
    assert_int_equal(complaints, 0);
}

static void test_pictures_for_nets_are_upright_srgb_bgr(void **state)
{
    (void)state;
    check_for_net(false);
}

static void test_pictures_for_editing_keep_channels_depth_and_profile(void **state)
{
    (void)state;
    check_for_edit(false);
}

static void test_rare_formats_are_read_by_the_module(void **state)
{
    (void)state;
    skip_without_module();
    check_for_net(true);
    check_for_edit(true);
}

static void test_probe_says_what_decoding_finds(void **state)
{
    (void)state;
    for (size_t i = 0; i < picture_file_count; i++) {
        const struct picture_file   *expected = &picture_files[i];
        const struct expected_pixels edit = expected->for_edit;
        struct bytes                 file = read_picture_file(expected->name);
        struct picture_facts         facts;
        struct bsr_error             err;
        if (picture_probe(&facts, file.data, file.size, NULL, expected->name, &err) != BSR_OK)
            fail_msg("%s: %s", err.subject, err.message);
        bool turned = expected->orientation >= 5;
        int  width = turned ? edit.height : edit.width, height = turned ? edit.width : edit.height;
        if (is_rare(expected))
            assert_true(facts.format == PICTURE_RARE && !facts.width && !facts.height);
        else if (facts.width != width || facts.height != height || facts.channels != edit.channels ||
                 facts.depth != edit.depth || facts.orientation != expected->orientation ||
                 (facts.format == PICTURE_RARE) != (strncmp(expected->name, "gif-", 4) == 0))
            fail_msg("%s: %d x %d, %d channels of %d bits, orientation %d", expected->name, facts.width,
                     facts.height, facts.channels, facts.depth, facts.orientation);
        bytes_free(&file);
    }
}

static void test_kept_exif_says_that_the_picture_is_upright(void **state)
{
    (void)state;
    struct bytes         file = read_picture_file("jpeg-exif-6.jpg");
    struct picture       picture = decode("jpeg-exif-6.jpg", &file, PICTURE_FOR_EDIT);
    struct bytes         encoded = {0};
    struct picture_facts facts;
    assert_int_equal(picture_encode(&encoded, &picture, PICTURE_JPEG, 90, NULL), BSR_OK);
    assert_int_equal(picture_probe(&facts, encoded.data, encoded.size, NULL, "a", NULL), BSR_OK);
    assert_int_equal(facts.orientation, 1);
    assert_int_equal(facts.width, picture.image.width);
    bytes_free(&encoded);
    picture_free(&picture);
    bytes_free(&file);
}

/* What OpenCV's imread gives a net: the stored numbers. */
static void test_pictures_as_stored_keep_their_numbers(void **state)
{
    (void)state;
    static const char *const names[] = {"jpeg-p3.jpg", "jpeg-gamma.jpg", "png-p3-8.png"};
    for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
        struct bytes   file = read_picture_file(names[n]);
        struct picture net = decode(names[n], &file, PICTURE_FOR_NET_AS_STORED);
        struct picture edit = decode(names[n], &file, PICTURE_FOR_EDIT);
        assert_int_equal(net.image.channels, 3);
        assert_int_equal(net.icc.size, edit.icc.size);
        for (int y = 0; edit.image.channels == 3 && y < net.image.height; y++)
            assert_memory_equal(image_row(&net.image, y), image_row(&edit.image, y),
                                (size_t)net.image.width * 3);
        picture_free(&net);
        picture_free(&edit);
        bytes_free(&file);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pictures_for_nets_are_upright_srgb_bgr),
        cmocka_unit_test(test_pictures_for_editing_keep_channels_depth_and_profile),
        cmocka_unit_test(test_rare_formats_are_read_by_the_module),
        cmocka_unit_test(test_probe_says_what_decoding_finds),
        cmocka_unit_test(test_kept_exif_says_that_the_picture_is_upright),
        cmocka_unit_test(test_pictures_as_stored_keep_their_numbers),
    };
    return cmocka_run_group_tests(tests, read_golden, free_golden);
}
