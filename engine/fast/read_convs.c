/* Convolutions. */
#include "engine/fast/read.h"
#include "engine/kernels/kernels.h"

#include "base/alloc.h"

#include <string.h>

enum { MOST_KERNEL = 64, MOST_STRIDE = 16, MOST_WEIGHTS = 1 << 28 };

static const char *check_weights(const struct onnx_node_view *view, int channels)
{
    const struct bsr_tensor *weights = view_input(view, 1), *bias = view_input(view, 2);

    if (view->inputs[0]->dims != 4 || !view_is_constant(view, 1) || weights->dims != 4 ||
        weights->type != BSR_F32 || tensor_count(weights) == 0 || tensor_count(weights) > MOST_WEIGHTS)
        return "it is no 2-D convolution with constant weights";
    if (bias && (!bias->data || bias->type != BSR_F32 || bias->dims != 1 || bias->shape[0] != channels))
        return "its bias is no constant";
    if (!view_ints_within(view, "strides", 2, 1, MOST_STRIDE) ||
        !view_ints_within(view, "dilations", 2, 1, MOST_STRIDE) || weights->shape[2] > MOST_KERNEL ||
        weights->shape[3] > MOST_KERNEL)
        return "its kernel or strides are large";
    return NULL;
}

/* All but the groups' consequences for the channels. */
static struct conv_shape read_shape(const struct onnx_node_view *view, int pad[4])
{
    struct conv_shape shape = {.inputs = (int)view->inputs[0]->shape[1],
                               .outputs = (int)view->outputs[0]->shape[1],
                               .groups = (int)bsr_node_int(&view->node, "group", 1)};

    for (int i = 0; i < 2; i++) {
        shape.kernel[i] = (int)view->inputs[1]->shape[2 + i];
        shape.stride[i] = (int)view_int_at(view, "strides", i, 1);
        shape.dilation[i] = (int)view_int_at(view, "dilations", i, 1);
    }
    read_pads(view, shape.kernel, shape.stride, shape.dilation, pad);
    shape.pad[0] = pad[0];
    shape.pad[1] = pad[1];
    return shape;
}

static bool fits_groups(const struct onnx_node_view *view)
{
    int64_t groups = bsr_node_int(&view->node, "group", 1), in = view->inputs[0]->shape[1],
            out = view->outputs[0]->shape[1];
    return groups >= 1 && groups <= in && in % groups == 0 && out % groups == 0;
}

static const char *check_conv(const struct onnx_node_view *view)
{
    const char *why = check_weights(view, (int)view->outputs[0]->shape[1]);
    int         pad[4];

    if (why)
        return why;
    if (!fits_groups(view))
        return "its groups do not fit its channels";
    read_shape(view, pad);
    return pad[0] < 0 || pad[1] < 0 ? "its padding is negative or large" : NULL;
}

static double count_macs(const struct conv_shape *shape, const struct fast_value *per)
{
    int each = shape->inputs / shape->groups; /* of an output's channels */

    return (double)shape->outputs * each * shape->kernel[0] * shape->kernel[1] * per->height * per->width;
}

static bool take_weights(struct fast_layer *layer, const struct reading *reading)
{
    const struct bsr_tensor *bias = view_input(reading->view, 2);

    layer->weights = read_floats(reading->view->inputs[1]);
    if (bias)
        layer->bias = read_floats(bias);
    return layer->weights && (!bias || layer->bias);
}

/* Bytes stay such where the weights have steps, too: then sums are of whole numbers. */
static int choose_input(const struct reading *reading, const struct conv_shape *shape)
{
    int x = reading->inputs[0];

    if (fast_is_bytes(reading->net, x) && conv_can(CONV_BYTES, shape) &&
        conv_has_steps(shape, reading->view->inputs[1]->data))
        return x;
    return read_as_floats(reading->net, x);
}

static bool read_conv(struct reading *reading)
{
    int                     pad[4];
    const struct conv_shape shape = read_shape(reading->view, pad);
    int                     x = choose_input(reading, &shape);
    struct reading          own = {reading->net, reading->view, &x, reading->outputs};
    struct fast_layer      *layer = x == NO_VALUE ? NULL : read_add(&own, LAYER_CONV, 1, 0);

    if (!layer)
        return false;
    layer->conv = shape;
    layer->macs = count_macs(&layer->conv, &reading->net->values[layer->output]);
    return take_weights(layer, reading);
}

/* ---- ConvTranspose ---------------------------------------------------------------------------- */

/* Pads before from the output's size, where it is given: as ONNX says, what is left over goes behind for
 * SAME_UPPER, before else. */
static void read_transposed_pads(const struct onnx_node_view *view, const struct conv_shape *shape,
                                 int64_t pad[2])
{
    const char    *mode = bsr_node_text(&view->node, "auto_pad", "NOTSET");
    int            count = 0, extra_count = 0;
    const int64_t *pads = bsr_node_ints(&view->node, "pads", &count);
    const int64_t *extra = bsr_node_ints(&view->node, "output_padding", &extra_count);
    bool sized = bsr_node_ints(&view->node, "output_shape", &(int){0}) || strncmp(mode, "SAME", 4) == 0;

    for (int i = 0; i < 2; i++) {
        int64_t in = view->inputs[0]->shape[2 + i], out = view->outputs[0]->shape[2 + i];
        int64_t total =
            (in - 1) * shape->stride[i] + (extra && extra_count == 2 ? extra[i] : 0) + shape->kernel[i] - out;
        pad[i] = pads && count == 4 && strcmp(mode, "NOTSET") == 0 ? pads[i] : 0;
        if (sized)
            pad[i] = strcmp(mode, "SAME_UPPER") == 0 ? total / 2 : total - total / 2;
    }
}

static const char *check_transposed(const struct onnx_node_view *view)
{
    const char *why = check_weights(view, (int)view->outputs[0]->shape[1]);
    int64_t     pad[2];
    int         unused[4];

    if (why)
        return why;
    if (!fits_groups(view))
        return "its groups do not fit its channels";
    struct conv_shape shape = read_shape(view, unused);
    read_transposed_pads(view, &shape, pad);
    for (int i = 0; i < 2; i++)
        if (shape.dilation[i] != 1 || shape.kernel[i] < shape.stride[i] || pad[i] < 0 ||
            pad[i] >= shape.kernel[i])
            return "its kernel is dilated, or smaller than its strides";
    return NULL;
}

/* [inputs][outputs / groups][y][x] as [outputs][inputs / groups][y][x]. */
static bool turn_weights(struct fast_layer *layer)
{
    const struct conv_shape *shape = &layer->conv;
    size_t ins = (size_t)(shape->inputs / shape->groups), outs = (size_t)(shape->outputs / shape->groups),
           taps = (size_t)shape->kernel[0] * (size_t)shape->kernel[1];
    float *turned = read_zeros(fast_weight_count(layer));

    for (size_t g = 0; turned && g < (size_t)shape->groups; g++)
        for (size_t i = 0; i < ins; i++)
            for (size_t o = 0; o < outs; o++)
                memcpy(turned + ((g * outs + o) * ins + i) * taps,
                       layer->weights + ((g * ins + i) * outs + o) * taps, taps * sizeof *turned);
    mem_free(layer->weights);
    layer->weights = turned;
    return turned != NULL;
}

/* The node as its shape has it, with ONNX's weights still. */
static bool take_transposed(struct fast_layer *layer, const struct reading *reading,
                            const struct conv_shape *shape)
{
    layer->conv = *shape;
    layer->macs = count_macs(shape, &reading->net->values[layer->inputs[0]]);
    return take_weights(layer, reading);
}

static struct conv_shape transposed_shape(const struct onnx_node_view *view)
{
    int               unused[4];
    int64_t           pad[2];
    struct conv_shape shape = read_shape(view, unused);

    read_transposed_pads(view, &shape, pad);
    shape.pad[0] = (int)pad[0];
    shape.pad[1] = (int)pad[1];
    return shape;
}

/* ---- few outputs: a convolution to the pixels of blocks, as channels ------------------------------- */

/* Pixel r of a block at q sees inputs q + (r + pad - tap) / stride for the taps where that is whole: those
 * from q - shape.pad on are the convolution's. False where the output is not made of whole blocks. */
static bool shape_of_blocks(struct conv_shape *blocks, const struct onnx_node_view *view,
                            const struct conv_shape *shape)
{
    const int stride = shape->stride[0];

    *blocks = (struct conv_shape){.inputs = shape->inputs,
                                  .outputs = shape->outputs * stride * stride,
                                  .groups = 1,
                                  .stride = {1, 1},
                                  .dilation = {1, 1}};
    for (int i = 0; i < 2; i++) {
        blocks->pad[i] = (shape->kernel[i] - 1 - shape->pad[i]) / stride;
        blocks->kernel[i] = blocks->pad[i] + (stride - 1 + shape->pad[i]) / stride + 1;
        if (shape->stride[i] != stride ||
            view->outputs[0]->shape[2 + i] != view->inputs[0]->shape[2 + i] * stride)
            return false;
    }
    return shape->groups == 1 && stride > 1;
}

/* Vectors of outputs by taps: those of each phase of the strides alone waste most of a vector on few outputs.
 */
static bool blocks_are_cheaper(const struct conv_shape *blocks, const struct conv_shape *shape)
{
    const int64_t vector = kernels_at(cpu_level())->vector;
    const int64_t alone = (shape->outputs + vector - 1) / vector,
                  together = (blocks->outputs + vector - 1) / vector;

    return together * blocks->kernel[0] * blocks->kernel[1] < alone * shape->kernel[0] * shape->kernel[1];
}

static float *weights_of_blocks(const struct conv_shape *blocks, const struct conv_shape *shape,
                                const float *given)
{
    const int stride = shape->stride[0], height = blocks->kernel[0], width = blocks->kernel[1];
    float    *weights =
        read_zeros((size_t)blocks->outputs * (size_t)blocks->inputs * (size_t)height * (size_t)width);
    float *to = weights;

    for (int n = 0; weights && n < blocks->outputs * blocks->inputs; n++) {
        int input = n % blocks->inputs, output = n / blocks->inputs % shape->outputs,
            place = n / blocks->inputs / shape->outputs;
        const float *taps = given + ((size_t)input * (size_t)shape->outputs + (size_t)output) *
                                        (size_t)shape->kernel[0] * (size_t)shape->kernel[1];
        for (int y = 0; y < height; y++)
            for (int x = 0; x < width; x++, to++) {
                int ty = place / stride + shape->pad[0] + (blocks->pad[0] - y) * stride;
                int tx = place % stride + shape->pad[1] + (blocks->pad[1] - x) * stride;
                if (ty >= 0 && ty < shape->kernel[0] && tx >= 0 && tx < shape->kernel[1])
                    *to = taps[ty * shape->kernel[1] + tx];
            }
    }
    return weights;
}

static bool turn_to_blocks(struct fast_layer *layer, const struct conv_shape *blocks)
{
    const struct conv_shape shape = layer->conv;
    float                  *weights = weights_of_blocks(blocks, &shape, layer->weights),
          *bias = read_zeros((size_t)blocks->outputs);

    for (int i = 0; bias && layer->bias && i < blocks->outputs; i++)
        bias[i] = layer->bias[i % shape.outputs];
    mem_free(layer->weights);
    mem_free(layer->bias);
    layer->weights = weights;
    layer->bias = bias;
    layer->conv = *blocks;
    return weights && bias;
}

static bool read_blocks(struct reading *reading, const struct conv_shape *shape,
                        const struct conv_shape *blocks)
{
    const struct bsr_tensor *in = reading->view->inputs[0];
    struct fast_layer       *conv = fast_add(reading->net, LAYER_CONV, reading->inputs, 1, blocks->outputs,
                                             (int)in->shape[2], (int)in->shape[3]);

    if (!conv || !take_transposed(conv, reading, shape) || !turn_to_blocks(conv, blocks))
        return false;
    int                sums = conv->output;
    struct fast_layer *apart =
        fast_add(reading->net, LAYER_DEPTH_TO_SPACE, &sums, 1, shape->outputs,
                 (int)in->shape[2] * shape->stride[0], (int)in->shape[3] * shape->stride[0]);
    if (!apart)
        return false;
    apart->block = shape->stride[0];
    reading->outputs[0] = apart->output;
    return true;
}

static bool read_transposed(struct reading *reading)
{
    const struct conv_shape shape = transposed_shape(reading->view);
    struct conv_shape       blocks;

    if (shape_of_blocks(&blocks, reading->view, &shape) && blocks_are_cheaper(&blocks, &shape))
        return read_blocks(reading, &shape, &blocks);
    struct fast_layer *layer = read_add(reading, LAYER_TRANSPOSED, 1, 0);
    return layer && take_transposed(layer, reading, &shape) && turn_weights(layer);
}

const struct read_rule read_convs[] = {
    {"Conv", true, false, 2, 3, READ_BYTES, check_conv, read_conv},
    {"ConvTranspose", true, false, 2, 3, READ_FLOATS, check_transposed, read_transposed},
    {.type = NULL},
};
