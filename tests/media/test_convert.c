/* Rounding is exact, turning is EXIF's, and the EXIF tags are found and patched inside the block or not at
 * all. */
#include "base/alloc.h"
#include "media/convert.h"
#include "media/exif.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct bsr_image one_row(int width, int channels, int depth)
{
    struct bsr_image image;
    assert_int_equal(image_alloc(&image, width, 1, channels, depth, NULL), BSR_OK);
    return image;
}

static void test_16_bits_round_to_the_nearest_8(void **state)
{
    (void)state;
    for (int part = 0; part < 2; part++) { /* rows have 65,535 pixels at most */
        struct bsr_image image = one_row(32768, 1, 16);
        uint8_t         *row = mem_alloc(32768);
        assert_non_null(row);
        for (int i = 0; i < 32768; i++)
            ((uint16_t *)image.data)[i] = (uint16_t)(part * 32768 + i);
        convert_row_to_8(row, &image, 0);
        for (int i = 0; i < 32768; i++)
            assert_int_equal(row[i], lround((part * 32768 + i) / 257.0));
        mem_free(row);
        image_free(&image);
    }
}

static void test_alpha_over_white_is_exact_for_all_pairs_of_8_bits(void **state)
{
    (void)state;
    struct bsr_image image = one_row(65280, 2, 8); /* 256 colours x 255 alphas; the last below */
    uint8_t         *row = mem_alloc(65280);
    assert_non_null(row);
    for (int alpha = 1; alpha <= 255; alpha++)
        for (int c = 0; c < 256; c++) {
            uint8_t *pixel = (uint8_t *)image.data + (size_t)((alpha - 1) * 256 + c) * 2;
            pixel[0] = (uint8_t)c;
            pixel[1] = (uint8_t)alpha;
        }
    convert_row_opaque_8(row, &image, 0);
    for (int alpha = 1; alpha <= 255; alpha++)
        for (int c = 0; c < 256; c++)
            assert_int_equal(row[(alpha - 1) * 256 + c], lround((c * alpha + 255.0 * (255 - alpha)) / 255));
    mem_free(row);
    image_free(&image);
}

static void test_alpha_over_white_is_exact_for_16_bits(void **state)
{
    (void)state;
    enum { COUNT = 60000 };
    struct bsr_image image = one_row(COUNT, 2, 16);
    uint8_t         *row = mem_alloc(COUNT);
    uint16_t        *row16 = mem_alloc(COUNT * sizeof *row16), *pixels = image.data;
    uint32_t         random = 1;
    assert_true(row && row16);
    for (size_t i = 0; i < 2 * COUNT; i++) {
        random = random * 1664525 + 1013904223;
        pixels[i] = (uint16_t)(i < 16 ? (i & 1 ? 65535 : i * 4000) : random >> 16);
    }
    convert_row_opaque_8(row, &image, 0);
    convert_row_opaque_16(row16, &image, 0);
    for (size_t i = 0; i < COUNT; i++) {
        double c = pixels[2 * i], alpha = pixels[2 * i + 1], sum = c * alpha + 65535 * (65535 - alpha);
        assert_int_equal(row[i], lround(sum / 65535 / 257));
        assert_int_equal(row16[i], lround(sum / 65535));
    }
    mem_free(row);
    mem_free(row16);
    image_free(&image);
}

static void test_bgr8_is_left_where_it_is(void **state)
{
    (void)state;
    struct bsr_image image = one_row(5, 3, 8);
    void            *data = image.data;
    assert_int_equal(convert_to_bgr8(&image, NULL), BSR_OK);
    assert_ptr_equal(image.data, data);
    image_free(&image);
}

/* The corners of a picture of two rows and three columns, for each orientation, by EXIF's own words: which
 * side of the scene the stored 0th row and the 0th column are. */
static void test_orientations_turn_as_exif_says(void **state)
{
    (void)state;
    static const struct {
        int         width;
        const char *rows; /* of the stored "abc" / "def" */
    } expected[9] = {
        [1] = {3, "abcdef"}, [2] = {3, "cbafed"}, [3] = {3, "fedcba"}, [4] = {3, "defabc"},
        [5] = {2, "adbecf"}, [6] = {2, "daebfc"}, [7] = {2, "fcebda"}, [8] = {2, "cfbead"},
    };
    for (int orientation = 1; orientation <= 8; orientation++) {
        struct bsr_image image;
        char             seen[7] = "";
        assert_int_equal(image_alloc(&image, 3, 2, 1, 8, NULL), BSR_OK);
        memcpy(image_row(&image, 0), "abc", 3);
        memcpy(image_row(&image, 1), "def", 3);
        assert_int_equal(convert_upright(&image, orientation, NULL), BSR_OK);
        assert_int_equal(image.width, expected[orientation].width);
        for (int y = 0; y < image.height; y++)
            strncat(seen, (const char *)image_row(&image, y), (size_t)image.width);
        assert_string_equal(seen, expected[orientation].rows);
        image_free(&image);
    }
}

/* Sizes about those of the blocks that pictures are turned in, all pixel sizes: there and back is nothing. */
static void test_turning_and_turning_back_is_the_identity(void **state)
{
    (void)state;
    static const int back[9] = {0, 1, 2, 3, 4, 5, 8, 7, 6}, sides[] = {1, 63, 64, 65, 130};
    for (int channels = 1; channels <= 4; channels++)
        for (int depth = 8; depth <= 16; depth += 8)
            for (int orientation = 2; orientation <= 8; orientation++)
                for (size_t w = 0; w < 5; w++) {
                    struct bsr_image image, copy;
                    int              width = sides[w], height = sides[(w + 2) % 5];
                    assert_int_equal(image_alloc(&image, width, height, channels, depth, NULL), BSR_OK);
                    assert_int_equal(image_alloc(&copy, width, height, channels, depth, NULL), BSR_OK);
                    size_t bytes = (size_t)width * image_pixel_size(&image);
                    for (int y = 0; y < height; y++) {
                        for (size_t i = 0; i < bytes; i++)
                            image_row(&image, y)[i] = (uint8_t)((size_t)y * 7 + i * 13 + (i >> 3));
                        memcpy(image_row(&copy, y), image_row(&image, y), bytes);
                    }
                    assert_int_equal(convert_upright(&image, orientation, NULL), BSR_OK);
                    assert_int_equal(convert_upright(&image, back[orientation], NULL), BSR_OK);
                    for (int y = 0; y < height; y++)
                        assert_memory_equal(image_row(&copy, y), image_row(&image, y), bytes);
                    image_free(&image);
                    image_free(&copy);
                }
}

static void test_a_failed_conversion_leaves_the_picture(void **state)
{
    (void)state;
    struct bsr_image image = one_row(9, 4, 16);
    void            *data = image.data;
    mem_fail_from(1);
    assert_int_equal(convert_upright(&image, 6, NULL), BSR_ENOMEM);
    mem_fail_from(1);
    assert_int_equal(convert_to_bgr8(&image, NULL), BSR_ENOMEM);
    mem_fail_from(0);
    assert_ptr_equal(image.data, data);
    image_free(&image);
}

/* A header, one directory {orientation, pointer to EXIF's own}, that directory {PixelX as LONG, PixelY as
 * SHORT}. */
static const uint8_t block_le[] = {
    'I',  'I', '*', 0, 8, 0, 0,    0,    2, 0, 0x12, 0x01, 3, 0, 1,  0, 0, 0,    6,    0, 0, 0, 0x69,
    0x87, 4,   0,   1, 0, 0, 0,    38,   0, 0, 0,    0,    0, 0, 0,  2, 0, 0x02, 0xA0, 4, 0, 1, 0,
    0,    0,   100, 0, 0, 0, 0x03, 0xA0, 3, 0, 1,    0,    0, 0, 50, 0, 0, 0,    0,    0, 0, 0};
static const uint8_t block_be[] = {
    'M',  'M', 0, '*', 0, 0,   0,    8,    0, 2, 0x01, 0x12, 0, 3, 0, 0,  0, 1,    0,    6, 0, 0, 0x87,
    0x69, 0,   4, 0,   0, 0,   1,    0,    0, 0, 38,   0,    0, 0, 0, 0,  2, 0xA0, 0x02, 0, 4, 0, 0,
    0,    1,   0, 0,   0, 100, 0xA0, 0x03, 0, 3, 0,    0,    0, 1, 0, 50, 0, 0,    0,    0, 0, 0};

static void test_exif_tags_are_read_and_set_in_both_byte_orders(void **state)
{
    (void)state;
    uint8_t le[sizeof block_le], be[sizeof block_be];
    memcpy(le, block_le, sizeof le);
    memcpy(be, block_be, sizeof be);
    assert_int_equal(exif_orientation(le, sizeof le), 6);
    assert_int_equal(exif_orientation(be, sizeof be), 6);
    exif_reset_orientation(le, sizeof le);
    exif_reset_orientation(be, sizeof be);
    assert_int_equal(exif_orientation(le, sizeof le), 1);
    assert_int_equal(exif_orientation(be, sizeof be), 1);
    exif_set_size(le, sizeof le, 0x1234, 0x5678);
    exif_set_size(be, sizeof be, 0x1234, 0x5678);
    const uint8_t x_le[] = {0x34, 0x12, 0, 0}, x_be[] = {0, 0, 0x12, 0x34};
    const uint8_t y_le[] = {0x78, 0x56}, y_be[] = {0x56, 0x78};
    assert_memory_equal(le + 48, x_le, 4);
    assert_memory_equal(be + 48, x_be, 4);
    assert_memory_equal(le + 60, y_le, 2);
    assert_memory_equal(be + 60, y_be, 2);
}

static void test_exif_blocks_cut_anywhere_are_read_within_their_bounds(void **state)
{
    (void)state;
    for (size_t size = 0; size <= sizeof block_le; size++)
        for (int kind = 0; kind < 2; kind++) {
            uint8_t *cut = malloc(size ? size : 1); /* its end is the sanitizer's */
            assert_non_null(cut);
            memcpy(cut, kind ? block_be : block_le, size);
            int orientation = exif_orientation(cut, size);
            assert_true(orientation == 6 || (orientation == 1 && size < 22));
            exif_reset_orientation(cut, size);
            exif_set_size(cut, size, 7, 8);
            free(cut);
        }
}

static void test_hostile_exif_offsets_are_no_orientation(void **state)
{
    (void)state;
    static const uint8_t offsets[][4] = {
        {0, 0, 0, 0}, {7, 0, 0, 0}, {0xFF, 0xFF, 0xFF, 0xFF}, {62, 0, 0, 0}, {64, 0, 0, 0}};
    for (size_t i = 0; i < sizeof offsets / sizeof *offsets; i++) {
        uint8_t block[sizeof block_le];
        memcpy(block, block_le, sizeof block);
        memcpy(block + 4, offsets[i], 4);
        assert_int_equal(exif_orientation(block, sizeof block), 1);
        memcpy(block, block_le, sizeof block);
        memcpy(block + 30, offsets[i], 4); /* EXIF's own directory */
        exif_set_size(block, sizeof block, 7, 8);
    }
    uint8_t block[sizeof block_le];
    memcpy(block, block_le, sizeof block);
    block[18] = 9; /* no such orientation */
    assert_int_equal(exif_orientation(block, sizeof block), 1);
    block[12] = 5; /* a rational number */
    assert_int_equal(exif_orientation(block, sizeof block), 1);
}

static void test_the_prefix_of_jpeg_is_passed_over(void **state)
{
    (void)state;
    uint8_t block[6 + sizeof block_le] = "Exif\0";
    size_t  size = sizeof block;
    memcpy(block + 6, block_le, sizeof block_le);
    assert_ptr_equal(exif_header(block, &size), block + 6);
    assert_int_equal(size, sizeof block_le);
    size = 6;
    assert_null(exif_header(block, &size));
    size = 4;
    assert_null(exif_header((const uint8_t *)"none", &size));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_16_bits_round_to_the_nearest_8),
        cmocka_unit_test(test_alpha_over_white_is_exact_for_all_pairs_of_8_bits),
        cmocka_unit_test(test_alpha_over_white_is_exact_for_16_bits),
        cmocka_unit_test(test_bgr8_is_left_where_it_is),
        cmocka_unit_test(test_orientations_turn_as_exif_says),
        cmocka_unit_test(test_turning_and_turning_back_is_the_identity),
        cmocka_unit_test(test_a_failed_conversion_leaves_the_picture),
        cmocka_unit_test(test_exif_tags_are_read_and_set_in_both_byte_orders),
        cmocka_unit_test(test_exif_blocks_cut_anywhere_are_read_within_their_bounds),
        cmocka_unit_test(test_hostile_exif_offsets_are_no_orientation),
        cmocka_unit_test(test_the_prefix_of_jpeg_is_passed_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
