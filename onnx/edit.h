/* onnx/edit.h: surgery on a graph, one function an operation. All leave the model valid (checked by
 * onnx_check_model() in the tests) and as it was on failure, unless they say otherwise. Errors are BSR_EUSAGE
 * (a name that the model doesn't have, with the nearest that it has), BSR_EMODEL, BSR_ENOMEM. */
#pragma once

#include "onnx/infer.h"

/* A model of its own with the nodes between `inputs` and `outputs` (names of tensors), their constants and
 * value infos; shapes of the new inputs and outputs as declared or inferred. Release with onnx_model_free().
 */
bsr_status onnx_extract(struct onnx_model **out, const struct onnx_model *model, const char *const *inputs,
                        int input_count, const char *const *outputs, int output_count, struct bsr_error *err);

/* A copy of a model; release with onnx_model_free(). */
bsr_status onnx_model_copy(struct onnx_model **out, const struct onnx_model *model, struct bsr_error *err);

/* Nodes are named by their name or one of their outputs. */
bsr_status onnx_set_op(struct onnx_model *model, const char *node, const char *op_type,
                       struct bsr_error *err);
bsr_status onnx_rename(struct onnx_model *model, const char *from, const char *to, struct bsr_error *err);
bsr_status onnx_set_input_shape(struct onnx_model *model, const char *input, const int64_t *shape, int dims,
                                struct bsr_error *err); /* -1: symbolic */
bsr_status onnx_set_metadata(struct onnx_model *model, const char *key, const char *value,
                             struct bsr_error *err);
/* Readers of its first output read its first input instead; a node whose shapes differ is refused. */
bsr_status onnx_remove_node(struct onnx_model *model, const char *node, struct bsr_error *err);
bsr_status onnx_replace_weights(struct onnx_model *model, const char *name, const struct bsr_tensor *value,
                                struct bsr_error *err);
bsr_status onnx_freeze_input(struct onnx_model *model, const char *input, const struct bsr_tensor *value,
                             struct bsr_error *err);
bsr_status onnx_to_f16(struct onnx_model *model,
                       struct bsr_error  *err); /* weights and compute; f32 inputs and outputs stay */
/* Makes inner tensors outputs too (for compare); names that are outputs already are passed over. */
bsr_status onnx_add_outputs(struct onnx_model *model, const char *const *names, int count,
                            struct bsr_error *err);
