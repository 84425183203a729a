/* onnx/evaluate.h: runs a graph with besra's own operators, node by node: slow, exact, any type, any shape.
 * The reference for what passes do and engines compute, and what runs the nodes that OpenCV can't. */
#pragma once

#include "onnx/infer.h"

struct evaluator;

/* Called after each node for each of its outputs; a failure ends the run. */
typedef bsr_status evaluator_visit(void *context, const char *value, const char *node,
                                   const struct bsr_tensor *tensor, struct bsr_error *err);

/* Checks that there is an operator for every node: BSR_EMODEL names the first one that there is none for.
 * `model` must outlive the evaluator. Release with evaluator_close(). */
bsr_status evaluator_open(struct evaluator **out, const struct onnx_model *model, struct bsr_error *err);
void       evaluator_close(struct evaluator *evaluator);

/* Runs on inputs (all of the graph's, in its order; checked against what the graph declares). outputs[] is as
 * long as the graph's outputs; each gets a tensor of its own (tensor_free()). Tensors are freed when their
 * last reader has run. `visit` may be NULL. May be called by several threads at once. */
bsr_status evaluator_run(const struct evaluator *evaluator, const struct bsr_tensor *inputs,
                         struct bsr_tensor *outputs, evaluator_visit *visit, void *context,
                         struct bsr_error *err);
