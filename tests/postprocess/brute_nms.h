/* Suppression as the definition says it, in O(n^2): what nms() is held to. */
#pragma once

#include "postprocess/nms.h"

/* Selects again and again the best of what is left (the first of equals) and throws out what it covers. */
void brute_nms(struct candidates *list, float iou, int agnostic, size_t max_detections,
               size_t max_candidates);
