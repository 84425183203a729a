/* One rule a kind of operator: what it must look like to be sure that picture n of the result comes from
 * picture n of the batch alone. What is not named here is not sure. */
#include "onnx/passes/batch.h"

#include <string.h>

static const char mixes[] = "works along the batch";
static const char unclear[] = "is not known to treat each picture by itself";
static const char differs[] = "has constants that differ from picture to picture";

/* What is known of an input, or NULL. */
static const struct bsr_tensor *input_of(const struct batch_node *node, int index)
{
    return onnx_values_find(node->values, node_input(node->node, (size_t)index));
}

static bool is_given(const struct batch_node *node, int index)
{
    return *node_input(node->node, (size_t)index) != '\0';
}

static bool is_constant(const struct batch_node *node, int index)
{
    const struct bsr_tensor *known = input_of(node, index);
    return known && known->data;
}

/* All inputs from `first` on are constants, or left out. */
static bool are_constants(const struct batch_node *node, int first)
{
    for (int i = first; i < (int)node->node->n_input; i++)
        if (is_given(node, i) && !is_constant(node, i))
            return false;
    return true;
}

static int64_t int_attribute(const struct batch_node *node, const char *name, int64_t otherwise)
{
    const Onnx__AttributeProto *attribute = node_attribute(node->node, name);
    return attribute ? attribute->i : otherwise;
}

/* Whether `axis` of a tensor of `dims` dimensions is the first. */
static bool is_first(int64_t axis, int dims)
{
    return axis == 0 || axis == -(int64_t)dims;
}

static bool are_slices_equal(const struct bsr_tensor *tensor)
{
    size_t      slice = tensor_bytes(tensor) / (size_t)tensor->shape[0];
    const char *data = tensor->data;

    for (int64_t i = 1; i < tensor->shape[0]; i++)
        if (memcmp(data, data + (size_t)i * slice, slice) != 0)
            return false;
    return true;
}

/* Operands that are broadcast: the batch of each is its first side, and in the same place. */
static const char *broadcast(const struct batch_node *node, enum batch_change *changes)
{
    for (int i = 0; i < (int)node->node->n_input; i++) {
        const struct bsr_tensor *in = input_of(node, i);
        if (!is_given(node, i))
            continue;
        if (!in || (!in->data && in->dims != node->output->dims))
            return mixes;
        if (!in->data || in->dims < node->output->dims || in->shape[0] == 1)
            continue;
        if (in->dims > node->output->dims || in->shape[0] != node->batch || !are_slices_equal(in))
            return differs;
        changes[i] = BATCH_SLICE;
    }
    return NULL;
}

/* One tensor and constants that have no batch. */
static const char *by_itself(const struct batch_node *node, enum batch_change *changes)
{
    (void)changes;
    return are_constants(node, 1) ? NULL : unclear;
}

static const char *normalize_batch(const struct batch_node *node, enum batch_change *changes)
{
    return int_attribute(node, "training_mode", 0) ? mixes : by_itself(node, changes);
}

/* Scales per channel, along any axis but the first. */
static const char *quantize(const struct batch_node *node, enum batch_change *changes)
{
    const struct bsr_tensor *scale = input_of(node, 1);

    if (!scale || (scale->dims && is_first(int_attribute(node, "axis", 1), node->output->dims)))
        return mixes;
    return by_itself(node, changes);
}

static const char *along_axis(const struct batch_node *node, int64_t otherwise, int dims)
{
    return is_first(int_attribute(node, "axis", otherwise), dims) ? mixes : NULL;
}

/* Opset 13 changed the default of Softmax from 1 to -1: of one dimension, which there is none of, the same.
 */
static const char *softmax(const struct batch_node *node, enum batch_change *changes)
{
    (void)changes;
    return node->output->dims < 2 ? mixes : along_axis(node, 1, node->output->dims);
}

static const char *normalize_layer(const struct batch_node *node, enum batch_change *changes)
{
    const char *reason = along_axis(node, -1, node->output->dims);
    return reason ? reason : by_itself(node, changes);
}

static const char *join(const struct batch_node *node, enum batch_change *changes)
{
    const char *reason = along_axis(node, 0, node->output->dims);
    return reason ? reason : broadcast(node, changes);
}

static const char *split(const struct batch_node *node, enum batch_change *changes)
{
    const char *reason = along_axis(node, 0, node->output->dims);
    return reason ? reason : by_itself(node, changes);
}

static const char *gather(const struct batch_node *node, enum batch_change *changes)
{
    const struct bsr_tensor *in = input_of(node, 0);
    const char              *reason = in ? along_axis(node, 0, in->dims) : unclear;
    return reason ? reason : by_itself(node, changes);
}

static const char *find_greatest(const struct batch_node *node, enum batch_change *changes)
{
    const struct bsr_tensor *in = input_of(node, 0);
    int64_t                  otherwise = node_is(node->node, "TopK") ? -1 : 0;
    const char              *reason = in ? along_axis(node, otherwise, in->dims) : unclear;
    return reason ? reason : by_itself(node, changes);
}

static const char *flatten(const struct batch_node *node, enum batch_change *changes)
{
    const struct bsr_tensor *in = input_of(node, 0);
    int64_t                  axis = int_attribute(node, "axis", 1);
    (void)changes;
    return in && (axis == 1 || axis == 1 - (int64_t)in->dims) ? NULL : mixes;
}

static const char *transpose(const struct batch_node *node, enum batch_change *changes)
{
    const Onnx__AttributeProto *perm = node_attribute(node->node, "perm");
    (void)changes;
    return perm && perm->n_ints && perm->ints[0] == 0 ? NULL : mixes;
}

/* Axes out of an attribute or a constant input 1; whether there are any, and none is the first of `dims`. */
static bool axes_spare_first(const struct batch_node *node, int dims)
{
    const Onnx__AttributeProto *list = node_attribute(node->node, "axes");
    const struct bsr_tensor    *given = input_of(node, 1);
    size_t                      count = list ? list->n_ints : 0;

    if (!list && is_given(node, 1) && given && given->data)
        count = tensor_count(given);
    for (size_t i = 0; i < count; i++)
        if (is_first(list ? list->ints[i] : tensor_get_int(given, i), dims))
            return false;
    return count > 0;
}

static const char *reduce(const struct batch_node *node, enum batch_change *changes)
{
    const struct bsr_tensor *in = input_of(node, 0);
    (void)changes;
    return in && axes_spare_first(node, in->dims) ? NULL : mixes;
}

/* An Unsqueeze counts axes in its result, a Squeeze in what it reads. */
static const char *squeeze(const struct batch_node *node, enum batch_change *changes)
{
    const struct bsr_tensor *in = input_of(node, 0);
    bool                     grows = node_is(node->node, "Unsqueeze");
    (void)changes;
    return in && axes_spare_first(node, grows ? node->output->dims : in->dims) ? NULL : mixes;
}

/* A target shape in input 1: [batch, ...] becomes [1, ...]; [-1, ...] and [0, ...] follow by themselves. */
static const char *reshape(const struct batch_node *node, enum batch_change *changes)
{
    const struct bsr_tensor *shape = input_of(node, 1);

    if (!is_constant(node, 1) || (int64_t)tensor_count(shape) != node->output->dims)
        return unclear;
    if (tensor_get_int(shape, 0) == node->batch)
        changes[1] = BATCH_SHAPE;
    return NULL;
}

static const char *expand(const struct batch_node *node, enum batch_change *changes)
{
    const struct bsr_tensor *in = input_of(node, 0), *shape = input_of(node, 1);

    if (!in || in->dims != node->output->dims || !is_constant(node, 1))
        return unclear;
    if ((int64_t)tensor_count(shape) == node->output->dims && tensor_get_int(shape, 0) == node->batch)
        changes[1] = BATCH_SHAPE;
    return NULL;
}

/* X, roi, scales, sizes (before opset 11: X, scales). */
static const char *resize(const struct batch_node *node, enum batch_change *changes)
{
    enum { SIZES = 3 };
    const struct bsr_tensor *sizes = input_of(node, SIZES);

    if (!are_constants(node, 1) || node_attribute(node->node, "axes"))
        return unclear;
    if (is_given(node, SIZES) && (int64_t)tensor_count(sizes) == node->output->dims &&
        tensor_get_int(sizes, 0) == node->batch)
        changes[SIZES] = BATCH_SHAPE;
    return NULL;
}

/* data, starts, ends, axes, steps: none of the axes is the first. */
static const char *slice(const struct batch_node *node, enum batch_change *changes)
{
    enum { AXES = 3 };
    const struct bsr_tensor *axes = input_of(node, AXES);
    (void)changes;

    if (!are_constants(node, 1) || !is_given(node, AXES))
        return unclear;
    for (size_t i = 0; i < tensor_count(axes); i++)
        if (is_first(tensor_get_int(axes, i), node->output->dims))
            return mixes;
    return NULL;
}

static const char *pad(const struct batch_node *node, enum batch_change *changes)
{
    const struct bsr_tensor *pads = input_of(node, 1);
    size_t                   dims = (size_t)node->output->dims;
    (void)changes;

    if (!is_constant(node, 1) || is_given(node, 3) || tensor_count(pads) != 2 * dims)
        return unclear;
    return tensor_get_int(pads, 0) || tensor_get_int(pads, dims) ? mixes : NULL;
}

/* A batch of matrices on both sides, or one side a constant. */
static const char *multiply(const struct batch_node *node, enum batch_change *changes)
{
    const struct bsr_tensor *a = input_of(node, 0), *b = input_of(node, 1);

    if (!a || !b || b->dims < 2)
        return unclear;
    if (a->dims == 2 && !a->data && b->data && b->dims == 2)
        return NULL;
    return node->output->dims < 3 ? mixes : broadcast(node, changes);
}

static const char *gemm(const struct batch_node *node, enum batch_change *changes)
{
    if (int_attribute(node, "transA", 0) || !are_constants(node, 1))
        return mixes;
    const struct bsr_tensor *c = is_given(node, 2) ? input_of(node, 2) : NULL;
    if (c && c->dims == 2 && c->shape[0] == node->batch && !are_slices_equal(c))
        return differs;
    if (c && c->dims == 2 && c->shape[0] == node->batch)
        changes[2] = BATCH_SLICE;
    return NULL;
}

typedef const char *batch_rule(const struct batch_node *node, enum batch_change *changes);

static const struct {
    batch_rule *rule;
    const char *types; /* separated by spaces */
} rules[] = {
    {broadcast,
     " Add And Div Equal Greater GreaterOrEqual Less LessOrEqual Max Mean Min Mod Mul Or PRelu Pow Sub "
     "Sum Where Xor "},
    {by_itself,
     " Abs Acos Acosh Asin Asinh Atan Atanh AveragePool Cast Ceil Celu Clip Conv ConvTranspose Cos Cosh "
     "DepthToSpace Dropout Elu Erf Exp Floor Gelu GlobalAveragePool GlobalMaxPool GroupNormalization "
     "HardSigmoid HardSwish Identity InstanceNormalization IsInf IsNaN LRN LeakyRelu Log LpPool MaxPool "
     "Mish Neg Not Reciprocal Relu Round Selu Shrink Sigmoid Sign Sin Sinh Softplus Softsign "
     "SpaceToDepth Sqrt Tan Tanh ThresholdedRelu "},
    {normalize_batch, " BatchNormalization "},
    {quantize, " DequantizeLinear QuantizeLinear "},
    {softmax, " Hardmax LogSoftmax Softmax "},
    {normalize_layer, " LayerNormalization "},
    {join, " Concat "},
    {split, " Split "},
    {gather, " Gather "},
    {find_greatest, " ArgMax ArgMin TopK "},
    {flatten, " Flatten "},
    {transpose, " Transpose "},
    {reduce,
     " ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum "
     "ReduceSumSquare "},
    {squeeze, " Squeeze Unsqueeze "},
    {reshape, " Reshape "},
    {expand, " Expand "},
    {resize, " Resize Upsample "},
    {slice, " Slice "},
    {pad, " Pad "},
    {multiply, " MatMul "},
    {gemm, " Gemm "},
};

static batch_rule *find_rule(const Onnx__NodeProto *node)
{
    const char *type = text_or_empty(node->op_type);
    size_t      length = strlen(type);

    if (!length || strchr(type, ' ') || !node_is(node, type))
        return NULL;
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        for (const char *at = rules[i].types; (at = strstr(at, type)); at++)
            if (at[-1] == ' ' && at[length] == ' ')
                return rules[i].rule;
    return NULL;
}

const char *batch_find_reason(const struct batch_node *node, enum batch_change *changes, int capacity)
{
    batch_rule *rule = find_rule(node->node);

    if (!rule || node->node->n_input > (size_t)capacity || !node->node->n_input)
        return unclear;
    for (int i = 0; i < capacity; i++)
        changes[i] = BATCH_SAME;
    return rule(node, changes);
}

bool batch_reads_shape(const Onnx__NodeProto *node, int input)
{
    return (input == 1 && (node_is(node, "Reshape") || node_is(node, "Expand"))) ||
           (input == 3 && node_is(node, "Resize"));
}
