/* onnx/model.h: an exported .onnx in memory, as far as besra must understand it.
 *
 * Limits on what is read (BSR_EMODEL beyond them): 2 GiB of file and of external data, 64 levels of messages,
 * 2 million fields, 1,024 inputs and outputs each, 4,096 bytes of a name, ONNX_MAX_DIMS dimensions of an
 * input or output. */
#pragma once

#include "base/bytes.h"
#include "base/status.h"

#include <stdbool.h>

struct onnx_model;

enum { ONNX_MAX_DIMS = 8 };

/* The declared shape of an input or output of the graph. */
struct onnx_value {
    const char *name;                 /* the model's */
    int         element_type;         /* TensorProto.DataType; 1 is float, 10 is float16, 0: no tensor */
    int         dims;                 /* -1: none declared */
    int64_t     shape[ONNX_MAX_DIMS]; /* -1: symbolic or unknown */
};

/* Parses `size` bytes; `name` is for messages. Release with onnx_model_free().
 * BSR_EMODEL for what is no ONNX model (says what it looks like instead where that is known), is truncated,
 * or nests or counts more than the limits. External data is read from `folder` (NULL: refused), never above
 * it nor through a symbolic link. Every tensor holds as much data as its shape asks for. */
bsr_status onnx_model_read(struct onnx_model **out, const uint8_t *data, size_t size, const char *folder,
                           const char *name, struct bsr_error *err);
void       onnx_model_free(struct onnx_model *model);

/* Appends the model as it is now, fields that besra does not know included; external data has become part of
 * it. BSR_ENOMEM. */
bsr_status onnx_model_write(const struct onnx_model *model, struct bytes *out, struct bsr_error *err);

/* The version of an operator set that the model imports ("" is ONNX's own), or 0. */
int64_t onnx_opset(const struct onnx_model *model, const char *domain);

/* Inputs that are no initializers; outputs. Index 0 .. count - 1. */
int               onnx_input_count(const struct onnx_model *model);
struct onnx_value onnx_input(const struct onnx_model *model, int index);
int               onnx_output_count(const struct onnx_model *model);
struct onnx_value onnx_output(const struct onnx_model *model, int index);

/* The index of an input, an output of this name, or -1. */
int onnx_find_input(const struct onnx_model *model, const char *name);
int onnx_find_output(const struct onnx_model *model, const char *name);

/* The value of a metadata_props key ("names", "stride"), or NULL. The model's. */
const char *onnx_metadata(const struct onnx_model *model, const char *key);

/* Counts nodes of an operator ("Conv"), for a look at what kind of net this is. */
int onnx_node_count(const struct onnx_model *model, const char *op_type);

/* The output channels of all convolutions together: times the pixels of a net that keeps its size, what its
 * maps take of memory when none is reused. */
uint64_t onnx_map_channels(const struct onnx_model *model);

/* Parses the Python dictionary of class names that YOLOv5's exporter writes into metadata "names":
 * {0: 'person', 1: "potter's wheel"}; a list ['a', 'b'] and JSON's {"0": "person"} too. One allocation,
 * released by mem_free(): a NULL-ended array of UTF-8 texts, at index = class; missing indices are "class 7".
 * At most 65,536 classes. BSR_EMODEL when it is no such text. */
bsr_status onnx_parse_names(char ***out, int *count, const char *text, struct bsr_error *err);

/* What a Resize that was lifted out of the front of a graph did. */
struct onnx_resize {
    bool   found;
    double factor;     /* fixed in the model; 0: came in by an input, the caller chooses */
    char   input[128]; /* the input that carried the factor; empty when fixed */
    double cubic_a;    /* -0.75 in PyTorch's exports; no other is lifted */
};

/* Where the graph begins with a cubic Resize of its picture input (opset 11 and later: scales from a
 * Constant, an initializer or a graph input), takes it out: the body then reads the picture input at the
 * enlarged size, height and width become symbolic, and the inputs that only fed the Resize are gone. found =
 * false and an unchanged model when there is none: no Resize, one of another mode, or one whose picture other
 * nodes read too. BSR_EMODEL for a cubic front Resize that bicubic_enlarge() could not stand in for (sizes
 * instead of scales, align_corners, unequal scales, ...): says which. BSR_ENOMEM leaves the model as it was.
 */
bsr_status onnx_lift_front_resize(struct onnx_model *model, struct onnx_resize *out, struct bsr_error *err);

/* The index-th debug node (one that only looks at what goes through it): into `name` the text of its
 * attribute `name`, else its output's name; in *value the tensor behind it, the model's. False behind the
 * last. */
enum { ONNX_DEBUG_NAME_SIZE = 128 };
bool onnx_debug_name(const struct onnx_model *model, int index, char name[ONNX_DEBUG_NAME_SIZE],
                     const char **value);
