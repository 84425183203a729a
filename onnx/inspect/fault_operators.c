/* Operators: whether there is one of that name, and whether its node has the inputs and outputs that it
 * takes. */
#include "base/nearest.h"
#include "onnx/inspect/faults.h"
#include "onnx/inspect/schemas.h"
#include "operators/registry.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

static bool is_standard(const Onnx__NodeProto *node)
{
    const char *domain = text_or_empty(node->domain);
    return !*domain || strcmp(domain, "ai.onnx") == 0;
}

/* Of ONNX's operators for a standard node; of those that besra has for another. NULL: none is near. */
static const char *guess_type(struct fault_search *search, const Onnx__NodeProto *node)
{
    struct nearest nearest = nearest_start(node->op_type);
    char           full[256];

    if (search->guesses++ >= MAX_GUESSES)
        return NULL;
    for (int i = 0; is_standard(node) && schema_at(i); i++)
        nearest_offer(&nearest, schema_at(i)->type);
    if (is_standard(node))
        return nearest.best;
    snprintf(full, sizeof full, "%s.%s", node->domain, node->op_type);
    nearest = nearest_start(full);
    for (int i = 0; operators_at(i); i++)
        nearest_offer(&nearest, operators_at(i)->name);
    return nearest.best;
}

static bsr_status say_unknown(struct fault_search *search, const Onnx__NodeProto *node)
{
    const char *meant = guess_type(search, node);
    char        hint[256];

    if (meant)
        snprintf(hint, sizeof hint, "did you mean %s?", meant);
    else
        snprintf(hint, sizeof hint, "%s",
                 is_standard(node) ? "is its domain missing? a plugin's operator has one"
                                   : "load its plugin with --ops, or export the model without it");
    return onnx_faults_add(search->faults, ONNX_FAULT_ERROR, where_node(node).text, hint, search->err,
                           is_standard(node) ? "ONNX has no operator of this name"
                                             : "neither besra nor a plugin has an operator of this name");
}

/* A node of a domain other than ONNX's own. */
static bsr_status search_foreign(struct fault_search *search, const Onnx__NodeProto *node)
{
    bsr_status status = BSR_OK;

    if (!node_opset(search->model, node))
        status =
            onnx_faults_add(search->faults, ONNX_FAULT_WARNING, where_node(node).text,
                            "besra runs it all the same; other engines may refuse it", search->err,
                            "its domain '%s' is not imported by the model", shown_name(node->domain).text);
    if (status != BSR_OK || operators_find(node->domain, node->op_type))
        return status;
    if (node_is_debug(node))
        return onnx_faults_add(search->faults, ONNX_FAULT_NOTE, where_node(node).text,
                               "besra leaves it out: what goes in comes out", search->err,
                               "only looks at what goes through it");
    return say_unknown(search, node);
}

struct count_text {
    char text[32];
};

static struct count_text range_text(int least, int most)
{
    struct count_text text;
    if (most == INT_MAX)
        snprintf(text.text, sizeof text.text, "at least %d", least);
    else if (least == most)
        snprintf(text.text, sizeof text.text, "%d", least);
    else
        snprintf(text.text, sizeof text.text, "%d to %d", least, most);
    return text;
}

static bsr_status search_count(struct fault_search *search, const Onnx__NodeProto *node, const char *what,
                               size_t count, int least, int most)
{
    if (count >= (size_t)least && count <= (size_t)most)
        return BSR_OK;
    return onnx_faults_add(search->faults, ONNX_FAULT_ERROR, where_node(node).text, NULL, search->err,
                           "has %zu %s%s; its operator takes %s", count, what, count == 1 ? "" : "s",
                           range_text(least, most).text);
}

static bsr_status search_standard(struct fault_search *search, const Onnx__NodeProto *node)
{
    const struct schema *schema = schema_find(node->op_type);
    int64_t              opset = onnx_opset(search->model, "");
    char                 hint[128];
    bsr_status           status = BSR_OK;

    if (!schema)
        return operators_find("", node->op_type) ? BSR_OK : say_unknown(search, node);
    if (opset && opset < schema->since) {
        snprintf(hint, sizeof hint, "other engines refuse it; export with opset_version=%d or later",
                 schema->since);
        status = onnx_faults_add(search->faults, ONNX_FAULT_WARNING, where_node(node).text, hint, search->err,
                                 "%s came with opset %d, the model imports opset %lld", schema->type,
                                 schema->since, (long long)opset);
    }
    if (status == BSR_OK)
        status =
            search_count(search, node, "input", node->n_input, schema->least_inputs, schema->most_inputs);
    if (status == BSR_OK)
        status =
            search_count(search, node, "output", node->n_output, schema->least_outputs, schema->most_outputs);
    return status;
}

static bsr_status search_node(struct fault_search *search, const Onnx__NodeProto *node)
{
    if (!*text_or_empty(node->op_type))
        return onnx_faults_add(search->faults, ONNX_FAULT_ERROR, where_node(node).text, NULL, search->err,
                               "names no operator");
    if (model_find_function(search->model, node))
        return BSR_OK;
    return is_standard(node) ? search_standard(search, node) : search_foreign(search, node);
}

bsr_status find_operator_faults(struct fault_search *search)
{
    return visit_nodes(search, search->model->proto->graph, search_node);
}
