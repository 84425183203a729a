/* postprocess/confusion.h: what a detector takes for what, at one threshold: the way a user meets it. */
#pragma once

#include "postprocess/average_precision.h"

enum { CONFUSION_MAX_CLASSES = 1000 }; /* a matrix of 4 MB */

struct confusion_limits {
    double score;   /* detections under it are not looked at */
    double overlap; /* least IoU of a detection and what it is a detection of */
};

/* What became of the things in one picture, or in all of them. */
struct confusion_tally {
    size_t correct;
    size_t confused; /* found as another class */
    size_t missed;
    size_t extra; /* detections of nothing */
};

/* How well found, 0..1: 2 correct / (things + detections), Dice's coefficient or F1; 1 where there was
 * nothing to find and nothing was found. */
double confusion_f1(const struct confusion_tally *tally);

/* Adds one picture's boxes (their `picture` is not looked at) to *tally and, where `counts` is not NULL, to
 * counts[classes + 1][classes + 1]: a row a true class, a column a found one, the last of both nothing. Each
 * thing is found once: pairs are made in the order of their IoU, whatever their classes. Detections that find
 * nothing but a crowd or something ignored, and these themselves, don't count.
 * BSR_ENOMEM; *tally and counts are then untouched. */
bsr_status confusion_add(struct confusion_tally *tally, uint32_t *counts, int classes,
                         const struct ap_truth *truths, size_t truth_count, const struct ap_found *found,
                         size_t found_count, const struct confusion_limits *limits, struct bsr_error *err);
