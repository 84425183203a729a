/* postprocess/average_precision.h: how good a detector is, as COCO counts it (cocoapi, cocoeval.py, area
 * "all").
 *
 * A detection finds a truth of its class when their IoU is at least the threshold; detections choose in the
 * order of their scores, 100 a class and picture, each the free truth that it overlaps most. Crowds may be
 * found any number of times and count neither way. */
#pragma once

#include "base/status.h"

#include <stdbool.h>

enum {
    AP_THRESHOLDS = 10,    /* IoU 0.50, 0.55, ... 0.95 */
    AP_MOST_FOUND = 100,   /* a class and picture */
    AP_RECALL_POINTS = 101 /* 0, 0.01, ... 1 */
};

struct ap_truth {
    int    picture, class_index;
    double x1, y1, x2, y2; /* pixels */
    bool   crowd;          /* a group without single boxes (COCO's iscrowd) */
};

struct ap_found {
    int    picture, class_index;
    double x1, y1, x2, y2; /* pixels */
    double score;
};

/* Precision averaged over recall, 0..1. NaN where there is no truth. */
struct ap_score {
    size_t truths;     /* crowds left out */
    double ap;         /* at 101 points of recall, the mean over the ten thresholds */
    double ap50;       /* the same at IoU 0.5 */
    double ap50_exact; /* at IoU 0.5, the area under the whole curve (PASCAL VOC 2010 and later) */
};

/* Scores each class (per_class[classes], may be NULL) and their mean over the classes that have truths
 * (*mean, whose `truths` is the sum). Any order of `truths` and `found` will do; equal scores count in the
 * order of the pictures' numbers, then in that of `found`.
 * BSR_ERANGE for a class out of 0..classes - 1 or a number that is not finite, BSR_ENOMEM. */
bsr_status average_precision(struct ap_score *mean, struct ap_score *per_class, int classes,
                             const struct ap_truth *truths, size_t truth_count, const struct ap_found *found,
                             size_t found_count, struct bsr_error *err);
