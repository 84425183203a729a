#include "pipeline/quantize_range.h"

#include <math.h>
#include <string.h>

enum { STEPS = 255, CANDIDATES = 128 };

/* Part of a bin that no step tells of: small, but its logarithm is a number. */
static const double least_part = 1e-10;

/* ---- percentile -------------------------------------------------------------------------------------- */

static double within(const struct histogram *histogram, double number)
{
    return fmin(fmax(number, histogram->min), histogram->max);
}

/* The number below which `part` of all are, those of a bin being spread evenly over it. */
static double quantile(const struct histogram *histogram, double part)
{
    double wanted = part * (double)histogram->total, seen = 0, width = histogram_width(histogram);

    for (int i = 0; i < HISTOGRAM_BINS; i++) {
        double here = (double)histogram->counts[i];
        if (here > 0 && seen + here >= wanted)
            return within(histogram, (i - HISTOGRAM_HALF + (wanted - seen) / here) * width);
        seen += here;
    }
    return histogram->max;
}

static struct quantize_range percentile_range(const struct histogram *histogram, double percentile)
{
    double cut = (100 - percentile) / 200;
    return (struct quantize_range){quantile(histogram, cut), quantile(histogram, 1 - cut)};
}

/* ---- what a range costs ------------------------------------------------------------------------------ */

/* As QuantizeLinear has it for 0 .. STEPS. */
struct steps {
    double scale, zero;
};

static struct steps steps_of(struct quantize_range range)
{
    double least = fmin(range.least, 0), most = fmax(range.most, 0);
    double scale = most > least ? (most - least) / STEPS : 1;
    return (struct steps){scale, fmin(fmax(nearbyint(-least / scale), 0), STEPS)};
}

static int step_of(const struct steps *steps, double number)
{
    return (int)fmin(fmax(nearbyint(number / steps->scale) + steps->zero, 0), STEPS);
}

static double middle(int bin, double width)
{
    return (bin - HISTOGRAM_HALF + 0.5) * width;
}

double quantize_range_mse(const struct histogram *histogram, struct quantize_range range)
{
    struct steps steps = steps_of(range);
    double       width = histogram_width(histogram), sum = 0;

    for (int i = 0; i < HISTOGRAM_BINS; i++) {
        if (!histogram->counts[i])
            continue;
        double number = middle(i, width);
        double lost = (step_of(&steps, number) - steps.zero) * steps.scale - number;
        sum += (double)histogram->counts[i] * lost * lost;
    }
    return histogram->total ? sum / (double)histogram->total : 0;
}

/* The bins within a range: first .. last. */
static void bins_within(const struct histogram *histogram, struct quantize_range range, int *first, int *last)
{
    double width = histogram_width(histogram);
    *first = (int)fmax(floor(fmin(range.least, 0) / width) + HISTOGRAM_HALF, 0);
    *last = (int)fmin(ceil(fmax(range.most, 0) / width) + HISTOGRAM_HALF - 1, HISTOGRAM_BINS - 1);
}

/* All that is counted in bins before `first` or behind `last`. */
static void count_beyond(const struct histogram *histogram, int first, int last, double *below, double *above)
{
    *below = *above = 0;
    for (int i = 0; i < first; i++)
        *below += (double)histogram->counts[i];
    for (int i = last + 1; i < HISTOGRAM_BINS; i++)
        *above += (double)histogram->counts[i];
}

double quantize_range_divergence(const struct histogram *histogram, struct quantize_range range)
{
    struct steps steps = steps_of(range);
    double       width = histogram_width(histogram), total = (double)histogram->total;
    double       numbers[STEPS + 1] = {0}, bins[STEPS + 1] = {0}, within = 0, below, above, sum = 0;
    int          first, last;

    bins_within(histogram, range, &first, &last);
    count_beyond(histogram, first, last, &below, &above);
    for (int i = first; i <= last; i++) {
        int step = step_of(&steps, middle(i, width));
        numbers[step] += (double)histogram->counts[i];
        bins[step] += histogram->counts[i] > 0;
        within += (double)histogram->counts[i];
    }
    for (int i = first; i <= last; i++) {
        int    step = step_of(&steps, middle(i, width));
        double p =
            ((double)histogram->counts[i] + (i == first ? below : 0) + (i == last ? above : 0)) / total;
        double q = histogram->counts[i] ? numbers[step] / bins[step] / within : least_part;
        if (p > 0)
            sum += p * log(p / q);
    }
    return sum;
}

/* ---- the search -------------------------------------------------------------------------------------- */

typedef double range_cost(const struct histogram *histogram, struct quantize_range range);

/* Tries shares of one end while the other stays; the widest wins where several cost the same. */
static void search_end(const struct histogram *histogram, range_cost *cost, struct quantize_range *range,
                       double *end, double whole, double *best)
{
    double kept = *end;
    for (int i = CANDIDATES; i >= 1; i--) {
        *end = whole * i / CANDIDATES;
        double now = cost(histogram, *range);
        if (now < *best) {
            *best = now;
            kept = *end;
        }
    }
    *end = kept;
}

/* One end after the other, twice: the ends hardly depend on one another. */
static struct quantize_range search(const struct histogram *histogram, range_cost *cost)
{
    struct quantize_range range = {fmin(histogram->min, 0), fmax(histogram->max, 0)};
    double                least = range.least, most = range.most, best = cost(histogram, range);

    for (int turn = 0; turn < 2; turn++) {
        if (most > 0)
            search_end(histogram, cost, &range, &range.most, most, &best);
        if (least < 0)
            search_end(histogram, cost, &range, &range.least, least, &best);
    }
    return range;
}

struct quantize_range quantize_choose_range(const struct histogram *histogram, enum quantize_method method,
                                            double percentile)
{
    const struct quantize_range all = {histogram->min, histogram->max};

    if (!histogram->total)
        return (struct quantize_range){0, 0};
    switch (method) {
    case QUANTIZE_PERCENTILE:
        return percentile_range(histogram, percentile);
    case QUANTIZE_ENTROPY:
        return search(histogram, quantize_range_divergence);
    case QUANTIZE_MSE:
        return search(histogram, quantize_range_mse);
    case QUANTIZE_MINMAX:
    default:
        return all;
    }
}
