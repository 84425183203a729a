#include "operators/broadcast.h"

/* The step of each axis of `out` in an input that has fewer axes, or sides of 1. */
static void input_steps(int64_t *steps, const struct bsr_tensor *out, const struct bsr_tensor *input)
{
    int64_t own[BSR_MAX_DIMS] = {0};
    int     missing = out->dims - input->dims;

    call_strides(own, input);
    for (int i = 0; i < out->dims; i++)
        steps[i] = i < missing || input->shape[i - missing] == 1 ? 0 : own[i - missing];
}

/* Whether all inputs step over the last axis of the plan and then this one as over one long axis. */
static bool continues(const struct broadcast *plan, int64_t steps[][BSR_MAX_DIMS], int axis, int64_t side)
{
    for (int n = 0; n < plan->inputs; n++)
        if (plan->steps[n][plan->dims - 1] != steps[n][axis] * side)
            return false;
    return true;
}

void broadcast_plan(struct broadcast *plan, const struct bsr_tensor *out,
                    const struct bsr_tensor *const *inputs, int count)
{
    int64_t steps[BROADCAST_INPUTS][BSR_MAX_DIMS] = {{0}};

    *plan = (struct broadcast){.inputs = count};
    for (int n = 0; n < count; n++)
        input_steps(steps[n], out, inputs[n]);
    for (int axis = 0; axis < out->dims; axis++) {
        int64_t side = out->shape[axis];
        if (side == 1)
            continue;
        if (!plan->dims || !continues(plan, steps, axis, side))
            plan->shape[plan->dims++] = side;
        else
            plan->shape[plan->dims - 1] *= side;
        for (int n = 0; n < count; n++)
            plan->steps[n][plan->dims - 1] = steps[n][axis];
    }
    if (!plan->dims)
        plan->shape[plan->dims++] = 1;
}

/* The next position of the axes before the last; false behind the end. */
static bool advance(const struct broadcast *plan, int64_t *position, size_t *from)
{
    for (int axis = plan->dims - 2; axis >= 0; axis--) {
        for (int n = 0; n < plan->inputs; n++)
            from[n] += (size_t)plan->steps[n][axis];
        if (++position[axis] < plan->shape[axis])
            return true;
        for (int n = 0; n < plan->inputs; n++)
            from[n] -= (size_t)(plan->steps[n][axis] * plan->shape[axis]);
        position[axis] = 0;
    }
    return false;
}

void broadcast_each(const struct broadcast *plan, broadcast_run *run, void *context)
{
    int64_t position[BSR_MAX_DIMS] = {0};
    size_t  from[BROADCAST_INPUTS] = {0}, step[BROADCAST_INPUTS] = {0};
    size_t  at = 0, count = (size_t)plan->shape[plan->dims - 1];

    for (int axis = 0; axis < plan->dims; axis++)
        if (plan->shape[axis] == 0)
            return;
    for (int n = 0; n < plan->inputs; n++)
        step[n] = (size_t)plan->steps[n][plan->dims - 1];
    do {
        run(context, at, from, step, count);
        at += count;
    } while (advance(plan, position, from));
}
