#include "postprocess/nms.h"

#include "base/alloc.h"
#include "base/cpu.h"
#include "postprocess/nms_kept.h"
#include "postprocess/nms_order.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

/* Which kept box a box is likely to be a copy of: the one whose middle lies in the same cell of so many
 * pixels or, where there is none, beside it. Cells repeat, and are pixels only where boxes are: a wrong guess
 * costs a comparison. */
enum {
    HINT_PIXELS = 16,
    HINT_SIDE = 64,
    HINT_LEAST = 64, /* boxes of a class: fewer are compared as fast */
    HINT_MOST = 2048 /* boxes: all cells are taken then */
};

/* Memory that grows and is never given back before the end. */
struct nms_scratch {
    uint64_t         *keys; /* [2][key_room]: the order, and what sorting needs */
    size_t            key_room;
    struct nms_kept  *classes; /* [class_room], {0} between calls */
    size_t            class_room;
    struct candidates best;                        /* what was kept */
    uint32_t          hints[HINT_SIDE][HINT_SIDE]; /* its index and one; 0: none */
    struct nms_pool   pool;
};

/* One call of nms_with(). */
struct task {
    struct nms_scratch      *scratch;
    const struct candidates *list;
    size_t                   order_count; /* keys, the best first */
    size_t                   most;        /* boxes to keep */
    struct nms_extent        extent;      /* set when a class may need a grid */
    float                    iou;
    bool                     agnostic;
};

struct nms_scratch *nms_scratch_create(void)
{
    return mem_alloc_zeroed(1, sizeof(struct nms_scratch));
}

void nms_scratch_destroy(struct nms_scratch *scratch)
{
    if (!scratch)
        return;
    mem_free(scratch->keys);
    mem_free(scratch->classes);
    candidates_free(&scratch->best);
    nms_pool_free(&scratch->pool);
    mem_free(scratch);
}

static bsr_status check(const struct candidates *list, float iou, struct bsr_error *err)
{
    if (!(iou >= 0 && iou <= 1))
        return bsr_fail(err, BSR_ERANGE, "iou", "%g is not in 0 to 1", (double)iou);
    if (list->count > UINT32_MAX)
        return bsr_fail(err, BSR_ERANGE, "candidates", "%zu are more than suppression can sort", list->count);
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].class_index < 0 || list->items[i].class_index >= NMS_MAX_CLASSES)
            return bsr_fail(err, BSR_ERANGE, "candidates", "class %d is not in 0 to %d",
                            list->items[i].class_index, NMS_MAX_CLASSES - 1);
    return BSR_OK;
}

static size_t count_classes(const struct candidates *list)
{
    int last = 0;
    for (size_t i = 0; i < list->count; i++)
        last = list->items[i].class_index > last ? list->items[i].class_index : last;
    return (size_t)last + 1;
}

/* The old contents are not kept. */
static bsr_status make_room(struct nms_scratch *scratch, size_t keys, size_t classes, struct bsr_error *err)
{
    if (keys > scratch->key_room) {
        uint64_t *larger = mem_alloc_aligned(keys, 2 * sizeof(*larger));
        if (!larger)
            return bsr_fail_memory(err, "suppression", mem_product(keys, 2 * sizeof(*larger)));
        mem_free(scratch->keys);
        scratch->keys = larger;
        scratch->key_room = keys;
    }
    if (classes > scratch->class_room) {
        struct nms_kept *larger = mem_alloc_zeroed(classes, sizeof(*larger));
        if (!larger)
            return bsr_fail_memory(err, "suppression", mem_product(classes, sizeof(*larger)));
        mem_free(scratch->classes);
        scratch->classes = larger;
        scratch->class_room = classes;
    }
    return BSR_OK;
}

/* The square that holds every finite corner. */
static struct nms_extent measure(const struct candidates *list, const uint64_t *order, size_t count)
{
    double least_x = INFINITY, least_y = INFINITY, most_x = -INFINITY, most_y = -INFINITY;
    for (size_t i = 0; i < count; i++) {
        const struct candidate *item = &list->items[(uint32_t)order[i]];
        least_x = fmin(least_x, fmin((double)item->x1, (double)item->x2));
        least_y = fmin(least_y, fmin((double)item->y1, (double)item->y2));
        most_x = fmax(most_x, fmax((double)item->x1, (double)item->x2));
        most_y = fmax(most_y, fmax((double)item->y1, (double)item->y2));
    }
    return (struct nms_extent){least_x, least_y, fmax(most_x - least_x, most_y - least_y)};
}

static int hint_cell(float first, float last)
{
    const float most = 1 << 20;
    return (int)(fminf(fmaxf((first + last) / (2 * HINT_PIXELS), -most), most) + most) % HINT_SIDE;
}

static void set_hints(struct nms_scratch *scratch, const struct candidate *box, uint32_t hint)
{
    const int column = hint_cell(box->x1, box->x2), row = hint_cell(box->y1, box->y2);
    for (int dy = HINT_SIDE - 1; dy <= HINT_SIDE + 1; dy++)
        for (int dx = HINT_SIDE - 1; dx <= HINT_SIDE + 1; dx++) {
            uint32_t *place = &scratch->hints[(row + dy) % HINT_SIDE][(column + dx) % HINT_SIDE];
            if (!*place || (dx == HINT_SIDE && dy == HINT_SIDE))
                *place = hint;
        }
}

/* Whether the box that is likeliest to suppress it does: of things that were found often, most copies end
 * here. */
static bool is_copy(const struct task *task, const struct candidate *box)
{
    const struct nms_scratch *scratch = task->scratch;
    const uint32_t            hint = scratch->hints[hint_cell(box->y1, box->y2)][hint_cell(box->x1, box->x2)];
    if (!hint)
        return false;
    const struct candidate *kept = &scratch->best.items[hint - 1];
    return (task->agnostic || kept->class_index == box->class_index) && box_iou(kept, box) > task->iou;
}

/* Greedy: from the best down, a box is kept unless one kept before overlaps it too much. */
static bsr_status keep_best(const struct task *task, struct bsr_error *err)
{
    struct nms_scratch *scratch = task->scratch;
    struct candidates  *best = &scratch->best;
    nms_overlaps       *overlaps = nms_overlaps_for(cpu_level());

    best->count = 0;
    memset(scratch->hints, 0, sizeof scratch->hints);
    bsr_status status = candidates_reserve(best, task->most, err);
    if (status)
        return status;
    for (size_t i = 0; i < task->order_count && best->count < task->most; i++) {
        const struct candidate *item = &task->list->items[(uint32_t)scratch->keys[i]];
        struct nms_kept        *kept = &scratch->classes[task->agnostic ? 0 : item->class_index];
        if ((kept->count > HINT_LEAST && is_copy(task, item)) ||
            nms_kept_overlaps(kept, overlaps, item, task->iou))
            continue;
        if (!nms_kept_add(kept, &scratch->pool, &task->extent, item))
            return bsr_fail_memory(err, "suppression", sizeof(struct nms_chunk));
        best->items[best->count++] = *item;
        if (best->count <= HINT_MOST)
            set_hints(scratch, item, (uint32_t)best->count);
    }
    return BSR_OK;
}

bsr_status nms_with(struct nms_scratch *scratch, struct candidates *list, float iou, int agnostic,
                    size_t max_detections, size_t max_candidates, struct bsr_error *err)
{
    struct task task = {.scratch = scratch, .list = list, .iou = iou, .agnostic = agnostic != 0};
    size_t      classes = agnostic ? 1 : count_classes(list);
    bsr_status  status = check(list, iou, err);

    if (!status && list->count)
        status = make_room(scratch, list->count, classes, err);
    if (status || !list->count)
        return status;

    task.order_count = nms_make_keys(scratch->keys, list);
    nms_sort_keys(scratch->keys, scratch->keys + scratch->key_room, task.order_count);
    if (max_candidates && max_candidates < task.order_count)
        task.order_count = max_candidates;
    task.most = max_detections && max_detections < task.order_count ? max_detections : task.order_count;
    if (task.most > NMS_FLAT_LIMIT)
        task.extent = measure(list, scratch->keys, task.order_count);

    status = keep_best(&task, err);
    for (size_t i = 0; i < classes; i++)
        nms_kept_clear(&scratch->classes[i], &scratch->pool);
    nms_pool_clear(&scratch->pool);
    if (status)
        return status;
    if (scratch->best.count)
        memcpy(list->items, scratch->best.items, scratch->best.count * sizeof(*list->items));
    list->count = scratch->best.count;
    return BSR_OK;
}

bsr_status nms(struct candidates *list, float iou, int agnostic, size_t max_detections, size_t max_candidates,
               struct bsr_error *err)
{
    struct nms_scratch *scratch = nms_scratch_create();
    if (!scratch)
        return bsr_fail_memory(err, "suppression", sizeof(*scratch));
    bsr_status status = nms_with(scratch, list, iou, agnostic, max_detections, max_candidates, err);
    nms_scratch_destroy(scratch);
    return status;
}
