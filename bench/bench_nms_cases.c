#include "bench_nms_cases.h"

#include <math.h>
#include <stdint.h>

/* COCO-like: a cell and its neighbours, at three anchors, propose the same thing. Hard: what is kept is never
 * enough to stop early, or is much. */
const struct bench_nms_case bench_nms_cases[BENCH_NMS_CASES] = {
    {"clutter, 80 classes, 300 detections", 80, 200, 60, 0.45F, 300},
    {"clutter, 80 classes, all detections", 80, 200, 60, 0.45F, 0},
    {"one class, few overlaps, 300 detections", 1, 0, 12, 0.45F, 300},
    {"one class, 290 things found 100 times, 300", 1, 290, 20, 0.45F, 300},
    {"one class, few overlaps, all detections", 1, 0, 3, 0.45F, 0},
    {"one class, boxes of all sizes, IoU 0.9, all", 1, 0, 60, 0.9F, 0},
};

static float random_unit(uint64_t *state)
{
    *state = *state * 6364136223846793005ULL + 1442695040888963407ULL; /* Knuth, MMIX */
    return (float)(*state >> 40) * 0x1p-24F;
}

/* A side of the given median, some ten times smaller to ten times larger. */
static float random_side(uint64_t *state, float median)
{
    float bell = random_unit(state) + random_unit(state) + random_unit(state) - 1.5F;
    return median * expf(1.5F * bell);
}

int bench_nms_make(struct candidates *boxes, int which)
{
    const struct bench_nms_case *bench = &bench_nms_cases[which];
    uint64_t                     state = 1;

    boxes->count = 0;
    for (int i = 0; i < BENCH_NMS_COUNT; i++) {
        /* All of a cluster start from the same numbers. */
        uint64_t own = (uint64_t)(bench->clusters ? i % bench->clusters : i) * 7919 + 17;
        random_unit(&own);
        float x = random_unit(&own) * 640, y = random_unit(&own) * 640;
        float width = random_side(&own, bench->side), height = random_side(&own, bench->side);
        float jitter = bench->clusters ? 0.1F : 0;
        x += (random_unit(&state) - 0.5F) * jitter * width;
        y += (random_unit(&state) - 0.5F) * jitter * height;
        struct candidate box = {.x1 = x,
                                .y1 = y,
                                .x2 = x + width,
                                .y2 = y + height,
                                .score = random_unit(&state),
                                .class_index = (int)(random_unit(&own) * (float)bench->classes)};
        if (candidates_add(boxes, &box, NULL))
            return 1;
    }
    return 0;
}
