/* postprocess/box_overlap.h: how much a detection and a truth have in common. For this room only. */
#pragma once

#include "postprocess/average_precision.h"

#include <math.h>

/* IoU, 0..1; of a crowd how much of the detection lies in it. */
static inline double box_overlap(const struct ap_found *found, const struct ap_truth *truth)
{
    double width = fmin(found->x2, truth->x2) - fmax(found->x1, truth->x1);
    double height = fmin(found->y2, truth->y2) - fmax(found->y1, truth->y1);
    if (!(width > 0 && height > 0))
        return 0;
    double both = width * height;
    double area = (found->x2 - found->x1) * (found->y2 - found->y1);
    double other = (truth->x2 - truth->x1) * (truth->y2 - truth->y1);
    return both / (truth->crowd ? area : area + other - both);
}
