/* Nodes that hand on what they are given: Identity, Dropout (which does nothing outside of training), a Cast
 * to the type that is there, Transposes and Reshapes that change nothing, sums of one, debug nodes. */
#include "base/alloc.h"
#include "onnx/index.h"
#include "onnx/messages.h"
#include "onnx/name_map.h"
#include "onnx/nodes.h"
#include "onnx/passes/passes.h"
#include "onnx/passes/sweep.h"

#include <string.h>

static const char pass_name[] = "drop-no-ops";

/* ---- what does nothing ------------------------------------------------------------------------------ */

/* A node with what is known of its first input and output; NULL where nothing is. */
struct look {
    const Onnx__NodeProto    *node;
    const struct onnx_values *values;
    const struct graph_index *index;
    const struct bsr_tensor  *input, *output;
};

static bool is_always(const struct look *look)
{
    (void)look;
    return true;
}

/* It is not told to train. */
static bool is_idle_dropout(const struct look *look)
{
    const char              *training = node_input(look->node, 2);
    const struct bsr_tensor *value = onnx_values_find(look->values, training);

    return !*training || (value && value->data && value->type == BSR_BOOL && tensor_count(value) == 1 &&
                          !*(const uint8_t *)value->data);
}

static bool keeps_type(const struct look *look)
{
    return look->input && look->output && look->input->type == look->output->type;
}

static bool keeps_shape(const struct look *look)
{
    return look->input && look->output && tensor_same_shape(look->input, look->output);
}

static bool keeps_order(const struct look *look)
{
    const Onnx__AttributeProto *order = node_attribute(look->node, "perm");

    if (!order || !order->n_ints) /* reversed */
        return look->input && look->input->dims < 2;
    for (size_t i = 0; i < order->n_ints; i++)
        if (order->ints[i] != (int64_t)i)
            return false;
    return true;
}

/* All pads are zero; they were an attribute before opset 11. */
static bool pads_nothing(const struct look *look)
{
    const Onnx__AttributeProto *list = node_attribute(look->node, "pads");
    const struct bsr_tensor    *pads = onnx_values_find(look->values, node_input(look->node, 1));

    if (list) {
        for (size_t i = 0; i < list->n_ints; i++)
            if (list->ints[i])
                return false;
        return true;
    }
    if (!pads || !pads->data || pads->type != BSR_I64)
        return false;
    for (size_t i = 0; i < tensor_count(pads); i++)
        if (tensor_get_int(pads, i))
            return false;
    return true;
}

static bool joins_one(const struct look *look)
{
    return look->node->n_input == 1;
}

static const struct rule {
    const char *type;
    bool (*matches)(const struct look *look);
    const char *why;
} rules[] = {
    {"Identity", is_always, "it does nothing"},
    {"Dropout", is_idle_dropout, "it only does something in training"},
    {"Cast", keeps_type, "its input has that type already"},
    {"CastLike", keeps_type, "its input has that type already"},
    {"Transpose", keeps_order, "it keeps the order of the axes"},
    {"Reshape", keeps_shape, "its input has that shape already"},
    {"Flatten", keeps_shape, "its input has that shape already"},
    {"Squeeze", keeps_shape, "its input has that shape already"},
    {"Unsqueeze", keeps_shape, "its input has that shape already"},
    {"Expand", keeps_shape, "its input has that shape already"},
    {"Tile", keeps_shape, "it repeats nothing"},
    {"Pad", pads_nothing, "it adds nothing"},
    {"Concat", joins_one, "it joins a single tensor"},
    {"Sum", joins_one, "it adds up a single tensor"},
    {"Mean", joins_one, "it is of a single tensor"},
    {"Max", joins_one, "it is of a single tensor"},
    {"Min", joins_one, "it is of a single tensor"},
};

/* Why a node does nothing, or NULL. */
static const char *find_reason(const struct onnx_model *model, const struct look *look)
{
    if (!*node_input(look->node, 0) || !look->node->n_output || !*look->node->output[0])
        return NULL;
    for (size_t i = 1; i < look->node->n_output; i++) /* Dropout's mask */
        if (index_use_count(look->index, look->node->output[i]))
            return NULL;
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (node_is(look->node, rules[i].type))
            return rules[i].matches(look) ? rules[i].why : NULL;
    return node_is_debug(look->node) && !model_find_function(model, look->node) ? "a debug node" : NULL;
}

/* ---- dropping ---------------------------------------------------------------------------------------- */

struct dropping {
    struct onnx_model   *model;
    Onnx__GraphProto    *graph;
    struct onnx_changes *changes;
    struct graph_index  *index;
    struct name_map      inner; /* names that subgraphs define: they hide the graph's */
    const char         **reasons;
    bool                *gone;
    bool                *changed;
};

static bsr_status note_definitions(struct name_map *names, const Onnx__GraphProto *graph,
                                   struct bsr_error *err);

/* The names that the subgraphs of a node define. */
static bsr_status note_bodies(struct name_map *names, const Onnx__NodeProto *node, struct bsr_error *err)
{
    bsr_status status = BSR_OK;

    for (size_t a = 0; status == BSR_OK && a < node->n_attribute; a++) {
        if (node->attribute[a]->g)
            status = note_definitions(names, node->attribute[a]->g, err);
        for (size_t g = 0; status == BSR_OK && g < node->attribute[a]->n_graphs; g++)
            status = note_definitions(names, node->attribute[a]->graphs[g], err);
    }
    return status;
}

static bsr_status note_definitions(struct name_map *names, const Onnx__GraphProto *graph,
                                   struct bsr_error *err)
{
    bsr_status status = BSR_OK;

    for (size_t i = 0; status == BSR_OK && i < graph->n_input; i++)
        status = name_map_add(names, text_or_empty(graph->input[i]->name), NULL, 0, err);
    for (size_t i = 0; status == BSR_OK && i < graph->n_initializer; i++)
        status = name_map_add(names, text_or_empty(graph->initializer[i]->name), NULL, 0, err);
    for (size_t n = 0; status == BSR_OK && n < graph->n_node; n++) {
        for (size_t o = 0; status == BSR_OK && o < graph->node[n]->n_output; o++)
            status = name_map_add(names, graph->node[n]->output[o], NULL, 0, err);
        if (status == BSR_OK)
            status = note_bodies(names, graph->node[n], err);
    }
    return status;
}

static bsr_status find_reasons(struct dropping *dropping, const struct onnx_prepare_options *options,
                               struct bsr_error *err)
{
    struct onnx_values *values = NULL;
    bsr_status status = onnx_infer(&values, dropping->model, options->chosen, options->chosen_count, err);

    for (size_t n = 0; status == BSR_OK && n < dropping->graph->n_node; n++) {
        struct look look = {.node = dropping->graph->node[n], .values = values, .index = dropping->index};
        look.input = onnx_values_find(values, node_input(look.node, 0));
        look.output = look.node->n_output ? onnx_values_find(values, look.node->output[0]) : NULL;
        dropping->reasons[n] = find_reason(dropping->model, &look);
        status = note_bodies(&dropping->inner, look.node, err);
    }
    onnx_values_free(values);
    return status;
}

static bsr_status note_drop(struct dropping *dropping, size_t node, struct bsr_error *err)
{
    dropping->gone[node] = true;
    *dropping->changed = true;
    return onnx_changes_add(dropping->changes, err, pass_name, node_text(dropping->graph->node[node]).text,
                            "is left out: %s", dropping->reasons[node]);
}

/* Whether all places that read `entry` can read `name` instead. */
static bool can_stand_in(const struct dropping *dropping, const struct index_entry *entry, const char *name)
{
    for (size_t u = 0; u < entry->use_count; u++)
        if (entry->uses[u].inner && name_map_find(&dropping->inner, name))
            return false;
    return true;
}

/* Readers of the node's output read its input. Nodes come in their order: what stands before is done. */
static bsr_status bypass(struct dropping *dropping, size_t n, struct bsr_error *err)
{
    const Onnx__NodeProto    *node = dropping->graph->node[n];
    const struct index_entry *entry = index_find(dropping->index, node->output[0]);
    bsr_status                status = BSR_OK;

    if (!entry || entry->node != n || entry->is_output || entry->twice ||
        !can_stand_in(dropping, entry, node->input[0]))
        return BSR_OK;
    for (size_t u = 0; status == BSR_OK && u < entry->use_count; u++)
        status = message_set_text(entry->uses[u].slot, node->input[0], err);
    return status == BSR_OK ? note_drop(dropping, n, err) : status;
}

static bsr_status bypass_all(struct dropping *dropping, struct bsr_error *err)
{
    size_t    *order = NULL;
    bsr_status status = index_sort(&order, dropping->index, err);

    for (size_t i = 0; status == BSR_OK && i < dropping->graph->n_node; i++)
        if (dropping->reasons[order[i]])
            status = bypass(dropping, order[i], err);
    mem_free(order);
    return status;
}

static bsr_status renew_index(struct dropping *dropping, struct bsr_error *err)
{
    index_free(dropping->index);
    dropping->index = NULL;
    return index_make(&dropping->index, dropping->graph, err);
}

/* The name of a graph's output stays: the node that made the input makes the output itself. */
static bsr_status rename_producer(struct dropping *dropping, size_t n, struct bsr_error *err)
{
    const Onnx__NodeProto    *node = dropping->graph->node[n];
    const struct index_entry *output = index_find(dropping->index, node->output[0]);
    const struct index_entry *input = index_find(dropping->index, node->input[0]);

    if (!output || output->node != n || output->twice || !input || input->node == SIZE_MAX ||
        input->is_output || input->twice || input->initializer != SIZE_MAX || input->input != SIZE_MAX ||
        !can_stand_in(dropping, input, output->name))
        return BSR_OK;
    char     **made = &dropping->graph->node[input->node]->output[input->output];
    bsr_status status = BSR_OK;
    for (size_t u = 0; status == BSR_OK && u < input->use_count; u++)
        if (input->uses[u].slot != &node->input[0])
            status = message_set_text(input->uses[u].slot, output->name, err);
    if (status == BSR_OK)
        status = note_drop(dropping, n, err);
    if (status == BSR_OK)
        status = message_set_text(made, node->output[0], err);
    return status;
}

/* A debug node that must stay, between an input and an output of the graph, becomes ONNX's Identity. */
static bsr_status make_identity(struct dropping *dropping, size_t n, struct bsr_error *err)
{
    Onnx__NodeProto *node = dropping->graph->node[n];

    if (!node_is_debug(node))
        return BSR_OK;
    *dropping->changed = true;
    bsr_status status = onnx_changes_add(dropping->changes, err, pass_name, node_text(node).text,
                                         "is an Identity: a debug node at an end of the graph");
    if (status == BSR_OK)
        status = message_set_text(&node->op_type, "Identity", err);
    if (status == BSR_OK)
        status = message_set_text(&node->domain, "", err);
    return status;
}

static bsr_status drop_outputs(struct dropping *dropping, struct bsr_error *err)
{
    bsr_status status = BSR_OK;

    for (size_t i = 0; status == BSR_OK && i < dropping->graph->n_output; i++) {
        const char *name = text_or_empty(dropping->graph->output[i]->name);
        status = renew_index(dropping, err);
        const struct index_entry *entry = status == BSR_OK ? index_find(dropping->index, name) : NULL;
        size_t                    n = entry ? entry->node : SIZE_MAX;
        if (n == SIZE_MAX || !dropping->reasons[n] || dropping->gone[n])
            continue;
        status = rename_producer(dropping, n, err);
        if (status == BSR_OK && !dropping->gone[n])
            status = make_identity(dropping, n, err);
    }
    return status;
}

static bsr_status drop(struct dropping *dropping, const struct onnx_prepare_options *options,
                       struct bsr_error *err)
{
    size_t nodes = dropping->graph->n_node + 1;

    dropping->reasons = mem_alloc_zeroed(nodes, sizeof(char *));
    dropping->gone = mem_alloc_zeroed(nodes, sizeof(bool));
    if (!dropping->reasons || !dropping->gone)
        return bsr_fail_memory(err, NULL, nodes * sizeof(char *));
    bsr_status status = index_make(&dropping->index, dropping->graph, err);
    if (status == BSR_OK)
        status = find_reasons(dropping, options, err);
    if (status == BSR_OK)
        status = bypass_all(dropping, err);
    if (status == BSR_OK)
        status = drop_outputs(dropping, err);
    sweep(&dropping->graph->node, &dropping->graph->n_node, dropping->gone);
    return status;
}

bsr_status pass_drop_no_ops(struct onnx_model *model, const struct onnx_prepare_options *options,
                            struct onnx_changes *changes, bool *changed, struct bsr_error *err)
{
    struct dropping dropping = {
        .model = model, .graph = model->proto->graph, .changes = changes, .changed = changed};
    bsr_status status = drop(&dropping, options, err);

    index_free(dropping.index);
    name_map_free(&dropping.inner);
    mem_free(dropping.reasons);
    mem_free(dropping.gone);
    return status;
}
