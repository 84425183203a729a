/* Operators of nets: convolutions, products, pools, samplers, sequences: results, refusals, no memory,
 * mutations. net_rows.h has the results that PyTorch and NumPy give (make_net_rows.py). */
#include "tests/operators/case_checks.h"
#include "tests/operators/net_rows.h"

#include <math.h>
#include <stdarg.h>

#include <setjmp.h>

#include <cmocka.h>

/* clang-format off */
static const struct operator_case refused_rows[] = {
    {"Conv", 11, "", "f32[1,1,3] 0..; f32[1,1,4] 0..", "! a window of 4 does not fit into 3", ""},
    {"Conv", 11, "", "f32[1,2,3] 0..; f32[1,1,1] 1", "! weights of shape 1x1x1 in 1 groups do not fit", ""},
    {"Conv", 11, "group=0", "f32[1,1,3] 0..; f32[1,1,1] 1", "! in 0 groups", ""},
    {"Conv", 11, "group=2", "f32[1,2,3] 0..; f32[1,1,1] 1", "! in 2 groups", ""},
    {"Conv", 11, "strides=[0]", "f32[1,1,3] 0..; f32[1,1,1] 1", "! strides has 0 (from 1 on)", ""},
    {"Conv", 11, "pads=[0,-1]", "f32[1,1,3] 0..; f32[1,1,1] 1", "! pads has -1 (from 0 on)", ""},
    {"Conv", 11, "pads=[1]", "f32[1,1,3] 0..; f32[1,1,1] 1", "! pads has 1 numbers, not 2", ""},
    {"Conv", 11, "dilations=[9223372036854775807]", "f32[1,1,3] 0..; f32[1,1,2] 1 2", "! dilations has 9223372036854775807", ""},
    {"Conv", 11, "kernel_shape=[3]", "f32[1,1,3] 0..; f32[1,1,2] 1 2", "! kernel_shape says 3 where the weights have 2", ""},
    {"Conv", 11, "auto_pad=SAME", "f32[1,1,3] 0..; f32[1,1,2] 1 2", "! auto_pad is SAME", ""},
    {"Conv", 11, "", "f32[1,3] 0..; f32[1,3] 0..", "! weights of shape 1x3 do not fit", ""},
    {"Conv", 11, "", "f32[1,1,1,1,1,1] 1; f32[1,1,1,1,1,1] 1", "! is not [N][C] and 1 to 3 sides", ""},
    {"Conv", 11, "", "u8[1,1,3] 0..; u8[1,1,2] 1 2", "! it multiplies u8 by u8", ""},
    {"Conv", 11, "", "f32[1,1,3] 0..; f32[1,1,2] 1 2; f32[2] 1 2", "! a bias of shape 2 for 1 filters", ""},
    {"ConvTranspose", 11, "", "f32[1,2,3] 0..; f32[1,1,2] 1 2", "! weights of shape 1x1x2", ""},
    {"ConvTranspose", 11, "pads=[9,9]", "f32[1,1,3] 0..; f32[1,1,2] 1 2", "! a side of 3 would become -14", ""},
    {"ConvTranspose", 11, "output_shape=[1,2,3,4]", "f32[1,1,3] 0..; f32[1,1,2] 1 2", "! output_shape has 4 numbers, not 1", ""},
    {"ConvTranspose", 11, "strides=[2147483647]", "f32[1,1,3] 0..; f32[1,1,2] 1 2", "! a side of 3 would become 4294967296", ""},
    {"ConvInteger", 10, "", "u8[1,1,3] 0..; u8[1,1,2] 1 2; i8[] 1", "! a zero point is i8", ""},
    {"ConvInteger", 10, "", "u8[1,1,3] 0..; u8[1,1,2] 1 2; u8[2] 1 2", "! zero point has the shape 2", ""},
    {"QLinearConv", 10, "", "u8[1,1,3] 0..; f32[] 1; u8[] 1; u8[1,1,2] 1 2; f32[] 1; u8[] 1; f32[] 1; i16[] 1", "! its result would be i16", ""},
    {"DeformConv", 19, "", "f32[1,1,3] 0..; f32[1,1,2] 1 2; f32[1,2,2] 0..", "! only pictures", ""},
    {"DeformConv", 19, "", "f32[1,1,3,3] 0..; f32[1,1,2,2] 0..; f32[1,4,2,2] 0..", "! its offset has the shape 1x4x2x2, not 1x8x2x2", ""},
    {"DeformConv", 19, "offset_group=2", "f32[1,1,3,3] 0..; f32[1,1,2,2] 0..; f32[1,8,2,2] 0..", "! (2 of offsets)", ""},
    {"*.deform_conv2d", 1, "", "f32[1,1,3,3] 0..; f32[1,8,2,2] 0..", "! it has 2 inputs: without weight and offset it can't be computed", ""},
    {"*.deform_conv2d", 1, "stride_h=0", "f32[1,1,3,3] 0..; f32[1,1,2,2] 0..; f32[1,8,2,2] 0..", "! stride_h is 0 (from 1 on)", ""},
    {"MatMul", 13, "", "f32[2,3] 0..; f32[2,3] 0..", "! matrices of shapes 2x3 and 2x3 do not fit together", ""},
    {"MatMul", 13, "", "f32[] 1; f32[1] 1", "! a scalar is no matrix", ""},
    {"MatMul", 13, "", "f32[2,1,1] 0..; f32[3,1,1] 0..", "! shapes 2 and 3 do not fit together", ""},
    {"MatMul", 13, "", "u8[1,1] 1; u8[1,1] 1", "! it multiplies u8 by u8", ""},
    {"Gemm", 13, "transA=1", "f32[2,3] 0..; f32[3,2] 0..", "! 2x3 (transposed) and 3x2 do not fit", ""},
    {"Gemm", 13, "", "f32[1,2] 0..; f32[2,3] 0..; f32[2] 1 2", "! its third input has the shape 2 for a result of 1x3", ""},
    {"MatMulInteger", 10, "", "f32[1,1] 1; f32[1,1] 1", "! it multiplies f32 by f32", ""},
    {"MatMulInteger", 10, "", "u8[2,2] 0..; u8[2,2] 0..; u8[3] 0..", "! neither one number nor one for each of 2", ""},
    {"QLinearMatMul", 10, "", "u8[1,1] 1; f32[] 1; u8[] 1; u8[1,1] 1; f32[] 1; u8[] 1; i32[] 1; u8[] 1", "! its scales are no floats", ""},
    {"QuantizeLinear", 13, "", "f32[2] 1 2; f32[2] 1 2", "! axis 1 is not in a tensor of 1 dimensions", ""},
    {"QuantizeLinear", 13, "axis=0", "f32[2] 1 2; f32[3] 1 2 3", "! a scale of shape 3 does not fit axis 0 of 2", ""},
    {"QuantizeLinear", 21, "output_dtype=17", "f32[2] 1 2; f32[] 1", "! it can't make type 17 of f32", "8-bit floats"},
    {"QuantizeLinear", 21, "block_size=2 axis=0", "f32[4] 0..; f32[3] 0..", "! in blocks of 2", ""},
    {"QuantizeLinear", 21, "block_size=-2", "f32[4] 0..; f32[2] 0..", "! block_size is -2", ""},
    {"DequantizeLinear", 13, "", "u8[2] 1 2; f32[] 1; i8[] 1", "! it can't make type 1 of u8", ""},
    {"DequantizeLinear", 13, "axis=0", "u8[2] 1 2; f32[2] 1 2; u8[] 1", "! a zero point of shape scalar beside a scale of shape 2", ""},
    {"DynamicQuantizeLinear", 11, "", "f64[1] 1", "! it makes 1 tensors of f64", ""},
    {"MaxPool", 12, "", "f32[1,1,3] 0..", "! kernel_shape is missing", ""},
    {"MaxPool", 12, "kernel_shape=[4]", "f32[1,1,3] 0..", "! a window of 4 does not fit into 3", ""},
    {"MaxPool", 12, "kernel_shape=[0]", "f32[1,1,3] 0..", "! kernel_shape has 0", ""},
    {"MaxPool", 12, "kernel_shape=[1]", "i32[1,1,3] 0..", "! it can't work on i32", ""},
    {"AveragePool", 12, "kernel_shape=[1]", "u8[1,1,3] 0..", "! it can't work on u8", ""},
    {"LpPool", 18, "kernel_shape=[1] p=0", "f32[1,1,3] 0..", "! p is 0", ""},
    {"GlobalMaxPool", 1, "", "f32[1,1,0]", "! there is nothing to pool in 1x1x0", ""},
    {"MaxUnpool", 11, "kernel_shape=[2]", "f32[1,1,1] 5; i64[1,1,1] 2", "! index 2 is not in 1x1x2", ""},
    {"MaxUnpool", 11, "kernel_shape=[2]", "f32[1,1,1] 5; i64[1,1,1] -1", "! index -1 is not in 1x1x2", ""},
    {"MaxUnpool", 11, "kernel_shape=[2]", "f32[1,1,1] 5; i64[1,1,1] 0; i64[3] 1 1 1", "! its output_shape has 1 where 2 are needed", ""},
    {"RoiAlign", 16, "", "f32[1,1,2,2] 0..; f32[1,4] 0..; i64[1] 1", "! a box is of picture 1 of 1", ""},
    {"RoiAlign", 16, "", "f32[1,1,2,2] 0..; f32[1,5] 0..; i64[1] 0", "! its boxes have the shape 1x5, not Nx4", ""},
    {"RoiAlign", 16, "output_height=0", "f32[1,1,2,2] 0..; f32[1,4] 0..; i64[1] 0", "! pieces of 0x1", ""},
    {"RoiAlign", 16, "sampling_ratio=-1", "f32[1,1,2,2] 0..; f32[1,4] 0..; i64[1] 0", "! sampling_ratio is -1", ""},
    {"MaxRoiPool", 1, "pooled_shape=[1,1]", "f32[1,1,2,2] 0..; f32[1,5] nan 0 0 1 1", "! a box is of picture nan of 1", ""},
    {"MaxRoiPool", 1, "", "f32[1,1,2,2] 0..; f32[1,5] 0..", "! pooled_shape has 0 numbers", ""},
    {"Resize", 13, "", "f32[2] 1 2", "! it has neither scales nor sizes", ""},
    {"Resize", 13, "", "f32[2] 1 2; -; f32[2] 1 2", "! scales has the shape 2, not 1", ""},
    {"Resize", 13, "", "f32[2] 1 2; -; f32[1] 0", "! a side of 2 can't be scaled by 0", ""},
    {"Resize", 13, "", "f32[2] 1 2; -; f32[1] nan", "! can't be scaled by nan", ""},
    {"Resize", 13, "", "f32[2] 1 2; -; f32[1] 1e30", "! can't be scaled by 1e+30", ""},
    {"Resize", 13, "", "f32[0]; -; -; i64[1] 2", "! a side of 0 can't become 2", ""},
    {"Resize", 13, "", "f32[2] 1 2; -; -; i64[1] -1", "! a side of 2 can't become -1", ""},
    {"Resize", 13, "mode=lanczos", "f32[2] 1 2; -; f32[1] 1", "! mode is lanczos, which it does not know", ""},
    {"Resize", 13, "coordinate_transformation_mode=tf_crop_and_resize", "f32[2] 1 2; -; f32[1] 1", "! lacks its roi", ""},
    {"Resize", 18, "antialias=1", "f32[2] 1 2; -; f32[1] 1", "! antialias goes with linear and cubic only", ""},
    {"Resize", 18, "axes=[1,-1]", "f32[2,2] 0..; -; f32[2] 1 1", "! axis 1 is in axes twice", ""},
    {"Resize", 18, "keep_aspect_ratio_policy=odd", "f32[2] 1 2; -; -; i64[1] 1", "! keep_aspect_ratio_policy is odd", ""},
    {"Resize", 13, "mode=linear", "bool[2] 0 1; -; f32[1] 2", "! truth values can't be mixed", ""},
    {"GridSample", 20, "", "f32[1,1,2,2] 0..; f32[1,1,1,3] 0..", "! a grid of shape 1x1x1x3 does not fit", ""},
    {"GridSample", 20, "mode=sinc", "f32[1,1,2,2] 0..; f32[1,1,1,2] 0..", "! mode sinc with padding zeros is not known", ""},
    {"GridSample", 20, "mode=cubic", "f32[1,1,1,2,2] 0..; f32[1,1,1,1,3] 0..", "! cubic sampling is for maps only", ""},
    {"GridSample", 20, "", "f32[1,1,0,2]; f32[1,1,1,2] 0..", "! a side of 0 is out of range", ""},
    {"LSTM", 14, "", "f32[1,1,1] 1; f32[1,3,1] 0..; f32[1,4,1] 0..", "! its second input is f32 of shape 1x3x1", ""},
    {"LSTM", 14, "direction=up", "f32[1,1,1] 1; f32[1,4,1] 0..; f32[1,4,1] 0..", "! direction is up", ""},
    {"LSTM", 14, "hidden_size=2", "f32[1,1,1] 1; f32[1,4,1] 0..; f32[1,4,1] 0..", "! hidden_size is 2 where the weights have 1", ""},
    {"GRU", 14, "", "f32[1,1,1] 1; f32[1,3,1] 0..; f32[1,3,1] 0..; -; i32[1] 2", "! a sequence is 2 long (0 to 1)", ""},
    {"RNN", 14, "activations={Swish}", "f32[1,1,1] 1; f32[1,1,1] 0..; f32[1,1,1] 0..", "! the activation Swish is not known", ""},
    {"RNN", 14, "activations={Tanh,Tanh}", "f32[1,1,1] 1; f32[1,1,1] 0..; f32[1,1,1] 0..", "! activations has 2 names, not 1", ""},
    {"Attention", 23, "", "f32[1,1,1,2] 0..; f32[1,1,1,3] 0..; f32[1,1,1,2] 0..", "! do not fit together", ""},
    {"Attention", 23, "", "f32[1,1,2] 0..; f32[1,1,2] 0..; f32[1,1,2] 0..", "! does not fit 0 heads", ""},
    {"Attention", 23, "", "f32[1,1,1,2] 0..; f32[1,1,1,2] 0..; f32[1,1,1,2] 0..; bool[2,2] 0..", "! a mask of bool, shape 2x2, for 1x1x1x1", ""},
    {"Attention", 23, "", "f32[1,1,1,2] 0..; f32[1,1,1,2] 0..; f32[1,1,1,2] 0..; -; f32[1,1,1,2] 0..", "! the past keys and values", ""},
    {"CausalConvWithState", 27, "", "f32[1,2,4] 0..; f32[1,1,3] 0..", "! weights of shape 1x1x3 do not fit", ""},
    {"CausalConvWithState", 27, "", "f32[1,1,4] 0..; f32[1,1,3] 0..; -; f32[1,1,3] 0..", "! a state of shape 1x1x3, not 1x1x2", ""},
};
/* clang-format on */

static void check_all(const struct operator_case *rows, size_t count)
{
    check_results(rows, count);
    check_shapes_without_values(rows, count);
    check_starved(rows, count);
}

static void test_convolutions_give_the_reference_results(void **state)
{
    (void)state;
    check_all(CASES(convolution_rows));
}

static void test_products_and_quantized_numbers_give_the_reference_results(void **state)
{
    (void)state;
    check_all(CASES(product_rows));
}

static void test_pools_give_the_reference_results(void **state)
{
    (void)state;
    check_all(CASES(pool_rows));
}

static void test_samplers_give_the_reference_results(void **state)
{
    (void)state;
    check_all(CASES(sample_rows));
}

static void test_sequences_give_the_reference_results(void **state)
{
    (void)state;
    check_all(CASES(sequence_rows));
}

static void test_nonsense_is_refused_with_a_reason(void **state)
{
    (void)state;
    check_results(CASES(refused_rows));
}

static void test_mutated_calls_are_refused_or_run(void **state)
{
    (void)state;
    check_mutated(CASES(convolution_rows), 4000);
    check_mutated(CASES(product_rows), 4000);
    check_mutated(CASES(pool_rows), 4000);
    check_mutated(CASES(sample_rows), 4000);
    check_mutated(CASES(sequence_rows), 4000);
    check_mutated(CASES(refused_rows), 4000);
}

/* ---- finding deform_conv2d -------------------------------------------------------------------------- */

static void test_deform_conv2d_is_found_however_it_is_spelled(void **state)
{
    static const char *const   names[][2] = {{"torchvision", "deform_conv2d"},
                                             {"custom", "deform_conv2d"},
                                             {"", "deform_conv2d"},
                                             {"custom", "deform_conv_2d"},
                                             {"my", "deform_conv2D"},
                                             {"mmcv", "DeformConv2d"},
                                             {"", "torchvision.deform_conv2d"},
                                             {"x", "torchvision::deform_conv2d"}};
    static const char *const   others[][2] = {{"custom", "deform_conv"},
                                              {"", "deform_conv3d"},
                                              {"", ""},
                                              {"custom", "Conv"},
                                              {"", "*.deform_conv2d."}};
    const struct bsr_operator *wanted = operators_find("torchvision", "deform_conv2d");

    (void)state;
    assert_non_null(wanted);
    assert_string_equal(wanted->name, "*.deform_conv2d");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_ptr_equal(operators_find(names[i][0], names[i][1]), wanted);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_null(operators_find(others[i][0], others[i][1]));
    assert_string_equal(operators_find("", "DeformConv")->name, "DeformConv");
}

/* ---- large ones, against the plainest of loops ------------------------------------------------------- */

enum { CHANNELS = 70, FILTERS = 5, SIDE = 33, KERNEL = 3, LENGTH = SIDE * SIDE };

static float wave(size_t i)
{
    return (float)((i * 7919) % 1009) / 504.5F - 1;
}

static float *waves(size_t count)
{
    float *values = test_malloc(count * sizeof *values);
    for (size_t i = 0; i < count; i++)
        values[i] = wave(i);
    return values;
}

static double plain_conv(const float *x, const float *w, int filter, int row, int column)
{
    double sum = 0;
    for (int c = 0; c < CHANNELS; c++)
        for (int i = 0; i < KERNEL * KERNEL; i++) {
            int y = row + i / KERNEL - 1, z = column + i % KERNEL - 1;
            if (y >= 0 && y < SIDE && z >= 0 && z < SIDE)
                sum += (double)w[(filter * CHANNELS + c) * KERNEL * KERNEL + i] *
                       (double)x[c * LENGTH + y * SIDE + z];
        }
    return sum;
}

/* More than one block of the product's loops and of unfolded windows. */
static void test_a_convolution_of_many_blocks_is_the_sum_of_its_products(void **state)
{
    float *x = waves((size_t)CHANNELS * LENGTH), *w = waves((size_t)FILTERS * CHANNELS * KERNEL * KERNEL);
    float *y = test_malloc((size_t)FILTERS * LENGTH * sizeof *y);
    const int64_t           pads[] = {1, 1, 1, 1};
    const struct attribute  attribute = {.name = "pads", .kind = ATTRIBUTE_INTS, .ints = pads, .count = 4};
    const struct bsr_node   node = {.name = "",
                                    .domain = "",
                                    .type = "Conv",
                                    .opset = 11,
                                    .attributes = &attribute,
                                    .attribute_count = 1};
    const struct bsr_tensor in = {.data = x, .type = BSR_F32, .dims = 4, .shape = {1, CHANNELS, SIDE, SIDE}};
    const struct bsr_tensor weights = {
        .data = w, .type = BSR_F32, .dims = 4, .shape = {FILTERS, CHANNELS, KERNEL, KERNEL}};
    const struct bsr_tensor *const inputs[] = {&in, &weights};
    struct bsr_tensor              out = {.data = y};
    const struct bsr_operator     *op = operators_find("", "Conv");
    struct bsr_call                call = {
                       .node = &node, .inputs = inputs, .input_count = 2, .outputs = &out, .output_count = 1};

    (void)state;
    assert_int_equal(op->shape(&call, NULL), BSR_OK);
    assert_int_equal(tensor_count(&out), FILTERS * LENGTH);
    assert_int_equal(op->run(&call, NULL), BSR_OK);
    for (int i = 0; i < FILTERS * LENGTH; i++) {
        double wanted = plain_conv(x, w, i / LENGTH, i % LENGTH / SIDE, i % SIDE);
        if (fabs((double)y[i] - wanted) > 1e-4)
            fail_msg("element %d is %g, not %g", i, (double)y[i], wanted);
    }
    test_free(x);
    test_free(w);
    test_free(y);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_convolutions_give_the_reference_results),
        cmocka_unit_test(test_products_and_quantized_numbers_give_the_reference_results),
        cmocka_unit_test(test_pools_give_the_reference_results),
        cmocka_unit_test(test_samplers_give_the_reference_results),
        cmocka_unit_test(test_sequences_give_the_reference_results),
        cmocka_unit_test(test_nonsense_is_refused_with_a_reason),
        cmocka_unit_test(test_mutated_calls_are_refused_or_run),
        cmocka_unit_test(test_deform_conv2d_is_found_however_it_is_spelled),
        cmocka_unit_test(test_a_convolution_of_many_blocks_is_the_sum_of_its_products),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
