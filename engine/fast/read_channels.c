/* Channels put together, taken apart and reordered. */
#include "engine/fast/read.h"

#include "base/alloc.h"

#include <string.h>

static const char *check_concat(const struct onnx_node_view *view)
{
    int dims = view->outputs[0]->dims;

    if (dims > 4 || read_axis(view, 1, dims) != 1)
        return "it is not along the channels";
    for (int i = 0; i < view->input_count; i++)
        if (!view->inputs[i] || view->inputs[i]->data || view->inputs[i]->dims != dims)
            return "an input is a constant";
    return NULL;
}

static bool read_concat(struct reading *reading)
{
    return read_add(reading, LAYER_CONCAT, reading->view->input_count, 0) != NULL;
}

/* ---- parts --------------------------------------------------------------------------------------- */

static const char *check_split(const struct onnx_node_view *view)
{
    int     dims = view->inputs[0]->dims;
    int64_t sum = 0;

    if (dims > 4 || read_axis(view, 0, dims) != 1)
        return "it is not along the channels";
    for (int i = 0; i < view->output_count; i++)
        sum += view->outputs[i]->shape[1];
    return sum == view->inputs[0]->shape[1] ? NULL : "its parts are not the whole";
}

static bool read_split(struct reading *reading)
{
    int from = 0;

    for (int i = 0; i < reading->view->output_count; i++) {
        struct fast_layer *layer = read_add(reading, LAYER_SLICE, 1, i);
        if (!layer)
            return false;
        layer->from = from;
        from += (int)reading->view->outputs[i]->shape[1];
    }
    return true;
}

/* A list of a Slice: an attribute of old opsets, or a constant. NULL: there is none that can be read. */
static const int64_t *read_list(const struct onnx_node_view *view, const char *name, int input, int *count)
{
    const struct bsr_tensor *given = view_input(view, input);

    if (view->node.opset < 10)
        return bsr_node_ints(&view->node, name, count);
    if (!given || !given->data || given->type != BSR_I64)
        return NULL;
    *count = (int)tensor_count(given);
    return given->data;
}

static bool is_given(const struct onnx_node_view *view, int input)
{
    return view_input(view, input) != NULL;
}

/* The first channel of a slice of channels with step 1, or -1. */
static int find_from(const struct onnx_node_view *view)
{
    const struct bsr_tensor *in = view->inputs[0], *out = view->outputs[0];
    int                      count = 0, axis_count = 0, step_count = 0, from = 0;
    const int64_t           *starts = read_list(view, "starts", 1, &count);
    const int64_t           *axes = read_list(view, "axes", 3, &axis_count);
    const int64_t           *steps = read_list(view, "steps", 4, &step_count);

    if (!starts || in->dims > 4 || in->dims != out->dims || (is_given(view, 3) && !axes) ||
        (is_given(view, 4) && !steps) || (axes && axis_count != count) || (steps && step_count != count))
        return -1;
    for (int d = 0; d < in->dims; d++)
        if (d != 1 && in->shape[d] != out->shape[d])
            return -1;
    for (int i = 0; i < count; i++) {
        int64_t axis = axes ? axes[i] : i, start = starts[i], sides = 0;
        axis += axis < 0 ? in->dims : 0;
        if (axis < 0 || axis >= in->dims || (steps && steps[i] != 1))
            return -1;
        sides = in->shape[axis];
        start = start < 0 ? (start < -sides ? 0 : start + sides) : start;
        if (axis == 1)
            from = start > sides ? -1 : (int)start;
    }
    return from >= 0 && from + out->shape[1] <= in->shape[1] ? from : -1;
}

static const char *check_slice(const struct onnx_node_view *view)
{
    return find_from(view) < 0 ? "it does not take channels in a row" : NULL;
}

static bool read_slice(struct reading *reading)
{
    struct fast_layer *layer = read_add(reading, LAYER_SLICE, 1, 0);

    if (layer)
        layer->from = find_from(reading->view);
    return layer != NULL;
}

/* ---- the middle of a channel shuffle ---------------------------------------------------------------- */

static const char *check_transpose(const struct onnx_node_view *view)
{
    static const int64_t swap[5] = {0, 2, 1, 3, 4};
    int                  count = 0;
    const int64_t       *order = bsr_node_ints(&view->node, "perm", &count);

    if (view->inputs[0]->dims != 5 || !order || count != 5 || memcmp(order, swap, sizeof swap) != 0)
        return "it is no shuffle of channels";
    return NULL;
}

static bool read_transpose(struct reading *reading)
{
    const struct bsr_tensor *in = reading->view->inputs[0];
    int                      rows = (int)in->shape[1], columns = (int)in->shape[2];
    struct fast_layer       *layer = read_add(reading, LAYER_PICK, 1, 0);

    if (!layer)
        return false;
    layer->order = mem_alloc_zeroed((size_t)rows * (size_t)columns + 1, sizeof *layer->order);
    for (int i = 0; layer->order && i < rows * columns; i++)
        layer->order[i] = i % rows * columns + i / rows;
    return layer->order != NULL;
}

const struct read_rule read_channels[] = {
    {"Concat", false, false, 1, 1 << 16, READ_MOVED, check_concat, read_concat},
    {"Split", false, false, 1, 2, READ_MOVED, check_split, read_split},
    {"Slice", false, false, 1, 5, READ_MOVED, check_slice, read_slice},
    {"Transpose", false, false, 1, 1, READ_FLOATS, check_transpose, read_transpose},
    {.type = NULL},
};
