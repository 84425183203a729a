/* An If whose condition is known becomes the nodes of the branch that is taken. */
#include "base/alloc.h"
#include "onnx/messages.h"
#include "onnx/nodes.h"
#include "onnx/passes/passes.h"
#include "onnx/passes/splice.h"

static const char pass_name[] = "resolve-if";

struct resolving {
    struct onnx_model   *model;
    Onnx__GraphProto    *graph;
    struct onnx_changes *changes;
    struct splice        splice;
    const char         **branches; /* of each node: the one that is taken, or NULL */
    bool                 any;
};

/* The name of the branch that an If takes, or NULL. */
static const char *find_branch(const Onnx__NodeProto *node, const struct onnx_values *values)
{
    const struct bsr_tensor *condition;
    const char              *branch;

    if (!node_is(node, "If") || !*node_input(node, 0))
        return NULL;
    condition = onnx_values_find(values, node->input[0]);
    if (!condition || !condition->data || condition->type != BSR_BOOL || tensor_count(condition) != 1)
        return NULL;
    branch = *(const uint8_t *)condition->data ? "then_branch" : "else_branch";
    const Onnx__AttributeProto *attribute = node_attribute(node, branch);
    return attribute && attribute->g && !attribute->g->n_input && attribute->g->n_output == node->n_output
               ? branch
               : NULL;
}

static bsr_status find_branches(struct resolving *resolving, const struct onnx_prepare_options *options,
                                struct bsr_error *err)
{
    struct onnx_values *values = NULL;
    bsr_status status = onnx_infer(&values, resolving->model, options->chosen, options->chosen_count, err);

    for (size_t n = 0; status == BSR_OK && n < resolving->graph->n_node; n++) {
        resolving->branches[n] = find_branch(resolving->graph->node[n], values);
        resolving->any |= resolving->branches[n] != NULL;
    }
    onnx_values_free(values);
    return status;
}

static const char *prefix_of(const Onnx__NodeProto *node)
{
    return *text_or_empty(node->name) ? node->name : node->n_output ? node->output[0] : "";
}

/* The initializers of a branch become the graph's. */
static bsr_status move_initializers(struct resolving *resolving, struct name_map *names,
                                    Onnx__GraphProto *branch, const char *prefix, struct bsr_error *err)
{
    bsr_status status = BSR_OK;

    while (status == BSR_OK && branch->n_initializer) {
        Onnx__TensorProto *tensor = branch->initializer[branch->n_initializer - 1];
        char              *name = NULL;
        status = splice_new_name(&resolving->splice, &name, prefix, text_or_empty(tensor->name), err);
        if (status == BSR_OK)
            status = name_map_add(names, text_or_empty(tensor->name), name, 0, err);
        if (status == BSR_OK)
            status = message_set_text(&tensor->name, name, err);
        if (status == BSR_OK)
            status =
                message_append(&resolving->graph->initializer, &resolving->graph->n_initializer, tensor, err);
        if (status == BSR_OK)
            branch->n_initializer--;
        mem_free(name);
    }
    return status;
}

/* The nodes of a branch, taken out of it. */
static bsr_status take_nodes(struct node_list *nodes, Onnx__GraphProto *branch, struct bsr_error *err)
{
    bsr_status status = BSR_OK;

    for (size_t n = 0; n < branch->n_node; n++) {
        if (status == BSR_OK)
            status = node_list_push(nodes, branch->node[n], err);
        else
            message_free(&branch->node[n]->base);
    }
    branch->n_node = 0;
    return status;
}

static bsr_status resolve(struct resolving *resolving, struct node_list *list, Onnx__NodeProto *node,
                          Onnx__GraphProto *branch, struct bsr_error *err)
{
    size_t             outputs = branch->n_output;
    struct splice_body body = {.output_count = outputs, .prefix = prefix_of(node)};

    body.formal = mem_alloc_zeroed(outputs + 1, sizeof(char *));
    body.actual = mem_alloc_zeroed(outputs + 1, sizeof(char *));
    bsr_status status =
        body.formal && body.actual ? BSR_OK : bsr_fail_memory(err, NULL, outputs * sizeof(char *));
    for (size_t i = 0; status == BSR_OK && i < outputs; i++) {
        body.formal[i] = text_or_empty(branch->output[i]->name);
        body.actual[i] = node->output[i];
    }
    if (status == BSR_OK)
        status = move_initializers(resolving, &body.names, branch, body.prefix, err);
    if (status == BSR_OK)
        status = take_nodes(&body.nodes, branch, err);
    if (status == BSR_OK)
        status = splice_nodes(&resolving->splice, list, &body, err);
    node_list_free(&body.nodes);
    name_map_free(&body.names);
    mem_free(body.formal);
    mem_free(body.actual);
    return status;
}

static bsr_status resolve_node(struct resolving *resolving, struct node_list *list, size_t n,
                               struct bsr_error *err)
{
    Onnx__NodeProto *node = resolving->graph->node[n];

    if (!resolving->branches[n])
        return node_list_push(list, node, err);
    bsr_status status = resolve(resolving, list, node, node_attribute(node, resolving->branches[n])->g, err);
    if (status == BSR_OK)
        status = onnx_changes_add(resolving->changes, err, pass_name, node_text(node).text,
                                  "is replaced by its %s: the condition is known", resolving->branches[n]);
    else
        fail_in_node(status, node, err);
    message_free(&node->base);
    return status;
}

static bsr_status resolve_all(struct resolving *resolving, struct bsr_error *err)
{
    Onnx__GraphProto *graph = resolving->graph;
    struct node_list  list = {0};
    bsr_status        status = splice_open(&resolving->splice, resolving->model, err);
    if (status != BSR_OK)
        return status;

    for (size_t n = 0; n < graph->n_node; n++) {
        if (status == BSR_OK)
            status = resolve_node(resolving, &list, n, err);
        else
            message_free(&graph->node[n]->base);
    }
    mem_free(graph->node);
    graph->node = list.nodes;
    graph->n_node = list.count;
    splice_close(&resolving->splice);
    return status;
}

bsr_status pass_resolve_if(struct onnx_model *model, const struct onnx_prepare_options *options,
                           struct onnx_changes *changes, bool *changed, struct bsr_error *err)
{
    struct resolving resolving = {.model = model, .graph = model->proto->graph, .changes = changes};
    bsr_status       status = BSR_OK;

    if (!onnx_node_count(model, "If"))
        return BSR_OK;
    resolving.branches = mem_alloc_zeroed(resolving.graph->n_node + 1, sizeof(char *));
    if (!resolving.branches)
        return bsr_fail_memory(err, model->name, resolving.graph->n_node * sizeof(char *));
    status = find_branches(&resolving, options, err);
    if (status == BSR_OK && resolving.any) {
        *changed = true;
        status = resolve_all(&resolving, err);
    }
    mem_free(resolving.branches);
    return status;
}
