/* Pools and means. */
#include "engine/fast/read.h"

#include "base/alloc.h"

#include <string.h>

enum { MOST_KERNEL = 256, MOST_STRIDE = 256 };

static struct pool_shape read_pool_shape(const struct onnx_node_view *view)
{
    struct pool_shape shape;

    for (int i = 0; i < 2; i++) {
        shape.kernel[i] = (int)view_int_at(view, "kernel_shape", i, 1);
        shape.stride[i] = (int)view_int_at(view, "strides", i, 1);
        shape.dilation[i] = (int)view_int_at(view, "dilations", i, 1);
    }
    read_pads(view, shape.kernel, shape.stride, shape.dilation, shape.pad);
    return shape;
}

/* Every window must see at least one pixel. */
static bool windows_see(const struct onnx_node_view *view, const struct pool_shape *shape, int axis)
{
    int64_t in = view->inputs[0]->shape[2 + axis], out = view->outputs[0]->shape[2 + axis];

    for (int64_t o = 0; o<out; o += out> 1 ? out - 1 : 1) { /* the first and the last */
        int64_t first = o * shape->stride[axis] - shape->pad[axis];
        bool    seen = false;
        for (int k = 0; k < shape->kernel[axis] && !seen; k++) {
            int64_t at = first + (int64_t)k * shape->dilation[axis];
            seen = at >= 0 && at < in;
        }
        if (!seen)
            return false;
    }
    return true;
}

static const char *check_pool(const struct onnx_node_view *view)
{
    if (view->output_count != 1 || view->inputs[0]->dims != 4)
        return "it is no plain 2-D pool";
    if (!view_ints_within(view, "kernel_shape", 2, 1, MOST_KERNEL) ||
        !view_ints_within(view, "strides", 2, 1, MOST_STRIDE) ||
        !view_ints_within(view, "dilations", 2, 1, MOST_STRIDE))
        return "its window or strides are large";
    if (bsr_node_int(&view->node, "count_include_pad", 0) && bsr_node_int(&view->node, "ceil_mode", 0))
        return "it counts pads that its size does not tell";
    struct pool_shape shape = read_pool_shape(view);
    for (int i = 0; i < 4; i++)
        if (shape.pad[i] < 0)
            return "its padding is negative or large";
    return windows_see(view, &shape, 0) && windows_see(view, &shape, 1) ? NULL : "a window sees padding only";
}

static bool read_pool(struct reading *reading)
{
    const struct bsr_node *node = &reading->view->node;
    struct fast_layer     *layer = read_add(reading, LAYER_POOL, 1, 0);

    if (!layer)
        return false;
    layer->pool = read_pool_shape(reading->view);
    layer->pool_kind =
        strcmp(node->type, "MaxPool") == 0
            ? POOL_MAX
            : (bsr_node_int(node, "count_include_pad", 0) ? POOL_AVERAGE_COUNTING_PADS : POOL_AVERAGE);
    return true;
}

/* ---- of all pixels ------------------------------------------------------------------------------ */

static const char *check_global(const struct onnx_node_view *view)
{
    return view->inputs[0]->dims == 4 ? NULL : "it is no 2-D pool";
}

static bool read_global(struct reading *reading)
{
    struct fast_layer *layer = read_add(reading, LAYER_GLOBAL_POOL, 1, 0);

    if (!layer)
        return false;
    layer->pool_kind = strcmp(reading->view->node.type, "GlobalMaxPool") == 0 ? POOL_MAX : POOL_AVERAGE;
    return true;
}

static bool is_pixel_axes(const int64_t *axes, size_t count, int dims)
{
    bool seen[2] = {false, false};

    for (size_t i = 0; i < count; i++) {
        int64_t axis = axes[i] < 0 ? axes[i] + dims : axes[i];
        if (axis != 2 && axis != 3)
            return false;
        seen[axis - 2] = true;
    }
    return seen[0] && seen[1];
}

static const char *check_mean(const struct onnx_node_view *view)
{
    const struct bsr_tensor *given = view_input(view, 1);
    int                      count = 0;
    const int64_t           *axes = bsr_node_ints(&view->node, "axes", &count);

    if (view->inputs[0]->dims != 4)
        return "it is no mean over pixels";
    if (given && given->data && given->type == BSR_I64)
        return is_pixel_axes(given->data, tensor_count(given), 4) ? NULL : "it is no mean over pixels";
    return !given && axes && is_pixel_axes(axes, (size_t)count, 4) ? NULL : "it is no mean over pixels";
}

const struct read_rule read_windows[] = {
    {"MaxPool", false, false, 1, 1, READ_MOVED, check_pool, read_pool},
    {"AveragePool", false, false, 1, 1, READ_FLOATS, check_pool, read_pool},
    {"GlobalAveragePool", false, false, 1, 1, READ_FLOATS, check_global, read_global},
    {"GlobalMaxPool", false, false, 1, 1, READ_FLOATS, check_global, read_global},
    {"ReduceMean", false, false, 1, 2, READ_FLOATS, check_mean, read_global},
    {.type = NULL},
};
