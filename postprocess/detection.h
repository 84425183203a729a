/* postprocess/detection.h: from a net's numbers to boxes on its input. */
#pragma once

#include "base/status.h"

/* A box on the net's input, pixels. */
struct candidate {
    float x1, y1, x2, y2;
    float score; /* objectness x class, 0..1 */
    int   class_index;
};

/* A growing list; start with {0}, release with candidates_free(). */
struct candidates {
    struct candidate *items;
    size_t            count, capacity;
};
bsr_status candidates_add(struct candidates *list, const struct candidate *item, struct bsr_error *err);
void       candidates_free(struct candidates *list);

enum { YOLO_MAX_HEADS = 8, YOLO_MAX_ANCHORS = 8 };

/* What the numbers of a YOLOv5 net mean. Heads from the finest stride to the coarsest. */
struct yolo_layout {
    int   classes;
    int   head_count;
    int   anchor_count;                                 /* a head */
    int   strides[YOLO_MAX_HEADS];                      /* pixels of the input a cell */
    float anchors[YOLO_MAX_HEADS][YOLO_MAX_ANCHORS][2]; /* width, height in pixels of the input */
};

struct yolo_filter {
    float       threshold;    /* score, 0..1 */
    int         multi_label;  /* 1: each class over the threshold is a candidate; 0: the best class only */
    const char *class_wanted; /* [classes], 0 leaves a class out; NULL: all */
};

/* Decoded output, data[rows][5 + classes]: centre x, y, width, height in pixels, objectness, class scores
 * 0..1. Appends what passes. BSR_ENOMEM. */
bsr_status yolo_decode_rows(struct candidates *out, const float *data, size_t rows, int classes,
                            const struct yolo_filter *filter, struct bsr_error *err);

/* One raw head, data[anchors * (5 + classes)][height][width] of logits (YOLOv5 v6/v7, models/yolo.py,
 * Detect): centre = (2 sigmoid(t_xy) - 0.5 + cell) * stride     size = (2 sigmoid(t_wh))^2 * anchor score =
 * sigmoid(t_obj) * sigmoid(t_class) Cells are dropped on the objectness logit before any exponential is
 * spent. */
bsr_status yolo_decode_head(struct candidates *out, const float *data, int height, int width,
                            const struct yolo_layout *layout, int head, const struct yolo_filter *filter,
                            struct bsr_error *err);

/* Which head of the layout an output of `height` x `width` cells is, on an input of in_height x in_width; -1:
 * none. */
int yolo_match_head(const struct yolo_layout *layout, int64_t height, int64_t width, int in_height,
                    int in_width);

/* Non-maximum suppression: keeps the best `max_detections` of `list`, best first, dropping each box whose IoU
 * with a better one (of its class, or of any with `agnostic`) is over `iou`. Ties go to the one that came
 * first. Sorts and shortens `list` in place. At most `max_candidates` of the best are looked at (YOLOv5:
 * 30000; 0: all). */
bsr_status nms(struct candidates *list, float iou, int agnostic, size_t max_detections, size_t max_candidates,
               struct bsr_error *err);

/* Intersection over union, 0..1; 0 for empty boxes. */
float box_iou(const struct candidate *a, const struct candidate *b);
