/* onnx/make.h: new nodes, attributes and value infos. Each *_make() gives a message of the caller's, released
 * by message_free() until an array of the graph has it (message_append()). BSR_ENOMEM, and what is said. */
#pragma once

#include "base/tensor.h"
#include "onnx/messages.h"

/* A value's name, element type and shape; dims -1: no shape; a side of -1: symbolic, "NAME_0" for the first.
 */
bsr_status value_info_make(Onnx__ValueInfoProto **out, const char *name, int type, int dims,
                           const int64_t *shape, struct bsr_error *err);

/* A node of the operator "Type" or "domain.Type". Names are copied; "" is an input that is left out. */
struct node_parts {
    const char        *op, *name;
    const char *const *inputs, *const *outputs;
    int input_count, output_count;
};
bsr_status node_make(Onnx__NodeProto **out, const struct node_parts *parts, struct bsr_error *err);

/* Adds an attribute to a node. */
bsr_status node_add_int(Onnx__NodeProto *node, const char *name, int64_t value, struct bsr_error *err);
bsr_status node_add_float(Onnx__NodeProto *node, const char *name, float value, struct bsr_error *err);
bsr_status node_add_text(Onnx__NodeProto *node, const char *name, const char *value, struct bsr_error *err);
bsr_status node_add_ints(Onnx__NodeProto *node, const char *name, const int64_t *values, int count,
                         struct bsr_error *err);
bsr_status node_add_floats(Onnx__NodeProto *node, const char *name, const float *values, int count,
                           struct bsr_error *err);
bsr_status node_add_tensor(Onnx__NodeProto *node, const char *name, const struct bsr_tensor *value,
                           struct bsr_error *err);

/* The domain's part of "domain.Type" ("" for "Type"): its length, and where the type begins. */
size_t op_domain_length(const char *op, const char **type);

/* Sees to it that the model imports `domain` (its first `length` characters), at version 1 where it did not.
 */
bsr_status model_import_domain(struct onnx_model *model, const char *domain, size_t length,
                               struct bsr_error *err);
