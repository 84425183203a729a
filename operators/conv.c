/* Conv, ConvInteger's float sister: unfolded windows times weights. */
#include "operators/convolve.h"
#include "operators/elements.h"
#include "operators/registry.h"

#include <string.h>

static bsr_status conv_shape(const struct bsr_call *call, struct bsr_error *err)
{
    struct convolution convolution;
    bsr_status         status = call_expect(call, 2, 3, err);

    if (status != BSR_OK)
        return status;
    const struct bsr_tensor *x = call->inputs[0], *w = call->inputs[1], *bias = call_input(call, 2);
    if (!type_is_float(x->type) || w->type != x->type || (bias && bias->type != x->type))
        return call_refuse(err, "it multiplies %s by %s (f32, f64, f16 or bf16, all of one type)",
                           tensor_type_name(x->type), tensor_type_name(w->type));
    if ((status = convolution_read(&convolution, call->node, x, w, err)) != BSR_OK)
        return status;
    if (bias && (bias->dims != 1 || bias->shape[0] != w->shape[0]))
        return call_refuse(err, "a bias of shape %s for %lld filters", tensor_shape_text(bias).text,
                           (long long)w->shape[0]);
    return window_set_output(call, &convolution.window, x->type, x->shape[0], w->shape[0], err);
}

static void fill_bias(struct bsr_tensor *y, const struct bsr_tensor *bias, const struct convolution *c)
{
    size_t windows = window_out_count(&c->window);

    if (!bias) {
        memset(y->data, 0, tensor_bytes(y));
        return;
    }
    for (size_t i = 0; i < c->batch * c->filters; i++) {
        if (y->type == BSR_F32) {
            float *plane = (float *)y->data + i * windows,
                  value = ((const float *)bias->data)[i % c->filters];
            for (size_t at = 0; at < windows; at++)
                plane[at] = value;
        } else {
            for (size_t at = 0; at < windows; at++)
                tensor_set(y, i * windows + at, tensor_get(bias, i % c->filters));
        }
    }
}

static bsr_status conv_run_wide(const struct bsr_call *call, struct bsr_error *err)
{
    struct convolution       convolution;
    const struct bsr_tensor *x = call->inputs[0], *w = call->inputs[1];
    bsr_status               status = convolution_read(&convolution, call->node, x, w, err);

    if (status != BSR_OK)
        return status;
    fill_bias(&call->outputs[0], call_input(call, 2), &convolution);
    return convolution_run(call->outputs[0].data, x->data, w->data, x->type, &convolution, err);
}

static bsr_status conv_run(const struct bsr_call *call, struct bsr_error *err)
{
    return element_run_in_f32(call, conv_run_wide, err);
}

static const struct bsr_operator list[] = {
    {"Conv", conv_shape, conv_run},
};
const struct operator_group operators_conv = OPERATOR_GROUP(list);
