/* Operators that reorder axes: Transpose, and the two that are a Transpose between two Reshapes. */
#include "operators/move.h"

#include <string.h>

/* Copies `in`, seen as a block of `dims` sides, so that axis i of the result is axis order[i] of it. */
static void permute(const struct bsr_call *call, const int64_t *sides, const int *order, int dims)
{
    const struct bsr_tensor *in = call->inputs[0];
    struct move_block        block = {.axes = dims};
    int64_t                  steps[MOVE_MAX_AXES] = {0}, step = 1;

    if (!tensor_count(in))
        return;
    for (int i = dims - 1; i >= 0; i--) {
        steps[i] = step;
        step *= sides[i];
    }
    for (int i = 0; i < dims; i++) {
        block.sides[i] = sides[order[i]];
        block.from[i] = steps[order[i]];
    }
    move_pack(&block);
    move_copy(call->outputs[0].data, in->data, tensor_type_size(in->type), &block);
}

/* ---- Transpose ------------------------------------------------------------------------------------- */

static bsr_status transpose_order(int *order, const struct bsr_call *call, struct bsr_error *err)
{
    const struct bsr_tensor *in = call->inputs[0];
    int                      count;
    const int64_t           *perm = bsr_node_ints(call->node, "perm", &count);
    bool                     used[BSR_MAX_DIMS] = {false};

    if (perm && count != in->dims)
        return call_refuse(err, "perm has %d axes, the input %d", count, in->dims);
    for (int i = 0; i < in->dims; i++) {
        order[i] = in->dims - 1 - i;
        bsr_status status = perm ? call_axis(&order[i], perm[i], in->dims, err) : BSR_OK;
        if (status != BSR_OK)
            return status;
        if (used[order[i]])
            return call_refuse(err, "perm names axis %d twice", order[i]);
        used[order[i]] = true;
    }
    return BSR_OK;
}

static bsr_status transpose_shape(const struct bsr_call *call, struct bsr_error *err)
{
    int        order[BSR_MAX_DIMS];
    int64_t    sides[BSR_MAX_DIMS];
    bsr_status status = move_expect(call, 1, 1, 1, err);

    if (status == BSR_OK)
        status = transpose_order(order, call, err);
    if (status != BSR_OK)
        return status;
    const struct bsr_tensor *in = call->inputs[0];
    for (int i = 0; i < in->dims; i++)
        sides[i] = in->shape[order[i]];
    return call_set(call, 0, in->type, in->dims, sides, err);
}

static bsr_status transpose_run(const struct bsr_call *call, struct bsr_error *err)
{
    int        order[BSR_MAX_DIMS];
    bsr_status status = transpose_order(order, call, err);

    if (status == BSR_OK)
        permute(call, call->inputs[0]->shape, order, call->inputs[0]->dims);
    return status;
}

/* ---- DepthToSpace, SpaceToDepth -------------------------------------------------------------------- */

/* The block's side; BSR_EMODEL unless the input is [N][C][H][W]. */
static bsr_status block_side(int64_t *block, const struct bsr_call *call, struct bsr_error *err)
{
    const struct bsr_tensor *in = call->inputs[0];

    *block = bsr_node_int(call->node, "blocksize", 0);
    if (*block < 1 || *block > 1 << 15)
        return call_refuse(err, "blocksize is %lld (1 to %d)", (long long)*block, 1 << 15);
    if (in->dims != 4)
        return call_refuse(err, "its input has %d dimensions (4)", in->dims);
    return BSR_OK;
}

static bsr_status depth_to_space_shape(const struct bsr_call *call, struct bsr_error *err)
{
    int64_t    b;
    bsr_status status = move_expect(call, 1, 1, 1, err);

    if (status == BSR_OK)
        status = block_side(&b, call, err);
    if (status != BSR_OK)
        return status;
    const struct bsr_tensor *in = call->inputs[0];
    const char              *mode = bsr_node_text(call->node, "mode", "DCR");
    if (strcmp(mode, "DCR") != 0 && strcmp(mode, "CRD") != 0)
        return call_refuse(err, "mode is \"%.32s\" (DCR or CRD)", mode);
    if (in->shape[1] % (b * b))
        return call_refuse(err, "%lld channels can't be laid out in blocks of %lldx%lld",
                           (long long)in->shape[1], (long long)b, (long long)b);
    int64_t sides[4] = {in->shape[0], in->shape[1] / (b * b)};
    if (__builtin_mul_overflow(in->shape[2], b, &sides[2]) ||
        __builtin_mul_overflow(in->shape[3], b, &sides[3]))
        return call_refuse(err, "its result would be too large");
    return move_set(call, 0, in->type, 4, sides, err);
}

static bsr_status depth_to_space_run(const struct bsr_call *call, struct bsr_error *err)
{
    const struct bsr_tensor *in = call->inputs[0];
    int64_t                  b;
    bsr_status               status = block_side(&b, call, err);
    if (status != BSR_OK)
        return status;

    int64_t n = in->shape[0], c = in->shape[1] / (b * b), h = in->shape[2], w = in->shape[3];
    if (strcmp(bsr_node_text(call->node, "mode", "DCR"), "DCR") == 0)
        permute(call, (int64_t[]){n, b, b, c, h, w}, (int[]){0, 3, 4, 1, 5, 2}, 6);
    else
        permute(call, (int64_t[]){n, c, b, b, h, w}, (int[]){0, 1, 4, 2, 5, 3}, 6);
    return BSR_OK;
}

static bsr_status space_to_depth_shape(const struct bsr_call *call, struct bsr_error *err)
{
    int64_t    b;
    bsr_status status = move_expect(call, 1, 1, 1, err);

    if (status == BSR_OK)
        status = block_side(&b, call, err);
    if (status != BSR_OK)
        return status;
    const struct bsr_tensor *in = call->inputs[0];
    if (in->shape[2] % b || in->shape[3] % b)
        return call_refuse(err, "%s can't be cut into blocks of %lldx%lld", tensor_shape_text(in).text,
                           (long long)b, (long long)b);
    int64_t sides[4] = {in->shape[0], 0, in->shape[2] / b, in->shape[3] / b};
    if (__builtin_mul_overflow(in->shape[1], b * b, &sides[1]))
        return call_refuse(err, "its result would be too large");
    return move_set(call, 0, in->type, 4, sides, err);
}

static bsr_status space_to_depth_run(const struct bsr_call *call, struct bsr_error *err)
{
    const struct bsr_tensor *in = call->inputs[0];
    int64_t                  b;
    bsr_status               status = block_side(&b, call, err);
    if (status != BSR_OK)
        return status;

    int64_t n = in->shape[0], c = in->shape[1], h = in->shape[2] / b, w = in->shape[3] / b;
    permute(call, (int64_t[]){n, c, h, b, w, b}, (int[]){0, 3, 5, 1, 2, 4}, 6);
    return BSR_OK;
}

static const struct bsr_operator operators[] = {
    {"Transpose", transpose_shape, transpose_run},
    {"DepthToSpace", depth_to_space_shape, depth_to_space_run},
    {"SpaceToDepth", space_to_depth_shape, space_to_depth_run},
};

const struct operator_group operators_transpose = OPERATOR_GROUP(operators);
