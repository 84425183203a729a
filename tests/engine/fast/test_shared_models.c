/* Real exports, where they are there: fast regions against stock OpenCV. */
#include "base/alloc.h"
#include "base/file.h"
#include "engine/engine.h"
#include "engine/fast/fast.h"
#include "onnx/changes.h"
#include "onnx/model.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static struct bytes read_shared(const char *name)
{
    char         path[1024];
    const char  *folder = getenv("BESRA_SHARED");
    struct bytes bytes = {0};

    snprintf(path, sizeof path, "%s/models/%s", folder ? folder : "", name);
    if (!folder || access(path, R_OK) != 0) {
        print_message("SKIPPED: %s is not there (BESRA_SHARED)\n", path);
        skip();
    }
    assert_int_equal(file_read(&bytes, path, (size_t)1 << 28, NULL), BSR_OK);
    return bytes;
}

/* The body of a model that enlarges its picture first. */
static void lift_resize(struct bytes *bytes)
{
    struct onnx_model *model = NULL;
    struct onnx_resize resize;

    assert_int_equal(onnx_model_read(&model, bytes->data, bytes->size, NULL, "model", NULL), BSR_OK);
    assert_int_equal(onnx_lift_front_resize(model, &resize, NULL), BSR_OK);
    bytes_clear(bytes);
    assert_int_equal(onnx_model_write(model, bytes, NULL), BSR_OK);
    onnx_model_free(model);
}

static struct engine *open_engine(const struct bytes *bytes, const char *backend, const char *name)
{
    struct engine        *engine = NULL;
    struct bsr_error      err = {0};
    struct engine_options options = {.backend = backend};

    if (engine_open(&engine, bytes->data, bytes->size, &options, name, &err) != BSR_OK)
        fail_msg("%s: %s", name, err.message);
    return engine;
}

/* Smooth, with edges: what nets were made for. */
static float *make_picture(int channels, int height, int width)
{
    float *data = mem_alloc_aligned((size_t)(channels * height * width), sizeof *data), *at = data;

    assert_non_null(data);
    for (int c = 0; c < channels; c++)
        for (int y = 0; y < height; y++)
            for (int x = 0; x < width; x++)
                *at++ = 0.5F + 0.3F * sinf((float)(x * (c + 1) + 3 * y) * 0.05F) +
                        0.2F * (float)((x / 40 + y / 56) % 2) - 0.1F;
    return data;
}

static const struct tensor *run(struct engine *engine, const float *data, int channels, int height, int width,
                                int *count)
{
    struct tensor        input = {.data = data, .dims = 4, .shape = {1, channels, height, width}};
    const struct tensor *outputs = NULL;
    struct bsr_error     err = {0};

    if (engine_run(engine, &input, 1, &outputs, count, &err) != BSR_OK)
        fail_msg("%s", err.message);
    return outputs;
}

static size_t count_of(const struct tensor *tensor)
{
    size_t count = 1;
    for (int i = 0; i < tensor->dims; i++)
        count *= (size_t)tensor->shape[i];
    return count;
}

static void compare(const struct tensor *a, const struct tensor *b, double tolerance, const char *name)
{
    double worst = 0;

    assert_int_equal(a->dims, b->dims);
    assert_memory_equal(a->shape, b->shape, (size_t)a->dims * sizeof *a->shape);
    for (size_t i = 0; i < count_of(a); i++) {
        double apart = fabs((double)a->data[i] - (double)b->data[i]);
        worst = apart <= worst ? worst : apart;
    }
    print_message("%s %s: %.2g apart\n", name, a->name, worst);
    if (!(worst <= tolerance))
        fail_msg("%s %s: %g apart (%g)", name, a->name, worst, tolerance);
}

static int count_fast(const struct engine *engine)
{
    const struct onnx_changes *changes = engine_changes(engine);
    int                        count = 0;

    for (size_t i = 0; i < changes->count; i++)
        count += strcmp(changes->items[i].pass, "fast") == 0;
    return count;
}

/* A model at some sizes, one after the other and again. */
struct shared_case {
    const char *name;
    int         channels, sides[4][2], least_fast;
    double      tolerance; /* absolute: of logits, of grey levels in 0..1 */
};

static void check(const struct shared_case *c)
{
    struct bytes bytes = read_shared(c->name);
    lift_resize(&bytes);
    struct engine *stock = open_engine(&bytes, "opencv", c->name),
                  *fast = open_engine(&bytes, "auto", c->name);

    fast_set_threads(2);
    for (int i = 0; i < 4 && c->sides[i][0]; i++) {
        int                  count = 0, stock_count = 0;
        float               *data = make_picture(c->channels, c->sides[i][0], c->sides[i][1]);
        const struct tensor *theirs =
            run(stock, data, c->channels, c->sides[i][0], c->sides[i][1], &stock_count);
        const struct tensor *ours = run(fast, data, c->channels, c->sides[i][0], c->sides[i][1], &count);
        assert_int_equal(count, stock_count);
        for (int k = 0; k < count; k++)
            compare(&ours[k], &theirs[k], c->tolerance, c->name);
        assert_true(count_fast(fast) >= c->least_fast);
        assert_int_equal(count_fast(stock), 0);
        mem_free(data);
    }
    engine_close(stock);
    engine_close(fast);
    bytes_free(&bytes);
}

static void test_heads_of_yolov5_agree_with_opencv(void **state)
{
    const struct shared_case heads = {"yolov5/yolov5n-heads.onnx", 3, {{640, 640}}, 190, 5e-4};

    (void)state;
    check(&heads);
}

/* Boxes are in pixels of the input, up to 640: 1e-6 of them. */
static void test_yolov5_of_any_size_agrees_with_opencv(void **state)
{
    const struct shared_case dynamic = {
        "yolov5/yolov5n-dynamic.onnx", 3, {{320, 320}, {384, 640}, {224, 96}, {320, 320}}, 190, 5e-3};

    (void)state;
    check(&dynamic);
}

static void test_yolov8_agrees_with_opencv(void **state)
{
    const struct shared_case yolov8 = {"yolov8n.onnx", 3, {{640, 640}}, 180, 2e-2};

    (void)state;
    check(&yolov8);
}

static void test_classifiers_agree_with_opencv(void **state)
{
    const struct shared_case mobilenet = {"classify/mobilenet_v2.onnx", 3, {{224, 224}}, 90, 5e-4};
    const struct shared_case squeezenet = {"classify/squeezenet1_1.onnx", 3, {{224, 224}}, 60, 5e-4};

    (void)state;
    check(&mobilenet);
    check(&squeezenet);
}

/* 8,032 to 20,000 products a pixel, of numbers in 0..1. */
static void test_srcnn_agrees_with_opencv(void **state)
{
    const struct shared_case srcnn = {"tutorial/srcnn3.onnx", 3, {{64, 80}, {33, 47}, {64, 80}}, 5, 1e-4};

    (void)state;
    check(&srcnn);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_heads_of_yolov5_agree_with_opencv),
        cmocka_unit_test(test_yolov5_of_any_size_agrees_with_opencv),
        cmocka_unit_test(test_yolov8_agrees_with_opencv),
        cmocka_unit_test(test_classifiers_agree_with_opencv),
        cmocka_unit_test(test_srcnn_agrees_with_opencv),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
