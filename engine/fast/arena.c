#include "base/alloc.h"
#include "engine/fast/program.h"

#include <stdlib.h>

static bool meet(const struct fast_memory *a, const struct fast_memory *b)
{
    return a->first <= b->last && b->first <= a->last;
}

static int by_size(const void *a, const void *b)
{
    const struct fast_memory *x = *(struct fast_memory *const *)a, *y = *(struct fast_memory *const *)b;
    return x->floats != y->floats ? (x->floats < y->floats) - (x->floats > y->floats) : (x > y) - (x < y);
}

static int by_place(const void *a, const void *b)
{
    const struct fast_memory *x = *(struct fast_memory *const *)a, *y = *(struct fast_memory *const *)b;
    return x->at != y->at ? (x->at > y->at) - (x->at < y->at) : (x > y) - (x < y);
}

/* The lowest gap among placed[count], in the order of their places, that `item` fits into. */
static size_t find_gap(struct fast_memory *const *placed, int count, const struct fast_memory *item)
{
    size_t at = 0;

    for (int i = 0; i < count; i++) {
        if (!meet(placed[i], item))
            continue;
        if (placed[i]->at >= at + item->floats)
            break;
        if (placed[i]->at + placed[i]->floats > at)
            at = placed[i]->at + placed[i]->floats;
    }
    return at;
}

/* Puts `item` behind those that lie before it. */
static void insert(struct fast_memory **placed, int count, struct fast_memory *item)
{
    int place = count;

    for (; place > 0 && by_place(&placed[place - 1], &item) > 0; place--)
        placed[place] = placed[place - 1];
    placed[place] = item;
}

/* The largest first: the small ones find room between them. */
bsr_status arena_place(struct fast_memory *items, int count, size_t *total, struct bsr_error *err)
{
    struct fast_memory **order = mem_alloc_zeroed((size_t)count + 1, sizeof(void *));
    struct fast_memory **placed = mem_alloc_zeroed((size_t)count + 1, sizeof(void *));
    int                  used = 0;

    if (!order || !placed) {
        mem_free(order);
        mem_free(placed);
        return bsr_fail_memory(err, NULL, (size_t)count * sizeof(void *));
    }
    for (int i = 0; i < count; i++)
        if (items[i].first >= 0)
            order[used++] = &items[i];
    qsort(order, (size_t)used, sizeof(void *), by_size);
    *total = 0;
    for (int i = 0; i < used; i++) {
        order[i]->at = find_gap(placed, i, order[i]);
        insert(placed, i, order[i]);
        if (order[i]->at + order[i]->floats > *total)
            *total = order[i]->at + order[i]->floats;
    }
    mem_free(order);
    mem_free(placed);
    return BSR_OK;
}
