/* Calls of functions that the model brings along become the functions' nodes, where besra has no operator
 * for them. */
#include "base/alloc.h"
#include "onnx/functions.h"
#include "onnx/make.h"
#include "onnx/messages.h"
#include "onnx/nodes.h"
#include "onnx/passes/passes.h"
#include "onnx/passes/splice.h"

#include <string.h>

static const char pass_name[] = "inline-functions";

/* Functions call functions that call functions: a round for each level. */
enum { MAX_LEVELS = 32 };

struct inlining {
    struct onnx_model   *model;
    struct onnx_changes *changes;
    struct name_map      functions;
    struct splice        splice;
    bool                 any; /* in this round */
};

/* ---- attributes ---------------------------------------------------------------------------------------- */

static const Onnx__AttributeProto *find_default(const Onnx__FunctionProto *function, const char *name)
{
    for (size_t i = 0; i < function->n_attribute_proto; i++)
        if (strcmp(text_or_empty(function->attribute_proto[i]->name), name) == 0)
            return function->attribute_proto[i];
    return NULL;
}

/* A copy of the attribute that the call gives for `formal`, under the name that `formal` has in the body. */
static bsr_status bind_attribute(Onnx__AttributeProto **out, const Onnx__AttributeProto *formal,
                                 const Onnx__NodeProto *call, const Onnx__FunctionProto *function,
                                 struct bsr_error *err)
{
    const Onnx__AttributeProto *actual = node_attribute(call, formal->ref_attr_name);
    ProtobufCMessage           *copy = NULL;

    *out = NULL;
    if (!actual)
        actual = find_default(function, formal->ref_attr_name);
    if (!actual)
        return BSR_OK;
    bsr_status status = message_copy(&copy, &actual->base, err);
    if (status != BSR_OK)
        return status;
    Onnx__AttributeProto *bound = (Onnx__AttributeProto *)(void *)copy;
    status = message_set_text(&bound->name, text_or_empty(formal->name), err);
    if (status == BSR_OK)
        *out = bound;
    else
        message_free(copy);
    return status;
}

/* Attributes of the body that stand for those of the call; in subgraphs, too. */
static bsr_status bind_attributes(Onnx__NodeProto *node, const Onnx__NodeProto *call,
                                  const Onnx__FunctionProto *function, struct bsr_error *err)
{
    bsr_status status = BSR_OK;
    size_t     kept = 0;

    for (size_t a = 0; a < node->n_attribute; a++) {
        Onnx__AttributeProto *attribute = node->attribute[a], *bound = attribute;
        bool                  formal = attribute->ref_attr_name && *attribute->ref_attr_name;
        for (size_t n = 0; status == BSR_OK && attribute->g && n < attribute->g->n_node; n++)
            status = bind_attributes(attribute->g->node[n], call, function, err);
        if (status == BSR_OK && formal) {
            status = bind_attribute(&bound, attribute, call, function, err);
            if (status == BSR_OK)
                message_free(&attribute->base);
            else
                bound = attribute;
        }
        if (bound)
            node->attribute[kept++] = bound;
    }
    node->n_attribute = kept;
    return status;
}

/* ---- one call --------------------------------------------------------------------------------------------
 */

static bsr_status copy_nodes(struct node_list *nodes, const Onnx__NodeProto *call,
                             const Onnx__FunctionProto *function, struct bsr_error *err)
{
    bsr_status status = BSR_OK;

    for (size_t n = 0; status == BSR_OK && n < function->n_node; n++) {
        ProtobufCMessage *copy = NULL;
        status = message_copy(&copy, &function->node[n]->base, err);
        if (status == BSR_OK)
            status = node_list_push(nodes, (Onnx__NodeProto *)(void *)copy, err);
        if (status == BSR_OK)
            status = bind_attributes(nodes->nodes[nodes->count - 1], call, function, err);
    }
    return status;
}

static bsr_status name_inputs(struct name_map *names, const Onnx__NodeProto *call,
                              const Onnx__FunctionProto *function, struct bsr_error *err)
{
    bsr_status status = BSR_OK;

    for (size_t i = 0; status == BSR_OK && i < function->n_input; i++)
        status = name_map_add(names, function->input[i], node_input(call, i), 0, err);
    return status;
}

static bool uses_domain(const Onnx__FunctionProto *function, const char *domain)
{
    for (size_t n = 0; n < function->n_node; n++)
        if (strcmp(text_or_empty(function->node[n]->domain), domain) == 0)
            return true;
    return false;
}

/* The nodes of a function mean what they mean at the version that the function imports. */
static bsr_status import_domains(struct inlining *inlining, const Onnx__FunctionProto *function,
                                 struct bsr_error *err)
{
    bsr_status status = BSR_OK;

    for (size_t i = 0; status == BSR_OK && i < function->n_opset_import; i++) {
        const Onnx__OperatorSetIdProto *import = function->opset_import[i];
        const char                     *domain = text_or_empty(import->domain);
        int64_t                         version = onnx_opset(inlining->model, domain);
        if (version == import->version || !uses_domain(function, domain))
            continue;
        if (version)
            return bsr_fail(err, BSR_EMODEL, NULL,
                            "its function is of opset %lld of the domain '%s', the model of opset %lld",
                            (long long)import->version, shown_name(domain).text, (long long)version);
        status = model_import_domain(inlining->model, domain, strlen(domain), err);
        Onnx__ModelProto *proto = inlining->model->proto;
        if (status == BSR_OK && onnx_opset(inlining->model, domain))
            proto->opset_import[proto->n_opset_import - 1]->version = import->version;
    }
    return status;
}

static bsr_status expand(struct inlining *inlining, struct node_list *list, const Onnx__NodeProto *call,
                         const Onnx__FunctionProto *function, struct bsr_error *err)
{
    size_t             outputs = function->n_output;
    struct splice_body body = {.output_count = outputs,
                               .prefix = *text_or_empty(call->name) ? call->name
                                         : call->n_output           ? call->output[0]
                                                                    : ""};
    body.formal = mem_alloc_zeroed(outputs + 1, sizeof(char *));
    body.actual = mem_alloc_zeroed(outputs + 1, sizeof(char *));
    bsr_status status = body.formal && body.actual ? import_domains(inlining, function, err)
                                                   : bsr_fail_memory(err, NULL, outputs * sizeof(char *));
    for (size_t i = 0; status == BSR_OK && i < outputs; i++) {
        body.formal[i] = function->output[i];
        body.actual[i] = i < call->n_output ? call->output[i] : "";
    }
    if (status == BSR_OK)
        status = name_inputs(&body.names, call, function, err);
    if (status == BSR_OK)
        status = copy_nodes(&body.nodes, call, function, err);
    if (status == BSR_OK)
        status = splice_nodes(&inlining->splice, list, &body, err);
    node_list_free(&body.nodes);
    name_map_free(&body.names);
    mem_free(body.formal);
    mem_free(body.actual);
    return status;
}

/* ---- a graph and its subgraphs
 * ----------------------------------------------------------------------------- */

static bsr_status inline_graph(struct inlining *inlining, Onnx__GraphProto *graph, struct bsr_error *err);

static bsr_status inline_node(struct inlining *inlining, struct node_list *list, Onnx__NodeProto *node,
                              struct bsr_error *err)
{
    const Onnx__FunctionProto *function = NULL;
    bsr_status status = functions_find(&function, &inlining->functions, inlining->model, node, err);

    for (size_t a = 0; status == BSR_OK && a < node->n_attribute; a++)
        if (node->attribute[a]->g)
            status = inline_graph(inlining, node->attribute[a]->g, err);
    if (status != BSR_OK || !function)
        return status == BSR_OK ? node_list_push(list, node, err) : (message_free(&node->base), status);

    inlining->any = true;
    status = expand(inlining, list, node, function, err);
    if (status == BSR_OK)
        status = onnx_changes_add(inlining->changes, err, pass_name, node_text(node).text,
                                  "is replaced by the %zu nodes of its function", function->n_node);
    else
        fail_in_node(status, node, err);
    message_free(&node->base);
    return status;
}

/* All nodes go through a new list; after a failure the graph has those that were done. */
static bsr_status inline_graph(struct inlining *inlining, Onnx__GraphProto *graph, struct bsr_error *err)
{
    struct node_list list = {0};
    bsr_status       status = BSR_OK;

    for (size_t n = 0; n < graph->n_node; n++) {
        if (status == BSR_OK)
            status = inline_node(inlining, &list, graph->node[n], err);
        else
            message_free(&graph->node[n]->base);
    }
    mem_free(graph->node);
    graph->node = list.nodes;
    graph->n_node = list.count;
    return status;
}

bsr_status pass_inline_functions(struct onnx_model *model, const struct onnx_prepare_options *options,
                                 struct onnx_changes *changes, bool *changed, struct bsr_error *err)
{
    struct inlining inlining = {.model = model, .changes = changes};
    bool            called = false;
    bsr_status      status = functions_index(&inlining.functions, model, err);

    (void)options;
    if (status == BSR_OK)
        status = functions_are_called(&called, &inlining.functions, model, model->proto->graph, err);
    if (status == BSR_OK && called)
        status = splice_open(&inlining.splice, model, err);
    inlining.any = called;
    for (int level = 0; status == BSR_OK && inlining.any; level++) {
        inlining.any = false;
        status = level < MAX_LEVELS
                     ? inline_graph(&inlining, model->proto->graph, err)
                     : bsr_fail(err, BSR_EMODEL, model->name, "a function of the model calls itself");
        *changed = true;
    }
    splice_close(&inlining.splice);
    name_map_free(&inlining.functions);
    return status;
}
