/* postprocess/yolo_scan.h: the two loops of decoding that see every number of the net's output, as a scalar
 * reference and vector twins that give the very same results. Inside postprocess/ only. */
#pragma once

#include "base/cpu.h"

#include <stddef.h>
#include <stdint.h>

enum { YOLO_SCAN_SLACK = 16 }; /* numbers that a vector twin may write after the last result */

struct yolo_scan {
    /* The indices of the finite numbers of x[count] that are >= floor, rising, into found[count + SLACK].
     * Returns how many. */
    size_t (*find)(uint32_t *found, const float *x, size_t count, float floor);

    /* The index of the largest finite number of x[count], the first of equal ones; `count`: none is finite.
     */
    size_t (*best)(const float *x, size_t count);
};

/* The functions for a level that the machine has. */
const struct yolo_scan *yolo_scan_for(enum cpu_level level);

extern const struct yolo_scan yolo_scan_avx2, yolo_scan_avx512;
