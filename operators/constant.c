/* Operators that make numbers from next to nothing: Constant, ConstantOfShape, Range, EyeLike. */
#include "operators/move.h"

#include <math.h>
#include <string.h>

/* ---- Constant -------------------------------------------------------------------------------------- */

/* The value_* attribute that the node has, as a tensor that borrows its numbers. */
static bsr_status constant_value(struct bsr_tensor *value, const struct bsr_node *node, struct bsr_error *err)
{
    const struct bsr_tensor *tensor = bsr_node_tensor(node, "value");
    const struct attribute  *one = node_find_attribute(node, "value_float", ATTRIBUTE_FLOAT);
    const struct attribute  *list = node_find_attribute(node, "value_floats", ATTRIBUTE_FLOATS);
    int                      type = BSR_F32;

    if (tensor) {
        *value = *tensor;
        return BSR_OK;
    }
    if (!one && !list) {
        type = BSR_I64;
        one = node_find_attribute(node, "value_int", ATTRIBUTE_INT);
        list = node_find_attribute(node, "value_ints", ATTRIBUTE_INTS);
    }
    if (!one && !list)
        return call_refuse(err, "it has no value that is a tensor of numbers");
    *value = (struct bsr_tensor){.type = type, .dims = one ? 0 : 1};
    if (type == BSR_F32)
        value->data = (void *)(one ? &one->f : list->floats);
    else
        value->data = (void *)(one ? &one->i : list->ints);
    if (!one)
        value->shape[0] = list->count;
    return BSR_OK;
}

static bsr_status constant_shape(const struct bsr_call *call, struct bsr_error *err)
{
    struct bsr_tensor value;
    bsr_status        status = move_expect(call, 0, 0, 1, err);

    if (status == BSR_OK)
        status = constant_value(&value, call->node, err);
    return status == BSR_OK ? move_set(call, 0, value.type, value.dims, value.shape, err) : status;
}

static bsr_status constant_run(const struct bsr_call *call, struct bsr_error *err)
{
    struct bsr_tensor value;
    bsr_status        status = constant_value(&value, call->node, err);

    if (status == BSR_OK && tensor_count(&value))
        memcpy(call->outputs[0].data, value.data, tensor_bytes(&value));
    return status;
}

/* ---- ConstantOfShape ------------------------------------------------------------------------------- */

static bsr_status constant_of_shape_shape(const struct bsr_call *call, struct bsr_error *err)
{
    int64_t    sides[BSR_MAX_DIMS];
    int        dims;
    bsr_status status = move_expect(call, 1, 1, 1, err);

    if (status == BSR_OK)
        status = call_ints(sides, &dims, BSR_MAX_DIMS, call->inputs[0], err);
    if (status != BSR_OK)
        return status;
    const struct bsr_tensor *value = bsr_node_tensor(call->node, "value");
    if (value && (tensor_count(value) != 1 || !value->data))
        return call_refuse(err, "its value has the shape %s (one element)", tensor_shape_text(value).text);
    return move_set(call, 0, value ? value->type : BSR_F32, dims, sides, err);
}

static bsr_status constant_of_shape_run(const struct bsr_call *call, struct bsr_error *err)
{
    const struct bsr_tensor *value = bsr_node_tensor(call->node, "value");
    struct bsr_tensor       *out = &call->outputs[0];
    const uint64_t           zero = 0;

    (void)err;
    move_fill(out->data, value ? value->data : &zero, tensor_type_size(out->type), tensor_count(out));
    return BSR_OK;
}

/* ---- Range ----------------------------------------------------------------------------------------- */

static bool is_float(int type)
{
    return type == BSR_F32 || type == BSR_F64 || type == BSR_F16 || type == BSR_BF16;
}

/* Whole numbers: the steps (of a size that is not 0) before the limit is reached. */
static uint64_t count_steps(int64_t start, int64_t limit, int64_t delta)
{
    bool     up = delta > 0;
    uint64_t way = up ? (uint64_t)limit - (uint64_t)start : (uint64_t)start - (uint64_t)limit;
    uint64_t step = up ? (uint64_t)delta : -(uint64_t)delta;

    return (up ? start >= limit : start <= limit) ? 0 : (way - 1) / step + 1;
}

static bsr_status range_count(int64_t *count, const struct bsr_call *call, struct bsr_error *err)
{
    const struct bsr_tensor *const *in = call->inputs;

    if (is_float(in[0]->type)) {
        double delta = tensor_get(in[2], 0);
        double steps = ceil((tensor_get(in[1], 0) - tensor_get(in[0], 0)) / delta);
        if (delta == 0 || !(steps <= (double)TENSOR_MAX_BYTES))
            return call_refuse(err, "from %g to %g by %g is no range", tensor_get(in[0], 0),
                               tensor_get(in[1], 0), delta);
        *count = steps > 0 ? (int64_t)steps : 0;
        return BSR_OK;
    }
    int64_t  delta = tensor_get_int(in[2], 0);
    uint64_t steps = delta ? count_steps(tensor_get_int(in[0], 0), tensor_get_int(in[1], 0), delta) : 0;
    if (!delta || steps > TENSOR_MAX_BYTES)
        return call_refuse(err, "from %lld to %lld by %lld is no range", (long long)tensor_get_int(in[0], 0),
                           (long long)tensor_get_int(in[1], 0), (long long)delta);
    *count = (int64_t)steps;
    return BSR_OK;
}

static bsr_status range_shape(const struct bsr_call *call, struct bsr_error *err)
{
    bsr_status status = move_expect(call, 3, 3, 1, err);
    if (status != BSR_OK)
        return status;

    int type = call->inputs[0]->type;
    for (int n = 0; n < 3; n++)
        if (call->inputs[n]->type != type || type == BSR_BOOL || tensor_count(call->inputs[n]) != 1)
            return call_refuse(err, "its input %d is %s %s (one number of the type of the first)", n + 1,
                               tensor_type_name(call->inputs[n]->type),
                               tensor_shape_text(call->inputs[n]).text);
    for (int n = 0; n < 3; n++)
        if (!call->inputs[n]->data)
            return call_needs_values(err);
    int64_t count;
    status = range_count(&count, call, err);
    return status == BSR_OK ? move_set(call, 0, type, 1, &count, err) : status;
}

static bsr_status range_run(const struct bsr_call *call, struct bsr_error *err)
{
    struct bsr_tensor *out = &call->outputs[0];
    size_t             count = tensor_count(out);

    (void)err;
    if (is_float(out->type)) {
        double start = tensor_get(call->inputs[0], 0), delta = tensor_get(call->inputs[2], 0);
        for (size_t i = 0; i < count; i++)
            tensor_set(out, i, start + (double)i * delta);
        return BSR_OK;
    }
    uint64_t at = (uint64_t)tensor_get_int(call->inputs[0], 0);
    for (size_t i = 0; i < count; i++, at += (uint64_t)tensor_get_int(call->inputs[2], 0))
        tensor_set_int(out, i, (int64_t)at);
    return BSR_OK;
}

/* ---- EyeLike --------------------------------------------------------------------------------------- */

static bsr_status eye_like_shape(const struct bsr_call *call, struct bsr_error *err)
{
    bsr_status status = move_expect(call, 1, 1, 1, err);
    if (status != BSR_OK)
        return status;

    const struct bsr_tensor *in = call->inputs[0];
    int64_t                  type = bsr_node_int(call->node, "dtype", in->type);
    if (type < 0 || type > BSR_BF16 || !tensor_type_size((int)type) || in->dims != 2)
        return call_refuse(err, "its input is %s (2 dimensions), its type %lld", tensor_shape_text(in).text,
                           (long long)type);
    return move_set(call, 0, (int)type, 2, in->shape, err);
}

static bsr_status eye_like_run(const struct bsr_call *call, struct bsr_error *err)
{
    struct bsr_tensor *out = &call->outputs[0];
    int64_t            k = bsr_node_int(call->node, "k", 0), rows = out->shape[0], columns = out->shape[1];

    (void)err;
    if (!tensor_count(out))
        return BSR_OK;
    memset(out->data, 0, tensor_bytes(out));
    if (k <= -rows || k >= columns)
        return BSR_OK;
    for (int64_t i = k < 0 ? -k : 0; i < rows && i + k < columns; i++)
        tensor_set_int(out, (size_t)(i * columns + i + k), 1);
    return BSR_OK;
}

static const struct bsr_operator operators[] = {
    {"Constant", constant_shape, constant_run},
    {"ConstantOfShape", constant_of_shape_shape, constant_of_shape_run},
    {"Range", range_shape, range_run},
    {"EyeLike", eye_like_shape, eye_like_run},
};

const struct operator_group operators_constant = OPERATOR_GROUP(operators);
