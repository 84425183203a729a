/* QuantizeLinear and DequantizeLinear behind it round activations to steps; what is left without the steps is
 * their range. It stays, as a Clip: quantisers leave out a Relu whose zero is the least step, and a Relu6
 * whose six is the greatest. */
#include "onnx/passes/passes.h"

#include "base/alloc.h"
#include "onnx/nodes.h"
#include "onnx/passes/qdq.h"
#include "onnx/passes/rewrite.h"

enum { CLIP_INPUTS_SINCE = 11 };

static bsr_status add_bound(char **name, Onnx__GraphProto *graph, const struct graph_index *index,
                            const Onnx__NodeProto *node, const char *suffix, float value,
                            struct bsr_error *err)
{
    struct bsr_tensor tensor = {.data = &value, .type = BSR_F32};
    bsr_status        status = rewrite_new_name(name, index, node->output[0], suffix, err);

    return status == BSR_OK ? rewrite_add_initializer(graph, *name, &tensor, err) : status;
}

/* Inputs since opset 11, attributes before. */
static bsr_status set_bounds(struct onnx_model *model, const struct graph_index *index, Onnx__NodeProto *node,
                             const char *x, float least, float most, struct bsr_error *err)
{
    Onnx__GraphProto *graph = model->proto->graph;
    char             *names[2] = {NULL, NULL};
    bsr_status        status;

    if (onnx_opset(model, "") < CLIP_INPUTS_SINCE) {
        status = rewrite_set_inputs(node, &x, 1, err);
        if (status == BSR_OK)
            status = rewrite_set_float(node, "min", least, err);
        return status == BSR_OK ? rewrite_set_float(node, "max", most, err) : status;
    }
    status = add_bound(&names[0], graph, index, node, "least", least, err);
    if (status == BSR_OK)
        status = add_bound(&names[1], graph, index, node, "most", most, err);
    if (status == BSR_OK)
        status = rewrite_set_inputs(node, (const char *const[]){x, names[0], names[1]}, 3, err);
    mem_free(names[0]);
    mem_free(names[1]);
    return status;
}

static bsr_status replace(struct onnx_model *model, const struct graph_index *index, Onnx__NodeProto *node,
                          const Onnx__NodeProto *quantize, const struct qdq_steps *steps,
                          struct onnx_changes *changes, bool *changed, struct bsr_error *err)
{
    float least = (float)(steps->least - steps->zero) * steps->scale,
          most = (float)(steps->most - steps->zero) * steps->scale;
    bsr_status status =
        onnx_changes_add(changes, err, "drop-qdq", node_text(node).text,
                         "is a Clip to %g..%g now: activations are no longer rounded to steps "
                         "of %g",
                         (double)least, (double)most, (double)steps->scale);
    *changed = true;
    if (status == BSR_OK)
        status = set_bounds(model, index, node, node_input(quantize, 0), least, most, err);
    if (status == BSR_OK)
        status = rewrite_set_type(node, "Clip", err);
    rewrite_remove_attribute(node, "axis");
    rewrite_remove_attribute(node, "block_size");
    rewrite_remove_attribute(node, "output_dtype");
    return status;
}

bsr_status pass_drop_qdq(struct onnx_model *model, const struct onnx_prepare_options *options,
                         struct onnx_changes *changes, bool *changed, struct bsr_error *err)
{
    Onnx__GraphProto   *graph = model->proto->graph;
    struct graph_index *index = NULL;

    if (!options || options->qdq != ONNX_QDQ_DROP)
        return BSR_OK;
    bsr_status status = index_make(&index, graph, err);
    for (size_t i = 0; status == BSR_OK && i < graph->n_node; i++) {
        Onnx__NodeProto       *node = graph->node[i];
        const Onnx__NodeProto *quantize = NULL;
        struct qdq_steps       steps;
        status = qdq_find_pair(&quantize, &steps, index, node, err);
        if (status == BSR_OK && quantize)
            status = replace(model, index, node, quantize, &steps, changes, changed, err);
    }
    index_free(index);
    return status;
}
