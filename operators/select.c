/* Operators whose result is as long as its values say: NonZero and Compress. */
#include "operators/move.h"

#include <string.h>

/* ---- NonZero: the coordinates of all that is not 0, [rank][count] ------------------------------------ */

static int64_t count_nonzero(const struct bsr_tensor *in)
{
    size_t  count = tensor_count(in);
    int64_t found = 0;
    for (size_t i = 0; i < count; i++)
        found += tensor_get(in, i) != 0;
    return found;
}

static bsr_status nonzero_shape(const struct bsr_call *call, struct bsr_error *err)
{
    bsr_status status = move_expect(call, 1, 1, 1, err);
    if (status != BSR_OK)
        return status;

    const struct bsr_tensor *in = call->inputs[0];
    if (!tensor_type_size(in->type) || tensor_count(in) > TENSOR_MAX_BYTES)
        return call_refuse(err, "it can't count in %s %s", tensor_type_name(in->type),
                           tensor_shape_text(in).text);
    if (!in->data)
        return call_needs_values(err);
    return move_set(call, 0, BSR_I64, 2, (int64_t[]){in->dims, count_nonzero(in)}, err);
}

static bsr_status nonzero_run(const struct bsr_call *call, struct bsr_error *err)
{
    const struct bsr_tensor *in = call->inputs[0];
    int64_t                 *out = call->outputs[0].data, found = call->outputs[0].shape[1];
    int64_t                  position[BSR_MAX_DIMS] = {0};
    size_t                   n = 0;

    (void)err;
    if (!found)
        return BSR_OK;
    do {
        if (tensor_get(in, n++) == 0)
            continue;
        for (int i = 0; i < in->dims; i++)
            out[i * found] = position[i];
        out++;
    } while (move_next(position, in->shape, in->dims));
    return BSR_OK;
}

/* ---- Compress: the slices along an axis (or elements) for which a condition holds ------------------- */

struct compress_plan {
    bool    flat;   /* no axis: the input as a list */
    int     axis;   /* 0 when flat */
    int64_t length; /* of the condition, and of the axis at most */
};

static bsr_status compress_plan_make(struct compress_plan *plan, const struct bsr_call *call,
                                     struct bsr_error *err)
{
    const struct bsr_tensor *in = call->inputs[0], *condition = call->inputs[1];
    bsr_status               status = BSR_OK;

    *plan = (struct compress_plan){.flat = !node_find_attribute(call->node, "axis", ATTRIBUTE_INT)};
    if (!plan->flat)
        status = call_axis(&plan->axis, bsr_node_int(call->node, "axis", 0), in->dims, err);
    if (status != BSR_OK)
        return status;
    size_t side = plan->flat ? tensor_count(in) : (size_t)in->shape[plan->axis];
    if (condition->type != BSR_BOOL || condition->dims != 1 || condition->shape[0] < 0 ||
        (size_t)condition->shape[0] > side)
        return call_refuse(err, "a condition of %s %s doesn't fit an input of %s",
                           tensor_type_name(condition->type), tensor_shape_text(condition).text,
                           tensor_shape_text(in).text);
    plan->length = condition->shape[0];
    return BSR_OK;
}

static bsr_status compress_shape(const struct bsr_call *call, struct bsr_error *err)
{
    struct compress_plan plan;
    bsr_status           status = move_expect(call, 2, 2, 1, err);

    if (status == BSR_OK)
        status = compress_plan_make(&plan, call, err);
    if (status != BSR_OK)
        return status;
    const struct bsr_tensor *in = call->inputs[0], *condition = call->inputs[1];
    if (!condition->data)
        return call_needs_values(err);
    int64_t sides[BSR_MAX_DIMS], kept = 0;
    for (int64_t i = 0; i < plan.length; i++)
        kept += ((const uint8_t *)condition->data)[i] != 0;
    memcpy(sides, in->shape, sizeof sides);
    sides[plan.axis] = kept;
    return move_set(call, 0, in->type, plan.flat ? 1 : in->dims, sides, err);
}

static bsr_status compress_run(const struct bsr_call *call, struct bsr_error *err)
{
    const struct bsr_tensor *in = call->inputs[0];
    const uint8_t           *condition = call->inputs[1]->data;
    struct compress_plan     plan;
    bsr_status               status = compress_plan_make(&plan, call, err);
    if (status != BSR_OK || !tensor_count(&call->outputs[0]))
        return status;

    size_t outer = plan.flat ? 1 : (size_t)move_product(in->shape, 0, plan.axis);
    size_t side = plan.flat ? tensor_count(in) : (size_t)in->shape[plan.axis];
    size_t slice = plan.flat ? 1 : (size_t)move_product(in->shape, plan.axis + 1, in->dims), to = 0;
    for (size_t o = 0; o < outer; o++)
        for (size_t i = 0; i < (size_t)plan.length; i++) {
            if (!condition[i])
                continue;
            memcpy(move_at(&call->outputs[0], to), move_at(in, (o * side + i) * slice),
                   slice * tensor_type_size(in->type));
            to += slice;
        }
    return BSR_OK;
}

static const struct bsr_operator operators[] = {
    {"NonZero", nonzero_shape, nonzero_run},
    {"Compress", compress_shape, compress_run},
};

const struct operator_group operators_select = OPERATOR_GROUP(operators);
