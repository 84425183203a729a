/* Two tensors, number by number. OpenCV 4.6 knows some forms of broadcasting, refuses most, and computes some
 * wrong without a word (3 numbers on 1x3x3x3; a constant or the smaller tensor as a dividend). */
#include "engine/supports.h"

#include <string.h>

static const char too_much[] = "OpenCV does not broadcast these shapes right";

static bool is(const struct onnx_node_view *node, const char *type)
{
    return strcmp(node->node.type, type) == 0;
}

/* The side behind leading ones: those of [1][C][1][1] and [C][1][1] are both C where the other has 4. */
static bool is_per_channel(const struct bsr_tensor *tensor, int dims)
{
    int channel = tensor->dims - (dims - 1);
    return channel >= 0 && channel < tensor->dims && tensor->dims <= dims &&
           tensor_lies_along(tensor, channel);
}

/* x and a constant. */
static const char *check_constant(const struct onnx_node_view *node, const struct bsr_tensor *x,
                                  const struct bsr_tensor *constant, bool constant_first)
{
    bool scales = is(node, "Mul") || is(node, "Div");

    if (constant->type != BSR_F32)
        return "OpenCV computes with 32-bit floats only";
    if (tensor_count(constant) == 1)
        return constant->dims <= x->dims ? NULL : too_much;
    if (constant_first && is(node, "Div"))
        return "OpenCV divides the other way round";
    if (tensor_same_shape(x, constant))
        return !scales || x->shape[0] == 1 ? NULL : too_much;
    if (x->dims == 2 && constant->dims == 1 && constant->shape[0] == x->shape[1])
        return NULL;
    if (x->dims >= 3 && is_per_channel(constant, x->dims) && tensor_count(constant) == (size_t)x->shape[1])
        return scales || x->shape[0] == 1 ? NULL : too_much;
    return too_much;
}

/* [N][C][H][W] and [N][C][1][1]: what squeeze-and-excitation does. */
static const char *check_gate(const struct onnx_node_view *node, const struct bsr_tensor *large,
                              const struct bsr_tensor *small, bool small_first)
{
    if (large->dims < 3 || small->dims != large->dims || small->shape[0] != large->shape[0] ||
        small->shape[1] != large->shape[1])
        return too_much;
    for (int i = 2; i < small->dims; i++)
        if (small->shape[i] != 1)
            return too_much;
    if (is(node, "Mul"))
        return NULL;
    if (small_first)
        return too_much;
    return is(node, "Div") || large->shape[0] == 1 ? NULL : too_much;
}

static const char *check_arithmetic(const struct onnx_node_view *node, int opencv)
{
    const struct bsr_tensor *a = view_input(node, 0), *b = view_input(node, 1);

    (void)opencv;
    if (a->data && b->data)
        return "OpenCV takes no constants here";
    if (a->data)
        return b->dims >= 2 ? check_constant(node, b, a, true) : "OpenCV knows no vectors here";
    if (a->dims < 2)
        return "OpenCV knows no vectors here";
    if (b->data)
        return check_constant(node, a, b, false);
    if (tensor_same_shape(a, b))
        return NULL;
    return tensor_count(a) > tensor_count(b) ? check_gate(node, a, b, false) : check_gate(node, b, a, true);
}

/* Any number of tensors of one shape. */
static const char *check_same(const struct onnx_node_view *node, int opencv)
{
    (void)opencv;
    for (int i = 0; i < node->input_count; i++) {
        const struct bsr_tensor *input = node->inputs[i];
        if (!input || input->data)
            return "OpenCV takes no constants here";
        if (input->dims < 2 || !tensor_same_shape(input, node->inputs[0]))
            return too_much;
    }
    return NULL;
}

/* x to the power of one constant. */
static const char *check_pow(const struct onnx_node_view *node, int opencv)
{
    const struct bsr_tensor *base = view_input(node, 0), *power = view_input(node, 1);

    (void)opencv;
    if (base->data || !power->data || power->type != BSR_F32 || tensor_count(power) != 1)
        return "OpenCV knows one constant power only";
    return base->dims >= 2 && power->dims <= base->dims ? NULL : "OpenCV knows no vectors here";
}

const struct support_rule supports_arithmetic[] = {
    {"Add", "", 2, 2, true, check_arithmetic},
    {"Sub", "", 2, 2, true, check_arithmetic},
    {"Mul", "", 2, 2, true, check_arithmetic},
    {"Div", "", 2, 2, true, check_arithmetic},
    {"Sum", "", 2, 8, true, check_same},
    {"Max", "", 2, 8, true, check_same},
    {"Min", "", 2, 8, true, check_same},
    {"Pow", "", 2, 2, true, check_pow},
    {0},
};
