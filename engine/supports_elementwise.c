/* One number in, one number out: functions that OpenCV has as layers of activation. */
#include "engine/supports.h"

#include <math.h>
#include <string.h>

static const char *check_any(const struct onnx_node_view *node, int opencv)
{
    (void)opencv;
    if (view_is_constant(node, 0))
        return "OpenCV takes no constant here";
    if (node->output_count != 1)
        return "OpenCV gives one output here";
    return view_input(node, 0)->dims >= 1 ? NULL : "OpenCV knows no scalars";
}

static const char *check_finite(const struct onnx_node_view *node, int opencv)
{
    static const char *const names[] = {"alpha", "beta", "gamma", "bias", "lambd", "min", "max", "ratio"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!isfinite(bsr_node_float(&node->node, names[i], 0)))
            return "one of its numbers is not finite";
    return check_any(node, opencv);
}

/* The importer of 4.6 wants the bounds as attributes, which is where besra's passes put them. */
static const char *check_clip(const struct onnx_node_view *node, int opencv)
{
    bool constant = true;

    for (int i = 1; i < node->input_count; i++) {
        const struct bsr_tensor *bound = node->inputs[i];
        constant =
            constant && (!bound || (bound->data && bound->type == BSR_F32 && tensor_count(bound) == 1));
    }
    if (node->input_count > 1 && opencv < 407)
        return "this OpenCV takes the bounds of Clip as attributes only";
    if (!constant)
        return "OpenCV takes constant bounds only";
    if (node->input_count > 1 && node->node.attribute_count)
        return "it has its bounds twice";
    if (bsr_node_float(&node->node, "min", -INFINITY) > bsr_node_float(&node->node, "max", INFINITY))
        return "its least is over its most";
    return check_finite(node, opencv);
}

/* One slope for all, or one a channel. */
static const char *check_prelu(const struct onnx_node_view *node, int opencv)
{
    const struct bsr_tensor *input = view_input(node, 0), *slope = view_input(node, 1);

    if (!slope->data || slope->type != BSR_F32)
        return "OpenCV takes constant slopes only";
    if (tensor_count(slope) == 1)
        return input->dims >= 2 ? check_any(node, opencv) : "OpenCV needs channels here";
    int channel = slope->dims - (input->dims - 1); /* where the channels are among the sides of the slope */
    if (input->dims < 2 || channel < 0 || !tensor_lies_along(slope, channel) ||
        slope->shape[channel] != input->shape[1])
        return "OpenCV takes one slope or one a channel";
    return check_any(node, opencv);
}

/* OpenCV has log(1 + exp(x)), which is infinite from 89 on. */
static const char *check_softplus(const struct onnx_node_view *node, int opencv)
{
    (void)node;
    (void)opencv;
    return "OpenCV overflows for large numbers";
}

static const char *check_from_47(const struct onnx_node_view *node, int opencv)
{
    return opencv >= 407 ? check_any(node, opencv) : "this OpenCV does not know it";
}

const struct support_rule supports_elementwise[] = {
    {"Relu", "", 1, 1, true, check_any},
    {"LeakyRelu", "alpha:f", 1, 1, true, check_finite},
    {"Sigmoid", "", 1, 1, true, check_any},
    {"Tanh", "", 1, 1, true, check_any},
    {"Elu", "alpha:f", 1, 1, true, check_finite},
    {"Selu", "alpha:f gamma:f", 1, 1, true, check_finite},
    {"Celu", "alpha:f", 1, 1, true, check_finite},
    {"HardSigmoid", "alpha:f beta:f", 1, 1, true, check_finite},
    {"HardSwish", "", 1, 1, true, check_any},
    {"Mish", "", 1, 1, true, check_any},
    {"Softplus", "", 1, 1, true, check_softplus},
    {"Softsign", "", 1, 1, true, check_any},
    {"ThresholdedRelu", "alpha:f", 1, 1, true, check_finite},
    {"Shrink", "bias:f lambd:f", 1, 1, true, check_finite},
    {"Gelu", "", 1, 1, true, check_from_47},
    {"Exp", "", 1, 1, true, check_any},
    {"Log", "", 1, 1, true, check_any},
    {"Sqrt", "", 1, 1, true, check_any},
    {"Abs", "", 1, 1, true, check_any},
    {"Neg", "", 1, 1, true, check_any},
    {"Floor", "", 1, 1, true, check_any},
    {"Ceil", "", 1, 1, true, check_any},
    {"Round", "", 1, 1, true, check_any},
    {"Sign", "", 1, 1, true, check_any},
    {"Reciprocal", "", 1, 1, true, check_any},
    {"Erf", "", 1, 1, true, check_any},
    {"Sin", "", 1, 1, true, check_any},
    {"Cos", "", 1, 1, true, check_any},
    {"Tan", "", 1, 1, true, check_any},
    {"Sinh", "", 1, 1, true, check_any},
    {"Cosh", "", 1, 1, true, check_any},
    {"Asin", "", 1, 1, true, check_any},
    {"Acos", "", 1, 1, true, check_any},
    {"Atan", "", 1, 1, true, check_any},
    {"Asinh", "", 1, 1, true, check_any},
    {"Acosh", "", 1, 1, true, check_any},
    {"Atanh", "", 1, 1, true, check_any},
    {"Identity", "", 1, 1, true, check_any},
    {"Dropout", "ratio:f", 1, 1, true, check_finite},
    {"Clip", "max:f min:f", 1, 3, true, check_clip},
    {"PRelu", "", 2, 2, true, check_prelu},
    {0},
};
