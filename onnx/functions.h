/* onnx/functions.h: the functions that a model brings along for operators of its own. */
#pragma once

#include "onnx/graph.h"
#include "onnx/name_map.h"

/* The functions of a model by domain and name; release with name_map_free(). Two of the same name: the first
 * counts. BSR_ENOMEM. */
bsr_status functions_index(struct name_map *functions, const struct onnx_model *model, struct bsr_error *err);

/* *out is the function that has to be put in the place of a node: NULL where there is none, or an operator
 * that does it. BSR_ENOMEM. */
bsr_status functions_find(const Onnx__FunctionProto **out, const struct name_map *functions,
                          const struct onnx_model *model, const Onnx__NodeProto *node, struct bsr_error *err);

/* *out is a copy of the model with its functions inlined, where it calls any that besra has no operator for;
 * NULL otherwise. Release with onnx_model_free(). BSR_EMODEL, BSR_ENOMEM. */
bsr_status functions_inline_copy(struct onnx_model **out, const struct onnx_model *model,
                                 struct bsr_error *err);

/* Whether a node of the graph or its subgraphs has to be replaced by a function. BSR_ENOMEM. */
bsr_status functions_are_called(bool *called, const struct name_map *functions,
                                const struct onnx_model *model, const Onnx__GraphProto *graph,
                                struct bsr_error *err);
