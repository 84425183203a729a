#include "onnx/view.h"

#include "base/alloc.h"
#include "onnx/plan.h"

/* The view that is shown, and what it points into. */
struct held_view {
    struct onnx_view          shown; /* first: the caller has a pointer to it */
    struct plan              *plan;
    struct onnx_values       *known;
    const struct bsr_tensor **values;
    struct onnx_viewed_node  *nodes;
    const struct bsr_tensor **ends; /* inputs and outputs of all nodes, one behind the other */
};

static bsr_status allocate(struct held_view *held, struct bsr_error *err)
{
    const struct plan *plan = held->plan;
    size_t             ends = 1;

    for (int n = 0; n < plan->node_count; n++)
        ends += (size_t)plan->nodes[n].input_count + (size_t)plan->nodes[n].output_count;
    held->values = mem_alloc_zeroed((size_t)plan->value_count + 1, sizeof(void *));
    held->nodes = mem_alloc_zeroed((size_t)plan->node_count + 1, sizeof *held->nodes);
    held->ends = mem_alloc_zeroed(ends, sizeof(void *));
    if (held->values && held->nodes && held->ends)
        return BSR_OK;
    return bsr_fail_memory(err, NULL, ends * sizeof(void *));
}

/* The tensors of a node's values, copied to `ends`. */
static const struct bsr_tensor **list_ends(const struct bsr_tensor       **ends,
                                           const struct bsr_tensor *const *values, const int *numbers,
                                           int count)
{
    for (int i = 0; i < count; i++)
        *ends++ = numbers[i] >= 0 ? values[numbers[i]] : NULL;
    return ends;
}

static void fill(struct held_view *held)
{
    const struct plan        *plan = held->plan;
    const struct bsr_tensor **ends = held->ends;

    for (int v = 0; v < plan->value_count; v++)
        held->values[v] = onnx_values_find(held->known, plan->index->entries[v].name);
    for (int n = 0; n < plan->node_count; n++) {
        const struct plan_node  *node = &plan->nodes[n];
        struct onnx_viewed_node *viewed = &held->nodes[n];

        *viewed = (struct onnx_viewed_node){.inputs = node->inputs, .outputs = node->outputs};
        viewed->view.node = *node->node;
        viewed->view.inputs = ends;
        viewed->view.input_count = node->input_count;
        ends = list_ends(ends, held->values, node->inputs, node->input_count);
        viewed->view.outputs = ends;
        viewed->view.output_count = node->output_count;
        ends = list_ends(ends, held->values, node->outputs, node->output_count);
    }
    held->shown = (struct onnx_view){.values = held->values,
                                     .value_count = plan->value_count,
                                     .nodes = held->nodes,
                                     .node_count = plan->node_count,
                                     .inputs = plan->inputs,
                                     .outputs = plan->outputs,
                                     .input_count = plan->input_count,
                                     .output_count = plan->output_count};
}

bsr_status onnx_view_make(struct onnx_view **out, const struct onnx_model *model, struct bsr_error *err)
{
    struct held_view *held = mem_alloc_zeroed(1, sizeof *held);
    if (!held)
        return bsr_fail_memory(err, NULL, sizeof *held);

    bsr_status status = plan_make(&held->plan, model, true, err);
    if (status == BSR_OK)
        status = onnx_infer(&held->known, model, NULL, 0, err);
    if (status == BSR_OK)
        status = allocate(held, err);
    if (status != BSR_OK) {
        onnx_view_free(&held->shown);
        return status;
    }
    fill(held);
    *out = &held->shown;
    return BSR_OK;
}

void onnx_view_free(struct onnx_view *view)
{
    struct held_view *held = (struct held_view *)view;

    if (!held)
        return;
    mem_free(held->ends);
    mem_free(held->nodes);
    mem_free(held->values);
    onnx_values_free(held->known);
    plan_free(held->plan);
    mem_free(held);
}
