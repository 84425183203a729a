/* onnx/inspect/faults.h: what the searches for faults have in common. For this folder only. */
#pragma once

#include "onnx/inspect/inspect.h"
#include "onnx/nodes.h"

/* A search under way. Steps return BSR_OK, or BSR_ENOMEM with *err filled. */
struct fault_search {
    const struct onnx_model *model;
    struct onnx_faults      *faults;
    int                      guesses; /* at what was meant, so far: each looks at all names there are */
    struct bsr_error        *err;
};

enum { MAX_GUESSES = 32 };

/* "node '/model/Conv' (Conv)". */
struct where_text {
    char text[320];
};
struct where_text where_node(const Onnx__NodeProto *node);
struct where_text where_named(const char *what, const char *name);

/* Calls `visit` for each node of the graph and of the graphs within its nodes until it fails. */
typedef bsr_status node_visitor(struct fault_search *search, const Onnx__NodeProto *node);
bsr_status visit_nodes(struct fault_search *search, const Onnx__GraphProto *graph, node_visitor *visit);

/* Names that are made twice, read without being made, or made without being read; order; empty names. */
bsr_status find_name_faults(struct fault_search *search);

/* Operators that nobody knows, that are too new, or have too few inputs; domains that are not imported. */
bsr_status find_operator_faults(struct fault_search *search);

/* Attributes that ONNX doesn't give to their operator, or not as that type. */
bsr_status find_attribute_faults(struct fault_search *search);

/* Types and shapes that are declared otherwise than they are, and nodes that refuse their inputs. */
bsr_status find_shape_faults(struct fault_search *search);
