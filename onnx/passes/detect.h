/* onnx/passes/detect.h: what the files of onnx_cut_detect() share: where a Detect tail begins, and what it
 * computes. */
#pragma once

#include "onnx/graph.h"
#include "onnx/tails.h"

enum { BOX_VALUES = 5 }; /* x, y, width, height, objectness; the classes follow */

/* One head: logits [1][anchors * (5 + classes)][height][width]. */
struct detect_head {
    const char *name; /* of the tensor; the model's */
    int         type; /* of its elements, as in the model */
    int64_t     channels, height, width;
};

struct detect_heads {
    struct detect_head items[ONNX_MAX_HEADS]; /* finest first */
    int                count;
};

/* The last convolutions before the outputs: walks from the outputs back to the first Conv on each way (and
 * forward again over what YOLOv7's ImplicitM and quantisation put behind it). *found is false where these
 * are no maps [1][C][H][W] of different sizes, or more than ONNX_MAX_HEADS. BSR_ENOMEM. */
bsr_status detect_find_heads(const struct onnx_model *model, const struct onnx_values *values,
                             struct detect_heads *out, bool *found, struct bsr_error *err);

/* Whether all outputs of the model are what YOLOv5's Detect layer makes of the heads, found by running the
 * nodes between them as they are written on heads of random numbers, and comparing each number with
 *     x, y = (2 sigmoid(t) - 0.5 + cell) * stride      w, h = (2 sigmoid(t))^2 * anchor
 *     objectness, classes = sigmoid(t)
 * (5-D heads: with the logits). The order of the rows does not matter. Fills anchors, classes, strides and
 * sizes of *tail, where in_height and in_width are set. BSR_ENOMEM. */
bsr_status detect_probe_tail(const struct onnx_model *model, const struct onnx_values *values,
                             const struct detect_heads *heads, struct onnx_detect_tail *tail, bool *matches,
                             struct bsr_error *err);

/* ---- what the two files of that share: detect_probe.c runs tails, detect_rows.c knows the numbers
 * ---------- */

enum { DETECT_MAX_ROWS = 200000 };         /* whose objectness a sigmoid in f32 still tells apart */
enum { DETECT_ROWS = 3, DETECT_GRID = 5 }; /* dimensions of an output: [1][rows][5 + classes], or 5-D heads */

struct detect_probe {
    const struct detect_heads *heads;
    struct onnx_detect_tail   *tail;
    int                        values;                 /* of a row: 5 + classes */
    size_t                     first[ONNX_MAX_HEADS];  /* row of each head's first cell, in our order */
    size_t                     rows;                   /* of all heads */
    struct bsr_tensor          logits[ONNX_MAX_HEADS]; /* f32 [1][anchors * values][height][width] */
    bool                      *seen;                   /* by row */
    uint64_t                   random;
};

/* Fills the logits of a head, whose tensor is allocated. */
void detect_fill_head(struct detect_probe *probe, int index);

/* Whether an output of the tail is what YOLOv5's formula gives for these logits. Fills the anchors of
 * probe->tail from decoded rows. */
bool detect_check_output(struct detect_probe *probe, const struct bsr_tensor *output);
