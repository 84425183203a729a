/* onnx/view.h: a graph as numbers, for who compiles it: its values with their shapes and constants, its nodes
 * in an order that can be run. No message of protobuf shows. */
#pragma once

#include "onnx/regions.h"

struct onnx_viewed_node {
    struct onnx_node_view view;
    const int            *inputs, *outputs; /* values, as many as the view counts; -1: left out */
};

struct onnx_view {
    const struct bsr_tensor *const *values; /* type and shape; data where it is a constant; NULL: unknown */
    int                             value_count;
    const struct onnx_viewed_node  *nodes;
    int                             node_count;
    const int                      *inputs, *outputs; /* values: of the graph */
    int                             input_count, output_count;
};

/* `model` has fixed shapes and no subgraphs (a region's); it must outlive the view, which points into it.
 * BSR_EMODEL for a graph that can't be run (plan.h), BSR_ENOMEM. Release with onnx_view_free(). */
bsr_status onnx_view_make(struct onnx_view **out, const struct onnx_model *model, struct bsr_error *err);
void       onnx_view_free(struct onnx_view *view);
