/* pipeline/bisect_part.h: parts of a graph that end in one tensor, cut at others. For bisect.c only. */
#pragma once

#include "onnx/inspect/inspect.h"
#include "onnx/inspect/names.h"
#include "pipeline/feeds.h"

/* Start with {0}; release with bisect_part_close(). */
struct bisect_part {
    const struct onnx_model *model;
    struct onnx_inspection   inspection;
    struct name_table makers; /* of tensors; at: the layer. Not of constants: they go where they are read */
    struct name_table cuts;   /* tensors at which the graph may be cut; at: the caller's */
    int         *distance; /* of each layer from the one that makes the end, in nodes; -1: not in the part */
    int         *queue;    /* layers of the part, nearest first */
    int          queued;
    const char **edges; /* inputs of the part: the model's, or of `cuts` */
    int          edge_count;
};

/* Looks at the model, at the shapes of the feeds. *part is to be closed also on failure. BSR_EMODEL,
 * BSR_ENOMEM. */
bsr_status bisect_part_open(struct bisect_part *part, const struct onnx_model *model,
                            const struct feeds *feeds, struct bsr_error *err);
void       bisect_part_close(struct bisect_part *part);

/* Lets the graph be cut at a tensor; after the last one bisect_part_sort(). BSR_ENOMEM. */
bsr_status bisect_part_may_cut(struct bisect_part *part, const char *name, size_t at, struct bsr_error *err);
void       bisect_part_sort(struct bisect_part *part);

/* Chooses the part of all layers less than `reach` from the one that makes `end`, and of those that no cut
 * keeps out. Returns the distance of the farthest. */
int bisect_part_choose(struct bisect_part *part, const char *end, int reach);

/* Whether it is an input of the model (an initializer is none). */
bool bisect_is_input(const struct onnx_model *model, const char *name);
