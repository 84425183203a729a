/* onnx/passes/qdq.h: pairs of QuantizeLinear and DequantizeLinear, which round activations to steps. */
#pragma once

#include "onnx/index.h"

/* A scale and zero point for a whole tensor. */
struct qdq_steps {
    float   scale;
    int     type; /* of the quantised numbers: u8, i8, u16, i16 */
    int64_t zero;
    int64_t least, most; /* of the type; zero is between them */
};

/* The QuantizeLinear before a DequantizeLinear that undoes it, with the steps of both; NULL where `node` is
 * none or has no such. BSR_EMODEL, BSR_ENOMEM. */
bsr_status qdq_find_pair(const Onnx__NodeProto **quantize, struct qdq_steps *steps,
                         const struct graph_index *index, const Onnx__NodeProto *node, struct bsr_error *err);
