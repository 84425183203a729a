#include "onnx/infer.h"

#include "base/alloc.h"
#include "onnx/nodes.h"
#include "onnx/plan.h"
#include "onnx/tensors.h"

#include <string.h>

/* Beyond this many bytes of computed values in all, only small ones (shapes, indices) are still computed. */
#define MAX_TOTAL ((size_t)256 << 20)
enum { SMALL = 4096 };

/* What is known of a value: type 0 for nothing, data where the value is. */
struct known {
    struct bsr_tensor tensor;
    bool              owned;
};

/* The values of one graph; those of a subgraph look into the graph around it. */
struct inference {
    const struct plan           *plan;
    struct known                *known;
    const Onnx__ValueInfoProto **declared; /* for values that no operator tells of; NULL in subgraphs */
    size_t                      *total;    /* bytes of computed values, of all graphs */
    const struct bsr_tensor    **inputs;   /* of the node that is asked */
    struct bsr_tensor           *outputs;
    onnx_refusal                *refusal; /* or NULL; of nodes of the graph itself only */
    void                        *context;
};

struct onnx_values {
    struct onnx_model *inlined; /* or NULL: the model calls no functions */
    struct plan       *plan;
    struct inference   inference;
    size_t             total;
};

static bsr_status infer_nodes(struct inference *inference, struct bsr_error *err);

static void close_inference(struct inference *inference)
{
    for (int v = 0; inference->known && v < inference->plan->value_count; v++)
        if (inference->known[v].owned)
            tensor_free(&inference->known[v].tensor);
    mem_free(inference->known);
    mem_free(inference->declared);
    mem_free(inference->inputs);
    mem_free(inference->outputs);
}

static bsr_status open_inference(struct inference *inference, const struct plan *plan, struct bsr_error *err)
{
    size_t values = (size_t)plan->value_count + 1;

    inference->plan = plan;
    inference->known = mem_alloc_zeroed(values, sizeof *inference->known);
    inference->inputs = mem_alloc_zeroed((size_t)plan->most_inputs + 1, sizeof(void *));
    inference->outputs = mem_alloc_zeroed((size_t)plan->most_outputs + 1, sizeof *inference->outputs);
    if (!inference->known || !inference->inputs || !inference->outputs)
        return bsr_fail_memory(err, NULL, values * sizeof *inference->known);
    for (int v = 0; v < plan->value_count; v++)
        if (plan->values[v].constant.data)
            inference->known[v].tensor = plan->values[v].constant;
    return BSR_OK;
}

/* ---- what the graph declares ---------------------------------------------------------------------- */

/* False unless type and all sides are given. */
static bool read_declared(struct bsr_tensor *tensor, const Onnx__ValueInfoProto *info)
{
    const Onnx__TypeProto *type = info->type;
    struct bsr_tensor      result = {.data = NULL};

    if (!type || type->value_case != ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE || !type->tensor_type ||
        !type->tensor_type->shape || type->tensor_type->shape->n_dim > BSR_MAX_DIMS ||
        !tensor_type_size(type->tensor_type->elem_type))
        return false;
    const Onnx__TensorShapeProto *shape = type->tensor_type->shape;
    result.type = type->tensor_type->elem_type;
    result.dims = (int)shape->n_dim;
    for (size_t i = 0; i < shape->n_dim; i++) {
        const Onnx__TensorShapeProto__Dimension *dim = shape->dim[i];
        if (dim->value_case != ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE || dim->dim_value <= 0)
            return false;
        result.shape[i] = dim->dim_value;
    }
    if (tensor_bytes(&result) == SIZE_MAX)
        return false;
    *tensor = result;
    return true;
}

static void note_declared(struct inference *inference, Onnx__ValueInfoProto **infos, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int value = plan_find(inference->plan, text_or_empty(infos[i]->name));
        if (value >= 0)
            inference->declared[value] = infos[i];
    }
}

static bsr_status note_all_declared(struct inference *inference, struct bsr_error *err)
{
    const Onnx__GraphProto *graph = inference->plan->graph;
    size_t                  values = (size_t)inference->plan->value_count + 1;

    inference->declared = mem_alloc_zeroed(values, sizeof(void *));
    if (!inference->declared)
        return bsr_fail_memory(err, NULL, values * sizeof(void *));
    note_declared(inference, graph->value_info, graph->n_value_info);
    note_declared(inference, graph->output, graph->n_output);
    return BSR_OK;
}

static const struct onnx_named *find_chosen(const char *name, const struct onnx_named *chosen, int count)
{
    for (int i = 0; i < count; i++)
        if (strcmp(chosen[i].name, name) == 0)
            return &chosen[i];
    return NULL;
}

static bsr_status choose(struct known *known, const Onnx__ValueInfoProto *info,
                         const struct onnx_named *chosen, struct bsr_error *err)
{
    struct bsr_tensor      tensor = chosen->tensor;
    const Onnx__TypeProto *type = info->type;

    if (!tensor.type && type && type->value_case == ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE && type->tensor_type)
        tensor.type = type->tensor_type->elem_type;
    if (!tensor_type_size(tensor.type))
        return BSR_OK;
    if (tensor.dims < 0 || tensor.dims > BSR_MAX_DIMS || tensor_bytes(&tensor) > TENSOR_MAX_BYTES)
        return bsr_fail(err, BSR_EMODEL, NULL, "the shape chosen for input '%s' is impossible",
                        shown_name(chosen->name).text);
    known->tensor = tensor;
    if (!tensor.data)
        return BSR_OK;
    known->tensor.data = NULL;
    bsr_status status = tensor_copy(&known->tensor, &tensor, err);
    known->owned = status == BSR_OK;
    return status;
}

/* Types and shapes of the graph's inputs; also of those that are initializers, where chosen. */
static bsr_status infer_inputs(struct inference *inference, const struct onnx_named *chosen, int count,
                               struct bsr_error *err)
{
    const Onnx__GraphProto *graph = inference->plan->graph;
    bsr_status              status = BSR_OK;

    for (size_t i = 0; status == BSR_OK && i < graph->n_input; i++) {
        const char              *name = text_or_empty(graph->input[i]->name);
        int                      value = plan_find(inference->plan, name);
        const struct onnx_named *choice = find_chosen(name, chosen, count);
        if (value < 0 || inference->known[value].owned)
            continue;
        struct known *known = &inference->known[value];
        if (choice)
            status = choose(known, graph->input[i], choice, err);
        else if (!known->tensor.type)
            read_declared(&known->tensor, graph->input[i]);
    }
    return status;
}

/* ---- one node ------------------------------------------------------------------------------------- */

/* Operators whose results differ from run to run. */
static bool is_random(const struct plan_node *node)
{
    static const char *const names[] = {"RandomNormal",      "RandomUniform", "RandomNormalLike",
                                        "RandomUniformLike", "Multinomial",   "Bernoulli"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (node_is(node->proto, names[i]))
            return true;
    return false;
}

/* Operators of besra's own that look at the shape of their input and never at its numbers. */
static bool reads_shape_only(const struct plan_node *node)
{
    return (node_is(node->proto, "Shape") || node_is(node->proto, "Size")) && operators_is_own(node->op);
}

/* False when type and shape of an input are not known. */
static bool gather_inputs(struct inference *inference, const struct plan_node *node, bool *values)
{
    *values = true;
    for (int i = 0; i < node->input_count; i++) {
        const struct known *known = node->inputs[i] < 0 ? NULL : &inference->known[node->inputs[i]];
        if (known && !known->tensor.type)
            return false;
        inference->inputs[i] = known ? &known->tensor : NULL;
        *values &= !known || known->tensor.data;
    }
    return true;
}

static bsr_status check_outputs(const struct inference *inference, const struct plan_node *node,
                                struct bsr_error *err)
{
    for (int i = 0; i < node->output_count; i++) {
        const struct bsr_tensor *out = &inference->outputs[i];
        if (out->dims < 0 || out->dims > BSR_MAX_DIMS || !tensor_type_size(out->type))
            return bsr_fail(err, BSR_EMODEL, NULL, "its operator gives output %d no type or shape", i + 1);
        if (tensor_bytes(out) > TENSOR_MAX_BYTES)
            return bsr_fail(err, BSR_EMODEL, NULL, "a result of %s is too large",
                            tensor_shape_text(out).text);
    }
    return BSR_OK;
}

static bool is_worth_computing(const struct inference *inference, const struct plan_node *node)
{
    size_t total = 0;

    for (int i = 0; i < node->output_count; i++) {
        size_t bytes = tensor_bytes(&inference->outputs[i]);
        if (bytes > ONNX_MAX_FOLDED)
            return false;
        total += bytes;
    }
    return total <= SMALL || *inference->total + total <= MAX_TOTAL;
}

/* Runs the operator; the outputs have their data then. */
static bsr_status compute(struct inference *inference, const struct plan_node *node,
                          const struct bsr_call *call, struct bsr_error *err)
{
    bsr_status status = BSR_OK;

    for (int i = 0; status == BSR_OK && i < node->output_count; i++)
        status = tensor_alloc(&inference->outputs[i], err);
    if (status == BSR_OK)
        status = node->op->run(call, err);
    for (int i = 0; i < node->output_count; i++) {
        if (status == BSR_OK)
            *inference->total += tensor_bytes(&inference->outputs[i]);
        else
            tensor_free(&inference->outputs[i]);
    }
    return status;
}

/* Takes over what became known. */
static void keep_outputs(struct inference *inference, const struct plan_node *node)
{
    for (int i = 0; i < node->output_count; i++) {
        struct bsr_tensor *out = &inference->outputs[i];
        struct known      *known = node->outputs[i] < 0 ? NULL : &inference->known[node->outputs[i]];
        if (!known || known->tensor.type) {
            tensor_free(out);
            continue;
        }
        known->tensor = *out;
        known->owned = out->data != NULL;
        *out = (struct bsr_tensor){0};
    }
}

static bsr_status infer_operator(struct inference *inference, const struct plan_node *node,
                                 struct bsr_error *err)
{
    struct bsr_call call = {.node = node->node,
                            .inputs = inference->inputs,
                            .input_count = node->input_count,
                            .outputs = inference->outputs,
                            .output_count = node->output_count};
    bool            values;

    if (!gather_inputs(inference, node, &values))
        return BSR_OK;
    memset(inference->outputs, 0, (size_t)node->output_count * sizeof *inference->outputs);
    bsr_status status = node->op->shape(&call, err);
    for (int i = 0; i < node->output_count; i++)
        inference->outputs[i].data = NULL;
    if (status == BSR_EVALUES)
        return BSR_OK;
    if (status == BSR_OK)
        status = check_outputs(inference, node, err);
    if (status == BSR_OK && (values || reads_shape_only(node)) && !is_random(node) &&
        is_worth_computing(inference, node))
        status = compute(inference, node, &call, err);
    if (status == BSR_OK)
        keep_outputs(inference, node);
    return status;
}

/* A debug node's output is its input. */
static bsr_status infer_debug(struct inference *inference, const struct plan_node *node,
                              struct bsr_error *err)
{
    const struct bsr_tensor *input = &inference->known[node->inputs[0]].tensor;
    bsr_status               status = BSR_OK;

    inference->outputs[0] = *input;
    inference->outputs[0].data = NULL;
    if (input->data && is_worth_computing(inference, node)) {
        status = tensor_copy(&inference->outputs[0], input, err);
        *inference->total += status == BSR_OK ? tensor_bytes(input) : 0;
    }
    if (status == BSR_OK)
        keep_outputs(inference, node);
    return status;
}

/* What the graph declares of the results of a node that besra has no operator for. */
static void infer_unknown(struct inference *inference, const struct plan_node *node)
{
    for (int i = 0; i < node->output_count; i++) {
        int v = node->outputs[i];
        if (v >= 0 && inference->declared && inference->declared[v] && !inference->known[v].tensor.type)
            read_declared(&inference->known[v].tensor, inference->declared[v]);
    }
}

/* ---- If --------------------------------------------------------------------------------------------- */

static bsr_status infer_body(struct inference *inner, const struct inference *inference,
                             const struct plan *body, struct bsr_error *err)
{
    inner->total = inference->total;
    bsr_status status = open_inference(inner, body, err);

    for (int v = 0; status == BSR_OK && v < body->value_count; v++)
        if (body->values[v].outer >= 0)
            inner->known[v].tensor = inference->known[body->values[v].outer].tensor;
    return status == BSR_OK ? infer_nodes(inner, err) : status;
}

static const struct bsr_tensor *body_output(const struct inference *inner, int n)
{
    static const struct bsr_tensor nothing = {0};
    int                            value = n < inner->plan->output_count ? inner->plan->outputs[n] : -1;
    return value < 0 ? &nothing : &inner->known[value].tensor;
}

/* The value where one branch is sure to be taken, else the shape where both agree. */
static bsr_status join_branches(struct bsr_tensor *out, const struct bsr_tensor *one,
                                const struct bsr_tensor *other, struct bsr_error *err)
{
    *out = (struct bsr_tensor){0};
    if (one == other && one->data)
        return tensor_copy(out, one, err);
    if (one->type == other->type && one->type && tensor_same_shape(one, other)) {
        *out = *one;
        out->data = NULL;
    }
    return BSR_OK;
}

static bsr_status infer_if(struct inference *inference, const struct plan_node *node, struct bsr_error *err)
{
    struct inference  inner[2] = {{.known = NULL}};
    struct bsr_tensor condition = {0};
    bsr_status        status = BSR_OK;

    if (node->input_count == 1 && node->inputs[0] >= 0)
        condition = inference->known[node->inputs[0]].tensor;
    bool sure = condition.data && condition.type == BSR_BOOL && tensor_count(&condition) == 1;
    int  first = sure && !*(const uint8_t *)condition.data, last = sure ? first : 1;
    for (int b = first; status == BSR_OK && b <= last; b++)
        status = infer_body(&inner[b], inference, node->bodies[b], err);

    memset(inference->outputs, 0, (size_t)node->output_count * sizeof *inference->outputs);
    for (int i = 0; status == BSR_OK && i < node->output_count; i++)
        status = join_branches(&inference->outputs[i], body_output(&inner[first], i),
                               body_output(&inner[last], i), err);
    keep_outputs(inference, node);
    for (int b = first; b <= last; b++)
        if (inner[b].plan)
            close_inference(&inner[b]);
    return status;
}

/* ---- all nodes ---------------------------------------------------------------------------------------- */

static bsr_status infer_node(struct inference *inference, const struct plan_node *node, struct bsr_error *err)
{
    switch (node->kind) {
    case PLAN_OPERATOR:
        return infer_operator(inference, node, err);
    case PLAN_DEBUG:
        return infer_debug(inference, node, err);
    case PLAN_CONSTANT: /* the plan has its value */
        return BSR_OK;
    case PLAN_IF:
        return infer_if(inference, node, err);
    case PLAN_LOOP: /* how often they run decides over shapes */
    case PLAN_SCAN:
        return BSR_OK;
    case PLAN_UNKNOWN:
        infer_unknown(inference, node);
    }
    return BSR_OK;
}

static bsr_status infer_nodes(struct inference *inference, struct bsr_error *err)
{
    bsr_status status = BSR_OK;

    for (int n = 0; status == BSR_OK && n < inference->plan->node_count; n++) {
        const struct plan_node *node = &inference->plan->nodes[n];
        status = infer_node(inference, node, err);
        if (status == BSR_EMODEL && inference->refusal) {
            status = inference->refusal(inference->context, node_text(node->proto).text, err);
            infer_unknown(inference, node);
        } else if (status != BSR_OK) {
            fail_in_node(status, node->proto, err);
        }
    }
    return status;
}

/* Whether a shape was chosen that the graph does not declare: its outputs follow then. */
static bool departs(const struct onnx_model *model, const struct onnx_named *chosen, int count)
{
    for (int i = 0; i < model->input_count; i++) {
        struct onnx_value        declared = onnx_input(model, i);
        const struct onnx_named *choice = find_chosen(declared.name, chosen, count);
        if (choice && declared.dims >= 0 && choice->tensor.dims != declared.dims)
            return true;
        for (int d = 0; choice && d < declared.dims; d++)
            if (declared.shape[d] >= 0 && declared.shape[d] != choice->tensor.shape[d])
                return true;
    }
    return false;
}

static bsr_status check_output(const struct onnx_model *model, int index, const struct bsr_tensor *found,
                               struct bsr_error *err)
{
    struct onnx_value declared = onnx_output(model, index);
    struct bsr_tensor shape = {.dims = declared.dims};
    bool              fits = declared.dims < 0 || declared.dims == found->dims;

    for (int d = 0; fits && d < declared.dims; d++)
        fits = declared.shape[d] < 0 || declared.shape[d] == found->shape[d];
    if (fits)
        return BSR_OK;
    memcpy(shape.shape, declared.shape, sizeof shape.shape);
    return bsr_fail(err, BSR_EMODEL, NULL, "output '%s' is declared as %s (-1: any), its nodes make %s of it",
                    shown_name(declared.name).text, tensor_shape_text(&shape).text,
                    tensor_shape_text(found).text);
}

static bsr_status check_declared(const struct onnx_values *values, const struct onnx_model *model,
                                 struct bsr_error *err)
{
    bsr_status status = BSR_OK;

    for (int i = 0; status == BSR_OK && i < onnx_output_count(model); i++) {
        const struct bsr_tensor *found = onnx_values_find(values, onnx_output(model, i).name);
        if (found)
            status = check_output(model, i, found, err);
    }
    return status;
}

static bsr_status infer(struct onnx_values *values, const struct onnx_model *model,
                        const struct onnx_named *chosen, int count, struct bsr_error *err)
{
    bsr_status status = functions_inline_copy(&values->inlined, model, err);

    values->inference.total = &values->total;
    if (status == BSR_OK)
        status = plan_make(&values->plan, values->inlined ? values->inlined : model, false, err);
    if (status == BSR_OK)
        status = open_inference(&values->inference, values->plan, err);
    if (status == BSR_OK)
        status = note_all_declared(&values->inference, err);
    if (status == BSR_OK)
        status = infer_inputs(&values->inference, chosen, count, err);
    if (status == BSR_OK)
        status = infer_nodes(&values->inference, err);
    if (status == BSR_OK && !values->inference.refusal && !departs(model, chosen, count))
        status = check_declared(values, model, err);
    return status;
}

bsr_status onnx_infer(struct onnx_values **out, const struct onnx_model *model,
                      const struct onnx_named *chosen, int count, struct bsr_error *err)
{
    return onnx_infer_all(out, model, chosen, count, NULL, NULL, err);
}

bsr_status onnx_infer_all(struct onnx_values **out, const struct onnx_model *model,
                          const struct onnx_named *chosen, int count, onnx_refusal *refusal, void *context,
                          struct bsr_error *err)
{
    struct onnx_values *values = mem_alloc_zeroed(1, sizeof *values);
    if (!values)
        return bsr_fail_memory(err, model->name, sizeof *values);

    values->inference.refusal = refusal;
    values->inference.context = context;
    bsr_status status = infer(values, model, chosen, count, err);
    if (status == BSR_OK) {
        *out = values;
        return BSR_OK;
    }
    bsr_error_set_subject(err, model->name);
    onnx_values_free(values);
    return status;
}

void onnx_values_free(struct onnx_values *values)
{
    if (!values)
        return;
    if (values->inference.plan)
        close_inference(&values->inference);
    plan_free(values->plan);
    onnx_model_free(values->inlined);
    mem_free(values);
}

const struct bsr_tensor *onnx_values_find(const struct onnx_values *values, const char *name)
{
    int value = plan_find(values->plan, name);
    return value < 0 || !values->inference.known[value].tensor.type ? NULL
                                                                    : &values->inference.known[value].tensor;
}
