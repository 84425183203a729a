/* What does this tail compute? It is run, as it is written, on numbers of our choice. Every cell of every
 * anchor gets an objectness of its own, by which its row is known again wherever the export puts it. */
#include "onnx/passes/detect.h"

#include "base/alloc.h"
#include "onnx/edit.h"
#include "onnx/evaluate.h"
#include "onnx/passes/passes.h"

#include <math.h>
#include <string.h>

/* A thousandth: exports in f16 keep their constants to about 1/2000. */
static const double tolerance = 1e-3;

/* Scores are compared with an absolute tolerance of a hundredth of the relative one. */
static const double score_floor = 1e-2;

/* Objectness logits are spread evenly over -4..4, where a sigmoid in f32 still tells 200,000 apart; boxes'
 * logits and classes' are random in -3..3. */
enum { OBJECTNESS = 4, LOGIT_RANGE = 4, MAX_ROWS = 200000, MAX_VALUES = 1 << 25 };
enum { ROWS = 3, GRID = 5 }; /* dimensions of an output */

struct probe {
    const struct detect_heads *heads;
    struct onnx_detect_tail   *tail;
    int                        values;                 /* of a row: 5 + classes */
    size_t                     first[ONNX_MAX_HEADS];  /* row of each head's first cell, in our order */
    size_t                     rows;                   /* of all heads */
    struct bsr_tensor          logits[ONNX_MAX_HEADS]; /* f32 [1][anchors * values][height][width] */
    bool                      *seen;                   /* by row */
    uint64_t                   random;
};

/* A cell of an anchor of a head. */
struct cell {
    int    head, anchor;
    size_t y, x;
};

static double sigmoid(double t)
{
    return 1.0 / (1.0 + exp(-t));
}

static double objectness_logit(const struct probe *probe, size_t row)
{
    return LOGIT_RANGE * (2.0 * ((double)row + 0.5) / (double)probe->rows - 1.0);
}

/* The inverse; false for what is none of ours. */
static bool row_of_score(const struct probe *probe, double score, size_t *row)
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

static struct cell cell_of_row(const struct probe *probe, size_t row)
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

static double logit_at(const struct probe *probe, const struct cell *cell, int value)
{
    const struct detect_head *head = &probe->heads->items[cell->head];
    const float              *data = probe->logits[cell->head].data;
    size_t                    channel = (size_t)cell->anchor * (size_t)probe->values + (size_t)value;

    return (double)data[(channel * (size_t)head->height + cell->y) * (size_t)head->width + cell->x];
}

static double next_logit(struct probe *probe)
{
    probe->random ^= probe->random << 13;
    probe->random ^= probe->random >> 7;
    probe->random ^= probe->random << 17;
    return 6.0 * (double)(probe->random >> 11) / (double)(UINT64_C(1) << 53) - 3.0;
}

/* The first cell of each anchor has boxes of logit 0: its size is the anchor's, exactly. */
static void fill_head(struct probe *probe, int index)
{
    const struct detect_head *head = &probe->heads->items[index];
    float                    *to = probe->logits[index].data;
    size_t                    area = (size_t)head->height * (size_t)head->width;

    for (int a = 0; a < probe->tail->anchors; a++)
        for (int v = 0; v < probe->values; v++)
            for (size_t i = 0; i < area; i++) {
                double logit = next_logit(probe);
                if (v == OBJECTNESS)
                    logit = objectness_logit(probe, probe->first[index] + (size_t)a * area + i);
                else if (v < OBJECTNESS && !i)
                    logit = 0.0;
                *to++ = (float)logit;
            }
}

static bool is_close(double value, double expected, double least_scale)
{
    return fabs(value - expected) <= tolerance * fmax(fabs(expected), least_scale);
}

static bool is_decoded(const struct probe *probe, const struct cell *cell, const float *row)
{
    const float *anchor = probe->tail->sizes[cell->head][cell->anchor];
    double       stride = (double)probe->tail->strides[cell->head];
    size_t       at[2] = {cell->x, cell->y};

    for (int v = 0; v < probe->values; v++) {
        double score = sigmoid(logit_at(probe, cell, v));
        double expected = score, least = score_floor;
        if (v < 2) {
            expected = (2.0 * score - 0.5 + (double)at[v]) * stride;
            least = stride;
        } else if (v < OBJECTNESS) {
            expected = 4.0 * score * score * (double)anchor[v - 2];
        }
        if (!is_close((double)row[v], expected, least))
            return false;
    }
    return true;
}

/* Takes the anchors from the rows of first cells. Which row is which is known by its objectness. */
static bool read_anchors(struct probe *probe, const float *data)
{
    memset(probe->seen, 0, probe->rows);
    for (size_t r = 0; r < probe->rows; r++) {
        const float *values = data + r * (size_t)probe->values;
        size_t       row = 0;
        if (!row_of_score(probe, (double)values[OBJECTNESS], &row) || probe->seen[row])
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
static bool check_rows(struct probe *probe, const struct bsr_tensor *output)
{
    const float *data = output->data;

    if (output->shape[1] != (int64_t)probe->rows || output->shape[2] != probe->values ||
        !read_anchors(probe, data))
        return false;
    for (size_t r = 0; r < probe->rows; r++) {
        const float *values = data + r * (size_t)probe->values;
        size_t       row = 0;
        if (!row_of_score(probe, (double)values[OBJECTNESS], &row))
            return false;
        struct cell cell = cell_of_row(probe, row);
        if (!is_decoded(probe, &cell, values))
            return false;
    }
    return true;
}

/* An output [1][anchors][height][width][5 + classes] of logits. */
static bool check_grid(const struct probe *probe, const struct bsr_tensor *output)
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
                    if (!is_close((double)*value, logit_at(probe, &cell, v), 1.0))
                        return false;
    return true;
}

static bool check_output(struct probe *probe, const struct bsr_tensor *output)
{
    if (output->type != BSR_F32 || output->shape[0] != 1)
        return false;
    if (output->dims == ROWS)
        return check_rows(probe, output);
    return output->dims == GRID && check_grid(probe, output);
}

/* ---- shapes: could this be a Detect tail? --------------------------------------------------- */

/* The last side of the outputs that are no heads themselves: 5 + classes. 0 where they disagree. */
static int64_t row_values(const struct onnx_model *model, const struct onnx_values *values,
                          const struct detect_heads *heads)
{
    const Onnx__GraphProto *graph = model->proto->graph;
    int64_t                 side = 0;

    for (size_t i = 0; i < graph->n_output; i++) {
        const char              *name = text_or_empty(graph->output[i]->name);
        const struct bsr_tensor *known = onnx_values_find(values, name);
        bool                     is_head = false;
        for (int h = 0; h < heads->count; h++)
            is_head |= strcmp(heads->items[h].name, name) == 0;
        if (is_head)
            continue;
        if (!known || (known->dims != ROWS && known->dims != GRID) || known->shape[0] != 1)
            return 0;
        int64_t last = known->shape[known->dims - 1];
        if (side && side != last)
            return 0;
        side = last;
    }
    return side;
}

/* Anchors, classes, strides and rows from the shapes; false where they are none of a Detect tail. */
static bool plan(struct probe *probe, int64_t values)
{
    struct onnx_detect_tail *tail = probe->tail;
    int64_t                  channels = probe->heads->items[0].channels;

    if (values <= BOX_VALUES || channels % values || channels / values > ONNX_MAX_ANCHORS ||
        channels > MAX_ROWS)
        return false;
    probe->values = (int)values;
    tail->heads = probe->heads->count;
    tail->anchors = (int)(channels / values);
    tail->classes = probe->values - BOX_VALUES;
    for (int i = 0; i < tail->heads; i++) {
        const struct detect_head *head = &probe->heads->items[i];
        probe->first[i] = probe->rows;
        if (head->channels != channels || head->height > MAX_ROWS || head->width > MAX_ROWS ||
            tail->in_height % head->height || tail->in_width % head->width ||
            tail->in_height / head->height != tail->in_width / head->width)
            return false;
        tail->strides[i] = (float)(tail->in_height / head->height);
        probe->rows += (size_t)(head->height * head->width) * (size_t)tail->anchors;
        if (probe->rows > MAX_ROWS || probe->rows * (size_t)probe->values > MAX_VALUES)
            return false;
    }
    return true;
}

/* ---- the run ---------------------------------------------------------------------------------- */

/* A model of its own with the nodes of the tail. */
static bsr_status extract_tail(struct onnx_model **out, const struct onnx_model *model,
                               const struct detect_heads *heads, struct bsr_error *err)
{
    const Onnx__GraphProto *graph = model->proto->graph;
    const char             *inputs[ONNX_MAX_HEADS];
    const char            **outputs = mem_alloc_zeroed(graph->n_output, sizeof *outputs);
    int                     count = 0;

    if (!outputs)
        return bsr_fail_memory(err, NULL, graph->n_output * sizeof *outputs);
    for (int i = 0; i < heads->count; i++)
        inputs[i] = heads->items[i].name;
    for (size_t i = 0; i < graph->n_output; i++) {
        const char *name = text_or_empty(graph->output[i]->name);
        bool        is_head = false;
        for (int h = 0; h < heads->count; h++)
            is_head |= strcmp(inputs[h], name) == 0;
        if (!is_head)
            outputs[count++] = name;
    }
    bsr_status status = onnx_extract(out, model, inputs, heads->count, outputs, count, err);
    mem_free(outputs);
    return status;
}

/* The logits in the order of the tail's inputs; false when these are not the heads. */
static bool order_inputs(const struct probe *probe, const struct onnx_model *tail, struct bsr_tensor *inputs)
{
    if (onnx_input_count(tail) != probe->heads->count)
        return false;
    for (int i = 0; i < probe->heads->count; i++) {
        int h = 0;
        while (h < probe->heads->count && strcmp(probe->heads->items[h].name, onnx_input(tail, i).name) != 0)
            h++;
        if (h == probe->heads->count)
            return false;
        inputs[i] = probe->logits[h];
    }
    return true;
}

static bsr_status run_tail(struct probe *probe, const struct onnx_model *tail, bool *matches,
                           struct bsr_error *err)
{
    int                count = onnx_output_count(tail);
    struct bsr_tensor  inputs[ONNX_MAX_HEADS];
    struct bsr_tensor *outputs = NULL;
    struct evaluator  *evaluator = NULL;
    bsr_status         status = BSR_OK;

    if (!order_inputs(probe, tail, inputs))
        return BSR_OK;
    outputs = mem_alloc_zeroed((size_t)count, sizeof *outputs);
    if (!outputs)
        return bsr_fail_memory(err, NULL, (size_t)count * sizeof *outputs);
    status = evaluator_open(&evaluator, tail, err);
    if (status == BSR_OK)
        status = evaluator_run(evaluator, inputs, outputs, NULL, NULL, err);
    if (status == BSR_OK) {
        bool good = count > 0;
        for (int i = 0; good && i < count; i++)
            good = check_output(probe, &outputs[i]);
        *matches = good;
        for (int i = 0; i < count; i++)
            tensor_free(&outputs[i]);
    }
    evaluator_close(evaluator);
    mem_free(outputs);
    return status;
}

static bsr_status fill_logits(struct probe *probe, struct bsr_error *err)
{
    probe->seen = mem_alloc_zeroed(probe->rows, sizeof *probe->seen);
    if (!probe->seen)
        return bsr_fail_memory(err, NULL, probe->rows);
    for (int i = 0; i < probe->heads->count; i++) {
        const struct detect_head *head = &probe->heads->items[i];
        probe->logits[i] = (struct bsr_tensor){
            .type = BSR_F32, .dims = 4, .shape = {1, head->channels, head->height, head->width}};
        bsr_status status = tensor_alloc(&probe->logits[i], err);
        if (status != BSR_OK)
            return status;
        fill_head(probe, i);
    }
    return BSR_OK;
}

bsr_status detect_probe_tail(const struct onnx_model *model, const struct onnx_values *values,
                             const struct detect_heads *heads, struct onnx_detect_tail *tail, bool *matches,
                             struct bsr_error *err)
{
    struct probe       probe = {.heads = heads, .tail = tail, .random = UINT64_C(0x9E3779B97F4A7C15)};
    struct onnx_model *part = NULL;
    bool               changed = false;

    *matches = false;
    if (!plan(&probe, row_values(model, values, heads)))
        return BSR_OK;
    bsr_status status = extract_tail(&part, model, heads, err);
    if (status == BSR_OK)
        status = pass_f16_to_f32(part, NULL, NULL, &changed, err);
    if (status == BSR_OK)
        status = fill_logits(&probe, err);
    if (status == BSR_OK)
        status = run_tail(&probe, part, matches, err);
    for (int i = 0; i < heads->count; i++)
        tensor_free(&probe.logits[i]);
    mem_free(probe.seen);
    onnx_model_free(part);
    return status == BSR_ENOMEM ? status : BSR_OK; /* what can't be run is no tail that is known */
}
