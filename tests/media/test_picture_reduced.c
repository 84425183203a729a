/* A picture decoded smaller shows the same as the whole one: each of its pixels the mean of those that it
 * stands for, whichever way the picture is turned. */
#include "picture_files.h"

#include "base/alloc.h"
#include "media/picture.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct picture decode(const char *name, int times)
{
    struct bytes     file = read_picture_file(name);
    struct picture   picture;
    struct bsr_error err;
    if (picture_decode_reduced(&picture, file.data, file.size, times, PICTURE_FOR_NET, NULL, name, &err) !=
        BSR_OK)
        fail_msg("%s: %s", err.subject, err.message);
    bytes_free(&file);
    return picture;
}

static bool is_jpeg(const struct picture_file *file)
{
    return strncmp(file->name, "jpeg-", 5) == 0;
}

/* The mean of one channel over the pixels of `whole` that pixel (x, y) of a reduced picture stands for;
 * negative where these reach beyond the picture. */
static double mean_of(const struct bsr_image *whole, const struct image_reduction *reduction, int x, int y,
                      int channel)
{
    int times = reduction->times, left = x * times - reduction->left, top = y * times - reduction->top;
    if (left < 0 || top < 0 || left + times > whole->width || top + times > whole->height)
        return -1;
    double sum = 0;
    for (int i = top; i < top + times; i++)
        for (int j = left; j < left + times; j++)
            sum += image_row(whole, i)[3 * j + channel];
    return sum / (times * times);
}

/* How far a reduced picture is from the means of the whole one, and what was compared. */
struct difference {
    double light, colour; /* the largest of luma (BT.601), of a channel */
    int    pixels;
};

static struct difference compare(const struct picture *reduced, const struct picture *whole)
{
    static const double weights[] = {0.114, 0.587, 0.299};
    struct difference   found = {0};
    for (int y = 0; y < reduced->image.height; y++)
        for (int x = 0; x < reduced->image.width; x++) {
            double light = 0;
            if (mean_of(&whole->image, &reduced->reduction, x, y, 0) < 0)
                continue;
            for (int c = 0; c < 3; c++) {
                double off = image_row(&reduced->image, y)[3 * x + c] -
                             mean_of(&whole->image, &reduced->reduction, x, y, c);
                found.colour = fmax(found.colour, fabs(off));
                light += weights[c] * off;
            }
            found.light = fmax(found.light, fabs(light));
            found.pixels++;
        }
    return found;
}

static bool has_any(const char *name, const char *const *parts)
{
    for (; *parts; parts++)
        if (strstr(name, *parts))
            return true;
    return false;
}

/* The scenes of make_pictures.py are smooth, so that the lowest frequencies of a block are its means but for
 * rounding. Light is held to that in all of them, colour where it is kept at full resolution. Inks and
 * profiles are turned into sRGB after the reduction, which is no mean of what they are turned into before. */
static void test_reduced_pixels_are_the_means_of_theirs(void **state)
{
    (void)state;
    static const char *const full_colour[] = {"-444", "-rgb", "-grey", NULL};
    static const char *const converted[] = {"cmyk", "ycck", "-p3", "gamma", NULL};
    for (size_t i = 0; i < picture_file_count; i++) {
        const char *name = picture_files[i].name;
        if (!is_jpeg(&picture_files[i]))
            continue;
        double         near_light = has_any(name, converted) ? 12 : 1.5;
        double         near_colour = has_any(name, full_colour) ? 2 : 255;
        struct picture whole = decode(name, 1);
        for (int times = 2; times <= 8; times *= 2) {
            struct picture    reduced = decode(name, times);
            struct difference found = compare(&reduced, &whole);
            if (found.light > near_light || found.colour > near_colour || !found.pixels)
                fail_msg("%s, %d times smaller: light off by %g, a colour by %g, of %d pixels", name, times,
                         found.light, found.colour, found.pixels);
            picture_free(&reduced);
        }
        picture_free(&whole);
    }
}

/* 19 x 13 pixels are 3 x 2 blocks, the last of which reach 5 and 3 pixels beyond: behind the picture, or
 * before it where that side was turned round. */
static void test_what_reaches_beyond_is_told_in_each_orientation(void **state)
{
    (void)state;
    static const struct {
        int width, height, left, top;
    } expected[] = {{19, 13, 0, 0}, {19, 13, 5, 0}, {19, 13, 5, 3}, {19, 13, 0, 3},
                    {13, 19, 0, 0}, {13, 19, 3, 0}, {13, 19, 3, 5}, {13, 19, 0, 5}};
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        char name[32];
        snprintf(name, sizeof name, "jpeg-exif-%zu.jpg", i + 1);
        struct picture                reduced = decode(name, 8);
        const struct image_reduction *reduction = &reduced.reduction;
        assert_int_equal(reduction->times, 8);
        assert_int_equal(reduction->width, expected[i].width);
        assert_int_equal(reduction->height, expected[i].height);
        assert_int_equal(reduction->left, expected[i].left);
        assert_int_equal(reduction->top, expected[i].top);
        assert_int_equal(reduced.image.width, i < 4 ? 3 : 2);
        assert_int_equal(reduced.image.height, i < 4 ? 2 : 3);
        assert_true(reduced.exif.size > 0);
        picture_free(&reduced);
    }
}

static void test_whole_pictures_say_that_they_are(void **state)
{
    (void)state;
    static const char *const names[] = {"jpeg-exif-8.jpg", "png-3-8.png", "webp-lossy.webp"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct picture whole = decode(names[i], i ? 8 : 1); /* which only JPEG can be made */
        assert_int_equal(whole.reduction.times, 1);
        assert_int_equal(whole.reduction.width, whole.image.width);
        assert_int_equal(whole.reduction.height, whole.image.height);
        assert_int_equal(whole.reduction.left, 0);
        assert_int_equal(whole.reduction.top, 0);
        picture_free(&whole);
    }
}

static void test_other_reductions_are_refused(void **state)
{
    (void)state;
    static const int wrong[] = {0, -1, 3, 16};
    struct bytes     file = read_picture_file("jpeg-baseline.jpg");
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct picture   picture = {.format = PICTURE_TIFF};
        struct bsr_error err;
        assert_int_equal(picture_decode_reduced(&picture, file.data, file.size, wrong[i], PICTURE_FOR_NET,
                                                NULL, "a.jpg", &err),
                         BSR_ERANGE);
        assert_string_equal(err.subject, "a.jpg");
        assert_int_equal(picture.format, PICTURE_TIFF);
    }
    bytes_free(&file);
}

/* The last rows of blocks, 16 pixels of colour each, are not there. */
static void test_truncation_names_the_row_of_the_whole(void **state)
{
    (void)state;
    struct bytes     file = read_picture_file("jpeg-baseline.jpg");
    struct picture   picture;
    struct bsr_error err;
    assert_int_equal(
        picture_decode_reduced(&picture, file.data, file.size - 20, 8, PICTURE_FOR_NET, NULL, "a.jpg", &err),
        BSR_EDECODE);
    assert_non_null(strstr(err.message, "in row 32 of 37"));
    bytes_free(&file);
}

/* 51 x 37 pixels of 4:2:0 are 7 x 5 blocks of light and twice 4 x 3 of colour, of 64 numbers of 2 bytes each.
 */
static void test_what_a_progressive_jpeg_holds_is_known_before(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint64_t    held;
    } cases[] = {{"jpeg-baseline.jpg", 0}, {"jpeg-progressive.jpg", (7 * 5 + 2 * 4 * 3) * 128}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bytes         file = read_picture_file(cases[i].name);
        struct picture_facts facts;
        assert_int_equal(picture_probe(&facts, file.data, file.size, NULL, "a.jpg", NULL), BSR_OK);
        assert_int_equal(facts.held, cases[i].held);
        bytes_free(&file);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reduced_pixels_are_the_means_of_theirs),
        cmocka_unit_test(test_what_reaches_beyond_is_told_in_each_orientation),
        cmocka_unit_test(test_whole_pictures_say_that_they_are),
        cmocka_unit_test(test_other_reductions_are_refused),
        cmocka_unit_test(test_truncation_names_the_row_of_the_whole),
        cmocka_unit_test(test_what_a_progressive_jpeg_holds_is_known_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
