/* ConvInteger and QLinearConv: convolutions of 8-bit numbers, summed up in 32 bits. */
#include "base/alloc.h"
#include "operators/convolve.h"
#include "operators/elements.h"
#include "operators/quantized.h"
#include "operators/registry.h"

#include <string.h>

/* The inputs under names, whichever operator it is; those that are not there are NULL. */
struct inputs {
    const struct bsr_tensor *x, *x_zero, *w, *w_zero, *x_scale, *w_scale, *y_scale, *y_zero, *bias;
};

static bsr_status read_both(struct convolution *out, const struct bsr_call *call, const struct inputs *in,
                            struct bsr_error *err)
{
    struct quantized_view    whole = {1, 1, 1, 1}, filters = {1, 1, 1, 1};
    const struct bsr_tensor *zeros[] = {in->x_zero, in->w_zero};
    size_t                   count;
    bsr_status               status;

    if (!quantized_is_byte(in->x->type) || !quantized_is_byte(in->w->type))
        return call_refuse(err, "it multiplies %s by %s (u8 or i8)", tensor_type_name(in->x->type),
                           tensor_type_name(in->w->type));
    if ((status = convolution_read(out, call->node, in->x, in->w, err)) != BSR_OK)
        return status;
    filters.axis = out->filters;
    for (int i = 0; i < 2; i++) {
        if (!zeros[i])
            continue;
        if (zeros[i]->type != (i ? in->w : in->x)->type)
            return call_refuse(err, "a zero point is %s, what it belongs to is not",
                               tensor_type_name(zeros[i]->type));
        if ((status = quantized_count(&count, zeros[i], "zero point", i ? &filters : &whole, err)) != BSR_OK)
            return status;
    }
    return BSR_OK;
}

/* sums[N][filters][out...] of (x - x_zero) * (w - w_zero), added to what is there. */
static bsr_status sum_up(int32_t *sums, const struct convolution *plan, const struct inputs *in,
                         struct bsr_error *err)
{
    size_t                count = tensor_count(in->x), weights = tensor_count(in->w);
    struct quantized_view whole = {1, 1, 1, count};
    struct quantized_view filters = {1, 1, plan->filters, weights / plan->filters};
    int32_t              *x = NULL, *w = NULL;
    bsr_status            status = quantized_widen(&x, in->x, in->x_zero, &whole, err);

    if (status == BSR_OK)
        status = quantized_widen(&w, in->w, in->w_zero, &filters, err);
    if (status == BSR_OK)
        status = convolution_run(sums, x, w, BSR_I32, plan, err);
    mem_free(x);
    mem_free(w);
    return status;
}

/* ---- ConvInteger ----------------------------------------------------------------------------------- */

static struct inputs integer_inputs(const struct bsr_call *call)
{
    return (struct inputs){.x = call_input(call, 0),
                           .w = call_input(call, 1),
                           .x_zero = call_input(call, 2),
                           .w_zero = call_input(call, 3)};
}

static bsr_status integer_shape(const struct bsr_call *call, struct bsr_error *err)
{
    struct convolution plan;
    struct inputs      in = integer_inputs(call);
    bsr_status         status = call_expect(call, 2, 4, err);

    if (status != BSR_OK || (status = read_both(&plan, call, &in, err)) != BSR_OK)
        return status;
    return window_set_output(call, &plan.window, BSR_I32, in.x->shape[0], in.w->shape[0], err);
}

static bsr_status integer_run(const struct bsr_call *call, struct bsr_error *err)
{
    struct convolution plan;
    struct inputs      in = integer_inputs(call);
    struct bsr_tensor *y = &call->outputs[0];
    bsr_status         status = read_both(&plan, call, &in, err);

    if (status != BSR_OK || !plan.batch)
        return status;
    memset(y->data, 0, tensor_bytes(y));
    return sum_up(y->data, &plan, &in, err);
}

/* ---- QLinearConv ----------------------------------------------------------------------------------- */

static struct inputs linear_inputs(const struct bsr_call *call)
{
    return (struct inputs){.x = call_input(call, 0),
                           .x_scale = call_input(call, 1),
                           .x_zero = call_input(call, 2),
                           .w = call_input(call, 3),
                           .w_scale = call_input(call, 4),
                           .w_zero = call_input(call, 5),
                           .y_scale = call_input(call, 6),
                           .y_zero = call_input(call, 7),
                           .bias = call_input(call, 8)};
}

static bsr_status linear_shape(const struct bsr_call *call, struct bsr_error *err)
{
    struct convolution plan;
    struct inputs      in = linear_inputs(call);
    int                type = BSR_U8;
    size_t             count;
    bsr_status         status = call_expect(call, 8, 9, err);

    if (status != BSR_OK || (status = read_both(&plan, call, &in, err)) != BSR_OK ||
        (status = quantized_type(&type, in.y_zero, err)) != BSR_OK)
        return status;
    struct quantized_view    whole = {1, 1, 1, 1}, filters = {1, 1, plan.filters, 1};
    const struct bsr_tensor *ones[] = {in.x_scale, in.y_scale, in.y_zero};
    for (int i = 0; i < 3; i++)
        if ((status = quantized_count(&count, ones[i], "scale or zero point", &whole, err)) != BSR_OK)
            return status;
    if ((status = quantized_count(&count, in.w_scale, "scale of the weights", &filters, err)) != BSR_OK)
        return status;
    if (!type_is_float(in.x_scale->type) || !type_is_float(in.w_scale->type) ||
        !type_is_float(in.y_scale->type))
        return call_refuse(err, "its scales are no floats");
    if (in.bias && (in.bias->type != BSR_I32 || in.bias->dims != 1 || in.bias->shape[0] != in.w->shape[0]))
        return call_refuse(err, "a bias of %s, shape %s, for %lld filters (i32)",
                           tensor_type_name(in.bias->type), tensor_shape_text(in.bias).text,
                           (long long)in.w->shape[0]);
    return window_set_output(call, &plan.window, type, in.x->shape[0], in.w->shape[0], err);
}

static bsr_status linear_run(const struct bsr_call *call, struct bsr_error *err)
{
    struct convolution plan;
    struct inputs      in = linear_inputs(call);
    struct bsr_tensor *y = &call->outputs[0];
    size_t             count = tensor_count(y), scales = tensor_count(in.w_scale);
    bsr_status         status = read_both(&plan, call, &in, err);

    if (status != BSR_OK || !count)
        return status;
    size_t   windows = window_out_count(&plan.window);
    int32_t *sums = mem_alloc_zeroed(count, sizeof *sums);
    if (!sums)
        return bsr_fail_memory(err, NULL, count * sizeof *sums);
    for (size_t i = 0; in.bias && i < count; i++)
        sums[i] = ((const int32_t *)in.bias->data)[i / windows % plan.filters];
    status = sum_up(sums, &plan, &in, err);

    float   to_x = quantized_scale(in.x_scale, 1, 0), to_y = quantized_scale(in.y_scale, 1, 0);
    int64_t zero = tensor_get_int(in.y_zero, 0);
    for (size_t plane = 0; status == BSR_OK && plane < count / windows; plane++) {
        float scale = to_x * quantized_scale(in.w_scale, scales, plane % plan.filters) / to_y;
        for (size_t i = plane * windows; i < (plane + 1) * windows; i++)
            quantized_set(y, i, (float)sums[i] * scale, zero);
    }
    mem_free(sums);
    return status;
}

static const struct bsr_operator list[] = {
    {"ConvInteger", integer_shape, integer_run},
    {"QLinearConv", linear_shape, linear_run},
};
const struct operator_group operators_conv_integer = OPERATOR_GROUP(list);
