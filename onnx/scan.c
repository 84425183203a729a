/* Scan, as it is from opset 9 on (ONNX's Operators.md): a subgraph run over slices of tensors. */
#include "base/alloc.h"
#include "onnx/frame.h"

#include <string.h>

/* The body reads states, then slices; gives states, then results to gather. */
struct scan {
    struct frame           *frame;
    const struct plan_node *node;
    const struct plan      *body;
    int                     states, sliced, gathered;
    int64_t                 length;
    struct bsr_tensor      *inputs; /* of the body; the scan's own */
    struct bsr_tensor      *outputs;
    struct stack           *stacks;
};

/* The n-th of an attribute's numbers; 0 where it has none. */
static int64_t listed(const struct scan *scan, const char *name, int n)
{
    int            count;
    const int64_t *list = bsr_node_ints(scan->node->node, name, &count);
    return list && n < count ? list[n] : 0;
}

/* The axis along which input n is cut; its side must be as long as those of the others. */
static bsr_status find_axis(struct scan *scan, int n, int *axis, struct bsr_error *err)
{
    const struct bsr_tensor *tensor = scan->frame->inputs[scan->states + n];
    int64_t                  value = listed(scan, "scan_input_axes", n);

    if (!tensor)
        return bsr_fail(err, BSR_EMODEL, NULL, "its input %d is missing", scan->states + n + 1);
    if (value < -tensor->dims || value >= tensor->dims)
        return bsr_fail(err, BSR_EMODEL, NULL, "axis %lld is not in a tensor of %d dimensions",
                        (long long)value, tensor->dims);
    *axis = (int)(value < 0 ? value + tensor->dims : value);
    if (n && tensor->shape[*axis] != scan->length)
        return bsr_fail(err, BSR_EMODEL, NULL, "its inputs have %lld and %lld slices",
                        (long long)scan->length, (long long)tensor->shape[*axis]);
    scan->length = tensor->shape[*axis];
    return BSR_OK;
}

static bsr_status check_scan(struct scan *scan, struct bsr_error *err)
{
    const struct plan_node *node = scan->node;
    int64_t                 sliced = bsr_node_int(node->node, "num_scan_inputs", 0);
    bsr_status              status = BSR_OK;

    if (bsr_node_opset(node->node) && bsr_node_opset(node->node) < 9)
        return bsr_fail(err, BSR_EMODEL, NULL, "besra runs Scan as it is from opset 9 on, this is opset %lld",
                        (long long)bsr_node_opset(node->node));
    if (sliced < 1 || sliced > node->input_count || scan->body->input_count != node->input_count)
        return bsr_fail(err, BSR_EMODEL, NULL, "%lld of its %d inputs are to be sliced, its subgraph has %d",
                        (long long)sliced, node->input_count, scan->body->input_count);
    scan->sliced = (int)sliced;
    scan->states = node->input_count - scan->sliced;
    scan->gathered = node->output_count - scan->states;
    if (scan->gathered < 0 || scan->body->output_count != node->output_count)
        return bsr_fail(err, BSR_EMODEL, NULL, "its subgraph has %d outputs where %d are wanted",
                        scan->body->output_count, node->output_count);
    for (int n = 0, axis; status == BSR_OK && n < scan->sliced; n++)
        status = find_axis(scan, n, &axis, err);
    return status;
}

static bsr_status open_scan(struct scan *scan, struct bsr_error *err)
{
    struct frame *frame = scan->frame;
    bsr_status    status = check_scan(scan, err);
    if (status != BSR_OK)
        return status;

    scan->inputs = mem_alloc_zeroed((size_t)scan->body->input_count, sizeof *scan->inputs);
    scan->outputs = mem_alloc_zeroed((size_t)scan->body->output_count + 1, sizeof *scan->outputs);
    scan->stacks = mem_alloc_zeroed((size_t)scan->gathered + 1, sizeof *scan->stacks);
    if (!scan->inputs || !scan->outputs || !scan->stacks)
        return bsr_fail_memory(err, NULL, (size_t)scan->body->output_count * sizeof *scan->outputs);
    for (int i = 0; i < scan->gathered; i++)
        scan->stacks[i].budget = frame->budget;
    for (int i = 0; status == BSR_OK && i < scan->states; i++)
        status = frame->inputs[i] ? budget_copy(frame->budget, &scan->inputs[i], frame->inputs[i], err)
                                  : bsr_fail(err, BSR_EMODEL, NULL, "its input %d is missing", i + 1);
    return status;
}

static bsr_status cut_slice(struct scan *scan, int n, int64_t iteration, struct bsr_error *err)
{
    const struct bsr_tensor *whole = scan->frame->inputs[scan->states + n];
    struct bsr_tensor        slice = {.type = whole->type, .dims = whole->dims - 1};
    int                      axis = 0;
    bsr_status               status = find_axis(scan, n, &axis, err);
    if (status != BSR_OK)
        return status;

    size_t outer = 1;
    for (int i = 0; i < slice.dims; i++)
        slice.shape[i] = whole->shape[i < axis ? i : i + 1];
    for (int i = 0; i < axis; i++)
        outer *= (size_t)whole->shape[i];
    status = budget_alloc(scan->frame->budget, &slice, err);
    if (status != BSR_OK)
        return status;

    size_t  bytes = tensor_bytes(&slice) / (outer ? outer : 1);
    int64_t at = listed(scan, "scan_input_directions", n) ? scan->length - 1 - iteration : iteration;
    for (size_t o = 0; bytes && o < outer; o++)
        memcpy((char *)slice.data + o * bytes,
               (const char *)whole->data + (o * (size_t)scan->length + (size_t)at) * bytes, bytes);
    scan->inputs[scan->states + n] = slice;
    return BSR_OK;
}

static bsr_status iterate(struct scan *scan, int64_t iteration, struct bsr_error *err)
{
    struct budget *budget = scan->frame->budget;
    bsr_status     status = BSR_OK;

    for (int n = 0; status == BSR_OK && n < scan->sliced; n++)
        status = cut_slice(scan, n, iteration, err);
    if (status == BSR_OK)
        status = frame_run(scan->body, scan->frame, scan->inputs, scan->outputs, budget, NULL, NULL, err);
    for (int n = 0; n < scan->sliced; n++)
        budget_free(budget, &scan->inputs[scan->states + n]);
    if (status != BSR_OK)
        return status;
    for (int i = 0; i < scan->states; i++) {
        budget_free(budget, &scan->inputs[i]);
        scan->inputs[i] = scan->outputs[i];
    }
    for (int i = 0; i < scan->gathered; i++) {
        struct bsr_tensor *result = &scan->outputs[scan->states + i];
        if (status == BSR_OK)
            status = stack_push(&scan->stacks[i], result, err);
        else
            budget_free(budget, result);
    }
    return status;
}

static bsr_status finish_scan(struct scan *scan, struct bsr_error *err)
{
    bsr_status status = BSR_OK;

    for (int i = 0; i < scan->states; i++) {
        scan->frame->outputs[i] = scan->inputs[i];
        scan->inputs[i].data = NULL;
    }
    for (int i = 0; status == BSR_OK && i < scan->gathered; i++)
        status = stack_join(
            &scan->stacks[i], &scan->frame->outputs[scan->states + i], listed(scan, "scan_output_axes", i),
            listed(scan, "scan_output_directions", i) != 0, scan->body->graph->output[scan->states + i], err);
    return status;
}

static void close_scan(struct scan *scan)
{
    for (int i = 0; scan->inputs && i < scan->body->input_count; i++)
        budget_free(scan->frame->budget, &scan->inputs[i]);
    for (int i = 0; scan->stacks && i < scan->gathered; i++)
        stack_free(&scan->stacks[i]);
    mem_free(scan->inputs);
    mem_free(scan->outputs);
    mem_free(scan->stacks);
}

bsr_status control_run_scan(struct frame *frame, const struct plan_node *node, struct bsr_error *err)
{
    struct scan scan = {.frame = frame, .node = node, .body = node->bodies[0]};
    bsr_status  status = open_scan(&scan, err);

    for (int64_t i = 0; status == BSR_OK && i < scan.length; i++)
        status = iterate(&scan, i, err);
    if (status == BSR_OK)
        status = finish_scan(&scan, err);
    close_scan(&scan);
    return status;
}
