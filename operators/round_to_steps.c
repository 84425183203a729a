/* besra.RoundToSteps: what a QuantizeLinear and the DequantizeLinear behind it leave of f32 numbers, one
 * scale for all: y = (clamp(round(x / scale) + zero, least, most) - zero) * scale, ties to even. Attributes:
 * scale, and range = least, zero, most. */
#include "operators/call.h"
#include "operators/registry.h"

#include <math.h>

static bsr_status steps_shape(const struct bsr_call *call, struct bsr_error *err)
{
    int            count = 0;
    const int64_t *range = bsr_node_ints(call->node, "range", &count);
    bsr_status     status = call_expect(call, 1, 1, err);

    if (status != BSR_OK)
        return status;
    if (call->inputs[0]->type != BSR_F32)
        return call_refuse(err, "it can't round numbers of %s (f32)",
                           tensor_type_name(call->inputs[0]->type));
    if (!range || count != 3 || range[0] > range[1] || range[1] > range[2] || range[0] < INT16_MIN ||
        range[2] > UINT16_MAX)
        return call_refuse(err, "its range is no three numbers of 16 bits: least, zero, most");
    call_set_like(call, 0, BSR_F32, call->inputs[0]);
    return BSR_OK;
}

static bsr_status steps_run(const struct bsr_call *call, struct bsr_error *err)
{
    int            count = 0;
    const int64_t *range = bsr_node_ints(call->node, "range", &count);
    const float    scale = bsr_node_float(call->node, "scale", 1), *x = call->inputs[0]->data;
    const double   least = (double)range[0], zero = (double)range[1], most = (double)range[2];
    float         *y = call->outputs[0].data;
    const size_t   numbers = tensor_count(call->inputs[0]);

    (void)err;
    for (size_t i = 0; i < numbers; i++) {
        double whole = nearbyint((double)(x[i] / scale)) + zero;
        whole = whole < least ? least : whole > most ? most : isnan(whole) ? fmax(least, 0) : whole;
        y[i] = (float)(whole - zero) * scale;
    }
    return BSR_OK;
}

static const struct bsr_operator list[] = {
    {"besra.RoundToSteps", steps_shape, steps_run},
};
const struct operator_group operators_round_to_steps = OPERATOR_GROUP(list);
