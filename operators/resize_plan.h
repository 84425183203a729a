/* operators/resize_plan.h: what a Resize or Upsample is to do. */
#pragma once

#include "operators/call.h"

enum resize_mode { RESIZE_NEAREST, RESIZE_LINEAR, RESIZE_CUBIC };

/* Which element of the input an element of the output asks for (ONNX, Resize:
 * coordinate_transformation_mode). */
enum resize_transform {
    RESIZE_HALF_PIXEL,
    RESIZE_HALF_PIXEL_SYMMETRIC,
    RESIZE_PYTORCH_HALF_PIXEL,
    RESIZE_ALIGN_CORNERS,
    RESIZE_ASYMMETRIC,
    RESIZE_TF_CROP_AND_RESIZE,
    RESIZE_TF_HALF_PIXEL_FOR_NN, /* opset 11 only */
};

enum resize_round {
    RESIZE_ROUND_PREFER_FLOOR,
    RESIZE_ROUND_PREFER_CEIL,
    RESIZE_FLOOR,
    RESIZE_CEIL,
    RESIZE_LEGACY, /* opset 10: up where it shrinks, down where it grows */
};

struct resize_side {
    int64_t in, out;
    double  scale; /* out / in, but as the node gives it: 10 * 0.66 is 6, its scale stays 0.66 */
    double  width; /* the output's length before it was rounded down */
    double  roi_start, roi_end;
};

struct resize_plan {
    enum resize_mode      mode;
    enum resize_transform transform;
    enum resize_round     round;
    double                cubic_a, extrapolation;
    bool                  antialias, exclude_outside;
    int                   dims;
    struct resize_side    sides[BSR_MAX_DIMS];
};

/* Reads a node of type Upsample (any opset) or Resize (10 on). bsr_needs_values() when the sizes or scales
 * are not there yet. BSR_EMODEL. */
bsr_status resize_plan_read(struct resize_plan *out, const struct bsr_call *call, struct bsr_error *err);

/* Whether a side is left as it is. */
bool resize_side_stays(const struct resize_plan *plan, int axis);
