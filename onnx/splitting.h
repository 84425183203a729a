/* onnx/splitting.h: the work of onnx_split_make(): split_ask.c finds who can run a node, regions.c decides
 * where it goes, split_parts.c makes the models. */
#pragma once

#include "onnx/index.h"
#include "onnx/regions.h"

/* Where a node is run. Regions are numbered from 0. */
enum { GOES_TO_TAIL = -2, GOES_TO_ENGINE = -1 };

/* Who runs a node. */
enum node_class { CLASS_ENGINE, CLASS_FAST, CLASS_BESRA, CLASS_TAIL };

struct splitting {
    const struct onnx_model  *model;
    const struct graph_index *index;
    const struct onnx_values *values;
    size_t        *order; /* of the nodes, topological; those of a region can stand where its last one does */
    int           *place; /* of each node, by its position in the graph */
    unsigned char *classes; /* of each node: an enum node_class */
    int            regions;
    size_t        *reads; /* values (entries of the index) that nodes read, each node's together */
    size_t        *first; /* of a node: where its begin; one more at the end */
    bool           tail;  /* whether anything goes there */
};

/* Whether a value is one that nobody computes: an initializer. */
bool splitting_is_constant(const struct index_entry *entry);

/* What is known of a value; NULL: not its shape. */
const struct bsr_tensor *splitting_shape(const struct splitting *splitting, const struct index_entry *entry);

/* Whether it passes between the parts as words: no f32, or a scalar. */
bool splitting_is_carried(const struct bsr_tensor *tensor);

/* Asks the takers in turn; `demoted` passes over the fast one. *worth (may be NULL): whether the fast kernels
 * took it and a region with it is worth its while. BSR_ENOMEM. */
bsr_status splitting_ask(enum node_class *out, bool *worth, const struct splitting *splitting, size_t node,
                         const struct onnx_takers *takers, bool demoted, struct bsr_error *err);

/* Fills out->front, regions and tail. On failure what was made is in *out, to be freed. */
bsr_status splitting_make_parts(struct onnx_split *out, const struct splitting *splitting,
                                struct bsr_error *err);
