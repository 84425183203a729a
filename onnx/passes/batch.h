/* onnx/passes/batch.h: which nodes treat each picture of a batch by itself. */
#pragma once

#include "onnx/graph.h"
#include "onnx/infer.h"

/* A node of a graph whose tensors were inferred at a batch of `batch`. */
struct batch_node {
    const Onnx__NodeProto    *node;
    const struct onnx_values *values;
    int64_t                   batch;
    const struct bsr_tensor  *output; /* its first output: [batch][...] */
};

/* What becomes of an input of a node at a batch of one. */
enum batch_change {
    BATCH_SAME,  /* nothing */
    BATCH_SHAPE, /* a shape: its first number becomes 1 */
    BATCH_SLICE, /* a constant with a side of the batch: its first slice, which all others are equal to */
};

/* Why the node may mix the pictures of its batch ("works along the batch"), or NULL: it does not. changes[i]
 * is then what is to be done with input i, for at most `capacity` inputs (more: a reason). */
const char *batch_find_reason(const struct batch_node *node, enum batch_change *changes, int capacity);

/* Whether the value of an input is one that changes with the batch by right: a shape. */
bool batch_reads_shape(const Onnx__NodeProto *node, int input);
