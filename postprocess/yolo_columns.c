/* Outputs that need no anchors: YOLOv8's columns, and boxes that the graph has suppressed itself. */
#include "postprocess/yolo.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>

enum { BLOCK = 512 }; /* columns looked through at once: their best scores stay in the nearest cache */

struct columns {
    const float              *data;
    size_t                    count; /* of columns */
    int                       classes;
    const struct yolo_filter *filter;
};

static bsr_status check(int classes, const struct yolo_filter *filter, struct bsr_error *err)
{
    if (classes < 1 || classes > YOLO_MAX_CLASSES)
        return bsr_fail(err, BSR_ERANGE, "classes", "%d is not in 1 to %d", classes, YOLO_MAX_CLASSES);
    if (!(filter->threshold >= 0 && filter->threshold <= 1))
        return bsr_fail(err, BSR_ERANGE, "confidence", "%g is not in 0 to 1", (double)filter->threshold);
    return BSR_OK;
}

static bool is_wanted(const struct yolo_filter *filter, int class_index)
{
    return !filter->class_wanted || filter->class_wanted[class_index];
}

/* The best class of `part` columns from `first` on: its score, or the threshold where none is over it. Class
 * after class, so that memory is read as it lies; the first of equal scores stays. */
static void find_best(const struct columns *columns, size_t first, size_t part, float *best, int *index)
{
    for (size_t i = 0; i < part; i++) {
        best[i] = columns->filter->threshold;
        index[i] = -1;
    }
    for (int c = 0; c < columns->classes; c++) {
        const float *scores = columns->data + (size_t)(4 + c) * columns->count + first;
        for (size_t i = 0; i < part; i++) {
            bool better = scores[i] > best[i] && scores[i] <= FLT_MAX;
            best[i] = better ? scores[i] : best[i];
            index[i] = better ? c : index[i];
        }
    }
}

/* False for what is no box: a number that is not finite, a side under 0. */
static bool find_box(const struct columns *columns, size_t column, struct candidate *out)
{
    float box[4];
    for (size_t i = 0; i < 4; i++)
        box[i] = columns->data[i * columns->count + column];
    out->x1 = box[0] - box[2] / 2;
    out->y1 = box[1] - box[3] / 2;
    out->x2 = box[0] + box[2] / 2;
    out->y2 = box[1] + box[3] / 2;
    return box[2] >= 0 && box[3] >= 0 && isfinite(out->x1) && isfinite(out->y1) && isfinite(out->x2) &&
           isfinite(out->y2);
}

static bsr_status add_each_class(const struct columns *columns, size_t column, struct candidate *found,
                                 struct candidates *out, struct bsr_error *err)
{
    bsr_status status = BSR_OK;
    for (int c = 0; status == BSR_OK && c < columns->classes; c++) {
        found->score = columns->data[(size_t)(4 + c) * columns->count + column];
        found->class_index = c;
        if (found->score > columns->filter->threshold && found->score <= FLT_MAX &&
            is_wanted(columns->filter, c))
            status = candidates_add(out, found, err);
    }
    return status;
}

static bsr_status decode_block(const struct columns *columns, size_t first, size_t part,
                               struct candidates *out, struct bsr_error *err)
{
    float      best[BLOCK];
    int        index[BLOCK];
    bsr_status status = BSR_OK;

    find_best(columns, first, part, best, index);
    for (size_t i = 0; status == BSR_OK && i < part; i++) {
        struct candidate found = {.score = best[i], .class_index = index[i]};
        if (index[i] < 0 || !find_box(columns, first + i, &found))
            continue;
        if (columns->filter->multi_label)
            status = add_each_class(columns, first + i, &found, out, err);
        else if (is_wanted(columns->filter, index[i]))
            status = candidates_add(out, &found, err);
    }
    return status;
}

bsr_status yolo_decode_columns(struct candidates *out, const float *data, size_t count, int classes,
                               const struct yolo_filter *filter, struct bsr_error *err)
{
    const struct columns columns = {.data = data, .count = count, .classes = classes, .filter = filter};
    const size_t         before = out->count;
    bsr_status           status = check(classes, filter, err);

    for (size_t first = 0; status == BSR_OK && first < count; first += BLOCK)
        status = decode_block(&columns, first, count - first < BLOCK ? count - first : BLOCK, out, err);
    if (status != BSR_OK)
        out->count = before;
    return status;
}

/* A class is a whole number within the classes. */
static bool read_class(float value, int classes, int *index)
{
    if (!(value >= 0 && value < (float)classes))
        return false;
    *index = (int)value;
    return (float)*index == value;
}

bsr_status yolo_decode_boxes(struct candidates *out, const float *data, size_t rows, enum yolo_boxes order,
                             int classes, const struct yolo_filter *filter, struct bsr_error *err)
{
    const size_t width = order == YOLO_BOXES_SCORE_CLASS ? 6 : 7;
    const size_t box = order == YOLO_BOXES_SCORE_CLASS ? 0 : 1;
    const size_t score = order == YOLO_BOXES_SCORE_CLASS ? 4 : 6;
    const size_t before = out->count;
    bsr_status   status = check(classes, filter, err);

    for (size_t i = 0; status == BSR_OK && i < rows; i++) {
        const float     *row = data + i * width;
        struct candidate found = {
            .x1 = row[box], .y1 = row[box + 1], .x2 = row[box + 2], .y2 = row[box + 3], .score = row[score]};
        bool good = isfinite(found.x1) && isfinite(found.y1) && isfinite(found.x2) && isfinite(found.y2) &&
                    found.x2 >= found.x1 && found.y2 >= found.y1;
        if (good && found.score > filter->threshold && found.score <= FLT_MAX &&
            read_class(row[5], classes, &found.class_index) && is_wanted(filter, found.class_index))
            status = candidates_add(out, &found, err);
    }
    if (status != BSR_OK)
        out->count = before;
    return status;
}
