/* engine/srcnn: every set of kernels against the sums as the layers are written, in doubles. */
#include "base/alloc.h"
#include "engine/srcnn/packed.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct example {
    int  channels, maps, middle, width, height;
    bool biases;
};

static const struct example examples[] = {
    {3, 64, 32, 100, 50, true}, {1, 64, 32, 37, 29, true}, {3, 7, 5, 1, 1, true},    {1, 9, 3, 5, 40, false},
    {3, 6, 4, 210, 3, true},    {1, 8, 8, 193, 14, true},  {3, 13, 6, 16, 12, true},
};
enum { EXAMPLES = sizeof examples / sizeof *examples };

/* A net and a picture of numbers that look random and are the same everywhere. */
struct sample {
    struct srcnn_weights weights;
    float               *numbers, *picture;
    double              *expected;
};

static uint32_t state;

static float next_number(void)
{
    state = state * 1664525U + 1013904223U;
    return (float)(state >> 8) / (float)(1 << 24) - 0.5F;
}

static const float *take(float **at, size_t count, float scale)
{
    float *numbers = *at;
    for (size_t i = 0; i < count; i++)
        numbers[i] = next_number() * scale;
    *at += count;
    return numbers;
}

/* A convolution with zeros around, summed in doubles: out[outputs][height][width]. */
static void convolve(double *out, const double *in, int inputs, int outputs, int side, const float *weights,
                     const float *bias, bool relu, int width, int height)
{
    for (int o = 0; o < outputs; o++)
        for (int y = 0; y < height; y++)
            for (int x = 0; x < width; x++) {
                double sum = bias ? (double)bias[o] : 0;
                for (int c = 0; c < inputs; c++)
                    for (int i = 0; i < side; i++)
                        for (int j = 0; j < side; j++) {
                            int v = y + i - side / 2, u = x + j - side / 2;
                            if (v >= 0 && v < height && u >= 0 && u < width)
                                sum +=
                                    (double)weights[((o * inputs + c) * side + i) * side + j] *
                                    in[((size_t)c * (size_t)height + (size_t)v) * (size_t)width + (size_t)u];
                        }
                out[((size_t)o * (size_t)height + (size_t)y) * (size_t)width + (size_t)x] =
                    relu && sum < 0 ? 0 : sum;
            }
}

static void sample_make(struct sample *sample, const struct example *example)
{
    size_t channels = (size_t)example->channels, maps = (size_t)example->maps,
           middle = (size_t)example->middle, pixels = (size_t)example->width * (size_t)example->height;
    size_t count = maps * channels * 81 + maps + middle * maps + middle + channels * middle * 25 + channels;
    float *at;

    state = (uint32_t)(count + pixels);
    sample->numbers = at = mem_alloc_zeroed(count, sizeof *at);
    sample->weights = (struct srcnn_weights){
        .channels = example->channels, .maps = example->maps, .middle = example->middle};
    sample->weights.first = take(&at, maps * channels * 81, 0.2F);
    sample->weights.second = take(&at, middle * maps, 0.4F);
    sample->weights.third = take(&at, channels * middle * 25, 0.2F);
    if (example->biases) {
        sample->weights.first_bias = take(&at, maps, 1);
        sample->weights.second_bias = take(&at, middle, 1);
        sample->weights.third_bias = take(&at, channels, 1);
    }
    at = sample->picture = mem_alloc_zeroed(channels * pixels, sizeof *at);
    take(&at, channels * pixels, 2);

    double *planes = mem_alloc_zeroed((channels + maps + middle) * pixels, sizeof *planes);
    double *first = planes + channels * pixels, *second = first + maps * pixels;
    sample->expected = mem_alloc_zeroed(channels * pixels, sizeof *sample->expected);
    for (size_t i = 0; i < channels * pixels; i++)
        planes[i] = (double)sample->picture[i];
    convolve(first, planes, example->channels, example->maps, 9, sample->weights.first,
             sample->weights.first_bias, true, example->width, example->height);
    convolve(second, first, example->maps, example->middle, 1, sample->weights.second,
             sample->weights.second_bias, true, example->width, example->height);
    convolve(sample->expected, second, example->middle, example->channels, 5, sample->weights.third,
             sample->weights.third_bias, false, example->width, example->height);
    mem_free(planes);
}

static void sample_free(struct sample *sample)
{
    mem_free(sample->numbers);
    mem_free(sample->picture);
    mem_free(sample->expected);
}

/* The picture enlarged, with a guard behind it. */
static float *run_at(enum cpu_level level, const struct example *example, const struct sample *sample,
                     struct pool *pool)
{
    size_t           count = (size_t)example->channels * (size_t)example->width * (size_t)example->height;
    float           *out = mem_alloc_zeroed(count + 1, sizeof *out);
    struct srcnn    *srcnn = NULL;
    struct bsr_error err;

    out[count] = 7;
    assert_int_equal(srcnn_make_at(&srcnn, level, &sample->weights, &err), BSR_OK);
    assert_int_equal(
        srcnn_run_planes(srcnn, sample->picture, out, example->width, example->height, pool, &err), BSR_OK);
    assert_true(out[count] == 7);
    srcnn_free(srcnn);
    return out;
}

static void test_every_set_of_kernels_gives_the_sums(void **unused)
{
    (void)unused;
    for (int e = 0; e < EXAMPLES; e++) {
        const struct example *example = &examples[e];
        size_t        count = (size_t)example->channels * (size_t)example->width * (size_t)example->height;
        struct sample sample;
        double        largest = 0;
        sample_make(&sample, example);
        for (size_t i = 0; i < count; i++)
            largest = fmax(largest, fabs(sample.expected[i]));
        for (int level = CPU_SCALAR; level <= CPU_AVX512; level++) {
            if (level > (int)cpu_level_of_machine()) {
                printf("SKIPPED: this processor has no %s\n", cpu_level_name((enum cpu_level)level));
                continue;
            }
            float *out = run_at((enum cpu_level)level, example, &sample, NULL);
            for (size_t i = 0; i < count; i++)
                if (!(fabs((double)out[i] - sample.expected[i]) <= 6e-6 * largest))
                    fail_msg("%s, example %d, value %zu: %.9g instead of %.9g",
                             cpu_level_name((enum cpu_level)level), e, i, (double)out[i], sample.expected[i]);
            mem_free(out);
        }
        sample_free(&sample);
    }
}

static void test_threads_change_no_bit(void **unused)
{
    (void)unused;
    struct bsr_error err;
    for (int e = 0; e < EXAMPLES; e++) {
        struct sample sample;
        sample_make(&sample, &examples[e]);
        size_t bytes = (size_t)examples[e].channels * (size_t)examples[e].width * (size_t)examples[e].height *
                       sizeof(float);
        float *alone = run_at(cpu_level(), &examples[e], &sample, NULL);
        for (int threads = 2; threads <= 7; threads += 5) {
            struct pool *pool = NULL;
            assert_int_equal(pool_create(&pool, threads, &err), BSR_OK);
            float *shared = run_at(cpu_level(), &examples[e], &sample, pool);
            assert_memory_equal(alone, shared, bytes);
            mem_free(shared);
            pool_destroy(pool);
        }
        mem_free(alone);
        sample_free(&sample);
    }
}

static void test_lack_of_memory_is_told(void **unused)
{
    (void)unused;
    struct sample    sample;
    struct srcnn    *srcnn = NULL;
    struct bsr_error err;
    float            out[16 * 12 * 3];
    bsr_status       status = BSR_ENOMEM;

    sample_make(&sample, &examples[6]);
    for (size_t n = 1; status == BSR_ENOMEM && n < 20; n++) {
        mem_fail_from(n);
        status = srcnn_make(&srcnn, &sample.weights, &err);
        if (status == BSR_OK) {
            mem_fail_from(1);
            assert_int_equal(srcnn_run_planes(srcnn, sample.picture, out, 16, 12, NULL, &err), BSR_ENOMEM);
        }
        mem_fail_from(0);
    }
    assert_int_equal(status, BSR_OK);
    srcnn_free(srcnn);
    sample_free(&sample);
}

static void test_what_is_no_such_net_is_refused(void **unused)
{
    (void)unused;
    struct srcnn        *srcnn = NULL;
    struct bsr_error     err;
    struct srcnn_weights two = {.channels = 2, .maps = 4, .middle = 4};
    struct srcnn_weights none = {.channels = 1, .maps = 0, .middle = 4};
    struct srcnn_weights many = {.channels = 1, .maps = 4, .middle = SRCNN_MAX_MAPS + 1};

    assert_int_equal(srcnn_make(&srcnn, &two, &err), BSR_ERANGE);
    assert_int_equal(srcnn_make(&srcnn, &none, &err), BSR_ERANGE);
    assert_int_equal(srcnn_make(&srcnn, &many, &err), BSR_ERANGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_set_of_kernels_gives_the_sums),
        cmocka_unit_test(test_threads_change_no_bit),
        cmocka_unit_test(test_lack_of_memory_is_told),
        cmocka_unit_test(test_what_is_no_such_net_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
