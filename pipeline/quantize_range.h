/* pipeline/quantize_range.h: which part of a tensor's numbers 255 steps are given to. What lies beyond is
 * rounded to its ends. */
#pragma once

#include "pipeline/quantize_histogram.h"

/* In the order of --range. */
enum quantize_method {
    QUANTIZE_MINMAX,     /* all numbers that were seen */
    QUANTIZE_PERCENTILE, /* so many of them, as many cut off below as above */
    QUANTIZE_ENTROPY,    /* the rounded spread tells most of the true one (Kullback and Leibler), as TensorRT
                            chooses */
    QUANTIZE_MSE,        /* the mean square of what rounding and cutting off do is least */
};

struct quantize_range {
    double least, most;
};

/* `percentile` (50..100) is for that method. {0, 0} where nothing was counted. */
struct quantize_range quantize_choose_range(const struct histogram *histogram, enum quantize_method method,
                                            double percentile);

/* The square of what is lost by rounding to 256 steps over `range` (widened to hold zero), a number of a bin
 * standing at its middle; the mean over all. */
double quantize_range_mse(const struct histogram *histogram, struct quantize_range range);

/* How far what rounding leaves is from what was there: sum of p * log(p / q), where p is the part of all
 * numbers in a bin (those cut off counted to the outermost bins within), and q shares out the numbers of a
 * step, without those cut off, evenly to those of its bins that hold any. */
double quantize_range_divergence(const struct histogram *histogram, struct quantize_range range);
