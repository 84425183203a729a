/* pipeline/plot.h: what an evaluation measured, drawn as SVG. */
#pragma once

#include "pipeline/eval_classify.h"
#include "pipeline/eval_detect.h"

/* The name of a class, in `space` where it has to be made. */
typedef const char *plot_name(const void *context, int class_index, char space[32]);

/* Curves of a detector's classes over the points of recall, at IoU 0.5: thin ones of the classes, and a thick
 * one of their mean. Those of the classes with the most truths are named. Appends to *out, whose `failed`
 * tells when memory ran out. */
void plot_precision_recall(struct bytes *out, const struct eval_detection *result, plot_name *name,
                           const void *context);

/* A matrix of counts[side][side]: a row a true class, a column what it was taken for; each row as parts of
 * its sum. With `background` the last row and column are nothing. At most PLOT_MATRIX_MOST classes are drawn:
 * those with the most truths. BSR_ENOMEM. */
enum { PLOT_MATRIX_MOST = 100 };
bsr_status plot_confusion(struct bytes *out, const uint32_t *counts, int side, bool background,
                          plot_name *name, const void *context, struct bsr_error *err);
