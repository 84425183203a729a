#include "onnx/frame.h"

#include "base/alloc.h"
#include "onnx/nodes.h"

#include <string.h>

bsr_status budget_alloc(struct budget *budget, struct bsr_tensor *tensor, struct bsr_error *err)
{
    size_t bytes = tensor_bytes(tensor);

    tensor->data = NULL;
    if (bytes != SIZE_MAX && bytes > budget->limit - budget->live)
        return bsr_fail(
            err, BSR_ELIMIT, NULL,
            "a result of %s (%s) would be over the limit of %zu MiB in all for inputs of this size",
            tensor_shape_text(tensor).text, tensor_type_name(tensor->type), budget->limit >> 20);
    bsr_status status = tensor_alloc(tensor, err);
    if (status == BSR_OK)
        budget->live += bytes;
    return status;
}

bsr_status budget_copy(struct budget *budget, struct bsr_tensor *out, const struct bsr_tensor *tensor,
                       struct bsr_error *err)
{
    struct bsr_tensor copy = *tensor;
    bsr_status        status = budget_alloc(budget, &copy, err);

    if (status != BSR_OK)
        return status;
    if (tensor_bytes(tensor))
        memcpy(copy.data, tensor->data, tensor_bytes(tensor));
    *out = copy;
    return BSR_OK;
}

void budget_free(struct budget *budget, struct bsr_tensor *tensor)
{
    if (tensor->data)
        budget->live -= tensor_bytes(tensor);
    tensor_free(tensor);
}

/* ---- one node ------------------------------------------------------------------------------------- */

static bsr_status allocate_outputs(struct frame *frame, const struct plan_node *node, struct bsr_error *err)
{
    bsr_status status = BSR_OK;

    for (int i = 0; i < node->output_count; i++)
        frame->outputs[i].data = NULL;
    for (int i = 0; status == BSR_OK && i < node->output_count; i++) {
        if (frame->outputs[i].dims < 0 || frame->outputs[i].dims > BSR_MAX_DIMS)
            return bsr_fail(err, BSR_EMODEL, NULL, "its output %d has no shape", i + 1);
        status = budget_alloc(frame->budget, &frame->outputs[i], err);
    }
    return status;
}

static bsr_status run_operator(struct frame *frame, const struct plan_node *node, struct bsr_error *err)
{
    struct bsr_call call = {.node = node->node,
                            .inputs = frame->inputs,
                            .input_count = node->input_count,
                            .outputs = frame->outputs,
                            .output_count = node->output_count};
    bsr_status      status = node->op->shape(&call, err);

    if (status == BSR_EVALUES)
        status = bsr_fail(err, BSR_EMODEL, NULL, "its operator can't tell the shape of its result");
    if (status == BSR_OK)
        status = allocate_outputs(frame, node, err);
    else
        memset(frame->outputs, 0, (size_t)node->output_count * sizeof *frame->outputs);
    return status == BSR_OK ? node->op->run(&call, err) : status;
}

static bsr_status run_kind(struct frame *frame, const struct plan_node *node, struct bsr_error *err)
{
    switch (node->kind) {
    case PLAN_OPERATOR:
        return run_operator(frame, node, err);
    case PLAN_DEBUG:
        return frame->inputs[0] ? budget_copy(frame->budget, &frame->outputs[0], frame->inputs[0], err)
                                : bsr_fail(err, BSR_EMODEL, NULL, "its input is left out");
    case PLAN_IF:
        return control_run_if(frame, node, err);
    case PLAN_LOOP:
        return control_run_loop(frame, node, err);
    case PLAN_SCAN:
        return control_run_scan(frame, node, err);
    default:
        return bsr_fail(err, BSR_EMODEL, NULL, "this operator is unknown to besra");
    }
}

static void forget_reader(struct frame *frame, int value)
{
    struct frame_slot *slot = value < 0 ? NULL : &frame->slots[value];

    if (slot && --slot->readers == 0 && slot->owned) {
        budget_free(frame->budget, &slot->tensor);
        slot->owned = false;
    }
}

static bsr_status show_outputs(const struct frame *frame, const struct plan_node *node, struct bsr_error *err)
{
    bsr_status status = BSR_OK;

    for (int i = 0; frame->visit && status == BSR_OK && i < node->output_count; i++)
        if (node->outputs[i] >= 0)
            status = frame->visit(frame->context, node->proto->output[i], text_or_empty(node->proto->name),
                                  &frame->slots[node->outputs[i]].tensor, err);
    return status;
}

/* The results go into their slots, or away where nobody wants them. */
static void keep_outputs(struct frame *frame, const struct plan_node *node)
{
    for (int i = 0; i < node->output_count; i++) {
        if (node->outputs[i] < 0) {
            budget_free(frame->budget, &frame->outputs[i]);
            continue;
        }
        struct frame_slot *slot = &frame->slots[node->outputs[i]];
        slot->tensor = frame->outputs[i];
        slot->owned = true;
    }
}

static void forget_values(struct frame *frame, const struct plan_node *node)
{
    for (int i = 0; i < node->output_count; i++)
        if (node->outputs[i] >= 0 && !frame->slots[node->outputs[i]].readers &&
            frame->slots[node->outputs[i]].owned) {
            budget_free(frame->budget, &frame->slots[node->outputs[i]].tensor);
            frame->slots[node->outputs[i]].owned = false;
        }
    for (int i = 0; i < node->input_count; i++)
        forget_reader(frame, node->inputs[i]);
    for (int i = 0; i < node->capture_count; i++)
        forget_reader(frame, node->captures[i]);
}

static bsr_status run_node(struct frame *frame, const struct plan_node *node, struct bsr_error *err)
{
    bsr_status status = BSR_OK;

    if (node->kind != PLAN_CONSTANT) {
        for (int i = 0; i < node->input_count; i++)
            frame->inputs[i] = node->inputs[i] < 0 ? NULL : &frame->slots[node->inputs[i]].tensor;
        memset(frame->outputs, 0, (size_t)node->output_count * sizeof *frame->outputs);
        status = run_kind(frame, node, err);
        if (status != BSR_OK) {
            for (int i = 0; i < node->output_count; i++)
                budget_free(frame->budget, &frame->outputs[i]);
            return fail_in_node(status, node->proto, err);
        }
        keep_outputs(frame, node);
    }
    status = show_outputs(frame, node, err);
    forget_values(frame, node);
    return status;
}

/* ---- all nodes ------------------------------------------------------------------------------------ */

static bool open_frame(struct frame *frame)
{
    const struct plan *plan = frame->plan;

    frame->slots = mem_alloc_zeroed((size_t)plan->value_count + 1, sizeof *frame->slots);
    frame->inputs = mem_alloc_zeroed((size_t)plan->most_inputs + 1, sizeof(void *));
    frame->outputs = mem_alloc_zeroed((size_t)plan->most_outputs + 1, sizeof *frame->outputs);
    return frame->slots && frame->inputs && frame->outputs;
}

static void close_frame(struct frame *frame)
{
    for (int v = 0; frame->slots && v < frame->plan->value_count; v++)
        if (frame->slots[v].owned)
            budget_free(frame->budget, &frame->slots[v].tensor);
    mem_free(frame->slots);
    mem_free(frame->inputs);
    mem_free(frame->outputs);
}

static void fill_slots(struct frame *frame, const struct bsr_tensor *inputs)
{
    const struct plan *plan = frame->plan;

    for (int v = 0; v < plan->value_count; v++) {
        const struct plan_value *value = &plan->values[v];
        frame->slots[v].readers = value->readers;
        frame->slots[v].tensor =
            value->outer >= 0 ? frame->outer->slots[value->outer].tensor : value->constant;
    }
    for (int i = 0; i < plan->input_count; i++)
        if (plan->inputs[i] >= 0)
            frame->slots[plan->inputs[i]].tensor = inputs[i];
}

/* An output leaves the frame; where others want it too, or it was never the frame's, a copy does. */
static bsr_status take_output(struct frame *frame, int value, struct bsr_tensor *out, struct bsr_error *err)
{
    struct frame_slot *slot = value < 0 ? NULL : &frame->slots[value];

    if (!slot || !slot->tensor.data)
        return bsr_fail(err, BSR_EMODEL, NULL, "an output of the graph has no value");
    if (--slot->readers > 0 || !slot->owned)
        return budget_copy(frame->budget, out, &slot->tensor, err);
    *out = slot->tensor;
    slot->owned = false;
    return BSR_OK;
}

static bsr_status take_outputs(struct frame *frame, struct bsr_tensor *outputs, struct bsr_error *err)
{
    bsr_status status = BSR_OK;
    int        done = 0;

    for (; status == BSR_OK && done < frame->plan->output_count; done++)
        status = take_output(frame, frame->plan->outputs[done], &outputs[done], err);
    for (int i = 0; status != BSR_OK && i < done - 1; i++)
        budget_free(frame->budget, &outputs[i]);
    return status;
}

bsr_status frame_run(const struct plan *plan, const struct frame *outer, const struct bsr_tensor *inputs,
                     struct bsr_tensor *outputs, struct budget *budget, evaluator_visit *visit, void *context,
                     struct bsr_error *err)
{
    struct frame frame = {.plan = plan, .outer = outer, .budget = budget, .visit = visit, .context = context};
    bsr_status   status = BSR_OK;

    if (!open_frame(&frame))
        status = bsr_fail_memory(err, NULL, (size_t)plan->value_count * sizeof *frame.slots);
    else
        fill_slots(&frame, inputs);
    for (int n = 0; status == BSR_OK && n < plan->node_count; n++)
        status = run_node(&frame, &plan->nodes[n], err);
    if (status == BSR_OK)
        status = take_outputs(&frame, outputs, err);
    close_frame(&frame);
    return status;
}
