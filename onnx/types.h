/* onnx/types.h: the element types of a graph's values, also where shapes are unknown: from what the graph
 * declares, and from what operators do with types. */
#pragma once

#include "onnx/graph.h"
#include "onnx/index.h"

struct graph_types;

/* BSR_ENOMEM. Release with types_free(). */
bsr_status types_make(struct graph_types **out, const struct onnx_model *model, struct bsr_error *err);
void       types_free(struct graph_types *types);

/* The type of a value, or 0 where it can't be known. */
int types_find(const struct graph_types *types, const char *name);
