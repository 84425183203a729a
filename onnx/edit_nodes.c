/* Other operators in a node's place, and nodes taken out. */
#include "onnx/edit.h"

#include "base/alloc.h"
#include "base/nearest.h"
#include "onnx/edit_find.h"
#include "onnx/inspect/schemas.h"
#include "onnx/make.h"
#include "onnx/nodes.h"
#include "operators/registry.h"

#include <string.h>

/* ---- set_op ---------------------------------------------------------------------------------------------
 */

static bool is_local_function(const struct onnx_model *model, const char *domain, size_t length,
                              const char *type)
{
    for (size_t i = 0; i < model->proto->n_functions; i++) {
        const Onnx__FunctionProto *function = model->proto->functions[i];
        const char                *own = text_or_empty(function->domain);
        if (strlen(own) == length && strncmp(own, domain, length) == 0 &&
            strcmp(text_or_empty(function->name), type) == 0)
            return true;
    }
    return false;
}

/* Any operator of another domain may be somebody's own; ONNX's are known. */
static bsr_status check_type(const struct onnx_model *model, const char *op_type, struct bsr_error *err)
{
    const char    *type;
    size_t         length = op_domain_length(op_type, &type);
    struct nearest nearest = nearest_start(type);

    if (!*type || strlen(op_type) > ONNX_MAX_NAME)
        return bsr_fail(err, BSR_EMODEL, model->name, "'%s' is no operator's name", shown_name(op_type).text);
    if (length || schema_find(type) || operators_find("", type) || is_local_function(model, "", 0, type))
        return BSR_OK;
    for (int n = 0; schema_at(n); n++)
        nearest_offer(&nearest, schema_at(n)->type);
    if (nearest.best)
        return bsr_fail(err, BSR_EMODEL, model->name, "ONNX has no operator '%s'; did you mean '%s'?",
                        shown_name(type).text, nearest.best);
    return bsr_fail(err, BSR_EMODEL, model->name, "ONNX has no operator '%s'", shown_name(type).text);
}

bsr_status onnx_set_op(struct onnx_model *model, const char *node, const char *op_type, struct bsr_error *err)
{
    const char *type;
    char       *own_type = NULL, *domain = NULL;
    size_t      position = 0, length = op_domain_length(op_type, &type);
    bsr_status  status = edit_find_node(&position, model, node, err);

    if (status == BSR_OK)
        status = check_type(model, op_type, err);
    if (status != BSR_OK)
        return status;
    own_type = mem_copy_text(type);
    domain = mem_copy_text(op_type);
    if (!own_type || !domain)
        status = bsr_fail_memory(err, model->name, strlen(op_type) + 1);
    if (status == BSR_OK)
        status = model_import_domain(model, op_type, length, err);
    if (status != BSR_OK) {
        mem_free(own_type);
        mem_free(domain);
        return status;
    }
    domain[length] = '\0';
    Onnx__NodeProto *proto = model->proto->graph->node[position];
    mem_free(proto->op_type);
    mem_free(proto->domain);
    proto->op_type = own_type;
    proto->domain = domain;
    return BSR_OK;
}

/* ---- remove_node ------------------------------------------------------------------------------------------
 */

/* A node to be taken out. */
struct removal {
    struct onnx_model        *model;
    struct graph_index       *index;
    Onnx__NodeProto          *node;
    const struct index_entry *in, *out; /* what it reads first, what it makes first */
};

static bsr_status refuse(const struct removal *removal, const char *why, struct bsr_error *err)
{
    return bsr_fail(err, BSR_EMODEL, removal->model->name, "node %s can't be taken out: %s",
                    node_text(removal->node).text, why);
}

static bsr_status check_shapes(const struct removal *removal, struct bsr_error *err)
{
    struct onnx_values *values = NULL;
    bsr_status          status = onnx_infer(&values, removal->model, NULL, 0, err);

    if (status == BSR_ENOMEM)
        return status;
    if (status != BSR_OK) /* a model that is at fault elsewhere may be edited */
        return BSR_OK;
    const struct bsr_tensor *in = onnx_values_find(values, removal->in->name);
    const struct bsr_tensor *out = onnx_values_find(values, removal->out->name);
    if (in && out && (!tensor_same_shape(in, out) || in->type != out->type))
        status = bsr_fail(
            err, BSR_EMODEL, removal->model->name, "node %s can't be taken out: it makes %s %s of %s %s",
            node_text(removal->node).text, tensor_type_name(out->type), tensor_shape_text(out).text,
            tensor_type_name(in->type), tensor_shape_text(in).text);
    onnx_values_free(values);
    return status;
}

static bsr_status check_removal(struct removal *removal, struct bsr_error *err)
{
    const Onnx__NodeProto *node = removal->node;

    if (!*node_input(node, 0) || !node->n_output || !*node->output[0])
        return refuse(removal, "it has no first input and output, one to take the other's place", err);
    removal->in = index_find(removal->index, node->input[0]);
    removal->out = index_find(removal->index, node->output[0]);
    for (size_t o = 1; o < node->n_output; o++)
        if (index_use_count(removal->index, node->output[o]))
            return refuse(removal, "an output of it besides the first is read", err);
    if (edit_defined_inside(removal->model->proto->graph, removal->in->name))
        return refuse(removal, "its input has a namesake in a subgraph", err);
    /* An output keeps its name, so that what stands behind it must be able to take it. */
    if (removal->out->is_output && removal->in->node == SIZE_MAX)
        return refuse(removal, "an input or weight would be an output of the graph", err);
    if (removal->out->is_output && removal->in->is_output)
        return refuse(removal, "two outputs of the graph would be the same", err);
    if (removal->out->is_output && edit_defined_inside(removal->model->proto->graph, removal->out->name))
        return refuse(removal, "its output has a namesake in a subgraph", err);
    return check_shapes(removal, err);
}

/* All who read the node's output read its input; or, for an output of the graph, the input's maker and
 * readers take the output's name. */
static bsr_status reconnect(const struct removal *removal, struct bsr_error *err)
{
    const struct index_entry *in = removal->in, *out = removal->out;
    if (!out->is_output)
        return edit_set_uses(removal->index, out, false, in->name, err);

    Onnx__NodeProto *producer = removal->model->proto->graph->node[in->node];
    char          ***slots = mem_alloc_zeroed(in->use_count + 1, sizeof *slots);
    if (!slots)
        return bsr_fail_memory(err, NULL, in->use_count * sizeof *slots);
    size_t count = 0;
    slots[count++] = &producer->output[in->output];
    for (size_t i = 0; i < in->use_count; i++)
        slots[count++] = in->uses[i].slot;
    bsr_status status = edit_set_slots(slots, count, out->name, err);
    mem_free(slots);
    return status;
}

/* Weights and Constant nodes that only the node read go with it. */
static void drop_orphan(struct onnx_model *model, const char *name)
{
    Onnx__GraphProto *graph = model->proto->graph;

    if (!*name || graph_find_uses(graph, name, NULL, 0))
        return;
    const Onnx__NodeProto *producer = graph_find_producer(graph, name);
    if (producer && node_is(producer, "Constant"))
        graph_remove_node(graph, producer);
    if (!graph_find_initializer(graph, name))
        return;
    graph_remove_initializer(graph, name);
    for (size_t i = graph->n_input; i-- > 0;)
        if (strcmp(text_or_empty(graph->input[i]->name), name) == 0)
            graph_remove_input_at(graph, i);
}

/* Takes the node out of the graph without freeing it. */
static void detach(Onnx__GraphProto *graph, const Onnx__NodeProto *node)
{
    size_t at = 0;
    while (graph->node[at] != node)
        at++;
    memmove(&graph->node[at], &graph->node[at + 1], (graph->n_node - at - 1) * sizeof(void *));
    graph->n_node--;
}

static void finish_removal(const struct removal *removal, const char *in, const char *out)
{
    Onnx__GraphProto *graph = removal->model->proto->graph;

    detach(graph, removal->node);
    edit_remove_value_info(graph, removal->out->is_output ? in : out);
    for (size_t i = 1; i < removal->node->n_input; i++)
        drop_orphan(removal->model, removal->node->input[i]);
    for (size_t o = 1; o < removal->node->n_output; o++)
        edit_remove_value_info(graph, removal->node->output[o]);
    message_free(&removal->node->base);
}

bsr_status onnx_remove_node(struct onnx_model *model, const char *node, struct bsr_error *err)
{
    struct removal removal = {.model = model};
    size_t         position = 0;
    char          *in = NULL, *out = NULL;
    bsr_status     status = edit_find_node(&position, model, node, err);
    if (status == BSR_OK)
        status = index_make(&removal.index, model->proto->graph, err);
    if (status != BSR_OK)
        return status;

    removal.node = model->proto->graph->node[position];
    if (model->proto->graph->n_node == 1)
        status = refuse(&removal, "it is the only one", err);
    if (status == BSR_OK)
        status = check_removal(&removal, err);
    if (status == BSR_OK) {
        /* The names in the index are those of places that are about to change. */
        in = mem_copy_text(removal.in->name);
        out = mem_copy_text(removal.out->name);
        status = in && out ? reconnect(&removal, err) : bsr_fail_memory(err, model->name, 1);
    }
    if (status == BSR_OK)
        finish_removal(&removal, in, out);
    mem_free(in);
    mem_free(out);
    index_free(removal.index);
    return status;
}
