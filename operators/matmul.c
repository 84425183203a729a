/* MatMul (NumPy's matmul: the last two axes are matrices, those before broadcast) and Gemm. */
#include "operators/matmul.h"
#include "base/alloc.h"
#include "operators/elements.h"
#include "operators/gemm.h"
#include "operators/registry.h"

#include <string.h>

bsr_status matmul_read(struct matmul *out, struct bsr_tensor *shape, const struct bsr_tensor *a,
                       const struct bsr_tensor *b, struct bsr_error *err)
{
    struct bsr_tensor left = *a, right = *b, lead = {0};
    bsr_status        status;

    if (!a->dims || !b->dims)
        return call_refuse(err, "a scalar is no matrix");
    if (left.dims == 1) { /* a row */
        left.shape[1] = left.shape[0];
        left.shape[0] = 1;
        left.dims = 2;
    }
    if (right.dims == 1) /* a column */
        right.shape[right.dims++] = 1;
    struct matmul plan = {.m = (size_t)left.shape[left.dims - 2],
                          .k = (size_t)left.shape[left.dims - 1],
                          .n = (size_t)right.shape[right.dims - 1]};
    if (left.shape[left.dims - 1] != right.shape[right.dims - 2])
        return call_refuse(err, "matrices of shapes %s and %s do not fit together", tensor_shape_text(a).text,
                           tensor_shape_text(b).text);
    left.dims -= 2;
    right.dims -= 2;
    if ((status = call_broadcast(&lead, &left, &right, err)) != BSR_OK)
        return status;
    plan.left = left;
    plan.right = right;
    plan.lead = lead;
    shape->dims = lead.dims;
    memcpy(shape->shape, lead.shape, sizeof lead.shape);
    if (a->dims > 1)
        shape->shape[shape->dims++] = (int64_t)plan.m;
    if (b->dims > 1)
        shape->shape[shape->dims++] = (int64_t)plan.n;
    *out = plan;
    return BSR_OK;
}

size_t matmul_source(const struct bsr_tensor *lead, const struct bsr_tensor *side, size_t batch)
{
    size_t index = 0, step = 1;

    for (int i = 1; i <= lead->dims; i++) {
        size_t at = batch % (size_t)lead->shape[lead->dims - i];
        batch /= (size_t)lead->shape[lead->dims - i];
        if (i > side->dims)
            continue;
        size_t length = (size_t)side->shape[side->dims - i];
        index += length == 1 ? 0 : at * step;
        step *= length;
    }
    return index;
}

void matmul_run(void *y, const void *a, const void *b, int type, const struct matmul *plan)
{
    gemm_function *gemm = gemm_find(type);
    size_t         size = tensor_type_size(type), batches = tensor_count(&plan->lead);

    /* nothing to write, and sides that no memory stands behind */
    if (!batches || !plan->m || !plan->n)
        return;
    memset(y, 0, batches * plan->m * plan->n * size);
    for (size_t batch = 0; plan->k && batch < batches; batch++) {
        size_t left = matmul_source(&plan->lead, &plan->left, batch) * plan->m * plan->k;
        size_t right = matmul_source(&plan->lead, &plan->right, batch) * plan->k * plan->n;
        gemm((uint8_t *)y + batch * plan->m * plan->n * size, plan->n, (const uint8_t *)a + left * size,
             plan->k, (const uint8_t *)b + right * size, plan->n, plan->m, plan->n, plan->k);
    }
}

static bsr_status check_types(const struct bsr_call *call, struct bsr_error *err)
{
    const struct bsr_tensor *a = call->inputs[0], *b = call->inputs[1];

    if (a->type != b->type || (!type_is_float(a->type) && !gemm_find(a->type)))
        return call_refuse(err, "it multiplies %s by %s (floats or whole numbers of 32 or 64 bits)",
                           tensor_type_name(a->type), tensor_type_name(b->type));
    return BSR_OK;
}

static bsr_status matmul_shape(const struct bsr_call *call, struct bsr_error *err)
{
    struct matmul     plan;
    struct bsr_tensor shape = {0};
    bsr_status        status = call_expect(call, 2, 2, err);

    if (status == BSR_OK)
        status = check_types(call, err);
    if (status == BSR_OK)
        status = matmul_read(&plan, &shape, call->inputs[0], call->inputs[1], err);
    if (status == BSR_OK)
        call_set_like(call, 0, call->inputs[0]->type, &shape);
    return status;
}

static bsr_status matmul_run_wide(const struct bsr_call *call, struct bsr_error *err)
{
    struct matmul            plan;
    struct bsr_tensor        shape = {0};
    const struct bsr_tensor *a = call->inputs[0], *b = call->inputs[1];
    bsr_status               status = matmul_read(&plan, &shape, a, b, err);

    if (status == BSR_OK)
        matmul_run(call->outputs[0].data, a->data, b->data, a->type, &plan);
    return status;
}

static bsr_status matmul_run_any(const struct bsr_call *call, struct bsr_error *err)
{
    return element_run_in_f32(call, matmul_run_wide, err);
}

/* ---- Gemm: alpha * a' * b' + beta * c --------------------------------------------------------- */

struct product {
    size_t m, n, k;
    bool   turn_a, turn_b;
};

static bsr_status gemm_read(struct product *out, const struct bsr_call *call, struct bsr_error *err)
{
    const struct bsr_tensor *a = call->inputs[0], *b = call->inputs[1], *c = call_input(call, 2);
    bool                     turn_a = bsr_node_int(call->node, "transA", 0) != 0;
    bool                     turn_b = bsr_node_int(call->node, "transB", 0) != 0;

    if (a->dims != 2 || b->dims != 2 || a->shape[!turn_a] != b->shape[turn_b])
        return call_refuse(err, "matrices of shapes %s%s and %s%s do not fit together",
                           tensor_shape_text(a).text, turn_a ? " (transposed)" : "",
                           tensor_shape_text(b).text, turn_b ? " (transposed)" : "");
    int64_t sides[] = {a->shape[turn_a], b->shape[!turn_b]};
    for (int i = 0; c && i < c->dims && i < 2; i++)
        if (c->shape[c->dims - 1 - i] != 1 && c->shape[c->dims - 1 - i] != sides[1 - i])
            return call_refuse(err, "its third input has the shape %s for a result of %lldx%lld",
                               tensor_shape_text(c).text, (long long)sides[0], (long long)sides[1]);
    if (c && (c->dims > 2 || c->type != a->type))
        return call_refuse(err, "its third input has %d dimensions of %s (at most 2, of %s)", c->dims,
                           tensor_type_name(c->type), tensor_type_name(a->type));
    *out = (struct product){.m = (size_t)sides[0],
                            .n = (size_t)sides[1],
                            .k = (size_t)a->shape[!turn_a],
                            .turn_a = turn_a,
                            .turn_b = turn_b};
    return BSR_OK;
}

static bsr_status gemm_shape(const struct bsr_call *call, struct bsr_error *err)
{
    struct product product;
    bsr_status     status = call_expect(call, 2, 3, err);

    if (status == BSR_OK)
        status = check_types(call, err);
    if (status == BSR_OK)
        status = gemm_read(&product, call, err);
    if (status != BSR_OK)
        return status;
    int64_t shape[] = {(int64_t)product.m, (int64_t)product.n};
    return call_set(call, 0, call->inputs[0]->type, 2, shape, err);
}

/* y = alpha * y + beta * c. Whole numbers go the same way: alpha and beta are floats in ONNX. */
static void scale_and_add(struct bsr_tensor *y, const struct bsr_tensor *c, const struct product *p,
                          const struct bsr_node *node)
{
    float  alpha = bsr_node_float(node, "alpha", 1), beta = c ? bsr_node_float(node, "beta", 1) : 0;
    size_t step_n = c && c->dims >= 1 && c->shape[c->dims - 1] != 1;
    size_t step_m = c && c->dims == 2 && c->shape[0] != 1 ? (size_t)c->shape[1] : 0;

    if (alpha == 1.0F && beta == 0.0F)
        return;
    for (size_t i = 0; i < p->m; i++)
        for (size_t j = 0; j < p->n; j++) {
            size_t at = i * p->n + j, from = i * step_m + j * step_n;
            if (y->type == BSR_F32)
                ((float *)y->data)[at] = alpha * ((float *)y->data)[at] +
                                         (c && beta != 0.0F ? beta * ((const float *)c->data)[from] : 0);
            else if (alpha == 1.0F && beta == 1.0F && y->type != BSR_F64)
                tensor_set_int(
                    y, at, (int64_t)((uint64_t)tensor_get_int(y, at) + (uint64_t)tensor_get_int(c, from)));
            else
                tensor_set(y, at,
                           (double)alpha * tensor_get(y, at) +
                               (c && beta != 0.0F ? (double)beta * tensor_get(c, from) : 0));
        }
}

static bsr_status gemm_run_wide(const struct bsr_call *call, struct bsr_error *err)
{
    const struct bsr_tensor *a = call->inputs[0], *b = call->inputs[1];
    struct bsr_tensor       *y = &call->outputs[0];
    struct product           p;
    void                    *turned_a = NULL, *turned_b = NULL;
    size_t                   size = tensor_type_size(a->type);
    bsr_status               status = gemm_read(&p, call, err);

    if (status != BSR_OK || !p.m || !p.n)
        return status;
    if (p.turn_a && (status = gemm_transpose(&turned_a, a->data, p.k, p.m, size, err)) != BSR_OK)
        return status;
    if (p.turn_b && (status = gemm_transpose(&turned_b, b->data, p.n, p.k, size, err)) == BSR_OK)
        b = NULL;
    if (status == BSR_OK) {
        memset(y->data, 0, tensor_bytes(y));
        gemm_find(y->type)(y->data, p.n, p.turn_a ? turned_a : a->data, p.k, b ? b->data : turned_b, p.n, p.m,
                           p.n, p.k);
        scale_and_add(y, call_input(call, 2), &p, call->node);
    }
    mem_free(turned_a);
    mem_free(turned_b);
    return status;
}

static bsr_status gemm_run(const struct bsr_call *call, struct bsr_error *err)
{
    return element_run_in_f32(call, gemm_run_wide, err);
}

static const struct bsr_operator list[] = {
    {"MatMul", matmul_shape, matmul_run_any},
    {"Gemm", gemm_shape, gemm_run},
};
const struct operator_group operators_matmul = OPERATOR_GROUP(list);
