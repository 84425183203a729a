/* Tails and passes on the real exports of ../shared/models, where they are there. */
#include "base/file.h"
#include "onnx/passes/passes.h"
#include "onnx/tails.h"
#include "tests/onnx/outputs.h"
#include "tests/onnx/sample.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* Skips the test aloud where the model is not there. */
static struct onnx_model *read_shared(const char *name)
{
    char               path[1024];
    const char        *folder = getenv("BESRA_SHARED");
    struct bytes       bytes = {0};
    struct bsr_error   err = {0};
    struct onnx_model *model = NULL;

    snprintf(path, sizeof path, "%s/models/%s", folder ? folder : "", name);
    if (!folder || access(path, R_OK) != 0) {
        print_message("SKIPPED: %s is not there (BESRA_SHARED)\n", path);
        skip();
    }
    assert_int_equal(file_read(&bytes, path, (size_t)1 << 28, &err), BSR_OK);
    if (onnx_model_read(&model, bytes.data, bytes.size, NULL, name, &err) != BSR_OK)
        fail_msg("%s: %s", name, err.message);
    bytes_free(&bytes);
    return model;
}

/* YOLOv5's own anchors (yolov5n.yaml), pixels at strides 8, 16, 32. */
static const float yolov5_anchors[3][3][2] = {
    {{10, 13}, {16, 30}, {33, 23}}, {{30, 61}, {62, 45}, {59, 119}}, {{116, 90}, {156, 198}, {373, 326}}};

static const struct {
    const char *name;
    bool        has_anchors;
    double      tolerance; /* of its heads from those of the first */
} exports[] = {
    {"yolov5/yolov5n.onnx", true, 0.0},
    {"yolov5/yolov5n-heads5d.onnx", false, 1e-6},
    {"yolov5/yolov5n-dynamic.onnx", true, 1e-6},
    {"yolov5/yolov5n-fp16.onnx", true, 0.05},
};

static void expect_yolov5n(const char *name, const struct onnx_detect_tail *tail, bool has_anchors)
{
    if (!tail->found)
        fail_msg("%s: no tail found", name);
    assert_int_equal(tail->heads, 3);
    assert_int_equal(tail->anchors, 3);
    assert_int_equal(tail->classes, 80);
    assert_int_equal(tail->in_height, 640);
    assert_int_equal(tail->in_width, 640);
    assert_true(tail->any_size);
    for (int h = 0; h < 3; h++) {
        assert_true(tail->strides[h] == (float)(8 << h));
        for (int a = 0; a < 3; a++)
            for (int s = 0; s < 2; s++)
                assert_true(tail->sizes[h][a][s] == (has_anchors ? yolov5_anchors[h][a][s] : 0.0F));
    }
}

/* All are the same net: their heads are, too, at a size that none was exported at. */
static void test_detect_tails_of_all_exports_are_cut(void **state)
{
    struct outputs first = {.count = 0};
    (void)state;
    for (size_t i = 0; i < sizeof exports / sizeof *exports; i++) {
        struct onnx_model      *model = read_shared(exports[i].name);
        struct onnx_detect_tail tail = {.found = false};
        struct bsr_error        err = {0};
        bool                    changed = false;

        assert_int_equal(onnx_cut_detect(model, 640, &tail, NULL, &err), BSR_OK);
        expect_yolov5n(exports[i].name, &tail, exports[i].has_anchors);
        assert_int_equal(onnx_node_count(model, "Conv"), 60);
        assert_int_equal(onnx_output_count(model), 3);

        assert_int_equal(pass_f16_to_f32(model, NULL, NULL, &changed, &err), BSR_OK);
        struct bsr_tensor picture = random_tensor(BSR_F32, 4, (const int64_t[]){1, 3, 64, 96}, 2);
        struct outputs    heads = outputs_for(model, &picture);
        tensor_free(&picture);
        onnx_model_free(model);
        if (i == 0) {
            first = heads;
            continue;
        }
        double apart = outputs_difference(&heads, &first);
        print_message("%s: heads are %g apart from yolov5n.onnx's\n", exports[i].name, apart);
        assert_true(apart <= exports[i].tolerance);
        outputs_free(&heads);
    }
    outputs_free(&first);
}

static void test_the_tail_of_yolov8_is_cut(void **state)
{
    struct onnx_model      *model = read_shared("yolov8n.onnx");
    struct onnx_detect_tail tail = {.found = false};
    struct bsr_error        err = {0};
    (void)state;

    assert_int_equal(onnx_cut_detect(model, 640, &tail, NULL, &err), BSR_OK);
    assert_true(tail.found && tail.any_size);
    assert_int_equal(tail.heads, 3);
    assert_int_equal(tail.anchors, 0);
    assert_int_equal(tail.bins, 16);
    assert_int_equal(tail.classes, 80);
    for (int h = 0; h < 3; h++)
        assert_true(tail.strides[h] == (float)(8 << h));
    assert_int_equal(onnx_output_count(model), 6);
    assert_int_equal(onnx_node_count(model, "Conv"), 63);
    assert_int_equal(onnx_node_count(model, "Softmax"), 0);
    onnx_model_free(model);
}

static void test_exports_without_a_detect_tail_stay(void **state)
{
    static const char *const names[] = {"yolov5/yolov5n-heads.onnx",      "classify/mobilenet_v2.onnx",
                                        "classify/mobilenet_v2_qdq.onnx", "tutorial/srcnn.onnx",
                                        "tutorial/whole_model.onnx",      "tutorial/linear_func.onnx"};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct onnx_model      *model = read_shared(names[i]);
        struct onnx_detect_tail tail = {.found = true};
        struct bytes            before = {0}, after = {0};
        struct bsr_error        err = {0};

        assert_int_equal(onnx_model_write(model, &before, &err), BSR_OK);
        assert_int_equal(onnx_cut_detect(model, 640, &tail, NULL, &err), BSR_OK);
        assert_false(tail.found);
        assert_int_equal(onnx_model_write(model, &after, &err), BSR_OK);
        assert_int_equal(before.size, after.size);
        assert_memory_equal(before.data, after.data, after.size);
        bytes_free(&before);
        bytes_free(&after);
        onnx_model_free(model);
    }
}

/* 52 convolutions and a Gemm: weight and bias each; what is left are the pairs on activations. */
static void test_quantised_weights_become_floats(void **state)
{
    (void)state;
    struct onnx_prepare_options options = {.qdq = ONNX_QDQ_DROP, .opencv = 406};
    struct onnx_changes         changes = {0};
    struct onnx_model          *model = read_shared("classify/mobilenet_v2_qdq.onnx");
    struct bsr_error            err = {0};
    bool                        changed = false;
    struct outputs              before = outputs_of(model, 1);

    assert_int_equal(pass_dequantize_weights(model, &options, &changes, &changed, &err), BSR_OK);
    assert_int_equal(changes.count, 106);
    assert_int_equal(onnx_node_count(model, "DequantizeLinear"), 65);
    struct outputs after = outputs_of(model, 1);
    assert_true(outputs_difference(&after, &before) <= 1e-6);

    assert_int_equal(pass_drop_qdq(model, &options, NULL, &changed, &err), BSR_OK);
    assert_int_equal(onnx_node_count(model, "DequantizeLinear"), 0);
    assert_int_equal(onnx_node_count(model, "Clip"), 65);
    outputs_free(&after);
    after = outputs_of(model, 1);
    print_message("mobilenet_v2_qdq without its steps: logits %g apart\n",
                  outputs_difference(&after, &before));
    outputs_free(&before);
    outputs_free(&after);
    onnx_changes_free(&changes);
    onnx_model_free(model);
}

/* The Splits are why OpenCV 4.6 refuses it. */
static void test_yolov8_splits_are_attributes(void **state)
{
    (void)state;
    struct onnx_prepare_options options = {.opencv = 406};
    struct onnx_model          *model = read_shared("yolov8n.onnx");
    const Onnx__GraphProto     *graph = model->proto->graph;
    struct bsr_error            err = {0};
    bool                        changed = false;
    int                         splits = 0;

    assert_int_equal(pass_lower_for_opencv(model, &options, NULL, &changed, &err), BSR_OK);
    assert_true(changed);
    for (size_t i = 0; i < graph->n_node; i++) {
        if (!node_is(graph->node[i], "Split"))
            continue;
        splits++;
        assert_int_equal(graph->node[i]->n_input, 1);
        assert_non_null(node_attribute(graph->node[i], "split"));
    }
    assert_int_equal(splits, 10);
    onnx_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_detect_tails_of_all_exports_are_cut),
        cmocka_unit_test(test_the_tail_of_yolov8_is_cut),
        cmocka_unit_test(test_exports_without_a_detect_tail_stay),
        cmocka_unit_test(test_quantised_weights_become_floats),
        cmocka_unit_test(test_yolov8_splits_are_attributes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
