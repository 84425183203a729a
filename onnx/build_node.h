/* onnx/build_node.h: the builder's nodes: checked, shaped, added. For build.c only. */
#pragma once

#include "onnx/build_values.h"
#include "onnx/graph.h"

/* As the arguments of bsr_build_named_node(). */
struct build_node {
    const char        *op, *name;
    const char *const *inputs, *const *outputs;
    const struct bsr_attribute *attributes;
};

/* Adds the node to the graph and its outputs to the values, with types and shapes where those of its inputs
 * are known. BSR_EMODEL, telling of the node: unknown inputs, operators and attributes (with the nearest
 * name), inputs that the operator refuses. */
bsr_status build_add_node(struct onnx_model *model, struct build_values *values,
                          const struct build_node *node, struct bsr_error *err);
