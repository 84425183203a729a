/* Pictures to planes of floats and back: the formulas of planes.h, by every twin. */
#include "preprocess/planes_kernels.h"
#include "tests/preprocess/fixture.h"

#include <math.h>

static struct bsr_image image_of(void *data, int width, int height, int channels, int depth)
{
    size_t stride = (size_t)width * (size_t)channels * (size_t)depth / 8;
    return (struct bsr_image){data, stride, width, height, channels, depth};
}

static void test_eight_bits_come_as_they_are(void **state)
{
    uint8_t          pixels[2][3] = {{0, 128, 255}, {7, 8, 9}};
    struct bsr_image image = image_of(pixels, 2, 1, 3, 8);
    float            planes[3][2];

    (void)state;
    planes_from_image(planes[0], &image, NULL);
    for (int c = 0; c < 3; c++)
        for (int x = 0; x < 2; x++)
            assert_true(planes[c][x] == (float)pixels[x][c]);
}

static void test_sixteen_bits_come_divided_by_257(void **state)
{
    uint16_t         pixels[] = {0, 257, 65535, 1000};
    struct bsr_image image = image_of(pixels, 4, 1, 1, 16);
    float            planes[4];

    (void)state;
    planes_from_image(planes, &image, NULL);
    assert_true(planes[0] == 0 && planes[1] == 1 && planes[2] == 255 && planes[3] == 1000 / 257.0F);
}

static void test_alpha_multiplies_the_colours(void **state)
{
    uint8_t pixels[4][4] = {{200, 100, 50, 255}, {200, 100, 50, 51}, {200, 100, 50, 0}, {255, 1, 0, 1}};
    struct bsr_image image = image_of(pixels, 4, 1, 4, 8);
    float            planes[4][4];

    (void)state;
    planes_from_image(planes[0], &image, NULL);
    for (int x = 0; x < 4; x++) {
        assert_true(planes[3][x] == (float)pixels[x][3]);
        for (int c = 0; c < 3; c++) /* within a rounding of each of the two operations */
            assert_true(fabs((double)planes[c][x] - pixels[x][c] * pixels[x][3] / 255.0) < 1e-4);
    }
    for (int c = 0; c < 3; c++) {
        assert_true(planes[c][0] == (float)pixels[0][c]); /* opaque: exact */
        assert_true(planes[c][2] == 0);
    }
}

static void test_written_values_are_clipped_and_rounded_half_up(void **state)
{
    static const struct {
        float   value;
        uint8_t level;
    } cases[] = {
        {0, 0},        {0.5F, 1},      {0.49999997F, 0},  {1.5F, 2},
        {2.5F, 3},     {254.5F, 255},  {254.49998F, 254}, {255, 255},
        {255.4F, 255}, {1e30F, 255},   {INFINITY, 255},   {-0.4F, 0},
        {-1e30F, 0},   {-INFINITY, 0}, {NAN, 0},          {-0.0F, 0},
    };
    enum { CASES = sizeof cases / sizeof *cases };
    float            planes[CASES];
    uint8_t          levels[CASES];
    struct bsr_image image = image_of(levels, CASES, 1, 1, 8);

    (void)state;
    for (size_t i = 0; i < CASES; i++)
        planes[i] = cases[i].value;
    planes_to_image(&image, planes, NULL);
    for (size_t i = 0; i < CASES; i++)
        assert_int_equal(levels[i], cases[i].level);
}

static void test_written_colours_are_divided_by_alpha(void **state)
{
    static const struct {
        float   colour, alpha;
        uint8_t level, alpha_level;
    } cases[] = {
        {100, 255, 100, 255}, {20, 51, 100, 51},    {0, 0, 0, 0},
        {100, 0, 0, 0},       {0.4F, 0.4F, 0, 0},   /* alpha is written as 0 */
        {1, 0.5F, 255, 1},    {100, 300, 100, 255}, /* beyond 255 alpha is 255 */
        {100, -5, 0, 0},      {100, NAN, 0, 0},     {NAN, 255, 0, 255},
        {300, 51, 255, 51},   {-3, 51, 0, 51},
    };
    enum { CASES = sizeof cases / sizeof *cases };
    float            planes[2][CASES];
    uint8_t          levels[CASES][2];
    struct bsr_image image = image_of(levels, CASES, 1, 2, 8);

    (void)state;
    for (size_t i = 0; i < CASES; i++) {
        planes[0][i] = cases[i].colour;
        planes[1][i] = cases[i].alpha;
    }
    planes_to_image(&image, planes[0], NULL);
    for (size_t i = 0; i < CASES; i++) {
        assert_int_equal(levels[i][0], cases[i].level);
        assert_int_equal(levels[i][1], cases[i].alpha_level);
    }
}

static void test_all_sixteen_bit_values_come_back(void **state)
{
    enum { VALUES = 65536 };
    uint16_t        *levels = mem_alloc(VALUES * sizeof *levels);
    float           *planes = mem_alloc(VALUES * sizeof *planes);
    struct bsr_image image = image_of(levels, VALUES / 4, 4, 1, 16);

    (void)state;
    assert_non_null(levels);
    assert_non_null(planes);
    for (int i = 0; i < VALUES; i++)
        levels[i] = (uint16_t)i;
    planes_from_image(planes, &image, NULL);
    memset(levels, 0xEE, VALUES * sizeof *levels);
    planes_to_image(&image, planes, NULL);
    for (int i = 0; i < VALUES; i++)
        assert_int_equal(levels[i], i);
    mem_free(levels);
    mem_free(planes);
}

/* Straight alpha survives the multiplication: floats keep 24 bits of the product of two bytes. */
static void test_all_pairs_of_colour_and_alpha_come_back(void **state)
{
    static uint8_t   levels[256][256][2];
    static float     planes[2][256][256];
    struct bsr_image image = image_of(levels, 256, 256, 2, 8);

    (void)state;
    for (int alpha = 0; alpha < 256; alpha++)
        for (int grey = 0; grey < 256; grey++) {
            levels[alpha][grey][0] = (uint8_t)grey;
            levels[alpha][grey][1] = (uint8_t)alpha;
        }
    planes_from_image(planes[0][0], &image, NULL);
    memset(levels, 0xEE, sizeof levels);
    planes_to_image(&image, planes[0][0], NULL);
    for (int alpha = 0; alpha < 256; alpha++)
        for (int grey = 0; grey < 256; grey++) {
            assert_int_equal(levels[alpha][grey][0], alpha ? grey : 0);
            assert_int_equal(levels[alpha][grey][1], alpha);
        }
}

/* Floats near the levels' range, some of them far out or no numbers. */
static float random_value(uint32_t *random)
{
    static const float odd[] = {INFINITY, -INFINITY, NAN, 1e30F, -1e30F, 1e-40F, -0.0F, 0.49999997F};
    int                kind = random_between(random, 0, 99);

    if (kind < 8)
        return odd[kind];
    if (kind < 40)
        return (float)random_between(random, 0, 510) / 2;
    return (float)random_between(random, -1000, 26500) / 100;
}

static void compare_twins(uint32_t *random, int round, struct pool *const pools[3])
{
    int                   channels = 1 + round % 4;
    int                   depth = round / 4 % 2 ? 16 : 8;
    int                   width = random_between(random, 1, 70);
    int                   height = random_between(random, 1, 4);
    size_t                pixel_size = (size_t)channels * (size_t)depth / 8;
    size_t                stride = (size_t)width * pixel_size + 2 * (size_t)random_between(random, 0, 9);
    size_t                size = stride * (size_t)(height - 1) + (size_t)width * pixel_size;
    size_t                bytes = (size_t)channels * (size_t)width * (size_t)height * sizeof(float);
    struct guarded        pixels = guarded_make(size, 2 * (size_t)random_between(random, 0, 31));
    struct guarded        want = guarded_make(bytes, 0);
    struct guarded        want_pixels = guarded_make(size, pixels.data - pixels.block - GUARD);
    struct bsr_image      image = {pixels.data, stride, width, height, channels, depth};
    struct bsr_image      want_image = {want_pixels.data, stride, width, height, channels, depth};
    struct planes_kernels kernels;

    planes_kernels_init(&kernels, CPU_SCALAR);
    noise_fill(pixels.data, size, (uint32_t)round);
    planes_from_image_by(&kernels, (float *)(void *)want.data, &image, NULL);
    float *values = mem_alloc(bytes);
    assert_non_null(values);
    for (size_t i = 0; i < bytes / sizeof *values; i++)
        values[i] = random_value(random);
    planes_to_image_by(&kernels, &want_image, values, NULL);
    guarded_check(&want_pixels);

    for (int level = CPU_SCALAR; level <= (int)cpu_level_of_machine(); level++) {
        struct pool   *pool = pools[(round + level) % 3];
        struct guarded got = guarded_make(bytes, 4 * (size_t)random_between(random, 0, 15));
        planes_kernels_init(&kernels, (enum cpu_level)level);
        noise_fill(pixels.data, size, (uint32_t)round);
        planes_from_image_by(&kernels, (float *)(void *)got.data, &image, pool);
        guarded_check(&got);
        assert_memory_equal(got.data, want.data, bytes);

        memset(pixels.data, GUARD_BYTE, size); /* the gaps between the rows too must stay */
        planes_to_image_by(&kernels, &image, values, pool);
        guarded_check(&pixels);
        assert_memory_equal(pixels.data, want_pixels.data, size);
        guarded_free(&got);
    }
    mem_free(values);
    guarded_free(&want_pixels);
    guarded_free(&want);
    guarded_free(&pixels);
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

/* By hand: (255 - 76.245) / 1.402 = 127.5, (0 - 76.245) / 1.772 = -43.028, and so on. */
static void test_colour_differences_after_bt601(void **state)
{
    static const double bgr[5][3] = {{0, 0, 255}, {0, 255, 0}, {255, 0, 0}, {255, 255, 255}, {0, 0, 0}};
    static const double ycc[5][3] = {{76.245, -43.0276, 127.5},
                                     {149.685, -84.4724, -106.7653},
                                     {29.07, 127.5, -20.7347},
                                     {255, 0, 0},
                                     {0, 0, 0}};

    (void)state;
    for (int i = 0; i < 5; i++) {
        float b = (float)bgr[i][0], g = (float)bgr[i][1], r = (float)bgr[i][2];
        float y = 0, cb = 0, cr = 0;
        planes_bgr_to_ycc(&y, &cb, &cr, &b, &g, &r, 1, NULL);
        assert_true(fabs((double)y - ycc[i][0]) < 1e-3);
        assert_true(fabs((double)cb - ycc[i][1]) < 1e-3);
        assert_true(fabs((double)cr - ycc[i][2]) < 1e-3);
        planes_ycc_to_bgr(&b, &g, &r, &y, &cb, &cr, 1, NULL);
        assert_true(fabs((double)b - bgr[i][0]) < 1e-3);
        assert_true(fabs((double)g - bgr[i][1]) < 1e-3);
        assert_true(fabs((double)r - bgr[i][2]) < 1e-3);
    }
}

enum {
    COLOURS = 3 * 9001
}; /* of three planes; more than two turns of the loop, and no multiple of a vector */

static void test_colours_come_back_in_place_with_any_threads(void **state)
{
    float       *was = mem_alloc(COLOURS * sizeof *was);
    float       *now = mem_alloc(COLOURS * sizeof *now);
    size_t       count = COLOURS / 3;
    uint32_t     random = 11;
    struct pool *pool;

    (void)state;
    assert_non_null(was);
    assert_non_null(now);
    assert_int_equal(pool_create(&pool, 3, NULL), BSR_OK);
    for (size_t i = 0; i < COLOURS; i++)
        was[i] = (float)random_between(&random, 0, 255);
    memcpy(now, was, COLOURS * sizeof *was);
    planes_bgr_to_ycc(now, now + count, now + 2 * count, now, now + count, now + 2 * count, count, pool);
    planes_ycc_to_bgr(now, now + count, now + 2 * count, now, now + count, now + 2 * count, count, pool);
    for (size_t i = 0; i < COLOURS; i++) /* a few roundings of values up to 255, 1.5e-5 each */
        assert_true(fabsf(now[i] - was[i]) < 2e-4F);
    pool_destroy(pool);
    mem_free(was);
    mem_free(now);
}

static void test_colour_twins_give_the_same_bits(void **state)
{
    enum { MOST = 100 };
    float    src[3][MOST];
    uint32_t random = 13;

    (void)state;
    for (size_t count = 0; count <= MOST; count++) {
        struct guarded     want[3], got[3];
        const float *const in[3] = {src[0], src[1], src[2]};
        for (int c = 0; c < 3; c++) {
            for (size_t i = 0; i < MOST; i++)
                src[c][i] = (float)random_between(&random, -1000, 26500) / 100;
            want[c] = guarded_make(count * sizeof(float), 0);
            got[c] = guarded_make(count * sizeof(float), 4 * (size_t)random_between(&random, 0, 15));
        }
        float *const          want_out[3] = {(float *)(void *)want[0].data, (float *)(void *)want[1].data,
                                             (float *)(void *)want[2].data};
        float *const          got_out[3] = {(float *)(void *)got[0].data, (float *)(void *)got[1].data,
                                            (float *)(void *)got[2].data};
        struct planes_kernels scalar, kernels;
        planes_kernels_init(&scalar, CPU_SCALAR);
        for (int level = CPU_AVX2; level <= (int)cpu_level_of_machine(); level++) {
            planes_kernels_init(&kernels, (enum cpu_level)level);
            for (int way = 0; way < 2; way++) {
                (way ? scalar.to_bgr : scalar.to_ycc)(want_out, in, count);
                (way ? kernels.to_bgr : kernels.to_ycc)(got_out, in, count);
                for (int c = 0; c < 3; c++) {
                    guarded_check(&got[c]);
                    assert_memory_equal(got[c].data, want[c].data, count * sizeof(float));
                }
            }
        }
        for (int c = 0; c < 3; c++) {
            guarded_free(&want[c]);
            guarded_free(&got[c]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_eight_bits_come_as_they_are),
        cmocka_unit_test(test_sixteen_bits_come_divided_by_257),
        cmocka_unit_test(test_alpha_multiplies_the_colours),
        cmocka_unit_test(test_written_values_are_clipped_and_rounded_half_up),
        cmocka_unit_test(test_written_colours_are_divided_by_alpha),
        cmocka_unit_test(test_all_sixteen_bit_values_come_back),
        cmocka_unit_test(test_all_pairs_of_colour_and_alpha_come_back),
        cmocka_unit_test(test_twins_and_threads_give_the_same_bits),
        cmocka_unit_test(test_colour_differences_after_bt601),
        cmocka_unit_test(test_colours_come_back_in_place_with_any_threads),
        cmocka_unit_test(test_colour_twins_give_the_same_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
