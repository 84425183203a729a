/* What makes pictures larger and smaller: Resize, Upsample, Pad, pixels to channels and back. */
#include "engine/supports.h"

#include <limits.h>
#include <math.h>
#include <string.h>

static bool has_scales(const struct bsr_tensor *scales)
{
    return scales && scales->data && tensor_count(scales);
}

/* OpenCV goes by the quotient of the sizes, ONNX by the factor: they must be the same number. */
static bool is_exact(const struct bsr_tensor *input, const struct bsr_tensor *output,
                     const struct bsr_tensor *scales)
{
    for (int i = 0; i < 4; i++)
        if (fabs((double)input->shape[i] * tensor_get(scales, (size_t)i) - (double)output->shape[i]) >
            1e-6 * (double)output->shape[i])
            return false;
    return true;
}

static bool is_larger_by_whole_factor(const struct bsr_tensor *input, const struct bsr_tensor *output)
{
    for (int i = 2; i < 4; i++)
        if (output->shape[i] % input->shape[i] || output->shape[i] / input->shape[i] > 16)
            return false;
    return true;
}

/* By the whole factors 2 to 16 (each is tried in the tests) the nearest pixel is beyond doubt; 85 rows out of
 * 15 come out with some taken from beside. */
static const char *check_nearest(const struct onnx_node_view *node)
{
    static const char mode[] = "coordinate_transformation_mode", rounding[] = "nearest_mode";
    bool              asymmetric =
        view_text_is(node, mode, "asymmetric", false) && view_text_is(node, rounding, "floor", false);
    bool half_pixel = view_text_is(node, mode, "half_pixel", true) &&
                      view_text_is(node, rounding, "round_prefer_floor", true);

    if (!is_larger_by_whole_factor(view_input(node, 0), node->outputs[0]))
        return "OpenCV takes the nearest pixel otherwise at this factor";
    return asymmetric || half_pixel ? NULL : "OpenCV takes the nearest pixel otherwise";
}

static const char *check_linear(const struct onnx_node_view *node)
{
    static const char        mode[] = "coordinate_transformation_mode";
    const struct bsr_tensor *output = node->outputs[0];

    if (view_text_is(node, mode, "half_pixel", false) || view_text_is(node, mode, "align_corners", false) ||
        view_text_is(node, mode, "asymmetric", false))
        return NULL;
    if (view_text_is(node, mode, "pytorch_half_pixel", false))
        return output->shape[2] > 1 && output->shape[3] > 1 ? NULL : "OpenCV takes another pixel of one";
    return "OpenCV does not know this way to count pixels";
}

static const char *check_resize(const struct onnx_node_view *node, int opencv)
{
    const struct bsr_tensor *input = view_input(node, 0), *output = node->outputs[0];
    const struct bsr_tensor *scales = view_input(node, node->input_count == 2 ? 1 : 2);
    const struct bsr_tensor *sizes = view_input(node, 3);

    (void)opencv;
    if (input->data || input->dims != 4)
        return "OpenCV resizes [N][C][H][W] only";
    for (int i = 1; i < node->input_count; i++)
        if (node->inputs[i] && !node->inputs[i]->data)
            return "OpenCV takes constant sizes only";
    if (input->shape[0] != output->shape[0] || input->shape[1] != output->shape[1])
        return "OpenCV resizes height and width only";
    if (bsr_node_int(&node->node, "antialias", 0) || bsr_node_int(&node->node, "exclude_outside", 0))
        return "OpenCV has neither antialias nor exclude_outside";
    if (!view_text_is(node, "keep_aspect_ratio_policy", "stretch", true))
        return "OpenCV does not keep the proportions";
    if (has_scales(scales)) {
        if (tensor_count(scales) != 4 || scales->type != BSR_F32 || !is_exact(input, output, scales))
            return "OpenCV computes with another factor";
    } else if (!sizes || tensor_count(sizes) != 4 || node->input_count != 4)
        return "OpenCV takes four sizes";
    if (view_text_is(node, "mode", "nearest", false))
        return check_nearest(node);
    return view_text_is(node, "mode", "linear", false) ? check_linear(node) : "mode cubic is not supported";
}

/* Of opset 7, with factors as an attribute, and 9. */
static const char *check_upsample(const struct onnx_node_view *node, int opencv)
{
    const struct bsr_tensor *input = view_input(node, 0);
    const struct bsr_tensor *scales = view_input(node, 1);
    int                      count = 0;
    const float             *factors = bsr_node_floats(&node->node, "scales", &count);

    (void)opencv;
    if (input->data || input->dims != 4 || !view_text_is(node, "mode", "nearest", false))
        return "OpenCV takes the nearest pixels of [N][C][H][W] only";
    if (factors ? count != 4 || scales : !has_scales(scales) || tensor_count(scales) != 4)
        return "OpenCV takes four constant factors only";
    for (int i = 0; i < 4; i++) {
        double factor = factors ? (double)factors[i] : tensor_get(scales, (size_t)i);
        if (i < 2 ? factor != 1 : factor != floor(factor))
            return "OpenCV takes whole factors of height and width only";
    }
    return is_larger_by_whole_factor(input, node->outputs[0])
               ? NULL
               : "OpenCV takes the nearest pixel otherwise at this factor";
}

/* The two sides of an axis; false where they are not known or no numbers that OpenCV can hold. */
static bool read_pads(const struct onnx_node_view *node, int axis, int dims, int64_t *before, int64_t *after)
{
    const struct bsr_tensor *pads = view_input(node, 1);
    int                      count = 0;
    const int64_t           *values = bsr_node_ints(&node->node, "pads", &count);

    if (pads && (values || !pads->data || pads->type != BSR_I64 || tensor_count(pads) != 2 * (size_t)dims))
        return false;
    if (!pads && count != 2 * dims)
        return false;
    *before = pads ? tensor_get_int(pads, (size_t)axis) : values[axis];
    *after = pads ? tensor_get_int(pads, (size_t)dims + (size_t)axis) : values[dims + axis];
    return *before >= 0 && *after >= 0 && *before < INT_MAX / 2 && *after < INT_MAX / 2;
}

static const char *check_pad(const struct onnx_node_view *node, int opencv)
{
    const struct bsr_tensor *input = view_input(node, 0), *value = view_input(node, 2);
    bool                     constant = view_text_is(node, "mode", "constant", true);
    bool other = view_text_is(node, "mode", "reflect", false) || view_text_is(node, "mode", "edge", false);

    (void)opencv;
    if (input->data || input->dims < 2 || input->dims > 5)
        return "OpenCV pads 2 to 5 dimensions";
    if (!constant && !(other && input->dims == 4))
        return "OpenCV does not know this padding";
    if (value && (!value->data || value->type != BSR_F32 || tensor_count(value) != 1))
        return "OpenCV pads with one constant only";
    for (int i = 0; i < input->dims; i++) {
        int64_t before, after;
        if (!read_pads(node, i, input->dims, &before, &after))
            return "OpenCV takes constant padding from 0 on only";
        if (!constant && (before || after) &&
            (i < 2 || before >= input->shape[i] || after >= input->shape[i]))
            return "OpenCV reflects height and width only";
    }
    return NULL;
}

static const char *check_blocks(const struct onnx_node_view *node, int opencv)
{
    int64_t block = bsr_node_int(&node->node, "blocksize", 0);

    (void)opencv;
    if (view_is_constant(node, 0) || view_input(node, 0)->dims != 4 || block < 1 || block > 4096)
        return "OpenCV takes blocks of [N][C][H][W] only";
    return view_text_is(node, "mode", "DCR", true) || view_text_is(node, "mode", "CRD", false)
               ? NULL
               : "OpenCV knows the modes DCR and CRD only";
}

const struct support_rule supports_sizes[] = {
    {"Resize",
     "antialias:i coordinate_transformation_mode:t cubic_coeff_a:f exclude_outside:i extrapolation_value:f "
     "keep_aspect_ratio_policy:t mode:t nearest_mode:t",
     1, 4, true, check_resize},
    {"Upsample", "mode:t scales:F", 1, 2, true, check_upsample},
    {"Pad", "mode:t pads:I value:f", 1, 3, true, check_pad},
    {"DepthToSpace", "blocksize:i mode:t", 1, 1, true, check_blocks},
    {"SpaceToDepth", "blocksize:i", 1, 1, true, check_blocks},
    {0},
};
