/* onnx/infer.h: types, shapes and values of a graph's tensors, as far as they follow from the graph. */
#pragma once

#include "base/tensor.h"
#include "onnx/model.h"

/* A tensor with a name: a shape chosen for an input (data NULL), or its value. */
struct onnx_named {
    const char       *name;
    struct bsr_tensor tensor;
};

struct onnx_values;

/* Goes through the graph in topological order. Inputs have their declared types and shapes, or those in
 * `chosen` (type 0: as declared), which may have data too. A node whose inputs have all known shapes is asked
 * for its outputs' shapes by its operator's shape(); a node whose inputs are all known values, with outputs
 * of at most ONNX_MAX_FOLDED bytes, is run. What can't be known is left out: not an error. `model` must
 * outlive the result. BSR_EMODEL when an operator refuses its inputs or a shape contradicts what the graph
 * declares of a graph output; BSR_ENOMEM. Release with onnx_values_free(). */
#define ONNX_MAX_FOLDED ((size_t)64 << 20)
bsr_status onnx_infer(struct onnx_values **out, const struct onnx_model *model,
                      const struct onnx_named *chosen, int count, struct bsr_error *err);

/* The same, but what a graph has wrong ends nothing (`check` wants to hear of all of it, `show` to show the
 * rest): `refusal` is called for each node that refuses its inputs ("/model/Conv (Conv)", with
 * why), and what such a node makes has the shape that the graph declares for it, or none. Outputs may
 * contradict what the graph declares. BSR_EMODEL for cycles, or as `refusal` returns it; BSR_ENOMEM. */
typedef bsr_status onnx_refusal(void *context, const char *node, struct bsr_error *why);
bsr_status         onnx_infer_all(struct onnx_values **out, const struct onnx_model *model,
                                  const struct onnx_named *chosen, int count, onnx_refusal *refusal, void *context,
                                  struct bsr_error *err);
void               onnx_values_free(struct onnx_values *values);

/* What is known of a tensor of the graph: NULL: nothing; data NULL: type and shape. The values'. */
const struct bsr_tensor *onnx_values_find(const struct onnx_values *values, const char *name);
