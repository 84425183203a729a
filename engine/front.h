/* engine/front.h: the bytes of an .onnx as OpenCV is given them. */
#pragma once

#include "onnx/model.h"

/* What is the same of two models that differ in the shapes they declare of inputs, outputs and values, and in
 * nothing else: a hash of the rest, and its length. */
struct front_print {
    uint64_t hash;
    size_t   size;
};

/* Writes the model, as one that no exporter made: OpenCV reads those of PyTorch otherwise. BSR_ENOMEM. */
bsr_status front_write(const struct onnx_model *model, struct bytes *out, struct bsr_error *err);

/* Of what front_write() wrote. */
struct front_print front_fingerprint(const struct bytes *onnx);
