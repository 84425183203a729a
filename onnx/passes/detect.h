/* onnx/passes/detect.h: what the files of onnx_cut_detect() share: where a Detect tail begins, and what it
 * computes. */
#pragma once

#include "onnx/graph.h"
#include "onnx/tails.h"

enum { BOX_VALUES = 5 }; /* x, y, width, height, objectness; the classes follow */

/* Anchor-free: distances of a box's sides; bins that they are the mean of, at the most (YOLOv8: 16). */
enum { BOX_SIDES = 4, DETECT_MAX_BINS = 64 };

enum { DETECT_MAX_MAPS = 2 * ONNX_MAX_HEADS };

/* One head: logits [1][anchors * (5 + classes)][height][width]; of an anchor-free one the box or the classes.
 */
struct detect_head {
    const char *name; /* of the tensor; the model's */
    int         type; /* of its elements, as in the model */
    int64_t     channels, height, width;
};

struct detect_heads {
    struct detect_head items[DETECT_MAX_MAPS]; /* finest first */
    int                count;
    bool               paired; /* two of each size, as anchor-free heads are: the box, then the classes */
};

/* Whether a node is the convolution that takes the mean over the bins of an anchor-free box. */
bool detect_is_mean(const struct onnx_values *values, const Onnx__NodeProto *node);

/* The last convolutions before the outputs: walks from the outputs back to the first Conv on each way (over
 * the mean of an anchor-free tail, and forward again over what YOLOv7's ImplicitM and quantisation put behind
 * it). *found is false where these are no maps [1][C][H][W] of different sizes, or of pairs of sizes, or more
 * than there may be. Which of a pair is which is not known yet. BSR_ENOMEM. */
bsr_status detect_find_heads(const struct onnx_model *model, const struct onnx_values *values,
                             struct detect_heads *out, bool *found, struct bsr_error *err);

/* Whether all outputs of the model are what YOLOv5's Detect layer makes of the heads, found by running the
 * nodes between them as they are written on heads of random numbers, and comparing each number with
 *     x, y = (2 sigmoid(t) - 0.5 + cell) * stride      w, h = (2 sigmoid(t))^2 * anchor
 *     objectness, classes = sigmoid(t)
 * (5-D heads: with the logits); or, of paired heads, YOLOv8's, [1][4 + classes][cells] or transposed:
 *     left, top, right, bottom = softmax(t) . (0, 1, 2 ...), or t itself
 *     x, y, w, h of the box from (cell + 0.5 - (left, top)) * stride to (cell + 0.5 + (right, bottom)) *
 * stride classes = sigmoid(t) The order of the rows does not matter. Fills anchors, bins, classes, strides
 * and sizes of *tail, where in_height and in_width are set, and puts the heads of pairs in order. BSR_ENOMEM.
 */
bsr_status detect_probe_tail(const struct onnx_model *model, const struct onnx_values *values,
                             struct detect_heads *heads, struct onnx_detect_tail *tail, bool *matches,
                             struct bsr_error *err);

/* ---- what the files of that share: detect_probe.c runs tails, detect_rows.c and detect_free.c know the
 * numbers ---------- */

enum { DETECT_MAX_ROWS = 200000 };         /* whose objectness a sigmoid in f32 still tells apart */
enum { DETECT_ROWS = 3, DETECT_GRID = 5 }; /* dimensions of an output: [1][rows][5 + classes], or 5-D heads */

/* Different logits of YOLOv5's boxes and classes: few, so that their scores are computed once. */
enum { DETECT_LOGITS = 1024 };

struct detect_probe {
    const struct detect_heads *heads;
    struct onnx_detect_tail   *tail;
    int                        values;                  /* of a row: 5 + classes, 4 + classes */
    size_t                     first[ONNX_MAX_HEADS];   /* row of each head's first cell, in our order */
    size_t                     rows;                    /* of all heads */
    struct bsr_tensor          logits[DETECT_MAX_MAPS]; /* f32, of each of the heads' maps */
    bool                      *seen;                    /* by row */
    uint64_t                   random;
    float                      table[DETECT_LOGITS];
    double                     scores[DETECT_LOGITS]; /* of the table's logits */
};

/* Logits of all rows are different, so that a score tells which row it is of; false for what is none of ours.
 */
double detect_row_logit(const struct detect_probe *probe, size_t row);
bool   detect_row_of_score(const struct detect_probe *probe, double score, size_t *row);

/* The next random logit. */
double detect_next_logit(struct detect_probe *probe);
double detect_sigmoid(double t);

/* Scores are compared with an absolute tolerance of a hundredth of the relative one. */
#define DETECT_SCORE_FLOOR 1e-2

/* To a thousandth of what is expected, or of `least_scale` where that is more. */
bool detect_is_close(double value, double expected, double least_scale);

void detect_fill_table(struct detect_probe *probe);

/* Fills the logits of a head, whose tensor is allocated, from the table or (free) at random. */
void detect_fill_head(struct detect_probe *probe, int index);
void detect_fill_free(struct detect_probe *probe, int index);

/* The same for paired heads, which must be in order. False where they can't be of one Detect tail. */
bool detect_plan_free(struct detect_probe *probe);
bool detect_check_free(struct detect_probe *probe, const struct bsr_tensor *output);

/* Whether an output of the tail is what YOLOv5's formula gives for these logits. Fills the anchors of
 * probe->tail from decoded rows. */
bool detect_check_output(struct detect_probe *probe, const struct bsr_tensor *output);
