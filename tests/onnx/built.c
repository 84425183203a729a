#include "tests/onnx/built.h"

#include "base/tensor.h"
#include "onnx/build.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct onnx_model *built(struct bsr_build *build)
{
    struct bytes       bytes = {0};
    struct bsr_error   err = {0};
    struct onnx_model *model = NULL;

    if (build_pack(build, &bytes, &err) != BSR_OK)
        fail_msg("%s: %s", err.subject, err.message);
    if (onnx_model_read(&model, bytes.data, bytes.size, NULL, "built", &err) != BSR_OK)
        fail_msg("%s", err.message);
    bytes_free(&bytes);
    bsr_build_close(build);
    return model;
}

const char *why_not_built(struct bsr_build *build)
{
    static char      says[512];
    struct bytes     bytes = {0};
    struct bsr_error err = {0};

    assert_int_not_equal(build_pack(build, &bytes, &err), BSR_OK);
    bytes_free(&bytes);
    bsr_build_close(build);
    snprintf(says, sizeof says, "%s", err.message);
    return says;
}

struct bsr_tensor ramp(int dims, const int64_t *shape, double start, double step)
{
    struct bsr_tensor tensor = {.type = BSR_F32, .dims = dims};

    memcpy(tensor.shape, shape, (size_t)dims * sizeof *shape);
    assert_int_equal(tensor_alloc(&tensor, NULL), BSR_OK);
    for (size_t i = 0; i < tensor_count(&tensor); i++)
        tensor_set(&tensor, i, start + step * (double)i);
    return tensor;
}

const char *ramp_weight(struct bsr_build *build, const char *name, int dims, const int64_t *shape,
                        double start, double step)
{
    struct bsr_tensor tensor = ramp(dims, shape, start, step);
    const char       *value = bsr_build_weight(build, name, &tensor);
    tensor_free(&tensor);
    return value;
}

struct onnx_model *small_net(void)
{
    struct bsr_build          *b = NULL;
    const int64_t              pads[] = {1, 1, 1, 1};
    const struct bsr_attribute padded[] = {bsr_attribute_ints("pads", 4, pads), {0}};

    assert_int_equal(bsr_build_open(&b, "small", 0, NULL), BSR_OK);
    const char *x = bsr_build_input(b, "x", BSR_F32, 4, (const int64_t[]){1, 2, 4, 4});
    const char *w1 = ramp_weight(b, "w1", 4, (const int64_t[]){3, 2, 3, 3}, -0.5, 0.02);
    const char *half = ramp_weight(b, "half", 1, (const int64_t[]){1}, 0.5, 0);
    const char *w2 = ramp_weight(b, "w2", 4, (const int64_t[]){2, 3, 1, 1}, -0.25, 0.1);
    const char *b2 = ramp_weight(b, "b2", 1, (const int64_t[]){2}, 0.125, 0.5);
    const char *c = bsr_build_named_node(b, "Conv", "c1", (const char *const[]){x, w1, NULL},
                                         (const char *const[]){"c1_out", NULL}, padded);
    const char *r = bsr_build_named_node(b, "Relu", "r1", (const char *const[]){c, NULL},
                                         (const char *const[]){"r1_out", NULL}, NULL);
    const char *m = bsr_build_named_node(b, "Mul", "m1", (const char *const[]){r, half, NULL},
                                         (const char *const[]){"m1_out", NULL}, NULL);
    const char *y = bsr_build_named_node(b, "Conv", "c2", (const char *const[]){m, w2, b2, NULL},
                                         (const char *const[]){"y", NULL}, NULL);
    bsr_build_output(b, y, NULL);
    bsr_build_metadata(b, "author", "nobody");
    return built(b);
}
