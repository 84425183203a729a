/* onnx/passes/splice.h: the nodes of a function or a subgraph put among those of a graph, under names that
 * are new to the model. */
#pragma once

#include "onnx/graph.h"
#include "onnx/name_map.h"

/* A model's names of values: open it before the first splice, close it after the last. */
struct splice {
    struct name_map taken;
    size_t          added; /* nodes so far */
};
bsr_status splice_open(struct splice *splice, const struct onnx_model *model, struct bsr_error *err);
void       splice_close(struct splice *splice);

/* A name that no value of the model has: "prefix/name", with a number where that is taken. Released by
 * mem_free(). BSR_ENOMEM. */
bsr_status splice_new_name(struct splice *splice, char **out, const char *prefix, const char *name,
                           struct bsr_error *err);

/* The nodes that a graph is to have. Start with {0}. */
struct node_list {
    Onnx__NodeProto **nodes;
    size_t            count, capacity;
};

/* Puts a node at the end, which is the list's then; frees it on failure. BSR_ENOMEM. */
bsr_status node_list_push(struct node_list *list, Onnx__NodeProto *node, struct bsr_error *err);
void       node_list_free(struct node_list *list);

/* Nodes to be spliced in. */
struct splice_body {
    struct node_list nodes;  /* become the list's, or are freed on failure */
    struct name_map  names;  /* what inputs and initializers of the body are called where it goes to */
    const char     **formal; /* its outputs, */
    const char     **actual; /* what they are called where it goes to; "": nobody reads it */
    size_t           output_count;
    const char      *prefix; /* of names */
};

/* Appends the nodes to `list`. BSR_ENOMEM; BSR_EMODEL when models grow without end by it. */
bsr_status splice_nodes(struct splice *splice, struct node_list *list, struct splice_body *body,
                        struct bsr_error *err);
