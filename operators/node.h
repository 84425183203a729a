/* operators/node.h: a node's attributes, as operators are given them (struct bsr_node of besra.h). */
#pragma once

#include "base/tensor.h"

enum attribute_kind {
    ATTRIBUTE_INT,
    ATTRIBUTE_FLOAT,
    ATTRIBUTE_TEXT,
    ATTRIBUTE_INTS,
    ATTRIBUTE_FLOATS,
    ATTRIBUTE_TENSOR,
    ATTRIBUTE_TEXTS, /* `text` is the first of `count`, one behind the other, each ended by 0 */
    ATTRIBUTE_OTHER, /* graphs, tensors of text, sparse tensors: there, but no operator of besra's reads them
                      */
};

struct attribute {
    const char         *name;
    enum attribute_kind kind;
    int64_t             i;
    float               f;
    const char         *text; /* ended by 0 */
    const int64_t      *ints;
    const float        *floats;
    int                 count; /* of ints, floats or texts */
    struct bsr_tensor   tensor;
};

/* All pointers belong to who made the node. */
struct bsr_node {
    const char             *name, *domain, *type; /* never NULL; domain "" is ONNX's own ("ai.onnx" too) */
    int64_t                 opset;
    const struct attribute *attributes;
    int                     attribute_count;
};

/* The attribute of that name and kind, or NULL. */
const struct attribute *node_find_attribute(const struct bsr_node *node, const char *name,
                                            enum attribute_kind kind);
