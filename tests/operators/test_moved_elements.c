/* Operators that move elements without looking at them: results, refusals, no memory, mutations.
 * The numbers are what the expression beside them gave in NumPy 1.24 or PyTorch 1.13, where x, y, z and w are
 * the inputs in their order, F is torch.nn.functional and t(x) torch.tensor(x); or by hand, as it says. */
#include "tests/operators/case_checks.h"

#include <stdarg.h>

#include <setjmp.h>

#include <cmocka.h>

/* clang-format off */
static const struct operator_case rows[] = {
    {"Reshape", 13, "", "f32[2,3] 0..; i64[2] 3 -1", "f32[3,2] 0..", "x.reshape(3, -1)"},
    {"Reshape", 13, "", "f32[2,3] 0..; i64[3] 0 1 -1", "f32[2,1,3] 0..", "x.reshape(2, 1, 3)"},
    {"Reshape", 14, "allowzero=1", "u8[0,3]; i64[2] 3 0", "u8[3,0]", "x.reshape(3, 0)"},
    {"Reshape", 1, "shape=[6]", "i64[2,3] 0..", "i64[6] 0..", "x.reshape(6)"},
    {"Reshape", 13, "", "f16[1] 7; i64[0]", "f16[] 7", "x.reshape(())"},
    {"Reshape", 13, "", "f32[2,3] 0..; i64[2] 4 -1", "! 2x3 can't be divided", ""},
    {"Reshape", 13, "", "f32[2,3] 0..; i64[2] -1 -1", "! two sides of the shape are -1", ""},
    {"Reshape", 13, "", "f32[2,3] 0..; i64[2] 3 -2", "! side 2 of the shape is -2", ""},
    {"Reshape", 13, "", "f32[2,3] 0..; i64[3] 2 3 0", "! side 3 of the shape is 0", ""},
    {"Reshape", 13, "", "f32[2,3] 0..; i64[1] 7", "! 2x3 can't be given the shape 7", ""},
    {"Reshape", 14, "allowzero=1", "f32[0]; i64[2] 1099511627776 0", "! would be 1099511627776", ""},
    {"Reshape", 13, "", "f32[2,3] 0..; f32[1] 6", "! a list of whole numbers", ""},
    {"Flatten", 13, "", "f32[2,3,1] 0..", "f32[2,3] 0..", "x.reshape(2, 3)"},
    {"Flatten", 13, "axis=-1", "f32[2,3,4] 0..", "f32[6,4] 0..", "x.reshape(6, 4)"},
    {"Flatten", 13, "axis=0", "i8[2,3] 0..", "i8[1,6] 0..", "x.reshape(1, 6)"},
    {"Flatten", 13, "axis=4", "f32[2,3,1] 0..", "! axis 4 is not in a tensor of 3", ""},
    {"Squeeze", 13, "", "f32[1,3,1] 0..", "f32[3] 0..", "np.squeeze(x)"},
    {"Squeeze", 13, "", "f32[1,3,1] 0..; i64[1] -1", "f32[1,3] 0..", "np.squeeze(x, -1)"},
    {"Squeeze", 11, "axes=[0,2]", "f32[1,3,1] 0..", "f32[3] 0..", "np.squeeze(x)"},
    {"Squeeze", 13, "", "f32[2,3] 0..; i64[1] 1", "! axis 1 of 2x3 can't be left out", ""},
    {"Squeeze", 13, "", "f32[1,3,1] 0..; i64[1] 3", "! axis 3 is not", ""},
    {"Unsqueeze", 13, "", "f32[2,3] 0..; i64[2] 3 0", "f32[1,2,3,1] 0..", "x.reshape(1, 2, 3, 1)"},
    {"Unsqueeze", 11, "axes=[-1]", "f32[2,3] 0..", "f32[2,3,1] 0..", "x[..., None]"},
    {"Unsqueeze", 13, "", "f32[2,3] 0..; i64[2] 1 -3", "! axis 1 is named twice", ""},
    {"Unsqueeze", 13, "", "f32[2,3] 0..; i64[7] 0 1 2 3 4 5 6", "! more than 8 dimensions", ""},
    {"Unsqueeze", 13, "", "f32[2,3] 0..", "! its axes are missing", ""},
    {"Transpose", 13, "", "f32[2,3,2] 0..", "f32[2,3,2] 0 6 2 8 4 10 1 7 3 9 5 11", "x.T"},
    {"Transpose", 13, "perm=[0,2,1]", "u16[2,3,2] 0..", "u16[2,2,3] 0 2 4 1 3 5 6 8 10 7 9 11", "x.transpose(0, 2, 1)"},
    {"Transpose", 13, "perm=[1,0,2]", "u8[2,2,3] 0..", "u8[2,2,3] 0 1 2 6 7 8 3 4 5 9 10 11", "x.transpose(1, 0, 2)"},
    {"Transpose", 13, "perm=[1,0]", "f64[3,2] 0..", "f64[2,3] 0 2 4 1 3 5", "x.T"},
    {"Transpose", 13, "", "u8[0,4294967296,4294967296]", "u8[4294967296,4294967296,0]", "nothing, turned"},
    {"Transpose", 13, "", "f32[] 5", "f32[] 5", "x"},
    {"Transpose", 13, "perm=[0,0]", "f32[2,3] 0..", "! perm names axis 0 twice", ""},
    {"Transpose", 13, "perm=[0,1,2]", "f32[2,3] 0..", "! perm has 3 axes", ""},
    {"Transpose", 13, "perm=[0,2]", "f32[2,3] 0..", "! axis 2 is not", ""},
    {"DepthToSpace", 13, "blocksize=2", "f32[1,8,1,2] 0..", "f32[1,2,2,4] 0 4 1 5 8 12 9 13 2 6 3 7 10 14 11 15", "x.reshape(1, 2, 2, 2, 1, 2).transpose(0, 3, 4, 1, 5, 2).reshape(1, 2, 2, 4)"},
    {"DepthToSpace", 13, "blocksize=2 mode=CRD", "f32[1,8,1,2] 0..", "f32[1,2,2,4] 0 2 1 3 4 6 5 7 8 10 9 11 12 14 13 15", "F.pixel_shuffle(t(x), 2)"},
    {"DepthToSpace", 13, "blocksize=2 mode=RGB", "f32[1,8,1,2] 0..", "! mode is \"RGB\"", ""},
    {"DepthToSpace", 13, "blocksize=3", "f32[1,8,1,2] 0..", "! 8 channels can't be laid out", ""},
    {"DepthToSpace", 13, "blocksize=0", "f32[1,8,1,2] 0..", "! blocksize is 0", ""},
    {"SpaceToDepth", 13, "blocksize=2", "f32[1,1,2,4] 0..", "f32[1,4,1,2] 0 2 1 3 4 6 5 7", "F.pixel_unshuffle(t(x), 2)"},
    {"SpaceToDepth", 13, "blocksize=2", "f32[1,2,2,2] 0..", "f32[1,8,1,1] 0 4 1 5 2 6 3 7", "x.reshape(1, 2, 2, 2).transpose(0, 2, 3, 1).reshape(1, 8, 1, 1)"},
    {"SpaceToDepth", 13, "blocksize=2", "f32[1,2,3,2] 0..", "! 1x2x3x2 can't be cut", ""},
    {"Concat", 13, "axis=1", "f32[2,1] 8 9; f32[2,2] 0..; f32[2,0]", "f32[2,3] 8 0 1 9 2 3", "np.concatenate([x, y, z], 1)"},
    {"Concat", 13, "axis=-2", "i64[1,2] 8 9; i64[2,2] 0..", "i64[3,2] 8 9 0 1 2 3", "np.concatenate([x, y], 0)"},
    {"Concat", 13, "axis=0", "f32[1,2] 8 9; f32[1,3] 0..", "! can't be joined along axis 0", ""},
    {"Concat", 13, "axis=0", "f32[1] 8; i32[1] 9", "! f32 1 and i32 1 can't be joined", ""},
    {"Concat", 13, "axis=0", "f32[1] 8; -", "! its input 2 is missing", ""},
    {"Concat", 13, "axis=0", "f32[] 8; f32[] 9", "! axis 0 is not", ""},
    {"Split", 11, "axis=1 split=[1,2]", "f32[2,3] 0..", "f32[2,1] 0 3; f32[2,2] 1 2 4 5", "tuple(np.split(x, [1], 1))"},
    {"Split", 13, "axis=-1", "f32[2,3] 0..; i64[3] 0 2 1", "f32[2,0]; f32[2,2] 0 1 3 4; f32[2,1] 2 5", "(x[:, :0], x[:, :2], x[:, 2:])"},
    {"Split", 13, "", "i32[4] 0..", "i32[2] 0 1; i32[2] 2 3", "tuple(np.split(x, 2))"},
    {"Split", 18, "num_outputs=3", "f32[7] 0..", "f32[3] 0..; f32[3] 3 4 5; f32[1] 6", "(x[:3], x[3:6], x[6:])"},
    {"Split", 18, "num_outputs=1", "f32[0]", "f32[0]", "x"},
    {"Split", 18, "num_outputs=2", "f32[7] 0..", "! can't be split into 2 parts (it has 1", ""},
    {"Split", 13, "", "f32[2] 1 2; i64[1] 3", "! size 3 of part 1", ""},
    {"Split", 13, "", "f32[2] 1 2; i64[1] 1", "! its sizes leave 1 of 2 over", ""},
    {"Split", 13, "", "f32[2] 1 2; i64[2] 1 1", "! it has 2 sizes for 1 outputs", ""},
    {"Slice", 1, "starts=[0,-2] ends=[9,-1] axes=[0,1]", "f32[2,3] 0..", "f32[2,1] 1 4", "x[0:9, -2:-1]"},
    {"Slice", 13, "", "f32[2,3] 0..; i64[1] 1", "! its starts, ends", ""},
    {"Slice", 13, "", "f32[2,3] 0..; i64[2] 0 1; i64[2] 2 9223372036854775807", "f32[2,2] 1 2 4 5", "x[0:2, 1:]"},
    {"Slice", 13, "", "f32[6] 0..; i64[1] -1; i64[1] -9223372036854775808; -; i64[1] -2", "f32[3] 5 3 1", "x[::-2]"},
    {"Slice", 13, "", "u8[6] 0..; i32[1] 4; i32[1] 1; i32[1] -1; i32[1] -1", "u8[3] 4 3 2", "x[4:1:-1]"},
    {"Slice", 13, "", "f32[2,3] 0..; i64[1] 2; i64[1] 1; i64[1] 1; i64[1] 1", "f32[2,0]", "x[:, 2:1]"},
    {"Slice", 13, "", "f32[3,4] 0..; i64[2] 0 0; i64[2] 9 9; i64[2] 1 0; i64[2] 3 2", "f32[2,2] 0 3 8 11", "x[::2, ::3]"},
    {"Slice", 13, "", "i16[3,4] 0..; i64[2] -1 1; i64[2] -9 3; i64[2] 0 1; i64[2] -9223372036854775808 1", "i16[1,2] 9 10", "x[-1:-9:-9, 1:3]"},
    {"Slice", 13, "", "f32[2,3] 0..; i64[1] 0; i64[1] 1; i64[1] 0; i64[1] 0", "! has a step of 0", ""},
    {"Slice", 13, "", "f32[2,3] 0..; i64[2] 0 0; i64[2] 1 1; i64[2] 1 -1", "! axis 1 is named twice", ""},
    {"Slice", 13, "", "f32[2,3] 0..; i64[3] 0 0 0; i64[3] 1 1 1", "! 3 starts for 2 dimensions", ""},
    {"Slice", 13, "", "f32[2,3] 0..; i64[1] 0; i64[1] 1; i64[1] 2", "! axis 2 is not", ""},
    {"Expand", 13, "", "f32[3,1] 0..; i64[3] 2 1 2", "f32[2,3,2] 0 0 1 1 2 2 0 0 1 1 2 2", "np.broadcast_to(x, (2, 3, 2))"},
    {"Expand", 13, "", "f16[2] 1 2; i64[1] 1", "f16[2] 1 2", "x"},
    {"Expand", 13, "", "f32[] 3; i64[2] 2 0", "f32[2,0]", "np.broadcast_to(x, (2, 0))"},
    {"Expand", 13, "", "f32[3] 0..; i64[1] 2", "! do not fit together", ""},
    {"Expand", 13, "", "f32[1] 5; i64[1] -3", "! would be -3", ""},
    {"Expand", 13, "", "f32[1] 5; i64[2] 4194304 4194304", "! would be too large", ""},
    {"Tile", 13, "", "f32[2,2] 0..; i64[2] 2 3", "f32[4,6] 0 1 0 1 0 1 2 3 2 3 2 3 0 1 0 1 0 1 2 3 2 3 2 3", "np.tile(x, (2, 3))"},
    {"Tile", 13, "", "u8[3] 0..; i64[1] 0", "u8[0]", "np.tile(x, 0)"},
    {"Tile", 13, "", "u8[3] 0..; i64[2] 1 1", "! 2 repeats for 1 dimensions", ""},
    {"Tile", 13, "", "u8[3] 0..; i64[1] -1", "! repeat 1 is out of range", ""},
    {"Tile", 13, "", "u8[3] 0..; i64[1] 9223372036854775807", "! repeat 1 is out of range", ""},
    {"Shape", 13, "", "f32[2,3] 0..", "i64[2] 2 3", "np.array(x.shape)"},
    {"Shape", 15, "start=-2 end=-1", "u8[4,3,2] 0..", "i64[1] 3", "np.array(x.shape[-2:-1])"},
    {"Shape", 15, "start=2 end=-9", "u8[4,3,2] 0..", "i64[0]", "np.array(x.shape[2:-9], i64)"},
    {"Size", 13, "", "f32[2,3,2] 0..", "i64[] 12", "np.array(x.size)"},
    {"Size", 13, "", "f32[] 1", "i64[] 1", "np.array(x.size)"},
    {"Constant", 13, "value=<i8[2] 4 -5>", "", "i8[2] 4 -5", "np.array([4, -5], np.int8)"},
    {"Constant", 13, "value_int=3", "", "i64[] 3", "np.array(3)"},
    {"Constant", 13, "value_ints=[3,4]", "", "i64[2] 3 4", "np.array([3, 4])"},
    {"Constant", 13, "value_float=3.5", "", "f32[] 3.5", "f32(3.5)"},
    {"Constant", 13, "value_floats=[3.5,4.]", "", "f32[2] 3.5 4", "np.array([3.5, 4], f32)"},
    {"Constant", 13, "value_string=abc", "", "! it has no value that is a tensor of numbers", ""},
    {"ConstantOfShape", 9, "value=<i32[1] 7>", "i64[2] 2 2", "i32[2,2] 7 7 7 7", "np.full((2, 2), 7, np.int32)"},
    {"ConstantOfShape", 9, "", "i64[1] 3", "f32[3] 0 0 0", "np.zeros(3, f32)"},
    {"ConstantOfShape", 9, "value=<u8[1] 1>", "i64[0]", "u8[] 1", "np.uint8(1)"},
    {"ConstantOfShape", 9, "value=<u8[2] 1 2>", "i64[1] 2", "! (one element)", ""},
    {"ConstantOfShape", 9, "", "i64[2] 2 -1", "! side 2 of its result would be -1", ""},
    {"Range", 11, "", "i64[] 10; i64[] 4; i64[] -3", "i64[2] 10 7", "np.arange(10, 4, -3)"},
    {"Range", 11, "", "f32[] 1; f32[] 2; f32[] 0.3", "f32[4] 1 1.3 1.6 1.9", "np.arange(1, 2, 0.3).astype(f32)"},
    {"Range", 11, "", "i32[] 5; i32[] 5; i32[] 1", "i32[0]", "np.arange(5, 5, 1, dtype=np.int32)"},
    {"Range", 11, "", "i64[] -9223372036854775808; i64[] 9223372036854775807; i64[] 9223372036854775807", "i64[3] -9223372036854775808 -1 9223372036854775806", "np.array([-2**63, -1, 2**63 - 2])"},
    {"Range", 11, "", "i64[] 0; i64[] 9; i64[] 0", "! from 0 to 9 by 0 is no range", ""},
    {"Range", 11, "", "f32[] 0; f32[] nan; f32[] 1", "! is no range", ""},
    {"Range", 11, "", "i64[] 0; i64[] 9223372036854775807; i64[] 1", "! is no range", ""},
    {"Range", 11, "", "i64[] 0; i32[] 9; i64[] 1", "! its input 2 is i32", ""},
    {"EyeLike", 9, "k=1", "i32[2,3] 0..", "i32[2,3] 0 1 0 0 0 1", "np.eye(2, 3, 1, dtype=np.int32)"},
    {"EyeLike", 9, "k=-1 dtype=1", "i32[3,2] 0..", "f32[3,2] 0 0 1 0 0 1", "np.eye(3, 2, -1, dtype=f32)"},
    {"EyeLike", 9, "k=9223372036854775807", "f32[2,2] 0..", "f32[2,2] 0 0 0 0", "np.eye(2, 2, 5, dtype=f32)"},
    {"EyeLike", 9, "dtype=8", "f32[2,2] 0..", "! its type 8", ""},
    {"EyeLike", 9, "", "f32[2] 1 2", "! its input is 2 (2 dimensions)", ""},
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
