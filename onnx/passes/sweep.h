/* onnx/passes/sweep.h: taking many things out of a graph at once. */
#pragma once

#include "onnx/graph.h"

/* Frees the messages of an array (&graph->node, ...) whose place in `gone`, which is as long, is true. */
void sweep(void *array, size_t *count, const bool *gone);
