#include "pipeline/difference.h"

#include <math.h>

/* Sums over the pairs in which both are finite. */
struct sums {
    size_t count;
    double gap, square, product, square_a, square_b;
};

static double number_at(const struct bsr_tensor *tensor, size_t index)
{
    return tensor->type == BSR_F32 ? (double)((const float *)tensor->data)[index] : tensor_get(tensor, index);
}

static void add_finite(struct difference *found, struct sums *sums, double a, double b,
                       const struct tolerance *allowed)
{
    double gap = fabs(a - b), limit = allowed->absolute + allowed->relative * fabs(b);

    sums->count++;
    sums->gap += gap;
    sums->square += gap * gap;
    sums->product += a * b;
    sums->square_a += a * a;
    sums->square_b += b * b;
    found->largest = fmax(found->largest, gap);
    found->beyond += gap > limit;
    if (gap > 0)
        found->excess = fmax(found->excess, limit > 0 ? gap / limit : INFINITY);
}

static void add_other(struct difference *found, double a, double b)
{
    bool same = (isnan(a) && isnan(b)) || a == b;

    found->not_finite[0] += !isfinite(a);
    found->not_finite[1] += !isfinite(b);
    found->beyond += !same;
    if (!same)
        found->excess = INFINITY;
}

static double cosine_of(const struct sums *sums)
{
    if (sums->square_a > 0 && sums->square_b > 0)
        return sums->product / (sqrt(sums->square_a) * sqrt(sums->square_b));
    return sums->square_a > 0 || sums->square_b > 0 ? 0 : 1;
}

struct difference difference_of(const struct bsr_tensor *a, const struct bsr_tensor *b,
                                const struct tolerance *allowed)
{
    struct difference found = {.count = tensor_count(a), .shapes_differ = !tensor_same_shape(a, b)};
    struct sums       sums = {0};

    if (found.shapes_differ)
        return found;
    for (size_t i = 0; i < found.count; i++) {
        double x = number_at(a, i), y = number_at(b, i);
        if (isfinite(x) && isfinite(y))
            add_finite(&found, &sums, x, y, allowed);
        else
            add_other(&found, x, y);
    }
    if (sums.count) {
        found.mean = sums.gap / (double)sums.count;
        found.square = sums.square / (double)sums.count;
    }
    found.cosine = cosine_of(&sums);
    return found;
}

bool difference_parts(const struct difference *difference)
{
    return difference->shapes_differ || difference->beyond > 0;
}
