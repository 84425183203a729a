/* Numbers for a tail, and what YOLOv5 makes of them. */
#include "onnx/passes/detect.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

/* A thousandth: exports in f16 keep their constants to about 1/2000. */
static const double tolerance = 1e-3;

/* Objectness logits are spread evenly over -4..4, where a sigmoid in f32 still tells 200,000 apart; boxes'
 * logits and classes' are random in -3..3. */
enum { OBJECTNESS = 4, LOGIT_RANGE = 4 };

/* A cell of an anchor of a head. */
struct cell {
    int    head, anchor;
    size_t y, x;
};

double detect_sigmoid(double t)
{
    return 1.0 / (1.0 + exp(-t));
}

double detect_row_logit(const struct detect_probe *probe, size_t row)
{
    return LOGIT_RANGE * (2.0 * ((double)row + 0.5) / (double)probe->rows - 1.0);
}

/* The inverse; false for what is none of ours. */
bool detect_row_of_score(const struct detect_probe *probe, double score, size_t *row)
{
    if (!(score > 0.0 && score < 1.0))
        return false;
    double logit = log(score / (1.0 - score));
    double at = (logit / LOGIT_RANGE + 1.0) / 2.0 * (double)probe->rows - 0.5;
    if (!(at > -0.5 && at < (double)probe->rows - 0.5))
        return false;
    *row = (size_t)(at + 0.5);
    return true;
}

static struct cell cell_of_row(const struct detect_probe *probe, size_t row)
{
    struct cell cell = {.head = probe->heads->count - 1};

    while (cell.head && row < probe->first[cell.head])
        cell.head--;
    const struct detect_head *head = &probe->heads->items[cell.head];
    size_t                    width = (size_t)head->width, area = width * (size_t)head->height;
    size_t                    at = row - probe->first[cell.head];
    cell.anchor = (int)(at / area);
    cell.y = at % area / width;
    cell.x = at % width;
    return cell;
}

static double logit_at(const struct detect_probe *probe, const struct cell *cell, int value)
{
    const struct detect_head *head = &probe->heads->items[cell->head];
    const float              *data = probe->logits[cell->head].data;
    size_t                    channel = (size_t)cell->anchor * (size_t)probe->values + (size_t)value;

    return (double)data[(channel * (size_t)head->height + cell->y) * (size_t)head->width + cell->x];
}

double detect_next_logit(struct detect_probe *probe)
{
    probe->random ^= probe->random << 13;
    probe->random ^= probe->random >> 7;
    probe->random ^= probe->random << 17;
    return 6.0 * (double)(probe->random >> 11) / (double)(UINT64_C(1) << 53) - 3.0;
}

/* Which of the table's logits a value of a cell has: any mapping that tells channels and cells apart. */
static size_t pick(int head, size_t channel, size_t at)
{
    uint32_t mixed =
        (uint32_t)head * 0xC2B2AE3DU + (uint32_t)channel * 0x9E3779B1U + (uint32_t)at * 0x85EBCA77U;

    mixed ^= mixed >> 15;
    mixed *= 0x2C1B3C6DU;
    return mixed / (UINT32_MAX / DETECT_LOGITS + 1);
}

void detect_fill_table(struct detect_probe *probe)
{
    for (int i = 0; i < DETECT_LOGITS; i++) {
        probe->table[i] = (float)detect_next_logit(probe);
        probe->scores[i] = detect_sigmoid((double)probe->table[i]);
    }
}

/* The first cell of each anchor has boxes of logit 0: its size is the anchor's, exactly. */
void detect_fill_head(struct detect_probe *probe, int index)
{
    const struct detect_head *head = &probe->heads->items[index];
    float                    *to = probe->logits[index].data;
    size_t                    area = (size_t)head->height * (size_t)head->width;

    for (size_t channel = 0; channel < (size_t)head->channels; channel++, to += area) {
        size_t anchor = channel / (size_t)probe->values, v = channel % (size_t)probe->values;
        for (size_t i = 0; i < area; i++)
            to[i] = v == OBJECTNESS ? (float)detect_row_logit(probe, probe->first[index] + anchor * area + i)
                                    : probe->table[pick(index, channel, i)];
        if (v < OBJECTNESS)
            to[0] = 0.0F;
    }
}

bool detect_is_close(double value, double expected, double least_scale)
{
    return fabs(value - expected) <= tolerance * fmax(fabs(expected), least_scale);
}

static bool has_box(const struct detect_probe *probe, const struct cell *cell, const float *row)
{
    const float *anchor = probe->tail->sizes[cell->head][cell->anchor];
    double       stride = (double)probe->tail->strides[cell->head];
    size_t       at[2] = {cell->x, cell->y};

    for (int v = 0; v < OBJECTNESS; v++) {
        double score = detect_sigmoid(logit_at(probe, cell, v));
        double expected = v < 2 ? (2.0 * score - 0.5 + (double)at[v]) * stride
                                : 4.0 * score * score * (double)anchor[v - 2];
        if (!detect_is_close((double)row[v], expected, v < 2 ? stride : DETECT_SCORE_FLOOR))
            return false;
    }
    return true;
}

/* Most of all numbers are scores of classes. */
static bool has_scores(const struct detect_probe *probe, const struct cell *cell, const float *row)
{
    size_t at = cell->y * (size_t)probe->heads->items[cell->head].width + cell->x;
    bool   good = detect_is_close((double)row[OBJECTNESS], detect_sigmoid(logit_at(probe, cell, OBJECTNESS)),
                                  DETECT_SCORE_FLOOR);

    for (int v = BOX_VALUES; v < probe->values; v++) {
        size_t channel = (size_t)cell->anchor * (size_t)probe->values + (size_t)v;
        double expected = probe->scores[pick(cell->head, channel, at)];
        double scale = expected > DETECT_SCORE_FLOOR ? expected : DETECT_SCORE_FLOOR;
        good &= fabs((double)row[v] - expected) <= tolerance * scale;
    }
    return good;
}

/* Takes the anchors from the rows of first cells. Which row is which is known by its objectness. */
static bool read_anchors(struct detect_probe *probe, const float *data)
{
    memset(probe->seen, 0, probe->rows);
    for (size_t r = 0; r < probe->rows; r++) {
        const float *values = data + r * (size_t)probe->values;
        size_t       row = 0;
        if (!detect_row_of_score(probe, (double)values[OBJECTNESS], &row) || probe->seen[row])
            return false;
        probe->seen[row] = true;

        struct cell cell = cell_of_row(probe, row);
        float      *anchor = probe->tail->sizes[cell.head][cell.anchor];
        if (cell.x || cell.y)
            continue;
        if (!(isfinite(values[2]) && isfinite(values[3]) && values[2] > 0.0F && values[3] > 0.0F))
            return false;
        anchor[0] = values[2];
        anchor[1] = values[3];
    }
    return true;
}

/* An output [1][rows][5 + classes]. */
static bool check_rows(struct detect_probe *probe, const struct bsr_tensor *output)
{
    const float *data = output->data;

    if (output->shape[1] != (int64_t)probe->rows || output->shape[2] != probe->values ||
        !read_anchors(probe, data))
        return false;
    for (size_t r = 0; r < probe->rows; r++) {
        const float *values = data + r * (size_t)probe->values;
        size_t       row = 0;
        if (!detect_row_of_score(probe, (double)values[OBJECTNESS], &row))
            return false;
        struct cell cell = cell_of_row(probe, row);
        if (!has_box(probe, &cell, values) || !has_scores(probe, &cell, values))
            return false;
    }
    return true;
}

/* An output [1][anchors][height][width][5 + classes] of logits. */
static bool check_grid(const struct detect_probe *probe, const struct bsr_tensor *output)
{
    struct cell  cell = {.head = 0};
    const float *value = output->data;

    while (cell.head < probe->heads->count && probe->heads->items[cell.head].height != output->shape[2])
        cell.head++;
    if (cell.head == probe->heads->count || probe->heads->items[cell.head].width != output->shape[3] ||
        output->shape[1] != probe->tail->anchors || output->shape[4] != probe->values)
        return false;
    for (cell.anchor = 0; cell.anchor < probe->tail->anchors; cell.anchor++)
        for (cell.y = 0; cell.y < (size_t)output->shape[2]; cell.y++)
            for (cell.x = 0; cell.x < (size_t)output->shape[3]; cell.x++)
                for (int v = 0; v < probe->values; v++, value++)
                    if (!detect_is_close((double)*value, logit_at(probe, &cell, v), 1.0))
                        return false;
    return true;
}

bool detect_check_output(struct detect_probe *probe, const struct bsr_tensor *output)
{
    if (output->type != BSR_F32 || output->shape[0] != 1)
        return false;
    if (output->dims == DETECT_ROWS)
        return check_rows(probe, output);
    return output->dims == DETECT_GRID && check_grid(probe, output);
}
