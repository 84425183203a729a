#include "brute_nms.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static bool finite_box(const struct candidate *box)
{
    return isfinite(box->x1) && isfinite(box->y1) && isfinite(box->x2) && isfinite(box->y2) &&
           isfinite(box->score);
}

static bool comes_before(const struct candidate *items, size_t a, size_t b)
{
    return items[a].score > items[b].score || (items[a].score == items[b].score && a < b);
}

void brute_nms(struct candidates *list, float iou, int agnostic, size_t max_detections, size_t max_candidates)
{
    const size_t      count = list->count;
    struct candidate *items = list->items;
    struct candidate *kept = malloc((count + 1) * sizeof(*kept));
    bool             *left = malloc(count + 1);
    size_t            looked_at = 0, keeps = 0;

    for (size_t i = 0; i < count; i++)
        left[i] = finite_box(&items[i]);
    while (!max_detections || keeps < max_detections) {
        size_t best = count;
        for (size_t i = 0; i < count; i++)
            if (left[i] && (best == count || comes_before(items, i, best)))
                best = i;
        if (best == count || (max_candidates && looked_at == max_candidates))
            break;
        left[best] = false;
        looked_at++;

        bool covered = false;
        for (size_t k = 0; k < keeps; k++)
            covered |= (agnostic || kept[k].class_index == items[best].class_index) &&
                       box_iou(&kept[k], &items[best]) > iou;
        if (!covered)
            kept[keeps++] = items[best];
    }
    if (keeps)
        memcpy(items, kept, keeps * sizeof(*kept));
    list->count = keeps;
    free(kept);
    free(left);
}
