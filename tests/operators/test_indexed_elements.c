/* Operators that move elements to or from where numbers say: results, refusals, no memory, mutations.
 * The numbers are what the expression beside them gave in NumPy 1.24 or PyTorch 1.13, where x, y, z and w are
 * the inputs in their order, F is torch.nn.functional and t(x) torch.tensor(x); or by hand, as it says. */
#include "tests/operators/case_checks.h"

#include <stdarg.h>

#include <setjmp.h>

#include <cmocka.h>

/* clang-format off */
static const struct operator_case rows[] = {
    {"Gather", 13, "", "f32[3,2] 0..; i64[2,1] 2 -3", "f32[2,1,2] 4 5 0 1", "x[[[2], [-3]]]"},
    {"Gather", 13, "axis=1", "u8[2,3] 0..; i32[] 1", "u8[2] 1 4", "x[:, 1]"},
    {"Gather", 13, "axis=-1", "i64[2,3] 0..; i64[2] 2 0", "i64[2,2] 2 0 5 3", "x[:, [2, 0]]"},
    {"Gather", 13, "", "f32[3,2] 0..; i64[1] 3", "! index 3 is outside of an axis of 3", ""},
    {"Gather", 13, "", "f32[3,2] 0..; i64[1] -9223372036854775808", "! index -9223372036854775808 is outside", ""},
    {"Gather", 13, "", "f32[3,2] 0..; f32[1] 0", "! its indices are of the type f32", ""},
    {"Gather", 13, "axis=2", "f32[3,2] 0..; i64[1] 0", "! axis 2 is not", ""},
    {"Gather", 13, "axis=1", "f32[2,1,1,1,1,1] 5 6; i64[1,1,1,1] 0", "! its result has 9 dimensions", ""},
    {"GatherElements", 13, "axis=1", "f32[2,2] 0..; i64[2,2] 0 0 1 -2", "f32[2,2] 0 0 3 2", "np.take_along_axis(x, y, 1)"},
    {"GatherElements", 13, "", "i16[3,3] 0..; i64[2,3] 1 2 0 2 0 0", "i16[2,3] 3 7 2 6 1 2", "np.take_along_axis(x, y, 0)"},
    {"GatherElements", 13, "axis=1", "f32[2,2] 0..; i64[3,1] 0 0 0", "! indices of 3x1 don't fit an input of 2x2", ""},
    {"GatherElements", 13, "axis=1", "f32[2,2] 0..; i64[1,1] 2", "! index 2 is outside", ""},
    {"GatherND", 13, "", "f32[2,2] 0..; i64[2,2] 0 0 1 -1", "f32[2] 0 3", "x[[0, 1], [0, 1]]"},
    {"GatherND", 13, "", "f32[2,2] 0..; i64[2,1] 1 0", "f32[2,2] 2 3 0 1", "x[[1, 0]]"},
    {"GatherND", 13, "batch_dims=1", "f32[2,2,2] 0..; i64[2,1] 1 0", "f32[2,2] 2 3 4 5", "x[[0, 1], [1, 0]]"},
    {"GatherND", 13, "", "f32[2,2] 0..; i64[1,3] 0 0 0", "! name 3 axes of 2x2", ""},
    {"GatherND", 13, "", "f32[2,2] 0..; i64[1,2] 0 2", "! index 2 is outside", ""},
    {"GatherND", 13, "batch_dims=2", "f32[2,2] 0..; i64[1,2] 0 0", "! batch_dims is 2", ""},
    {"ai.onnx.ml.ArrayFeatureExtractor", 1, "", "f32[2,3] 0..; i64[2] 2 0", "f32[2,2] 2 0 5 3", "x[:, [2, 0]]"},
    {"ai.onnx.ml.ArrayFeatureExtractor", 1, "", "f32[2,3] 0..; i64[1] 3", "! index 3 is outside", ""},
    {"Scatter", 9, "axis=1", "f32[1,5] 0..; i64[1,2] 1 3; f32[1,2] 11 21", "f32[1,5] 0 11 2 21 4", "np.array([[0, 11, 2, 21, 4]], f32)"},
    {"ScatterElements", 18, "axis=1 reduction=add", "f32[1,5] 0..; i64[1,3] 1 1 -1; f32[1,3] 10 20 30", "f32[1,5] 0 31 2 3 34", "t(x).scatter_add(1, t(y) % 5, t(z))"},
    {"ScatterElements", 18, "reduction=mul", "i32[3] 0..; i64[2] 2 2; i32[2] 5 7", "i32[3] 0 1 70", "np.array([0, 1, 70], np.int32)"},
    {"ScatterElements", 18, "reduction=max", "f32[3] 0..; i64[3] 0 1 2; f32[3] -1 nan 9", "f32[3] 0 nan 9", "np.maximum(x, z)"},
    {"ScatterElements", 18, "reduction=min", "u64[3] 0..; i64[3] 0 1 2; u64[3] 5 0 9", "u64[3] 0 0 2", "np.minimum(x, z)"},
    {"ScatterElements", 18, "reduction=add", "u8[2] 250 1; i64[2] 0 1; u8[2] 10 2", "u8[2] 4 3", "x + z"},
    {"ScatterElements", 18, "reduction=sub", "f32[2] 0 1; i64[1] 0; f32[1] 1", "! its reduction is \"sub\"", ""},
    {"ScatterElements", 18, "", "f32[2] 0 1; i64[1] 2; f32[1] 1", "! index 2 is outside", ""},
    {"ScatterElements", 18, "", "f32[2] 0 1; i64[1] 0; f32[2] 1 2", "! don't fit together", ""},
    {"ScatterElements", 18, "", "f32[2] 0 1; i64[1] 0; f64[1] 1", "! its data are f32, its updates f64", ""},
    {"ScatterND", 18, "", "f32[4] 0..; i64[2,1] 3 -4; f32[2] 8 9", "f32[4] 9 1 2 8", "np.array([9, 1, 2, 8], f32)"},
    {"ScatterND", 18, "reduction=add", "f32[2,2] 0..; i64[2,1] 1 1; f32[2,2] 1 2 3 4", "f32[2,2] 0 1 6 9", "x + np.array([[0, 0], [4, 6]], f32)"},
    {"ScatterND", 18, "", "f32[2,2] 0..; i64[1,2] 0 2; f32[1] 9", "! index 2 is outside", ""},
    {"ScatterND", 18, "", "f32[2,2] 0..; i64[1,3] 0 0 0; f32[1] 9", "! don't fit together", ""},
    {"TensorScatter", 24, "axis=1", "f32[2,3,1] 0..; f32[2,1,1] 8 9; i64[2] 2 0", "f32[2,3,1] 0 1 8 9 4 5", "np.array([0, 1, 8, 9, 4, 5], f32).reshape(2, 3, 1)"},
    {"TensorScatter", 24, "mode=circular", "f32[1,3,1] 0..; f32[1,2,1] 8 9; i64[1] 2", "f32[1,3,1] 9 1 8", "np.array([9, 1, 8], f32).reshape(1, 3, 1)"},
    {"TensorScatter", 24, "", "f32[1,3,1] 0..; f32[1,2,1] 8 9; i64[1] 2", "! 2 elements don't fit from index 2", ""},
    {"TensorScatter", 24, "axis=0", "f32[3,1] 0..; f32[3,1] 7 8 9", "! axis is 0", ""},
    {"Pad", 2, "pads=[0,1,1,0] value=7.", "f32[1,2] 1 2", "f32[2,3] 7 1 2 7 7 7", "np.pad(x, ((0, 1), (1, 0)), constant_values=7)"},
    {"Pad", 13, "", "i32[2,2] 0..; i64[4] 1 0 0 2; i32[] 5", "i32[3,4] 5 5 5 5 0 1 5 5 2 3 5 5", "np.pad(x, ((1, 0), (0, 2)), constant_values=5)"},
    {"Pad", 13, "", "f32[4] 0..; i64[2] -1 -2", "f32[1] 1", "x[1:-2]"},
    {"Pad", 13, "", "f32[2,3] 0..; i64[4] 1 -1 0 1", "f32[3,3] 0 0 0 1 2 0 4 5 0", "np.pad(x[:, 1:], ((1, 0), (0, 1)))"},
    {"Pad", 18, "mode=reflect", "f32[2,3] 0..; i64[2] 2 3; -; i64[1] -1", "f32[2,8] 2 1 0 1 2 1 0 1 5 4 3 4 5 4 3 4", "np.pad(x, ((0, 0), (2, 3)), 'reflect')"},
    {"Pad", 13, "mode=edge", "u8[2,2] 0..; i64[4] 1 1 0 2", "u8[3,5] 0 0 1 1 1 0 0 1 1 1 2 2 3 3 3", "np.pad(x, ((1, 0), (1, 2)), 'edge')"},
    {"Pad", 19, "mode=wrap", "f32[3] 0..; i64[2] 4 2", "f32[9] 2 0 1 2 0 1 2 0 1", "np.take(x, np.arange(-4, 5), mode='wrap')"},
    {"Pad", 13, "", "f32[0]; i64[2] 1 1; f32[] 3", "f32[2] 3 3", "np.pad(x, (1, 1), constant_values=3)"},
    {"Pad", 13, "mode=edge", "f32[0]; i64[2] 1 1", "! has nothing to fill margins with", ""},
    {"Pad", 13, "mode=none", "f32[1] 1; i64[2] 1 1", "! its mode is \"none\"", ""},
    {"Pad", 13, "", "f32[1] 1; i64[1] 1", "! it has 1 margins for 1 axes", ""},
    {"Pad", 13, "", "f32[1] 1; i64[2] 1 -3", "! margins of 1 and -3 don't fit", ""},
    {"Pad", 13, "", "f32[1] 1; i64[2] -9223372036854775808 9223372036854775807", "! don't fit axis 0 of 1", ""},
    {"Pad", 18, "", "f32[1,1] 1; i64[4] 1 1 1 1; -; i64[2] 0 -2", "! axis 0 is named twice", ""},
    {"Pad", 13, "", "f32[1] 1; i64[2] 1 1; i32[] 3", "! its margins are to hold i32 scalar", ""},
    {"CenterCropPad", 18, "", "f32[3,4] 0..; i64[2] 5 1", "f32[5,1] 0 1 5 9 0", "np.pad(x[:, 1:2], ((1, 1), (0, 0)))"},
    {"CenterCropPad", 18, "axes=[-1]", "f32[1,3] 0..; i64[1] 6", "f32[1,6] 0 0 1 2 0 0", "np.pad(x, ((0, 0), (1, 2)))"},
    {"CenterCropPad", 18, "axes=[0,0]", "f32[1,3] 0..; i64[2] 6 6", "! axis 0 is named twice", ""},
    {"CenterCropPad", 18, "", "f32[1,3] 0..; i64[1] 6", "! it has 1 sides for 2 axes", ""},
    {"NonZero", 13, "", "f32[2,2] 1 -0 nan 3", "i64[2,3] 0 1 1 0 0 1", "np.array(np.nonzero(x))"},
    {"NonZero", 13, "", "bool[3] 0 0 0", "i64[1,0]", "np.array(np.nonzero(x))"},
    {"NonZero", 13, "", "u8[] 4", "i64[0,1]", "np.zeros((0, 1), i64)"},
    {"Compress", 11, "axis=0", "f32[3,2] 0..; bool[3] 0 1 1", "f32[2,2] 2 3 4 5", "np.compress(y, x, 0)"},
    {"Compress", 11, "axis=-1", "f32[3,2] 0..; bool[1] 1", "f32[3,1] 0 2 4", "np.compress(y, x, 1)"},
    {"Compress", 11, "", "u8[3,2] 0..; bool[5] 0 1 0 0 1", "u8[2] 1 4", "np.compress(y, x)"},
    {"Compress", 11, "axis=1", "f32[3,2] 0..; bool[3] 0 1 1", "! a condition of bool 3 doesn't fit", ""},
    {"Unique", 11, "", "f32[6] 2 1 1 3 4 3", "f32[4] 1 2 3 4; i64[4] 1 0 3 4; i64[6] 1 0 0 2 3 2; i64[4] 2 1 2 1", "np.unique(x, True, True, True)"},
    {"Unique", 11, "sorted=0", "i64[6] 2 1 1 3 4 3", "i64[4] 2 1 3 4; i64[4] 0 1 3 4; i64[6] 0 1 1 2 3 2; i64[4] 1 2 2 1", "(np.array([2, 1, 3, 4]), np.array([0, 1, 3, 4]), np.array([0, 1, 1, 2, 3, 2]), np.array([1, 2, 2, 1]))"},
    {"Unique", 11, "axis=0", "f32[3,2] 1 0 1 0 0 4", "f32[2,2] 0 4 1 0; i64[2] 2 0; i64[3] 1 1 0; i64[2] 1 2", "np.unique(x, True, True, True, 0)"},
    {"Unique", 11, "axis=1", "u8[2,4] 1 0 1 0 2 5 2 5", "u8[2,2] 0 1 5 2", "np.unique(x, axis=1)"},
    {"Unique", 11, "axis=2", "f32[3,2] 0..", "! axis 2 is not", ""},
    {"TopK", 11, "", "f32[2,4] 0 3 3 1 nan 5 -1 2; i64[1] 2", "f32[2,2] 3 3 nan 5; i64[2,2] 1 2 0 1", "(np.array([[3, 3], [np.nan, 5]], f32), np.array([[1, 2], [0, 1]]))"},
    {"TopK", 11, "largest=0 axis=0", "i64[3,2] 9223372036854775807 1 9223372036854775806 1 5 0; i64[1] 2", "i64[2,2] 5 0 9223372036854775806 1; i64[2,2] 2 2 1 0", "(np.sort(x, 0)[:2], np.argsort(x, 0, 'stable')[:2])"},
    {"TopK", 1, "k=1", "f32[3] 0..", "f32[1] 2; i64[1] 2", "(x[2:], np.array([2]))"},
    {"TopK", 11, "", "f32[3] 0..; i64[1] 4", "! k is 4 for an axis of 3", ""},
    {"TopK", 11, "", "f32[3] 0..; i64[1] -1", "! k is -1", ""},
    {"OneHot", 11, "", "i64[3] 0 -1 5; i64[] 3; f32[2] 2 7", "f32[3,3] 7 2 2 2 2 7 2 2 2", "np.array([[7, 2, 2], [2, 2, 7], [2, 2, 2]], f32)"},
    {"OneHot", 11, "axis=0", "f32[2] 1 0; f32[1] 2; i8[2] 0 1", "i8[2,2] 0 1 1 0", "np.array([[0, 1], [1, 0]], np.int8)"},
    {"OneHot", 11, "", "i64[1] 0; i64[] -3; f32[2] 0 1", "! its depth is -3", ""},
    {"OneHot", 11, "", "i64[1] 0; i64[] 3; f32[1] 1", "! its values are 1", ""},
    {"Trilu", 14, "", "f32[2,3] 0..", "f32[2,3] 0 1 2 0 4 5", "np.triu(x)"},
    {"Trilu", 14, "upper=0", "i64[2,3,3] 0..; i64[] 1", "i64[2,3,3] 0 1 0 3 4 5 6 7 8 9 10 0 12 13 14 15 16 17", "np.tril(x, 1)"},
    {"Trilu", 14, "", "f32[2,3] 0..; i64[] -9223372036854775808", "f32[2,3] 0..", "x"},
    {"Trilu", 14, "upper=0", "f32[2,3] 0..; i64[] -3", "f32[2,3] 0 0 0 0 0 0", "np.tril(x, -3)"},
    {"Trilu", 14, "", "f32[3] 0..", "! its input is 3 (matrices)", ""},
    {"ReverseSequence", 10, "", "f32[4,2] 0..; i64[2] 4 2", "f32[4,2] 6 3 4 1 2 5 0 7", "np.array([[6, 3], [4, 1], [2, 5], [0, 7]], f32)"},
    {"ReverseSequence", 10, "batch_axis=0 time_axis=1", "u8[2,3] 0..; i64[2] 1 3", "u8[2,3] 0 1 2 5 4 3", "np.array([[0, 1, 2], [5, 4, 3]], np.uint8)"},
    {"ReverseSequence", 10, "", "f32[4,2] 0..; i64[2] 5 2", "! length 5 is not within a time of 4", ""},
    {"ReverseSequence", 10, "time_axis=1", "f32[4,2] 0..; i64[2] 5 2", "! batch axis 1 and time axis 1", ""},
    {"ai.onnx.ml.Binarizer", 1, "threshold=1.", "f32[4] 0..", "f32[4] 0 0 1 1", "(x > 1).astype(f32)"},
};
/* clang-format on */

static void test_results_are_numpys_and_nonsense_is_refused(void **state)
{
    (void)state;
    check_results(CASES(rows));
}

static void test_shapes_are_known_early_or_need_values(void **state)
{
    (void)state;
    check_shapes_without_values(CASES(rows));
}

static void test_no_memory_is_an_error(void **state)
{
    (void)state;
    check_starved(CASES(rows));
}

static void test_mutated_calls_are_refused_or_run(void **state)
{
    (void)state;
    check_mutated(CASES(rows), 5000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_results_are_numpys_and_nonsense_is_refused),
        cmocka_unit_test(test_shapes_are_known_early_or_need_values),
        cmocka_unit_test(test_no_memory_is_an_error),
        cmocka_unit_test(test_mutated_calls_are_refused_or_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
