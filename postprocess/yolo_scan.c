#include "postprocess/yolo_scan.h"

#include <float.h>
#include <math.h>

static size_t find_scalar(uint32_t *found, const float *x, size_t count, float floor)
{
    size_t hits = 0;
    for (size_t i = 0; i < count; i++)
        if (x[i] >= floor && isfinite(x[i]))
            found[hits++] = (uint32_t)i;
    return hits;
}

static size_t best_scalar(const float *x, size_t count)
{
    size_t best = count;
    float  largest = -INFINITY;
    for (size_t i = 0; i < count; i++)
        if (x[i] > largest && isfinite(x[i])) {
            largest = x[i];
            best = i;
        }
    return best;
}

static const struct yolo_scan scan_scalar = {find_scalar, best_scalar};

const struct yolo_scan *yolo_scan_for(enum cpu_level level)
{
#if defined(__x86_64__)
    if (level == CPU_AVX512)
        return &yolo_scan_avx512;
    if (level == CPU_AVX2)
        return &yolo_scan_avx2;
#endif
    (void)level;
    return &scan_scalar;
}
