/* onnx/inspect/inspect.h: what a graph holds, as numbers and sentences for `besra model show` and `check`. */
#pragma once

#include "onnx/infer.h"
#include "onnx/regions.h"

/* One node. Text is the model's or the inspection's. */
struct onnx_layer {
    const char        *name, *type, *domain;
    const char *const *inputs, *const *outputs; /* names */
    int                      input_count, output_count;
    const struct bsr_tensor *input_shapes[8]; /* NULL: unknown */
    const struct bsr_tensor *output_shapes[8];
    uint64_t                 parameters, macs; /* macs 0 where shapes are unknown or there are none */
    bool                     has_weights;
    double                   weight_min, weight_max;
};

struct onnx_op_count {
    char     name[128]; /* "Conv", "custom.MyAdd" */
    uint64_t count, macs;
};

struct onnx_inspection {
    struct onnx_layer    *layers;
    int                   layer_count;
    struct onnx_op_count *operators; /* most frequent first */
    int                   operator_count;
    uint64_t              parameters, weight_bytes, macs;
    uint64_t              activation_bytes; /* peak of live tensors in topological order; 0: unknown */
    struct onnx_values   *values;
};
bsr_status onnx_inspect(struct onnx_inspection *out, const struct onnx_model *model,
                        const struct onnx_named *chosen, int count, struct bsr_error *err);
void       onnx_inspection_free(struct onnx_inspection *inspection);

/* A fault that `check` found. */
struct onnx_fault {
    enum { ONNX_FAULT_ERROR, ONNX_FAULT_WARNING, ONNX_FAULT_NOTE } level;
    char *where; /* "node '/Conv' (Conv)", "output 'y'" */
    char *what;  /* the sentence */
    char *hint;  /* what besra does about it, or the export option that avoids it; may be NULL */
};
struct onnx_faults {
    struct onnx_fault *items;
    size_t             count, capacity;
};
/* All structural faults at once: order, dangling inputs, duplicate names, types and shapes that disagree,
 * opset, attribute types, unknown operators. BSR_ENOMEM only. */
bsr_status onnx_find_faults(struct onnx_faults *out, const struct onnx_model *model, struct bsr_error *err);
bsr_status onnx_faults_add(struct onnx_faults *faults, int level, const char *where, const char *hint,
                           struct bsr_error *err, const char *format, ...)
    __attribute__((format(printf, 6, 7)));
void onnx_faults_free(struct onnx_faults *faults);

/* Appends the graph in graphviz's dot language, shapes on the edges. */
bsr_status onnx_write_dot(const struct onnx_inspection *inspection, const char *title, struct bytes *out,
                          struct bsr_error *err);
