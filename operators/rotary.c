/* RotaryEmbedding (Su et al. 2021): turns pairs of a head's numbers by the angles of their position. */
#include "operators/elements.h"
#include "operators/move.h"

#include <string.h>

/* x is [batch][heads][sequence][head] or [batch][sequence][heads * head]; the caches are [positions][half],
 * or [batch][sequence][half] without position_ids [batch][sequence]. */
struct rotary {
    int64_t batch, heads, sequence, head;
    int64_t half; /* pairs that are turned; numbers behind 2 * half stay */
    bool    interleaved, is_4d;
};

static bsr_status rotary_sides(struct rotary *r, const struct bsr_call *call, struct bsr_error *err)
{
    const struct bsr_tensor *x = call->inputs[0];
    int64_t                  heads = bsr_node_int(call->node, "num_heads", 0);

    if (x->dims == 4) {
        *r = (struct rotary){x->shape[0], x->shape[1], x->shape[2], x->shape[3], .is_4d = true};
        return BSR_OK;
    }
    if (x->dims != 3 || heads < 1 || x->shape[2] % heads)
        return call_refuse(err, "%s can't be cut into %lld heads", tensor_shape_text(x).text,
                           (long long)heads);
    *r = (struct rotary){x->shape[0], heads, x->shape[1], x->shape[2] / heads, .is_4d = false};
    return BSR_OK;
}

static bsr_status rotary_make(struct rotary *r, const struct bsr_call *call, struct bsr_error *err)
{
    const struct bsr_tensor *cos = call->inputs[1], *ids = call_input(call, 3);
    bsr_status               status = rotary_sides(r, call, err);
    if (status != BSR_OK)
        return status;

    int64_t turned = bsr_node_int(call->node, "rotary_embedding_dim", 0);
    turned = turned ? turned : r->head;
    r->half = turned / 2;
    r->interleaved = bsr_node_int(call->node, "interleaved", 0) != 0;
    if (turned < 0 || turned > r->head || turned % 2)
        return call_refuse(err, "%lld of a head of %lld numbers can't be turned", (long long)turned,
                           (long long)r->head);
    bool fits = tensor_same_shape(cos, call->inputs[2]) && cos->dims == (ids ? 2 : 3) &&
                cos->shape[cos->dims - 1] == r->half;
    if (fits && ids)
        fits = ids->dims == 2 && ids->shape[0] == r->batch && ids->shape[1] == r->sequence;
    else if (fits)
        fits = cos->shape[0] == r->batch && cos->shape[1] == r->sequence;
    if (!fits)
        return call_refuse(err, "its cosines and sines (%s, %s) or its positions don't fit %s",
                           tensor_shape_text(cos).text, tensor_shape_text(call->inputs[2]).text,
                           tensor_shape_text(call->inputs[0]).text);
    return ids ? move_expect_indices(ids, "its positions", err) : BSR_OK;
}

static bsr_status rotary_shape(const struct bsr_call *call, struct bsr_error *err)
{
    struct rotary r;
    bsr_status    status = move_expect(call, 3, 4, 1, err);

    if (status == BSR_OK)
        status = rotary_make(&r, call, err);
    if (status != BSR_OK)
        return status;
    for (int n = 0; n < 3; n++)
        if (call->inputs[n]->type != call->inputs[0]->type || !type_is_float(call->inputs[n]->type))
            return call_refuse(err, "its input %d is %s (floats, all of one type)", n + 1,
                               tensor_type_name(call->inputs[n]->type));
    call_set_like(call, 0, call->inputs[0]->type, call->inputs[0]);
    return BSR_OK;
}

/* Turns the pairs of the head that begins at `at` by the angles from `angle` on. */
static void turn_head(const struct bsr_call *call, const struct rotary *r, size_t at, size_t angle)
{
    const struct bsr_tensor *x = call->inputs[0];

    for (size_t i = 0; i < (size_t)r->half; i++) {
        size_t first = at + (r->interleaved ? 2 * i : i);
        size_t second = r->interleaved ? first + 1 : first + (size_t)r->half;
        double cos = tensor_get(call->inputs[1], angle + i), sin = tensor_get(call->inputs[2], angle + i);
        double a = tensor_get(x, first), b = tensor_get(x, second);
        tensor_set(&call->outputs[0], first, cos * a - sin * b);
        tensor_set(&call->outputs[0], second, sin * a + cos * b);
    }
}

static bsr_status rotary_run(const struct bsr_call *call, struct bsr_error *err)
{
    const struct bsr_tensor *x = call->inputs[0], *ids = call_input(call, 3);
    struct rotary            r;
    bsr_status               status = rotary_make(&r, call, err);
    if (status != BSR_OK || !tensor_count(x))
        return status;

    memcpy(call->outputs[0].data, x->data, tensor_bytes(x));
    for (int64_t row = 0; row < r.batch * r.sequence; row++) {
        int64_t position = row, b = row / r.sequence, s = row % r.sequence;
        if (ids)
            status = move_index(&position, ids, (size_t)row, call->inputs[1]->shape[0], err);
        if (status != BSR_OK)
            return status;
        for (int64_t h = 0; h < r.heads; h++) {
            int64_t place = r.is_4d ? (b * r.heads + h) * r.sequence + s : row * r.heads + h;
            turn_head(call, &r, (size_t)(place * r.head), (size_t)(position * r.half));
        }
    }
    return BSR_OK;
}

static const struct bsr_operator operators[] = {
    {"RotaryEmbedding", rotary_shape, rotary_run},
};

const struct operator_group operators_rotary = OPERATOR_GROUP(operators);
