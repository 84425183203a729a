/* postprocess/yolo.h: from the numbers of a YOLOv5 net to candidates.
 *
 *     struct yolo_layout layout;
 *     yolo_layout_default(&layout, 80);
 *     struct yolo_filter filter = {.threshold = 0.25f};
 *     struct candidates  found = {0};
 *     for each output:
 *         yolo_decode_head(&found, data, height, width, &layout,
 *                          yolo_match_head(&layout, height, width, in_height, in_width), &filter, &err);
 *     nms(&found, 0.45f, 0, 300, 30000, &err);
 *     candidates_free(&found);
 *
 * Candidates come in the order of the heads, anchors, rows, columns, classes, so equal scores are broken as
 * PyTorch breaks them. Numbers that are not finite are never believed: such a class, or such a cell, is
 * passed over. */
#pragma once

#include "base/status.h"
#include "postprocess/candidates.h"

#include <stddef.h>
#include <stdint.h>

enum {
    YOLO_MAX_HEADS = 8,
    YOLO_MAX_ANCHORS = 8,
    YOLO_MAX_CLASSES = 10000, /* YOLO9000 has 9,418 */
    YOLO_BOX_VALUES = 5,      /* x, y, width, height, objectness, before the classes */
};

/* What the numbers of a YOLOv5 net mean. Heads from the finest stride to the coarsest. */
struct yolo_layout {
    int   classes;
    int   head_count;
    int   anchor_count;                                 /* a head */
    int   strides[YOLO_MAX_HEADS];                      /* pixels of the input a cell */
    float anchors[YOLO_MAX_HEADS][YOLO_MAX_ANCHORS][2]; /* width, height in pixels of the input */
};

struct yolo_filter {
    float       threshold;    /* a score must be over it; 0..1 */
    int         multi_label;  /* 1: each class over the threshold is a candidate; 0: the best class only */
    const char *class_wanted; /* [classes], 0 leaves a class out; NULL: all. With one label a cell whose best
                               * class is not wanted is left out, as YOLOv5 does, not given to its second */
};

/* The layout of the official YOLOv5 n/s/m/l/x (P3 to P5, COCO's anchors) for `classes` classes. */
void yolo_layout_default(struct yolo_layout *layout, int classes);

/* Whether decoding can go by it: counts, strides and anchors in range. BSR_ERANGE says what is not. */
bsr_status yolo_layout_check(const struct yolo_layout *layout, struct bsr_error *err);

/* Which head of the layout an output of `height` x `width` cells is, on an input of in_height x in_width
 * pixels: cells x stride is the input's size. -1: none. */
int yolo_match_head(const struct yolo_layout *layout, int64_t height, int64_t width, int in_height,
                    int in_width);

/* Decoded output, data[rows][5 + classes]: centre x, y, width, height in pixels, objectness, class scores
 * 0..1. Appends what passes: objectness x class over the threshold. BSR_ERANGE (threshold, classes),
 * BSR_ENOMEM; the list then holds what it held. */
bsr_status yolo_decode_rows(struct candidates *out, const float *data, size_t rows, int classes,
                            const struct yolo_filter *filter, struct bsr_error *err);

/* One raw head, data[anchors * (5 + classes)][height][width] of logits (YOLOv5 v6/v7, models/yolo.py,
 * Detect):
 *     centre = (2 sigmoid(t_xy) - 0.5 + cell) * stride        size = (2 sigmoid(t_wh))^2 * anchor
 *     score  = sigmoid(t_objectness) * sigmoid(t_class)
 * The best class is the one of the largest logit, the first of equal ones. Cells are dropped on the
 * objectness logit before any exponential is spent. Fails as yolo_decode_rows() and for a layout or head
 * that can't be (BSR_ERANGE). */
bsr_status yolo_decode_head(struct candidates *out, const float *data, int height, int width,
                            const struct yolo_layout *layout, int head, const struct yolo_filter *filter,
                            struct bsr_error *err);

/* The same for the 5-D export, data[anchors][height][width][5 + classes] of logits. */
bsr_status yolo_decode_head_rows(struct candidates *out, const float *data, int height, int width,
                                 const struct yolo_layout *layout, int head, const struct yolo_filter *filter,
                                 struct bsr_error *err);

/* ---- heads as a net left them ------------------------------------------------------------------- */

/* Numbers of cells in any order: `channel`, `pixel` and `row` are floats from one to the next. */
struct yolo_map {
    const float *data;
    ptrdiff_t    channel, pixel, row;
    int          height, width;
};

/* How the numbers of some cells (y * width + x, rising) are got that are asked for: of group `group` of a
 * head's numbers, *rows gets the numbers of cells[0], `*step` floats on those of cells[1] ... They are needed
 * until the next call. */
struct yolo_fetch {
    bsr_status (*get)(void *context, int group, const uint32_t *cells, size_t count, const float **rows,
                      size_t *step, struct bsr_error *err);
    void *context;
};

/* Gets them out of a map of groups of `numbers` (up to YOLO_MAX_CLASSES + YOLO_BOX_VALUES) channels. */
enum { YOLO_FETCH_ROOM = 10240 }; /* numbers, 40 KiB */
struct yolo_gathered {
    struct yolo_map map;
    size_t          numbers;
    float           rows[YOLO_FETCH_ROOM];
};
struct yolo_fetch yolo_fetch_from(struct yolo_gathered *gathered, const struct yolo_map *map, size_t numbers);

/* As yolo_decode_head(), of which objectness has been computed only, objectness[anchors], and the rest is
 * got: of each anchor (a group) the 5 + classes numbers. */
bsr_status yolo_decode_head_parts(struct candidates *out, const struct yolo_map *objectness,
                                  const struct yolo_fetch *fetch, const struct yolo_layout *layout, int head,
                                  const struct yolo_filter *filter, struct bsr_error *err);

/* An anchor-free head (YOLOv8, models of ultralytics' Detect): classes[classes] of logits, and of group 0 of
 * `fetch` the box, 4 * bins numbers, that is got for the cells that pass.
 *     distances to left, top, right, bottom = softmax(t) . (0, 1, 2 ...), or t itself where bins = 1
 *     corners = (cell + 0.5 -+ distance) * stride        score = sigmoid(t_class)
 * Fails as yolo_decode_rows(), and for strides or bins that can't be. */
enum { YOLO_MAX_BINS = 64 };
struct yolo_free_head {
    int stride; /* pixels of the input a cell */
    int bins;   /* that each distance is spread over */
    int classes;
};
bsr_status yolo_decode_free_head(struct candidates *out, const struct yolo_map *classes,
                                 const struct yolo_fetch *fetch, const struct yolo_free_head *head,
                                 const struct yolo_filter *filter, struct bsr_error *err);

/* An anchor-free output (YOLOv8 and its successors), data[4 + classes][count]: centre x, y, width, height in
 * pixels, class scores 0..1; there is no objectness. Fails as yolo_decode_rows(). */
bsr_status yolo_decode_columns(struct candidates *out, const float *data, size_t count, int classes,
                               const struct yolo_filter *filter, struct bsr_error *err);

/* Boxes that the graph has chosen and suppressed itself, in pixels; rows that are no box, have another class,
 * or do not pass are left out. Fails as yolo_decode_rows(). */
enum yolo_boxes {
    YOLO_BOXES_SCORE_CLASS, /* [rows][6]: x1, y1, x2, y2, score, class (YOLOv10; Ultralytics with nms) */
    YOLO_BOXES_CLASS_SCORE, /* [rows][7]: picture, x1, y1, x2, y2, class, score (YOLOv7 end to end) */
};
bsr_status yolo_decode_boxes(struct candidates *out, const float *data, size_t rows, enum yolo_boxes order,
                             int classes, const struct yolo_filter *filter, struct bsr_error *err);

/* 1 / (1 + e^-x), within 1e-6 of its value (relative). 0..1 for every finite x. */
float yolo_sigmoid(float x);

/* A logit that no x with yolo_sigmoid(x) > threshold is under: for thresholds under 0 and 0 all numbers are
 * at or over it, for 1 and more none is. At most about 2^-21 / (1 - threshold) under the true logit. */
float yolo_logit_floor(double threshold);
