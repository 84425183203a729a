/* What does this tail compute? It is run, as it is written, on numbers of our choice. Every cell of every
 * anchor gets an objectness of its own, by which its row is known again wherever the export puts it. */
#include "onnx/passes/detect.h"

#include "base/alloc.h"
#include "onnx/edit.h"
#include "onnx/evaluate.h"
#include "onnx/passes/passes.h"

#include <string.h>

/* Numbers in one tensor of the tail, and in all: YOLOv5x6 at 1280 pixels has 9 and some 180 million. */
enum { MAX_VALUES = 1 << 25, MAX_WORK = 1 << 29 };

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
        if (!known || (known->dims != DETECT_ROWS && known->dims != DETECT_GRID) || known->shape[0] != 1)
            return 0;
        int64_t last = known->shape[known->dims - 1];
        if (side && side != last)
            return 0;
        side = last;
    }
    return side;
}

/* Anchors, classes, strides and rows from the shapes; false where they are none of a Detect tail. */
static bool plan_anchors(struct detect_probe *probe, int64_t values)
{
    struct onnx_detect_tail *tail = probe->tail;
    int64_t                  channels = probe->heads->items[0].channels;

    if (values <= BOX_VALUES || channels % values || channels / values > ONNX_MAX_ANCHORS ||
        channels > DETECT_MAX_ROWS)
        return false;
    probe->values = (int)values;
    tail->heads = probe->heads->count;
    tail->anchors = (int)(channels / values);
    tail->classes = probe->values - BOX_VALUES;
    for (int i = 0; i < tail->heads; i++) {
        const struct detect_head *head = &probe->heads->items[i];
        int64_t                   stride = tail->in_height / head->height;
        probe->first[i] = probe->rows;
        if (head->channels != channels || head->height > DETECT_MAX_ROWS || head->width > DETECT_MAX_ROWS ||
            head->height * stride != tail->in_height || head->width * stride != tail->in_width)
            return false;
        tail->strides[i] = (float)stride;
        probe->rows += (size_t)(head->height * head->width) * (size_t)tail->anchors;
        if (probe->rows > DETECT_MAX_ROWS || probe->rows * (size_t)probe->values > MAX_VALUES)
            return false;
    }
    return true;
}

/* Whether one side of each output is `values`: 4 + classes. */
static bool has_rows_of(const struct onnx_model *model, const struct onnx_values *values, int64_t side)
{
    const Onnx__GraphProto *graph = model->proto->graph;

    for (size_t i = 0; i < graph->n_output; i++) {
        const struct bsr_tensor *known = onnx_values_find(values, text_or_empty(graph->output[i]->name));
        if (!known || known->dims != DETECT_ROWS || (known->shape[1] != side && known->shape[2] != side))
            return false;
    }
    return graph->n_output > 0;
}

static bool plan(struct detect_probe *probe, const struct onnx_model *model, const struct onnx_values *values)
{
    if (!probe->heads->paired)
        return plan_anchors(probe, row_values(model, values, probe->heads));
    return detect_plan_free(probe) && has_rows_of(model, values, probe->values) &&
           probe->rows * (size_t)(BOX_SIDES * probe->tail->bins) <= MAX_VALUES &&
           probe->rows * (size_t)probe->values <= MAX_VALUES;
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

/* What exporters write Detect layers with; each takes a time that its tensors' sizes bound. */
static bool is_tail_operator(const struct onnx_values *values, const Onnx__NodeProto *node)
{
    static const char types[] = " Add Cast Clip Concat Constant ConstantOfShape DequantizeLinear Div Equal "
                                "Exp Expand Flatten Floor Gather "
                                "Identity Max Min Mod Mul Neg Pow QuantizeLinear Range Reciprocal ReduceProd "
                                "Reshape ScatterND Shape Sigmoid "
                                "Slice Softmax Split Sqrt Squeeze Sub Tanh Tile Transpose Unsqueeze Where ";
    const char       *type = text_or_empty(node->op_type);
    const char       *at = *type && !strchr(type, ' ') && node_is(node, type) ? strstr(types, type) : NULL;

    for (; at; at = strstr(at + 1, type))
        if (at[-1] == ' ' && at[strlen(type)] == ' ')
            return true;
    return detect_is_mean(values, node);
}

/* A hostile file's tail may be anything: it is run only where that is sure to take little time and memory. */
static bool may_run(const struct onnx_model *part, const struct onnx_values *values)
{
    const Onnx__GraphProto *graph = part->proto->graph;
    size_t                  elements = 0;

    for (size_t i = 0; i < graph->n_node; i++) {
        const Onnx__NodeProto *node = graph->node[i];
        if (!is_tail_operator(values, node))
            return false;
        for (size_t o = 0; o < node->n_output; o++) {
            const struct bsr_tensor *known = onnx_values_find(values, node->output[o]);
            size_t                   count = known ? tensor_count(known) : SIZE_MAX;
            if (!*node->output[o])
                continue;
            if (count > MAX_VALUES)
                return false;
            elements += count;
            if (elements > MAX_WORK)
                return false;
        }
    }
    return true;
}

/* The logits in the order of the tail's inputs; false when these are not the heads. */
static bool order_inputs(const struct detect_probe *probe, const struct onnx_model *tail,
                         struct bsr_tensor *inputs)
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

static bsr_status run_tail(struct detect_probe *probe, const struct onnx_model *tail, bool *matches,
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
            good = probe->heads->paired ? detect_check_free(probe, &outputs[i])
                                        : detect_check_output(probe, &outputs[i]);
        *matches = good;
        for (int i = 0; i < count; i++)
            tensor_free(&outputs[i]);
    }
    evaluator_close(evaluator);
    mem_free(outputs);
    return status;
}

static bsr_status fill_logits(struct detect_probe *probe, struct bsr_error *err)
{
    probe->seen = mem_alloc_zeroed(probe->rows, sizeof *probe->seen);
    if (!probe->seen)
        return bsr_fail_memory(err, NULL, probe->rows);
    detect_fill_table(probe);
    for (int i = 0; i < probe->heads->count; i++) {
        const struct detect_head *head = &probe->heads->items[i];
        probe->logits[i] = (struct bsr_tensor){
            .type = BSR_F32, .dims = 4, .shape = {1, head->channels, head->height, head->width}};
        bsr_status status = tensor_alloc(&probe->logits[i], err);
        if (status != BSR_OK)
            return status;
        if (probe->heads->paired)
            detect_fill_free(probe, i);
        else
            detect_fill_head(probe, i);
    }
    return BSR_OK;
}

/* With the heads in the order that they have now. */
static bsr_status probe_heads(const struct onnx_model *model, const struct onnx_values *values,
                              const struct detect_heads *heads, struct onnx_detect_tail *tail, bool *matches,
                              struct bsr_error *err)
{
    struct detect_probe probe = {.heads = heads, .tail = tail, .random = UINT64_C(0x9E3779B97F4A7C15)};
    struct onnx_model  *part = NULL;
    bool                changed = false;

    *matches = false;
    if (!plan(&probe, model, values))
        return BSR_OK;
    bsr_status status = extract_tail(&part, model, heads, err);
    if (status == BSR_OK && may_run(part, values)) {
        status = pass_f16_to_f32(part, NULL, NULL, &changed, err);
        if (status == BSR_OK)
            status = fill_logits(&probe, err);
        if (status == BSR_OK)
            status = run_tail(&probe, part, matches, err);
    }
    for (int i = 0; i < heads->count; i++)
        tensor_free(&probe.logits[i]);
    mem_free(probe.seen);
    onnx_model_free(part);
    return status == BSR_ENOMEM ? status : BSR_OK; /* what can't be run is no tail that is known */
}

static void swap_pairs(struct detect_heads *heads)
{
    for (int i = 0; i + 1 < heads->count; i += 2) {
        struct detect_head first = heads->items[i];
        heads->items[i] = heads->items[i + 1];
        heads->items[i + 1] = first;
    }
}

/* Which head of each pair is the one with more channels: the box, where the classes are few. */
static void sort_pairs(struct detect_heads *heads)
{
    for (int i = 0; i + 1 < heads->count; i += 2)
        if (heads->items[i].channels < heads->items[i + 1].channels) {
            struct detect_head first = heads->items[i];
            heads->items[i] = heads->items[i + 1];
            heads->items[i + 1] = first;
        }
}

bsr_status detect_probe_tail(const struct onnx_model *model, const struct onnx_values *values,
                             struct detect_heads *heads, struct onnx_detect_tail *tail, bool *matches,
                             struct bsr_error *err)
{
    if (heads->paired)
        sort_pairs(heads);
    bsr_status status = probe_heads(model, values, heads, tail, matches, err);
    if (status != BSR_OK || *matches || !heads->paired)
        return status;
    swap_pairs(heads);
    return probe_heads(model, values, heads, tail, matches, err);
}
