/* Nets that run, on the small models of tests/onnx/data. */
#include "base/alloc.h"
#include "engine/engine.h"
#include "tests/onnx/sample.h"

#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const float one_to_twelve[12] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};

/* The convolution of data/conv.onnx on 1..12, by numpy (make_models.py prints it). */
static const float convolved[12] = {11.6F, 18.3F, 22.2F, 15.0F, 23.6F, 35.3F,
                                    39.8F, 25.7F, 13.8F, 19.5F, 21.6F, 13.2F};

/* Sums of nine products of numbers up to 12 and 0.9 in float: rounding stays far below. */
static const double tolerance = 1e-4;

static struct engine *open_sample(const char *name)
{
    struct bytes     bytes = sample_bytes(name);
    struct engine   *engine = NULL;
    struct bsr_error err = {0};

    if (engine_open(&engine, bytes.data, bytes.size, NULL, name, &err) != BSR_OK)
        fail_msg("%s: %s", err.subject, err.message);
    bytes_free(&bytes); /* the engine keeps nothing of it */
    return engine;
}

static struct tensor picture(const char *name, const float *data, int64_t height, int64_t width)
{
    return (struct tensor){.name = name, .data = data, .dims = 4, .shape = {1, 1, height, width}};
}

static const struct tensor *run(struct engine *engine, const struct tensor *inputs, int count, int expected)
{
    const struct tensor *outputs = NULL;
    int                  output_count = 0;
    struct bsr_error     err = {0};

    if (engine_run(engine, inputs, count, &outputs, &output_count, &err) != BSR_OK)
        fail_msg("%s: %s", err.subject, err.message);
    assert_int_equal(output_count, expected);
    return outputs;
}

static void assert_values(const struct tensor *tensor, const float *expected, size_t count)
{
    size_t size = 1;

    for (int i = 0; i < tensor->dims; i++)
        size *= (size_t)tensor->shape[i];
    assert_int_equal(size, count);
    for (size_t i = 0; i < count; i++)
        if (!(fabs((double)tensor->data[i] - (double)expected[i]) <= tolerance))
            fail_msg("%s[%zu] is %g, not %g", tensor->name, i, (double)tensor->data[i], (double)expected[i]);
}

static void test_a_net_computes_what_numpy_computes(void **state)
{
    (void)state;
    static const char *const names[] = {"conv", "weights_as_inputs", "dynamic", "unknown_fields",
                                        "shapeless"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct engine       *engine = open_sample(names[i]);
        struct tensor        x = picture("x", one_to_twelve, 3, 4);
        const struct tensor *y = run(engine, &x, 1, 1);

        assert_string_equal(y->name, "y");
        assert_int_equal(y->dims, 4);
        assert_int_equal(y->shape[2], 3);
        assert_int_equal(y->shape[3], 4);
        assert_values(y, convolved, 12);
        engine_close(engine);
    }
}

/* The net is a 3 x 3 convolution: a row alone, and then the three rows again. */
static void test_shapes_may_change_from_run_to_run(void **state)
{
    static const float row[4] = {0.5F * 1 + 0.6F * 2 + 0.5F, 0.4F * 1 + 0.5F * 2 + 0.6F * 3 + 0.5F,
                                 0.4F * 2 + 0.5F * 3 + 0.6F * 4 + 0.5F, 0.4F * 3 + 0.5F * 4 + 0.5F};
    struct engine     *engine = open_sample("conv");
    struct tensor      whole = picture("x", one_to_twelve, 3, 4), first = picture("x", one_to_twelve, 1, 4);

    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_values(run(engine, &whole, 1, 1), convolved, 12);
        const struct tensor *y = run(engine, &first, 1, 1);
        assert_int_equal(y->shape[2], 1);
        assert_values(y, row, 4);
    }
    engine_close(engine);
}

static void test_outputs_come_in_the_order_of_the_model(void **state)
{
    static const float   values[4] = {-2, 1, 0,
                                      3}; /* early = relu(x), middle = early + x, late = relu(middle) */
    static const float   late[4] = {0, 2, 0, 6}, middle[4] = {-2, 2, 0, 6}, early[4] = {0, 1, 0, 3};
    struct engine       *engine = open_sample("outputs");
    struct tensor        x = {.name = "x", .data = values, .dims = 2, .shape = {1, 4}};
    const struct tensor *outputs = run(engine, &x, 1, 3);

    (void)state;
    assert_string_equal(outputs[0].name, "late");
    assert_string_equal(outputs[1].name, "middle");
    assert_string_equal(outputs[2].name, "early");
    assert_values(&outputs[0], late, 4);
    assert_values(&outputs[1], middle, 4);
    assert_values(&outputs[2], early, 4);
    engine_close(engine);
}

static void test_inputs_are_matched_by_name(void **state)
{
    static const float a[6] = {1, 2, 3, 4, 5, 6}, b[6] = {10, 20, 30, 40, 50, 60},
                       expected[6] = {9, 18, 27, 36, 45, 54};
    struct engine *engine = open_sample("two_inputs"); /* d = second - first */
    struct tensor  first = {.name = "first", .data = a, .dims = 2, .shape = {2, 3}};
    struct tensor  second = {.name = "second", .data = b, .dims = 2, .shape = {2, 3}};
    struct tensor  one_way[2] = {first, second}, other_way[2] = {second, first};

    (void)state;
    assert_values(run(engine, one_way, 2, 1), expected, 6);
    assert_values(run(engine, other_way, 2, 1), expected, 6);
    engine_close(engine);
}

static void test_vectors_stay_vectors(void **state)
{
    static const float   values[5] = {-1, 2, -3, 4, 5}, expected[5] = {0, 2, 0, 4, 5};
    struct engine       *engine = open_sample("vector");
    struct tensor        x = {.data = values, .dims = 1, .shape = {5}}; /* the only input needs no name */
    const struct tensor *y = run(engine, &x, 1, 1);

    (void)state;
    assert_int_equal(y->dims, 1);
    assert_values(y, expected, 5);
    engine_close(engine);
}

static void test_a_model_in_the_wrong_hands_is_refused(void **state)
{
    static const struct {
        const char *name, *says;
    } cases[] = {
        {"unsupported", "node /sharpen (hawk.Sharpen): this operator is unknown to besra"},
        {"external", "a model in memory has no folder to look in"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bytes     bytes = sample_bytes(cases[i].name);
        struct engine   *engine = NULL;
        struct bsr_error err = {0};

        assert_int_equal(engine_open(&engine, bytes.data, bytes.size, NULL, "m.onnx", &err), BSR_EMODEL);
        if (!strstr(err.message, cases[i].says))
            fail_msg("%s: \"%s\" does not say \"%s\"", cases[i].name, err.message, cases[i].says);
        assert_string_equal(err.subject, "m.onnx");
        assert_null(strchr(err.message, '\n'));
        assert_null(engine);
        bytes_free(&bytes);
    }
}

static void test_truncated_models_are_refused(void **state)
{
    struct bytes bytes = sample_bytes("conv");

    (void)state;
    for (size_t size = 0; size < bytes.size - 6; size += 3) { /* the last 6 bytes are the opset */
        struct engine   *engine = NULL;
        struct bsr_error err = {0};
        assert_int_equal(engine_open(&engine, bytes.data, size, NULL, "cut.onnx", &err), BSR_EMODEL);
    }
    bytes_free(&bytes);
}

static void expect_run_failure(struct engine *engine, const struct tensor *inputs, int count,
                               const char *says)
{
    const struct tensor *outputs = NULL;
    int                  output_count = 17;
    struct bsr_error     err = {0};

    assert_int_equal(engine_run(engine, inputs, count, &outputs, &output_count, &err), BSR_EENGINE);
    if (!strstr(err.message, says))
        fail_msg("\"%s\" does not say \"%s\"", err.message, says);
    assert_null(strchr(err.message, '\n'));
    assert_null(outputs);
    assert_int_equal(output_count, 17);
}

static void test_wrong_inputs_are_refused(void **state)
{
    struct engine *engine = open_sample("two_inputs");
    struct tensor  good = {.name = "first", .data = one_to_twelve, .dims = 2, .shape = {2, 3}};
    struct tensor  unknown = good, none = good, flat = good, deep = good, huge = good;
    struct tensor  pair[2] = {good, good};

    (void)state;
    expect_run_failure(engine, &good, 1, "takes 2 inputs, not 1");
    expect_run_failure(engine, pair, 2, "no second input 'first'");
    unknown.name = "third";
    none.data = NULL;
    flat.dims = 0;
    deep.dims = ENGINE_MAX_DIMS + 1;
    huge.shape[0] = INT64_C(1) << 40;
    pair[1] = unknown;
    expect_run_failure(engine, pair, 2, "no input 'third'");
    unknown.name = NULL;
    pair[1] = unknown;
    expect_run_failure(engine, pair, 2, "no input ''");
    pair[1] = none;
    expect_run_failure(engine, pair, 2, "or no data");
    pair[1] = flat;
    expect_run_failure(engine, pair, 2, "0 dimensions");
    pair[1] = deep;
    expect_run_failure(engine, pair, 2, "9 dimensions");
    pair[1] = huge;
    expect_run_failure(engine, pair, 2, "impossible side");
    engine_close(engine);
}

/* y = concat(relu(x), k) along the channels, k being 1 x 1 x 3 x 4. */
static void test_a_shape_that_does_not_fit_is_refused_and_forgotten(void **state)
{
    struct engine *engine = open_sample("chain");
    struct tensor  good = picture("x", one_to_twelve, 3, 4), bad = picture("x", one_to_twelve, 2, 4);
    float          expected[24];

    (void)state;
    for (int i = 0; i < 24; i++)
        expected[i] = i < 12 ? one_to_twelve[i] : 1.0F;
    for (int i = 0; i < 3; i++) {
        expect_run_failure(engine, &bad, 1,
                           "can't run at 1x1x2x4: node /join (Concat): f32 1x1x2x4 and f32 1x1x3x4 can't");
        assert_values(run(engine, &good, 1, 1), expected, 24);
    }
    engine_close(engine);
}

static void test_backends_are_there_or_said_to_be_missing(void **state)
{
    static const char *const backends[] = {"opencv", "opencv:opencl", "opencv:cuda", "opencv:openvino"};
    struct bytes             bytes = sample_bytes("conv");

    (void)state;
    for (size_t i = 0; i < sizeof backends / sizeof *backends; i++) {
        struct engine_options options = {.backend = backends[i]};
        struct engine        *engine = NULL;
        struct bsr_error      err = {0};
        struct tensor         x = picture("x", one_to_twelve, 3, 4);

        bsr_status status = engine_open(&engine, bytes.data, bytes.size, &options, "m", &err);
        if (status == BSR_OK) {
            assert_values(run(engine, &x, 1, 1), convolved, 12);
            engine_close(engine);
            continue;
        }
        assert_int_not_equal(i, 0);
        assert_int_equal(status, BSR_EMISSING);
        assert_string_equal(err.subject, backends[i]);
        assert_true(err.hint[0] != '\0');
        print_message("not here: %s (%s)\n", backends[i], err.message);
    }
    struct engine_options unknown = {.backend = "abacus"};
    struct engine        *engine = NULL;
    struct bsr_error      err = {0};
    assert_int_equal(engine_open(&engine, bytes.data, bytes.size, &unknown, "m", &err), BSR_EUSAGE);
    bytes_free(&bytes);
}

/* Each allocation of ours fails in turn; OpenCV's own go elsewhere. */
static void test_out_of_memory_is_reported(void **state)
{
    struct bytes bytes = sample_bytes("outputs");

    (void)state;
    for (size_t n = 1;; n++) {
        struct engine   *engine = NULL;
        struct bsr_error err = {0};

        mem_fail_from(n);
        bsr_status status = engine_open(&engine, bytes.data, bytes.size, NULL, "m", &err);
        mem_fail_from(0);
        engine_close(engine);
        if (status == BSR_OK) {
            assert_true(n > 20);
            break;
        }
        assert_int_equal(status, BSR_ENOMEM);
        assert_null(engine);
    }
    bytes_free(&bytes);
}

/* All that the tests above make OpenCV say must not reach the user. */
static void test_opencv_prints_nothing(void **state)
{
    char path[] = "/tmp/besra-stderr-XXXXXX";
    int  file = mkstemp(path), saved = dup(STDERR_FILENO);

    assert_true(file >= 0 && saved >= 0);
    assert_true(dup2(file, STDERR_FILENO) >= 0);
    test_a_model_in_the_wrong_hands_is_refused(state);
    test_a_shape_that_does_not_fit_is_refused_and_forgotten(state);
    assert_true(dup2(saved, STDERR_FILENO) >= 0);
    assert_int_equal(lseek(file, 0, SEEK_END), 0);
    close(file);
    close(saved);
    unlink(path);
}

/* What a thread does: its own engine, many runs at two sizes. */
static void *run_many(void *failures)
{
    struct bytes   bytes = sample_bytes("conv");
    struct engine *engine = NULL;
    int           *failed = failures;

    *failed = engine_open(&engine, bytes.data, bytes.size, NULL, "m", NULL) != BSR_OK;
    for (int i = 0; i < 200 && !*failed; i++) {
        struct tensor        x = picture("x", one_to_twelve, i % 5 ? 3 : 1, 4);
        const struct tensor *y = NULL;
        int                  count = 0;
        *failed = engine_run(engine, &x, 1, &y, &count, NULL) != BSR_OK || count != 1;
        for (int k = 0; k < 12 && i % 5 && !*failed; k++)
            *failed = !(fabs((double)y->data[k] - (double)convolved[k]) <= tolerance);
    }
    engine_close(engine);
    bytes_free(&bytes);
    return NULL;
}

static void test_engines_run_side_by_side(void **state)
{
    enum { THREADS = 6 };
    pthread_t threads[THREADS];
    int       failed[THREADS] = {0};

    (void)state;
    engine_set_threads(1);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, run_many, &failed[i]), 0);
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_false(failed[i]);
    }
    engine_set_threads(2);
}

static void test_version_names_opencv(void **state)
{
    int major = 0;

    (void)state;
    assert_int_equal(sscanf(engine_version(), "OpenCV %d.", &major), 1);
    assert_true(major >= 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_net_computes_what_numpy_computes),
        cmocka_unit_test(test_shapes_may_change_from_run_to_run),
        cmocka_unit_test(test_outputs_come_in_the_order_of_the_model),
        cmocka_unit_test(test_inputs_are_matched_by_name),
        cmocka_unit_test(test_vectors_stay_vectors),
        cmocka_unit_test(test_a_model_in_the_wrong_hands_is_refused),
        cmocka_unit_test(test_truncated_models_are_refused),
        cmocka_unit_test(test_wrong_inputs_are_refused),
        cmocka_unit_test(test_a_shape_that_does_not_fit_is_refused_and_forgotten),
        cmocka_unit_test(test_backends_are_there_or_said_to_be_missing),
        cmocka_unit_test(test_out_of_memory_is_reported),
        cmocka_unit_test(test_opencv_prints_nothing),
        cmocka_unit_test(test_engines_run_side_by_side),
        cmocka_unit_test(test_version_names_opencv),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
