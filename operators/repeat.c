/* Expand and Tile: the same elements several times. */
#include "operators/move.h"

#include <string.h>

/* ---- Expand ---------------------------------------------------------------------------------------- */

static bsr_status expand_shape(const struct bsr_call *call, struct bsr_error *err)
{
    struct bsr_tensor wanted = {0}, both = {0};
    int64_t           sides[BSR_MAX_DIMS];
    bsr_status        status = move_expect(call, 2, 2, 1, err);

    if (status == BSR_OK)
        status = call_ints(sides, &wanted.dims, BSR_MAX_DIMS, call->inputs[1], err);
    if (status != BSR_OK)
        return status;
    memcpy(wanted.shape, sides, (size_t)wanted.dims * sizeof *sides);
    status = call_broadcast(&both, call->inputs[0], &wanted, err);
    return status == BSR_OK ? move_set(call, 0, call->inputs[0]->type, both.dims, both.shape, err) : status;
}

static bsr_status expand_run(const struct bsr_call *call, struct bsr_error *err)
{
    const struct bsr_tensor *in = call->inputs[0], *out = &call->outputs[0];
    struct move_block        block = {.axes = out->dims};
    int64_t                  strides[BSR_MAX_DIMS];

    (void)err;
    if (!tensor_count(out))
        return BSR_OK;
    call_strides(strides, in);
    for (int i = 0; i < out->dims; i++) {
        int at = i - (out->dims - in->dims);
        block.sides[i] = out->shape[i];
        block.from[i] = at >= 0 && in->shape[at] != 1 ? strides[at] : 0;
    }
    move_pack(&block);
    move_copy(out->data, in->data, tensor_type_size(in->type), &block);
    return BSR_OK;
}

/* ---- Tile ------------------------------------------------------------------------------------------ */

static bsr_status tile_shape(const struct bsr_call *call, struct bsr_error *err)
{
    int64_t    repeats[BSR_MAX_DIMS];
    int        count;
    bsr_status status = move_expect(call, 2, 2, 1, err);

    if (status == BSR_OK)
        status = call_ints(repeats, &count, BSR_MAX_DIMS, call->inputs[1], err);
    if (status != BSR_OK)
        return status;
    const struct bsr_tensor *in = call->inputs[0];
    if (count != in->dims)
        return call_refuse(err, "it has %d repeats for %d dimensions", count, in->dims);
    for (int i = 0; i < count; i++)
        if (repeats[i] < 0 || __builtin_mul_overflow(repeats[i], in->shape[i], &repeats[i]))
            return call_refuse(err, "repeat %d is out of range", i + 1);
    return move_set(call, 0, in->type, in->dims, repeats, err);
}

static bsr_status tile_run(const struct bsr_call *call, struct bsr_error *err)
{
    const struct bsr_tensor *in = call->inputs[0], *out = &call->outputs[0];
    struct move_block        block = {.axes = 2 * in->dims};
    int64_t                  strides[BSR_MAX_DIMS];

    (void)err;
    if (!tensor_count(out))
        return BSR_OK;
    call_strides(strides, in);
    for (int i = 0; i < in->dims; i++) { /* each axis as repeats x side */
        block.sides[2 * i] = out->shape[i] / in->shape[i];
        block.sides[2 * i + 1] = in->shape[i];
        block.from[2 * i + 1] = strides[i];
    }
    move_pack(&block);
    move_copy(out->data, in->data, tensor_type_size(in->type), &block);
    return BSR_OK;
}

static const struct bsr_operator operators[] = {
    {"Expand", expand_shape, expand_run},
    {"Tile", tile_shape, tile_run},
};

const struct operator_group operators_repeat = OPERATOR_GROUP(operators);
