/* CausalConvWithState: each channel convolved with what came before it, the last elements kept for the next
 * call. output[t] = f(bias + sum over k of weight[k] * line[t + k]), line = past_state (or zeros) and input.
 */
#include "operators/elements.h"
#include "operators/registry.h"

#include <math.h>
#include <string.h>

struct causal {
    const struct bsr_tensor *x, *w, *bias, *past;
    int64_t                  kept; /* elements of the state: kernel - 1 */
    bool                     is_silu;
};

static bsr_status causal_read(struct causal *out, const struct bsr_call *call, struct bsr_error *err)
{
    struct causal causal = {
        .x = call->inputs[0], .w = call->inputs[1], .bias = call_input(call, 2), .past = call_input(call, 3)};
    const struct bsr_tensor *x = causal.x, *w = causal.w, *bias = causal.bias, *past = causal.past;
    const char              *activation = bsr_node_text(call->node, "activation", "none");

    causal.is_silu = strcmp(activation, "silu") == 0 || strcmp(activation, "swish") == 0;
    if (!causal.is_silu && *activation && strcmp(activation, "none") != 0)
        return call_refuse(err, "the activation %s is not known", activation);
    if (x->dims != 3 || w->dims != 3 || !type_is_float(x->type) || w->type != x->type ||
        w->shape[0] != x->shape[1] || w->shape[1] != 1 || w->shape[2] < 1 || w->shape[2] > INT32_MAX)
        return call_refuse(err, "weights of shape %s do not fit an input of shape %s",
                           tensor_shape_text(w).text, tensor_shape_text(x).text);
    causal.kept = w->shape[2] - 1;
    if (bias && (bias->type != x->type || bias->dims != 1 || bias->shape[0] != x->shape[1]))
        return call_refuse(err, "a bias of shape %s for %lld channels", tensor_shape_text(bias).text,
                           (long long)x->shape[1]);
    if (past && (past->type != x->type || past->dims != 3 || past->shape[0] != x->shape[0] ||
                 past->shape[1] != x->shape[1] || past->shape[2] != causal.kept))
        return call_refuse(err, "a state of shape %s, not %lldx%lldx%lld", tensor_shape_text(past).text,
                           (long long)x->shape[0], (long long)x->shape[1], (long long)causal.kept);
    *out = causal;
    return BSR_OK;
}

static bsr_status causal_shape(const struct bsr_call *call, struct bsr_error *err)
{
    struct causal causal;
    bsr_status    status = call_expect(call, 2, 4, err);

    if (status != BSR_OK || (status = causal_read(&causal, call, err)) != BSR_OK)
        return status;
    const struct bsr_tensor *x = causal.x;
    int64_t                  state[] = {x->shape[0], x->shape[1], causal.kept};
    call_set_like(call, 0, x->type, x);
    return call->output_count > 1 ? call_set(call, 1, x->type, 3, state, err) : BSR_OK;
}

/* Element `at` of the line of a channel: what was kept, then the input. */
static double line_at(const struct causal *causal, size_t line, int64_t at)
{
    if (at >= causal->kept)
        return tensor_get(causal->x, line * (size_t)causal->x->shape[2] + (size_t)(at - causal->kept));
    return causal->past ? tensor_get(causal->past, line * (size_t)causal->kept + (size_t)at) : 0;
}

static void run_line(const struct bsr_call *call, const struct causal *causal, size_t line)
{
    int64_t length = causal->x->shape[2], taps = causal->w->shape[2];
    size_t  channel = line % (size_t)causal->x->shape[1];

    for (int64_t t = 0; t < length; t++) {
        double sum = causal->bias ? tensor_get(causal->bias, channel) : 0;
        for (int64_t k = 0; k < taps; k++)
            sum += tensor_get(causal->w, channel * (size_t)taps + (size_t)k) * line_at(causal, line, t + k);
        if (causal->is_silu)
            sum = sum / (1 + exp(-sum));
        tensor_set(&call->outputs[0], line * (size_t)length + (size_t)t, sum);
    }
    for (int64_t i = 0; call->output_count > 1 && i < causal->kept; i++)
        tensor_set(&call->outputs[1], line * (size_t)causal->kept + (size_t)i,
                   line_at(causal, line, length + i));
}

static bsr_status causal_run(const struct bsr_call *call, struct bsr_error *err)
{
    struct causal causal;
    bsr_status    status = causal_read(&causal, call, err);

    if (status != BSR_OK)
        return status;
    bool any = tensor_count(&call->outputs[0]) || (call->output_count > 1 && tensor_count(&call->outputs[1]));
    size_t lines = any ? (size_t)causal.x->shape[0] * (size_t)causal.x->shape[1] : 0;
    for (size_t line = 0; line < lines; line++)
        run_line(call, &causal, line);
    return BSR_OK;
}

static const struct bsr_operator list[] = {
    {"CausalConvWithState", causal_shape, causal_run},
};
const struct operator_group operators_causal_conv = OPERATOR_GROUP(list);
