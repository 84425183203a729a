/* The shipped SRCNN enlarges Set5 by three as well as its card says: the protocol of Dong et al. (2014). A
 * picture is cropped to a multiple of three, shrunk as MATLAB's imresize does (cubic convolution with a =
 * -0.5, widened against aliasing), enlarged by besra, and compared on BT.601 luma without the outer three
 * pixels. */
#include "base/alloc.h"
#include "base/file.h"
#include "base/image.h"
#include "media/picture.h"
#include "postprocess/metrics.h"
#include "tests/app/run_program.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { FACTOR = 3, TAPS = 4 * FACTOR };
#define LEAST_PSNR 32.0 /* dB, mean; bicubic as MATLAB's has 30.39 */

static struct picture read_picture(const char *path)
{
    struct picture        picture = {0};
    struct bytes          file = {0};
    struct picture_limits limits = {0};
    struct bsr_error      err;
    assert_int_equal(file_read(&file, path, SIZE_MAX / 2, &err), BSR_OK);
    assert_int_equal(picture_decode(&picture, file.data, file.size, PICTURE_FOR_NET, &limits, path, &err),
                     BSR_OK);
    bytes_free(&file);
    return picture;
}

static void write_picture(const char *path, const struct picture *picture)
{
    struct bytes     file = {0};
    struct bsr_error err;
    assert_int_equal(picture_encode(&file, picture, PICTURE_PNG, 100, &err), BSR_OK);
    assert_int_equal(file_write(path, file.data, file.size, true, false, &err), BSR_OK);
    bytes_free(&file);
}

/* Keys' cubic convolution with a = -0.5. */
static double cubic(double x)
{
    x = fabs(x);
    if (x <= 1)
        return (1.5 * x - 2.5) * x * x + 1;
    return x < 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0;
}

/* One output sample of a line of `count` values that lie `step` apart: MATLAB's imresize by 1 / FACTOR, which
 * mirrors the line at its ends. */
static double shrink_at(const double *line, int count, int step, int at)
{
    double centre = (at + 0.5) * FACTOR - 0.5, sum = 0, weights = 0;
    int    first = (int)floor(centre - TAPS / 2.0) + 1;
    for (int i = first; i < first + TAPS; i++) {
        double weight = cubic((centre - i) / FACTOR);
        int    inside = i < 0 ? -1 - i : i >= count ? 2 * count - 1 - i : i;
        sum += weight * line[(size_t)inside * (size_t)step];
        weights += weight;
    }
    return sum / weights;
}

static struct picture shrink(const struct bsr_image *large)
{
    struct picture   small = {.format = PICTURE_PNG};
    struct bsr_error err;
    int              width = large->width / FACTOR, height = large->height / FACTOR;
    double          *plane = malloc(sizeof *plane * (size_t)large->width * (size_t)large->height);
    double          *rows = malloc(sizeof *rows * (size_t)large->width * (size_t)height);
    assert_true(plane && rows);
    assert_int_equal(image_alloc(&small.image, width, height, 3, 8, &err), BSR_OK);

    for (int c = 0; c < 3; c++) {
        for (int y = 0; y < large->height; y++)
            for (int x = 0; x < large->width; x++)
                plane[(size_t)y * (size_t)large->width + (size_t)x] = image_row(large, y)[x * 3 + c];
        for (int y = 0; y < height; y++)
            for (int x = 0; x < large->width; x++)
                rows[(size_t)y * (size_t)large->width + (size_t)x] =
                    shrink_at(plane + x, large->height, large->width, y);
        for (int y = 0; y < height; y++)
            for (int x = 0; x < width; x++) {
                double value = shrink_at(rows + (size_t)y * (size_t)large->width, large->width, 1, x);
                image_row(&small.image, y)[x * 3 + c] = (uint8_t)floor(fmin(fmax(value, 0), 255) + 0.5);
            }
    }
    free(plane);
    free(rows);
    return small;
}

static double psnr_of(const char *name, const char *folder)
{
    char path[512], *source = shared_path(name);
    if (!source)
        skip();
    struct picture   original = read_picture(source);
    struct bsr_image cropped = original.image;
    cropped.width -= cropped.width % FACTOR;
    cropped.height -= cropped.height % FACTOR;

    struct picture small = shrink(&cropped);
    snprintf(path, sizeof path, "%s/small.png", folder);
    write_picture(path, &small);
    struct run_result run =
        run_shell("$BESRA upscale -q -y -m srcnn -s %d -o %s/large.png %s", FACTOR, folder, path);
    if (run.code != 0)
        printf("%s", run.err);
    assert_int_equal(run.code, 0);
    snprintf(path, sizeof path, "%s/large.png", folder);
    struct picture large = read_picture(path);

    double           psnr = 0;
    struct bsr_error err;
    assert_int_equal(picture_psnr(&psnr, &large.image, &cropped, FACTOR, &err), BSR_OK);
    printf("%s: %.3f dB\n", name, psnr);
    picture_free(&original);
    picture_free(&small);
    picture_free(&large);
    run_free(&run);
    free(source);
    return psnr;
}

static void test_set5_by_three(void **state)
{
    static const char *const names[] = {"baby", "bird", "butterfly", "head", "woman"};
    (void)state;
    char *set = shared_path("train/sr/Set5");
    if (!set)
        skip();
    free(set);
    char  *folder = scratch_make();
    double sum = 0;
    for (size_t i = 0; i < 5; i++) {
        char name[64];
        snprintf(name, sizeof name, "train/sr/Set5/%s_GT.png", names[i]);
        sum += psnr_of(name, folder);
    }
    printf("mean: %.3f dB\n", sum / 5);
    scratch_remove(folder);
    assert_true(sum / 5 >= LEAST_PSNR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_set5_by_three)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
