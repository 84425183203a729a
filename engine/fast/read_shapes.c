/* The same numbers in another shape. */
#include "engine/fast/read.h"

static const char *check_reshape(const struct onnx_node_view *view)
{
    const struct bsr_tensor *in = view->inputs[0], *out = view->outputs[0];
    int                      from[3], to[3];

    if (!read_map_size(in, &from[0], &from[1], &from[2]) || !read_map_size(out, &to[0], &to[1], &to[2]))
        return "it is no reshape of maps";
    if ((in->dims == 5 || out->dims == 5) && (from[0] != to[0] || from[1] != to[1] || from[2] != to[2]))
        return "it is no step of a channel shuffle";
    /* As one pixel it has a channel for each number. */
    return tensor_count(in) <= 1 << 20 ? NULL : "it is too large";
}

static bool read_reshape(struct reading *reading)
{
    int from[3], to[3], value = reading->inputs[0];

    read_map_size(reading->view->inputs[0], &from[0], &from[1], &from[2]);
    read_map_size(reading->view->outputs[0], &to[0], &to[1], &to[2]);
    if (from[0] != to[0] || from[1] != to[1] || from[2] != to[2]) {
        if (from[1] * from[2] != 1) {
            struct fast_layer *flat =
                fast_add(reading->net, LAYER_FLATTEN, &value, 1, from[0] * from[1] * from[2], 1, 1);
            if (!flat)
                return false;
            value = flat->output;
        }
        if (to[1] * to[2] != 1) {
            struct fast_layer *map = fast_add(reading->net, LAYER_UNFLATTEN, &value, 1, to[0], to[1], to[2]);
            if (!map)
                return false;
            value = map->output;
        }
    }
    reading->outputs[0] = value;
    return true;
}

#define RESHAPE(name)                                                                                        \
    {                                                                                                        \
        name, false, false, 1, 2, READ_FLOATS, check_reshape, read_reshape                                   \
    }
const struct read_rule read_shapes[] = {
    RESHAPE("Reshape"), RESHAPE("Flatten"), RESHAPE("Squeeze"), RESHAPE("Unsqueeze"), {.type = NULL},
};
