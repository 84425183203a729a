/* Convolutions, pools and what else slides over or normalises [N][C][...]. */
#include "engine/supports.h"

#include <limits.h>
#include <math.h>
#include <string.h>

enum { MOST = 1 << 20 }; /* of a side of a kernel, a step, a padding: nobody needs more */

/* Axes behind [N][C], or 0 where OpenCV doesn't slide over so many. */
static int spatial_axes(const struct bsr_tensor *input)
{
    return input->dims >= 3 && input->dims <= 5 ? input->dims - 2 : 0;
}

static int64_t pad_sum(const struct onnx_node_view *node, int axis, int axes)
{
    return view_int_at(node, "pads", axis, 0) + view_int_at(node, "pads", axes + axis, 0);
}

/* The attributes that all sliding operators have. SAME_LOWER comes out as SAME_UPPER. */
static const char *check_window(const struct onnx_node_view *node, int axes)
{
    int count;

    if (!axes)
        return "OpenCV slides over 1 to 3 axes";
    if (!bsr_node_ints(&node->node, "kernel_shape", &count))
        return "OpenCV needs kernel_shape";
    if (!view_ints_within(node, "kernel_shape", axes, 1, MOST) ||
        !view_ints_within(node, "strides", axes, 1, MOST) ||
        !view_ints_within(node, "dilations", axes, 1, MOST) ||
        !view_ints_within(node, "pads", 2 * axes, 0, MOST))
        return "its kernel, strides, dilations or pads are none that OpenCV takes";
    bool padded = false;
    for (int i = 0; i < axes; i++)
        padded = padded || pad_sum(node, i, axes);
    if (view_text_is(node, "auto_pad", "NOTSET", true))
        return NULL;
    if (padded)
        return "it is padded twice";
    if (view_text_is(node, "auto_pad", "VALID", false))
        return NULL;
    if (!view_text_is(node, "auto_pad", "SAME_UPPER", false) || axes < 2 ||
        !view_ints_within(node, "dilations", axes, 1, 1))
        return "OpenCV does not pad this automatically, or on the other side";
    return NULL;
}

/* The kernel's sides are the last sides of the weights. */
static bool kernel_fits(const struct onnx_node_view *node, const struct bsr_tensor *weights, int axes)
{
    for (int i = 0; i < axes; i++)
        if (view_int_at(node, "kernel_shape", i, 0) != weights->shape[2 + i])
            return false;
    return true;
}

static bool is_constant_vector(const struct onnx_node_view *node, int n, int64_t length)
{
    const struct bsr_tensor *input = view_input(node, n);
    return input && input->data && input->type == BSR_F32 && input->dims == 1 && input->shape[0] == length;
}

/* Of 3x3 with a filter for each channel OpenCV has code of its own. It thinks of one padded row on each side,
 * never on both at once, and of neighbouring columns at the edge (4.10: of two at least): for others it reads
 * beside the map. */
static bool is_unsafe_depthwise(const struct onnx_node_view *node, const struct bsr_tensor *weights)
{
    const struct bsr_tensor *input = view_input(node, 0);
    int64_t                  down = view_int_at(node, "dilations", 0, 1);
    bool                     padded =
        pad_sum(node, 0, 2) || pad_sum(node, 1, 2) || !view_text_is(node, "auto_pad", "NOTSET", true);

    if (input->dims != 4 || weights->shape[1] != 1 || input->shape[1] < 2 || weights->shape[2] != 3 ||
        weights->shape[3] != 3 || !padded)
        return false;
    return input->shape[2] < 2 * down || input->shape[3] < 2 || view_int_at(node, "pads", 2, 0) > down ||
           view_int_at(node, "dilations", 1, 1) > 1;
}

static const char *check_conv(const struct onnx_node_view *node, int opencv)
{
    const struct bsr_tensor *input = view_input(node, 0), *weights = view_input(node, 1);
    int                      axes = spatial_axes(input);
    int64_t                  group = bsr_node_int(&node->node, "group", 1);
    const char              *reason = check_window(node, axes);

    (void)opencv;
    if (reason)
        return reason;
    if (input->data || !weights->data || weights->type != BSR_F32 || weights->dims != input->dims)
        return "OpenCV takes constant weights only";
    if (!kernel_fits(node, weights, axes) || group < 1 || group > weights->shape[0] ||
        weights->shape[0] % group || weights->shape[1] != input->shape[1] / group || input->shape[1] % group)
        return "its weights don't fit";
    if (view_input(node, 2) && !is_constant_vector(node, 2, weights->shape[0]))
        return "OpenCV takes a constant bias only";
    return is_unsafe_depthwise(node, weights) ? "OpenCV reads beside the map for this padding" : NULL;
}

static const char *check_conv_transpose(const struct onnx_node_view *node, int opencv)
{
    const struct bsr_tensor *input = view_input(node, 0), *weights = view_input(node, 1);
    int64_t                  group = bsr_node_int(&node->node, "group", 1);
    const char              *reason = check_window(node, input->dims == 4 ? 2 : 0);

    (void)opencv;
    if (reason)
        return reason;
    if (!view_text_is(node, "auto_pad", "NOTSET", true))
        return "besra does not trust OpenCV's automatic padding here";
    if (!view_ints_within(node, "dilations", 2, 1, 1))
        return "OpenCV does not dilate it";
    if (input->data || !weights->data || weights->type != BSR_F32 || weights->dims != 4)
        return "OpenCV takes constant weights only";
    if (!kernel_fits(node, weights, 2) || weights->shape[0] != input->shape[1] || group < 1 ||
        group > weights->shape[0] || weights->shape[0] % group)
        return "its weights don't fit";
    for (int i = 0; i < 2; i++) {
        if (view_int_at(node, "pads", i, 0) != view_int_at(node, "pads", 2 + i, 0))
            return "OpenCV takes the same padding on both sides only";
        if (view_int_at(node, "output_padding", i, 0) >= view_int_at(node, "strides", i, 1))
            return "its output_padding is none that OpenCV takes";
    }
    if (!view_ints_within(node, "output_padding", 2, 0, MOST))
        return "its output_padding is none that OpenCV takes";
    if (view_input(node, 2) && !is_constant_vector(node, 2, weights->shape[1] * group))
        return "OpenCV takes a constant bias only";
    return NULL;
}

/* With ceil_mode OpenCV may count a last window that lies in the padding alone, which ONNX does not. */
static bool ceil_agrees(const struct onnx_node_view *node, int axes)
{
    const struct bsr_tensor *input = view_input(node, 0), *output = node->outputs[0];

    for (int i = 0; i < axes; i++) {
        int64_t side = input->shape[2 + i], stride = view_int_at(node, "strides", i, 1);
        int64_t steps = side + pad_sum(node, i, axes) - view_int_at(node, "kernel_shape", i, 1);
        if (steps < 0 || output->shape[2 + i] != (steps + stride - 1) / stride + 1)
            return false;
    }
    return true;
}

static const char *check_pool(const struct onnx_node_view *node, int opencv)
{
    const struct bsr_tensor *input = view_input(node, 0);
    int                      axes = spatial_axes(input);
    const char              *reason = check_window(node, axes);

    (void)opencv;
    if (reason)
        return reason;
    if (input->data || node->output_count != 1)
        return "OpenCV gives no indices that besra trusts";
    if (!view_ints_within(node, "dilations", axes, 1, 1) || bsr_node_int(&node->node, "storage_order", 0))
        return "OpenCV does not dilate pools";
    for (int i = 0; i < 2 * axes; i++)
        if (view_int_at(node, "pads", i, 0) >= view_int_at(node, "kernel_shape", i % axes, 1))
            return "it is padded by more than its kernel";
    if (bsr_node_int(&node->node, "ceil_mode", 0) &&
        (!view_text_is(node, "auto_pad", "NOTSET", true) || !ceil_agrees(node, axes)))
        return "OpenCV rounds its size up otherwise";
    return NULL;
}

static const char *check_average_pool(const struct onnx_node_view *node, int opencv)
{
    int axes = spatial_axes(view_input(node, 0));

    for (int i = 0; bsr_node_int(&node->node, "count_include_pad", 0) && i < axes; i++)
        if (pad_sum(node, i, axes) || bsr_node_int(&node->node, "ceil_mode", 0) ||
            !view_text_is(node, "auto_pad", "NOTSET", true))
            return "OpenCV leaves the padding out of the average";
    return check_pool(node, opencv);
}

static const char *check_global(const struct onnx_node_view *node, int opencv)
{
    const struct bsr_tensor *input = view_input(node, 0);

    (void)opencv;
    return !input->data && (input->dims == 3 || input->dims == 4) ? NULL : "OpenCV pools [N][C][H][W] only";
}

static const char *check_batch_norm(const struct onnx_node_view *node, int opencv)
{
    const struct bsr_tensor *input = view_input(node, 0);
    float                    epsilon = bsr_node_float(&node->node, "epsilon", 1e-5F);

    (void)opencv;
    if (input->data || input->dims < 2 || input->dims > 5 || node->output_count != 1)
        return "OpenCV normalises [N][C][...] only";
    for (int i = 1; i < 5; i++)
        if (!is_constant_vector(node, i, input->shape[1]))
            return "OpenCV takes constants only";
    if (bsr_node_int(&node->node, "training_mode", 0) || !bsr_node_int(&node->node, "spatial", 1))
        return "OpenCV normalises by the constants only";
    return epsilon >= 0 && isfinite(epsilon) ? NULL : "its epsilon is none";
}

static const char *check_lrn(const struct onnx_node_view *node, int opencv)
{
    const struct bsr_tensor *input = view_input(node, 0);
    int64_t                  size = bsr_node_int(&node->node, "size", 0);

    (void)opencv;
    if (input->data || input->dims != 4)
        return "OpenCV normalises [N][C][H][W] only";
    return size >= 1 && size <= MOST && size % 2 ? NULL : "OpenCV takes odd sizes only";
}

#define WINDOW "auto_pad:t dilations:I kernel_shape:I pads:I strides:I"

const struct support_rule supports_spatial[] = {
    {"Conv", WINDOW " group:i", 2, 3, true, check_conv},
    {"ConvTranspose", WINDOW " group:i output_padding:I", 2, 3, true, check_conv_transpose},
    {"MaxPool", WINDOW " ceil_mode:i storage_order:i", 1, 1, true, check_pool},
    {"AveragePool", WINDOW " ceil_mode:i count_include_pad:i", 1, 1, true, check_average_pool},
    {"GlobalAveragePool", "", 1, 1, true, check_global},
    {"GlobalMaxPool", "", 1, 1, true, check_global},
    {"BatchNormalization", "epsilon:f momentum:f spatial:i training_mode:i", 5, 5, true, check_batch_norm},
    {"LRN", "alpha:f beta:f bias:f size:i", 1, 1, true, check_lrn},
    {0},
};
