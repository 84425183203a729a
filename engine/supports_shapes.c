/* What only moves numbers: joined, cut, reshaped, transposed. OpenCV 4 knows no tensors of fewer than two
 * dimensions: results that have fewer stay with besra. */
#include "engine/supports.h"

#include <limits.h>
#include <string.h>

enum { MOST_DIMS = 6 };

static const char *check_dims(const struct onnx_node_view *node)
{
    const struct bsr_tensor *input = view_input(node, 0), *output = node->outputs[0];

    if (input->data)
        return "OpenCV takes no constant here";
    return input->dims >= 2 && output->dims >= 2 && input->dims <= MOST_DIMS && output->dims <= MOST_DIMS
               ? NULL
               : "OpenCV knows tensors of 2 to 6 dimensions here";
}

static bool is_axis(int64_t axis, int dims)
{
    return axis >= -dims && axis < dims;
}

/* Joined with constants, or alone, the result is not even written. */
static const char *check_concat(const struct onnx_node_view *node, int opencv)
{
    int dims = view_input(node, 0)->dims;

    (void)opencv;
    for (int i = 0; i < node->input_count; i++)
        if (!node->inputs[i] || node->inputs[i]->data || node->inputs[i]->dims != dims)
            return "OpenCV joins no constants";
    return is_axis(bsr_node_int(&node->node, "axis", INT_MAX), dims) ? check_dims(node) : "it has no axis";
}

/* Sizes as an input are not read by 4.6: besra's passes make them an attribute. */
static const char *check_split(const struct onnx_node_view *node, int opencv)
{
    int64_t axis = bsr_node_int(&node->node, "axis", 0), sum = 0;
    int     dims = view_input(node, 0)->dims, count = 0;
    bool    equal = true;

    (void)opencv;
    if (node->output_count < 2 || !is_axis(axis, dims))
        return "OpenCV splits into two or more only";
    if (view_input(node, 1))
        return "OpenCV takes the sizes as an attribute only";
    axis += axis < 0 ? dims : 0;
    const int64_t *sizes = bsr_node_ints(&node->node, "split", &count);
    for (int i = 0; i < node->output_count; i++) {
        if (node->outputs[i]->dims != dims ||
            (sizes && (i >= count || sizes[i] != node->outputs[i]->shape[axis])))
            return "its sizes don't fit";
        equal = equal && node->outputs[i]->shape[axis] == node->outputs[0]->shape[axis];
        sum += node->outputs[i]->shape[axis];
    }
    if ((sizes && count != node->output_count) || sum != view_input(node, 0)->shape[axis])
        return "its sizes don't fit";
    return sizes || equal ? check_dims(node) : "OpenCV splits into equal parts only";
}

/* Starts, ends, axes or steps: an attribute before opset 10, an input since. False where it is neither, or
 * not constant. *there is false where it is left out. */
struct numbers {
    int64_t values[MOST_DIMS];
    int     count;
    bool    there;
};

static bool read_numbers(struct numbers *numbers, const struct onnx_node_view *node, int input,
                         const char *attribute)
{
    const struct bsr_tensor *tensor = view_input(node, input);
    int                      count = 0;
    const int64_t           *values = bsr_node_ints(&node->node, attribute, &count);

    *numbers = (struct numbers){0};
    if (values && tensor)
        return false;
    if (!values && !tensor)
        return true;
    numbers->there = true;
    if (tensor && (!tensor->data || (tensor->type != BSR_I64 && tensor->type != BSR_I32) ||
                   tensor->dims != 1 || tensor->shape[0] > MOST_DIMS))
        return false;
    numbers->count = tensor ? (int)tensor->shape[0] : count;
    if (numbers->count > MOST_DIMS)
        return false;
    for (int i = 0; i < numbers->count; i++)
        numbers->values[i] = tensor ? tensor_get_int(tensor, (size_t)i) : values[i];
    return numbers->count > 0;
}

/* 4.6 wants the axes in their order and without gaps. */
static const char *check_slice_axes(const struct numbers *axes, const struct numbers *starts, int dims)
{
    if (axes->there && axes->count != starts->count)
        return "its axes don't fit";
    for (int i = 0; i < starts->count; i++) {
        int64_t axis = axes->there ? axes->values[i] : i;
        if (!is_axis(axis, dims) || (i && axes->there && axes->values[i] != axes->values[i - 1] + 1))
            return "OpenCV takes neighbouring axes in their order only";
    }
    return NULL;
}

static const char *check_slice(const struct onnx_node_view *node, int opencv)
{
    struct numbers starts, ends, axes, steps;
    int            dims = view_input(node, 0)->dims;

    (void)opencv;
    if (!read_numbers(&starts, node, 1, "starts") || !read_numbers(&ends, node, 2, "ends") ||
        !read_numbers(&axes, node, 3, "axes") || !read_numbers(&steps, node, 4, "steps"))
        return "OpenCV takes constant starts and ends only";
    if (!starts.there || !ends.there || starts.count != ends.count || starts.count > dims ||
        (steps.there && steps.count != starts.count))
        return "its starts and ends don't fit";
    for (int i = 0; i < steps.count; i++)
        if (steps.values[i] < 1 || steps.values[i] > INT_MAX)
            return "OpenCV steps forwards only";
    for (int i = 0; i < starts.count; i++)
        if (starts.values[i] < -INT_MAX || starts.values[i] > INT_MAX || ends.values[i] < -INT_MAX)
            return "OpenCV counts to 2^31 only";
    const char *reason = check_slice_axes(&axes, &starts, dims);
    return reason ? reason : check_dims(node);
}

static const char *check_reshape(const struct onnx_node_view *node, int opencv)
{
    const struct bsr_tensor *shape = view_input(node, 1);

    (void)opencv;
    if (!shape->data || shape->type != BSR_I64 || shape->dims != 1 || shape->shape[0] > MOST_DIMS)
        return "OpenCV takes a constant shape only";
    for (size_t i = 0; bsr_node_int(&node->node, "allowzero", 0) && i < tensor_count(shape); i++)
        if (tensor_get_int(shape, i) == 0)
            return "OpenCV knows no empty tensors";
    if (tensor_count(view_input(node, 0)) != tensor_count(node->outputs[0]))
        return "its shape doesn't fit";
    return check_dims(node);
}

static const char *check_flatten(const struct onnx_node_view *node, int opencv)
{
    int dims = view_input(node, 0)->dims;

    (void)opencv;
    return is_axis(bsr_node_int(&node->node, "axis", 1), dims)
               ? check_dims(node)
               : "OpenCV does not flatten all into one column";
}

static const char *check_transpose(const struct onnx_node_view *node, int opencv)
{
    int            dims = view_input(node, 0)->dims, count = 0;
    const int64_t *order = bsr_node_ints(&node->node, "perm", &count);
    unsigned       seen = 0;

    (void)opencv;
    for (int i = 0; order && i < count; i++) {
        if (count != dims || order[i] < 0 || order[i] >= dims || seen >> order[i] & 1)
            return "its order is none";
        seen |= 1U << order[i];
    }
    return check_dims(node);
}

/* The axes count from the front for 4.6; besra's passes make them an attribute. */
static const char *check_squeeze(const struct onnx_node_view *node, int opencv)
{
    struct numbers           axes;
    const struct bsr_tensor *input = view_input(node, 0);

    (void)opencv;
    if (view_input(node, 1) || !read_numbers(&axes, node, 1, "axes") || !axes.there)
        return "OpenCV takes the axes as an attribute only";
    for (int i = 0; i < axes.count; i++)
        if (axes.values[i] < 0 || axes.values[i] >= input->dims || input->shape[axes.values[i]] != 1)
            return "OpenCV counts axes from the front only";
    return check_dims(node);
}

static const char *check_unsqueeze(const struct onnx_node_view *node, int opencv)
{
    struct numbers axes;

    (void)opencv;
    if (!read_numbers(&axes, node, 1, "axes") || axes.count != 1)
        return "OpenCV takes one constant axis only";
    if (axes.values[0] < 0 || axes.values[0] > view_input(node, 0)->dims)
        return "OpenCV counts axes from the front only";
    return check_dims(node);
}

const struct support_rule supports_shapes[] = {
    {"Concat", "axis:i", 2, 1024, true, check_concat},
    {"Split", "axis:i num_outputs:i split:I", 1, 2, true, check_split},
    {"Slice", "axes:I ends:I starts:I", 1, 5, true, check_slice},
    {"Reshape", "allowzero:i", 2, 2, true, check_reshape},
    {"Flatten", "axis:i", 1, 1, false, check_flatten},
    {"Transpose", "perm:I", 1, 1, true, check_transpose},
    {"Squeeze", "axes:I", 1, 2, false, check_squeeze},
    {"Unsqueeze", "axes:I", 1, 2, false, check_unsqueeze},
    {0},
};
