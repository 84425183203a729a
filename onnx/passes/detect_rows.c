/* Numbers for a tail, and what YOLOv5 makes of them. */
#include "onnx/passes/detect.h"

#include <math.h>
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

/* The first cell of each anchor has boxes of logit 0: its size is the anchor's, exactly. */
void detect_fill_head(struct detect_probe *probe, int index)
{
    const struct detect_head *head = &probe->heads->items[index];
    float                    *to = probe->logits[index].data;
    size_t                    area = (size_t)head->height * (size_t)head->width;

    for (int a = 0; a < probe->tail->anchors; a++)
        for (int v = 0; v < probe->values; v++)
            for (size_t i = 0; i < area; i++) {
                double logit = detect_next_logit(probe);
                if (v == OBJECTNESS)
                    logit = detect_row_logit(probe, probe->first[index] + (size_t)a * area + i);
                else if (v < OBJECTNESS && !i)
                    logit = 0.0;
                *to++ = (float)logit;
            }
}

bool detect_is_close(double value, double expected, double least_scale)
{
    return fabs(value - expected) <= tolerance * fmax(fabs(expected), least_scale);
}

static bool is_decoded(const struct detect_probe *probe, const struct cell *cell, const float *row)
{
    const float *anchor = probe->tail->sizes[cell->head][cell->anchor];
    double       stride = (double)probe->tail->strides[cell->head];
    size_t       at[2] = {cell->x, cell->y};

    for (int v = 0; v < probe->values; v++) {
        double score = detect_sigmoid(logit_at(probe, cell, v));
        double expected = score, least = DETECT_SCORE_FLOOR;
        if (v < 2) {
            expected = (2.0 * score - 0.5 + (double)at[v]) * stride;
            least = stride;
        } else if (v < OBJECTNESS) {
            expected = 4.0 * score * score * (double)anchor[v - 2];
        }
        if (!detect_is_close((double)row[v], expected, least))
            return false;
    }
    return true;
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
        if (!is_decoded(probe, &cell, values))
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
