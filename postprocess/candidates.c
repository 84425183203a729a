#include "postprocess/candidates.h"

#include "base/alloc.h"

enum { FIRST_CAPACITY = 64 }; /* a usual picture's candidates at a usual threshold */

bsr_status candidates_reserve(struct candidates *list, size_t count, struct bsr_error *err)
{
    if (count <= list->capacity)
        return BSR_OK;

    struct candidate *items = mem_resize(list->items, count, sizeof(*items));
    if (!items)
        return bsr_fail_memory(err, "candidates", mem_product(count, sizeof(*items)));
    list->items = items;
    list->capacity = count;
    return BSR_OK;
}

bsr_status candidates_add(struct candidates *list, const struct candidate *item, struct bsr_error *err)
{
    if (list->count == list->capacity) {
        size_t     wanted = list->capacity ? mem_product(list->capacity, 2) : FIRST_CAPACITY;
        bsr_status status = candidates_reserve(list, wanted > list->count ? wanted : list->count + 1, err);
        if (status)
            return status;
    }
    list->items[list->count++] = *item;
    return BSR_OK;
}

void candidates_free(struct candidates *list)
{
    mem_free(list->items);
    *list = (struct candidates){0};
}

static float smaller(float a, float b)
{
    return a < b ? a : b;
}

static float larger(float a, float b)
{
    return a > b ? a : b;
}

/* The order of the operations is torchvision's (ops/nms), and that of the kernels in nms_kernels*.c. */
float box_iou(const struct candidate *a, const struct candidate *b)
{
    float width = smaller(a->x2, b->x2) - larger(a->x1, b->x1);
    float height = smaller(a->y2, b->y2) - larger(a->y1, b->y1);
    if (!(width > 0 && height > 0))
        return 0;

    float both = width * height;
    float area_a = (a->x2 - a->x1) * (a->y2 - a->y1);
    float area_b = (b->x2 - b->x1) * (b->y2 - b->y1);
    float iou = both / (area_a + area_b - both);
    return iou > 0 ? smaller(iou, 1) : 0; /* infinite areas give a NaN: nothing to go by */
}
