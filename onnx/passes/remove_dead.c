/* What no output of the graph depends on: nodes, initializers, functions, and shapes declared of values that
 * are gone. The graph's inputs stay, read or not. */
#include "base/alloc.h"
#include "onnx/functions.h"
#include "onnx/index.h"
#include "onnx/nodes.h"
#include "onnx/passes/passes.h"
#include "onnx/passes/sweep.h"

static const char pass_name[] = "remove-dead";

struct removing {
    struct onnx_model   *model;
    Onnx__GraphProto    *graph;
    struct onnx_changes *changes;
    struct graph_index  *index;
    bool                *dead_nodes, *dead_initializers, *dead_inputs, *dead_infos;
    bool                *changed;
};

static bool allocate(struct removing *removing)
{
    const Onnx__GraphProto *graph = removing->graph;

    removing->dead_nodes = mem_alloc_zeroed(graph->n_node + 1, sizeof(bool));
    removing->dead_initializers = mem_alloc_zeroed(graph->n_initializer + 1, sizeof(bool));
    removing->dead_inputs = mem_alloc_zeroed(graph->n_input + 1, sizeof(bool));
    removing->dead_infos = mem_alloc_zeroed(graph->n_value_info + 1, sizeof(bool));
    return removing->dead_nodes && removing->dead_initializers && removing->dead_inputs &&
           removing->dead_infos;
}

/* Whether an output of the graph, or a node that is not dead, reads it. */
static bool is_wanted(const struct removing *removing, const char *name)
{
    const struct index_entry *entry = index_find(removing->index, name);

    for (size_t u = 0; entry && u < entry->use_count; u++)
        if (entry->uses[u].node == removing->graph->n_node || !removing->dead_nodes[entry->uses[u].node])
            return true;
    return false;
}

/* From the last node to the first: readers come before what they read. */
static bsr_status find_dead_nodes(struct removing *removing, struct bsr_error *err)
{
    size_t    *order = NULL;
    bsr_status status = index_sort(&order, removing->index, err);

    for (size_t i = removing->graph->n_node; status == BSR_OK && i-- > 0;) {
        const Onnx__NodeProto *node = removing->graph->node[order[i]];
        bool                   wanted = false;
        for (size_t o = 0; !wanted && o < node->n_output; o++)
            wanted = is_wanted(removing, node->output[o]);
        removing->dead_nodes[order[i]] = !wanted;
        *removing->changed |= !wanted;
        if (!wanted)
            status = onnx_changes_add(removing->changes, err, pass_name, node_text(node).text,
                                      "is left out: no output depends on it");
    }
    mem_free(order);
    return status;
}

/* Initializers, and the inputs that they are, too (IR version 3). */
static bsr_status find_dead_initializers(struct removing *removing, struct bsr_error *err)
{
    const Onnx__GraphProto *graph = removing->graph;
    bsr_status              status = BSR_OK;

    for (size_t i = 0; status == BSR_OK && i < graph->n_initializer; i++) {
        const char               *name = text_or_empty(graph->initializer[i]->name);
        const struct index_entry *entry = index_find(removing->index, name);
        if (is_wanted(removing, name))
            continue;
        removing->dead_initializers[i] = true;
        if (entry && entry->input != SIZE_MAX)
            removing->dead_inputs[entry->input] = true;
        *removing->changed = true;
        status = onnx_changes_add(removing->changes, err, pass_name, shown_name(name).text,
                                  "is left out: nothing reads this initializer");
    }
    return status;
}

static void find_dead_infos(struct removing *removing)
{
    const Onnx__GraphProto *graph = removing->graph;

    for (size_t i = 0; i < graph->n_value_info; i++) {
        const struct index_entry *entry =
            index_find(removing->index, text_or_empty(graph->value_info[i]->name));
        bool made = entry && entry->node != SIZE_MAX;
        removing->dead_infos[i] = !made || removing->dead_nodes[entry->node];
        *removing->changed |= removing->dead_infos[i];
    }
}

static bsr_status remove_functions(struct removing *removing, struct bsr_error *err)
{
    Onnx__ModelProto *proto = removing->model->proto;
    struct name_map   functions = {0};
    bool              called = false;
    bsr_status        status = functions_index(&functions, removing->model, err);

    if (status == BSR_OK)
        status = functions_are_called(&called, &functions, removing->model, removing->graph, err);
    name_map_free(&functions);
    if (status != BSR_OK || called)
        return status;
    for (size_t i = 0; i < proto->n_functions; i++)
        onnx__function_proto__free_unpacked(proto->functions[i], &onnx_allocator);
    *removing->changed |= proto->n_functions != 0;
    proto->n_functions = 0;
    return BSR_OK;
}

static bsr_status find_dead(struct removing *removing, struct bsr_error *err)
{
    bsr_status status = index_make(&removing->index, removing->graph, err);

    if (status == BSR_OK && !allocate(removing))
        status = bsr_fail_memory(err, NULL, removing->graph->n_node + removing->graph->n_initializer);
    if (status == BSR_OK)
        status = find_dead_nodes(removing, err);
    if (status == BSR_OK)
        status = find_dead_initializers(removing, err);
    if (status == BSR_OK)
        find_dead_infos(removing);
    return status;
}

bsr_status pass_remove_dead(struct onnx_model *model, const struct onnx_prepare_options *options,
                            struct onnx_changes *changes, bool *changed, struct bsr_error *err)
{
    Onnx__GraphProto *graph = model->proto->graph;
    struct removing   removing = {.model = model, .graph = graph, .changes = changes, .changed = changed};
    bsr_status        status = find_dead(&removing, err);

    (void)options;
    if (status == BSR_OK) {
        sweep(&graph->node, &graph->n_node, removing.dead_nodes);
        sweep(&graph->initializer, &graph->n_initializer, removing.dead_initializers);
        sweep(&graph->input, &graph->n_input, removing.dead_inputs);
        sweep(&graph->value_info, &graph->n_value_info, removing.dead_infos);
        status = remove_functions(&removing, err);
    }
    index_free(removing.index);
    mem_free(removing.dead_nodes);
    mem_free(removing.dead_initializers);
    mem_free(removing.dead_inputs);
    mem_free(removing.dead_infos);
    return status;
}
