/* onnx/plan.h: a graph made ready to be gone through: its values numbered, its nodes in an order that can be
 * run, with their operators and attributes, subgraphs alike. What inference and evaluation share. */
#pragma once

#include "base/tensor.h"
#include "onnx/graph.h"
#include "onnx/index.h"
#include "operators/registry.h"

enum plan_kind {
    PLAN_OPERATOR,
    PLAN_DEBUG, /* hands its input on */
    PLAN_CONSTANT,
    PLAN_IF,
    PLAN_LOOP,
    PLAN_SCAN,
    PLAN_UNKNOWN, /* no operator for it */
};

/* A value has the number of its entry in the plan's index. */
struct plan_value {
    struct bsr_tensor constant; /* data NULL: it is none */
    void             *owned;    /* what the constant's data was converted to */
    int               readers;  /* nodes' inputs, captures, outputs of the graph */
    int               outer;    /* of a subgraph: the value of the graph around it that it is; or -1 */
};

struct plan_node {
    const Onnx__NodeProto     *proto;
    enum plan_kind             kind;
    const struct bsr_operator *op;
    struct bsr_node           *node;
    int                       *inputs, *outputs; /* values; -1: left out */
    int                        input_count, output_count;
    struct plan               *bodies[2]; /* of If: then, else; of Loop and Scan: one */
    int                       *captures;  /* values of this plan that the bodies read */
    int                        capture_count;
};

struct plan {
    const struct onnx_model *model;
    const Onnx__GraphProto  *graph;
    struct graph_index      *index;
    struct plan_value       *values;
    struct plan_node        *nodes;            /* in an order that can be run */
    int                     *inputs, *outputs; /* values; inputs without the model's initializers */
    int                      value_count, node_count, input_count, output_count;
    int                      most_inputs, most_outputs; /* of a node */
};

/* Strict: BSR_EMODEL for whatever keeps the graph from being run (a value that nothing makes or two do, no
 * operator, a constant of a type that besra has not), naming the node. Otherwise such things are left out,
 * and only cycles and sparse initializers are refused. Release with plan_free(). */
bsr_status plan_make(struct plan **out, const struct onnx_model *model, bool strict, struct bsr_error *err);
void       plan_free(struct plan *plan);

/* The number of a value, or -1. */
int plan_find(const struct plan *plan, const char *name);
