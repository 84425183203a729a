/* TopK: the k largest or smallest along an axis, and where they were; of equal ones the first is taken. */
#include "operators/move.h"
#include "operators/numbers.h"

#include "base/alloc.h"

#include <string.h>

struct topk_plan {
    int     axis;
    int64_t k;
    bool    largest;
};

static bsr_status topk_plan_make(struct topk_plan *plan, const struct bsr_call *call, struct bsr_error *err)
{
    const struct bsr_tensor *in = call->inputs[0];
    bsr_status status = call_axis(&plan->axis, bsr_node_int(call->node, "axis", -1), in->dims, err);

    if (status == BSR_OK) /* an attribute before opset 10 */
        status = number_int(&plan->k, call, 1, bsr_node_int(call->node, "k", -1), err);
    if (status != BSR_OK)
        return status;
    plan->largest = bsr_node_int(call->node, "largest", 1) != 0;
    if (plan->k < 0 || plan->k > in->shape[plan->axis])
        return call_refuse(err, "k is %lld for an axis of %lld", (long long)plan->k,
                           (long long)in->shape[plan->axis]);
    return BSR_OK;
}

static bsr_status topk_shape(const struct bsr_call *call, struct bsr_error *err)
{
    struct topk_plan plan;
    bsr_status       status = move_expect(call, 1, 2, 2, err);

    if (status == BSR_OK)
        status = topk_plan_make(&plan, call, err);
    if (status != BSR_OK)
        return status;
    int64_t sides[BSR_MAX_DIMS];
    memcpy(sides, call->inputs[0]->shape, sizeof sides);
    sides[plan.axis] = plan.k;
    status = move_set(call, 0, call->inputs[0]->type, call->inputs[0]->dims, sides, err);
    if (status == BSR_OK && call->output_count > 1)
        status = move_set(call, 1, BSR_I64, call->inputs[0]->dims, sides, err);
    return status;
}

/* A line along the axis: item i is element start + i * step. */
struct line {
    const struct bsr_tensor *in;
    size_t                   start, step;
    bool                     largest;
};

static int compare_on_line(const void *context, size_t a, size_t b)
{
    const struct line *line = context;
    int                order =
        number_compare(line->in, line->start + a * line->step, line->in, line->start + b * line->step);
    return line->largest ? -order : order;
}

static bsr_status topk_run(const struct bsr_call *call, struct bsr_error *err)
{
    const struct bsr_tensor *in = call->inputs[0];
    struct topk_plan         plan;
    bsr_status               status = topk_plan_make(&plan, call, err);
    if (status != BSR_OK || !tensor_count(&call->outputs[0]))
        return status;

    size_t  side = (size_t)in->shape[plan.axis], k = (size_t)plan.k;
    size_t  outer = (size_t)move_product(in->shape, 0, plan.axis);
    size_t  inner = (size_t)move_product(in->shape, plan.axis + 1, in->dims);
    size_t *items = mem_alloc_aligned(side, sizeof *items);
    if (!items)
        return bsr_fail_memory(err, NULL, side * sizeof *items);
    for (size_t l = 0; status == BSR_OK && l < outer * inner; l++) {
        size_t      o = l / inner, i = l % inner;
        struct line line = {in, o * side * inner + i, inner, plan.largest};
        for (size_t n = 0; n < side; n++)
            items[n] = n;
        status = number_sort(items, side, compare_on_line, &line, err);
        for (size_t n = 0; status == BSR_OK && n < k; n++) {
            size_t to = (o * k + n) * inner + i;
            memcpy(move_at(&call->outputs[0], to), move_at(in, line.start + items[n] * inner),
                   tensor_type_size(in->type));
            if (call->output_count > 1)
                ((int64_t *)call->outputs[1].data)[to] = (int64_t)items[n];
        }
    }
    mem_free(items);
    return status;
}

static const struct bsr_operator operators[] = {
    {"TopK", topk_shape, topk_run},
};

const struct operator_group operators_topk = OPERATOR_GROUP(operators);
