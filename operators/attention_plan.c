#include "operators/attention_plan.h"

#include "operators/elements.h"

#include <math.h>

/* A tensor's sides, whichever of the two forms it has. */
struct sides {
    int64_t batch, heads, length, depth;
};

static bsr_status sides_of(struct sides *out, const struct bsr_tensor *tensor, int64_t heads,
                           struct bsr_error *err)
{
    const int64_t *shape = tensor->shape;

    for (int i = 0; i < tensor->dims; i++)
        if (shape[i] < 1 || shape[i] > INT32_MAX)
            return call_refuse(err, "a tensor of shape %s is out of range", tensor_shape_text(tensor).text);
    if (tensor->dims == 4) {
        *out = (struct sides){shape[0], shape[1], shape[2], shape[3]};
        return BSR_OK;
    }
    if (tensor->dims != 3 || heads < 1 || shape[2] % heads)
        return call_refuse(err, "a tensor of shape %s does not fit %lld heads",
                           tensor_shape_text(tensor).text, (long long)heads);
    *out = (struct sides){shape[0], heads, shape[1], shape[2] / heads};
    return BSR_OK;
}

static bsr_status read_sides(struct attention *plan, const struct bsr_node *node, struct bsr_error *err)
{
    struct sides q = {0}, k = {0}, v = {0};
    int64_t    heads = bsr_node_int(node, "q_num_heads", 0), kv_heads = bsr_node_int(node, "kv_num_heads", 0);
    bsr_status status = sides_of(&q, plan->q, heads, err);

    if (status == BSR_OK)
        status = sides_of(&k, plan->k, kv_heads, err);
    if (status == BSR_OK)
        status = sides_of(&v, plan->v, kv_heads, err);
    if (status != BSR_OK)
        return status;
    if (plan->k->dims != plan->q->dims || plan->v->dims != plan->q->dims || k.batch != q.batch ||
        v.batch != q.batch || k.heads != v.heads || k.length != v.length || k.depth != q.depth ||
        q.heads % k.heads)
        return call_refuse(err, "queries %s, keys %s and values %s do not fit together",
                           tensor_shape_text(plan->q).text, tensor_shape_text(plan->k).text,
                           tensor_shape_text(plan->v).text);
    plan->batch = (size_t)q.batch;
    plan->heads = (size_t)q.heads;
    plan->kv_heads = (size_t)k.heads;
    plan->queries = (size_t)q.length;
    plan->keys = (size_t)k.length;
    plan->depth = (size_t)q.depth;
    plan->values = (size_t)v.depth;
    return BSR_OK;
}

static bsr_status read_past(struct attention *plan, struct bsr_error *err)
{
    const struct bsr_tensor *key = plan->past_key, *value = plan->past_value;

    if (!key && !value)
        return BSR_OK;
    if (!key || !value || key->dims != 4 || value->dims != 4 || key->shape[0] != (int64_t)plan->batch ||
        value->shape[0] != key->shape[0] || key->shape[1] != (int64_t)plan->kv_heads ||
        value->shape[1] != key->shape[1] || value->shape[2] != key->shape[2] || key->shape[2] < 0 ||
        key->shape[2] > INT32_MAX || key->shape[3] != (int64_t)plan->depth ||
        value->shape[3] != (int64_t)plan->values)
        return call_refuse(err, "the past keys and values do not fit the others");
    plan->past = (size_t)key->shape[2];
    return BSR_OK;
}

/* Broadcast to [N][heads][queries][total]; a mask that is too short in the last side leaves the rest out. */
static bsr_status check_mask(const struct attention *plan, struct bsr_error *err)
{
    const struct bsr_tensor *mask = plan->mask;
    int64_t                  wanted[] = {(int64_t)plan->batch, (int64_t)plan->heads, (int64_t)plan->queries,
                                         (int64_t)attention_total(plan)};

    if (!mask)
        return BSR_OK;
    bool fits = mask->dims >= 2 && mask->dims <= 4 && (mask->type == BSR_BOOL || mask->type == plan->q->type);
    for (int i = 0; fits && i < mask->dims; i++) {
        int64_t side = mask->shape[i], most = wanted[4 - mask->dims + i];
        fits = side == most || (i < mask->dims - 1 ? side == 1 : side >= 1 && side < most);
    }
    if (!fits)
        return call_refuse(err, "a mask of %s, shape %s, for %lldx%lldx%lldx%lld",
                           tensor_type_name(mask->type), tensor_shape_text(mask).text, (long long)wanted[0],
                           (long long)wanted[1], (long long)wanted[2], (long long)wanted[3]);
    return BSR_OK;
}

static bsr_status check_types(const struct attention *plan, struct bsr_error *err)
{
    enum { SAME = 4 };
    const struct bsr_tensor *same[SAME] = {plan->k, plan->v, plan->past_key, plan->past_value};

    if (!type_is_float(plan->q->type))
        return element_refuse(plan->q->type, err);
    for (size_t i = 0; i < SAME; i++)
        if (same[i] && same[i]->type != plan->q->type)
            return call_refuse(err, "its inputs are %s and %s (all of one type)",
                               tensor_type_name(plan->q->type), tensor_type_name(same[i]->type));
    if (plan->lengths && (plan->lengths->type != BSR_I64 || plan->lengths->dims != 1 ||
                          plan->lengths->shape[0] != (int64_t)plan->batch))
        return call_refuse(err, "its lengths are %s of shape %s", tensor_type_name(plan->lengths->type),
                           tensor_shape_text(plan->lengths).text);
    return BSR_OK;
}

bsr_status attention_read(struct attention *out, const struct bsr_call *call, struct bsr_error *err)
{
    const struct bsr_node *node = call->node;
    struct attention       plan = {.q = call->inputs[0],
                                   .k = call->inputs[1],
                                   .v = call->inputs[2],
                                   .mask = call_input(call, 3),
                                   .past_key = call_input(call, 4),
                                   .past_value = call_input(call, 5),
                                   .lengths = call_input(call, 6),
                                   .is_causal = bsr_node_int(node, "is_causal", 0) != 0,
                                   .softcap = (double)bsr_node_float(node, "softcap", 0),
                                   .output_mode = bsr_node_int(node, "qk_matmul_output_mode", 0)};
    bsr_status             status;

    plan.is_flat = plan.q->dims == 3;
    if ((status = read_sides(&plan, node, err)) != BSR_OK || (status = read_past(&plan, err)) != BSR_OK ||
        (status = check_types(&plan, err)) != BSR_OK || (status = check_mask(&plan, err)) != BSR_OK)
        return status;
    if (plan.output_mode < 0 || plan.output_mode > 3)
        return call_refuse(err, "qk_matmul_output_mode is %lld (0 to 3)", (long long)plan.output_mode);
    plan.scale = (double)bsr_node_float(node, "scale", 0);
    if (plan.scale == 0)
        plan.scale = 1 / sqrt((double)plan.depth);
    *out = plan;
    return BSR_OK;
}
