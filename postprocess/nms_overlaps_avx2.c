#include "postprocess/nms_kept.h"

#include <immintrin.h>

enum { LANES = 8 };

/* Most boxes don't touch: the division waits for a vector with one that does. */
static bool lanes_overlap(const struct nms_chunk *chunk, int at, __m256 x1, __m256 y1, __m256 x2, __m256 y2,
                          __m256 area, __m256 iou)
{
    __m256 width = _mm256_sub_ps(_mm256_min_ps(_mm256_loadu_ps(chunk->x2 + at), x2),
                                 _mm256_max_ps(_mm256_loadu_ps(chunk->x1 + at), x1));
    __m256 height = _mm256_sub_ps(_mm256_min_ps(_mm256_loadu_ps(chunk->y2 + at), y2),
                                  _mm256_max_ps(_mm256_loadu_ps(chunk->y1 + at), y1));
    __m256 touch = _mm256_and_ps(_mm256_cmp_ps(width, _mm256_setzero_ps(), _CMP_GT_OQ),
                                 _mm256_cmp_ps(height, _mm256_setzero_ps(), _CMP_GT_OQ));
    if (_mm256_testz_ps(touch, touch))
        return false;

    __m256 both = _mm256_mul_ps(width, height);
    __m256 either = _mm256_sub_ps(_mm256_add_ps(_mm256_loadu_ps(chunk->area + at), area), both);
    __m256 over = _mm256_cmp_ps(_mm256_div_ps(both, either), iou, _CMP_GT_OQ);
    return !_mm256_testz_ps(over, touch);
}

bool nms_overlaps_avx2(const struct nms_chunk *chain, const struct candidate *box, float iou)
{
    const __m256 x1 = _mm256_set1_ps(box->x1), y1 = _mm256_set1_ps(box->y1);
    const __m256 x2 = _mm256_set1_ps(box->x2), y2 = _mm256_set1_ps(box->y2);
    const __m256 area = _mm256_set1_ps((box->x2 - box->x1) * (box->y2 - box->y1));
    const __m256 most = _mm256_set1_ps(iou);

    for (; chain; chain = chain->next)
        for (int at = 0; at < chain->used; at += LANES)
            if (lanes_overlap(chain, at, x1, y1, x2, y2, area, most))
                return true;
    return false;
}
