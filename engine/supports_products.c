/* Products of matrices, sums along axes, softmax. */
#include "engine/supports.h"

#include <string.h>

static const char *check_gemm(const struct onnx_node_view *node, int opencv)
{
    const struct bsr_tensor *a = view_input(node, 0), *b = view_input(node, 1), *c = view_input(node, 2);

    (void)opencv;
    if (a->data || a->dims != 2 || !b->data || b->type != BSR_F32 || b->dims != 2)
        return "OpenCV takes a constant matrix on the right only";
    if (bsr_node_int(&node->node, "transA", 0) || bsr_node_int(&node->node, "transB", 0) != 1)
        return "OpenCV takes a transposed matrix on the right only";
    if (bsr_node_float(&node->node, "alpha", 1) != 1.0F || bsr_node_float(&node->node, "beta", 1) != 1.0F)
        return "OpenCV leaves alpha and beta out";
    if (b->shape[1] != a->shape[1])
        return "its matrices don't fit";
    if (c && (!c->data || c->type != BSR_F32 || tensor_count(c) != (size_t)b->shape[0] || !c->dims ||
              c->dims > 2 || c->shape[c->dims - 1] != b->shape[0]))
        return "OpenCV adds one constant row only";
    return NULL;
}

static const char *check_matmul(const struct onnx_node_view *node, int opencv)
{
    const struct bsr_tensor *a = view_input(node, 0), *b = view_input(node, 1);

    (void)opencv;
    if (a->data || a->dims < 2 || a->dims > 5)
        return "OpenCV takes no constant and no vector on the left";
    if (b->data)
        return b->type == BSR_F32 && b->dims == 2 && b->shape[0] == a->shape[a->dims - 1]
                   ? NULL
                   : "OpenCV takes a constant of two dimensions only";
    if (a->dims != b->dims || memcmp(a->shape, b->shape, (size_t)(a->dims - 2) * sizeof *a->shape) != 0)
        return "OpenCV does not broadcast matrices";
    return NULL;
}

/* Before opset 13 all sides from the axis on were one: the same where those behind it are 1. */
static const char *check_softmax(const struct onnx_node_view *node, int opencv)
{
    const struct bsr_tensor *input = view_input(node, 0);
    int64_t                  axis = bsr_node_int(&node->node, "axis", input->dims == 2 ? 1 : INT64_MAX);

    (void)opencv;
    if (input->data || input->dims < 2 || axis < -input->dims || axis >= input->dims)
        return "OpenCV needs an axis";
    axis += axis < 0 ? input->dims : 0;
    for (int64_t i = axis + 1; bsr_node_opset(&node->node) < 13 && i < input->dims; i++)
        if (input->shape[i] != 1)
            return "OpenCV takes one axis only, not all behind it";
    return NULL;
}

/* Axes as an attribute, which is where besra's passes put them. */
static const char *check_reduce(const struct onnx_node_view *node, int opencv)
{
    const struct bsr_tensor *input = view_input(node, 0);
    int                      count = 0;
    const int64_t           *axes = bsr_node_ints(&node->node, "axes", &count);
    int64_t                  terms = 1;
    unsigned                 seen = 0;

    if (input->data || input->dims < 2 || input->dims > 5 || node->outputs[0]->dims < 2)
        return "OpenCV knows tensors of 2 to 5 dimensions here";
    if (!axes || !count)
        return "OpenCV takes the axes as an attribute only";
    if (bsr_node_int(&node->node, "noop_with_empty_axes", 0))
        return "its axes are none";
    if (opencv >= 407 && (count > 2 || count == input->dims)) /* it loses its way among three, and its end */
        return "this OpenCV does not sum over so many axes right";
    for (int i = 0; i < count; i++) {
        int64_t axis = axes[i] < 0 ? axes[i] + input->dims : axes[i];
        if (axis < 0 || axis >= input->dims || seen >> axis & 1)
            return "its axes are none";
        seen |= 1U << axis;
        terms = terms > 1 ? terms : input->shape[axis];
    }
    bool plain = strcmp(node->node.type, "ReduceMean") == 0 || strcmp(node->node.type, "ReduceSum") == 0;
    return opencv < 407 || terms > 1 || plain ? NULL : "this OpenCV leaves one number alone as it is";
}

/* ReduceMax and ReduceMin are not among them: OpenCV begins with the largest float of the other sign, so that
 * rows of infinities (masks of attention) come out as that. */
#define REDUCE(type)                                                                                         \
    {                                                                                                        \
        type, "axes:I keepdims:i noop_with_empty_axes:i", 1, 1, true, check_reduce                           \
    }

const struct support_rule supports_products[] = {
    {"Gemm", "alpha:f beta:f transA:i transB:i", 2, 3, true, check_gemm},
    {"MatMul", "", 2, 2, true, check_matmul},
    {"Softmax", "axis:i", 1, 1, true, check_softmax},
    REDUCE("ReduceMean"),
    REDUCE("ReduceSum"),
    REDUCE("ReduceL1"),
    REDUCE("ReduceL2"),
    REDUCE("ReduceSumSquare"),
    {0},
};
