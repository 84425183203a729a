/* onnx/inspect/inspect.h: what a graph holds, as numbers and sentences for `besra model show` and `check`. */
#pragma once

#include "base/bytes.h"
#include "onnx/infer.h"
#include "onnx/regions.h"

/* Numbers in this room are counted so:
 * - A parameter is an element of a constant (an initializer or the value of a Constant node) of any type but
 *   i64 and bool, which hold sizes and choices. A constant that several nodes read counts for each of them,
 *   but once in the sum. Constants that nothing reads do not count.
 * - A MAC is one multiplication whose product is added to a sum: of Conv, ConvTranspose, Gemm, MatMul, their
 *   integer and quantised forms, and deformable convolutions (without their bilinear sampling). Biases,
 *   activations, normalisations, pooling and resizing are not counted, nor what runs within If, Loop and
 * Scan.
 * - Live activations are the inputs and all tensors that nodes make, constants apart, from the node that
 * makes a tensor to the last that reads it, in the order in which the nodes are run; outputs stay to the end.
 * No node writes over its input, so an engine that does that needs less. */

/* One node. Text is the model's or the inspection's. */
struct onnx_layer {
    const char        *name, *type, *domain;    /* without a name: that of its first output */
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

/* The layers stand in the order in which they can be run. Release with onnx_inspection_free(). */
struct onnx_inspection {
    const struct onnx_model *model;
    struct onnx_layer       *layers;
    int                      layer_count;
    struct onnx_op_count    *operators; /* most frequent first */
    int                      operator_count;
    uint64_t                 parameters, weight_bytes, macs;
    uint64_t                 activation_bytes; /* peak of live tensors in topological order; 0: unknown */
    struct onnx_values      *values;
    struct bsr_error         refused; /* the first node that refuses its inputs; code BSR_OK: none does */
};

/* Shapes are those that onnx_infer() finds, with those `chosen` for inputs; of what a node makes that refuses
 * its inputs, those declared. `model` must outlive the inspection. BSR_EMODEL for a graph that goes round in
 * circles, BSR_ENOMEM. */
bsr_status onnx_inspect(struct onnx_inspection *out, const struct onnx_model *model,
                        const struct onnx_named *chosen, int count, struct bsr_error *err);
void       onnx_inspection_free(struct onnx_inspection *inspection);

/* What a tensor holds, NaN and infinities left out of the first four. */
enum { ONNX_HISTOGRAM = 20 };
struct onnx_statistics {
    size_t count, zeros, nans, infinities;
    double min, max, mean, deviation; /* 0 where no number is finite */
    size_t histogram[ONNX_HISTOGRAM]; /* equal steps from min to max; all in the first when they are equal */
};
struct onnx_statistics onnx_tensor_statistics(const struct bsr_tensor *tensor);

/* What a model says of itself. Texts are the model's, never NULL, of any length and origin. */
struct onnx_about {
    const char *producer, *producer_version, *domain, *graph, *description;
    int64_t     ir_version, model_version;
    int         function_count, opset_count, metadata_count;
};
struct onnx_about onnx_model_about(const struct onnx_model *model);

/* The index-th domain that is imported ("" is ONNX's own); the index-th key of the metadata. */
const char *onnx_opset_at(const struct onnx_model *model, int index, int64_t *version);
const char *onnx_metadata_at(const struct onnx_model *model, int index, const char **value);

/* What the model calls a side of an input (an output) that it leaves open: "height"; NULL: nothing. */
const char *onnx_side_name(const struct onnx_model *model, bool output, int index, int axis);

/* A fault that `check` found. An error makes the graph mean nothing or something else; a warning is something
 * that besra gets over and others may not; a note is of what is of no use. */
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

/* The most bytes that tensors take at once while the nodes run one after the other; those of unknown shape,
 * and constants, take none. BSR_EMODEL for a graph that goes round in circles, BSR_ENOMEM. */
bsr_status onnx_live_bytes(uint64_t *out, const struct onnx_model *model, const struct onnx_values *values,
                           struct bsr_error *err);

/* All structural faults at once: order, dangling inputs, duplicate names, types and shapes that disagree,
 * opset, attribute types, unknown operators. Bodies of functions are not looked into. BSR_ENOMEM only.
 * Release with onnx_faults_free(). */
bsr_status onnx_find_faults(struct onnx_faults *out, const struct onnx_model *model, struct bsr_error *err);
/* Copies the texts; `hint` may be NULL. */
bsr_status onnx_faults_add(struct onnx_faults *faults, int level, const char *where, const char *hint,
                           struct bsr_error *err, const char *format, ...)
    __attribute__((format(printf, 6, 7)));
void onnx_faults_free(struct onnx_faults *faults);

/* A node of the graph as it is in the file that an engine can't run. What is constant, and what has unknown
 * shapes, is not asked for. */
struct onnx_obstacle {
    char *node; /* "/model/Resize (Resize)", as in struct onnx_change */
    char *type; /* "Resize" */
    char *why;  /* a sentence's end: "cubic mode is not supported" */
    bool  has_operator;
};
struct onnx_obstacles {
    struct onnx_obstacle *items;
    size_t                count;
};

/* BSR_EMODEL for a graph that goes round in circles, BSR_ENOMEM. Release with onnx_obstacles_free(). */
bsr_status onnx_find_obstacles(struct onnx_obstacles *out, const struct onnx_model *model,
                               const struct onnx_named *chosen, int count, onnx_supports *supports,
                               void *context, struct bsr_error *err);
void       onnx_obstacles_free(struct onnx_obstacles *obstacles);

/* Appends the graph in graphviz's dot language, shapes on the edges. */
bsr_status onnx_write_dot(const struct onnx_inspection *inspection, const char *title, struct bytes *out,
                          struct bsr_error *err);
