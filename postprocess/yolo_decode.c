#include "postprocess/yolo.h"

#include "postprocess/yolo_map.h"
#include "postprocess/yolo_scan.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>

enum {
    SCAN_BLOCK = 1024, /* cells, or classes, that are looked through at once */
};

/* What decoding one output needs to know at every cell. */
struct decoder {
    struct candidates        *out;
    struct bsr_error         *err;
    const struct yolo_filter *filter;
    const struct yolo_scan   *scan;
    int                       classes;
    size_t                    row_size; /* numbers a cell: 5 + classes */
    bool                      logits;   /* raw head; false: pixels and scores */
    float                     stride;   /* raw heads only, pixels a cell */
    const float              *anchor;   /* raw heads only: width, height */
};

static bsr_status check_filter(const struct yolo_filter *filter, struct bsr_error *err)
{
    if (!(filter->threshold >= 0 && filter->threshold <= 1))
        return bsr_fail(err, BSR_ERANGE, "confidence", "%g is not in 0 to 1", (double)filter->threshold);
    return BSR_OK;
}

static float score_of(const struct decoder *decoder, float value)
{
    return decoder->logits ? yolo_sigmoid(value) : value;
}

/* The last word on a candidate. Numbers of a decoded output that are no scores may have an infinite product.
 */
static bool passes(const struct decoder *decoder, float score)
{
    return score > decoder->filter->threshold && score <= FLT_MAX;
}

static bool is_wanted(const struct yolo_filter *filter, size_t class_index)
{
    return !filter->class_wanted || filter->class_wanted[class_index];
}

/* Centre and size in pixels; the operations in the order of YOLOv5's, so that only sigmoids can differ. */
static void find_centre_and_size(const struct decoder *decoder, const float *row, size_t cell_x,
                                 size_t cell_y, float box[4])
{
    if (!decoder->logits) {
        for (int i = 0; i < 4; i++)
            box[i] = row[i];
        return;
    }
    box[0] = (yolo_sigmoid(row[0]) * 2 + ((float)cell_x - 0.5F)) * decoder->stride;
    box[1] = (yolo_sigmoid(row[1]) * 2 + ((float)cell_y - 0.5F)) * decoder->stride;
    for (int i = 0; i < 2; i++) {
        float twice = yolo_sigmoid(row[2 + i]) * 2;
        box[2 + i] = twice * twice * decoder->anchor[i];
    }
}

/* False for what is no box: a number that is not finite, a side under 0. */
static bool find_box(const struct decoder *decoder, const float *row, size_t cell_x, size_t cell_y,
                     struct candidate *out)
{
    float box[4];
    for (int i = 0; i < 4; i++)
        if (!isfinite(row[i]))
            return false;
    find_centre_and_size(decoder, row, cell_x, cell_y, box);
    if (!(box[2] >= 0 && box[3] >= 0))
        return false;
    out->x1 = box[0] - box[2] / 2;
    out->y1 = box[1] - box[3] / 2;
    out->x2 = box[0] + box[2] / 2;
    out->y2 = box[1] + box[3] / 2;
    return isfinite(out->x1) && isfinite(out->y1) && isfinite(out->x2) && isfinite(out->y2);
}

static bsr_status add_best_class(const struct decoder *decoder, const float *row, float objectness,
                                 size_t cell_x, size_t cell_y)
{
    const float *values = row + YOLO_BOX_VALUES;
    size_t       best = decoder->scan->best(values, (size_t)decoder->classes);
    if (best == (size_t)decoder->classes || !is_wanted(decoder->filter, best))
        return BSR_OK;

    struct candidate found = {.score = objectness * score_of(decoder, values[best]),
                              .class_index = (int)best};
    if (!passes(decoder, found.score) || !find_box(decoder, row, cell_x, cell_y, &found))
        return BSR_OK;
    return candidates_add(decoder->out, &found, decoder->err);
}

/* No class value under this can give a product over the threshold. A rounded product over it has a true value
 * over it (both are floats), so only the rounding of the quotient, and of the sigmoid, need room. */
static float class_floor(const struct decoder *decoder, float objectness)
{
    double needed = (double)decoder->filter->threshold / (double)objectness;
    return decoder->logits ? yolo_logit_floor(needed) : nextafterf((float)needed, -INFINITY);
}

static bsr_status add_each_class(const struct decoder *decoder, const float *row, float objectness,
                                 size_t cell_x, size_t cell_y)
{
    const float     *values = row + YOLO_BOX_VALUES;
    const size_t     classes = (size_t)decoder->classes;
    const float      floor = class_floor(decoder, objectness);
    uint32_t         hits[SCAN_BLOCK + YOLO_SCAN_SLACK];
    struct candidate found;

    if (!find_box(decoder, row, cell_x, cell_y, &found))
        return BSR_OK;
    for (size_t first = 0; first < classes; first += SCAN_BLOCK) {
        size_t part = classes - first < SCAN_BLOCK ? classes - first : SCAN_BLOCK;
        size_t count = decoder->scan->find(hits, values + first, part, floor);
        for (size_t i = 0; i < count; i++) {
            size_t index = first + hits[i];
            found.score = objectness * score_of(decoder, values[index]);
            found.class_index = (int)index;
            if (!passes(decoder, found.score) || !is_wanted(decoder->filter, index))
                continue;
            bsr_status status = candidates_add(decoder->out, &found, decoder->err);
            if (status)
                return status;
        }
    }
    return BSR_OK;
}

/* One cell whose objectness passed the floor; `row` is box, objectness, classes. */
static bsr_status decode_row(const struct decoder *decoder, const float *row, size_t cell_x, size_t cell_y)
{
    /* NOLINTNEXTLINE(clang-analyzer-core.CallAndMessage): it loses sight of what gather_rows() wrote */
    float objectness = score_of(decoder, row[4]);
    if (!(objectness > decoder->filter->threshold))
        return BSR_OK;
    return decoder->filter->multi_label ? add_each_class(decoder, row, objectness, cell_x, cell_y)
                                        : add_best_class(decoder, row, objectness, cell_x, cell_y);
}

/* Cells whose numbers lie together, `width` of them a row of the picture. */
static bsr_status decode_rows(const struct decoder *decoder, const float *data, size_t count, size_t width,
                              float floor)
{
    for (size_t i = 0; i < count; i++) {
        const float *row = data + i * decoder->row_size;
        if (!(row[4] >= floor && isfinite(row[4])))
            continue;
        bsr_status status = decode_row(decoder, row, i % width, i / width);
        if (status)
            return status;
    }
    return BSR_OK;
}

/* Cells of an anchor that passed the floor. */
static bsr_status decode_cells(const struct decoder *decoder, const struct yolo_fetch *fetch, int anchor,
                               const uint32_t *cells, size_t count, size_t width)
{
    const size_t room = YOLO_FETCH_ROOM / decoder->row_size;
    const float *rows = NULL;
    size_t       step = 0;

    for (size_t first = 0; first < count; first += room) {
        size_t     part = count - first < room ? count - first : room;
        bsr_status status =
            fetch->get(fetch->context, anchor, cells + first, part, &rows, &step, decoder->err);
        for (size_t i = 0; status == BSR_OK && i < part; i++) {
            size_t cell = cells[first + i];
            status = decode_row(decoder, rows + i * step, cell % width, cell / width);
        }
        if (status != BSR_OK)
            return status;
    }
    return BSR_OK;
}

/* One anchor of a head, whose objectness is `map`'s channel 0. */
static bsr_status decode_anchor(const struct decoder *decoder, const struct yolo_map *map,
                                const struct yolo_fetch *fetch, int anchor, float floor)
{
    const size_t width = (size_t)map->width, cells = width * (size_t)map->height;
    float        copied[SCAN_BLOCK];
    uint32_t     hits[SCAN_BLOCK + YOLO_SCAN_SLACK];

    for (size_t block = 0; block < cells; block += SCAN_BLOCK) {
        size_t       part = cells - block < SCAN_BLOCK ? cells - block : SCAN_BLOCK;
        const float *objectness = yolo_map_line(map, block, part, copied);
        size_t       count = decoder->scan->find(hits, objectness, part, floor);
        for (size_t i = 0; i < count; i++)
            hits[i] += (uint32_t)block;
        bsr_status status = decode_cells(decoder, fetch, anchor, hits, count, width);
        if (status)
            return status;
    }
    return BSR_OK;
}

bsr_status yolo_decode_rows(struct candidates *out, const float *data, size_t rows, int classes,
                            const struct yolo_filter *filter, struct bsr_error *err)
{
    bsr_status status = check_filter(filter, err);
    if (status)
        return status;
    if (classes < 1 || classes > YOLO_MAX_CLASSES)
        return bsr_fail(err, BSR_ERANGE, "output", "%d classes, possible are 1 to %d", classes,
                        YOLO_MAX_CLASSES);

    struct decoder decoder = {.out = out,
                              .err = err,
                              .filter = filter,
                              .scan = yolo_scan_for(cpu_level()),
                              .classes = classes,
                              .row_size = (size_t)classes + YOLO_BOX_VALUES};
    size_t         before = out->count;
    status = decode_rows(&decoder, data, rows, rows, filter->threshold);
    if (status)
        out->count = before;
    return status;
}

static bsr_status check_head(const struct yolo_layout *layout, int head, int height, int width,
                             const struct yolo_filter *filter, struct bsr_error *err)
{
    bsr_status status = check_filter(filter, err);
    if (!status)
        status = yolo_layout_check(layout, err);
    if (status)
        return status;
    if (head < 0 || head >= layout->head_count)
        return bsr_fail(err, BSR_ERANGE, "layout", "no head %d among %d", head, layout->head_count);
    if (height < 1 || width < 1 || (int64_t)height * width > UINT32_MAX)
        return bsr_fail(err, BSR_ERANGE, "layout", "head %d has %d x %d cells", head, width, height);
    return BSR_OK;
}

static struct decoder open_decoder(struct candidates *out, const struct yolo_layout *layout, int head,
                                   const struct yolo_filter *filter, struct bsr_error *err)
{
    return (struct decoder){.out = out,
                            .err = err,
                            .filter = filter,
                            .scan = yolo_scan_for(cpu_level()),
                            .classes = layout->classes,
                            .row_size = (size_t)layout->classes + YOLO_BOX_VALUES,
                            .logits = true,
                            .stride = (float)layout->strides[head]};
}

bsr_status yolo_decode_head_parts(struct candidates *out, const struct yolo_map *objectness,
                                  const struct yolo_fetch *fetch, const struct yolo_layout *layout, int head,
                                  const struct yolo_filter *filter, struct bsr_error *err)
{
    bsr_status status = check_head(layout, head, objectness->height, objectness->width, filter, err);
    if (status)
        return status;

    struct decoder  decoder = open_decoder(out, layout, head, filter, err);
    struct yolo_map map = *objectness;
    const float     floor = yolo_logit_floor((double)filter->threshold);
    const size_t    before = out->count;

    for (int anchor = 0; !status && anchor < layout->anchor_count; anchor++, map.data += map.channel) {
        decoder.anchor = layout->anchors[head][anchor];
        status = decode_anchor(&decoder, &map, fetch, anchor, floor);
    }
    if (status)
        out->count = before;
    return status;
}

bsr_status yolo_decode_head(struct candidates *out, const float *data, int height, int width,
                            const struct yolo_layout *layout, int head, const struct yolo_filter *filter,
                            struct bsr_error *err)
{
    const ptrdiff_t      plane = (ptrdiff_t)height * width;
    const ptrdiff_t      numbers = (ptrdiff_t)layout->classes + YOLO_BOX_VALUES;
    struct yolo_map      map = {data, plane, 1, width, height, width}, objectness = map;
    struct yolo_gathered gathered;
    struct yolo_fetch    fetch = yolo_fetch_from(&gathered, &map, (size_t)numbers);

    bsr_status status = check_head(layout, head, height, width, filter, err);
    if (status)
        return status;
    objectness.data += 4 * plane;
    objectness.channel = numbers * plane;
    return yolo_decode_head_parts(out, &objectness, &fetch, layout, head, filter, err);
}

bsr_status yolo_decode_head_rows(struct candidates *out, const float *data, int height, int width,
                                 const struct yolo_layout *layout, int head, const struct yolo_filter *filter,
                                 struct bsr_error *err)
{
    bsr_status status = check_head(layout, head, height, width, filter, err);
    if (status)
        return status;

    struct decoder decoder = open_decoder(out, layout, head, filter, err);
    const size_t   plane = (size_t)height * (size_t)width;
    const float    floor = yolo_logit_floor((double)filter->threshold);
    const size_t   before = out->count;

    for (int anchor = 0; !status && anchor < layout->anchor_count; anchor++) {
        decoder.anchor = layout->anchors[head][anchor];
        status = decode_rows(&decoder, data + (size_t)anchor * decoder.row_size * plane, plane, (size_t)width,
                             floor);
    }
    if (status)
        out->count = before;
    return status;
}
