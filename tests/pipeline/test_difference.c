/* The figures of two tensors are numpy's, and the picture shows the error where it is.
 *
 * The numbers were made by numpy in 64 bits, over the pairs that are finite in both (d = |a - b|):
 *     beyond = (~np.isclose(a, b, rtol, atol, equal_nan=True)).sum(), d.max(), d.mean(), (d * d).mean(),
 *     (a * b).sum() / sqrt((a * a).sum() * (b * b).sum()), (d / (atol + rtol * |b|)).max() */
#include "base/alloc.h"
#include "base/file.h"
#include "base/image.h"
#include "media/picture.h"
#include "pipeline/difference.h"
#include "pipeline/difference_picture.h"
#include "tests/onnx/graph_text.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const struct tolerance usual = {.absolute = 1e-4, .relative = 1e-3};

static void test_figures_are_numpys(void **state)
{
    static const struct {
        const char       *a, *b;
        struct tolerance  allowed;
        struct difference expected;
    } cases[] = {
        {"f32 1 2 3 : 1.5 -2 0.25 3 -0.125 7",
         "f32 1 2 3 : 1.5 -2.5 0.25 3.01 0.125 6.5",
         {0.01, 0.01},
         {6,
          3,
          {0, 0},
          0.5,
          0.20999999841054282,
          0.093766666634877538,
          0.9961073134363112,
          22.222222222222221,
          false}},
        {"f32 1 2 3 : 1.5 -2 0.25 3 -0.125 7",
         "f32 1 2 3 : 1.5 -2.5 0.25 3.01 0.125 6.5",
         {0.5, 0.1},
         {6,
          0,
          {0, 0},
          0.5,
          0.20999999841054282,
          0.093766666634877538,
          0.9961073134363112,
          0.66666666666666663,
          false}},
        {"i64 3 : 1 2 3",
         "i64 3 : 1 2 5",
         {1e-4, 1e-3},
         {3,
          1,
          {0, 0},
          2,
          0.66666666666666663,
          1.3333333333333333,
          0.9759000729485332,
          392.15686274509801,
          false}},
        {"f16 3 : 1 2 3.5",
         "f64 3 : 1 2.25 3.5",
         {1e-4, 1e-3},
         {3,
          1,
          {0, 0},
          0.25,
          0.083333333333333329,
          0.020833333333333332,
          0.99868836174447351,
          106.38297872340425,
          false}},
        {"u8 2 : 0 1",
         "bool 2 : 1 1",
         {1e-4, 1e-3},
         {2, 1, {0, 0}, 1, 0.5, 0.5, 0.70710678118654746, 909.09090909090901, false}},
        {"f32 2 : 0 0", "f32 2 : 0 0", {0, 0}, {2, 0, {0, 0}, 0, 0, 0, 1, 0, false}},
        {"f32 2 : 0 0", "f32 2 : 0 3", {4, 0}, {2, 0, {0, 0}, 3, 1.5, 4.5, 0, 0.75, false}},
        {"f32 0", "f32 0", {0, 0}, {0, 0, {0, 0}, 0, 0, 0, 1, 0, false}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct difference *expected = &cases[i].expected;
        struct bsr_tensor        a = tensor_of_text(cases[i].a), b = tensor_of_text(cases[i].b);
        struct difference        found = difference_of(&a, &b, &cases[i].allowed);

        assert_int_equal(found.count, expected->count);
        assert_int_equal(found.beyond, expected->beyond);
        assert_int_equal(difference_parts(&found), expected->beyond > 0);
        assert_float_equal(found.largest, expected->largest, 1e-12);
        assert_float_equal(found.mean, expected->mean, 1e-12);
        assert_float_equal(found.square, expected->square, 1e-12);
        assert_float_equal(found.cosine, expected->cosine, 1e-12);
        assert_true(fabs(found.excess - expected->excess) <= 1e-12 * expected->excess);
        assert_false(found.shapes_differ);
        tensor_free(&a);
        tensor_free(&b);
    }
}

static struct bsr_tensor row_of(const float *numbers, int64_t count)
{
    struct bsr_tensor row = {.type = BSR_F32, .dims = 1, .shape = {count}};
    assert_int_equal(tensor_alloc(&row, NULL), BSR_OK);
    memcpy(row.data, numbers, (size_t)count * sizeof *numbers);
    return row;
}

/* numpy.isclose(equal_nan=True) finds 3 of them apart. */
static void test_nan_is_itself_and_infinity_too(void **state)
{
    struct bsr_tensor a = row_of((const float[]){NAN, INFINITY, -INFINITY, 1, 2, NAN}, 6);
    struct bsr_tensor b = row_of((const float[]){NAN, INFINITY, INFINITY, 1, NAN, 2}, 6);
    struct difference found = difference_of(&a, &b, &usual);

    (void)state;
    assert_int_equal(found.beyond, 3);
    assert_int_equal(found.not_finite[0], 4);
    assert_int_equal(found.not_finite[1], 4);
    assert_true(found.largest == 0 && found.mean == 0 && found.square == 0 && found.cosine == 1);
    assert_true(isinf(found.excess));
    tensor_free(&a);
    tensor_free(&b);
}

static void test_other_shapes_are_not_compared(void **state)
{
    struct bsr_tensor a = tensor_of_text("f32 2 3 : 1 2 3 4 5 6"),
                      b = tensor_of_text("f32 3 2 : 1 2 3 4 5 6");
    struct difference found = difference_of(&a, &b, &usual);

    (void)state;
    assert_true(found.shapes_differ && difference_parts(&found));
    tensor_free(&a);
    tensor_free(&b);
}

static void test_nothing_is_allowed_where_nothing_is_allowed(void **state)
{
    struct bsr_tensor a = tensor_of_text("f32 2 : 1 2"), b = tensor_of_text("f32 2 : 1 2.0000002");
    struct difference found = difference_of(&a, &b, &(struct tolerance){0, 0});

    (void)state;
    assert_int_equal(found.beyond, 1);
    assert_true(isinf(found.excess));
    tensor_free(&a);
    tensor_free(&b);
}

/* ---- pictures ---------------------------------------------------------------------------------------- */

enum { BLACK = 0x000004, WHITE = 0xFCFFA4, CYAN = 0x00FFFF, GREY = 0x606060 }; /* inferno's ends */

static unsigned pixel_at(const struct bsr_image *image, int x, int y)
{
    const uint8_t *bgr = image_row(image, y) + 3 * (size_t)x;
    return (unsigned)bgr[2] << 16 | (unsigned)bgr[1] << 8 | bgr[0];
}

/* Zeros of that shape. */
static struct bsr_tensor zeros(int dims, const int64_t *shape)
{
    struct bsr_tensor tensor = {.type = BSR_F32, .dims = dims};
    memcpy(tensor.shape, shape, (size_t)dims * sizeof *shape);
    assert_int_equal(tensor_alloc(&tensor, NULL), BSR_OK);
    memset(tensor.data, 0, tensor_bytes(&tensor));
    return tensor;
}

#define SHAPE(...) ((const int64_t[]){__VA_ARGS__})

static void test_maps_of_channels_lie_side_by_side(void **state)
{
    struct bsr_tensor a = zeros(4, SHAPE(1, 3, 2, 4)), b = zeros(4, SHAPE(1, 3, 2, 4));
    struct bsr_image  image;

    (void)state;
    tensor_set(&b, 8 + 4 + 3, -2); /* channel 1, row 1, column 3: the largest */
    tensor_set(&b, 16, NAN);       /* channel 2, row 0, column 0 */
    tensor_set(&a, 16 + 1, 1);     /* half of the largest */
    assert_int_equal(difference_draw(&image, &a, &b, NULL), BSR_OK);
    /* 2 x 2 maps of 4 x 2 cells and a gap: 10 across, enlarged by 512 / 10 */
    const int cell = 51, map_x = 4 * cell + 1, map_y = 2 * cell + 1;
    assert_int_equal(image.width, 2 * map_x - 1);
    assert_int_equal(image.height, 2 * map_y - 1);
    assert_int_equal(pixel_at(&image, 0, 0), BLACK);
    assert_int_equal(pixel_at(&image, map_x - 1, 0), GREY);
    assert_int_equal(pixel_at(&image, map_x + 3 * cell, cell), WHITE);
    assert_int_equal(pixel_at(&image, map_x + 4 * cell - 1, 2 * cell - 1), WHITE);
    assert_int_equal(pixel_at(&image, map_x + 3 * cell - 1, cell), BLACK);
    assert_int_equal(pixel_at(&image, 0, map_y), CYAN);
    assert_int_equal(pixel_at(&image, cell, map_y), 0xBB3754); /* inferno(0.5) */
    assert_int_equal(pixel_at(&image, map_x, map_y), GREY);    /* there is no fourth channel */
    image_free(&image);
    tensor_free(&a);
    tensor_free(&b);
}

static void test_large_maps_keep_their_largest_errors(void **state)
{
    struct bsr_tensor a = zeros(3, SHAPE(2, 9000, 20)), b = zeros(3, SHAPE(2, 9000, 20));
    struct bsr_image  image;

    (void)state;
    tensor_set(&a, (size_t)20 * 8999 + 19, 1);          /* the last of the first map */
    tensor_set(&a, (size_t)20 * 9000 + 20 * 4 + 7, -1); /* row 4, column 7 of the second */
    assert_int_equal(difference_draw(&image, &a, &b, NULL), BSR_OK);
    assert_int_equal(image.width, 20);
    assert_int_equal(image.height, 3000); /* three rows in one, maps upon each other */
    assert_int_equal(pixel_at(&image, 19, 2999), WHITE);
    assert_int_equal(pixel_at(&image, 7, 1), WHITE);
    assert_int_equal(pixel_at(&image, 7, 2), BLACK);
    image_free(&image);
    tensor_free(&a);
    tensor_free(&b);
}

static void test_a_vector_is_folded(void **state)
{
    struct bsr_tensor a = zeros(1, SHAPE(10)), b = zeros(1, SHAPE(10));
    struct bsr_image  image;

    (void)state;
    tensor_set(&a, 9, 1); /* row 2, column 1 of 3 rows of 4 */
    assert_int_equal(difference_draw(&image, &a, &b, NULL), BSR_OK);
    assert_int_equal(image.width, 4 * 128);
    assert_int_equal(image.height, 3 * 128);
    assert_int_equal(pixel_at(&image, 128, 256), WHITE);
    image_free(&image);
    tensor_free(&a);
    tensor_free(&b);
}

static void test_no_error_is_black(void **state)
{
    struct bsr_tensor a = tensor_of_text("f32 : 3");
    struct bsr_image  image;

    (void)state;
    assert_int_equal(difference_draw(&image, &a, &a, NULL), BSR_OK);
    assert_int_equal(pixel_at(&image, 0, 0), BLACK);
    assert_int_equal(image.width, 512);
    image_free(&image);
    tensor_free(&a);
}

static void test_no_picture_without_a_pair(void **state)
{
    struct bsr_tensor a = zeros(2, SHAPE(2, 3)), b = zeros(2, SHAPE(3, 2)), none = zeros(2, SHAPE(0, 4));
    struct bsr_image  image = {0};
    struct bsr_error  err = {0};

    (void)state;
    assert_int_equal(difference_draw(&image, &a, &b, &err), BSR_EUSAGE);
    assert_non_null(strstr(err.message, "2x3 and 3x2"));
    assert_int_equal(difference_draw(&image, &none, &none, NULL), BSR_EUSAGE);
    assert_null(image.data);
    tensor_free(&a);
    tensor_free(&b);
    tensor_free(&none);
}

static void test_the_picture_is_written_whole_or_not_at_all(void **state)
{
    char              path[] = "/tmp/besra-heat-XXXXXX";
    struct bsr_tensor a = zeros(2, SHAPE(4, 4)), b = zeros(2, SHAPE(4, 4));
    struct bytes      file = {0};
    struct picture    picture = {.format = PICTURE_UNKNOWN};
    int               fd = mkstemp(path);

    (void)state;
    close(fd);
    tensor_set(&a, 5, 1);
    assert_int_equal(difference_write(path, &a, &b, false, NULL), BSR_EEXIST);
    file_fail_write(1);
    assert_int_equal(difference_write(path, &a, &b, true, NULL), BSR_EIO);
    file_fail_write(0);
    assert_int_equal(difference_write(path, &a, &b, true, NULL), BSR_OK);
    assert_int_equal(file_read(&file, path, 1 << 20, NULL), BSR_OK);
    assert_int_equal(picture_decode(&picture, file.data, file.size, PICTURE_FOR_EDIT,
                                    &(struct picture_limits){0}, path, NULL),
                     BSR_OK);
    assert_int_equal(pixel_at(&picture.image, 128, 128), WHITE);
    picture_free(&picture);
    bytes_free(&file);
    remove(path);
    for (size_t n = 1; n < 1000; n++) {
        mem_fail_from(n);
        bsr_status status = difference_write(path, &a, &b, true, NULL);
        mem_fail_from(0);
        if (status == BSR_OK)
            break;
        assert_int_equal(status, BSR_ENOMEM);
        assert_int_equal(access(path, F_OK), -1);
    }
    assert_int_equal(remove(path), 0);
    tensor_free(&a);
    tensor_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_figures_are_numpys),
        cmocka_unit_test(test_nan_is_itself_and_infinity_too),
        cmocka_unit_test(test_other_shapes_are_not_compared),
        cmocka_unit_test(test_nothing_is_allowed_where_nothing_is_allowed),
        cmocka_unit_test(test_maps_of_channels_lie_side_by_side),
        cmocka_unit_test(test_large_maps_keep_their_largest_errors),
        cmocka_unit_test(test_a_vector_is_folded),
        cmocka_unit_test(test_no_error_is_black),
        cmocka_unit_test(test_no_picture_without_a_pair),
        cmocka_unit_test(test_the_picture_is_written_whole_or_not_at_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
