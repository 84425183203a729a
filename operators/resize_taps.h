/* operators/resize_taps.h: which elements of an axis make an element of the resized axis, and how much of
 * each. */
#pragma once

#include "operators/resize_plan.h"

/* at[out][count]: clamped to the axis; weight[out][count] as floats and doubles; outside[out] is set where
 * tf_crop_and_resize asks beyond the input. */
struct resize_taps {
    int      count;
    int32_t *at;
    float   *weight32;
    double  *weight;
    bool    *outside;
};

/* For a side that does not stay and has elements. Release with resize_taps_free(). BSR_ENOMEM, BSR_EMODEL. */
bsr_status resize_taps_make(struct resize_taps *out, const struct resize_plan *plan, int axis,
                            struct bsr_error *err);
void       resize_taps_free(struct resize_taps *taps);
