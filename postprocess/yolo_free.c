/* Anchor-free heads: YOLOv8 and its successors. The score of a cell is that of its best class; boxes are made
 * for the cells that pass. */
#include "postprocess/yolo_map.h"
#include "postprocess/yolo_scan.h"

#include <math.h>
#include <stdbool.h>

enum {
    SIDES = 4,
    BLOCK = 512, /* cells looked through at once: their best logits stay in the nearest cache */
    BOXES = 64,  /* got at once */
};

struct free_decoder {
    struct candidates           *out;
    struct bsr_error            *err;
    const struct yolo_map       *map; /* of classes */
    const struct yolo_fetch     *fetch;
    const struct yolo_free_head *head;
    const struct yolo_filter    *filter;
    const struct yolo_scan      *scan;
    float                        floor; /* of logits that can pass */
};

static bsr_status check(const struct yolo_map *map, const struct yolo_free_head *head,
                        const struct yolo_filter *filter, struct bsr_error *err)
{
    if (head->classes < 1 || head->classes > YOLO_MAX_CLASSES)
        return bsr_fail(err, BSR_ERANGE, "classes", "%d is not in 1 to %d", head->classes, YOLO_MAX_CLASSES);
    if (!(filter->threshold >= 0 && filter->threshold <= 1))
        return bsr_fail(err, BSR_ERANGE, "confidence", "%g is not in 0 to 1", (double)filter->threshold);
    if (head->bins < 1 || head->bins > YOLO_MAX_BINS || head->stride < 1)
        return bsr_fail(err, BSR_ERANGE, "layout", "a head of stride %d with %d bins can't be", head->stride,
                        head->bins);
    if (map->height < 1 || map->width < 1 || (int64_t)map->height * map->width > UINT32_MAX)
        return bsr_fail(err, BSR_ERANGE, "layout", "a head has %d x %d cells", map->width, map->height);
    return BSR_OK;
}

/* ---- boxes ------------------------------------------------------------------------------------ */

/* The mean of a distribution over 0, 1, 2 ... (Li et al. 2020, Generalized Focal Loss). Each power is 1 at
 * the most, and one is. */
static float mean_of(const float *logits, int bins)
{
    float most = logits[0], sum = 0, mean = 0;

    for (int k = 1; k < bins; k++)
        most = fmaxf(most, logits[k]);
    for (int k = 0; k < bins; k++) {
        float weight = expf(logits[k] - most);
        sum += weight;
        mean += weight * (float)k;
    }
    return mean / sum;
}

/* False for what is no box: a number that is not finite, a side under 0. */
static bool find_box(const struct yolo_free_head *head, const float *numbers, size_t x, size_t y,
                     struct candidate *out)
{
    float distances[SIDES];

    for (int i = 0; i < SIDES * head->bins; i++)
        if (!isfinite(numbers[i]))
            return false;
    for (int i = 0; i < SIDES; i++)
        distances[i] =
            head->bins == 1 ? numbers[i] : mean_of(numbers + (ptrdiff_t)i * head->bins, head->bins);
    out->x1 = ((float)x + 0.5F - distances[0]) * (float)head->stride;
    out->y1 = ((float)y + 0.5F - distances[1]) * (float)head->stride;
    out->x2 = ((float)x + 0.5F + distances[2]) * (float)head->stride;
    out->y2 = ((float)y + 0.5F + distances[3]) * (float)head->stride;
    return out->x2 >= out->x1 && out->y2 >= out->y1 && isfinite(out->x1) && isfinite(out->y1) &&
           isfinite(out->x2) && isfinite(out->y2);
}

/* ---- classes ---------------------------------------------------------------------------------- */

static bsr_status add_class(const struct free_decoder *decoder, struct candidate *found, float logit,
                            size_t class_index)
{
    const struct yolo_filter *filter = decoder->filter;

    found->score = yolo_sigmoid(logit);
    found->class_index = (int)class_index;
    if (!(found->score > filter->threshold) || (filter->class_wanted && !filter->class_wanted[class_index]))
        return BSR_OK;
    return candidates_add(decoder->out, found, decoder->err);
}

/* A cell with its box. */
static bsr_status add_classes(const struct free_decoder *decoder, struct candidate *found, size_t cell)
{
    const size_t classes = (size_t)decoder->head->classes;
    float        copied[YOLO_MAX_CLASSES];
    const float *logits = yolo_map_cell(decoder->map, cell, classes, copied);
    bsr_status   status = BSR_OK;

    if (!decoder->filter->multi_label) {
        size_t best = decoder->scan->best(logits, classes);
        return best < classes ? add_class(decoder, found, logits[best], best) : BSR_OK;
    }
    for (size_t c = 0; status == BSR_OK && c < classes; c++)
        if (logits[c] >= decoder->floor && isfinite(logits[c]))
            status = add_class(decoder, found, logits[c], c);
    return status;
}

/* ---- cells ------------------------------------------------------------------------------------ */

static bsr_status decode_cells(const struct free_decoder *decoder, const uint32_t *cells, size_t count)
{
    const size_t width = (size_t)decoder->map->width;
    const size_t most = YOLO_FETCH_ROOM / (size_t)(SIDES * decoder->head->bins);
    const size_t room = most < BOXES ? most : BOXES;
    const float *rows = NULL;
    size_t       step = 0;

    for (size_t first = 0; first < count; first += room) {
        size_t     part = count - first < room ? count - first : room;
        bsr_status status =
            decoder->fetch->get(decoder->fetch->context, 0, cells + first, part, &rows, &step, decoder->err);
        for (size_t i = 0; status == BSR_OK && i < part; i++) {
            struct candidate found = {.class_index = 0};
            size_t           cell = cells[first + i];
            if (find_box(decoder->head, rows + i * step, cell % width, cell / width, &found))
                status = add_classes(decoder, &found, cell);
        }
        if (status != BSR_OK)
            return status;
    }
    return BSR_OK;
}

/* The cells of a block with a logit that can pass, of planes: class after class, as memory lies. */
static size_t find_in_planes(const struct free_decoder *decoder, size_t block, size_t part, uint32_t *cells)
{
    struct yolo_map plane = *decoder->map;
    float           copied[BLOCK];
    unsigned char   passes[BLOCK] = {0};
    size_t          count = 0;

    for (int c = 0; c < decoder->head->classes; c++, plane.data += plane.channel) {
        const float *logits = yolo_map_line(&plane, block, part, copied);
        for (size_t i = 0; i < part; i++)
            passes[i] |= (unsigned char)(logits[i] >= decoder->floor);
    }
    for (size_t i = 0; i < part; i++)
        if (passes[i])
            cells[count++] = (uint32_t)(block + i);
    return count;
}

/* Of cells whose logits are beside each other. */
static size_t find_in_cells(const struct free_decoder *decoder, size_t block, size_t part, uint32_t *cells)
{
    const size_t classes = (size_t)decoder->head->classes;
    uint32_t     hits[YOLO_MAX_CLASSES + YOLO_SCAN_SLACK];
    size_t       count = 0;

    for (size_t i = 0; i < part; i++) {
        const float *logits = yolo_map_cell(decoder->map, block + i, classes, NULL);
        if (decoder->scan->find(hits, logits, classes, decoder->floor))
            cells[count++] = (uint32_t)(block + i);
    }
    return count;
}

bsr_status yolo_decode_free_head(struct candidates *out, const struct yolo_map *classes,
                                 const struct yolo_fetch *fetch, const struct yolo_free_head *head,
                                 const struct yolo_filter *filter, struct bsr_error *err)
{
    bsr_status status = check(classes, head, filter, err);
    if (status != BSR_OK)
        return status;

    const struct free_decoder decoder = {.out = out,
                                         .err = err,
                                         .map = classes,
                                         .fetch = fetch,
                                         .head = head,
                                         .filter = filter,
                                         .scan = yolo_scan_for(cpu_level()),
                                         .floor = yolo_logit_floor((double)filter->threshold)};
    const size_t              total = (size_t)classes->height * (size_t)classes->width, before = out->count;
    uint32_t                  cells[BLOCK];

    for (size_t block = 0; status == BSR_OK && block < total; block += BLOCK) {
        size_t part = total - block < BLOCK ? total - block : BLOCK;
        size_t count = classes->channel == 1 ? find_in_cells(&decoder, block, part, cells)
                                             : find_in_planes(&decoder, block, part, cells);
        status = decode_cells(&decoder, cells, count);
    }
    if (status != BSR_OK)
        out->count = before;
    return status;
}
