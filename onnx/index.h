/* onnx/index.h: who makes and who reads each value of a graph, found by name in constant time.
 *
 * One index is of one graph: the values that are defined in it, and all others that its nodes read. What a
 * subgraph (of If, Loop, Scan) reads from the graphs around it counts as read by the node that holds the
 * subgraph. An index is a snapshot: it points into the graph, and is made anew after the graph has changed.
 */
#pragma once

#include "onnx/graph.h"

/* A place that reads a value. */
struct index_use {
    char **slot;  /* where the name stands: may be replaced by another allocated one */
    size_t node;  /* the node of the graph that reads it; graph->n_node: it is an output of the graph */
    bool   inner; /* in a subgraph of that node */
};

/* A value. Its position among the entries numbers it. */
struct index_entry {
    const char             *name;        /* the graph's */
    size_t                  node;        /* the position of the node that makes it, SIZE_MAX: none does */
    size_t                  output;      /* which output of it */
    size_t                  initializer; /* its position, SIZE_MAX: none */
    size_t                  input;       /* which input of the graph, SIZE_MAX: none */
    bool                    twice;       /* made more than once; an initializer that is an input is not */
    bool                    is_output;   /* of the graph */
    size_t                  use_count;
    const struct index_use *uses; /* in the order of the nodes; outputs of the graph last */
};

struct graph_index {
    const Onnx__GraphProto *graph;
    struct index_entry     *entries;
    size_t                  count;
    struct index_use       *uses;       /* of all entries, each entry's together */
    size_t                 *table;      /* entry + 1, or 0 */
    size_t                  table_size; /* a power of two */
};

/* BSR_ENOMEM. Release with index_free(). */
bsr_status index_make(struct graph_index **out, const Onnx__GraphProto *graph, struct bsr_error *err);
void       index_free(struct graph_index *index);

/* The entry of that name, or NULL; "" has none. */
const struct index_entry *index_find(const struct graph_index *index, const char *name);

/* The node that makes a value, or NULL. */
Onnx__NodeProto *index_producer(const struct graph_index *index, const char *name);

/* The initializer of that name, or NULL. */
Onnx__TensorProto *index_initializer(const struct graph_index *index, const char *name);

/* Uses of a value, outputs of the graph included. */
size_t index_use_count(const struct graph_index *index, const char *name);

/* The nodes in an order in which each comes after those whose values it reads: positions, graph->n_node of
 * them, released by mem_free(). Nodes that stand in such an order keep it. BSR_EMODEL names a node of a
 * cycle; BSR_ENOMEM. */
bsr_status index_sort(size_t **out, const struct graph_index *index, struct bsr_error *err);
