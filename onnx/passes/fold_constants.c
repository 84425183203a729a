/* What is known without running the net becomes an initializer: Constant nodes, the arithmetic on shapes of
 * dynamic exports, weights that are computed or dequantised. */
#include "base/alloc.h"
#include "onnx/index.h"
#include "onnx/name_map.h"
#include "onnx/nodes.h"
#include "onnx/passes/passes.h"
#include "onnx/passes/rewrite.h"
#include "onnx/passes/sweep.h"

static const char pass_name[] = "fold-constants";

struct folding {
    Onnx__GraphProto    *graph;
    struct onnx_changes *changes;
    struct graph_index  *index;
    struct onnx_values  *values;
    struct name_map      outputs; /* of the graph, to the initializers that they are */
    bool                *gone;
    bool                *changed;
};

static const struct bsr_tensor *known_value(const struct folding *folding, const char *name)
{
    const struct bsr_tensor *tensor = *name ? onnx_values_find(folding->values, name) : NULL;
    return tensor && tensor->data ? tensor : NULL;
}

static bool is_output(const struct folding *folding, const char *name)
{
    const struct index_entry *entry = index_find(folding->index, name);
    return entry && entry->is_output;
}

/* An output of the graph that is constant stays the result of a node, an Identity of an initializer: a graph
 * without nodes is no graph to most readers. */
static bool is_folded_output(const struct folding *folding, const Onnx__NodeProto *node)
{
    return node_is(node, "Identity") && node->n_input == 1 && is_output(folding, node->output[0]) &&
           index_initializer(folding->index, node->input[0]);
}

static bool can_fold(const struct folding *folding, size_t n)
{
    const Onnx__NodeProto *node = folding->graph->node[n];
    bool                   any = false;

    for (size_t o = 0; o < node->n_output; o++) {
        const struct index_entry *entry = index_find(folding->index, node->output[o]);
        if (!entry)
            continue;
        if (entry->node != n || entry->twice || !known_value(folding, entry->name))
            return false;
        any = true;
    }
    return any && !is_folded_output(folding, node);
}

static bsr_status fold_output(struct folding *folding, const char *name, struct bsr_error *err)
{
    char      *constant = NULL;
    bsr_status status = rewrite_new_name(&constant, folding->index, name, "value", err);

    if (status == BSR_OK)
        status = rewrite_add_initializer(folding->graph, constant, known_value(folding, name), err);
    if (status == BSR_OK)
        status = name_map_add(&folding->outputs, name, constant, 0, err);
    mem_free(constant);
    return status;
}

static bsr_status fold(struct folding *folding, size_t n, struct bsr_error *err)
{
    const Onnx__NodeProto *node = folding->graph->node[n];
    bsr_status             status = BSR_OK;

    for (size_t o = 0; status == BSR_OK && o < node->n_output; o++) {
        const char *name = node->output[o];
        if (!index_use_count(folding->index, name))
            continue;
        const struct bsr_tensor *value = known_value(folding, name);
        status = onnx_changes_add(folding->changes, err, pass_name, node_text(node).text,
                                  "is a constant now: %s %s", tensor_type_name(value->type),
                                  tensor_shape_text(value).text);
        if (status == BSR_OK)
            status = is_output(folding, name) ? fold_output(folding, name, err)
                                              : rewrite_add_initializer(folding->graph, name, value, err);
    }
    folding->gone[n] = status == BSR_OK;
    *folding->changed = true;
    return status;
}

static bsr_status add_identities(struct folding *folding, struct bsr_error *err)
{
    bsr_status status = BSR_OK;

    for (size_t i = 0; status == BSR_OK && i < folding->outputs.count; i++) {
        const struct name_pair *pair = &folding->outputs.pairs[i];
        const char *const       inputs[] = {pair->to};
        Onnx__NodeProto        *node = NULL;
        status = rewrite_insert_node(&node, folding->graph, 0, "Identity", inputs, 1, pair->from, err);
    }
    return status;
}

static bsr_status fold_all(struct folding *folding, const struct onnx_model *model,
                           const struct onnx_prepare_options *options, struct bsr_error *err)
{
    size_t nodes = folding->graph->n_node;

    folding->gone = mem_alloc_zeroed(nodes + 1, sizeof *folding->gone);
    if (!folding->gone)
        return bsr_fail_memory(err, NULL, nodes);
    bsr_status status = index_make(&folding->index, folding->graph, err);
    if (status == BSR_OK)
        status = onnx_infer(&folding->values, model, options->chosen, options->chosen_count, err);
    for (size_t n = 0; status == BSR_OK && n < nodes; n++)
        if (can_fold(folding, n))
            status = fold(folding, n, err);
    onnx_values_free(folding->values); /* it reads the nodes' names: first */
    sweep(&folding->graph->node, &folding->graph->n_node, folding->gone);
    return status == BSR_OK ? add_identities(folding, err) : status;
}

bsr_status pass_fold_constants(struct onnx_model *model, const struct onnx_prepare_options *options,
                               struct onnx_changes *changes, bool *changed, struct bsr_error *err)
{
    struct folding folding = {.graph = model->proto->graph, .changes = changes, .changed = changed};
    bsr_status     status = fold_all(&folding, model, options, err);

    index_free(folding.index);
    name_map_free(&folding.outputs);
    mem_free(folding.gone);
    return status;
}
