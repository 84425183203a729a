/* Who can run a node. */
#include "onnx/nodes.h"
#include "onnx/splitting.h"

enum { MAX_VIEWED = 64 }; /* inputs and outputs of a node that anybody may be asked about */

/* Whether all that comes and goes at run time is f32 of one dimension or more. */
static bool has_plain_ends(const struct splitting *splitting, size_t node)
{
    const Onnx__NodeProto *proto = splitting->model->proto->graph->node[node];

    for (size_t r = splitting->first[node]; r < splitting->first[node + 1]; r++) {
        const struct index_entry *entry = &splitting->index->entries[splitting->reads[r]];
        if (!splitting_is_constant(entry) && splitting_is_carried(splitting_shape(splitting, entry)))
            return false;
    }
    for (size_t o = 0; o < proto->n_output; o++) {
        const struct index_entry *entry = index_find(splitting->index, proto->output[o]);
        if (entry && splitting_is_carried(splitting_shape(splitting, entry)))
            return false;
    }
    return true;
}

static bool has_subgraph(const Onnx__NodeProto *proto)
{
    for (size_t i = 0; i < proto->n_attribute; i++)
        if (proto->attribute[i]->g || proto->attribute[i]->n_graphs)
            return true;
    return false;
}

static enum node_class ask_in_turn(bool *worth, const struct onnx_node_view *view,
                                   const struct onnx_takers *takers, bool demoted)
{
    if (takers->fast && !demoted && !takers->fast(NULL, view)) {
        if (worth)
            *worth = takers->worth(NULL, view);
        return CLASS_FAST;
    }
    return takers->engine(takers->context, view) ? CLASS_BESRA : CLASS_ENGINE;
}

bsr_status splitting_ask(enum node_class *out, bool *worth, const struct splitting *splitting, size_t node,
                         const struct onnx_takers *takers, bool demoted, struct bsr_error *err)
{
    const Onnx__NodeProto   *proto = splitting->model->proto->graph->node[node];
    const struct bsr_tensor *inputs[MAX_VIEWED], *outputs[MAX_VIEWED];
    struct bsr_node         *read = NULL;

    *out = CLASS_BESRA;
    if (proto->n_input > MAX_VIEWED || proto->n_output > MAX_VIEWED || has_subgraph(proto) ||
        !has_plain_ends(splitting, node))
        return BSR_OK;
    bsr_status status = node_read(&read, proto, node_opset(splitting->model, proto), err);
    if (status != BSR_OK)
        return status;
    for (size_t i = 0; i < proto->n_input; i++)
        inputs[i] = onnx_values_find(splitting->values, proto->input[i]);
    for (size_t i = 0; i < proto->n_output; i++)
        outputs[i] = onnx_values_find(splitting->values, proto->output[i]);
    struct onnx_node_view view = {.node = *read,
                                  .inputs = inputs,
                                  .input_count = (int)proto->n_input,
                                  .outputs = outputs,
                                  .output_count = (int)proto->n_output};
    *out = ask_in_turn(worth, &view, takers, demoted);
    node_free(read);
    return BSR_OK;
}
