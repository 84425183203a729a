/* Shape and Size: what is known of a tensor without its numbers. */
#include "operators/move.h"

/* Sides *first .. *first + count - 1 are asked for (start and end from opset 15 on). */
static int64_t shape_range(int64_t *first, const struct bsr_call *call)
{
    int64_t rank = call->inputs[0]->dims;
    int64_t ends[2] = {bsr_node_int(call->node, "start", 0), bsr_node_int(call->node, "end", rank)};

    for (int i = 0; i < 2; i++) {
        int64_t end = ends[i] < 0 ? ends[i] + rank : ends[i];
        ends[i] = end < 0 ? 0 : end > rank ? rank : end;
    }
    *first = ends[0];
    return ends[1] > ends[0] ? ends[1] - ends[0] : 0;
}

static bsr_status shape_shape(const struct bsr_call *call, struct bsr_error *err)
{
    bsr_status status = move_expect(call, 1, 1, 1, err);
    if (status != BSR_OK)
        return status;

    int64_t first, count = shape_range(&first, call);
    return call_set(call, 0, BSR_I64, 1, &count, err);
}

static bsr_status shape_run(const struct bsr_call *call, struct bsr_error *err)
{
    int64_t first, count = shape_range(&first, call), *sides = call->outputs[0].data;

    (void)err;
    for (int64_t i = 0; i < count; i++)
        sides[i] = call->inputs[0]->shape[first + i];
    return BSR_OK;
}

static bsr_status size_shape(const struct bsr_call *call, struct bsr_error *err)
{
    bsr_status status = move_expect(call, 1, 1, 1, err);
    return status == BSR_OK ? call_set(call, 0, BSR_I64, 0, NULL, err) : status;
}

static bsr_status size_run(const struct bsr_call *call, struct bsr_error *err)
{
    size_t count = tensor_count(call->inputs[0]);

    if (count > INT64_MAX)
        return call_refuse(err, "%s has too many elements", tensor_shape_text(call->inputs[0]).text);
    *(int64_t *)call->outputs[0].data = (int64_t)count;
    return BSR_OK;
}

static const struct bsr_operator operators[] = {
    {"Shape", shape_shape, shape_run},
    {"Size", size_shape, size_run},
};

const struct operator_group operators_shape = OPERATOR_GROUP(operators);
