#include "pipeline/proposals.h"

#include "base/alloc.h"
#include "postprocess/nms.h"

#include <stdlib.h>
#include <string.h>

struct suppressor {
    struct nms_scratch *scratch;
    struct candidates   chosen;
    struct detection   *found;
    size_t              found_capacity;
};

void proposals_free(struct proposals *proposals)
{
    candidates_free(&proposals->candidates);
    *proposals = (struct proposals){0};
}

/* ---- order -------------------------------------------------------------------------------------- */

/* A score of 0 or more, and where it was. The bits of such floats rise with them. */
static uint64_t key_of(float score, size_t index)
{
    uint32_t bits;
    memcpy(&bits, &score, sizeof bits);
    return (uint64_t)~bits << 32 | (uint32_t)index;
}

static int by_key(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

bsr_status proposals_sort(struct candidates *list, struct bsr_error *err)
{
    if (list->count < 2)
        return BSR_OK;
    uint64_t         *keys = mem_alloc_zeroed(list->count, sizeof *keys);
    struct candidate *sorted = mem_alloc_zeroed(list->count, sizeof *sorted);
    bsr_status        status =
        keys && sorted ? BSR_OK : bsr_fail_memory(err, "candidates", list->count * sizeof *sorted);

    if (status == BSR_OK) {
        for (size_t i = 0; i < list->count; i++)
            keys[i] = key_of(list->items[i].score, i);
        qsort(keys, list->count, sizeof *keys, by_key);
        for (size_t i = 0; i < list->count; i++)
            sorted[i] = list->items[(uint32_t)keys[i]];
        memcpy(list->items, sorted, list->count * sizeof *sorted);
    }
    mem_free(keys);
    mem_free(sorted);
    return status;
}

void proposals_map_back(struct detection *out, const struct candidates *list,
                        const struct letterbox_plan *plan)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct candidate *candidate = &list->items[i];
        letterbox_unmap(plan, candidate->x1, candidate->y1, &out[i].x1, &out[i].y1);
        letterbox_unmap(plan, candidate->x2, candidate->y2, &out[i].x2, &out[i].y2);
        out[i].score = candidate->score;
        out[i].class_index = candidate->class_index;
    }
}

/* ---- suppression -------------------------------------------------------------------------------- */

struct suppressor *suppressor_open(void)
{
    struct suppressor *made = mem_alloc_zeroed(1, sizeof *made);
    if (made)
        made->scratch = nms_scratch_create();
    if (made && made->scratch)
        return made;
    suppressor_close(made);
    return NULL;
}

void suppressor_close(struct suppressor *suppressor)
{
    if (!suppressor)
        return;
    nms_scratch_destroy(suppressor->scratch);
    candidates_free(&suppressor->chosen);
    mem_free(suppressor->found);
    mem_free(suppressor);
}

/* How many of the list are over the threshold. */
static size_t count_over(const struct candidates *list, float threshold)
{
    size_t first = 0, last = list->count;
    while (first < last) {
        size_t middle = first + (last - first) / 2;
        if (list->items[middle].score > threshold)
            first = middle + 1;
        else
            last = middle;
    }
    return first;
}

static bool is_hidden(const struct suppression *how, int class_index)
{
    return how->hidden && (size_t)class_index < how->hidden_count && how->hidden[class_index];
}

static bsr_status choose(struct candidates *chosen, const struct candidates *all,
                         const struct suppression *how, struct bsr_error *err)
{
    size_t     over = count_over(all, (float)how->confidence);
    bsr_status status = candidates_reserve(chosen, over, err);

    chosen->count = 0;
    if (status != BSR_OK || !over)
        return status;
    if (!how->hidden) {
        memcpy(chosen->items, all->items, over * sizeof *all->items);
        chosen->count = over;
        return BSR_OK;
    }
    for (size_t i = 0; i < over; i++)
        if (!is_hidden(how, all->items[i].class_index))
            chosen->items[chosen->count++] = all->items[i];
    return BSR_OK;
}

bsr_status proposals_suppress(struct suppressor *suppressor, const struct proposals *proposals,
                              const struct suppression *how, struct detections *out, struct bsr_error *err)
{
    struct candidates *chosen = &suppressor->chosen;
    size_t             most = (size_t)how->max_detections;

    if (!(how->confidence >= 0 && how->confidence <= 1))
        return bsr_fail(err, BSR_ERANGE, "confidence", "%g is not in 0 to 1", how->confidence);
    bsr_status status = choose(chosen, &proposals->candidates, how, err);
    if (status == BSR_OK && proposals->suppressed)
        chosen->count = chosen->count < most ? chosen->count : most;
    else if (status == BSR_OK)
        status =
            nms_with(suppressor->scratch, chosen, (float)how->iou, how->agnostic, most, PROPOSALS_MOST, err);
    if (status != BSR_OK)
        return status;

    if (chosen->count > suppressor->found_capacity) {
        struct detection *found = mem_alloc_zeroed(chosen->count, sizeof *found);
        if (!found)
            return bsr_fail_memory(err, "suppression", chosen->count * sizeof *found);
        mem_free(suppressor->found);
        suppressor->found = found;
        suppressor->found_capacity = chosen->count;
    }
    proposals_map_back(suppressor->found, chosen, &proposals->plan);
    *out = (struct detections){.items = suppressor->found, .count = chosen->count};
    return BSR_OK;
}
