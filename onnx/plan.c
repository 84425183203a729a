#include "onnx/plan.h"

#include "base/alloc.h"
#include "onnx/nodes.h"
#include "onnx/tensors.h"

#include <string.h>

/* What goes down into subgraphs. */
struct making {
    const struct onnx_model *model;
    bool                     strict;
};

static bsr_status make_plan(struct plan **out, const struct making *making, const Onnx__GraphProto *graph,
                            const struct plan *outer, struct bsr_error *err);

int plan_find(const struct plan *plan, const char *name)
{
    const struct index_entry *entry = index_find(plan->index, name);
    return entry ? (int)(entry - plan->index->entries) : -1;
}

void plan_free(struct plan *plan)
{
    if (!plan)
        return;
    for (int n = 0; plan->nodes && n < plan->node_count; n++) {
        struct plan_node *node = &plan->nodes[n];
        node_free(node->node);
        mem_free(node->inputs);
        mem_free(node->captures);
        plan_free(node->bodies[0]);
        plan_free(node->bodies[1]);
    }
    for (int v = 0; plan->values && v < plan->value_count; v++)
        mem_free(plan->values[v].owned);
    mem_free(plan->nodes);
    mem_free(plan->values);
    mem_free(plan->inputs);
    mem_free(plan->outputs);
    index_free(plan->index);
    mem_free(plan);
}

/* ---- values --------------------------------------------------------------------------------------- */

/* A constant that can't be read is a failure only where it is wanted. */
static bsr_status read_initializer(struct plan_value *value, const Onnx__TensorProto *proto, bool wanted,
                                   struct bsr_error *err)
{
    struct bsr_error why = {0};
    bsr_status       status = tensor_view(&value->constant, &value->owned, proto, &why);

    if (status == BSR_ENOMEM || (status != BSR_OK && wanted))
        return bsr_fail(err, status, NULL, "%s", why.message);
    return BSR_OK;
}

static bsr_status read_values(struct plan *plan, const struct making *making, const struct plan *outer,
                              struct bsr_error *err)
{
    bsr_status status = BSR_OK;

    for (int v = 0; status == BSR_OK && v < plan->value_count; v++) {
        const struct index_entry *entry = &plan->index->entries[v];
        struct plan_value        *value = &plan->values[v];
        bool                      made = entry->node != SIZE_MAX || entry->input != SIZE_MAX;

        value->outer = -1;
        if (making->strict && entry->twice)
            return bsr_fail(err, BSR_EMODEL, NULL, "value '%s' is made more than once",
                            shown_name(entry->name).text);
        if (entry->initializer != SIZE_MAX && !(outer && made))
            status = read_initializer(value, plan->graph->initializer[entry->initializer],
                                      making->strict && entry->use_count, err);
        else if (!made && outer)
            value->outer = plan_find(outer, entry->name);
        if (making->strict && !made && entry->initializer == SIZE_MAX && value->outer < 0)
            return bsr_fail(err, BSR_EMODEL, NULL, "value '%s' is read, but nothing makes it",
                            shown_name(entry->name).text);
    }
    return status;
}

/* The numbers of the inputs and outputs of the graph. */
static bsr_status number_ends(struct plan *plan, const struct plan *outer, struct bsr_error *err)
{
    const Onnx__GraphProto *graph = plan->graph;
    size_t                  count = outer ? graph->n_input : (size_t)plan->model->input_count;
    Onnx__ValueInfoProto  **inputs = outer ? graph->input : plan->model->inputs;

    plan->inputs = mem_alloc_zeroed(count + 1, sizeof *plan->inputs);
    plan->outputs = mem_alloc_zeroed(graph->n_output + 1, sizeof *plan->outputs);
    if (!plan->inputs || !plan->outputs)
        return bsr_fail_memory(err, NULL, (count + graph->n_output) * sizeof(int));
    for (size_t i = 0; i < count; i++)
        plan->inputs[i] = plan_find(plan, text_or_empty(inputs[i]->name));
    for (size_t i = 0; i < graph->n_output; i++)
        plan->outputs[i] = plan_find(plan, text_or_empty(graph->output[i]->name));
    plan->input_count = (int)count;
    plan->output_count = (int)graph->n_output;
    return BSR_OK;
}

/* ---- nodes ---------------------------------------------------------------------------------------- */

static bsr_status number_values(struct plan *plan, struct plan_node *node, struct bsr_error *err)
{
    const Onnx__NodeProto *proto = node->proto;

    node->inputs = mem_alloc_zeroed(proto->n_input + proto->n_output + 1, sizeof *node->inputs);
    if (!node->inputs)
        return bsr_fail_memory(err, NULL, (proto->n_input + proto->n_output) * sizeof(int));
    node->outputs = node->inputs + proto->n_input;
    node->input_count = (int)proto->n_input;
    node->output_count = (int)proto->n_output;
    for (size_t i = 0; i < proto->n_input; i++)
        node->inputs[i] = plan_find(plan, proto->input[i]);
    for (size_t i = 0; i < proto->n_output; i++)
        node->outputs[i] = plan_find(plan, proto->output[i]);
    if (node->input_count > plan->most_inputs)
        plan->most_inputs = node->input_count;
    if (node->output_count > plan->most_outputs)
        plan->most_outputs = node->output_count;
    return BSR_OK;
}

static bsr_status count_captures(struct plan_node *node, struct bsr_error *err)
{
    int count = 0;

    for (int b = 0; b < 2; b++)
        for (int v = 0; node->bodies[b] && v < node->bodies[b]->value_count; v++)
            count += node->bodies[b]->values[v].outer >= 0;
    node->captures = mem_alloc_zeroed((size_t)count + 1, sizeof *node->captures);
    if (!node->captures)
        return bsr_fail_memory(err, NULL, (size_t)count * sizeof(int));
    for (int b = 0; b < 2; b++)
        for (int v = 0; node->bodies[b] && v < node->bodies[b]->value_count; v++)
            if (node->bodies[b]->values[v].outer >= 0)
                node->captures[node->capture_count++] = node->bodies[b]->values[v].outer;
    return BSR_OK;
}

/* The graphs of an If, Loop or Scan. */
static bsr_status plan_bodies(struct plan *plan, const struct making *making, struct plan_node *node,
                              struct bsr_error *err)
{
    static const char *const names[][2] = {
        [PLAN_IF] = {"then_branch", "else_branch"}, [PLAN_LOOP] = {"body"}, [PLAN_SCAN] = {"body"}};
    bsr_status status = BSR_OK;

    for (int b = 0; status == BSR_OK && b < 2 && names[node->kind][b]; b++) {
        const Onnx__AttributeProto *attribute = node_attribute(node->proto, names[node->kind][b]);
        if (!attribute || !attribute->g) {
            const char *name = names[node->kind][b];
            node->kind = PLAN_UNKNOWN;
            return making->strict ? bsr_fail(err, BSR_EMODEL, NULL, "it has no %s", name) : BSR_OK;
        }
        status = make_plan(&node->bodies[b], making, attribute->g, plan, err);
    }
    return status == BSR_OK ? count_captures(node, err) : status;
}

static bsr_status read_constant(struct plan *plan, const struct making *making, struct plan_node *node,
                                struct bsr_error *err)
{
    struct bsr_error why = {0};
    int              number = node->output_count ? node->outputs[0] : -1;

    if (number < 0 || plan->values[number].constant.data)
        return BSR_OK;
    struct plan_value *value = &plan->values[number];
    bsr_status         status = constant_view(&value->constant, &value->owned, node->proto, &why);
    if (status == BSR_ENOMEM || (status != BSR_OK && making->strict))
        return bsr_fail(err, status, NULL, "%s", why.message);
    return BSR_OK;
}

static enum plan_kind find_kind(const struct onnx_model *model, const struct plan_node *node)
{
    if (node_is(node->proto, "Constant"))
        return PLAN_CONSTANT;
    if (node_is(node->proto, "If"))
        return PLAN_IF;
    if (node_is(node->proto, "Loop"))
        return PLAN_LOOP;
    if (node_is(node->proto, "Scan"))
        return PLAN_SCAN;
    if (node->op)
        return PLAN_OPERATOR;
    return node_is_debug(node->proto) && !model_find_function(model, node->proto) ? PLAN_DEBUG : PLAN_UNKNOWN;
}

static bsr_status read_node(struct plan *plan, const struct making *making, struct plan_node *node,
                            struct bsr_error *err)
{
    const Onnx__NodeProto *proto = node->proto;
    bsr_status             status = node_read(&node->node, proto, node_opset(making->model, proto), err);

    if (status == BSR_OK)
        status = number_values(plan, node, err);
    if (status != BSR_OK)
        return status;
    node->op = operators_find(node->node->domain, node->node->type);
    node->kind = find_kind(making->model, node);
    switch (node->kind) {
    case PLAN_CONSTANT:
        return read_constant(plan, making, node, err);
    case PLAN_IF:
    case PLAN_LOOP:
    case PLAN_SCAN:
        return plan_bodies(plan, making, node, err);
    case PLAN_UNKNOWN:
        if (!making->strict)
            break;
        bsr_fail(err, BSR_EMODEL, NULL, "this operator is unknown to besra");
        bsr_hint(err, "write it (docs/custom-operators.md) and load it with --ops FILE.so");
        return BSR_EMODEL;
    default:
        break;
    }
    return BSR_OK;
}

static bsr_status read_nodes(struct plan *plan, const struct making *making, struct bsr_error *err)
{
    size_t    *order = NULL;
    bsr_status status = index_sort(&order, plan->index, err);

    for (size_t n = 0; status == BSR_OK && n < plan->graph->n_node; n++) {
        struct plan_node *node = &plan->nodes[n];
        node->proto = plan->graph->node[order[n]];
        plan->node_count = (int)n + 1;
        status = read_node(plan, making, node, err);
        if (status == BSR_EMODEL)
            fail_in_node(status, node->proto, err);
    }
    mem_free(order);
    return status;
}

static void count_reader(struct plan *plan, int value)
{
    if (value >= 0)
        plan->values[value].readers++;
}

static void count_readers(struct plan *plan)
{
    for (int n = 0; n < plan->node_count; n++) {
        const struct plan_node *node = &plan->nodes[n];
        for (int i = 0; i < node->input_count; i++)
            count_reader(plan, node->inputs[i]);
        for (int i = 0; i < node->capture_count; i++)
            count_reader(plan, node->captures[i]);
    }
    for (int i = 0; i < plan->output_count; i++)
        count_reader(plan, plan->outputs[i]);
}

/* ---- plans ---------------------------------------------------------------------------------------- */

static bsr_status fill(struct plan *plan, const struct making *making, const struct plan *outer,
                       struct bsr_error *err)
{
    bsr_status status = index_make(&plan->index, plan->graph, err);
    if (status != BSR_OK)
        return status;

    size_t values = plan->index->count, nodes = plan->graph->n_node;
    plan->values = mem_alloc_zeroed(values + 1, sizeof *plan->values);
    plan->nodes = mem_alloc_zeroed(nodes + 1, sizeof *plan->nodes);
    if (!plan->values || !plan->nodes)
        return bsr_fail_memory(err, NULL, values * sizeof *plan->values + nodes * sizeof *plan->nodes);
    plan->value_count = (int)values;
    status = read_values(plan, making, outer, err);
    if (status == BSR_OK)
        status = number_ends(plan, outer, err);
    if (status == BSR_OK)
        status = read_nodes(plan, making, err);
    if (status == BSR_OK)
        count_readers(plan);
    return status;
}

static bsr_status make_plan(struct plan **out, const struct making *making, const Onnx__GraphProto *graph,
                            const struct plan *outer, struct bsr_error *err)
{
    struct plan *plan = mem_alloc_zeroed(1, sizeof *plan);
    if (!plan)
        return bsr_fail_memory(err, NULL, sizeof *plan);
    plan->model = making->model;
    plan->graph = graph;

    bsr_status status = fill(plan, making, outer, err);
    if (status == BSR_OK)
        *out = plan;
    else
        plan_free(plan);
    return status;
}

bsr_status plan_make(struct plan **out, const struct onnx_model *model, bool strict, struct bsr_error *err)
{
    struct making making = {.model = model, .strict = strict};
    bsr_status    status = graph_refuse_sparse(model->proto->graph, err);

    return status == BSR_OK ? make_plan(out, &making, model->proto->graph, NULL, err) : status;
}
