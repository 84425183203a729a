/* The real exports of ../shared/models, where they are there: whether they open, and compute what PyTorch
 * computes. The numbers were printed by make_goldens.py. */
#include "base/alloc.h"
#include "base/file.h"
#include "engine/engine.h"
#include "onnx/model.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* A shared model, read and lifted, written and opened: what besra does with each. Skips aloud without it. */
static bsr_status open_shared(struct engine **engine, const char *name, struct bsr_error *err)
{
    char               path[1024];
    const char        *folder = getenv("BESRA_SHARED");
    struct bytes       bytes = {0}, prepared = {0};
    struct onnx_model *model = NULL;
    struct onnx_resize resize;

    snprintf(path, sizeof path, "%s/models/%s", folder ? folder : "", name);
    if (!folder || access(path, R_OK) != 0) {
        print_message("SKIPPED: %s is not there (BESRA_SHARED)\n", path);
        skip();
    }
    assert_int_equal(file_read(&bytes, path, (size_t)1 << 28, err), BSR_OK);
    assert_int_equal(onnx_model_read(&model, bytes.data, bytes.size, NULL, name, err), BSR_OK);
    assert_int_equal(onnx_lift_front_resize(model, &resize, err), BSR_OK);
    assert_int_equal(onnx_model_write(model, &prepared, err), BSR_OK);
    onnx_model_free(model);
    bytes_free(&bytes);
    bsr_status status = engine_open(engine, prepared.data, prepared.size, NULL, name, err);
    bytes_free(&prepared);
    return status;
}

/* All of them, whatever this OpenCV reads; the one operator that nobody knows is named. */
static void test_every_export_opens(void **state)
{
    static const char *const names[] = {
        "classify/mobilenet_v2.onnx",
        "classify/mobilenet_v2_qdq.onnx",
        "classify/squeezenet1_1.onnx",
        "tutorial/after_debug.onnx",
        "tutorial/asinh.onnx",
        "tutorial/before_debug.onnx",
        "tutorial/dcn.onnx",
        "tutorial/dcn19.onnx",
        "tutorial/linear_func.onnx",
        "tutorial/linear_func_sub.onnx",
        "tutorial/my_add.onnx",
        "tutorial/partial_model.onnx",
        "tutorial/srcnn.onnx",
        "tutorial/srcnn3.onnx",
        "tutorial/whole_model.onnx",
        "yolov5/yolov5n-dynamic.onnx",
        "yolov5/yolov5n-fp16.onnx",
        "yolov5/yolov5n-heads.onnx",
        "yolov5/yolov5n-heads5d.onnx",
        "yolov5/yolov5n.onnx",
        "yolov8n.onnx",
    };
    struct bsr_error err = {0};
    struct engine   *engine = NULL;

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (open_shared(&engine, names[i], &err) != BSR_OK)
            fail_msg("%s: %s", names[i], err.message);
        engine_close(engine);
    }
    assert_int_equal(open_shared(&engine, "tutorial/my_add_custom.onnx", &err), BSR_EMODEL);
    assert_non_null(strstr(err.message, "(custom.MyAdd): this operator is unknown"));
}

/* make_goldens.py's pattern(): ((3x + 5y + 17c + (x * y) % 7) % 256) * scale. */
static float *make_pattern(int64_t height, int64_t width, float scale)
{
    float *data = mem_alloc_aligned((size_t)(3 * height * width), sizeof *data);
    float *at = data;

    assert_non_null(data);
    for (int64_t c = 0; c < 3; c++)
        for (int64_t y = 0; y < height; y++)
            for (int64_t x = 0; x < width; x++)
                *at++ = (float)((3 * x + 5 * y + 17 * c + (x * y) % 7) % 256) * scale;
    return data;
}

/* What make_goldens.py prints of a tensor: its shape, the mean of the absolute values, eight values. */
struct golden {
    int64_t shape[4];
    double  mean;
    float   picks[8];
};

static void assert_golden(const struct tensor *tensor, const struct golden *golden, double tolerance)
{
    double sum = 0;
    size_t count = 1;

    assert_int_equal(tensor->dims, 4);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(tensor->shape[i], golden->shape[i]);
        count *= (size_t)tensor->shape[i];
    }
    for (size_t i = 0; i < count; i++)
        sum += fabs((double)tensor->data[i]);
    if (!(fabs(sum / (double)count - golden->mean) <= tolerance))
        fail_msg("%s: the mean is %.7g, not %.7g", tensor->name, sum / (double)count, golden->mean);
    for (size_t i = 0; i < 8; i++) {
        size_t at = (i * 7919 + 13) % count;
        if (!(fabs((double)tensor->data[at] - (double)golden->picks[i]) <= tolerance))
            fail_msg("%s[%zu] is %.7g, not %.7g", tensor->name, at, (double)tensor->data[at],
                     (double)golden->picks[i]);
    }
}

/* Values up to 255 through 9x9x3, 1x1x64 and 5x5x32 products in float, in another order of adding than
 * PyTorch's: some 1e-6 of the value. */
static void test_srcnn_body_computes_what_pytorch_computes(void **state)
{
    static const struct golden golden = {
        {1, 3, 16, 20},
        86.55524,
        {33.36026F, 104.268F, 89.60547F, 88.9705F, 25.40934F, 92.34263F, 76.78087F, 71.41455F}};
    struct engine       *engine = NULL;
    struct bsr_error     err = {0};
    const struct tensor *outputs = NULL;
    int                  count = 0;

    (void)state;
    assert_int_equal(open_shared(&engine, "tutorial/srcnn3.onnx", &err), BSR_OK);
    float        *data = make_pattern(16, 20, 1.0F);
    struct tensor input = {.name = "input", .data = data, .dims = 4, .shape = {1, 3, 16, 20}};
    assert_int_equal(engine_run(engine, &input, 1, &outputs, &count, &err), BSR_OK);
    assert_int_equal(count, 1);
    assert_golden(&outputs[0], &golden, 1e-3);
    mem_free(data);
    engine_close(engine);
}

static const struct golden square[3] = {
    {{1, 255, 80, 80},
     5.426884,
     {-0.3647468F, -0.3128831F, 0.9325013F, 0.6347054F, -13.1643F, -5.314502F, -4.915543F, -7.401344F}},
    {{1, 255, 40, 40},
     5.579364,
     {0.4281946F, -9.600248F, -4.316271F, -4.562783F, -3.077019F, -7.842312F, -6.562753F, -5.37487F}},
    {{1, 255, 20, 20},
     6.185523,
     {0.280268F, -6.942707F, -4.918749F, -7.84254F, -6.688106F, -7.183131F, -8.636927F, -9.323206F}},
};
static const struct golden wide[3] = {
    {{1, 255, 48, 80},
     5.424054,
     {-0.3647468F, 0.8814248F, -13.80618F, -5.733137F, -7.329016F, -8.232695F, -6.991379F, -4.375254F}},
    {{1, 255, 24, 40},
     5.538954,
     {0.4281946F, -6.383311F, -5.688323F, -7.268409F, -5.73804F, -3.613265F, -4.249674F, -5.437066F}},
    {{1, 255, 12, 20},
     6.022903,
     {0.2802219F, -6.141958F, -6.23149F, -6.935769F, -4.739645F, -6.467239F, -5.939281F, -3.62061F}},
};

/* 60 layers of sums in float: the reference agrees with OpenCV to 3e-5 on a COCO picture. */
static void run_heads(struct engine *engine, int64_t height, int64_t width, const struct golden *goldens)
{
    static const char *const names[] = {"out0", "out1", "out2"};
    float                   *data = make_pattern(height, width, 1.0F / 255.0F);
    struct tensor        input = {.name = "images", .data = data, .dims = 4, .shape = {1, 3, height, width}};
    const struct tensor *outputs = NULL;
    int                  count = 0;
    struct bsr_error     err = {0};

    assert_int_equal(engine_run(engine, &input, 1, &outputs, &count, &err), BSR_OK);
    assert_int_equal(count, 3);
    for (int i = 0; i < 3; i++) {
        assert_string_equal(outputs[i].name, names[i]);
        assert_golden(&outputs[i], &goldens[i], 2e-4);
    }
    mem_free(data);
}

static void test_yolov5n_heads_compute_what_pytorch_computes_at_both_sizes(void **state)
{
    struct engine   *engine = NULL;
    struct bsr_error err = {0};

    (void)state;
    assert_int_equal(open_shared(&engine, "yolov5/yolov5n-heads.onnx", &err), BSR_OK);
    run_heads(engine, 640, 640, square);
    run_heads(engine, 384, 640, wide);
    run_heads(engine, 640, 640, square);
    engine_close(engine);
}

/* The decoded export has its grid frozen at 640: another size must be refused, naming the node, and not run
 * wrongly. */
static void test_decoded_yolov5n_is_refused_at_other_sizes(void **state)
{
    struct engine       *engine = NULL;
    struct bsr_error     err = {0};
    const struct tensor *outputs = NULL;
    int                  count = 0;

    (void)state;
    assert_int_equal(open_shared(&engine, "yolov5/yolov5n.onnx", &err), BSR_OK);
    float        *data = make_pattern(640, 640, 1.0F / 255.0F);
    struct tensor input = {.name = "images", .data = data, .dims = 4, .shape = {1, 3, 384, 640}};
    assert_int_equal(engine_run(engine, &input, 1, &outputs, &count, &err), BSR_EENGINE);
    assert_non_null(strstr(err.message, "can't run at 1x3x384x640: node /model.24/Reshape"));
    input.shape[2] = 640;
    assert_int_equal(engine_run(engine, &input, 1, &outputs, &count, &err), BSR_OK);
    assert_int_equal(outputs[0].dims, 3);
    assert_int_equal(outputs[0].shape[1], 25200);
    assert_int_equal(outputs[0].shape[2], 85);
    mem_free(data);
    engine_close(engine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_export_opens),
        cmocka_unit_test(test_srcnn_body_computes_what_pytorch_computes),
        cmocka_unit_test(test_yolov5n_heads_compute_what_pytorch_computes_at_both_sizes),
        cmocka_unit_test(test_decoded_yolov5n_is_refused_at_other_sizes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
