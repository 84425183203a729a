/* The values that letterbox_pack() writes: OpenCV's, by every twin, with any number of threads. */
#include "preprocess/letterbox_kernels.h"
#include "tests/preprocess/fixture.h"
#include "tests/preprocess/golden.h"

#include <math.h>

static const struct pack_params as_it_is = {.scale = {1, 1, 1}, .pad = 114};

/* A picture whose last pixel ends the allocation, so that a sanitizer sees reads beyond it. */
static struct bsr_image make_image(int width, int height, size_t more_stride, size_t shift, uint32_t seed,
                                   uint8_t **block)
{
    struct bsr_image image = {.width = width, .height = height, .channels = 3, .depth = 8};
    size_t           size;

    image.stride = 3 * (size_t)width + more_stride;
    size = image.stride * (size_t)(height - 1) + 3 * (size_t)width;
    *block = mem_alloc(shift + size);
    assert_non_null(*block);
    noise_fill(*block, shift + size, 99);
    image.data = *block + shift;
    if (more_stride == 0)
        noise_fill(image.data, size, seed);
    return image;
}

static struct letterbox_plan plan_of(int width, int height, int fit_width, int fit_height)
{
    return (struct letterbox_plan){
        .width = width,
        .height = height,
        .in_width = fit_width,
        .in_height = fit_height,
        .fit_width = fit_width,
        .fit_height = fit_height,
        .gain = 1,
        .from = {.times = 1, .width = width, .height = height},
    };
}

static void check_golden(const struct letterbox_kernels *kernels, size_t i)
{
    const struct golden_resize *want = &golden_resizes[i];
    struct letterbox_plan       plan = plan_of(want->width, want->height, want->to_width, want->to_height);
    size_t                      count = (size_t)want->to_width * (size_t)want->to_height;
    float                      *dst = mem_alloc_aligned(3 * count, sizeof *dst);
    uint64_t                    hash = 0xCBF29CE484222325ULL;
    uint8_t                    *block;
    struct bsr_image            image = make_image(want->width, want->height, 0, 0, (uint32_t)i, &block);

    assert_non_null(dst);
    assert_int_equal(letterbox_pack_by(kernels, dst, &image, &plan, &as_it_is, NULL, NULL), BSR_OK);
    for (size_t at = 0; at < 3 * count; at++)
        hash = (hash ^ (uint8_t)dst[at % 3 * count + at / 3]) * 0x100000001B3ULL;
    assert_int_equal(hash, want->hash);
    mem_free(dst);
    mem_free(block);
}

static void test_pixels_are_opencvs_bit_for_bit(void **state)
{
    (void)state;
    for (int level = CPU_SCALAR; level <= (int)cpu_level_of_machine(); level++) {
        struct letterbox_kernels kernels;
        letterbox_kernels_init(&kernels, (enum cpu_level)level);
        for (size_t i = 0; i < sizeof golden_resizes / sizeof *golden_resizes; i++)
            check_golden(&kernels, i);
    }
}

/* A 2 x 1 picture in a 4 x 4 input of pad 100: fit 4 x 2 at (0, 1). Enlarged by 2 the columns are
 * l, (3 l + r) / 4, (l + 3 r) / 4, r, here exact. */
static void test_pack_pads_swaps_and_normalises(void **state)
{
    static const uint8_t     pixels[] = {0, 40, 80, 40, 120, 240}; /* B, G, R twice */
    static const float       columns[3][4] = {{80, 120, 200, 240}, {40, 60, 100, 120}, {0, 10, 30, 40}};
    const struct bsr_image   image = {(void *)(uintptr_t)pixels, 6, 2, 1, 3, 8};
    const struct pack_params pack = {.scale = {0.5F, 2, 0.25F}, .shift = {1, -3, 0}, .pad = 100, .to_rgb = 1};
    struct letterbox_plan    plan;
    float                    dst[3][4][4];

    (void)state;
    assert_int_equal(letterbox_make_plan(&plan, 2, 1, 4, 4, 4, LETTERBOX_SQUARE, NULL), BSR_OK);
    assert_int_equal(letterbox_pack(&dst[0][0][0], &image, &plan, &pack, NULL, NULL), BSR_OK);
    for (int c = 0; c < 3; c++)
        for (int y = 0; y < 4; y++)
            for (int x = 0; x < 4; x++) {
                float value = y == 1 || y == 2 ? columns[c][x] : 100;
                assert_true(dst[c][y][x] == value * pack.scale[c] + pack.shift[c]);
            }
}

struct sizes {
    int width, height, fit_width, fit_height, left, top, right, bottom;
};

static struct sizes random_sizes(uint32_t *random, int round)
{
    static const int most[] = {3, 20, 70, 70, 150};
    int              side = most[round % 5];
    struct sizes     sizes = {
            .width = random_between(random, 1, side),
            .height = random_between(random, 1, side / 2 + 1),
            .fit_width = random_between(random, 1, side),
            .fit_height = random_between(random, 1, side / 2 + 1),
            .left = random_between(random, 0, 9),
            .top = random_between(random, 0, 9),
            .right = random_between(random, 0, 9),
            .bottom = random_between(random, 0, 9),
    };

    if (round % 7 == 0)
        sizes.width = sizes.fit_width;
    if (round % 11 == 0)
        sizes.height = 2 * sizes.fit_height;
    return sizes;
}

static struct letterbox_plan plan_with_borders(const struct sizes *sizes)
{
    struct letterbox_plan plan = plan_of(sizes->width, sizes->height, sizes->fit_width, sizes->fit_height);
    plan.left = sizes->left;
    plan.top = sizes->top;
    plan.in_width += sizes->left + sizes->right;
    plan.in_height += sizes->top + sizes->bottom;
    return plan;
}

/* All levels and numbers of threads beside the scalar reference in one thread. */
static void compare_twins(uint32_t *random, int round, struct pool *const pools[3])
{
    struct sizes             sizes = random_sizes(random, round);
    struct letterbox_plan    plan = plan_with_borders(&sizes);
    size_t                   bytes = 3 * (size_t)plan.in_width * (size_t)plan.in_height * sizeof(float);
    const struct pack_params pack = {
        .scale = {0.0123F, 1 / 255.0F, -2}, .shift = {0.5F, -0.1F, 3}, .pad = 200, .to_rgb = round % 2};
    struct letterbox_kernels kernels;
    uint8_t                 *block;
    struct bsr_image image = make_image(sizes.width, sizes.height, (size_t)random_between(random, 0, 40),
                                        (size_t)random_between(random, 0, 63), (uint32_t)round, &block);
    struct guarded   want = guarded_make(bytes, 0);

    letterbox_kernels_init(&kernels, CPU_SCALAR);
    assert_int_equal(
        letterbox_pack_by(&kernels, (float *)(void *)want.data, &image, &plan, &pack, NULL, NULL), BSR_OK);
    guarded_check(&want);
    for (int level = CPU_SCALAR; level <= (int)cpu_level_of_machine(); level++) {
        struct guarded got = guarded_make(bytes, 4 * (size_t)random_between(random, 0, 15));
        letterbox_kernels_init(&kernels, (enum cpu_level)level);
        assert_int_equal(letterbox_pack_by(&kernels, (float *)(void *)got.data, &image, &plan, &pack,
                                           pools[(round + level) % 3], NULL),
                         BSR_OK);
        guarded_check(&got);
        assert_memory_equal(got.data, want.data, bytes);
        guarded_free(&got);
    }
    guarded_free(&want);
    mem_free(block);
}

static void test_twins_and_threads_give_the_same_bits(void **state)
{
    struct pool *pools[3] = {NULL};
    uint32_t     random = 7;

    (void)state;
    assert_int_equal(pool_create(&pools[1], 2, NULL), BSR_OK);
    assert_int_equal(pool_create(&pools[2], 7, NULL), BSR_OK);
    for (int round = 0; round < 1000; round++)
        compare_twins(&random, round, pools);
    pool_destroy(pools[1]);
    pool_destroy(pools[2]);
}

/* A picture of colours that rise evenly, one level a pixel across and two down: what a scaled pixel shows is
 * known from where its centre is. */
static double rising(double x, double y)
{
    return 1 + x + 2 * y;
}

/* The same reduced: each pixel is that of the middle of those it stands for. Levels are whole where `times`
 * is even, but for half a level. */
static struct bsr_image make_rising(const struct image_reduction *from, uint8_t **block)
{
    int width = image_reduced_side(from->width, from->left, from->times);
    int height = image_reduced_side(from->height, from->top, from->times);

    struct bsr_image image = make_image(width, height, 0, 0, 0, block);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            double  at_x = (x + 0.5) * from->times - from->left, at_y = (y + 0.5) * from->times - from->top;
            uint8_t level = (uint8_t)lround(fmax(rising(at_x, at_y), 0));
            memset(image_row(&image, y) + 3 * (size_t)x, level, 3);
        }
    return image;
}

static void check_reduced(const struct image_reduction *from, int fit_width, int fit_height)
{
    struct letterbox_plan plan = plan_of(from->width, from->height, fit_width, fit_height);
    size_t                count = (size_t)fit_width * (size_t)fit_height;
    float                *dst = mem_alloc_aligned(3 * count, sizeof *dst);
    uint8_t              *block;
    struct bsr_image      image = make_rising(from, &block);
    double                across = (double)from->width / fit_width, down = (double)from->height / fit_height;

    assert_non_null(dst);
    plan.from = *from;
    assert_int_equal(letterbox_pack(dst, &image, &plan, &as_it_is, NULL, NULL), BSR_OK);
    for (int y = 0; y < fit_height; y++)
        for (int x = 0; x < fit_width; x++) {
            double centre_x = (x + 0.5) * across, centre_y = (y + 0.5) * down, edge = from->times / 2.0;
            bool   inside = centre_x >= edge && centre_x <= from->width - edge && centre_y >= edge &&
                          centre_y <= from->height - edge; /* nearer to it the last pixel stands for all */
            double off = (double)dst[(size_t)y * (size_t)fit_width + (size_t)x] - rising(centre_x, centre_y);
            if (inside && fabs(off) > 1)
                fail_msg("%d x %d, %d times smaller, to %d x %d: off by %g at %d, %d", from->width,
                         from->height, from->times, fit_width, fit_height, off, x, y);
        }
    mem_free(dst);
    mem_free(block);
}

static void test_reduced_pictures_land_where_the_whole_ones_would(void **state)
{
    static const struct image_reduction from[] = {
        {1, 61, 47, 0, 0}, {2, 61, 47, 0, 0}, {2, 61, 47, 1, 1}, {4, 61, 47, 0, 0}, {4, 61, 47, 3, 0},
        {4, 61, 47, 3, 1}, {8, 61, 47, 0, 0}, {8, 61, 47, 3, 1}, {8, 61, 47, 3, 0}, {8, 64, 48, 7, 5},
    };
    (void)state;
    for (size_t i = 0; i < sizeof from / sizeof *from; i++) {
        check_reduced(&from[i], 8, 6);
        check_reduced(&from[i], 7, 5);
        check_reduced(&from[i], 30, 23);
    }
}

static void test_pack_refuses_another_picture_than_planned(void **state)
{
    static const struct bsr_image wrong[] = {
        {.width = 9, .height = 8, .channels = 3, .depth = 8},
        {.width = 8, .height = 9, .channels = 3, .depth = 8},
        {.width = 8, .height = 8, .channels = 4, .depth = 8},
        {.width = 8, .height = 8, .channels = 3, .depth = 16},
    };
    struct letterbox_plan plan = plan_of(8, 8, 4, 4);
    float                 dst = 5;

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct bsr_error err;
        assert_int_equal(letterbox_pack(&dst, &wrong[i], &plan, &as_it_is, NULL, &err), BSR_ERANGE);
        assert_int_equal(err.code, BSR_ERANGE);
        assert_true(dst == 5);
    }
    const struct bsr_image              half = {.width = 4, .height = 4, .channels = 3, .depth = 8};
    static const struct image_reduction not_so[] = {
        {1, 8, 8, 0, 0}, {4, 8, 8, 0, 0}, {2, 8, 8, 1, 0}, {2, 8, 7, 0, 0}, {0}};
    for (size_t i = 0; i < sizeof not_so / sizeof *not_so; i++) {
        plan.from = not_so[i];
        assert_int_equal(letterbox_pack(&dst, &half, &plan, &as_it_is, NULL, NULL), BSR_ERANGE);
        assert_true(dst == 5);
    }
}

static void test_pack_says_when_memory_is_out(void **state)
{
    struct letterbox_plan plan = plan_of(2, 2, 4, 4);
    float                 dst[3 * 4 * 4] = {5};
    struct bsr_error      err;
    uint8_t              *block;
    struct bsr_image      image = make_image(2, 2, 0, 0, 1, &block);

    (void)state;
    mem_fail_from(1);
    assert_int_equal(letterbox_pack(dst, &image, &plan, &as_it_is, NULL, &err), BSR_ENOMEM);
    assert_true(mem_fail_from(0) == 1); /* the only one: there is no second to fail */
    assert_int_equal(err.code, BSR_ENOMEM);
    assert_true(dst[0] == 5);
    assert_int_equal(letterbox_pack(dst, &image, &plan, &as_it_is, NULL, &err), BSR_OK);
    mem_free(block);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pixels_are_opencvs_bit_for_bit),
        cmocka_unit_test(test_pack_pads_swaps_and_normalises),
        cmocka_unit_test(test_twins_and_threads_give_the_same_bits),
        cmocka_unit_test(test_reduced_pictures_land_where_the_whole_ones_would),
        cmocka_unit_test(test_pack_refuses_another_picture_than_planned),
        cmocka_unit_test(test_pack_says_when_memory_is_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
