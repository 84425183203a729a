/* onnx/apart.h: nodes that an engine must not see side by side. Engines look for pairs and chains of nodes
 * that they run as one, and some of what they take them for is something else. */
#pragma once

#include "onnx/model.h"

/* Whether something must come between a node and one that reads its result, both ONNX's own, told by their
 * operators. `beside`: the reader also reads the first input of the maker, and nobody else its result. */
typedef bool onnx_apart(const char *maker, const char *reader, bool beside);

/* Puts an Identity between all such nodes of a graph whose nodes are in order. BSR_ENOMEM; the model is then
 * half-done. */
bsr_status onnx_keep_apart(struct onnx_model *model, onnx_apart *apart, struct bsr_error *err);
