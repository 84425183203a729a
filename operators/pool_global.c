/* GlobalAveragePool, GlobalMaxPool, GlobalLpPool: a number for each plane of [N][C][sides...]. */
#include "operators/elements.h"
#include "operators/registry.h"

#include <math.h>

static bsr_status global_shape(const struct bsr_call *call, struct bsr_error *err)
{
    bsr_status status = call_expect(call, 1, 1, err);

    if (status != BSR_OK)
        return status;
    const struct bsr_tensor *x = call->inputs[0];
    if (x->dims < 2 || !type_is_float(x->type))
        return call_refuse(err, "it can't pool %s of shape %s", tensor_type_name(x->type),
                           tensor_shape_text(x).text);
    if (bsr_node_int(call->node, "p", 2) < 1)
        return call_refuse(err, "p is %lld (from 1 on)", (long long)bsr_node_int(call->node, "p", 2));
    call_set_like(call, 0, x->type, x);
    for (int i = 2; i < x->dims; i++) {
        if (x->shape[i] < 1)
            return call_refuse(err, "there is nothing to pool in %s", tensor_shape_text(x).text);
        call->outputs[0].shape[i] = 1;
    }
    return BSR_OK;
}

typedef double global_reduce(const struct bsr_tensor *x, size_t first, size_t count,
                             const struct bsr_node *node);

static inline double element(const struct bsr_tensor *x, size_t at)
{
    return x->type == BSR_F32 ? (double)((const float *)x->data)[at] : tensor_get(x, at);
}

static double mean_of(const struct bsr_tensor *x, size_t first, size_t count, const struct bsr_node *node)
{
    double sum = 0;
    (void)node;
    for (size_t i = 0; i < count; i++)
        sum += element(x, first + i);
    return sum / (double)count;
}

/* NaN is larger than all, as in PyTorch. */
static double most_of(const struct bsr_tensor *x, size_t first, size_t count, const struct bsr_node *node)
{
    double most = element(x, first);
    (void)node;
    for (size_t i = 1; i < count && !isnan(most); i++) {
        double value = element(x, first + i);
        most = value > most || isnan(value) ? value : most;
    }
    return most;
}

static double norm_of(const struct bsr_tensor *x, size_t first, size_t count, const struct bsr_node *node)
{
    double p = (double)bsr_node_int(node, "p", 2), sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += pow(fabs(element(x, first + i)), p);
    return pow(sum, 1 / p);
}

static bsr_status global_run(const struct bsr_call *call, global_reduce *reduce)
{
    const struct bsr_tensor *x = call->inputs[0];
    size_t                   planes = tensor_count(&call->outputs[0]);
    size_t                   count = planes ? tensor_count(x) / planes : 0;

    for (size_t i = 0; i < planes; i++)
        tensor_set(&call->outputs[0], i, reduce(x, i * count, count, call->node));
    return BSR_OK;
}

static bsr_status average_run(const struct bsr_call *call, struct bsr_error *err)
{
    (void)err;
    return global_run(call, mean_of);
}

static bsr_status max_run(const struct bsr_call *call, struct bsr_error *err)
{
    (void)err;
    return global_run(call, most_of);
}

static bsr_status norm_run(const struct bsr_call *call, struct bsr_error *err)
{
    (void)err;
    return global_run(call, norm_of);
}

static const struct bsr_operator list[] = {
    {"GlobalAveragePool", global_shape, average_run},
    {"GlobalMaxPool", global_shape, max_run},
    {"GlobalLpPool", global_shape, norm_run},
};
const struct operator_group operators_pool_global = OPERATOR_GROUP(list);
