/* pipeline/record.h: the JSON Lines record of an input, and YOLO's label text. */
#pragma once

#include "pipeline/classify.h"
#include "pipeline/detect.h"

/* What all records begin with. */
struct record_head {
    const char   *source;        /* the input's path as it was named */
    const char   *model;         /* the card's name */
    const char   *task;          /* "detect", "upscale" */
    int           width, height; /* of the upright original; 0: not known */
    struct timing timing;
};

/* One line, with its line feed, appended to *out. Boxes are pixels of the upright original, unrounded. Bytes
 * of names that are no UTF-8 become U+FFFD. BSR_ENOMEM. */
bsr_status record_detections(struct bytes *out, const struct record_head *head,
                             const struct detections *found, const struct detector *detector,
                             struct bsr_error *err);
bsr_status record_upscaled(struct bytes *out, const struct record_head *head, const char *output,
                           int out_width, int out_height, struct bsr_error *err);

bsr_status record_classes(struct bytes *out, const struct record_head *head, const struct class_score *best,
                          size_t count, const struct classifier *classifier, struct bsr_error *err);

/* An input that failed: "error" has the code's name and the message. */
bsr_status record_failure(struct bytes *out, const struct record_head *head, const struct bsr_error *failure,
                          struct bsr_error *err);

/* YOLO's labels, a line a box: class, centre x and y, width and height as parts of the picture's sides, then
 * the score if `with_score`. BSR_ENOMEM. */
bsr_status record_yolo_labels(struct bytes *out, const struct detections *found, int width, int height,
                              bool with_score, struct bsr_error *err);
