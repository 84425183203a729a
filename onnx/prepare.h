/* onnx/prepare.h: makes a graph fit for OpenCV DNN (or any engine), without changing what it computes. */
#pragma once

#include "onnx/changes.h"
#include "onnx/infer.h"

/* What becomes of QuantizeLinear and DequantizeLinear on activations; those on weights always become f32
 * weights. */
enum onnx_qdq {
    ONNX_QDQ_KEEP, /* computed as written: the numbers the model was quantised for */
    ONNX_QDQ_DROP, /* left out: the f32 net that the weights stand for. Each pair leaves a Clip to the range
                      of its steps, which stands for a Relu or Relu6 that the quantiser left out */
    ONNX_QDQ_JOIN, /* computed as written, each pair as one node that rounds, besra.RoundToSteps: for besra's
                      own engine, not for files */
};

struct onnx_prepare_options {
    const struct onnx_named *chosen; /* shapes of inputs; those with data become constants (frozen) */
    int                      chosen_count;
    enum onnx_qdq            qdq;
    bool                     keep_f16; /* leave 16-bit floats as they are (for other engines) */
    int     opencv;    /* 406 for 4.6: rewrite what that version can't read; 0: stay standard ONNX */
    int64_t max_opset; /* warn beyond; 0: 22 */
};

/* Runs the passes over the model until nothing changes: functions inlined, If with a known condition
 * resolved, no-ops and debug nodes dropped (one input, one output, no operator known for it), inputs frozen,
 * constants folded, f16 to f32, weights dequantised, dead nodes and initializers removed, then (opencv)
 * lowered. Each pass is one file in onnx/passes/, idempotent, and leaves the outputs as they were. `changes`
 * may be NULL. Inputs and outputs keep their names, order and (but for f16, which become f32) types; frozen
 * inputs are gone. BSR_EMODEL, BSR_ENOMEM: the model is then half-done: drop it. */
bsr_status onnx_prepare(struct onnx_model *model, const struct onnx_prepare_options *options,
                        struct onnx_changes *changes, struct bsr_error *err);
