/* Attention (ai.onnx 23 on; Vaswani et al., "Attention is all you need", 2017):
 * softmax(softcap(scale * q k^T) + mask) v, computed in f64 head by head. */
#include "operators/attention_plan.h"

#include "base/alloc.h"
#include "operators/elements.h"
#include "operators/gemm.h"
#include "operators/registry.h"
#include "operators/shadow.h"

#include <math.h>
#include <string.h>

enum { OUTPUT, PRESENT_KEY, PRESENT_VALUE, SCORES, OUTPUTS };
enum { SCORES_PLAIN, SCORES_CAPPED, SCORES_MASKED, SCORES_SOFTMAX };

static bsr_status attention_shape(const struct bsr_call *call, struct bsr_error *err)
{
    struct attention p;
    bsr_status       status = call_expect(call, 3, 7, err);

    if (status != BSR_OK || (status = attention_read(&p, call, err)) != BSR_OK)
        return status;
    if (call->output_count > OUTPUTS)
        return call_refuse(err, "it has %d outputs", call->output_count);
    int64_t batch = (int64_t)p.batch, heads = (int64_t)p.heads, kv = (int64_t)p.kv_heads;
    int64_t queries = (int64_t)p.queries, total = (int64_t)attention_total(&p), values = (int64_t)p.values;
    int64_t shapes[OUTPUTS][4] = {{batch, heads, queries, values},
                                  {batch, kv, total, (int64_t)p.depth},
                                  {batch, kv, total, values},
                                  {batch, heads, queries, total}};
    for (int i = 0; status == BSR_OK && i < call->output_count; i++)
        status = call_set(call, i, p.q->type, 4, shapes[i], err);
    if (status != BSR_OK || !p.is_flat)
        return status;
    int64_t flat[] = {batch, queries, heads * values};
    return call_set(call, OUTPUT, p.q->type, 3, flat, err);
}

/* Rows of a head, one behind the other: dst[length][depth]. */
static void take_head(double *dst, const struct bsr_tensor *tensor, bool is_flat, size_t heads, size_t length,
                      size_t depth, size_t n, size_t head)
{
    const double *src = tensor->data;

    for (size_t i = 0; i < length; i++) {
        size_t row = is_flat ? (n * length + i) * heads + head : (n * heads + head) * length + i;
        memcpy(dst + i * depth, src + row * depth, depth * sizeof *dst);
    }
}

struct work {
    double *q, *k, *v, *scores, *result; /* of a head; k and v with the past before them */
    double *block;
};

static bsr_status work_make(struct work *work, const struct attention *p, struct bsr_error *err)
{
    size_t total = attention_total(p);
    size_t count = p->queries * (p->depth + total + p->values) + total * (p->depth + p->values);

    work->block = mem_alloc_aligned(count, sizeof *work->block);
    if (!work->block)
        return bsr_fail_memory(err, NULL, count * sizeof *work->block);
    work->q = work->block;
    work->k = work->q + p->queries * p->depth;
    work->v = work->k + total * p->depth;
    work->scores = work->v + total * p->values;
    work->result = work->scores + p->queries * total;
    return BSR_OK;
}

/* k and v of a head with what was kept before them, also as outputs. */
static void take_keys(const struct bsr_call *call, const struct attention *p, struct work *work, size_t n,
                      size_t head)
{
    size_t total = attention_total(p), at = n * p->kv_heads + head;

    if (p->past) {
        take_head(work->k, p->past_key, false, p->kv_heads, p->past, p->depth, n, head);
        take_head(work->v, p->past_value, false, p->kv_heads, p->past, p->values, n, head);
    }
    take_head(work->k + p->past * p->depth, p->k, p->is_flat, p->kv_heads, p->keys, p->depth, n, head);
    take_head(work->v + p->past * p->values, p->v, p->is_flat, p->kv_heads, p->keys, p->values, n, head);
    if (call->output_count > PRESENT_KEY)
        memcpy((double *)call->outputs[PRESENT_KEY].data + at * total * p->depth, work->k,
               total * p->depth * sizeof(double));
    if (call->output_count > PRESENT_VALUE)
        memcpy((double *)call->outputs[PRESENT_VALUE].data + at * total * p->values, work->v,
               total * p->values * sizeof(double));
}

/* What is added to the score of query i and key j: -infinity where it must not look. */
static double bias_at(const struct attention *p, size_t n, size_t head, size_t i, size_t j)
{
    const struct bsr_tensor *mask = p->mask;
    size_t                   at[] = {n, head, i, j}, index = 0;
    int64_t                  before = (int64_t)p->past;

    if (p->lengths) {
        int64_t length = ((const int64_t *)p->lengths->data)[n];
        if ((int64_t)j >= length)
            return -INFINITY;
        before = p->past_key ? before : length - (int64_t)p->queries;
    }
    if (p->is_causal && (int64_t)j > (int64_t)i + before)
        return -INFINITY;
    if (!mask)
        return 0;
    if ((int64_t)j >= mask->shape[mask->dims - 1])
        return -INFINITY;
    for (int d = 0; d < mask->dims; d++) {
        size_t side = (size_t)mask->shape[d];
        index = index * side + (side == 1 ? 0 : at[4 - mask->dims + d]);
    }
    if (mask->type == BSR_BOOL)
        return ((const uint8_t *)mask->data)[index] ? 0 : -INFINITY;
    return ((const double *)mask->data)[index];
}

/* A row that may look nowhere is all 0. */
static void softmax(double *row, size_t count)
{
    double most = -INFINITY, sum = 0;

    for (size_t j = 0; j < count; j++)
        most = row[j] > most ? row[j] : most;
    for (size_t j = 0; j < count; j++) {
        row[j] = most == -INFINITY ? 0 : exp(row[j] - most);
        sum += row[j];
    }
    for (size_t j = 0; sum > 0 && j < count; j++)
        row[j] /= sum;
}

static void put_scores(const struct bsr_call *call, const struct attention *p, const double *scores,
                       int64_t stage, size_t n, size_t head)
{
    size_t count = p->queries * attention_total(p);

    if (call->output_count > SCORES && p->output_mode == stage)
        memcpy((double *)call->outputs[SCORES].data + (n * p->heads + head) * count, scores,
               count * sizeof *scores);
}

static bsr_status score_head(const struct bsr_call *call, const struct attention *p, struct work *work,
                             size_t n, size_t head, struct bsr_error *err)
{
    size_t     total = attention_total(p), count = p->queries * total;
    double    *scores = work->scores;
    void      *turned = NULL;
    bsr_status status = gemm_transpose(&turned, work->k, total, p->depth, sizeof(double), err);

    if (status != BSR_OK)
        return status;
    memset(scores, 0, count * sizeof *scores);
    gemm_find(BSR_F64)(scores, total, work->q, p->depth, turned, total, p->queries, total, p->depth);
    mem_free(turned);
    for (size_t i = 0; i < count; i++)
        scores[i] *= p->scale;
    put_scores(call, p, scores, SCORES_PLAIN, n, head);
    for (size_t i = 0; p->softcap > 0 && i < count; i++)
        scores[i] = tanh(scores[i] / p->softcap) * p->softcap;
    put_scores(call, p, scores, SCORES_CAPPED, n, head);
    for (size_t i = 0; i < count; i++)
        scores[i] += bias_at(p, n, head, i / total, i % total);
    put_scores(call, p, scores, SCORES_MASKED, n, head);
    for (size_t i = 0; i < p->queries; i++)
        softmax(scores + i * total, total);
    put_scores(call, p, scores, SCORES_SOFTMAX, n, head);
    return BSR_OK;
}

static void put_result(const struct bsr_call *call, const struct attention *p, const struct work *work,
                       size_t n, size_t head)
{
    double *y = call->outputs[OUTPUT].data;

    for (size_t i = 0; i < p->queries; i++) {
        size_t row =
            p->is_flat ? (n * p->queries + i) * p->heads + head : (n * p->heads + head) * p->queries + i;
        memcpy(y + row * p->values, work->result + i * p->values, p->values * sizeof *y);
    }
}

static bsr_status attention_run_wide(const struct bsr_call *call, struct bsr_error *err)
{
    struct attention p;
    struct work      work = {0};
    bsr_status       status = attention_read(&p, call, err);

    if (status == BSR_OK)
        status = work_make(&work, &p, err);
    for (size_t i = 0; status == BSR_OK && i < p.batch * p.heads; i++) {
        size_t n = i / p.heads, head = i % p.heads, total = attention_total(&p);
        take_head(work.q, p.q, p.is_flat, p.heads, p.queries, p.depth, n, head);
        take_keys(call, &p, &work, n, head / (p.heads / p.kv_heads));
        if ((status = score_head(call, &p, &work, n, head, err)) != BSR_OK)
            break;
        memset(work.result, 0, p.queries * p.values * sizeof *work.result);
        gemm_find(BSR_F64)(work.result, p.values, work.scores, total, work.v, p.values, p.queries, p.values,
                           total);
        put_result(call, &p, &work, n, head);
    }
    mem_free(work.block);
    return status;
}

static bsr_status attention_run(const struct bsr_call *call, struct bsr_error *err)
{
    return shadow_run(call, BSR_F64, attention_run_wide, err);
}

static const struct bsr_operator list[] = {
    {"Attention", attention_shape, attention_run},
};
const struct operator_group operators_attention = OPERATOR_GROUP(list);
