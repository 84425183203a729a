/* If and Loop: nodes that run subgraphs (ONNX's Operators.md). */
#include "base/alloc.h"
#include "onnx/frame.h"

#include <string.h>

/* A loop that a file makes endless ends with a sentence. */
enum { LOOP_MAX_ITERATIONS = 1 << 24 };

static bsr_status expect_outputs(const struct plan *body, int count, struct bsr_error *err)
{
    if (body->output_count == count)
        return BSR_OK;
    return bsr_fail(err, BSR_EMODEL, NULL, "its subgraph has %d outputs where %d are wanted",
                    body->output_count, count);
}

bsr_status control_run_if(struct frame *frame, const struct plan_node *node, struct bsr_error *err)
{
    const struct bsr_tensor *condition = node->input_count == 1 ? frame->inputs[0] : NULL;

    if (!condition || condition->type != BSR_BOOL || tensor_count(condition) != 1)
        return bsr_fail(err, BSR_EMODEL, NULL, "its condition is no single bool");
    const struct plan *body = node->bodies[*(const uint8_t *)condition->data ? 0 : 1];
    bsr_status         status = expect_outputs(body, node->output_count, err);
    if (status == BSR_OK && body->input_count)
        status = bsr_fail(err, BSR_EMODEL, NULL, "its subgraph has inputs");
    if (status == BSR_OK)
        status = frame_run(body, frame, NULL, frame->outputs, frame->budget, NULL, NULL, err);
    return status;
}

/* Iterations of a Loop. The body reads iteration, condition, state; gives condition, state, gathered. */
struct loop {
    struct frame           *frame;
    const struct plan_node *node;
    const struct plan      *body;
    int64_t                 trips; /* at most */
    uint8_t                 go_on;
    int                     states, gathered;
    struct bsr_tensor      *inputs; /* of the body: 2 + states; the states are the loop's own */
    struct bsr_tensor      *outputs;
    struct stack           *stacks;
};

static bsr_status read_ends(struct loop *loop, struct bsr_error *err)
{
    const struct frame      *frame = loop->frame;
    const struct bsr_tensor *trips = frame->inputs[0], *condition = frame->inputs[1];

    if ((trips && (trips->type != BSR_I64 || tensor_count(trips) != 1)) ||
        (condition && (condition->type != BSR_BOOL || tensor_count(condition) != 1)))
        return bsr_fail(err, BSR_EMODEL, NULL,
                        "its trip count is no single i64, or its condition no single bool");
    loop->trips = trips ? *(const int64_t *)trips->data : INT64_MAX;
    loop->go_on = condition ? *(const uint8_t *)condition->data : 1;
    return BSR_OK;
}

static bsr_status open_loop(struct loop *loop, struct bsr_error *err)
{
    struct frame           *frame = loop->frame;
    const struct plan_node *node = loop->node;

    if (node->input_count < 2 || loop->body->input_count != node->input_count)
        return bsr_fail(err, BSR_EMODEL, NULL, "its subgraph has %d inputs where %d are wanted",
                        loop->body->input_count, node->input_count);
    loop->states = node->input_count - 2;
    loop->gathered = loop->body->output_count - 1 - loop->states;
    bsr_status status = expect_outputs(loop->body, 1 + node->output_count, err);
    if (status == BSR_OK && loop->gathered < 0)
        status = bsr_fail(err, BSR_EMODEL, NULL, "its subgraph does not give what it carries on");
    if (status == BSR_OK)
        status = read_ends(loop, err);
    if (status != BSR_OK)
        return status;

    loop->inputs = mem_alloc_zeroed((size_t)loop->states + 2, sizeof *loop->inputs);
    loop->outputs = mem_alloc_zeroed((size_t)loop->body->output_count, sizeof *loop->outputs);
    loop->stacks = mem_alloc_zeroed((size_t)loop->gathered + 1, sizeof *loop->stacks);
    if (!loop->inputs || !loop->outputs || !loop->stacks)
        return bsr_fail_memory(err, NULL, (size_t)loop->body->output_count * sizeof *loop->outputs);
    for (int i = 0; i < loop->gathered; i++)
        loop->stacks[i].budget = frame->budget;
    for (int i = 0; status == BSR_OK && i < loop->states; i++) {
        const struct bsr_tensor *state = frame->inputs[2 + i];
        status = state ? budget_copy(frame->budget, &loop->inputs[2 + i], state, err)
                       : bsr_fail(err, BSR_EMODEL, NULL, "its input %d is missing", i + 3);
    }
    return status;
}

static bsr_status iterate(struct loop *loop, int64_t iteration, struct bsr_error *err)
{
    struct budget *budget = loop->frame->budget;

    loop->inputs[0] = (struct bsr_tensor){.data = &iteration, .type = BSR_I64};
    loop->inputs[1] = (struct bsr_tensor){.data = &loop->go_on, .type = BSR_BOOL};
    bsr_status status =
        frame_run(loop->body, loop->frame, loop->inputs, loop->outputs, budget, NULL, NULL, err);
    if (status != BSR_OK)
        return status;

    struct bsr_tensor *condition = &loop->outputs[0];
    bool               single = condition->type == BSR_BOOL && tensor_count(condition) == 1;
    uint8_t            go_on = single ? *(const uint8_t *)condition->data : 0;
    budget_free(budget, condition);
    for (int i = 0; i < loop->states; i++) {
        budget_free(budget, &loop->inputs[2 + i]);
        loop->inputs[2 + i] = loop->outputs[1 + i];
    }
    for (int i = 0; i < loop->gathered; i++) {
        struct bsr_tensor *result = &loop->outputs[1 + loop->states + i];
        if (status == BSR_OK)
            status = stack_push(&loop->stacks[i], result, err);
        else
            budget_free(budget, result);
    }
    loop->go_on = go_on;
    return single ? status : bsr_fail(err, BSR_EMODEL, NULL, "its subgraph's condition is no single bool");
}

static bsr_status finish_loop(struct loop *loop, struct bsr_error *err)
{
    bsr_status status = BSR_OK;

    for (int i = 0; i < loop->states; i++) {
        loop->frame->outputs[i] = loop->inputs[2 + i];
        loop->inputs[2 + i].data = NULL;
    }
    for (int i = 0; status == BSR_OK && i < loop->gathered; i++)
        status = stack_join(&loop->stacks[i], &loop->frame->outputs[loop->states + i], 0, false,
                            loop->body->graph->output[1 + loop->states + i], err);
    return status;
}

static void close_loop(struct loop *loop)
{
    for (int i = 0; loop->inputs && i < loop->states; i++)
        budget_free(loop->frame->budget, &loop->inputs[2 + i]);
    for (int i = 0; loop->stacks && i < loop->gathered; i++)
        stack_free(&loop->stacks[i]);
    mem_free(loop->inputs);
    mem_free(loop->outputs);
    mem_free(loop->stacks);
}

bsr_status control_run_loop(struct frame *frame, const struct plan_node *node, struct bsr_error *err)
{
    struct loop loop = {.frame = frame, .node = node, .body = node->bodies[0]};
    bsr_status  status = open_loop(&loop, err);

    for (int64_t i = 0; status == BSR_OK && i < loop.trips && loop.go_on; i++)
        status = i < LOOP_MAX_ITERATIONS
                     ? iterate(&loop, i, err)
                     : bsr_fail(err, BSR_ELIMIT, NULL, "it does not end within %d iterations",
                                LOOP_MAX_ITERATIONS);
    if (status == BSR_OK)
        status = finish_loop(&loop, err);
    close_loop(&loop);
    return status;
}
