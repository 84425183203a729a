/* QuantizeLinear, DequantizeLinear, DynamicQuantizeLinear. */
#include "operators/elements.h"
#include "operators/quantized.h"
#include "operators/registry.h"

#include <math.h>
#include <string.h>

/* Which scale an element has: x is [outer][axis][inner], the scales [outer][blocks][inner] or [blocks]. */
struct scales {
    size_t outer, axis, inner;
    size_t block;  /* elements of the axis that share one */
    size_t blocks; /* along the axis; 1 for one scale for all */
    bool   full;   /* blocked: the scales have outer and inner, too */
};

static bool is_quantized(int type)
{
    return type == BSR_U8 || type == BSR_I8 || type == BSR_U16 || type == BSR_I16;
}

static bsr_status blocks_read(struct scales *scales, const struct bsr_tensor *x,
                              const struct bsr_tensor *scale, int axis, int64_t block, struct bsr_error *err)
{
    for (int i = 0; i < x->dims; i++) {
        int64_t side = x->shape[i];
        int64_t wanted = i == axis ? side / block + (side % block != 0) : side;
        if (scale->dims != x->dims || scale->shape[i] != wanted)
            return call_refuse(err, "a scale of shape %s does not fit %s in blocks of %lld",
                               tensor_shape_text(scale).text, tensor_shape_text(x).text, (long long)block);
    }
    scales->full = true;
    scales->block = (size_t)block;
    scales->blocks = (size_t)scale->shape[axis];
    return BSR_OK;
}

static bsr_status scales_read(struct scales *out, const struct bsr_call *call, struct bsr_error *err)
{
    const struct bsr_tensor *x = call->inputs[0], *scale = call->inputs[1], *zero = call_input(call, 2);
    int64_t                  block = bsr_node_int(call->node, "block_size", 0);
    int64_t                  axis_value = bsr_node_int(call->node, "axis", 1);
    struct scales            scales = {.outer = 1, .axis = 1, .inner = 1, .block = 1, .blocks = 1};
    int                      axis = 0;
    bool                     one = tensor_count(scale) == 1 && scale->dims <= 1;
    bsr_status               status = BSR_OK;

    if (zero &&
        (zero->dims != scale->dims ? tensor_count(zero) != 1 || !one : !tensor_same_shape(zero, scale)))
        return call_refuse(err, "a zero point of shape %s beside a scale of shape %s",
                           tensor_shape_text(zero).text, tensor_shape_text(scale).text);
    if (block < 0)
        return call_refuse(err, "block_size is %lld (from 0 on)", (long long)block);
    if (one && !block) { /* one scale for all; the axis does not count then */
        scales.inner = tensor_count(x);
        *out = scales;
        return BSR_OK;
    }
    if ((status = call_axis(&axis, axis_value, x->dims, err)) != BSR_OK)
        return status;
    for (int i = 0; i < x->dims; i++)
        *(i < axis ? &scales.outer : i > axis ? &scales.inner : &scales.axis) *= (size_t)x->shape[i];
    if (block)
        status = blocks_read(&scales, x, scale, axis, block, err);
    else if (scale->dims != 1 || scale->shape[0] != x->shape[axis])
        status = call_refuse(err, "a scale of shape %s does not fit axis %d of %s",
                             tensor_shape_text(scale).text, axis, tensor_shape_text(x).text);
    else
        scales.blocks = scales.axis;
    if (status == BSR_OK)
        *out = scales;
    return status;
}

/* A run of elements that have the same scale, or with `step` 1 one scale each. */
typedef void quantize_run(const struct bsr_call *call, size_t at, size_t count, size_t parameter,
                          size_t step);

static void each_run(const struct bsr_call *call, const struct scales *s, quantize_run *run)
{
    if (!tensor_count(&call->outputs[0]))
        return;
    for (size_t o = 0; o < s->outer; o++)
        for (size_t a = 0; a < s->axis; a++) {
            size_t block = s->blocks == 1 && !s->full ? 0 : a / s->block;
            size_t first = s->full ? (o * s->blocks + block) * s->inner : block;
            run(call, (o * s->axis + a) * s->inner, s->inner, first, s->full);
        }
}

/* ---- QuantizeLinear -------------------------------------------------------------------------------- */

static bsr_status quantize_shape(const struct bsr_call *call, struct bsr_error *err)
{
    struct scales scales;
    bsr_status    status = call_expect(call, 2, 3, err);

    if (status != BSR_OK)
        return status;
    const struct bsr_tensor *x = call->inputs[0], *scale = call->inputs[1], *zero = call_input(call, 2);
    int64_t                  type = bsr_node_int(call->node, "output_dtype", 0);
    type = zero ? zero->type : type ? type : BSR_U8;
    if ((!type_is_float(x->type) && x->type != BSR_I32) || !type_is_float(scale->type) ||
        !(type == BSR_U8 || type == BSR_I8 || type == BSR_U16 || type == BSR_I16))
        return call_refuse(err, "it can't make type %lld of %s with a scale of %s (u8, i8, u16 or i16)",
                           (long long)type, tensor_type_name(x->type), tensor_type_name(scale->type));
    if ((status = scales_read(&scales, call, err)) == BSR_OK)
        call_set_like(call, 0, (int)type, x);
    return status;
}

static void quantize(const struct bsr_call *call, size_t at, size_t count, size_t parameter, size_t step)
{
    const struct bsr_tensor *x = call->inputs[0], *zero = call_input(call, 2);
    struct bsr_tensor       *y = &call->outputs[0];

    for (size_t i = 0; i < count; i++) {
        float   scale = (float)tensor_get(call->inputs[1], parameter + i * step);
        int64_t shift = zero ? tensor_get_int(zero, parameter + i * step) : 0;
        for (; i < count; i++) {
            float value =
                x->type == BSR_F32 ? ((const float *)x->data)[at + i] : (float)tensor_get(x, at + i);
            quantized_set(y, at + i, value / scale, shift);
            if (step)
                break;
        }
    }
}

static bsr_status quantize_run_all(const struct bsr_call *call, struct bsr_error *err)
{
    struct scales scales;
    bsr_status    status = scales_read(&scales, call, err);

    if (status == BSR_OK)
        each_run(call, &scales, quantize);
    return status;
}

/* ---- DequantizeLinear ------------------------------------------------------------------------------ */

static bsr_status dequantize_shape(const struct bsr_call *call, struct bsr_error *err)
{
    struct scales scales;
    bsr_status    status = call_expect(call, 2, 3, err);

    if (status != BSR_OK)
        return status;
    const struct bsr_tensor *x = call->inputs[0], *scale = call->inputs[1], *zero = call_input(call, 2);
    int64_t                  type = bsr_node_int(call->node, "output_dtype", 0);
    type = type ? type : scale->type;
    if ((!is_quantized(x->type) && x->type != BSR_I32) || !type_is_float(scale->type) ||
        (zero && zero->type != x->type) ||
        !(type == BSR_F32 || type == BSR_F16 || type == BSR_BF16 || type == BSR_F64))
        return call_refuse(err, "it can't make type %lld of %s with a scale of %s", (long long)type,
                           tensor_type_name(x->type), tensor_type_name(scale->type));
    if ((status = scales_read(&scales, call, err)) == BSR_OK)
        call_set_like(call, 0, (int)type, x);
    return status;
}

static void dequantize(const struct bsr_call *call, size_t at, size_t count, size_t parameter, size_t step)
{
    const struct bsr_tensor *x = call->inputs[0], *zero = call_input(call, 2);
    struct bsr_tensor       *y = &call->outputs[0];

    for (size_t i = 0; i < count; i++) {
        float   scale = (float)tensor_get(call->inputs[1], parameter + i * step);
        int64_t shift = zero ? tensor_get_int(zero, parameter + i * step) : 0;
        for (; i < count; i++) {
            float value = (float)(tensor_get_int(x, at + i) - shift) * scale;
            if (y->type == BSR_F32)
                ((float *)y->data)[at + i] = value;
            else
                tensor_set(y, at + i, (double)value);
            if (step)
                break;
        }
    }
}

static bsr_status dequantize_run_all(const struct bsr_call *call, struct bsr_error *err)
{
    struct scales scales;
    bsr_status    status = scales_read(&scales, call, err);

    if (status == BSR_OK)
        each_run(call, &scales, dequantize);
    return status;
}

/* ---- DynamicQuantizeLinear: f32 to u8 with a scale of its own; 0 stays exact ------------------------- */

static bsr_status dynamic_shape(const struct bsr_call *call, struct bsr_error *err)
{
    bsr_status status = call_expect(call, 1, 1, err);

    if (status != BSR_OK)
        return status;
    if (call->inputs[0]->type != BSR_F32 || call->output_count != 3)
        return call_refuse(err, "it makes %d tensors of %s (3 of f32)", call->output_count,
                           tensor_type_name(call->inputs[0]->type));
    call_set_like(call, 0, BSR_U8, call->inputs[0]);
    status = call_set(call, 1, BSR_F32, 0, NULL, err);
    return status == BSR_OK ? call_set(call, 2, BSR_U8, 0, NULL, err) : status;
}

static bsr_status dynamic_run(const struct bsr_call *call, struct bsr_error *err)
{
    const float *x = call->inputs[0]->data;
    size_t       count = tensor_count(call->inputs[0]);
    float        low = 0, high = 0;

    (void)err;
    for (size_t i = 0; i < count; i++) {
        low = x[i] < low ? x[i] : low;
        high = x[i] > high ? x[i] : high;
    }
    float scale = high > low ? (high - low) / 255 : 1;
    float zero = nearbyintf(-low / scale);
    zero = zero < 0 ? 0 : zero < 255 ? zero : 255;
    for (size_t i = 0; i < count; i++)
        quantized_set(&call->outputs[0], i, x[i] / scale, (int64_t)zero);
    ((float *)call->outputs[1].data)[0] = scale;
    ((uint8_t *)call->outputs[2].data)[0] = (uint8_t)zero;
    return BSR_OK;
}

static const struct bsr_operator list[] = {
    {"QuantizeLinear", quantize_shape, quantize_run_all},
    {"DequantizeLinear", dequantize_shape, dequantize_run_all},
    {"DynamicQuantizeLinear", dynamic_shape, dynamic_run},
};
const struct operator_group operators_quantize = OPERATOR_GROUP(list);
