/* How far nodes look that compute pixel by pixel, or among the channels of a pixel. */
#include "onnx/field_rule.h"

#include <string.h>

static bool is_place(const struct field_value *value, int64_t dimension)
{
    return dimension == value->place[FIELD_Y] || dimension == value->place[FIELD_X];
}

/* Whether a tensor that is no picture is the same for all pixels of one: its sides are 1 along y and x. */
static bool is_even(const struct bsr_tensor *tensor, const struct field_value *value)
{
    for (int a = 0; tensor && a < FIELD_AXES; a++) {
        int dimension = value->place[a] - value->tensor.dims + tensor->dims;
        if (dimension >= 0 && tensor->shape[dimension] != 1)
            return false;
    }
    return true;
}

/* Two pictures whose pixels lie over each other. */
static bool meet(const struct field_value *a, const struct field_value *b)
{
    if (a->tensor.dims != b->tensor.dims || memcmp(a->place, b->place, sizeof a->place) != 0)
        return false;
    for (int i = 0; i < FIELD_AXES; i++)
        if (memcmp(a->axes[i].scale, b->axes[i].scale, sizeof a->axes[i].scale) != 0 ||
            a->axes[i].excess != b->axes[i].excess)
            return false;
    return true;
}

/* What differs in one of the inputs differs in what is made of them. */
static const char *run_together(const struct field_step *step, bool evenly)
{
    struct field_value joined = {.follows = false};

    for (int i = 0; i < step->view->input_count; i++) {
        const struct field_value *value = step->inputs[i];
        if (!value)
            continue;
        if (!joined.follows)
            joined = *value;
        if (!meet(&joined, value))
            return "joins maps of different sizes";
        for (int a = 0; a < FIELD_AXES; a++) {
            if (field_before(&value->axes[a]) > joined.axes[a].before)
                joined.axes[a].before = field_before(&value->axes[a]);
            if (field_behind(&value->axes[a]) > joined.axes[a].behind)
                joined.axes[a].behind = field_behind(&value->axes[a]);
        }
    }
    for (int i = 0; i < step->view->input_count; i++)
        if (!step->inputs[i] && step->view->inputs[i] &&
            (!evenly || !is_even(step->view->inputs[i], &joined)))
            return "has a number for each place in the picture";
    field_hand_on(step, &joined);
    return NULL;
}

static const char *run_elements(const struct field_step *step)
{
    return run_together(step, true);
}

/* The first input pixel by pixel; the others are numbers of channels, in shapes of their own. */
static const char *run_alone(const struct field_step *step)
{
    for (int i = 1; i < step->view->input_count; i++)
        if (step->inputs[i])
            return "mixes pictures in a way that besra does not know";
    if (!step->inputs[0])
        return "mixes pictures in a way that besra does not know";
    field_hand_on(step, step->inputs[0]);
    return NULL;
}

static const char *run_scaled(const struct field_step *step)
{
    const struct bsr_tensor *scales = step->view->input_count > 1 ? step->view->inputs[1] : NULL;
    int64_t                  axis = bsr_node_int(&step->view->node, "axis", 1);

    if (!step->inputs[0] || !scales)
        return "has no scale";
    axis += axis < 0 ? step->inputs[0]->tensor.dims : 0;
    if (tensor_count(scales) != 1 && is_place(step->inputs[0], axis))
        return "has a number for each place in the picture";
    return run_alone(step);
}

static const char *run_concat(const struct field_step *step)
{
    int64_t axis = bsr_node_int(&step->view->node, "axis", 1);
    int     dims = step->outputs[0].tensor.dims;

    for (int i = 0; i < step->view->input_count; i++)
        if (!step->inputs[i])
            return "has a number for each place in the picture";
    if (is_place(step->inputs[0], axis < 0 ? axis + dims : axis))
        return "puts pictures side by side";
    return run_together(step, false);
}

/* ---- along channels ------------------------------------------------------------------------------- */

static const char *run_split(const struct field_step *step)
{
    int64_t axis = bsr_node_int(&step->view->node, "axis", 0);

    if (!step->inputs[0])
        return "splits what is no picture";
    if (is_place(step->inputs[0], axis < 0 ? axis + step->inputs[0]->tensor.dims : axis))
        return "cuts the picture into pieces";
    field_hand_on(step, step->inputs[0]);
    return NULL;
}

static const char *run_softmax(const struct field_step *step)
{
    const struct onnx_node_view *view = step->view;
    int64_t                      axis = bsr_node_int(&view->node, "axis", view->node.opset < 13 ? 1 : -1);
    int                          dims = step->inputs[0] ? step->inputs[0]->tensor.dims : 0;

    axis += axis < 0 ? dims : 0;
    /* old ones go over all dimensions from the axis on */
    bool last = axis == dims - 1;
    if (!dims || is_place(step->inputs[0], axis) || (view->node.opset < 13 && !last))
        return field_looks_everywhere;
    field_hand_on(step, step->inputs[0]);
    return NULL;
}

static const char *run_layer_norm(const struct field_step *step)
{
    int     dims = step->inputs[0] ? step->inputs[0]->tensor.dims : 0;
    int64_t axis = bsr_node_int(&step->view->node, "axis", -1);

    for (int64_t d = axis < 0 ? axis + dims : axis; dims && d < dims; d++)
        if (is_place(step->inputs[0], d))
            return field_looks_everywhere;
    return run_alone(step);
}

/* Sums and means over dimensions that are kept as 1. */
static const char *run_reduce(const struct field_step *step)
{
    const struct bsr_tensor *given = field_constant(step->view, 1);
    int                      listed = 0;
    const int64_t           *axes = bsr_node_ints(&step->view->node, "axes", &listed);
    int                      count = given ? (int)tensor_count(given) : axes ? listed : 0;

    if (!step->inputs[0] || !count || !bsr_node_int(&step->view->node, "keepdims", 1))
        return field_looks_everywhere;
    for (int i = 0; i < count; i++) {
        int64_t axis = given ? tensor_get_int(given, (size_t)i) : axes[i];
        if (is_place(step->inputs[0], axis < 0 ? axis + step->inputs[0]->tensor.dims : axis))
            return field_looks_everywhere;
    }
    field_hand_on(step, step->inputs[0]);
    return NULL;
}

/* [..][y][x][channel] times a matrix. */
static const char *run_matmul(const struct field_step *step)
{
    const struct bsr_tensor *matrix = field_constant(step->view, 1);

    if (!step->inputs[0] || !matrix || matrix->dims != 2 ||
        is_place(step->inputs[0], step->inputs[0]->tensor.dims - 1) ||
        step->outputs[0].tensor.dims != step->inputs[0]->tensor.dims)
        return field_looks_everywhere;
    field_hand_on(step, step->inputs[0]);
    return NULL;
}

static const char *run_everywhere(const struct field_step *step)
{
    (void)step;
    return field_looks_everywhere;
}

const struct field_rule field_elements[] = {
    {"Abs", run_elements},
    {"Add", run_elements},
    {"And", run_elements},
    {"BatchNormalization", run_alone},
    {"Cast", run_alone},
    {"Ceil", run_elements},
    {"Celu", run_elements},
    {"Clip", run_alone},
    {"Concat", run_concat},
    {"Cos", run_elements},
    {"DequantizeLinear", run_scaled},
    {"Div", run_elements},
    {"Dropout", run_alone},
    {"Elu", run_elements},
    {"Equal", run_elements},
    {"Erf", run_elements},
    {"Exp", run_elements},
    {"Floor", run_elements},
    {"Gelu", run_elements},
    {"GlobalAveragePool", run_everywhere},
    {"GlobalMaxPool", run_everywhere},
    {"Greater", run_elements},
    {"GreaterOrEqual", run_elements},
    {"HardSigmoid", run_elements},
    {"HardSwish", run_elements},
    {"Identity", run_elements},
    {"InstanceNormalization", run_everywhere},
    {"GroupNormalization", run_everywhere},
    {"LRN", run_alone},
    {"LayerNormalization", run_layer_norm},
    {"LeakyRelu", run_elements},
    {"Less", run_elements},
    {"LessOrEqual", run_elements},
    {"Log", run_elements},
    {"LogSoftmax", run_softmax},
    {"MatMul", run_matmul},
    {"Max", run_elements},
    {"Mean", run_elements},
    {"Min", run_elements},
    {"Mish", run_elements},
    {"Mod", run_elements},
    {"Mul", run_elements},
    {"Neg", run_elements},
    {"Not", run_elements},
    {"Or", run_elements},
    {"PRelu", run_elements},
    {"Pow", run_elements},
    {"QuantizeLinear", run_scaled},
    {"Reciprocal", run_elements},
    {"ReduceL2", run_reduce},
    {"ReduceMax", run_reduce},
    {"ReduceMean", run_reduce},
    {"ReduceMin", run_reduce},
    {"ReduceSum", run_reduce},
    {"Relu", run_elements},
    {"Round", run_elements},
    {"Selu", run_elements},
    {"Sigmoid", run_elements},
    {"Sign", run_elements},
    {"Sin", run_elements},
    {"Softmax", run_softmax},
    {"Softplus", run_elements},
    {"Softsign", run_elements},
    {"Split", run_split},
    {"Sqrt", run_elements},
    {"Sub", run_elements},
    {"Sum", run_elements},
    {"Tanh", run_elements},
    {"ThresholdedRelu", run_elements},
    {"Where", run_elements},
    {.type = NULL},
};
