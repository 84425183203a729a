/* MatMulInteger and QLinearMatMul: products of 8-bit matrices, summed up in 32 bits. */
#include "base/alloc.h"
#include "operators/elements.h"
#include "operators/matmul.h"
#include "operators/quantized.h"
#include "operators/registry.h"

struct operand {
    const struct bsr_tensor *tensor, *zero;
};

/* Zero points and scales of a are by rows, those of b by columns. */
static struct quantized_view rows_of(const struct matmul *plan)
{
    return (struct quantized_view){tensor_count(&plan->left), 1, plan->m, plan->k};
}

static struct quantized_view columns_of(const struct matmul *plan)
{
    return (struct quantized_view){tensor_count(&plan->right), plan->k, plan->n, 1};
}

static bsr_status read_both(struct matmul *out, struct bsr_tensor *shape, struct operand a, struct operand b,
                            struct bsr_error *err)
{
    size_t     count;
    bsr_status status;

    if (!quantized_is_byte(a.tensor->type) || !quantized_is_byte(b.tensor->type) ||
        (a.zero && a.zero->type != a.tensor->type) || (b.zero && b.zero->type != b.tensor->type))
        return call_refuse(err, "it multiplies %s by %s (u8 or i8, zero points of the same type)",
                           tensor_type_name(a.tensor->type), tensor_type_name(b.tensor->type));
    if ((status = matmul_read(out, shape, a.tensor, b.tensor, err)) != BSR_OK)
        return status;
    struct quantized_view rows = rows_of(out), columns = columns_of(out);
    if (a.zero)
        status = quantized_count(&count, a.zero, "first zero point", &rows, err);
    if (status == BSR_OK && b.zero)
        status = quantized_count(&count, b.zero, "second zero point", &columns, err);
    return status;
}

static bsr_status sum_up(int32_t *sums, const struct matmul *plan, struct operand a, struct operand b,
                         struct bsr_error *err)
{
    struct quantized_view rows = rows_of(plan), columns = columns_of(plan);
    int32_t              *left = NULL, *right = NULL;
    bsr_status            status = quantized_widen(&left, a.tensor, a.zero, &rows, err);

    if (status == BSR_OK)
        status = quantized_widen(&right, b.tensor, b.zero, &columns, err);
    if (status == BSR_OK)
        matmul_run(sums, left, right, BSR_I32, plan);
    mem_free(left);
    mem_free(right);
    return status;
}

/* ---- MatMulInteger --------------------------------------------------------------------------------- */

static struct operand integer_operand(const struct bsr_call *call, int n)
{
    return (struct operand){call_input(call, n), call_input(call, n + 2)};
}

static bsr_status integer_shape(const struct bsr_call *call, struct bsr_error *err)
{
    struct matmul     plan;
    struct bsr_tensor shape = {0};
    bsr_status        status = call_expect(call, 2, 4, err);

    if (status == BSR_OK)
        status = read_both(&plan, &shape, integer_operand(call, 0), integer_operand(call, 1), err);
    if (status == BSR_OK)
        call_set_like(call, 0, BSR_I32, &shape);
    return status;
}

static bsr_status integer_run(const struct bsr_call *call, struct bsr_error *err)
{
    struct matmul     plan;
    struct bsr_tensor shape = {0};
    struct operand    a = integer_operand(call, 0), b = integer_operand(call, 1);
    bsr_status        status = read_both(&plan, &shape, a, b, err);

    if (status != BSR_OK || !tensor_count(&call->outputs[0]))
        return status;
    return sum_up(call->outputs[0].data, &plan, a, b, err);
}

/* ---- QLinearMatMul --------------------------------------------------------------------------------- */

enum { A, A_SCALE, A_ZERO, B, B_SCALE, B_ZERO, Y_SCALE, Y_ZERO, LINEAR_INPUTS };

static struct operand linear_operand(const struct bsr_call *call, int n)
{
    return (struct operand){call_input(call, n), call_input(call, n + 2)};
}

static bsr_status linear_shape(const struct bsr_call *call, struct bsr_error *err)
{
    struct matmul     plan;
    struct bsr_tensor shape = {0};
    int               type = BSR_U8;
    size_t            count;
    bsr_status        status = call_expect(call, LINEAR_INPUTS, LINEAR_INPUTS, err);

    if (status == BSR_OK)
        status = read_both(&plan, &shape, linear_operand(call, A), linear_operand(call, B), err);
    if (status == BSR_OK)
        status = quantized_type(&type, call->inputs[Y_ZERO], err);
    if (status != BSR_OK)
        return status;
    struct quantized_view rows = rows_of(&plan), columns = columns_of(&plan);
    struct quantized_view result = {tensor_count(&plan.lead), 1, plan.m, plan.n};
    if ((status = quantized_count(&count, call->inputs[A_SCALE], "first scale", &rows, err)) != BSR_OK ||
        (status = quantized_count(&count, call->inputs[B_SCALE], "second scale", &columns, err)) != BSR_OK ||
        (status = quantized_count(&count, call->inputs[Y_SCALE], "last scale", &result, err)) != BSR_OK ||
        (status = quantized_count(&count, call->inputs[Y_ZERO], "last zero point", &result, err)) != BSR_OK)
        return status;
    if (!type_is_float(call->inputs[A_SCALE]->type) || !type_is_float(call->inputs[B_SCALE]->type) ||
        !type_is_float(call->inputs[Y_SCALE]->type))
        return call_refuse(err, "its scales are no floats");
    call_set_like(call, 0, type, &shape);
    return BSR_OK;
}

/* The parameter of row (or column) `line` of matrix `batch`. */
static size_t parameter_at(const struct bsr_tensor *parameter, size_t batch, size_t line, size_t lines)
{
    return (batch * lines + line) % tensor_count(parameter);
}

static void requantize(struct bsr_tensor *y, const int32_t *sums, const struct matmul *plan,
                       const struct bsr_call *call)
{
    const struct bsr_tensor *const *in = call->inputs;
    size_t                          batches = tensor_count(&plan->lead), at = 0;

    for (size_t batch = 0; batch < batches; batch++) {
        size_t left = matmul_source(&plan->lead, &plan->left, batch);
        size_t right = matmul_source(&plan->lead, &plan->right, batch);
        for (size_t i = 0; i < plan->m; i++) {
            float   a = (float)tensor_get(in[A_SCALE], parameter_at(in[A_SCALE], left, i, plan->m));
            float   to_y = (float)tensor_get(in[Y_SCALE], parameter_at(in[Y_SCALE], batch, i, plan->m));
            int64_t zero = tensor_get_int(in[Y_ZERO], parameter_at(in[Y_ZERO], batch, i, plan->m));
            for (size_t j = 0; j < plan->n; j++, at++) {
                float b = (float)tensor_get(in[B_SCALE], parameter_at(in[B_SCALE], right, j, plan->n));
                quantized_set(y, at, (float)sums[at] * (a * b / to_y), zero);
            }
        }
    }
}

static bsr_status linear_run(const struct bsr_call *call, struct bsr_error *err)
{
    struct matmul      plan;
    struct bsr_tensor  shape = {0};
    struct operand     a = linear_operand(call, A), b = linear_operand(call, B);
    struct bsr_tensor *y = &call->outputs[0];
    size_t             count = tensor_count(y);
    bsr_status         status = read_both(&plan, &shape, a, b, err);

    if (status != BSR_OK || !count)
        return status;
    int32_t *sums = mem_alloc_aligned(count, sizeof *sums);
    if (!sums)
        return bsr_fail_memory(err, NULL, count * sizeof *sums);
    if ((status = sum_up(sums, &plan, a, b, err)) == BSR_OK)
        requantize(y, sums, &plan, call);
    mem_free(sums);
    return status;
}

static const struct bsr_operator list[] = {
    {"MatMulInteger", integer_shape, integer_run},
    {"QLinearMatMul", linear_shape, linear_run},
};
const struct operator_group operators_matmul_integer = OPERATOR_GROUP(list);
