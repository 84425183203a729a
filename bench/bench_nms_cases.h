/* The boxes that bench_nms and bench_nms_peer suppress. */
#pragma once

#ifdef __cplusplus
extern "C" {
#endif

#include "postprocess/nms.h"

enum { BENCH_NMS_COUNT = 30000, BENCH_NMS_CASES = 6 };

struct bench_nms_case {
    const char *name;
    int         classes;
    int         clusters; /* 0: boxes anywhere; else jittered copies of this many */
    float       side;     /* pixels, the median */
    float       iou;
    size_t      most; /* detections, 0: all */
};

extern const struct bench_nms_case bench_nms_cases[BENCH_NMS_CASES];

/* Fills `boxes` with BENCH_NMS_COUNT candidates on 640 x 640 pixels, the same at every call. Not 0: no
 * memory.
 */
int bench_nms_make(struct candidates *boxes, int which);

#ifdef __cplusplus
}
#endif
