/* engine/refusals.h: which nodes are kept away from OpenCV while a graph is split, and why. */
#pragma once

#include "onnx/changes.h"
#include "onnx/regions.h"

/* Start with {0}; release with refusals_free(). */
struct refusals {
    struct onnx_changes found; /* one for each node that OpenCV can't run: its name, and why */
    struct onnx_changes
                     refused; /* nodes ("/Resize") or operators ("custom.MyAdd") that OpenCV complained of */
    bool             sized;  /* a node that OpenCV runs is fixed to the sizes of its inputs by its importer */
    bsr_status       status; /* BSR_ENOMEM met while asking, as *error tells */
    struct bsr_error error;
};

/* Notes that OpenCV complained of a node: from now on the node is refused. Where it was refused before, all
 * nodes of its operator are. Returns false when those were, too: nothing is left to try. */
bool refusals_add(struct refusals *refusals, const char *node, const char *op, const char *reason);

/* Before the graph is split again: forgets `found`, keeps `refused`. */
void refusals_restart(struct refusals *refusals);
void refusals_free(struct refusals *refusals);

/* Notes that a node runs in a fast region. BSR_ENOMEM. */
bsr_status refusals_note_fast(struct refusals *refusals, const struct bsr_node *node, int region,
                              struct bsr_error *err);

/* Notes that a node runs in a region of besra's operators, where that was not asked about: what it passes on
 * is nothing that OpenCV has. BSR_ENOMEM. */
bsr_status refusals_note_own(struct refusals *refusals, const struct onnx_node_view *node,
                             struct bsr_error *err);

/* onnx_supports of onnx/regions.h; `context` is a struct refusals. */
const char *refusals_ask(void *context, const struct onnx_node_view *node);
