/* onnx/quantize.h: a model that computes on 8-bit numbers, as ONNX writes it: QuantizeLinear and
 * DequantizeLinear (QDQ) around what stays an ordinary graph, which any engine runs and some run fast.
 *
 * Layers are Conv, Gemm and MatMul with constant weights. Their inputs are u8 with a scale and zero point for
 * the whole tensor, value = (number - zero_point) * scale; zero is exact, so padding is. Their weights are
 * i8, -127..127, with a scale for each output channel; biases are i32 in steps of input's times weight's
 * scale. Tensors between are rounded right behind the node that makes them, and all that reads them reads the
 * rounded ones, but for layers that stay f32 and outputs of the graph. What only moves numbers about (Concat,
 * MaxPool, nearest Resize, Reshape ...) keeps scale and zero point: tensors that meet in a Concat are a
 * group, and an engine can concatenate them as bytes. Activations and sums (SiLU's Sigmoid and Mul, residual
 * Add) are computed on f32. */
#pragma once

#include "onnx/edit.h"

struct onnx_quantize_layer {
    char *name; /* of the node; of one without a name its output */
    char *op;   /* "Conv" */
    char *input, *output;
    int   group; /* of its input; -1: it stays f32, */
    char *why;   /* because, a sentence's end: "its weights are no constant"; else NULL */
};

/* Tensors of one scale and zero point. */
struct onnx_quantize_group {
    char *
        *tensors; /* the first `sources` of them are made by nodes that compute; the rest has their numbers */
    int  count, sources;
    bool known; /* these two are, and this is for apply() to use: */
    float   scale;
    uint8_t zero_point;
};

/* In the order of the nodes. Start with {0}; release with onnx_quantize_plan_free(). */
struct onnx_quantize_plan {
    struct onnx_quantize_layer *layers;
    int                         layer_count;
    struct onnx_quantize_group *groups;
    int                         group_count;
};

/* A layer, by its name or output, that is to stay f32, and why. */
struct onnx_quantize_keep {
    const char *layer, *why;
};

/* What can be quantised. Layers on constants, which a run does not compute, are left out. BSR_ENOMEM. */
bsr_status onnx_quantize_plan(struct onnx_quantize_plan *out, const struct onnx_model *model,
                              const struct onnx_quantize_keep *keep, int keep_count, struct bsr_error *err);
void       onnx_quantize_plan_free(struct onnx_quantize_plan *plan);

/* The position of a layer by name or output; -1: there is none. */
int onnx_quantize_find(const struct onnx_quantize_plan *plan, const char *layer);

/* The scale and zero point for numbers from `least` to `most`: the range is widened to hold zero. */
void onnx_quantize_set_range(struct onnx_quantize_group *group, double least, double most);

/* Quantises the layers whose groups are known in the model that the plan was made of. It must be of opset 13
 * at least. On failure it is as it was. BSR_EMODEL, BSR_ENOMEM. */
bsr_status onnx_quantize_apply(struct onnx_model *model, const struct onnx_quantize_plan *plan,
                               struct bsr_error *err);

/* Puts beside layers first .. last - 1 (those whose groups are known) twins that are quantised, while all
 * else stays f32: what each loses alone. Both become outputs of the model: twins[i - first] is the name of
 * the twin's, to be released by mem_free(), or NULL. */
bsr_status onnx_quantize_twins(struct onnx_model *model, const struct onnx_quantize_plan *plan, int first,
                               int last, char **twins, struct bsr_error *err);

/* Brings the model to opset 13, where scales may be those of channels, if it is older. BSR_EMODEL names a
 * node that means something else there and is not known to be convertible; the model is then as it was. */
enum { ONNX_QUANTIZE_OPSET = 13 };
bsr_status onnx_quantize_raise_opset(struct onnx_model *model, struct bsr_error *err);

/* Whether it has quantised numbers already: the first node that tells, "/q (QuantizeLinear)"; NULL: none. The
 * text is `space`. */
const char *onnx_quantize_find_quantized(const struct onnx_model *model, char space[288]);
