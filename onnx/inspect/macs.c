#include "onnx/inspect/macs.h"

#include <string.h>

static uint64_t product(uint64_t a, uint64_t b)
{
    uint64_t result;
    return __builtin_mul_overflow(a, b, &result) ? UINT64_MAX : result;
}

/* The sides from `first` on, multiplied. */
static uint64_t volume(const struct bsr_tensor *tensor, int first)
{
    uint64_t result = 1;
    for (int i = first; i < tensor->dims; i++)
        result = product(result, tensor->shape[i] > 0 ? (uint64_t)tensor->shape[i] : 0);
    return result;
}

static const struct bsr_tensor *input(const struct onnx_layer *layer, int index)
{
    int most = sizeof layer->input_shapes / sizeof layer->input_shapes[0];
    return index < layer->input_count && index < most ? layer->input_shapes[index] : NULL;
}

/* Every element of the result is a sum over [C / group][kernel] of the weights [M][C / group][kernel]. */
static uint64_t conv_macs(const struct onnx_layer *layer, const struct bsr_tensor *weights)
{
    const struct bsr_tensor *out = layer->output_shapes[0];
    return out && weights && weights->dims >= 2 ? product(volume(out, 0), volume(weights, 1)) : 0;
}

/* Every element of the input is spread over [M / group][kernel] of the weights [C][M / group][kernel]. */
static uint64_t conv_transpose_macs(const struct onnx_layer *layer)
{
    const struct bsr_tensor *in = input(layer, 0), *weights = input(layer, 1);
    return in && weights && weights->dims >= 2 ? product(volume(in, 0), volume(weights, 1)) : 0;
}

/* Every element of the result is a sum over the rows of the left factor. */
static uint64_t matmul_macs(const struct onnx_layer *layer, int left, bool transposed)
{
    const struct bsr_tensor *a = input(layer, left), *out = layer->output_shapes[0];
    if (!a || !out || a->dims < 1 || (transposed && a->dims < 2))
        return 0;
    int64_t length = a->shape[transposed ? a->dims - 2 : a->dims - 1];
    return length > 0 ? product(volume(out, 0), (uint64_t)length) : 0;
}

static bool is_deformable(const struct onnx_layer *layer)
{
    return strcasestr(layer->type, "deform") && strcasestr(layer->type, "conv");
}

/* ONNX and torchvision have the weights second, others behind offsets and mask: the first constant that makes
 * as many channels as there are. */
static uint64_t deformable_macs(const struct onnx_layer *layer)
{
    const struct bsr_tensor *out = layer->output_shapes[0];

    for (int i = 1; out && out->dims >= 2 && i < layer->input_count; i++) {
        const struct bsr_tensor *weights = input(layer, i);
        if (weights && weights->data && weights->dims == out->dims && weights->shape[0] == out->shape[1])
            return conv_macs(layer, weights);
    }
    return conv_macs(layer, input(layer, 1));
}

uint64_t layer_macs(const struct onnx_layer *layer, const struct bsr_node *node)
{
    bool standard = !*layer->domain || strcmp(layer->domain, "ai.onnx") == 0;

    if (layer->output_count < 1 || (!standard && !is_deformable(layer)))
        return 0;
    if (strcmp(layer->type, "Conv") == 0 || strcmp(layer->type, "ConvInteger") == 0)
        return conv_macs(layer, input(layer, 1));
    if (strcmp(layer->type, "QLinearConv") == 0)
        return conv_macs(layer, input(layer, 3));
    if (strcmp(layer->type, "ConvTranspose") == 0)
        return conv_transpose_macs(layer);
    if (strcmp(layer->type, "Gemm") == 0)
        return matmul_macs(layer, 0, bsr_node_int(node, "transA", 0) != 0);
    if (strcmp(layer->type, "MatMul") == 0 || strcmp(layer->type, "MatMulInteger") == 0 ||
        strcmp(layer->type, "QLinearMatMul") == 0)
        return matmul_macs(layer, 0, false);
    return is_deformable(layer) ? deformable_macs(layer) : 0;
}
