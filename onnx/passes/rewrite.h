/* onnx/passes/rewrite.h: the small changes of nodes and initializers that passes are made of. Each that can
 * fail leaves its object as it was then. */
#pragma once

#include "base/tensor.h"
#include "onnx/index.h"

/* Sets an attribute, a new one or in the place of another of that name. BSR_ENOMEM. */
bsr_status rewrite_set_ints(Onnx__NodeProto *node, const char *name, const int64_t *values, int count,
                            struct bsr_error *err);
bsr_status rewrite_set_float(Onnx__NodeProto *node, const char *name, float value, struct bsr_error *err);
void       rewrite_remove_attribute(Onnx__NodeProto *node, const char *name);

/* Gives a node another operator, of ONNX's own domain. BSR_ENOMEM. */
bsr_status rewrite_set_type(Onnx__NodeProto *node, const char *type, struct bsr_error *err);

/* Makes `names` the inputs of a node. BSR_ENOMEM. */
bsr_status rewrite_set_inputs(Onnx__NodeProto *node, const char *const *names, int count,
                              struct bsr_error *err);

/* Adds a weight. The name must be new to the graph: rewrite_new_name(). BSR_ENOMEM. */
bsr_status rewrite_add_initializer(Onnx__GraphProto *graph, const char *name, const struct bsr_tensor *value,
                                   struct bsr_error *err);

/* A name that no tensor of the graph has: `base`, which is one tensor's, with `suffix`, and a number where
 * that is taken. Names made since the index was are not seen: use a suffix once for a base. Release with
 * mem_free(). BSR_ENOMEM. */
bsr_status rewrite_new_name(char **out, const struct graph_index *index, const char *base, const char *suffix,
                            struct bsr_error *err);

/* Puts a new node of one output (named `output`, which names the node, too) before node `index`. *out is the
 * graph's. BSR_ENOMEM. */
bsr_status rewrite_insert_node(Onnx__NodeProto **out, Onnx__GraphProto *graph, size_t index, const char *type,
                               const char *const *inputs, int input_count, const char *output,
                               struct bsr_error *err);

/* Makes a declared shape symbolic in a dimension. BSR_ENOMEM. */
bsr_status rewrite_set_symbol(Onnx__TensorShapeProto__Dimension *dim, const char *symbol,
                              struct bsr_error *err);
void       rewrite_set_side(Onnx__TensorShapeProto__Dimension *dim, int64_t side);

/* The declared shape of a value, or NULL. */
Onnx__TensorShapeProto *rewrite_shape_of(const Onnx__ValueInfoProto *info);

/* Exchanges what two models hold; each keeps its name. */
void rewrite_swap_models(struct onnx_model *a, struct onnx_model *b);
