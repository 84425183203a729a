/* pipeline/quantize_histogram.h: how the numbers of a tensor are spread, over many runs, in bounded memory.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { HISTOGRAM_HALF = 4096, HISTOGRAM_BINS = 2 * HISTOGRAM_HALF };

/* Bins are 2^exponent wide and meet at zero: bin i holds the numbers from (i - HALF) to (i - HALF + 1) times
 * that. Where a number lies beyond, pairs of bins become one until it has its place: what was counted stays
 * exact, and the outcome does not depend on the order. Start with {0}. */
struct histogram {
    uint64_t counts[HISTOGRAM_BINS];
    int      exponent; /* of the bins' width; no meaning while total is 0 */
    double   min, max; /* of all numbers */
    uint64_t total;
    uint64_t left_out; /* infinities and what is no number */
};

void histogram_add(struct histogram *histogram, const float *numbers, size_t count);

/* Adds what another one has counted. */
void histogram_merge(struct histogram *histogram, const struct histogram *other);

/* The width of a bin. */
double histogram_width(const struct histogram *histogram);
