/* What passes elements on: Cast, CastLike, BitCast, Identity, Dropout (as in inference). */
#include "operators/elements.h"
#include "operators/registry.h"

#include <string.h>

static bsr_status set_type(const struct bsr_call *call, int64_t type, struct bsr_error *err)
{
    if (type < 0 || type >= ELEMENT_TYPES || !tensor_type_size((int)type))
        return bsr_operator_fail(err, "it asks for element type %lld, which besra does not have",
                                 (long long)type);
    call_set_like(call, 0, (int)type, call->inputs[0]);
    return BSR_OK;
}

static bsr_status shape_cast(const struct bsr_call *call, struct bsr_error *err)
{
    bsr_status status = call_expect(call, 1, 1, err);
    return status == BSR_OK ? set_type(call, bsr_node_int(call->node, "to", -1), err) : status;
}

static bsr_status shape_cast_like(const struct bsr_call *call, struct bsr_error *err)
{
    bsr_status status = call_expect(call, 2, 2, err);
    return status == BSR_OK ? set_type(call, call->inputs[1]->type, err) : status;
}

static bsr_status shape_bit_cast(const struct bsr_call *call, struct bsr_error *err)
{
    bsr_status status = shape_cast(call, err);
    if (status != BSR_OK)
        return status;
    int from = call->inputs[0]->type, to = call->outputs[0].type;
    if (tensor_type_size(from) != tensor_type_size(to))
        return bsr_operator_fail(err, "elements of %s are not as long as those of %s", tensor_type_name(from),
                                 tensor_type_name(to));
    return BSR_OK;
}

static bsr_status run_cast(const struct bsr_call *call, struct bsr_error *err)
{
    (void)err;
    tensor_convert_into(&call->outputs[0], call->inputs[0]);
    return BSR_OK;
}

static bsr_status run_copy(const struct bsr_call *call, struct bsr_error *err)
{
    (void)err;
    memcpy(call->outputs[0].data, call->inputs[0]->data, tensor_bytes(call->inputs[0]));
    return BSR_OK;
}

/* ---- Dropout --------------------------------------------------------------------------------------- */

/* Whether the node asks to train, with a ratio that isn't 0: its numbers would be drawn by chance. */
static bsr_status check_inference(const struct bsr_call *call, struct bsr_error *err)
{
    const struct bsr_tensor *ratio = call_input(call, 1), *training = call_input(call, 2);

    if (!training || !training->data || tensor_count(training) != 1 || !tensor_get_int(training, 0))
        return BSR_OK;
    if (ratio && ratio->data && tensor_count(ratio) == 1 && tensor_get(ratio, 0) == 0)
        return BSR_OK;
    return bsr_operator_fail(err, "it is in training mode, which gives other numbers at each run");
}

/* The mask is of the data's type up to opset 9. */
static bsr_status shape_dropout(const struct bsr_call *call, struct bsr_error *err)
{
    bsr_status status = call_expect(call, 1, 3, err);
    if (status != BSR_OK)
        return status;
    call_set_like(call, 0, call->inputs[0]->type, call->inputs[0]);
    if (call->output_count > 1)
        call_set_like(call, 1, bsr_node_opset(call->node) < 10 ? call->inputs[0]->type : BSR_BOOL,
                      call->inputs[0]);
    return check_inference(call, err);
}

static bsr_status run_dropout(const struct bsr_call *call, struct bsr_error *err)
{
    bsr_status status = check_inference(call, err);
    if (status != BSR_OK)
        return status;
    if (call->output_count > 1)
        for (size_t i = 0, count = tensor_count(&call->outputs[1]); i < count; i++)
            tensor_set_int(&call->outputs[1], i, 1);
    return run_copy(call, err);
}

static const struct bsr_operator cast[] = {
    {"Cast", shape_cast, run_cast},          {"CastLike", shape_cast_like, run_cast},
    {"BitCast", shape_bit_cast, run_copy},   {"Identity", element_shape, run_copy},
    {"Dropout", shape_dropout, run_dropout},
};

const struct operator_group operators_cast = OPERATOR_GROUP(cast);
