/* Operators of one element, of several elements, and along axes: results, refusals, no memory, mutations.
 * element_rows.h has the results that NumPy and PyTorch give (make_element_rows.py). */
#include "tests/operators/case_checks.h"
#include "tests/operators/element_rows.h"

#include <stdarg.h>

#include <setjmp.h>

#include <cmocka.h>

/* clang-format off */
static const struct operator_case refused_rows[] = {
    {"Exp", 13, "", "i32[2] 1 2", "! it can't work on i32", ""},
    {"Exp", 13, "", "", "! it has 0 inputs", ""},
    {"Gelu", 20, "approximate=sinh", "f32[1] 1", "! \"approximate\" is \"sinh\"", ""},
    {"Abs", 13, "", "bool[1] 1", "! it can't work on bool", ""},
    {"Not", 1, "", "u8[1] 1", "! it can't work on u8", ""},
    {"BitwiseNot", 18, "", "f32[1] 1", "! it can't work on f32", ""},
    {"IsNaN", 20, "", "i8[1] 1", "! it can't work on i8", ""},
    {"Clip", 13, "", "f32[1] 1; f32[2] 1 2", "! its bound is a tensor of f32, 2", ""},
    {"Clip", 13, "", "f32[1] 1; f64[] 2", "! its bound is a tensor of f64", ""},
    {"Clip", 13, "", "bool[1] 1", "! it can't work on bool", ""},
    {"Cast", 13, "to=8", "f32[1] 1", "! element type 8", "strings"},
    {"Cast", 13, "", "f32[1] 1", "! element type -1", ""},
    {"BitCast", 26, "to=7", "f32[1] 1", "! elements of f32 are not as long as those of i64", ""},
    {"Dropout", 13, "", "f32[1] 1; f32[] 0.5; bool[] 1", "! training mode", ""},
    {"Add", 14, "", "f32[2] 1 2; f64[2] 1 2", "! different types, f32 and f64", ""},
    {"Add", 14, "", "f32[2] 1 2; f32[3] 1 2 3", "! shapes 2 and 3 do not fit together", ""},
    {"Add", 14, "", "bool[1] 1; bool[1] 1", "! it can't work on bool", ""},
    {"Add", 14, "", "f32[1] 1; -", "! its input 2 is missing", ""},
    {"PRelu", 16, "", "f32[2] 1 2; f32[3,1] 1 2 3", "! a slope of 3x1 does not fit 2", ""},
    {"And", 7, "", "u8[1] 1; u8[1] 1", "! it can't work on u8", ""},
    {"BitwiseAnd", 18, "", "f32[1] 1; f32[1] 1", "! it can't work on f32", ""},
    {"BitShift", 11, "direction=UP", "u8[1] 1; u8[1] 1", "! \"direction\" is \"UP\"", ""},
    {"BitShift", 11, "direction=LEFT", "i8[1] 1; i8[1] 1", "! it can't work on i8", ""},
    {"Pow", 15, "", "bool[1] 1; f32[1] 1", "! it can't work on bool", ""},
    {"Max", 13, "", "f32[1] 1; f16[1] 1", "! different types", ""},
    {"Max", 13, "", "f32[1] 1; f32[1] 1; -", "! its input 3 is missing", ""},
    {"Sum", 13, "", "i32[1] 1; i32[1] 1", "! it can't work on i32", ""},
    {"Where", 16, "", "u8[1] 1; f32[1] 1; f32[1] 1", "! its inputs are of types u8, f32 and f32", ""},
    {"ReduceSum", 13, "", "f32[2] 1 2; i64[1] 1", "! axis 1 is not in a tensor of 1 dimensions", ""},
    {"ReduceMean", 18, "", "f32[2] 1 2; f32[1] 0", "! a list of whole numbers has the type f32", ""},
    {"ArgMax", 13, "axis=2", "f32[2,2] 1 2 3 4", "! axis 2 is not in a tensor of 2 dimensions", ""},
    {"ArgMax", 13, "", "f32[0,2]", "! axis 0 has no elements", ""},
    {"CumSum", 14, "", "f32[2] 1 2; i64[0]", "! its axis is an empty list", ""},
    {"CumSum", 14, "", "f32[2] 1 2; i64[1] 5", "! axis 5 is not in a tensor", ""},
    {"CumSum", 14, "", "bool[2] 0 1; i64[1] 0", "! it can't work on bool", ""},
    {"Softmax", 13, "axis=1", "f32[2] 1 2", "! axis 1 is not in a tensor of 1 dimensions", ""},
    {"LpNormalization", 22, "p=3", "f32[2] 1 2", "! \"p\" is 3", ""},
    {"LayerNormalization", 17, "", "f32[2,3] 0..; f32[2] 1 2", "! do not fit", ""},
    {"LayerNormalization", 17, "", "f32[2] 0..; f32[3,2] 0..", "! factors of 3x2 (f32) do not fit", ""},
    {"GroupNormalization", 21, "num_groups=2", "f32[1,3] 0..; f32[3] 0..; f32[3] 0..", "! 3 channels can't be parted into 2 groups", ""},
    {"GroupNormalization", 21, "num_groups=0", "f32[1,3] 0..; f32[3] 0..; f32[3] 0..", "! into 0 groups", ""},
    {"InstanceNormalization", 6, "", "f32[1,3] 0..; f32[2] 0..; f32[2] 0..", "! factors of 2 do not fit 3 channels", ""},
    {"BatchNormalization", 15, "", "f32[1,2] 0..; f32[2] 0..; f32[2] 0..; f32[3] 0..; f32[2] 0..", "! its input 4 is of 3", ""},
    {"BatchNormalization", 7, "spatial=0", "f32[1,2] 0..; f32[2] 0..; f32[2] 0..; f32[2] 0..; f32[2] 0..", "! statistics of its own", ""},
    {"LRN", 13, "", "f32[1,2] 0..", "! it lacks a \"size\"", ""},
    {"LRN", 13, "size=3", "f32[2] 0..", "! it has no channels", ""},
    {"MeanVarianceNormalization", 13, "", "f32[2,2] 0..", "! axis 2 is not in", ""},
    {"Det", 22, "", "f32[2,3] 0..", "! is not made of square matrices", ""},
};
/* clang-format on */

static void check_all(const struct operator_case *rows, size_t count)
{
    check_results(rows, count);
    check_shapes_without_values(rows, count);
    check_starved(rows, count);
}

static void test_functions_of_one_element_give_the_reference_results(void **state)
{
    (void)state;
    check_all(CASES(one_rows));
}

static void test_functions_of_several_elements_broadcast_as_numpy_does(void **state)
{
    (void)state;
    check_all(CASES(several_rows));
}

static void test_operators_along_axes_give_the_reference_results(void **state)
{
    (void)state;
    check_all(CASES(along_rows));
}

static void test_nonsense_is_refused_with_a_reason(void **state)
{
    (void)state;
    check_results(CASES(refused_rows));
}

static void test_mutated_calls_are_refused_or_run(void **state)
{
    (void)state;
    check_mutated(CASES(one_rows), 4000);
    check_mutated(CASES(several_rows), 4000);
    check_mutated(CASES(along_rows), 8000);
    check_mutated(CASES(refused_rows), 2000);
}

/* Numbers that no i64 holds, which the tables can't tell: x = 2^64 - 1 and 2^63, y = 2^63 and 1. */
static void test_the_greatest_unsigned_numbers_stay_unsigned(void **state)
{
    static const struct {
        const char *name;
        uint64_t    results[2]; /* by hand */
    } rows[] = {
        {"Add", {UINT64_C(0x7FFFFFFFFFFFFFFF), UINT64_C(0x8000000000000001)}},
        {"Div", {1, UINT64_C(0x8000000000000000)}},
        {"Mod", {UINT64_C(0x7FFFFFFFFFFFFFFF), 0}},
        {"Max", {UINT64_MAX, UINT64_C(0x8000000000000000)}},
        {"Min", {UINT64_C(0x8000000000000000), 1}},
        {"BitwiseXor", {UINT64_C(0x7FFFFFFFFFFFFFFF), UINT64_C(0x8000000000000001)}},
    };
    uint64_t                x[] = {UINT64_MAX, UINT64_C(1) << 63}, y[] = {UINT64_C(1) << 63, 1}, out[2];
    const struct bsr_tensor left = {.data = x, .type = BSR_U64, .dims = 1, .shape = {2}};
    const struct bsr_tensor right = {.data = y, .type = BSR_U64, .dims = 1, .shape = {2}};
    const struct bsr_tensor *const inputs[] = {&left, &right};
    const struct bsr_node          node = {.name = "", .domain = "", .type = "", .opset = 18};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct bsr_operator *op = operators_find("", rows[i].name);
        struct bsr_tensor          result = {0};
        struct bsr_call            call = {
                       .node = &node, .inputs = inputs, .input_count = 2, .outputs = &result, .output_count = 1};
        assert_non_null(op);
        assert_int_equal(op->shape(&call, NULL), BSR_OK);
        result.data = out;
        assert_int_equal(op->run(&call, NULL), BSR_OK);
        assert_memory_equal(out, rows[i].results, sizeof out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_functions_of_one_element_give_the_reference_results),
        cmocka_unit_test(test_functions_of_several_elements_broadcast_as_numpy_does),
        cmocka_unit_test(test_operators_along_axes_give_the_reference_results),
        cmocka_unit_test(test_the_greatest_unsigned_numbers_stay_unsigned),
        cmocka_unit_test(test_nonsense_is_refused_with_a_reason),
        cmocka_unit_test(test_mutated_calls_are_refused_or_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
