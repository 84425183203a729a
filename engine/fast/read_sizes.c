/* Maps enlarged, and channels traded for pixels. */
#include "engine/fast/read.h"

#include <math.h>
#include <string.h>

/* The factor by which both sides grow, a whole number, or 0. */
static int find_factor(const struct onnx_node_view *view)
{
    const struct bsr_tensor *in = view->inputs[0], *out = view->outputs[0];

    if (in->dims != 4 || out->dims != 4 || in->shape[1] != out->shape[1] || out->shape[2] % in->shape[2] ||
        out->shape[3] % in->shape[3] || out->shape[2] / in->shape[2] != out->shape[3] / in->shape[3])
        return 0;
    return (int)(out->shape[2] / in->shape[2]);
}

/* Whether the scales, where they are given, are those that the sizes tell. */
static bool scales_agree(const struct onnx_node_view *view, int input)
{
    const struct bsr_tensor *scales = view_input(view, input);
    const struct bsr_tensor *in = view->inputs[0], *out = view->outputs[0];

    if (!scales || tensor_count(scales) == 0)
        return true;
    if (!scales->data || scales->type != BSR_F32 || tensor_count(scales) != (size_t)in->dims)
        return false;
    for (int d = 0; d < in->dims; d++) {
        double scale = ((const float *)scales->data)[d];
        if (!(fabs(scale * (double)in->shape[d] - (double)out->shape[d]) < 1e-4))
            return false;
    }
    return true;
}

/* Which pixel is nearest: the whole factor's floor(i / factor) in these forms. */
static bool is_plain_nearest(const struct onnx_node_view *view, int factor)
{
    const char *place = bsr_node_text(&view->node, "coordinate_transformation_mode",
                                      view->node.opset < 11 ? "asymmetric" : "half_pixel");
    const char *round =
        bsr_node_text(&view->node, "nearest_mode", view->node.opset < 11 ? "floor" : "round_prefer_floor");

    if (strcmp(place, "asymmetric") == 0)
        return strcmp(round, "floor") == 0 || (factor == 2 && strcmp(round, "round_prefer_floor") == 0);
    return strcmp(place, "half_pixel") == 0 && strncmp(round, "round_prefer_", strlen("round_prefer_")) == 0;
}

static int find_coordinates(const struct onnx_node_view *view)
{
    const char *place = bsr_node_text(&view->node, "coordinate_transformation_mode",
                                      view->node.opset < 11 ? "asymmetric" : "half_pixel");
    bool        one = view->outputs[0]->shape[2] == 1 || view->outputs[0]->shape[3] == 1;

    if (strcmp(place, "half_pixel") == 0 || (strcmp(place, "pytorch_half_pixel") == 0 && !one))
        return LINEAR_HALF_PIXEL;
    if (strcmp(place, "align_corners") == 0 && !one)
        return LINEAR_ALIGN_CORNERS;
    return strcmp(place, "asymmetric") == 0 ? LINEAR_ASYMMETRIC : -1;
}

static const char *check_resize(const struct onnx_node_view *view)
{
    const struct bsr_tensor *in = view->inputs[0], *out = view->outputs[0];
    const char              *mode = bsr_node_text(&view->node, "mode", "nearest");
    bool                     upsample = strcmp(view->node.type, "Upsample") == 0;
    int                      factor = find_factor(view);

    if (in->dims != 4 || out->dims != 4 || in->shape[1] != out->shape[1] ||
        bsr_node_int(&view->node, "antialias", 0) || bsr_node_int(&view->node, "exclude_outside", 0) ||
        bsr_node_ints(&view->node, "axes", &(int){0}) ||
        !view_text_is(view, "keep_aspect_ratio_policy", "stretch", true) ||
        !scales_agree(view, upsample || view->node.opset < 11 ? 1 : 2))
        return "its form is not fast";
    if (strcmp(mode, "nearest") == 0)
        return factor && (upsample || is_plain_nearest(view, factor)) ? NULL : "its factor is not whole";
    if (strcmp(mode, "linear") != 0 || upsample || find_coordinates(view) < 0)
        return "its form is not fast";
    return out->shape[2] >= in->shape[2] && out->shape[3] >= in->shape[3] ? NULL : "it makes maps smaller";
}

static bool read_resize(struct reading *reading)
{
    struct fast_net *net = reading->net;
    bool             linear = strcmp(bsr_node_text(&reading->view->node, "mode", "nearest"), "linear") == 0;
    int              x = linear ? read_as_floats(net, reading->inputs[0]) : reading->inputs[0];

    struct reading     own = {net, reading->view, &x, reading->outputs};
    struct fast_layer *layer =
        x == NO_VALUE ? NULL : read_add(&own, linear ? LAYER_LINEAR : LAYER_NEAREST, 1, 0);
    if (!layer)
        return false;
    net->values[layer->output].steps = net->values[x].steps;
    layer->factor = linear ? 0 : find_factor(reading->view);
    layer->coordinates = linear ? find_coordinates(reading->view) : 0;
    return true;
}

/* ---- channels for pixels ------------------------------------------------------------------------ */

static const char *check_block(const struct onnx_node_view *view)
{
    const struct bsr_tensor *in = view->inputs[0], *out = view->outputs[0];
    int64_t                  block = bsr_node_int(&view->node, "blocksize", 0);
    bool                     deeper = strcmp(view->node.type, "SpaceToDepth") == 0;
    const struct bsr_tensor *large = deeper ? in : out, *small = deeper ? out : in;

    if (in->dims != 4 || out->dims != 4 || block < 1 || block > 64 ||
        large->shape[2] != small->shape[2] * block || large->shape[3] != small->shape[3] * block)
        return "its sizes do not fit";
    return NULL;
}

static bool read_block(struct reading *reading)
{
    const struct bsr_node *node = &reading->view->node;
    bool                   deeper = strcmp(node->type, "SpaceToDepth") == 0;
    struct fast_layer *layer = read_add(reading, deeper ? LAYER_SPACE_TO_DEPTH : LAYER_DEPTH_TO_SPACE, 1, 0);

    if (!layer)
        return false;
    layer->block = (int)bsr_node_int(node, "blocksize", 1);
    layer->crd = strcmp(bsr_node_text(node, "mode", "DCR"), "CRD") == 0;
    return true;
}

const struct read_rule read_sizes[] = {
    {"Resize", false, false, 1, 4, READ_BYTES, check_resize, read_resize},
    {"Upsample", false, false, 1, 2, READ_BYTES, check_resize, read_resize},
    {"DepthToSpace", false, false, 1, 1, READ_FLOATS, check_block, read_block},
    {"SpaceToDepth", false, false, 1, 1, READ_FLOATS, check_block, read_block},
    {.type = NULL},
};
