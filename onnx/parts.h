/* onnx/parts.h: models made of pieces of another one. */
#pragma once

#include "onnx/messages.h"

/* A new model with all of `model` but what is in its graph: names, versions, metadata. Release with
 * onnx_model_free(). BSR_ENOMEM. */
bsr_status model_make_frame(struct onnx_model **out, const struct onnx_model *model, struct bsr_error *err);

/* Puts a copy of `message` at the end of an array of messages (&graph->node, ...). BSR_ENOMEM. */
bsr_status message_append_copy(void *array, size_t *count, const ProtobufCMessage *message,
                               struct bsr_error *err);
