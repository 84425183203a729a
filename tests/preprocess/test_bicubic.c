/* Enlarging planes: PyTorch's values, by every twin, with any number of threads. */
#include "preprocess/bicubic_kernels.h"
#include "tests/preprocess/fixture.h"
#include "tests/preprocess/golden.h"

#include <math.h>

/* Of a grey level. PyTorch fuses multiplications and additions, we round each: a few units in the last place
 * of 255 (1.5e-5 each) add up; the largest difference seen is 4e-4, in planes 1,600 wide. */
static const float tolerance = 1e-3F;

static void fill_plane(float *plane, size_t count, uint32_t seed)
{
    for (size_t i = 0; i < count; i++)
        plane[i] = (float)(next_random(&seed) >> 24);
}

static void check_golden(const struct bicubic_kernels *kernels, size_t i)
{
    const struct golden_enlargement *want = &golden_enlargements[i];
    size_t                           count = (size_t)want->to_width * (size_t)want->to_height;
    float                           *src = mem_alloc_zeroed((size_t)want->width * (size_t)want->height, 4);
    float                           *dst = mem_alloc_zeroed(count, sizeof *dst);
    struct bicubic_plane             plane = {
                    .src = src,
                    .src_stride = (size_t)want->width,
                    .in_width = want->width,
                    .in_height = want->height,
                    .dst = dst,
                    .dst_stride = (size_t)want->to_width,
                    .out_width = want->to_width,
                    .out_height = want->to_height,
                    .step_x = want->factor > 0 ? 1 / want->factor : (double)want->width / want->to_width,
                    .step_y = want->factor > 0 ? 1 / want->factor : (double)want->height / want->to_height,
    };

    assert_non_null(src);
    assert_non_null(dst);
    fill_plane(src, (size_t)want->width * (size_t)want->height, (uint32_t)i);
    if (want->factor > 0) {
        assert_int_equal(bicubic_output_side(want->width, want->factor), want->to_width);
        assert_int_equal(bicubic_output_side(want->height, want->factor), want->to_height);
    }
    assert_int_equal(bicubic_enlarge_by(kernels, &plane, NULL, NULL), BSR_OK);
    for (size_t at = 0; at < count; at++)
        if (!(fabsf(dst[at] - want->values[at]) < tolerance))
            fail_msg("case %zu, value %zu: %g where PyTorch has %g", i, at, (double)dst[at],
                     (double)want->values[at]);
    mem_free(src);
    mem_free(dst);
}

static void test_values_are_pytorchs(void **state)
{
    (void)state;
    for (int level = CPU_SCALAR; level <= (int)cpu_level_of_machine(); level++) {
        struct bicubic_kernels kernels;
        bicubic_kernels_init(&kernels, (enum cpu_level)level);
        for (size_t i = 0; i < sizeof golden_enlargements / sizeof *golden_enlargements; i++)
            check_golden(&kernels, i);
    }
}

static void test_factor_one_changes_nothing(void **state)
{
    float                src[4 * 6], dst[4 * 6];
    struct bicubic_plane plane = {src, 6, 6, 4, dst, 6, 6, 4, 1, 1};

    (void)state;
    fill_plane(src, 24, 5);
    assert_int_equal(bicubic_enlarge(&plane, NULL, NULL), BSR_OK);
    assert_memory_equal(dst, src, sizeof src);
}

static void test_output_side_is_the_floor(void **state)
{
    static const struct {
        double factor;
        int    side;
        int    out;
    } cases[] = {
        {2.5, 256, 640}, {1.37, 255, 349},       {1.37, 7, 9},    {1, 1, 1},   {1.99, 1, 1}, {0.25, 3, 0},
        {1e9, 100, 0},   {256, 65535, 16776960}, {257, 65535, 0}, {NAN, 5, 0}, {-1, 5, 0},   {INFINITY, 5, 0},
        {2, 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(bicubic_output_side(cases[i].side, cases[i].factor), cases[i].out);
}

static struct bicubic_plane random_plane(uint32_t *random, int round)
{
    static const int     most[] = {3, 12, 40, 100};
    int                  side = most[round % 4];
    double               factor = 1 + random_between(random, 0, 300) / 100.0;
    struct bicubic_plane plane = {
        .in_width = random_between(random, 1, side),
        .in_height = random_between(random, 1, side / 2 + 1),
        .step_x = 1 / factor,
        .step_y = 1 / factor,
    };

    plane.out_width = bicubic_output_side(plane.in_width, factor);
    plane.out_height = bicubic_output_side(plane.in_height, factor);
    if (round % 5 == 0) { /* any size: shrinking, and by different steps */
        plane.out_width = random_between(random, 1, 2 * side);
        plane.out_height = random_between(random, 1, 2 * side);
        plane.step_x = (double)plane.in_width / plane.out_width;
        plane.step_y = (double)plane.in_height / plane.out_height;
    }
    if (round % 31 == 0) /* steps beyond the plane: its edge goes on */
        plane.step_x *= random_between(random, 2, 1000000);
    plane.src_stride = (size_t)plane.in_width + (size_t)random_between(random, 0, 5);
    plane.dst_stride = (size_t)plane.out_width + (size_t)random_between(random, 0, 5);
    return plane;
}

/* All levels and numbers of threads beside the scalar reference in one thread; also the gaps between the rows
 * of the destination must stay as they are. */
static void compare_twins(uint32_t *random, int round, struct pool *const pools[3])
{
    struct bicubic_plane plane = random_plane(random, round);
    size_t               in_count = plane.src_stride * (size_t)(plane.in_height - 1) + (size_t)plane.in_width;
    size_t               bytes = plane.dst_stride * (size_t)plane.out_height * sizeof(float);
    struct guarded       want = guarded_make(bytes, 0);
    float               *src = mem_alloc(in_count * sizeof *src);
    struct bicubic_kernels kernels;

    assert_non_null(src);
    fill_plane(src, in_count, (uint32_t)round);
    plane.src = src;
    plane.dst = (float *)(void *)want.data;
    bicubic_kernels_init(&kernels, CPU_SCALAR);
    assert_int_equal(bicubic_enlarge_by(&kernels, &plane, NULL, NULL), BSR_OK);
    guarded_check(&want);
    for (int level = CPU_SCALAR; level <= (int)cpu_level_of_machine(); level++) {
        struct guarded got = guarded_make(bytes, 4 * (size_t)random_between(random, 0, 15));
        plane.dst = (float *)(void *)got.data;
        bicubic_kernels_init(&kernels, (enum cpu_level)level);
        assert_int_equal(bicubic_enlarge_by(&kernels, &plane, pools[(round + level) % 3], NULL), BSR_OK);
        guarded_check(&got);
        assert_memory_equal(got.data, want.data, bytes);
        guarded_free(&got);
    }
    guarded_free(&want);
    mem_free(src);
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

static void test_enlarge_refuses_what_is_out_of_range(void **state)
{
    static const struct bicubic_plane wrong[] = {
        {.in_width = 0, .in_height = 1, .out_width = 1, .out_height = 1, .step_x = 1, .step_y = 1},
        {.in_width = 1, .in_height = -1, .out_width = 1, .out_height = 1, .step_x = 1, .step_y = 1},
        {.in_width = 1, .in_height = 1, .out_width = 0, .out_height = 1, .step_x = 1, .step_y = 1},
        {.in_width = 1, .in_height = 1, .out_width = 1, .out_height = 1 << 25, .step_x = 1, .step_y = 1},
        {.in_width = 1, .in_height = 1, .out_width = 1, .out_height = 1, .step_x = 0, .step_y = 1},
        {.in_width = 1, .in_height = 1, .out_width = 1, .out_height = 1, .step_x = 1, .step_y = -1},
        {.in_width = 1, .in_height = 1, .out_width = 1, .out_height = 1, .step_x = NAN, .step_y = 1},
        {.in_width = 1, .in_height = 1, .out_width = 1, .out_height = 1, .step_x = 1, .step_y = INFINITY},
        {.in_width = 1, .in_height = 1, .out_width = 1, .out_height = 1, .step_x = 1, .step_y = 1e300},
    };

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct bsr_error err;
        assert_int_equal(bicubic_enlarge(&wrong[i], NULL, &err), BSR_ERANGE);
        assert_int_equal(err.code, BSR_ERANGE);
    }
}

static void test_enlarge_says_when_memory_is_out(void **state)
{
    float                src[4] = {1, 2, 3, 4};
    float                dst[16] = {5};
    struct bicubic_plane plane = {src, 2, 2, 2, dst, 4, 4, 4, 0.5, 0.5};
    struct bsr_error     err;

    (void)state;
    for (size_t n = 1; n <= 3; n++) {
        mem_fail_from(n);
        assert_int_equal(bicubic_enlarge(&plane, NULL, &err), BSR_ENOMEM);
        assert_true(mem_fail_from(0) >= n);
        assert_int_equal(err.code, BSR_ENOMEM);
        assert_true(dst[0] == 5);
    }
    assert_int_equal(bicubic_enlarge(&plane, NULL, &err), BSR_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values_are_pytorchs),
        cmocka_unit_test(test_factor_one_changes_nothing),
        cmocka_unit_test(test_output_side_is_the_floor),
        cmocka_unit_test(test_twins_and_threads_give_the_same_bits),
        cmocka_unit_test(test_enlarge_refuses_what_is_out_of_range),
        cmocka_unit_test(test_enlarge_says_when_memory_is_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
