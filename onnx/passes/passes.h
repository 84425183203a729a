/* onnx/passes/passes.h: the passes of onnx_prepare(), one file each, and those a pipeline asks for by itself
 * (onnx/model.h: lifting a Resize; onnx/tails.h: cutting). Each is idempotent, sets *changed when it changed
 * something (never clears it), and adds a line to `changes` (may be NULL) for each node. On failure the model
 * is half-done. */
#pragma once

#include "onnx/graph.h"
#include "onnx/prepare.h"

typedef bsr_status onnx_pass(struct onnx_model *model, const struct onnx_prepare_options *options,
                             struct onnx_changes *changes, bool *changed, struct bsr_error *err);

onnx_pass pass_inline_functions;
onnx_pass pass_resolve_if;
onnx_pass pass_freeze_inputs;
onnx_pass pass_drop_no_ops;
onnx_pass pass_fold_constants;
onnx_pass pass_f16_to_f32;
onnx_pass pass_dequantize_weights;
onnx_pass pass_drop_qdq; /* only with ONNX_QDQ_DROP */
onnx_pass pass_join_qdq; /* only with ONNX_QDQ_JOIN */
onnx_pass pass_remove_dead;
onnx_pass pass_lower_for_opencv; /* only with options->opencv */
