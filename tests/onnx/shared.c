#include "tests/onnx/shared.h"

#include "base/file.h"
#include "base/npy.h"
#include "onnx/evaluate.h"
#include "onnx/inspect/inspect.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { MAX_OUTPUTS = 16 };

const char *shared_path(const char *name)
{
    static char path[1024];
    const char *folder = getenv("BESRA_SHARED");

    snprintf(path, sizeof path, "%s/models/tutorial/%s", folder ? folder : "", name);
    if (!folder || access(path, R_OK) != 0) {
        print_message("SKIPPED: %s is not there (BESRA_SHARED)\n", path);
        skip();
    }
    return path;
}

static struct bytes read_shared(const char *name, const char *suffix)
{
    char             file[128];
    struct bytes     bytes = {0};
    struct bsr_error err = {0};

    snprintf(file, sizeof file, "%s%s", name, suffix);
    if (file_read(&bytes, shared_path(file), (size_t)1 << 28, &err) != BSR_OK)
        fail_msg("%s: %s", file, err.message);
    return bytes;
}

struct onnx_model *shared_read(const char *name)
{
    struct bytes       bytes = read_shared(name, ".onnx");
    struct bsr_error   err = {0};
    struct onnx_model *model = NULL;

    if (onnx_model_read(&model, bytes.data, bytes.size, NULL, name, &err) != BSR_OK)
        fail_msg("%s: %s", name, err.message);
    bytes_free(&bytes);
    return model;
}

struct bsr_tensor shared_tensor(const char *name)
{
    struct bytes      bytes = read_shared(name, ".npy");
    struct bsr_error  err = {0};
    struct bsr_tensor tensor = {0};

    if (npy_read(&tensor, bytes.data, bytes.size, name, &err) != BSR_OK)
        fail_msg("%s: %s", name, err.message);
    bytes_free(&bytes);
    return tensor;
}

struct bsr_tensor run_model(const struct onnx_model *model, struct bsr_tensor *inputs, int count)
{
    struct evaluator *evaluator = NULL;
    struct bsr_error  err = {0};
    struct bsr_tensor outputs[MAX_OUTPUTS] = {{0}};

    assert_int_equal(onnx_input_count(model), count);
    assert_in_range(onnx_output_count(model), 1, MAX_OUTPUTS);
    if (evaluator_open(&evaluator, model, &err) != BSR_OK ||
        evaluator_run(evaluator, inputs, outputs, NULL, NULL, &err) != BSR_OK)
        fail_msg("%s", err.message);
    evaluator_close(evaluator);
    for (int i = 0; i < count; i++)
        tensor_free(&inputs[i]);
    for (int i = 1; i < onnx_output_count(model); i++)
        tensor_free(&outputs[i]);
    return outputs[0];
}

void assert_tensors_near(struct bsr_tensor *found, struct bsr_tensor *expected, double tolerance)
{
    assert_int_equal(found->type, expected->type);
    if (!tensor_same_shape(found, expected))
        fail_msg("the shape is %s, not %s", tensor_shape_text(found).text, tensor_shape_text(expected).text);
    for (size_t i = 0; i < tensor_count(found); i++)
        if (!(fabs(tensor_get(found, i) - tensor_get(expected, i)) <= tolerance))
            fail_msg("element %zu is %g, not %g", i, tensor_get(found, i), tensor_get(expected, i));
    tensor_free(found);
    tensor_free(expected);
}

void assert_sound(const struct onnx_model *model)
{
    struct bytes       bytes = {0};
    struct onnx_model *again = NULL;
    struct onnx_faults faults = {0};
    struct bsr_error   err = {0};

    assert_int_equal(onnx_model_write(model, &bytes, &err), BSR_OK);
    if (onnx_model_read(&again, bytes.data, bytes.size, NULL, "written", &err) != BSR_OK)
        fail_msg("%s", err.message);
    assert_int_equal(onnx_find_faults(&faults, again, &err), BSR_OK);
    for (size_t i = 0; i < faults.count; i++)
        if (faults.items[i].level == ONNX_FAULT_ERROR)
            fail_msg("%s: %s", faults.items[i].where, faults.items[i].what);
    onnx_faults_free(&faults);
    onnx_model_free(again);
    bytes_free(&bytes);
}
