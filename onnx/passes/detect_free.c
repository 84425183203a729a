/* Numbers for an anchor-free tail, and what YOLOv8 makes of them (ultralytics, nn/modules/head.py, Detect).
 */
#include "onnx/passes/detect.h"

#include <math.h>
#include <string.h>

/* Of paired heads: the box, the classes. */
enum { BOX, CLASSES, PAIR };

/* A cell of a head, and its place in the head's planes. */
struct free_cell {
    int    head;
    size_t y, x, at;
};

static const struct detect_head *head_of(const struct detect_probe *probe, int head, int part)
{
    return &probe->heads->items[PAIR * head + part];
}

static bool plan_head(struct detect_probe *probe, int index)
{
    struct onnx_detect_tail  *tail = probe->tail;
    const struct detect_head *box = head_of(probe, index, BOX), *classes = head_of(probe, index, CLASSES);
    int64_t                   stride = tail->in_height / box->height;

    if (box->channels != (int64_t)BOX_SIDES * tail->bins || classes->channels != tail->classes ||
        box->height > DETECT_MAX_ROWS || box->width > DETECT_MAX_ROWS ||
        box->height * stride != tail->in_height || box->width * stride != tail->in_width)
        return false;
    tail->strides[index] = (float)stride;
    probe->first[index] = probe->rows;
    probe->rows += (size_t)(box->height * box->width);
    return probe->rows <= DETECT_MAX_ROWS;
}

bool detect_plan_free(struct detect_probe *probe)
{
    struct onnx_detect_tail *tail = probe->tail;
    int64_t box = head_of(probe, 0, BOX)->channels, classes = head_of(probe, 0, CLASSES)->channels;

    if (box % BOX_SIDES || box / BOX_SIDES > DETECT_MAX_BINS || classes > DETECT_MAX_ROWS)
        return false;
    tail->heads = probe->heads->count / PAIR;
    tail->anchors = 0;
    tail->bins = (int)(box / BOX_SIDES);
    tail->classes = (int)classes;
    probe->values = BOX_SIDES + tail->classes;
    probe->rows = 0;
    for (int i = 0; i < tail->heads; i++)
        if (!plan_head(probe, i))
            return false;
    return true;
}

/* The first class's logit tells the row. */
void detect_fill_free(struct detect_probe *probe, int index)
{
    const struct detect_head *head = &probe->heads->items[index];
    float                    *to = probe->logits[index].data;
    size_t                    area = (size_t)head->height * (size_t)head->width;

    for (int64_t c = 0; c < head->channels; c++)
        for (size_t i = 0; i < area; i++) {
            double logit = detect_next_logit(probe);
            if (index % PAIR == CLASSES && c == 0)
                logit = detect_row_logit(probe, probe->first[index / PAIR] + i);
            *to++ = (float)logit;
        }
}

static struct free_cell cell_of_row(const struct detect_probe *probe, size_t row)
{
    struct free_cell cell = {.head = probe->tail->heads - 1};

    while (cell.head && row < probe->first[cell.head])
        cell.head--;
    size_t width = (size_t)head_of(probe, cell.head, BOX)->width;
    cell.at = row - probe->first[cell.head];
    cell.y = cell.at / width;
    cell.x = cell.at % width;
    return cell;
}

static double logit_at(const struct detect_probe *probe, const struct free_cell *cell, int part, int channel)
{
    const struct detect_head *head = head_of(probe, cell->head, part);
    const float              *data = probe->logits[PAIR * cell->head + part].data;

    return (double)data[(size_t)channel * (size_t)head->height * (size_t)head->width + cell->at];
}

/* From the cell's centre to a side, in cells: the mean of a distribution over 0, 1, 2 ... (Li et al. 2020,
 * Generalized Focal Loss). */
static double distance_of(const struct detect_probe *probe, const struct free_cell *cell, int side)
{
    const int bins = probe->tail->bins;
    double    sum = 0, mean = 0;

    if (bins == 1)
        return logit_at(probe, cell, BOX, side);
    for (int k = 0; k < bins; k++) {
        double weight = exp(logit_at(probe, cell, BOX, side * bins + k));
        sum += weight;
        mean += weight * k;
    }
    return mean / sum;
}

/* `numbers` of a row are `step` apart. */
static bool is_decoded(const struct detect_probe *probe, const struct free_cell *cell, const float *numbers,
                       size_t step)
{
    double stride = (double)probe->tail->strides[cell->head];
    double from[2] = {(double)cell->x + 0.5, (double)cell->y + 0.5}, to[2] = {from[0], from[1]};

    for (int axis = 0; axis < 2; axis++) {
        from[axis] -= distance_of(probe, cell, axis);
        to[axis] += distance_of(probe, cell, 2 + axis);
        double centre = (from[axis] + to[axis]) / 2 * stride, size = (to[axis] - from[axis]) * stride;
        if (!detect_is_close((double)numbers[(size_t)axis * step], centre, stride) ||
            !detect_is_close((double)numbers[(size_t)(2 + axis) * step], size, stride))
            return false;
    }
    for (int c = 0; c < probe->tail->classes; c++)
        if (!detect_is_close((double)numbers[(size_t)(BOX_SIDES + c) * step],
                             detect_sigmoid(logit_at(probe, cell, CLASSES, c)), DETECT_SCORE_FLOOR))
            return false;
    return true;
}

bool detect_check_free(struct detect_probe *probe, const struct bsr_tensor *output)
{
    const int64_t rows = (int64_t)probe->rows;

    if (output->type != BSR_F32 || output->dims != DETECT_ROWS || output->shape[0] != 1)
        return false;
    bool columns = output->shape[1] == probe->values && output->shape[2] == rows;
    if (!columns && (output->shape[1] != rows || output->shape[2] != probe->values))
        return false;

    size_t step = columns ? probe->rows : 1, next = columns ? 1 : (size_t)probe->values;
    memset(probe->seen, 0, probe->rows);
    for (size_t r = 0; r < probe->rows; r++) {
        const float *numbers = (const float *)output->data + r * next;
        size_t       row = 0;
        if (!detect_row_of_score(probe, (double)numbers[BOX_SIDES * step], &row) || probe->seen[row])
            return false;
        probe->seen[row] = true;
        struct free_cell cell = cell_of_row(probe, row);
        if (!is_decoded(probe, &cell, numbers, step))
            return false;
    }
    return true;
}
