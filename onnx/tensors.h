/* onnx/tensors.h: TensorProto messages as struct bsr_tensor and back. */
#pragma once

#include "base/tensor.h"
#include "onnx/graph.h"

/* "string" for type 8, also for types that besra does not compute with; "type 99" for none of ONNX. */
struct type_text {
    char text[24];
};
struct type_text onnx_type_text(int type);

/* A look at a message: *out has its type, shape and data (never NULL, also where there are no elements).
 * Where the message does not hold the data as besra wants it, *owned is a converted copy, to be released by
 * mem_free(), otherwise it is NULL: the data is the message's. BSR_EMODEL for types that are not in
 * BSR_TYPE_LIST (named), too many dimensions, or less data than the shape asks for. BSR_ENOMEM. */
bsr_status tensor_view(struct bsr_tensor *out, void **owned, const Onnx__TensorProto *proto,
                       struct bsr_error *err);

/* The same with data of its own. Release with tensor_free(). */
bsr_status tensor_read(struct bsr_tensor *out, const Onnx__TensorProto *proto, struct bsr_error *err);

/* A new message with a copy of the tensor in raw_data. Release with tensor_message_free(). BSR_ENOMEM. */
bsr_status tensor_message(Onnx__TensorProto **out, const char *name, const struct bsr_tensor *tensor,
                          struct bsr_error *err);
void       tensor_message_free(Onnx__TensorProto *proto);

/* Gives an existing message other contents, its name stays. BSR_ENOMEM leaves it as it was. */
bsr_status tensor_assign(Onnx__TensorProto *proto, const struct bsr_tensor *tensor, struct bsr_error *err);

/* BSR_EMODEL, naming the first of them, when the graph (subgraphs included) has sparse initializers. */
bsr_status graph_refuse_sparse(const Onnx__GraphProto *graph, struct bsr_error *err);
