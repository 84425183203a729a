/* postprocess/nms_order.h: candidates in the order of their scores. Inside postprocess/ only. */
#pragma once

#include "postprocess/candidates.h"

/* Sorts keys[count] by their upper 32 bits, rising; equal ones keep their order. `scratch` is as large. */
void nms_sort_keys(uint64_t *keys, uint64_t *scratch, size_t count);

/* Writes a key for each candidate whose numbers are all finite: a larger score is a smaller key, the lower
 * 32 bits are the index in the list, which has at most UINT32_MAX. Returns how many keys there are. */
size_t nms_make_keys(uint64_t *keys, const struct candidates *list);
