/* Products of one row with constant matrices: convolutions of one pixel. */
#include "engine/fast/read.h"

#include "base/alloc.h"

enum { MOST_WEIGHTS = 1 << 28 };

static const char *check_matrix(const struct onnx_node_view *view, bool turned)
{
    const struct bsr_tensor *in = view->inputs[0], *weights = view_input(view, 1);

    if (in->dims != 2 || !view_is_constant(view, 1) || weights->type != BSR_F32 || weights->dims != 2 ||
        tensor_count(weights) == 0 || tensor_count(weights) > MOST_WEIGHTS)
        return "it is no product of one row with a constant matrix";
    return weights->shape[turned ? 1 : 0] == in->shape[1] ? NULL : "its sizes do not fit";
}

static const char *check_gemm(const struct onnx_node_view *view)
{
    const struct bsr_tensor *added = view_input(view, 2);

    if (bsr_node_int(&view->node, "transA", 0))
        return "its first matrix is transposed";
    if (added && !read_is_per_channel(added, 2, (int)view->outputs[0]->shape[1]))
        return "what it adds is no constant row";
    return check_matrix(view, bsr_node_int(&view->node, "transB", 0) != 0);
}

static const char *check_matmul(const struct onnx_node_view *view)
{
    return check_matrix(view, false);
}

/* Weights [outputs][inputs] times `factor`, from a matrix that has them so (`turned`), or the other way. */
static struct fast_layer *read_product(struct reading *reading, bool turned, float factor)
{
    struct fast_layer *layer = read_add(reading, LAYER_CONV, 1, 0);
    const float       *given = reading->view->inputs[1]->data;

    if (!layer)
        return NULL;
    layer->conv = (struct conv_shape){.inputs = (int)reading->view->inputs[0]->shape[1],
                                      .outputs = (int)reading->view->outputs[0]->shape[1],
                                      .groups = 1,
                                      .kernel = {1, 1},
                                      .stride = {1, 1},
                                      .dilation = {1, 1}};
    size_t ins = (size_t)layer->conv.inputs, outs = (size_t)layer->conv.outputs;
    layer->macs = (double)ins * (double)outs;
    layer->weights = read_zeros(ins * outs);
    for (size_t o = 0; layer->weights && o < outs; o++)
        for (size_t i = 0; i < ins; i++)
            layer->weights[o * ins + i] = factor * given[turned ? o * ins + i : i * outs + o];
    return layer->weights ? layer : NULL;
}

static bool read_matmul(struct reading *reading)
{
    return read_product(reading, false, 1) != NULL;
}

static bool read_gemm(struct reading *reading)
{
    const struct bsr_node   *node = &reading->view->node;
    const struct bsr_tensor *added = view_input(reading->view, 2);
    float                    beta = bsr_node_float(node, "beta", 1);
    struct fast_layer       *layer =
        read_product(reading, bsr_node_int(node, "transB", 0) != 0, bsr_node_float(node, "alpha", 1));

    if (!layer || !added)
        return layer != NULL;
    layer->bias = read_per_channel(added, layer->conv.outputs);
    for (int o = 0; layer->bias && o < layer->conv.outputs; o++)
        layer->bias[o] *= beta;
    return layer->bias != NULL;
}

const struct read_rule read_products[] = {
    {"Gemm", true, false, 2, 3, READ_FLOATS, check_gemm, read_gemm},
    {"MatMul", true, false, 2, 2, READ_FLOATS, check_matmul, read_matmul},
    {.type = NULL},
};
