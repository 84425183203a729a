/* postprocess/average_precision.h: how good a detector is, as COCO counts it (cocoapi, cocoeval.py).
 *
 * A detection finds a truth of its class when their IoU is at least the threshold; detections choose in the
 * order of their scores, 100 a class and picture, each the free truth that it overlaps most. Crowds may be
 * found any number of times and count neither way. Where only things of some size count, truths of other
 * sizes count neither way, and detections of other sizes are wrong never, right where they find a truth that
 * counts. */
#pragma once

#include "base/status.h"

#include <stdbool.h>

enum {
    AP_THRESHOLDS = 10,    /* IoU 0.50, 0.55, ... 0.95 */
    AP_MOST_FOUND = 100,   /* a class and picture */
    AP_RECALL_POINTS = 101 /* 0, 0.01, ... 1 */
};

/* The areas that count, in square pixels: of the thing's outline where it is known, else of its box. */
enum ap_area { AP_ALL, AP_SMALL /* up to 32^2 */, AP_MEDIUM /* up to 96^2 */, AP_LARGE, AP_AREAS };

struct ap_truth {
    int    picture, class_index;
    double x1, y1, x2, y2; /* pixels */
    bool   crowd;          /* a group without single boxes (COCO's iscrowd) */
    bool   ignored;        /* may be found or not (VOC's difficult) */
    double area;           /* 0: that of the box */
};

struct ap_found {
    int    picture, class_index;
    double x1, y1, x2, y2; /* pixels */
    double score;
};

/* Precision averaged over recall, 0..1. NaN where there is no truth. */
struct ap_score {
    size_t truths;     /* that count */
    double ap;         /* at 101 points of recall, the mean over the ten thresholds */
    double ap50, ap75; /* the same at IoU 0.5 and 0.75 */
    double ap50_exact; /* at IoU 0.5, the area under the whole curve (PASCAL VOC 2010 and later) */
    double recall;     /* of all detections, the mean over the ten thresholds (COCO's AR at 100) */
};

/* What a class's detections are worth at IoU 0.5, from the best to all of them. */
struct ap_curve {
    double precision[AP_RECALL_POINTS]; /* the best at this recall and beyond; 0 where it isn't reached */
    double score[AP_RECALL_POINTS];     /* of the last detection that it takes; 0 where it isn't reached */
    struct {
        double score, precision, recall;
    } best; /* where their harmonic mean, F1, is largest; all 0 when nothing is right */
};

/* What average_precision_at() fills; each may be NULL. */
struct ap_result {
    struct ap_score *mean;      /* over the classes that have truths; its `truths` is their sum */
    struct ap_score *per_class; /* [classes] */
    struct ap_curve *curves;    /* [classes]; of classes without truths all 0 */
};

/* Scores each class. Any order of `truths` and `found` will do; equal scores count in the order of the
 * pictures' numbers, then in that of `found`. BSR_ERANGE for a class out of 0..classes - 1 or a number that
 * is not finite, BSR_ENOMEM; *out's are then untouched. */
bsr_status average_precision_at(const struct ap_result *out, enum ap_area area, int classes,
                                const struct ap_truth *truths, size_t truth_count,
                                const struct ap_found *found, size_t found_count, struct bsr_error *err);

/* The same for things of all sizes, without curves; per_class may be NULL. */
bsr_status average_precision(struct ap_score *mean, struct ap_score *per_class, int classes,
                             const struct ap_truth *truths, size_t truth_count, const struct ap_found *found,
                             size_t found_count, struct bsr_error *err);
