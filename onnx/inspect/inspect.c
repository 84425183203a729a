#include "onnx/inspect/inspect.h"

#include "base/alloc.h"
#include "onnx/inspect/live.h"
#include "onnx/inspect/macs.h"
#include "onnx/plan.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHAPES = sizeof((struct onnx_layer *)0)->input_shapes / sizeof(struct bsr_tensor *) };

static uint64_t sum(uint64_t a, uint64_t b)
{
    uint64_t result;
    return __builtin_add_overflow(a, b, &result) ? UINT64_MAX : result;
}

/* ---- constants ---------------------------------------------------------------------------------------- */

static bool is_parameters(const struct bsr_tensor *tensor)
{
    return tensor && tensor->data && tensor->type != BSR_I64 && tensor->type != BSR_BOOL;
}

/* The constant that the n-th input of a node is, or NULL. */
static const struct bsr_tensor *find_constant(const struct plan *plan, int value)
{
    return value >= 0 && plan->values[value].constant.data ? &plan->values[value].constant : NULL;
}

static void widen_range(struct onnx_layer *layer, const struct bsr_tensor *tensor)
{
    size_t count = tensor_count(tensor);

    for (size_t i = 0; i < count; i++) {
        double number = tensor_get(tensor, i);
        if (!isfinite(number))
            continue;
        layer->weight_min = layer->has_weights ? fmin(layer->weight_min, number) : number;
        layer->weight_max = layer->has_weights ? fmax(layer->weight_max, number) : number;
        layer->has_weights = true;
    }
}

/* Constants that some node reads, each once. */
static void add_weights(struct onnx_inspection *inspection, const struct plan *plan)
{
    for (int i = 0; i < plan->value_count; i++) {
        const struct bsr_tensor *tensor = find_constant(plan, i);
        if (!tensor || !plan->values[i].readers)
            continue;
        inspection->weight_bytes = sum(inspection->weight_bytes, tensor_bytes(tensor));
        if (is_parameters(tensor))
            inspection->parameters = sum(inspection->parameters, tensor_count(tensor));
    }
}

/* ---- layers ------------------------------------------------------------------------------------------- */

static const struct bsr_tensor *find_shape(const struct onnx_inspection *inspection, const char *name)
{
    return *name ? onnx_values_find(inspection->values, name) : NULL;
}

static void fill_layer(struct onnx_layer *layer, const struct onnx_inspection *inspection,
                       const struct plan *plan, const struct plan_node *node)
{
    const Onnx__NodeProto *proto = node->proto;

    *layer = (struct onnx_layer){
        .name = text_or_empty(proto->name),
        .type = text_or_empty(proto->op_type),
        .domain = text_or_empty(proto->domain),
        .inputs = (const char *const *)proto->input,
        .outputs = (const char *const *)proto->output,
        .input_count = (int)proto->n_input,
        .output_count = (int)proto->n_output,
    };
    if (!*layer->name && proto->n_output)
        layer->name = proto->output[0];
    for (int i = 0; i < layer->input_count; i++) {
        const struct bsr_tensor *constant = find_constant(plan, node->inputs[i]);
        if (i < SHAPES)
            layer->input_shapes[i] = find_shape(inspection, proto->input[i]);
        if (!is_parameters(constant))
            continue;
        layer->parameters = sum(layer->parameters, tensor_count(constant));
        widen_range(layer, constant);
    }
    for (int i = 0; i < layer->output_count && i < SHAPES; i++)
        layer->output_shapes[i] = find_shape(inspection, proto->output[i]);
    layer->macs = node->node ? layer_macs(layer, node->node) : 0;
}

static bsr_status fill_layers(struct onnx_inspection *inspection, const struct plan *plan,
                              struct bsr_error *err)
{
    inspection->layers = mem_alloc_zeroed((size_t)plan->node_count + 1, sizeof *inspection->layers);
    if (!inspection->layers)
        return bsr_fail_memory(err, NULL, (size_t)plan->node_count * sizeof *inspection->layers);
    inspection->layer_count = plan->node_count;
    for (int i = 0; i < plan->node_count; i++) {
        fill_layer(&inspection->layers[i], inspection, plan, &plan->nodes[i]);
        inspection->macs = sum(inspection->macs, inspection->layers[i].macs);
    }
    return BSR_OK;
}

/* ---- counts of operators --------------------------------------------------------------------------------
 */

static int by_name(const void *left, const void *right)
{
    return strcmp(((const struct onnx_op_count *)left)->name, ((const struct onnx_op_count *)right)->name);
}

static int by_count(const void *left, const void *right)
{
    const struct onnx_op_count *a = left, *b = right;
    return a->count != b->count ? (a->count < b->count) - (a->count > b->count) : by_name(left, right);
}

static void name_operator(struct onnx_op_count *count, const struct onnx_layer *layer)
{
    bool standard = !*layer->domain || strcmp(layer->domain, "ai.onnx") == 0;
    snprintf(count->name, sizeof count->name, "%s%s%s", standard ? "" : layer->domain, standard ? "" : ".",
             layer->type);
}

/* One entry a layer, sorted by name; then entries of one name are put together. */
static bsr_status count_operators(struct onnx_inspection *inspection, struct bsr_error *err)
{
    size_t                layers = (size_t)inspection->layer_count;
    struct onnx_op_count *counts = mem_alloc_zeroed(layers + 1, sizeof *counts);
    int                   kept = -1;

    if (!counts)
        return bsr_fail_memory(err, NULL, layers * sizeof *counts);
    for (size_t i = 0; i < layers; i++) {
        name_operator(&counts[i], &inspection->layers[i]);
        counts[i].count = 1;
        counts[i].macs = inspection->layers[i].macs;
    }
    qsort(counts, layers, sizeof *counts, by_name);
    for (size_t i = 0; i < layers; i++) {
        if (kept >= 0 && strcmp(counts[kept].name, counts[i].name) == 0) {
            counts[kept].count++;
            counts[kept].macs = sum(counts[kept].macs, counts[i].macs);
        } else {
            counts[++kept] = counts[i];
        }
    }
    inspection->operators = counts;
    inspection->operator_count = kept + 1;
    qsort(counts, (size_t)inspection->operator_count, sizeof *counts, by_count);
    return BSR_OK;
}

/* ---- all of it ------------------------------------------------------------------------------------------
 */

static bsr_status fill(struct onnx_inspection *inspection, const struct plan *plan, struct bsr_error *err)
{
    bsr_status status = fill_layers(inspection, plan, err);
    if (status == BSR_OK)
        status = count_operators(inspection, err);
    if (status != BSR_OK)
        return status;
    add_weights(inspection, plan);
    return peak_of_live(&inspection->activation_bytes, plan, inspection->values, err);
}

/* Keeps the first. */
static bsr_status note_refusal(void *context, const char *node, struct bsr_error *why)
{
    struct bsr_error *refused = context;
    if (refused->code == BSR_OK)
        bsr_fail(refused, BSR_EMODEL, NULL, "node %s: %s", node, why->message);
    return BSR_OK;
}

bsr_status onnx_inspect(struct onnx_inspection *out, const struct onnx_model *model,
                        const struct onnx_named *chosen, int count, struct bsr_error *err)
{
    struct onnx_inspection inspection = {.model = model};
    struct plan           *plan = NULL;
    struct bsr_error       space;
    bsr_status             status = onnx_infer_all(&inspection.values, model, chosen, count, note_refusal,
                                                   &inspection.refused, err ? err : &space);

    if (status == BSR_OK)
        status = plan_make(&plan, model, false, err);
    if (status == BSR_OK)
        status = fill(&inspection, plan, err);
    plan_free(plan);
    if (status == BSR_OK)
        *out = inspection;
    else
        onnx_inspection_free(&inspection);
    return status;
}

void onnx_inspection_free(struct onnx_inspection *inspection)
{
    mem_free(inspection->layers);
    mem_free(inspection->operators);
    onnx_values_free(inspection->values);
    *inspection = (struct onnx_inspection){0};
}
