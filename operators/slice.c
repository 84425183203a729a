/* Slice: every n-th element between a start and an end, axis by axis, also backwards. */
#include "operators/move.h"

/* What is taken of each axis: `counts` elements from `starts` on. */
struct slice {
    int64_t starts[BSR_MAX_DIMS], steps[BSR_MAX_DIMS], counts[BSR_MAX_DIMS];
};

static int64_t clamp(int64_t value, int64_t low, int64_t high)
{
    return value < low ? low : value > high ? high : value;
}

/* As Python's slice(start, end, step).indices(side). */
static void slice_axis(struct slice *slice, int axis, int64_t start, int64_t end, int64_t step, int64_t side)
{
    int64_t low = step > 0 ? 0 : -1, high = step > 0 ? side : side - 1;

    start = clamp(start < 0 ? start + side : start, low, high);
    end = clamp(end < 0 ? end + side : end, low, high);
    int64_t length = step > 0 ? end - start : start - end;
    int64_t stride = step > 0 ? step : step == INT64_MIN ? INT64_MAX : -step;
    slice->starts[axis] = start;
    slice->steps[axis] = step;
    slice->counts[axis] = length > 0 ? (length - 1) / stride + 1 : 0;
}

struct slice_lists {
    struct int_list starts, ends, axes, steps;
};

static bsr_status slice_lists_read(struct slice_lists *lists, const struct bsr_call *call,
                                   struct bsr_error *err)
{
    bsr_status status = move_expect(call, 1, 5, 1, err);

    if (status == BSR_OK)
        status = move_ints(&lists->starts, call, 1, "starts", err);
    if (status == BSR_OK)
        status = move_ints(&lists->ends, call, 2, "ends", err);
    if (status == BSR_OK)
        status = move_ints(&lists->axes, call, 3, "axes", err);
    if (status == BSR_OK)
        status = move_ints(&lists->steps, call, 4, NULL, err);
    if (status != BSR_OK)
        return status;
    int count = lists->starts.count;
    if (!lists->starts.given || !lists->ends.given || lists->ends.count != count ||
        (lists->axes.given && lists->axes.count != count) ||
        (lists->steps.given && lists->steps.count != count))
        return call_refuse(err, "its starts, ends, axes and steps are missing or of different lengths");
    if (count > call->inputs[0]->dims)
        return call_refuse(err, "it has %d starts for %d dimensions", count, call->inputs[0]->dims);
    return BSR_OK;
}

static bsr_status slice_plan(struct slice *slice, const struct bsr_call *call, struct bsr_error *err)
{
    const struct bsr_tensor *in = call->inputs[0];
    struct slice_lists       lists;
    bool                     taken[BSR_MAX_DIMS] = {false};
    bsr_status               status = slice_lists_read(&lists, call, err);

    for (int i = 0; i < in->dims; i++)
        slice_axis(slice, i, 0, INT64_MAX, 1, in->shape[i]);
    for (int i = 0; status == BSR_OK && i < lists.starts.count; i++) {
        int     axis = i;
        int64_t step = lists.steps.given ? lists.steps.values[i] : 1;
        if (lists.axes.given)
            status = call_axis(&axis, lists.axes.values[i], in->dims, err);
        if (status != BSR_OK)
            return status;
        if (!step || taken[axis])
            return call_refuse(err, "axis %d is named twice or has a step of 0", axis);
        taken[axis] = true;
        slice_axis(slice, axis, lists.starts.values[i], lists.ends.values[i], step, in->shape[axis]);
    }
    return status;
}

static bsr_status slice_shape(const struct bsr_call *call, struct bsr_error *err)
{
    struct slice slice;
    bsr_status   status = move_expect(call, 1, 5, 1, err);

    if (status == BSR_OK)
        status = slice_plan(&slice, call, err);
    if (status != BSR_OK)
        return status;
    return call_set(call, 0, call->inputs[0]->type, call->inputs[0]->dims, slice.counts, err);
}

static bsr_status slice_run(const struct bsr_call *call, struct bsr_error *err)
{
    const struct bsr_tensor *in = call->inputs[0];
    struct slice             slice;
    bsr_status               status = slice_plan(&slice, call, err);
    if (status != BSR_OK || !tensor_count(&call->outputs[0]))
        return status;

    struct move_block block = {.axes = in->dims};
    int64_t           strides[BSR_MAX_DIMS], first = 0;
    call_strides(strides, in);
    for (int i = 0; i < in->dims; i++) {
        block.sides[i] = slice.counts[i];
        block.from[i] = slice.counts[i] > 1 ? strides[i] * slice.steps[i] : 0;
        first += strides[i] * slice.starts[i];
    }
    move_pack(&block);
    move_copy(call->outputs[0].data, move_at(in, (size_t)first), tensor_type_size(in->type), &block);
    return BSR_OK;
}

static const struct bsr_operator operators[] = {
    {"Slice", slice_shape, slice_run},
};

const struct operator_group operators_slice = OPERATOR_GROUP(operators);
