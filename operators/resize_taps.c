#include "operators/resize_taps.h"

#include "base/alloc.h"

#include <math.h>

/* The place in the input, in elements, that element `x` of the output asks for. */
static double source_of(const struct resize_side *side, enum resize_transform transform, double x)
{
    double in = (double)side->in, out = (double)side->out, half_pixel = (x + 0.5) / side->scale - 0.5;
    double crop = side->roi_end - side->roi_start;

    switch (transform) {
    case RESIZE_HALF_PIXEL_SYMMETRIC:
        return in / 2 * (1 - out / side->width) + half_pixel;
    case RESIZE_PYTORCH_HALF_PIXEL:
        return side->out > 1 ? half_pixel : -0.5;
    case RESIZE_ALIGN_CORNERS:
        return side->out > 1 ? x * (in - 1) / (side->width - 1) : 0;
    case RESIZE_ASYMMETRIC:
        return x / side->scale;
    case RESIZE_TF_CROP_AND_RESIZE:
        return side->roi_start * (in - 1) +
               (side->out > 1 ? x * crop * (in - 1) / (out - 1) : crop * (in - 1) / 2);
    case RESIZE_TF_HALF_PIXEL_FOR_NN:
        return (x + 0.5) / side->scale;
    default:
        return half_pixel;
    }
}

/* Rounded down, and kept where whole numbers can follow it; the elements beyond are the edges anyway. */
static int64_t floor_near(double x, int64_t in)
{
    if (!(x >= -2.0 * (double)in - 8))
        return -2 * in - 8;
    return x > 3.0 * (double)in + 8 ? 3 * in + 8 : (int64_t)floor(x);
}

static int64_t nearest(const struct resize_plan *plan, const struct resize_side *side, double x)
{
    switch (plan->round) {
    case RESIZE_ROUND_PREFER_FLOOR:
        return floor_near(ceil(x - 0.5), side->in);
    case RESIZE_ROUND_PREFER_CEIL:
        return floor_near(floor(x + 0.5), side->in);
    case RESIZE_CEIL:
        return floor_near(ceil(x), side->in);
    case RESIZE_LEGACY:
        return floor_near(side->scale < 1 ? ceil(x) : x, side->in);
    default:
        return floor_near(x, side->in);
    }
}

static double linear_weight(double x)
{
    x = fabs(x);
    return x < 1 ? 1 - x : 0;
}

/* Keys, "Cubic convolution interpolation for digital image processing" (1981), with a free. */
static double cubic_weight(double x, double a)
{
    x = fabs(x);
    if (x <= 1)
        return ((a + 2) * x - (a + 3)) * x * x + 1;
    return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0;
}

/* How far the kernel's taps go to each side: 1 or 2, wider by the scale where antialias shrinks. */
static double reach_of(const struct resize_plan *plan, const struct resize_side *side)
{
    double radius = plan->mode == RESIZE_CUBIC ? 2 : 1;
    return plan->antialias && side->scale < 1 ? radius / side->scale : radius;
}

static void set_tap(const struct resize_taps *taps, size_t n, int64_t at, int64_t in, double weight)
{
    taps->at[n] = (int32_t)(at < 0 ? 0 : at >= in ? in - 1 : at);
    taps->weight[n] = weight;
}

static void set_taps(const struct resize_taps *taps, const struct resize_plan *plan,
                     const struct resize_side *side, size_t index, double x)
{
    size_t  n = index * (size_t)taps->count;
    int64_t first = floor_near(x, side->in) - taps->count / 2 + 1;
    double  squeeze = plan->antialias && side->scale < 1 ? side->scale : 1, sum = 0;

    if (plan->mode == RESIZE_NEAREST) {
        set_tap(taps, n, nearest(plan, side, x), side->in, 1);
        return;
    }
    for (int k = 0; k < taps->count; k++) {
        int64_t at = first + k;
        double  away = ((double)at - x) * squeeze;
        double  weight = plan->mode == RESIZE_CUBIC ? cubic_weight(away, plan->cubic_a) : linear_weight(away);
        if (plan->exclude_outside && (at < 0 || at >= side->in))
            weight = 0;
        set_tap(taps, n + (size_t)k, at, side->in, weight);
        sum += weight;
    }
    if (plan->antialias || plan->exclude_outside)
        for (int k = 0; sum != 0 && k < taps->count; k++)
            taps->weight[n + (size_t)k] /= sum;
}

bsr_status resize_taps_make(struct resize_taps *out, const struct resize_plan *plan, int axis,
                            struct bsr_error *err)
{
    const struct resize_side *side = &plan->sides[axis];
    double                    reach = reach_of(plan, side);
    struct resize_taps        taps = {.count = 1};

    /* a scale that has nothing to do with the sides would ask for taps without end */
    if (!(reach <= 4 * (double)side->in + 8) || reach > 0x1p29)
        return call_refuse(err, "a side of %lld can't be scaled by %g", (long long)side->in, side->scale);
    if (plan->mode != RESIZE_NEAREST)
        taps.count = 2 * (int)ceil(reach);
    size_t total = mem_product((size_t)side->out, (size_t)taps.count);
    taps.at = mem_alloc_aligned(total, sizeof *taps.at);
    taps.weight32 = mem_alloc_aligned(total, sizeof *taps.weight32);
    taps.weight = mem_alloc_aligned(total, sizeof *taps.weight);
    taps.outside = mem_alloc_zeroed((size_t)side->out, sizeof *taps.outside);
    if (!taps.at || !taps.weight32 || !taps.weight || !taps.outside) {
        resize_taps_free(&taps);
        return bsr_fail_memory(err, NULL, total * sizeof *taps.weight);
    }
    for (int64_t x = 0; x < side->out; x++) {
        double source = source_of(side, plan->transform, (double)x);
        if (plan->transform == RESIZE_TF_CROP_AND_RESIZE)
            taps.outside[x] = !(source >= 0 && source <= (double)(side->in - 1));
        set_taps(&taps, plan, side, (size_t)x, taps.outside[x] ? 0 : source);
    }
    for (size_t i = 0; i < total; i++)
        taps.weight32[i] = (float)taps.weight[i];
    *out = taps;
    return BSR_OK;
}

void resize_taps_free(struct resize_taps *taps)
{
    mem_free(taps->at);
    mem_free(taps->weight32);
    mem_free(taps->weight);
    mem_free(taps->outside);
    *taps = (struct resize_taps){0};
}
