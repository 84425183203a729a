#include "postprocess/yolo.h"

#include "postprocess/yolo_scan.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>

enum {
    SCAN_BLOCK = 1024, /* cells, or classes, that are looked through at once */
    ROWS_ROOM = 10240, /* numbers gathered at once, 40 KiB of stack; a row of the most classes fits */
};
_Static_assert(YOLO_MAX_CLASSES + YOLO_BOX_VALUES <= ROWS_ROOM, "a row must fit");

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

/* Brings the numbers of some cells together: rows[count][row_size] of planes[row_size][plane]. Plane by
 * plane, because neighbours that both passed share cache lines there. */
static void gather_rows(float *rows, const float *planes, size_t plane, size_t row_size,
                        const uint32_t *cells, size_t count)
{
    for (size_t k = 0; k < row_size; k++)
        for (size_t i = 0; i < count; i++)
            rows[i * row_size + k] = planes[k * plane + cells[i]];
}

/* One anchor of a head in planes, planes[5 + classes][plane]. */
static bsr_status decode_planes(const struct decoder *decoder, const float *planes, size_t plane,
                                size_t width, float floor)
{
    const float *objectness = planes + 4 * plane;
    const size_t room = ROWS_ROOM / decoder->row_size;
    float        rows[ROWS_ROOM];
    uint32_t     hits[SCAN_BLOCK + YOLO_SCAN_SLACK];

    for (size_t block = 0; block < plane; block += SCAN_BLOCK) {
        size_t part = plane - block < SCAN_BLOCK ? plane - block : SCAN_BLOCK;
        size_t count = decoder->scan->find(hits, objectness + block, part, floor);
        for (size_t first = 0; first < count; first += room) {
            size_t gathered = count - first < room ? count - first : room;
            gather_rows(rows, planes + block, plane, decoder->row_size, hits + first, gathered);
            for (size_t i = 0; i < gathered; i++) {
                size_t     cell = block + hits[first + i];
                bsr_status status =
                    decode_row(decoder, rows + i * decoder->row_size, cell % width, cell / width);
                if (status)
                    return status;
            }
        }
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

enum head_order { HEAD_PLANES, HEAD_ROWS };

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
    if (height < 1 || width < 1)
        return bsr_fail(err, BSR_ERANGE, "layout", "head %d has %d x %d cells", head, width, height);
    return BSR_OK;
}

static bsr_status decode_head(struct candidates *out, const float *data, int height, int width,
                              const struct yolo_layout *layout, int head, const struct yolo_filter *filter,
                              enum head_order order, struct bsr_error *err)
{
    bsr_status status = check_head(layout, head, height, width, filter, err);
    if (status)
        return status;

    struct decoder decoder = {.out = out,
                              .err = err,
                              .filter = filter,
                              .scan = yolo_scan_for(cpu_level()),
                              .classes = layout->classes,
                              .row_size = (size_t)layout->classes + YOLO_BOX_VALUES,
                              .logits = true,
                              .stride = (float)layout->strides[head]};
    const size_t   plane = (size_t)height * (size_t)width;
    const float    floor = yolo_logit_floor((double)filter->threshold);
    const size_t   before = out->count;

    for (int anchor = 0; !status && anchor < layout->anchor_count; anchor++) {
        const float *part = data + (size_t)anchor * decoder.row_size * plane;
        decoder.anchor = layout->anchors[head][anchor];
        status = order == HEAD_PLANES ? decode_planes(&decoder, part, plane, (size_t)width, floor)
                                      : decode_rows(&decoder, part, plane, (size_t)width, floor);
    }
    if (status)
        out->count = before;
    return status;
}

bsr_status yolo_decode_head(struct candidates *out, const float *data, int height, int width,
                            const struct yolo_layout *layout, int head, const struct yolo_filter *filter,
                            struct bsr_error *err)
{
    return decode_head(out, data, height, width, layout, head, filter, HEAD_PLANES, err);
}

bsr_status yolo_decode_head_rows(struct candidates *out, const float *data, int height, int width,
                                 const struct yolo_layout *layout, int head, const struct yolo_filter *filter,
                                 struct bsr_error *err)
{
    return decode_head(out, data, height, width, layout, head, filter, HEAD_ROWS, err);
}
