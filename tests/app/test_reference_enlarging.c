/* besra's enlarged pictures against PyTorch's: the tutorial's SRCNN on face.png, rounded half up. No value
 * may differ by more than 1 (float sums in another order, at the edge of rounding). */
#include "base/alloc.h"
#include "base/file.h"
#include "media/picture.h"
#include "tests/app/run_program.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { MAX_DIFFERENCE = 1 };

static struct picture read_picture(const char *path)
{
    struct picture        picture = {0};
    struct bytes          file = {0};
    struct picture_limits limits = {0};
    struct bsr_error      err;
    assert_int_equal(file_read(&file, path, SIZE_MAX / 2, &err), BSR_OK);
    assert_int_equal(picture_decode(&picture, file.data, file.size, PICTURE_FOR_EDIT, &limits, path, &err),
                     BSR_OK);
    bytes_free(&file);
    return picture;
}

static void compare_pictures(const struct bsr_image *found, const struct bsr_image *wanted, const char *what)
{
    size_t differing = 0;
    int    largest = 0;
    assert_int_equal(found->width, wanted->width);
    assert_int_equal(found->height, wanted->height);
    assert_int_equal(found->channels, 3);
    assert_int_equal(wanted->channels, 3);
    for (int y = 0; y < wanted->height; y++) {
        for (int x = 0; x < wanted->width * 3; x++) {
            int difference = abs(image_row(found, y)[x] - image_row(wanted, y)[x]);
            largest = difference > largest ? difference : largest;
            differing += difference != 0;
        }
    }
    printf("%s: largest difference %d, %zu of %zu values differ\n", what, largest, differing,
           (size_t)wanted->width * (size_t)wanted->height * 3);
    assert_true(largest <= MAX_DIFFERENCE);
}

static void enlarge_and_compare(const char *model_name, const char *factor)
{
    char  name[64];
    char *model = shared_path(model_name), *face = shared_path("images/face.png"), *output = NULL;
    snprintf(name, sizeof name, "reference/srcnn_face_x%s.png", factor);
    char *reference = shared_path(name);
    if (!model || !face || !reference)
        skip();

    char *folder = scratch_make();
    assert_true(asprintf(&output, "%s/large.png", folder) > 0);
    struct run_result run = run_shell("$BESRA upscale -q -s %s -m %s -o %s %s", factor, model, output, face);
    if (run.code != 0)
        printf("%s", run.err);
    assert_int_equal(run.code, 0);

    struct picture found = read_picture(output), wanted = read_picture(reference);
    snprintf(name, sizeof name, "%s x%s", model_name, factor);
    compare_pictures(&found.image, &wanted.image, name);
    picture_free(&found);
    picture_free(&wanted);
    run_free(&run);
    scratch_remove(folder);
    free(output);
    free(model);
    free(face);
    free(reference);
}

static void test_any_factor_through_one_file(void **state)
{
    (void)state;
    enlarge_and_compare("models/tutorial/srcnn3.onnx", "2");
    enlarge_and_compare("models/tutorial/srcnn3.onnx", "2.5");
    enlarge_and_compare("models/tutorial/srcnn3.onnx", "3");
    enlarge_and_compare("models/tutorial/srcnn3.onnx", "4");
}

static void test_factor_fixed_in_the_file(void **state)
{
    (void)state;
    enlarge_and_compare("models/tutorial/srcnn.onnx", "3");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_factor_through_one_file),
        cmocka_unit_test(test_factor_fixed_in_the_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
