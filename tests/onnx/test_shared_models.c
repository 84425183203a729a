/* The real exports of ../shared/models, where they are there. */
#include "base/alloc.h"
#include "base/file.h"
#include "tests/onnx/sample.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* The path of a shared model; skips the test aloud without it. */
static const char *shared_model(const char *name)
{
    static char path[1024];
    const char *folder = getenv("BESRA_SHARED");

    snprintf(path, sizeof path, "%s/models/%s", folder ? folder : "", name);
    if (!folder || access(path, R_OK) != 0) {
        print_message("SKIPPED: %s is not there (BESRA_SHARED)\n", path);
        skip();
    }
    return path;
}

static struct onnx_model *read_shared(const char *name)
{
    const char        *path = shared_model(name);
    struct bytes       bytes = {0};
    struct bsr_error   err = {0};
    struct onnx_model *model = NULL;

    assert_int_equal(file_read(&bytes, path, (size_t)1 << 28, &err), BSR_OK);
    if (onnx_model_read(&model, bytes.data, bytes.size, NULL, name, &err) != BSR_OK)
        fail_msg("%s: %s", name, err.message);
    bytes_free(&bytes);
    return model;
}

static const struct {
    const char *name;
    int         inputs, outputs;
    const char *first_output;
} models[] = {
    {"classify/mobilenet_v2.onnx", 1, 1, "class_logits"},
    {"classify/mobilenet_v2_qdq.onnx", 1, 1, "class_logits"},
    {"classify/squeezenet1_1.onnx", 1, 1, "out0"},
    {"tutorial/after_debug.onnx", 1, 4, "/Debug_output_0"},
    {"tutorial/asinh.onnx", 1, 1, "y"},
    {"tutorial/before_debug.onnx", 1, 1, "output"},
    {"tutorial/dcn.onnx", 3, 1, "y"},
    {"tutorial/dcn19.onnx", 3, 1, "y"},
    {"tutorial/linear_func.onnx", 3, 1, "output"},
    {"tutorial/linear_func_sub.onnx", 3, 1, "output"},
    {"tutorial/my_add.onnx", 2, 1, "y"},
    {"tutorial/my_add_custom.onnx", 2, 1, "y"},
    {"tutorial/partial_model.onnx", 1, 1, "/b.2/b.2.1/Conv_output_0"},
    {"tutorial/srcnn.onnx", 1, 1, "output"},
    {"tutorial/srcnn3.onnx", 2, 1, "output"},
    {"tutorial/whole_model.onnx", 1, 1, "output"},
    {"yolov5/yolov5n-dynamic.onnx", 1, 1, "output"},
    {"yolov5/yolov5n-fp16.onnx", 1, 1, "output"},
    {"yolov5/yolov5n-heads.onnx", 1, 3, "out0"},
    {"yolov5/yolov5n-heads5d.onnx", 1, 3, "out0"},
    {"yolov5/yolov5n.onnx", 1, 1, "output"},
    {"yolov8n.onnx", 1, 1, "output0"},
};

static void test_all_exports_are_read_and_written_whole(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof models / sizeof *models; i++) {
        struct onnx_model *model = read_shared(models[i].name), *again = NULL;
        struct bytes       once = {0}, twice = {0};
        struct bsr_error   err = {0};

        assert_int_equal(onnx_input_count(model), models[i].inputs);
        assert_int_equal(onnx_output_count(model), models[i].outputs);
        assert_string_equal(onnx_output(model, 0).name, models[i].first_output);
        assert_int_equal(onnx_model_write(model, &once, &err), BSR_OK);
        assert_int_equal(onnx_model_read(&again, once.data, once.size, NULL, "again", &err), BSR_OK);
        assert_int_equal(onnx_model_write(again, &twice, &err), BSR_OK);
        assert_int_equal(once.size, twice.size);
        assert_memory_equal(once.data, twice.data, once.size);
        onnx_model_free(model);
        onnx_model_free(again);
        bytes_free(&once);
        bytes_free(&twice);
    }
}

static void test_only_srcnn_begins_with_a_resize(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof models / sizeof *models; i++) {
        struct onnx_model *model = read_shared(models[i].name);
        struct onnx_resize resize = {0};
        struct bsr_error   err = {0};

        assert_int_equal(onnx_lift_front_resize(model, &resize, &err), BSR_OK);
        assert_int_equal(resize.found, strstr(models[i].name, "srcnn") != NULL);
        onnx_model_free(model);
    }
}

static void test_srcnn_is_lifted(void **state)
{
    static const struct {
        const char *name;
        double      factor;
        const char *input;
    } cases[] = {{"tutorial/srcnn.onnx", 3.0, ""}, {"tutorial/srcnn3.onnx", 0.0, "factor"}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct onnx_model *model = read_shared(cases[i].name);
        struct onnx_resize resize = {0};
        struct bsr_error   err = {0};

        assert_int_equal(onnx_lift_front_resize(model, &resize, &err), BSR_OK);
        assert_true(resize.factor == cases[i].factor);
        assert_string_equal(resize.input, cases[i].input);
        assert_int_equal(onnx_node_count(model, "Constant"), 0);
        assert_int_equal(onnx_node_count(model, "Resize"), 0);
        assert_int_equal(onnx_node_count(model, "Conv"), 3);
        assert_int_equal(onnx_input_count(model), 1);
        assert_string_equal(onnx_input(model, 0).name, "input");
        assert_int_equal(onnx_input(model, 0).shape[2], -1);
        onnx_model_free(model);
    }
}

static void test_yolov5_names_are_read(void **state)
{
    struct onnx_model *model = read_shared("yolov5/yolov5n.onnx");
    char             **names = NULL;
    int                count = 0;
    struct bsr_error   err = {0};

    (void)state;
    assert_int_equal(onnx_parse_names(&names, &count, onnx_metadata(model, "names"), &err), BSR_OK);
    assert_int_equal(count, 80);
    assert_string_equal(names[0], "person");
    assert_string_equal(names[79], "toothbrush");
    mem_free(names);
    onnx_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_exports_are_read_and_written_whole),
        cmocka_unit_test(test_only_srcnn_begins_with_a_resize),
        cmocka_unit_test(test_srcnn_is_lifted),
        cmocka_unit_test(test_yolov5_names_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
