#include "postprocess/nms_kept.h"

static float smaller(float a, float b)
{
    return a < b ? a : b;
}

static float larger(float a, float b)
{
    return a > b ? a : b;
}

/* The reference. */
static bool overlaps_scalar(const struct nms_chunk *chain, const struct candidate *box, float iou)
{
    const float area = (box->x2 - box->x1) * (box->y2 - box->y1);

    for (; chain; chain = chain->next)
        for (int i = 0; i < chain->used; i++) {
            float width = smaller(chain->x2[i], box->x2) - larger(chain->x1[i], box->x1);
            float height = smaller(chain->y2[i], box->y2) - larger(chain->y1[i], box->y1);
            if (!(width > 0 && height > 0))
                continue;
            float both = width * height;
            if (both / (chain->area[i] + area - both) > iou)
                return true;
        }
    return false;
}

nms_overlaps *nms_overlaps_for(enum cpu_level level)
{
#if defined(__x86_64__)
    if (level == CPU_AVX512)
        return nms_overlaps_avx512;
    if (level == CPU_AVX2)
        return nms_overlaps_avx2;
#endif
    (void)level;
    return overlaps_scalar;
}
