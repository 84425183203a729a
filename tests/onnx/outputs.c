#include "tests/onnx/outputs.h"

#include "onnx/evaluate.h"
#include "tests/onnx/sample.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

struct bsr_tensor random_tensor(int type, int dims, const int64_t *shape, uint64_t seed)
{
    struct bsr_tensor tensor = {.type = type, .dims = dims};
    struct bsr_error  err = {0};
    uint64_t          state = seed * 2 + 1;
    bool              is_float = type == BSR_F32 || type == BSR_F16 || type == BSR_BF16 || type == BSR_F64;

    for (int i = 0; i < dims; i++)
        tensor.shape[i] = shape[i] >= 0 ? shape[i] : i ? SYMBOLIC_SIDE : 1;
    if (tensor_alloc(&tensor, &err) != BSR_OK)
        fail_msg("%s", err.message);
    for (size_t i = 0; i < tensor_count(&tensor); i++) {
        uint64_t bits = next_random(&state) >> 11;
        if (is_float)
            tensor_set(&tensor, i, 2.0 * (double)bits / (double)(UINT64_C(1) << 53) - 1.0);
        else
            tensor_set_int(&tensor, i, (int64_t)(bits & 1));
    }
    return tensor;
}

struct outputs outputs_for(const struct onnx_model *model, const struct bsr_tensor *inputs)
{
    struct outputs    outputs = {.count = onnx_output_count(model)};
    struct evaluator *evaluator = NULL;
    struct bsr_error  err = {0};

    assert_true(outputs.count <= MOST_OUTPUTS);
    bsr_status status = evaluator_open(&evaluator, model, &err);
    if (status == BSR_OK)
        status = evaluator_run(evaluator, inputs, outputs.tensors, NULL, NULL, &err);
    if (status != BSR_OK)
        fail_msg("%s: %s", err.subject, err.message);
    evaluator_close(evaluator);
    return outputs;
}

struct outputs outputs_of(const struct onnx_model *model, uint64_t seed)
{
    struct bsr_tensor inputs[MOST_OUTPUTS] = {{0}};
    int               count = onnx_input_count(model);

    assert_true(count <= MOST_OUTPUTS);
    for (int i = 0; i < count; i++) {
        struct onnx_value input = onnx_input(model, i);
        inputs[i] = random_tensor(input.element_type, input.dims, input.shape, seed + (uint64_t)i);
    }
    struct outputs outputs = outputs_for(model, inputs);
    for (int i = 0; i < count; i++)
        tensor_free(&inputs[i]);
    return outputs;
}

void outputs_free(struct outputs *outputs)
{
    for (int i = 0; i < outputs->count; i++)
        tensor_free(&outputs->tensors[i]);
}

double outputs_difference(const struct outputs *a, const struct outputs *b)
{
    double most = 0.0;

    assert_int_equal(a->count, b->count);
    for (int i = 0; i < a->count; i++) {
        assert_true(tensor_same_shape(&a->tensors[i], &b->tensors[i]));
        for (size_t n = 0; n < tensor_count(&a->tensors[i]); n++) {
            double expected = tensor_get(&b->tensors[i], n);
            double apart = fabs(tensor_get(&a->tensors[i], n) - expected) / fmax(1.0, fabs(expected));
            assert_false(isnan(apart));
            most = fmax(most, apart);
        }
    }
    return most;
}
