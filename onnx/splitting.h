/* onnx/splitting.h: the work of onnx_split_make(): regions.c decides where nodes go, split_parts.c makes the
 * models. */
#pragma once

#include "onnx/index.h"
#include "onnx/regions.h"

/* Where a node is run. Regions are numbered from 0. */
enum { GOES_TO_TAIL = -2, GOES_TO_ENGINE = -1 };

struct splitting {
    const struct onnx_model  *model;
    const struct graph_index *index;
    const struct onnx_values *values;
    size_t *order; /* of the nodes, topological; those of a region can stand where its last one does */
    int    *place; /* of each node, by its position in the graph */
    int     regions;
    size_t *reads; /* values (entries of the index) that nodes read, each node's together */
    size_t *first; /* of a node: where its begin; one more at the end */
    bool    tail;  /* whether anything goes there */
};

/* Whether a value is one that nobody computes: an initializer. */
bool splitting_is_constant(const struct index_entry *entry);

/* What is known of a value; NULL: not its shape. */
const struct bsr_tensor *splitting_shape(const struct splitting *splitting, const struct index_entry *entry);

/* Whether it passes between the parts as words: no f32, or a scalar. */
bool splitting_is_carried(const struct bsr_tensor *tensor);

/* Fills out->front, regions and tail. On failure what was made is in *out, to be freed. */
bsr_status splitting_make_parts(struct onnx_split *out, const struct splitting *splitting,
                                struct bsr_error *err);
