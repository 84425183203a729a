/* What is written is read back as it was: all formats, channels and depths. */
#include "picture_files.h"

#include "base/alloc.h"
#include "media/convert.h"
#include "media/picture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct {
    enum picture_format format;
    bool                alpha, deep, lossless, icc, exif;
} formats[] = {
    {PICTURE_JPEG, false, false, false, true, true}, {PICTURE_PNG, true, true, true, true, true},
    {PICTURE_WEBP, true, false, true, true, true},   {PICTURE_TIFF, true, true, true, true, false},
    {PICTURE_BMP, true, false, true, false, false},  {PICTURE_PNM, false, true, true, false, false},
};

static struct picture make_picture(int width, int height, int channels, int depth)
{
    struct picture picture = {0};
    uint32_t       random = 12345;
    assert_int_equal(image_alloc(&picture.image, width, height, channels, depth, NULL), BSR_OK);
    for (int y = 0; y < height; y++)
        for (size_t i = 0; i < (size_t)width * image_pixel_size(&picture.image); i++) {
            random = random * 1664525 + 1013904223; /* Numerical Recipes' generator */
            image_row(&picture.image, y)[i] = (uint8_t)((size_t)(y * 5) + i * 3 + (random >> 28));
        }
    return picture;
}

static struct picture encode_and_decode(const struct picture *picture, enum picture_format format,
                                        int quality)
{
    struct bytes     encoded = {0};
    struct picture   back;
    struct bsr_error err;
    if (picture_encode(&encoded, picture, format, quality, &err) != BSR_OK)
        fail_msg("%s: %s", picture_format_extension(format), err.message);
    assert_int_equal(picture_sniff(encoded.data, encoded.size), format);
    if (picture_decode(&back, encoded.data, encoded.size, PICTURE_FOR_EDIT, NULL, "back", &err) != BSR_OK)
        fail_msg("%s: %s", picture_format_extension(format), err.message);
    bytes_free(&encoded);
    return back;
}

/* What the format can keep of the picture, made by the converters that have tests of their own. */
static struct bsr_image keepable(const struct bsr_image *image, bool alpha, bool deep)
{
    struct bsr_image kept;
    int              channels = alpha ? image->channels : image->channels <= 2 ? 1 : 3;
    int              depth = deep ? image->depth : 8;
    assert_int_equal(image_alloc(&kept, image->width, image->height, channels, depth, NULL), BSR_OK);
    for (int y = 0; y < image->height; y++) {
        if (depth == 16 && alpha)
            memcpy(image_row(&kept, y), image_row(image, y), (size_t)image->width * image_pixel_size(image));
        else if (depth == 16)
            convert_row_opaque_16((uint16_t *)(void *)image_row(&kept, y), image, y);
        else if (alpha)
            convert_row_to_8(image_row(&kept, y), image, y);
        else
            convert_row_opaque_8(image_row(&kept, y), image, y);
    }
    return kept;
}

/* Grey comes back as three or four channels from formats without it. */
static void assert_same_pixels(const char *what, const struct bsr_image *back, const struct bsr_image *kept)
{
    bool grey = kept->channels <= 2, alpha = kept->channels % 2 == 0;
    assert_int_equal(back->width, kept->width);
    assert_int_equal(back->height, kept->height);
    assert_int_equal(back->depth, kept->depth);
    assert_int_equal(back->channels % 2 == 0, alpha);
    size_t bytes = (size_t)kept->depth / 8;
    for (int y = 0; y < kept->height; y++)
        for (size_t x = 0; x < (size_t)kept->width; x++)
            for (size_t c = 0; c < (size_t)back->channels; c++) {
                size_t from = back->channels == kept->channels           ? c
                              : alpha && c + 1 == (size_t)back->channels ? 1
                                                                         : 0;
                assert_true(back->channels == kept->channels || grey);
                if (memcmp(image_row(back, y) + (x * (size_t)back->channels + c) * bytes,
                           image_row(kept, y) + (x * (size_t)kept->channels + from) * bytes, bytes) != 0)
                    fail_msg("%s, %d channels of %d bits: another value at %zu, %d, channel %zu", what,
                             kept->channels, kept->depth, x, y, c);
            }
}

static void test_lossless_formats_give_back_what_they_got(void **state)
{
    (void)state;
    static const int widths[] = {1, 2, 3, 31, 64};
    for (size_t f = 0; f < sizeof formats / sizeof *formats; f++)
        for (int channels = 1; formats[f].lossless && channels <= 4; channels++)
            for (int depth = 8; depth <= 16; depth += 8)
                for (size_t w = 0; w < sizeof widths / sizeof *widths; w++) {
                    struct picture   picture = make_picture(widths[w], 17, channels, depth);
                    struct picture   back = encode_and_decode(&picture, formats[f].format, 100);
                    struct bsr_image kept = keepable(&picture.image, formats[f].alpha, formats[f].deep);
                    assert_same_pixels(picture_format_extension(formats[f].format), &back.image, &kept);
                    image_free(&kept);
                    picture_free(&back);
                    picture_free(&picture);
                }
}

/* A smooth picture: JPEG's error is bounded by its quantisation, and colour by the smoothness. */
static void test_jpeg_and_lossy_webp_are_close(void **state)
{
    (void)state;
    static const enum picture_format lossy[] = {PICTURE_JPEG, PICTURE_WEBP};
    for (size_t f = 0; f < 2; f++)
        for (int quality = 80; quality <= 95; quality += 15) {
            struct picture picture = make_picture(64, 48, 3, 8);
            for (int y = 0; y < 48; y++)
                for (int x = 0; x < 64; x++) {
                    uint8_t *pixel = image_row(&picture.image, y) + 3 * x;
                    pixel[0] = (uint8_t)(x * 3);
                    pixel[1] = (uint8_t)(y * 4);
                    pixel[2] = (uint8_t)(255 - x - y);
                }
            struct picture back = encode_and_decode(&picture, lossy[f], quality);
            double         sum = 0;
            for (int y = 0; y < 48; y++)
                for (int i = 0; i < 64 * 3; i++) {
                    double difference = image_row(&picture.image, y)[i] - image_row(&back.image, y)[i];
                    sum += difference * difference;
                }
            if (sum / (64 * 48 * 3) > 9) /* 38.6 dB */
                fail_msg("%s at %d: mean square error %g", picture_format_extension(lossy[f]), quality,
                         sum / (64 * 48 * 3));
            picture_free(&back);
            picture_free(&picture);
        }
}

/* The frame header's sampling factors: 2x2 of luma below 90, 1x1 from there. */
static void test_jpeg_keeps_full_colour_from_quality_90(void **state)
{
    (void)state;
    for (int quality = 89; quality <= 90; quality++) {
        struct picture picture = make_picture(40, 40, 3, 8);
        struct bytes   encoded = {0};
        assert_int_equal(picture_encode(&encoded, &picture, PICTURE_JPEG, quality, NULL), BSR_OK);
        size_t at = 0;
        while (!(encoded.data[at] == 0xFF && encoded.data[at + 1] == 0xC0))
            at++;
        assert_int_equal(encoded.data[at + 11], quality < 90 ? 0x22 : 0x11);
        bytes_free(&encoded);
        picture_free(&picture);
    }
}

static void test_profile_and_exif_go_along_where_the_format_carries_them(void **state)
{
    (void)state;
    struct bytes   file = read_picture_file("webp-p3-exif.webp");
    struct picture picture;
    assert_int_equal(picture_decode(&picture, file.data, file.size, PICTURE_FOR_EDIT, NULL, "a", NULL),
                     BSR_OK);
    assert_true(picture.icc.size && picture.exif.size);
    for (size_t f = 0; f < sizeof formats / sizeof *formats; f++) {
        struct picture back = encode_and_decode(&picture, formats[f].format, 95);
        assert_int_equal(back.icc.size, formats[f].icc ? picture.icc.size : 0);
        assert_int_equal(back.exif.size, formats[f].exif ? picture.exif.size : 0);
        if (formats[f].icc)
            assert_memory_equal(back.icc.data, picture.icc.data, picture.icc.size);
        if (formats[f].exif) { /* the sizes are now those of the turned picture */
            const uint8_t *end = back.exif.data + back.exif.size;
            assert_int_equal(end[-20], picture.image.width);
            assert_int_equal(end[-8], picture.image.height);
        }
        picture_free(&back);
    }
    picture_free(&picture);
    bytes_free(&file);
}

/* Each with one number put wrong in an otherwise good profile: PNG has rules for those, which no version of
 * its library may make a failure of. */
static void test_a_broken_profile_is_left_out_of_a_png(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        size_t      at, size; /* of the profile: 0 is all of it */
        uint8_t     value;
    } rows[] = {
        {"too short for a header", 0, 100, 0},    {"no bytes", 0, 1, 0},
        {"another length than it says", 3, 0, 1}, {"more tags than there is room for", 128, 0, 0xFF},
        {"no profile's signature", 36, 0, 'A'},   {"of grey, on a picture in colour", 16, 0, 'G'},
    };
    struct bytes   file = read_picture_file("webp-p3-exif.webp");
    struct picture source;
    assert_int_equal(picture_decode(&source, file.data, file.size, PICTURE_FOR_EDIT, NULL, "a", NULL),
                     BSR_OK);
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
        struct picture picture = make_picture(9, 7, 3, 8);
        size_t         size = rows[r].size ? rows[r].size : source.icc.size;
        bytes_append(&picture.icc, source.icc.data, size);
        picture.icc.data[rows[r].at] = rows[r].value;
        struct picture back = encode_and_decode(&picture, PICTURE_PNG, 95);
        if (back.icc.size)
            fail_msg("%s: %zu bytes are written", rows[r].what, back.icc.size);
        picture_free(&back);
        picture_free(&picture);
    }
    struct picture grey = make_picture(9, 7, 1, 8);
    bytes_append(&grey.icc, source.icc.data, source.icc.size);
    struct picture back = encode_and_decode(&grey, PICTURE_PNG, 95);
    assert_int_equal(back.icc.size, 0);
    picture_free(&back);
    picture_free(&grey);
    picture_free(&source);
    bytes_free(&file);
}

static void test_encoding_appends_and_leaves_all_alone_when_it_fails(void **state)
{
    (void)state;
    enum { MOST = 2000 };
    struct picture picture = make_picture(40, 30, 4, 16);
    bytes_append(&picture.icc, "not a profile, but carried", 26);
    for (size_t f = 0; f < sizeof formats / sizeof *formats; f++) {
        size_t n = 1;
        for (; n < MOST; n++) {
            struct bytes     out = {0};
            struct bsr_error err;
            bytes_append(&out, "before", 6);
            mem_fail_from(n);
            bsr_status status = picture_encode(&out, &picture, formats[f].format, 80, &err);
            mem_fail_from(0);
            assert_memory_equal(out.data, "before", 6);
            if (status == BSR_OK) {
                assert_int_equal(picture_sniff(out.data + 6, out.size - 6), formats[f].format);
                bytes_free(&out);
                break;
            }
            if (status != BSR_ENOMEM || out.size != 6)
                fail_msg("%s, allocation %zu: %s", picture_format_extension(formats[f].format), n,
                         err.message);
            bytes_free(&out);
        }
        assert_in_range(n, 2, MOST - 1);
    }
    picture_free(&picture);
}

static void test_too_large_for_the_format_is_a_limit(void **state)
{
    (void)state;
    static const struct {
        enum picture_format format;
        int                 width;
    } cases[] = {{PICTURE_WEBP, 16384}, {PICTURE_JPEG, 65501}};
    for (size_t i = 0; i < 2; i++) {
        struct picture   picture = make_picture(cases[i].width, 1, 1, 8);
        struct bytes     out = {0};
        struct bsr_error err;
        assert_int_equal(picture_encode(&out, &picture, cases[i].format, 80, &err), BSR_ELIMIT);
        assert_int_equal(out.size, 0);
        bytes_free(&out);
        picture_free(&picture);
    }
}

static void test_what_cannot_be_written_is_refused(void **state)
{
    (void)state;
    struct picture   picture = make_picture(4, 4, 3, 8);
    struct bytes     out = {0};
    struct bsr_error err;
    assert_int_equal(picture_encode(&out, &picture, PICTURE_RARE, 80, &err), BSR_EFORMAT);
    assert_int_equal(picture_encode(&out, &picture, PICTURE_UNKNOWN, 80, &err), BSR_EFORMAT);
    assert_int_equal(picture_encode(&out, &picture, PICTURE_JPEG, 0, &err), BSR_ERANGE);
    assert_int_equal(picture_encode(&out, &picture, PICTURE_JPEG, 101, &err), BSR_ERANGE);
    assert_null(out.data);
    picture_free(&picture);
}

static void test_format_names_go_both_ways(void **state)
{
    (void)state;
    for (int format = PICTURE_JPEG; format <= PICTURE_PNM; format++)
        assert_int_equal(picture_format_from_name(picture_format_extension((enum picture_format)format)),
                         format);
    assert_int_equal(picture_format_from_name("JPEG"), PICTURE_JPEG);
    assert_int_equal(picture_format_from_name("TIF"), PICTURE_TIFF);
    assert_int_equal(picture_format_from_name("pgm"), PICTURE_PNM);
    assert_int_equal(picture_format_from_name("gif"), PICTURE_UNKNOWN);
    assert_int_equal(picture_format_from_name(""), PICTURE_UNKNOWN);
    assert_null(picture_format_extension(PICTURE_RARE));
    assert_null(picture_format_extension(PICTURE_UNKNOWN));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lossless_formats_give_back_what_they_got),
        cmocka_unit_test(test_jpeg_and_lossy_webp_are_close),
        cmocka_unit_test(test_jpeg_keeps_full_colour_from_quality_90),
        cmocka_unit_test(test_profile_and_exif_go_along_where_the_format_carries_them),
        cmocka_unit_test(test_a_broken_profile_is_left_out_of_a_png),
        cmocka_unit_test(test_encoding_appends_and_leaves_all_alone_when_it_fails),
        cmocka_unit_test(test_too_large_for_the_format_is_a_limit),
        cmocka_unit_test(test_what_cannot_be_written_is_refused),
        cmocka_unit_test(test_format_names_go_both_ways),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
