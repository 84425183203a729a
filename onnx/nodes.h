/* onnx/nodes.h: NodeProto messages as the struct bsr_node that operators read. */
#pragma once

#include "onnx/graph.h"
#include "operators/node.h"

/* The node with its attributes. Lists and names are the message's, which must outlive it. Attributes that
 * besra can't hand to an operator (graphs, tensors of text) are there as ATTRIBUTE_OTHER.
 * `opset` is the version of the node's domain. BSR_ENOMEM only. Release with node_free(). */
bsr_status node_read(struct bsr_node **out, const Onnx__NodeProto *proto, int64_t opset,
                     struct bsr_error *err);
void       node_free(struct bsr_node *node);

/* The value of ONNX's Constant in any of its forms (value, value_float, value_ints, ...). *owned as in
 * tensor_view(). BSR_EMODEL for what besra does not compute with: texts, sparse tensors. */
bsr_status constant_view(struct bsr_tensor *out, void **owned, const Onnx__NodeProto *proto,
                         struct bsr_error *err);

/* "/model/Shape (Shape)", "/dbg (my.Debug)"; a node without a name goes by its first output. */
struct node_text {
    char text[288];
};
struct node_text node_text(const Onnx__NodeProto *proto);

/* `err`, which tells what is wrong, now tells of which node too. Returns `status`. */
bsr_status fail_in_node(bsr_status status, const Onnx__NodeProto *proto, struct bsr_error *err);

/* A node that only looks at what goes through it and counts as Identity: one input, one output, a domain of
 * its own, no operator known for it, and a name that says so (Debug, Print, Probe, Identity, ...). A node of
 * another name that besra does not know may compute anything: it is never passed over. */
bool node_is_debug(const Onnx__NodeProto *proto);

/* The version that a model imports of a node's domain; 0: none. */
int64_t node_opset(const struct onnx_model *model, const Onnx__NodeProto *proto);

/* The function of the model that a node calls, or NULL. */
const Onnx__FunctionProto *model_find_function(const struct onnx_model *model, const Onnx__NodeProto *proto);
