/* How far nodes look that have a window, or change the size of maps. */
#include "onnx/field_rule.h"

#include <string.h>

/* Of one axis of a window. */
struct window {
    int64_t size, dilation, stride, pad;
};

static int64_t reach(const struct window *window)
{
    return (window->size - 1) * window->dilation;
}

/* Pixel o looks at o * stride - pad .. + reach. */
static bool slide(const struct field_step *step, int axis, const struct window *window)
{
    const struct field_axis *from = &step->inputs[0]->axes[axis];

    return field_set_axis(
        step, axis, 1, window->stride, field_ceil_division(field_before(from) + window->pad, window->stride),
        field_floor_division(field_behind(from) - window->pad + reach(window), window->stride));
}

/* Winograd's tiles of 3x3 with stride 1 (Lavin and Gray 2015): the first of a tile's `tile` + 2 inputs is
 * only seen by its first output, the last one only by the last, all others by all. */
static bool slide_winograd(const struct field_step *step, int axis, const struct window *window)
{
    const struct field_axis *from = &step->inputs[0]->axes[axis];
    const int64_t            tile = step->search->tile, pad = window->pad;
    const int64_t            valid = field_before(from), end = -field_behind(from);

    int64_t first = tile * field_ceil_division(valid + pad - 1, tile);
    int64_t last = tile * field_floor_division(end + pad - tile - 1, tile);
    bool    set = field_set_axis(step, axis, 1, 1, first - pad >= valid ? first : first + 1,
                              last <= end + pad - tile - 2 ? -last - tile : -last - tile + 1);
    field_align(step->search, &step->outputs[0].axes[axis], tile);
    return set;
}

/* Tiles with stride: all outputs of a tile see all its inputs, which are whole blocks of stride pixels. */
static bool slide_tiles(const struct field_step *step, int axis, const struct window *window)
{
    const struct field_axis *from = &step->inputs[0]->axes[axis];
    const int64_t            tile = step->search->tile, whole = tile * window->stride;
    const int64_t            slack = window->stride - 1;

    int64_t first = field_ceil_division(field_before(from) + window->pad + slack, whole);
    int64_t last = field_floor_division(
        -field_behind(from) - 1 + window->pad - reach(window) - slack - (tile - 1) * window->stride, whole);
    bool set = field_set_axis(step, axis, 1, window->stride, tile * first, -tile * last - tile);
    field_align(step->search, &step->outputs[0].axes[axis], tile);
    return set;
}

/* ---- reading ------------------------------------------------------------------------------------- */

/* Padding before, of SAME: as ONNX says, half of it, the larger half behind for SAME_UPPER. Its other half
 * follows from the sizes. */
static int64_t read_pad(const struct field_step *step, int axis, const struct window *window)
{
    const struct onnx_node_view *view = step->view;
    const char                  *mode = bsr_node_text(&view->node, "auto_pad", "NOTSET");
    int64_t in = view->inputs[0]->shape[2 + axis], out = view->outputs[0]->shape[2 + axis];

    if (strncmp(mode, "SAME", 4) != 0)
        return strcmp(mode, "VALID") == 0 ? 0 : field_int_at(view, "pads", axis, 0);
    int64_t total = (out - 1) * window->stride + reach(window) + 1 - in;
    total = total < 0 ? 0 : total;
    return (total + (strcmp(mode, "SAME_LOWER") == 0)) / 2;
}

/* The kernel's size from the weights, where the attribute is left out. */
static bool read_window(struct window *out, const struct field_step *step, int axis, int weights)
{
    const struct onnx_node_view *view = step->view;
    const struct bsr_tensor *tensor = weights && weights < view->input_count ? view->inputs[weights] : NULL;
    int64_t                  own = tensor && tensor->dims == 4 ? tensor->shape[2 + axis] : 0;

    *out = (struct window){.size = own ? own : field_int_at(view, "kernel_shape", axis, 0),
                           .stride = field_int_at(view, "strides", axis, 1),
                           .dilation = field_int_at(view, "dilations", axis, 1)};
    if (out->size < 1 || out->size > 1 << 12 || out->stride < 1 || out->stride > 64 || out->dilation < 1 ||
        out->dilation > 1 << 10)
        return false;
    out->pad = read_pad(step, axis, out);
    return out->pad > -(1 << 12) && out->pad < 1 << 12;
}

/* Only the first input may follow from the picture. */
static bool others_are_constant(const struct field_step *step)
{
    for (int i = 1; i < step->view->input_count; i++)
        if (step->inputs[i])
            return false;
    return true;
}

static const char *run_windows(const struct field_step *step, int weights, bool product)
{
    struct window windows[FIELD_AXES];

    if (!field_map(step) || !others_are_constant(step))
        return "is no plain window over the picture";
    for (int a = 0; a < FIELD_AXES; a++)
        if (!read_window(&windows[a], step, a, weights))
            return "has an unusual window";
    bool tiled = product && step->search->tile > 1 && bsr_node_int(&step->view->node, "group", 1) == 1;
    bool small = tiled && windows[0].size == 3 && windows[1].size == 3 && windows[0].dilation == 1 &&
                 windows[1].dilation == 1 && windows[0].stride == 1 && windows[1].stride == 1;
    bool strided = tiled && windows[0].stride == 2 && windows[1].stride == 2 && windows[0].size > 2;
    for (int i = 0; i < step->view->output_count; i++)
        memcpy(step->outputs[i].place, step->inputs[0]->place, sizeof step->inputs[0]->place);
    for (int a = 0; a < FIELD_AXES; a++) {
        bool set = small     ? slide_winograd(step, a, &windows[a])
                   : strided ? slide_tiles(step, a, &windows[a])
                             : slide(step, a, &windows[a]);
        if (!set)
            return field_not_square;
    }
    return NULL;
}

static const char *run_conv(const struct field_step *step)
{
    return run_windows(step, 1, true);
}

static const char *run_quantized_conv(const struct field_step *step)
{
    return run_windows(step, 3, false);
}

static const char *run_pool(const struct field_step *step)
{
    if (step->view->output_count > 1 && step->view->outputs[1])
        return field_looks_everywhere; /* the places in the picture */
    return run_windows(step, 0, false);
}

/* ---- ConvTranspose -------------------------------------------------------------------------------- */

/* Pixel o looks at (o + pad - reach) / stride .. (o + pad) / stride. */
static bool spread(const struct field_step *step, int axis, const struct window *window)
{
    const struct field_axis *from = &step->inputs[0]->axes[axis];

    return field_set_axis(step, axis, window->stride, 1,
                          (field_before(from) - 1) * window->stride - window->pad + reach(window) + 1,
                          field_behind(from) * window->stride + window->pad);
}

/* The same where outputs stride pixels apart are tiles of a convolution with stride 1. */
static bool spread_tiles(const struct field_step *step, int axis, const struct window *window)
{
    const struct field_axis *from = &step->inputs[0]->axes[axis];
    const int64_t            tile = step->search->tile, stride = window->stride;
    const int64_t            lowest = field_ceil_division(window->pad - reach(window), stride),
                  highest = field_floor_division(stride - 1 + window->pad, stride);

    int64_t first = field_ceil_division(field_before(from) - lowest, tile);
    int64_t last = field_floor_division(-field_behind(from) - tile - highest, tile);
    field_align(step->search, from, tile);
    return field_set_axis(step, axis, stride, 1, tile * first * stride, -(tile * last + tile) * stride);
}

/* Whether some outputs, or all of a block of stride of them together, see three pixels of the axis. */
static bool sees_three(const struct window *window)
{
    int64_t together = field_floor_division(window->stride - 1 + window->pad, window->stride) -
                       field_ceil_division(window->pad - reach(window), window->stride) + 1;
    return together == 3 || (window->size > 2 * window->stride && window->size < 4 * window->stride);
}

static const char *run_transposed(const struct field_step *step)
{
    struct window windows[FIELD_AXES];
    const char   *mode = bsr_node_text(&step->view->node, "auto_pad", "NOTSET");

    if (!field_map(step) || !others_are_constant(step))
        return "is no plain window over the picture";
    if (bsr_node_ints(&step->view->node, "output_shape", &(int){0}))
        return "makes maps of one size only";
    if (strcmp(mode, "NOTSET") != 0 && strcmp(mode, "VALID") != 0)
        return "has an unusual window";
    for (int a = 0; a < FIELD_AXES; a++)
        if (!read_window(&windows[a], step, a, 1))
            return "has an unusual window";
    memcpy(step->outputs[0].place, step->inputs[0]->place, sizeof step->inputs[0]->place);
    for (int a = 0; a < FIELD_AXES; a++) {
        const struct window *window = &windows[a];
        if (!(step->search->tile > 1 && sees_three(window) ? spread_tiles(step, a, window)
                                                           : spread(step, a, window)))
            return field_not_square;
    }
    return NULL;
}

/* ---- Pad ------------------------------------------------------------------------------------------ */

static const char *run_pad(const struct field_step *step)
{
    const struct onnx_node_view *view = step->view;
    const struct bsr_tensor     *given = field_constant(view, 1);
    const char                  *mode = bsr_node_text(&view->node, "mode", "constant");
    bool                         listed = view->node.opset < 11;

    if (!field_map(step) || !others_are_constant(step) || field_constant(view, 3) ||
        (!listed && (!given || tensor_count(given) != 8)))
        return "pads in an unusual form";
    if (strcmp(mode, "wrap") == 0)
        return "wraps the picture round";
    for (int a = 0; a < FIELD_AXES; a++) {
        struct window window = {.size = 1, .dilation = 1, .stride = 1};
        window.pad = listed ? field_int_at(view, "pads", 2 + a, 0) : tensor_get_int(given, 2 + (size_t)a);
        step->outputs[0].place[a] = step->inputs[0]->place[a];
        if (window.pad < -(1 << 12) || window.pad > 1 << 12 || !slide(step, a, &window))
            return "pads in an unusual form";
    }
    return NULL;
}

/* ---- sizes ---------------------------------------------------------------------------------------- */

/* How many pixels away from the one at hand a Resize may look. */
static int64_t find_look(const struct onnx_node_view *view, int64_t down)
{
    const char *mode = bsr_node_text(&view->node, "mode", "nearest");
    int64_t     look = strcmp(mode, "cubic") == 0 ? 2 : 1;

    return bsr_node_int(&view->node, "antialias", 0) ? look * down + 1 : look;
}

static const char *check_resize(const struct onnx_node_view *view)
{
    static const char *const places[] = {"half_pixel", "pytorch_half_pixel", "asymmetric",
                                         "tf_half_pixel_for_nn", "half_pixel_symmetric"};
    const char *place = bsr_node_text(&view->node, "coordinate_transformation_mode", "half_pixel");
    bool        known = false;

    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        known = known || strcmp(place, places[i]) == 0;
    if (!known)
        return "stretches the picture by its size (align_corners)";
    return bsr_node_int(&view->node, "exclude_outside", 0) ? "weighs the picture's edges in its own way"
                                                           : NULL;
}

static const char *run_resize(const struct field_step *step)
{
    const char *why = check_resize(step->view);

    if (!field_map(step) || !others_are_constant(step))
        return "takes its size from the picture";
    for (int a = 0; !why && a < FIELD_AXES; a++) {
        const struct field_axis *from = &step->inputs[0]->axes[a];
        int64_t in = step->view->inputs[0]->shape[2 + a], out = step->view->outputs[0]->shape[2 + a];
        bool    up = out >= in, set = false;
        int64_t factor = in < 1 || out < 1 ? 0 : up ? out / in : in / out;
        step->outputs[0].place[a] = step->inputs[0]->place[a];
        if (!factor || (up ? factor * in != out : factor * out != in))
            return "resizes by what is no whole factor";
        int64_t look = find_look(step->view, up ? 1 : factor);
        if (factor == 1)
            set = field_set_axis(step, a, 1, 1, field_before(from), field_behind(from));
        else if (up)
            set = field_set_axis(step, a, factor, 1, (field_before(from) + look) * factor,
                                 (field_behind(from) + look) * factor);
        else
            set = slide(
                step, a,
                &(struct window){.size = factor + 2 * look, .dilation = 1, .stride = factor, .pad = look});
        why = set ? NULL : field_not_square;
    }
    return why;
}

static const char *run_depth_to_space(const struct field_step *step)
{
    int64_t block = bsr_node_int(&step->view->node, "blocksize", 0);

    if (!field_map(step) || block < 1 || block > 64)
        return field_not_square;
    for (int a = 0; a < FIELD_AXES; a++) {
        const struct field_axis *from = &step->inputs[0]->axes[a];
        step->outputs[0].place[a] = step->inputs[0]->place[a];
        if (!field_set_axis(step, a, block, 1, field_before(from) * block, field_behind(from) * block))
            return field_not_square;
    }
    return NULL;
}

static const char *run_space_to_depth(const struct field_step *step)
{
    int64_t block = bsr_node_int(&step->view->node, "blocksize", 0);

    if (!field_map(step) || block < 1 || block > 64)
        return field_not_square;
    for (int a = 0; a < FIELD_AXES; a++) {
        step->outputs[0].place[a] = step->inputs[0]->place[a];
        if (!slide(step, a, &(struct window){.size = block, .dilation = 1, .stride = block}))
            return field_not_square;
    }
    return NULL;
}

const struct field_rule field_windows[] = {
    {"Conv", run_conv},
    {"QLinearConv", run_quantized_conv},
    {"ConvTranspose", run_transposed},
    {"MaxPool", run_pool},
    {"AveragePool", run_pool},
    {"LpPool", run_pool},
    {"Pad", run_pad},
    {"Resize", run_resize},
    {"Upsample", run_resize},
    {"DepthToSpace", run_depth_to_space},
    {"SpaceToDepth", run_space_to_depth},
    {.type = NULL},
};
