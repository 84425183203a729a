/* onnx/graph.h: what the files of this room share: the parsed messages and the questions asked of a graph. */
#pragma once

#include "onnx/model.h"

#include <onnx.pb-c.h>

enum { ONNX_MAX_DEPTH = 64, ONNX_MAX_FIELDS = 1 << 21, ONNX_MAX_NAME = 4096, ONNX_MAX_VALUES = 1024 };

/* What protobuf itself can hold in one message, and what OpenCV takes. */
#define ONNX_MAX_BYTES ((size_t)INT32_MAX)

/* TensorProto.DataType and DataLocation, as far as besra looks at them. */
enum { ONNX_FLOAT = 1, ONNX_EXTERNAL = 1 };

struct onnx_model {
    Onnx__ModelProto      *proto;
    char                  *name;   /* for messages */
    Onnx__ValueInfoProto **inputs; /* of the graph, without the initializers; the messages are the graph's */
    int                    input_count;
};

/* Every message of a model is allocated and freed by this one, through base/alloc.h. */
extern ProtobufCAllocator onnx_allocator;

/* A name out of a file, fit for a message: shortened, control characters shown as '?'. */
struct shown {
    char text[128];
};
struct shown shown_name(const char *name);

/* Never NULL. */
static inline const char *text_or_empty(const char *text)
{
    return text ? text : "";
}

/* Refills model->inputs after the graph's inputs or initializers have changed. */
bsr_status model_index_inputs(struct onnx_model *model, struct bsr_error *err);

/* Takes an input out of the graph and frees it; nothing else may read it any more. */
void model_remove_input(struct onnx_model *model, const char *name);

/* Calls `visit` for all tensors below `message` (weights, attributes, those of subgraphs and functions) until
 * it fails. */
typedef bsr_status tensor_visitor(Onnx__TensorProto *tensor, void *context, struct bsr_error *err);
bsr_status         visit_tensors(ProtobufCMessage *message, tensor_visitor *visit, void *context,
                                 struct bsr_error *err);

/* Refuses what breaks the limits of model.h, or whose tensors hold less or more than their shapes say. */
bsr_status model_check(const struct onnx_model *model, struct bsr_error *err);

/* The bytes that a tensor's shape and type ask for; false for types without a known size, negative or
 * overflowing shapes. */
bool tensor_size(const Onnx__TensorProto *tensor, size_t *bytes);

/* Brings data that lies in files of `folder` (NULL: refused) into the tensors. */
bsr_status model_load_external(struct onnx_model *model, const char *folder, struct bsr_error *err);

/* Whether a node is ONNX's own operator `op_type`. */
bool node_is(const Onnx__NodeProto *node, const char *op_type);

/* An attribute of a node, or NULL. */
const Onnx__AttributeProto *node_attribute(const Onnx__NodeProto *node, const char *name);

/* A node's n-th input, "" where it has none. */
const char *node_input(const Onnx__NodeProto *node, size_t index);

/* The node whose output `value` is, or NULL. */
Onnx__NodeProto *graph_find_producer(const Onnx__GraphProto *graph, const char *value);

/* The initializer of that name, or NULL. */
const Onnx__TensorProto *graph_find_initializer(const Onnx__GraphProto *graph, const char *name);

/* All places that read `value`: inputs of nodes, outputs of the graph, the same in subgraphs. Writes at most
 * `capacity` of them to `slots` (may be NULL); returns how many there are. */
size_t graph_find_uses(const Onnx__GraphProto *graph, const char *value, char ***slots, size_t capacity);

/* Take out and free. Inputs: model_remove_input(). */
void graph_remove_input_at(Onnx__GraphProto *graph, size_t index);
void graph_remove_node(Onnx__GraphProto *graph, const Onnx__NodeProto *node);
void graph_remove_initializer(Onnx__GraphProto *graph, const char *name);
void graph_clear_value_info(Onnx__GraphProto *graph);
