/* Surgery on the tutorials' models gives the models that the tutorials made. */
#include "base/alloc.h"
#include "onnx/edit.h"
#include "tests/onnx/shared.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void test_set_op_makes_the_difference_of_the_sum(void **state)
{
    struct onnx_model *model = shared_read("linear_func");
    struct bsr_tensor  inputs[3], found, expected;

    (void)state;
    assert_int_equal(onnx_set_op(model, "output", "Sub", NULL), BSR_OK);
    assert_sound(model);
    inputs[0] = shared_tensor("linear_func_a");
    inputs[1] = shared_tensor("linear_func_x");
    inputs[2] = shared_tensor("linear_func_b");
    found = run_model(model, inputs, 3);
    expected = shared_tensor("linear_func_sub_output");
    assert_tensors_near(&found, &expected, 1e-6);
    onnx_model_free(model);
}

static void test_extract_gives_the_partial_model(void **state)
{
    static const char *const inputs[] = {"/b.0/b.0.2/Conv_output_0"};
    static const char *const outputs[] = {"/b.2/b.2.1/Conv_output_0"};
    struct onnx_model       *model = shared_read("whole_model"), *part = NULL;
    struct bsr_error         err = {0};

    (void)state;
    if (onnx_extract(&part, model, inputs, 1, outputs, 1, &err) != BSR_OK)
        fail_msg("%s", err.message);
    onnx_model_free(model);
    assert_sound(part);
    assert_int_equal(onnx_node_count(part, "Conv"), 4);
    assert_string_equal(onnx_input(part, 0).name, inputs[0]);
    assert_string_equal(onnx_output(part, 0).name, outputs[0]);
    assert_int_equal(onnx_input(part, 0).dims, 4);

    struct bsr_tensor input = shared_tensor("partial_input");
    struct bsr_tensor found = run_model(part, &input, 1), expected = shared_tensor("partial_output");
    assert_tensors_near(&found, &expected, 1e-5);
    onnx_model_free(part);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_set_op_makes_the_difference_of_the_sum),
        cmocka_unit_test(test_extract_gives_the_partial_model),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
