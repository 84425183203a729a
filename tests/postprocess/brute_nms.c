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

struct ranked {
    float  score;
    size_t index;
};

static int compare_ranked(const void *left, const void *right)
{
    const struct ranked *a = left, *b = right;
    if (a->score != b->score)
        return a->score < b->score ? 1 : -1;
    return (a->index > b->index) - (a->index < b->index);
}

static bool is_covered(const struct candidate *box, const struct candidate *kept, size_t count, float iou,
                       int agnostic)
{
    for (size_t i = 0; i < count; i++)
        if ((agnostic || kept[i].class_index == box->class_index) && box_iou(&kept[i], box) > iou)
            return true;
    return false;
}

void brute_nms(struct candidates *list, float iou, int agnostic, size_t max_detections, size_t max_candidates)
{
    struct candidate *items = list->items;
    struct candidate *kept = malloc((list->count + 1) * sizeof(*kept));
    struct ranked    *ranks = malloc((list->count + 1) * sizeof(*ranks));
    size_t            ranked = 0, keeps = 0;

    for (size_t i = 0; i < list->count; i++)
        if (finite_box(&items[i]))
            ranks[ranked++] = (struct ranked){items[i].score, i};
    qsort(ranks, ranked, sizeof(*ranks), compare_ranked);
    if (max_candidates && ranked > max_candidates)
        ranked = max_candidates;
    for (size_t i = 0; i < ranked && (!max_detections || keeps < max_detections); i++) {
        const struct candidate *box = &items[ranks[i].index];
        if (!is_covered(box, kept, keeps, iou, agnostic))
            kept[keeps++] = *box;
    }
    if (keeps)
        memcpy(items, kept, keeps * sizeof(*kept));
    list->count = keeps;
    free(kept);
    free(ranks);
}
