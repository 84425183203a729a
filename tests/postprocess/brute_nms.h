/* Suppression as the definition says it, in O(n^2): what nms() is held to. */
#pragma once

#include "postprocess/nms.h"

/* From the best down (the first of equals first): kept unless one kept before covers it. */
void brute_nms(struct candidates *list, float iou, int agnostic, size_t max_detections,
               size_t max_candidates);
