/* onnx/tails.h: what a pipeline takes off a graph, to do it itself, faster and at any size. */
#pragma once

#include "onnx/changes.h"
#include "onnx/infer.h"

enum { ONNX_MAX_HEADS = 8, ONNX_MAX_ANCHORS = 8 };

/* The Detect tail of YOLOv5 or YOLOv7, or of an anchor-free YOLO (v8 and its successors), that was cut off.
 */
struct onnx_detect_tail {
    bool  found;
    int   heads, anchors, classes; /* heads: one a stride; anchors: 0, anchor-free */
    int   bins; /* anchor-free: each of a box's four distances is the mean over so many, 1: a number itself */
    float strides[ONNX_MAX_HEADS];                    /* finest first */
    float sizes[ONNX_MAX_HEADS][ONNX_MAX_ANCHORS][2]; /* anchors in pixels: width, height; 0 where the tail
                                                         has none (5-D heads): the card says them */
    int  in_height, in_width;                         /* the size the graph was exported or analysed at */
    bool any_size; /* the body left takes other sizes too; they are symbolic now */
};

/* Where all outputs come from a YOLO Detect tail (decoded 1xNx(5+C), with or without the heads beside it, or
 * 5-D heads before sigmoid; anchor-free: decoded 1x(4+C)xN), makes the heads' convolutions the outputs:
 * [1][anchors * (5 + C)][h][w] each, finest stride first; anchor-free: [1][4 * bins][h][w], the box, and
 * [1][C][h][w], the classes, of each. Anchors and strides are what the tail computes with: it is run on
 * random heads (of a dynamic export at `size` x `size` pixels), and a tail that does not compute its YOLO's
 * formula, to a thousandth, in each number is none. found = false, and an unchanged model, when there is
 * none. Of several pictures (a fixed batch): onnx_single_batch() first. BSR_ENOMEM. */
bsr_status onnx_cut_detect(struct onnx_model *model, int size, struct onnx_detect_tail *out,
                           struct onnx_changes *changes, struct bsr_error *err);

/* An input [N][H][W][C], C 1, 3 or 4 and first read by a Transpose to NCHW alone, becomes [N][C][H][W]
 * without that node. *done says whether. BSR_ENOMEM. */
bsr_status onnx_lift_front_transpose(struct onnx_model *model, bool *done, struct onnx_changes *changes,
                                     struct bsr_error *err);

/* A model exported at a fixed batch N > 1 becomes one of batch 1 where that is sure to be the same for each
 * picture (every node's first dimension is the batch, constants of Reshape and the like follow). *batch is N
 * (1: nothing was done). BSR_EMODEL when it has a batch that can't be taken out (says why). */
bsr_status onnx_single_batch(struct onnx_model *model, int *batch, struct onnx_changes *changes,
                             struct bsr_error *err);
