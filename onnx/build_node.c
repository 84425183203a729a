#include "onnx/build_node.h"

#include "base/alloc.h"
#include "onnx/build_check.h"
#include "onnx/make.h"
#include "onnx/nodes.h"
#include "operators/registry.h"

#include <string.h>

enum { MAX_VALUES = 4096 }; /* that a node reads or makes: a list without its end is found out */

/* AttributeProto.AttributeType. */
enum { IS_FLOAT = 1, IS_INT = 2, IS_TEXT = 3, IS_TENSOR = 4, IS_FLOATS = 6, IS_INTS = 7 };

static struct bsr_attribute attribute_of(const char *name, int kind, int count)
{
    return (struct bsr_attribute){.name = name, .kind = kind, .count = count};
}

struct bsr_attribute bsr_attribute_int(const char *name, int64_t value)
{
    struct bsr_attribute attribute = attribute_of(name, IS_INT, 0);
    attribute.i = value;
    return attribute;
}

struct bsr_attribute bsr_attribute_float(const char *name, float value)
{
    struct bsr_attribute attribute = attribute_of(name, IS_FLOAT, 0);
    attribute.f = value;
    return attribute;
}

struct bsr_attribute bsr_attribute_text(const char *name, const char *value)
{
    struct bsr_attribute attribute = attribute_of(name, IS_TEXT, 0);
    attribute.text = value;
    return attribute;
}

struct bsr_attribute bsr_attribute_ints(const char *name, int count, const int64_t *values)
{
    struct bsr_attribute attribute = attribute_of(name, IS_INTS, count);
    attribute.ints = values;
    return attribute;
}

struct bsr_attribute bsr_attribute_floats(const char *name, int count, const float *values)
{
    struct bsr_attribute attribute = attribute_of(name, IS_FLOATS, count);
    attribute.floats = values;
    return attribute;
}

struct bsr_attribute bsr_attribute_tensor(const char *name, const struct bsr_tensor *value)
{
    struct bsr_attribute attribute = attribute_of(name, IS_TENSOR, 0);
    attribute.tensor = value;
    return attribute;
}

/* ---- the message
 * --------------------------------------------------------------------------------------------------- */

static int list_length(const char *const *list)
{
    int count = 0;
    while (list && count < MAX_VALUES && list[count])
        count++;
    return count;
}

static bsr_status add_attribute(Onnx__NodeProto *proto, const struct bsr_attribute *attribute,
                                struct bsr_error *err)
{
    if (attribute->count < 0)
        return bsr_fail(err, BSR_EMODEL, NULL, "attribute '%s' has a negative count",
                        shown_name(attribute->name).text);
    switch (attribute->kind) {
    case IS_FLOAT:
        return node_add_float(proto, attribute->name, attribute->f, err);
    case IS_INT:
        return node_add_int(proto, attribute->name, attribute->i, err);
    case IS_TEXT:
        return node_add_text(proto, attribute->name, attribute->text, err);
    case IS_TENSOR:
        return node_add_tensor(proto, attribute->name, attribute->tensor, err);
    case IS_FLOATS:
        return node_add_floats(proto, attribute->name, attribute->floats, attribute->count, err);
    case IS_INTS:
        return node_add_ints(proto, attribute->name, attribute->ints, attribute->count, err);
    default:
        return bsr_fail(err, BSR_EMODEL, NULL, "attribute '%s' is of no kind that there is",
                        shown_name(attribute->name).text);
    }
}

/* Inputs by the names that they have in the graph. */
static bsr_status make_message(Onnx__NodeProto **out, const struct build_values *values,
                               const struct build_node *node, struct bsr_error *err)
{
    struct node_parts parts = {.op = node->op,
                               .name = node->name,
                               .inputs = node->inputs,
                               .outputs = node->outputs,
                               .input_count = list_length(node->inputs),
                               .output_count = list_length(node->outputs)};
    Onnx__NodeProto  *proto = NULL;
    bsr_status        status = node_make(&proto, &parts, err);

    for (int i = 0; status == BSR_OK && i < parts.input_count; i++) {
        const struct build_value *value = build_values_find(values, node->inputs[i]);
        if (value && strcmp(value->name, node->inputs[i]) != 0)
            status = message_set_text(&proto->input[i], value->name, err);
    }
    for (const struct bsr_attribute *a = node->attributes; status == BSR_OK && a && a->name; a++)
        status = add_attribute(proto, a, err);
    if (status == BSR_OK)
        *out = proto;
    else if (proto)
        message_free(&proto->base);
    return status;
}

/* ---- shapes
 * -------------------------------------------------------------------------------------------------------- */

/* What the operator is asked with. */
struct question {
    const struct bsr_tensor **inputs;
    struct bsr_tensor        *outputs;
    struct bsr_node          *node;
    bool                      known; /* all inputs have types and shapes */
};

static bsr_status ask(struct question *question, const struct bsr_operator *op, const Onnx__NodeProto *proto,
                      struct bsr_error *err)
{
    struct bsr_call call = {
        .node = question->node,
        .inputs = question->inputs,
        .input_count = (int)proto->n_input,
        .outputs = question->outputs,
        .output_count = (int)proto->n_output,
    };
    bsr_status status = op->shape(&call, err);
    if (status == BSR_EVALUES) {
        question->known = false;
        return BSR_OK;
    }
    for (size_t o = 0; status == BSR_OK && o < proto->n_output; o++)
        question->outputs[o].data = NULL;
    return status;
}

static bsr_status gather_inputs(struct question *question, const struct build_values *values,
                                const Onnx__NodeProto *proto, struct bsr_error *err)
{
    question->known = true;
    for (size_t i = 0; i < proto->n_input; i++) {
        const struct build_value *value = build_values_find(values, proto->input[i]);
        if (!*proto->input[i])
            continue;
        if (!value)
            return build_values_fail_unknown(values, proto->input[i], err);
        question->known &= value->tensor.type != 0;
        question->inputs[i] = &value->tensor;
    }
    return BSR_OK;
}

/* Fills question->outputs; question->known says whether they are worth something. */
static bsr_status infer_outputs(struct question *question, const struct onnx_model *model,
                                const struct build_values *values, const Onnx__NodeProto *proto,
                                struct bsr_error *err)
{
    const struct bsr_operator *op = operators_find(text_or_empty(proto->domain), proto->op_type);

    question->inputs = mem_alloc_zeroed(proto->n_input + 1, sizeof(void *));
    question->outputs = mem_alloc_zeroed(proto->n_output + 1, sizeof *question->outputs);
    if (!question->inputs || !question->outputs)
        return bsr_fail_memory(err, NULL, (proto->n_input + proto->n_output) * sizeof *question->outputs);
    bsr_status status = gather_inputs(question, values, proto, err);
    if (status != BSR_OK || !op || !question->known) {
        question->known = false;
        return status;
    }
    status = node_read(&question->node, proto, node_opset(model, proto), err);
    return status == BSR_OK ? ask(question, op, proto, err) : status;
}

static void free_question(struct question *question)
{
    mem_free(question->inputs);
    mem_free(question->outputs);
    node_free(question->node);
}

static bsr_status add_outputs(struct build_values *values, const struct question *question,
                              const Onnx__NodeProto *proto, struct bsr_error *err)
{
    bsr_status status = BSR_OK;

    for (size_t o = 0; status == BSR_OK && o < proto->n_output; o++) {
        struct build_value *value = NULL;
        if (o && !*proto->output[o])
            continue;
        status = build_values_add(&value, values, proto->output[o], err);
        if (status != BSR_OK)
            break;
        value->is_made = true;
        if (question->known)
            value->tensor = question->outputs[o];
    }
    return status;
}

/* ---- adding
 * -------------------------------------------------------------------------------------------------------- */

static bsr_status add_message(struct onnx_model *model, struct build_values *values, Onnx__NodeProto *proto,
                              struct bsr_error *err)
{
    Onnx__GraphProto *graph = model->proto->graph;
    struct question   question = {.known = false};
    size_t            before = values->count;
    const char       *domain = text_or_empty(proto->domain);
    bsr_status        status = model_import_domain(model, domain, strlen(domain), err);

    if (status == BSR_OK)
        status = infer_outputs(&question, model, values, proto, err);
    if (status == BSR_OK)
        status = add_outputs(values, &question, proto, err);
    if (status == BSR_OK)
        status = message_append(&graph->node, &graph->n_node, proto, err);
    if (status != BSR_OK)
        build_values_cut(values, before);
    free_question(&question);
    return status == BSR_OK ? BSR_OK : fail_in_node(status, proto, err);
}

bsr_status build_add_node(struct onnx_model *model, struct build_values *values,
                          const struct build_node *node, struct bsr_error *err)
{
    Onnx__NodeProto *proto = NULL;

    if (!list_length(node->outputs) || list_length(node->inputs) >= MAX_VALUES ||
        list_length(node->outputs) >= MAX_VALUES)
        return bsr_fail(err, BSR_EMODEL, NULL, "a node (%s) of %d inputs and %d outputs",
                        shown_name(node->op).text, list_length(node->inputs), list_length(node->outputs));
    const struct build_question question = {
        .op = node->op,
        .attributes = node->attributes,
        .input_count = list_length(node->inputs),
        .output_count = list_length(node->outputs),
        .opset = onnx_opset(model, ""),
    };
    bsr_status status = build_check_node(&question, err);
    if (status == BSR_OK)
        status = make_message(&proto, values, node, err);
    if (status != BSR_OK)
        return status;
    status = add_message(model, values, proto, err);
    if (status != BSR_OK)
        message_free(&proto->base);
    return status;
}
