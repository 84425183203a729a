/* engine/supports.h: what stands behind engine_supports(): for each operator, in which forms OpenCV runs it
 * right. Found by experiment (tests/engine/test_supports.c runs each form both ways) and by reading how
 * OpenCV 4.6 to 4.12 import it. What is not listed is not trusted: OpenCV runs some forms wrong, and hostile
 * ones into the ground. */
#pragma once

#include "onnx/regions.h"

/* An operator. */
struct support_rule {
    const char *type;
    /* The attributes that may be there and their kinds, as "alpha:f axis:i mode:t pads:I": another one means
     * something to OpenCV that ONNX doesn't know. */
    const char *attributes;
    int         least_inputs, most_inputs;
    bool        any_size; /* OpenCV's importer keeps nothing of the sizes of its inputs */
    /* NULL when this form is right; else why not. The inputs and outputs are known to be there, f32 where
     * they are no constants, and of a size that OpenCV can count; the attributes are of their kinds. */
    const char *(*check)(const struct onnx_node_view *node, int opencv);
};

/* Rules by group; each ends in an entry without a type. */
extern const struct support_rule supports_elementwise[], supports_arithmetic[], supports_spatial[],
    supports_sizes[], supports_shapes[], supports_products[];

/* engine_supports() for an OpenCV given by number (406). */
const char *supports_node(const struct onnx_node_view *node, int opencv);

/* Whether a net with this node, loaded for one size, is also right at another. */
bool supports_any_size(const struct onnx_node_view *node);

/* Whether OpenCV takes these two, one reading the other's result, for something that they are not: then an
 * Identity comes between them (onnx/apart.h). */
bool supports_apart(const char *maker, const char *reader, bool beside);

/* ---- for the rules --------------------------------------------------------------------------- */

/* The n-th input, or NULL. */
const struct bsr_tensor *view_input(const struct onnx_node_view *node, int n);

/* Whether the n-th input is there, with its value. */
bool view_is_constant(const struct onnx_node_view *node, int n);

/* An attribute of `count` whole numbers, all of least..most; absent ones are right. */
bool view_ints_within(const struct onnx_node_view *node, const char *name, int count, int64_t least,
                      int64_t most);

/* Entry i of a list of whole numbers, or `otherwise` where it is absent or shorter. */
int64_t view_int_at(const struct onnx_node_view *node, const char *name, int i, int64_t otherwise);

/* Whether a text attribute is `text`, or absent where `absent`. */
bool view_text_is(const struct onnx_node_view *node, const char *name, const char *text, bool absent);

/* All sides but that of `axis` are 1. */
bool tensor_lies_along(const struct bsr_tensor *tensor, int axis);
