/* QuantizeLinear and DequantizeLinear behind it become one node from f32 to f32, besra.RoundToSteps: what
 * lies between them is nothing that an engine must be able to hold. */
#include "onnx/passes/passes.h"

#include "base/alloc.h"
#include "onnx/messages.h"
#include "onnx/nodes.h"
#include "onnx/passes/qdq.h"
#include "onnx/passes/rewrite.h"

static bsr_status replace(Onnx__NodeProto *node, const Onnx__NodeProto *quantize,
                          const struct qdq_steps *steps, struct onnx_changes *changes, struct bsr_error *err)
{
    const char   *x = node_input(quantize, 0);
    const int64_t range[] = {steps->least, steps->zero, steps->most};
    bsr_status    status =
        onnx_changes_add(changes, err, "join-qdq", node_text(node).text,
                         "is besra.RoundToSteps now, with the node before it: to %d steps of %g",
                         (int)(steps->most - steps->least), (double)steps->scale);

    if (status == BSR_OK)
        status = rewrite_set_inputs(node, &x, 1, err);
    if (status == BSR_OK)
        status = rewrite_set_float(node, "scale", steps->scale, err);
    if (status == BSR_OK)
        status = rewrite_set_ints(node, "range", range, sizeof range / sizeof *range, err);
    if (status == BSR_OK)
        status = rewrite_set_type(node, "RoundToSteps", err);
    if (status == BSR_OK)
        status = message_set_text(&node->domain, "besra", err);
    rewrite_remove_attribute(node, "axis");
    rewrite_remove_attribute(node, "block_size");
    rewrite_remove_attribute(node, "output_dtype");
    return status;
}

bsr_status pass_join_qdq(struct onnx_model *model, const struct onnx_prepare_options *options,
                         struct onnx_changes *changes, bool *changed, struct bsr_error *err)
{
    Onnx__GraphProto   *graph = model->proto->graph;
    struct graph_index *index = NULL;

    if (!options || options->qdq != ONNX_QDQ_JOIN)
        return BSR_OK;
    bsr_status status = index_make(&index, graph, err);
    for (size_t i = 0; status == BSR_OK && i < graph->n_node; i++) {
        const Onnx__NodeProto *quantize = NULL;
        struct qdq_steps       steps;
        status = qdq_find_pair(&quantize, &steps, index, graph->node[i], err);
        if (status != BSR_OK || !quantize)
            continue;
        *changed = true;
        status = replace(graph->node[i], quantize, &steps, changes, err);
    }
    index_free(index);
    return status;
}
