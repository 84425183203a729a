#include "pipeline/quantize_histogram.h"

#include <math.h>
#include <string.h>

enum { LEAST_EXPONENT = -149 }; /* of a float */

double histogram_width(const struct histogram *histogram)
{
    return ldexp(1, histogram->exponent);
}

/* The exponent of the narrowest bins that have room for a number of this size. */
static int exponent_for(double largest)
{
    int exponent = 0;
    if (!(largest > 0))
        return LEAST_EXPONENT;
    frexp(largest / HISTOGRAM_HALF, &exponent); /* largest / HALF < 2^exponent */
    return exponent > LEAST_EXPONENT ? exponent : LEAST_EXPONENT;
}

/* Where bin `bin` goes when 2^shift of them become one: rounded down, on either side of zero. */
static size_t widened(size_t bin, int shift)
{
    size_t above = bin - HISTOGRAM_HALF, below = HISTOGRAM_HALF - 1 - bin;
    if (shift > 31)
        shift = 31;
    return bin >= HISTOGRAM_HALF ? HISTOGRAM_HALF + (above >> shift) : HISTOGRAM_HALF - 1 - (below >> shift);
}

/* From zero outwards: each bin goes to one that has been moved away, or stays. */
static void widen(struct histogram *histogram, int exponent)
{
    int shift = exponent - histogram->exponent;
    if (shift <= 0)
        return;
    for (size_t i = 0; i < HISTOGRAM_HALF; i++) {
        size_t bins[] = {HISTOGRAM_HALF + i, HISTOGRAM_HALF - 1 - i};
        for (int side = 0; side < 2; side++) {
            uint64_t count = histogram->counts[bins[side]];
            histogram->counts[bins[side]] = 0;
            histogram->counts[widened(bins[side], shift)] += count;
        }
    }
    histogram->exponent = exponent;
}

/* The same for one that may be empty. */
static void make_room(struct histogram *histogram, double largest)
{
    int exponent = exponent_for(largest);
    if (!histogram->total)
        histogram->exponent = exponent;
    widen(histogram, exponent);
}

static void note_range(struct histogram *histogram, double min, double max)
{
    histogram->min = histogram->total ? fmin(histogram->min, min) : min;
    histogram->max = histogram->total ? fmax(histogram->max, max) : max;
}

void histogram_add(struct histogram *histogram, const float *numbers, size_t count)
{
    float  min = INFINITY, max = -INFINITY;
    size_t finite = 0;

    for (size_t i = 0; i < count; i++) {
        if (!isfinite(numbers[i]))
            continue;
        min = numbers[i] < min ? numbers[i] : min;
        max = numbers[i] > max ? numbers[i] : max;
        finite++;
    }
    histogram->left_out += count - finite;
    if (!finite)
        return;
    make_room(histogram, fmax(fabs((double)min), fabs((double)max)));
    note_range(histogram, (double)min, (double)max);
    histogram->total += finite;

    double per_width = ldexp(1, -histogram->exponent);
    for (size_t i = 0; i < count; i++) {
        if (!isfinite(numbers[i]))
            continue;
        double at = (double)numbers[i] * per_width + HISTOGRAM_HALF;
        histogram->counts[at < HISTOGRAM_BINS - 1 ? (size_t)at : HISTOGRAM_BINS - 1]++;
    }
}

void histogram_merge(struct histogram *histogram, const struct histogram *other)
{
    histogram->left_out += other->left_out;
    if (!other->total)
        return;
    if (!histogram->total)
        histogram->exponent = other->exponent;
    widen(histogram, other->exponent);
    note_range(histogram, other->min, other->max);
    histogram->total += other->total;
    for (size_t i = 0; i < HISTOGRAM_BINS; i++)
        histogram->counts[widened(i, histogram->exponent - other->exponent)] += other->counts[i];
}
