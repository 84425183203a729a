/* What becomes known by a node: from the shape() and run() of its operator, or from the graphs that it holds.
 */
#include "base/alloc.h"
#include "onnx/inference.h"
#include "onnx/nodes.h"

#include <string.h>

/* Beyond this many bytes of computed values in all, only small ones (shapes, indices) are still computed. */
#define MAX_TOTAL ((size_t)256 << 20)
enum { SMALL = 4096 };

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

/* ---- If --------------------------------------------------------------------------------------------- */

static bsr_status infer_body(struct inference *inner, const struct inference *inference,
                             const struct plan *body, struct bsr_error *err)
{
    inner->total = inference->total;
    bsr_status status = inference_open(inner, body, err);

    for (int v = 0; status == BSR_OK && v < body->value_count; v++)
        if (body->values[v].outer >= 0)
            inner->known[v].tensor = inference->known[body->values[v].outer].tensor;
    return status == BSR_OK ? inference_of_nodes(inner, err) : status;
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
    bool              known = true;

    if (node->input_count == 1 && node->inputs[0] >= 0)
        condition = inference->known[node->inputs[0]].tensor;
    bool sure = condition.data && condition.type == BSR_BOOL && tensor_count(&condition) == 1;
    int  first = sure && !*(const uint8_t *)condition.data, last = sure ? first : 1;
    for (int b = first; status == BSR_OK && b <= last; b++) {
        status = infer_body(&inner[b], inference, node->bodies[b], err);
        if (status == BSR_EMODEL && !sure) { /* a branch that is never taken may be nonsense */
            status = BSR_OK;
            known = false;
        }
    }

    memset(inference->outputs, 0, (size_t)node->output_count * sizeof *inference->outputs);
    for (int i = 0; known && status == BSR_OK && i < node->output_count; i++)
        status = join_branches(&inference->outputs[i], body_output(&inner[first], i),
                               body_output(&inner[last], i), err);
    keep_outputs(inference, node);
    for (int b = first; b <= last; b++)
        if (inner[b].plan)
            inference_close(&inner[b]);
    return status;
}

/* ---- all nodes ---------------------------------------------------------------------------------------- */

bsr_status inference_of_node(struct inference *inference, const struct plan_node *node, struct bsr_error *err)
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
        inference_of_declared(inference, node);
    }
    return BSR_OK;
}

bsr_status inference_of_nodes(struct inference *inference, struct bsr_error *err)
{
    bsr_status status = BSR_OK;

    for (int n = 0; status == BSR_OK && n < inference->plan->node_count; n++) {
        const struct plan_node *node = &inference->plan->nodes[n];
        status = inference_of_node(inference, node, err);
        if (status == BSR_EMODEL && inference->refusal) {
            status = inference->refusal(inference->context, node_text(node->proto).text, err);
            inference_of_declared(inference, node);
        } else if (status != BSR_OK) {
            fail_in_node(status, node->proto, err);
        }
    }
    return status;
}
