/* onnx/edit_find.h: what names in an edit stand for. For the files of onnx/edit.h only. */
#pragma once

#include "onnx/graph.h"
#include "onnx/index.h"

/* The position of the node of that name, or that makes a value of that name. BSR_EUSAGE with the nearest. */
bsr_status edit_find_node(size_t *position, const struct onnx_model *model, const char *name,
                          struct bsr_error *err);

/* The input (no initializer) of that name. BSR_EUSAGE with the nearest. */
bsr_status edit_find_input(Onnx__ValueInfoProto **input, const struct onnx_model *model, const char *name,
                           struct bsr_error *err);

/* BSR_EUSAGE: there is no such value (nor node, with `or_node`); with the nearest. */
bsr_status edit_fail_unknown(const struct onnx_model *model, const char *name, bool or_node,
                             struct bsr_error *err);

/* Whether it is an input of the graph, or a weight. */
bool edit_is_source(const Onnx__GraphProto *graph, const char *name);

/* Whether a name stands for a value within a subgraph of the graph's nodes, by definition there. */
bool edit_defined_inside(const Onnx__GraphProto *graph, const char *name);

/* Puts `text` into all these places. BSR_ENOMEM leaves them as they are. */
bsr_status edit_set_slots(char ***slots, size_t count, const char *text, struct bsr_error *err);

/* The same for the places that read the value of `entry`, and for the outputs of the graph only where
 * `outputs`. */
bsr_status edit_set_uses(const struct graph_index *index, const struct index_entry *entry, bool outputs,
                         const char *text, struct bsr_error *err);

/* Takes out the value infos of that name. */
void edit_remove_value_info(Onnx__GraphProto *graph, const char *name);
