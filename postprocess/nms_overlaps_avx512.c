#include "postprocess/nms_kept.h"

#include <immintrin.h>

/* Most boxes don't touch: the division waits for a chunk with one that does. */
bool nms_overlaps_avx512(const struct nms_chunk *chain, const struct candidate *box, float iou)
{
    const __m512 x1 = _mm512_set1_ps(box->x1), y1 = _mm512_set1_ps(box->y1);
    const __m512 x2 = _mm512_set1_ps(box->x2), y2 = _mm512_set1_ps(box->y2);
    const __m512 area = _mm512_set1_ps((box->x2 - box->x1) * (box->y2 - box->y1));
    const __m512 most = _mm512_set1_ps(iou), zero = _mm512_setzero_ps();

    for (; chain; chain = chain->next) {
        __m512    width = _mm512_sub_ps(_mm512_min_ps(_mm512_loadu_ps(chain->x2), x2),
                                        _mm512_max_ps(_mm512_loadu_ps(chain->x1), x1));
        __m512    height = _mm512_sub_ps(_mm512_min_ps(_mm512_loadu_ps(chain->y2), y2),
                                         _mm512_max_ps(_mm512_loadu_ps(chain->y1), y1));
        __mmask16 touch = _mm512_cmp_ps_mask(width, zero, _CMP_GT_OQ);
        touch = _mm512_mask_cmp_ps_mask(touch, height, zero, _CMP_GT_OQ);
        if (!touch)
            continue;

        __m512 both = _mm512_mul_ps(width, height);
        __m512 either = _mm512_sub_ps(_mm512_add_ps(_mm512_loadu_ps(chain->area), area), both);
        if (_mm512_mask_cmp_ps_mask(touch, _mm512_div_ps(both, either), most, _CMP_GT_OQ))
            return true;
    }
    return false;
}
