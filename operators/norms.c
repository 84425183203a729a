/* LRN, LpNormalization, MeanVarianceNormalization. */
#include "base/alloc.h"
#include "operators/broadcast.h"
#include "operators/elements.h"
#include "operators/registry.h"

#include <math.h>

enum { BLOCK = 256 };

/* ---- LRN -------------------------------------------------------------------------------------------- */

static bsr_status shape_lrn(const struct bsr_call *call, struct bsr_error *err)
{
    bsr_status status = element_shape_float(call, err);
    if (status != BSR_OK)
        return status;
    if (call->inputs[0]->dims < 2)
        return bsr_operator_fail(err, "it can't work on %s: it has no channels",
                                 tensor_shape_text(call->inputs[0]).text);
    if (bsr_node_int(call->node, "size", 0) < 1)
        return bsr_operator_fail(err, "it lacks a \"size\" of 1 or more");
    return BSR_OK;
}

struct response {
    double alpha, beta, bias; /* alpha is divided by the size already */
    size_t before, after;     /* channels that count beside the own one */
};

/* x / (bias + alpha * sum of squares over the channels nearby)^beta for a block of places of channel c. */
static void respond(struct bsr_tensor *out, const struct bsr_tensor *in, const struct element_lines *lines,
                    size_t at, size_t c, size_t length, const struct response *response)
{
    double block[BLOCK], sums[BLOCK] = {0};
    size_t first = c > response->before ? c - response->before : 0;
    size_t last = lines->count - 1 - c > response->after ? c + response->after : lines->count - 1;

    for (size_t other = first; other <= last; other++) {
        element_load(block, in, at + other * lines->inner, length);
        for (size_t i = 0; i < length; i++)
            sums[i] += block[i] * block[i];
    }
    element_load(block, in, at + c * lines->inner, length);
    for (size_t i = 0; i < length; i++)
        block[i] /= pow(response->bias + response->alpha * sums[i], response->beta);
    element_store(out, at + c * lines->inner, block, length);
}

static bsr_status run_lrn(const struct bsr_call *call, struct bsr_error *err)
{
    int64_t                  size = bsr_node_int(call->node, "size", 1);
    const struct bsr_tensor *in = call->inputs[0];
    struct element_lines     lines = element_lines_of(in, 1);
    const struct response    response = {
           .alpha = (double)bsr_node_float(call->node, "alpha", 1e-4F) / (double)size,
           .beta = (double)bsr_node_float(call->node, "beta", 0.75F),
           .bias = (double)bsr_node_float(call->node, "bias", 1.0F),
           .before = (size_t)((size - 1) / 2),
           .after = (size_t)(size / 2),
    };

    (void)err;
    for (size_t o = 0; o < lines.outer; o++)
        for (size_t c = 0; c < lines.count; c++)
            for (size_t i = 0; i < lines.inner; i += BLOCK)
                respond(&call->outputs[0], in, &lines, o * lines.count * lines.inner + i, c,
                        lines.inner - i < BLOCK ? lines.inner - i : BLOCK, &response);
    return BSR_OK;
}

/* ---- LpNormalization -------------------------------------------------------------------------------- */

static bsr_status shape_lp(const struct bsr_call *call, struct bsr_error *err)
{
    int        axis;
    int64_t    p = bsr_node_int(call->node, "p", 2);
    bsr_status status = element_shape_float(call, err);
    if (status != BSR_OK)
        return status;
    if (p != 1 && p != 2)
        return bsr_operator_fail(err, "\"p\" is %lld (1 or 2)", (long long)p);
    return call_axis(&axis, bsr_node_int(call->node, "axis", -1), call->inputs[0]->dims, err);
}

/* A line of zeros stays one. */
static bsr_status run_lp(const struct bsr_call *call, struct bsr_error *err)
{
    const struct bsr_tensor *in = call->inputs[0];
    bool                     is_square = bsr_node_int(call->node, "p", 2) == 2;
    int                      axis;
    bsr_status               status = call_axis(&axis, bsr_node_int(call->node, "axis", -1), in->dims, err);
    if (status != BSR_OK)
        return status;

    struct element_lines lines = element_lines_of(in, axis);
    for (size_t o = 0; o < lines.outer; o++)
        for (size_t i = 0; i < lines.inner; i++) {
            double norm = 0, v;
            size_t at = o * lines.count * lines.inner + i;
            for (size_t n = 0; n < lines.count; n++) {
                element_load(&v, in, at + n * lines.inner, 1);
                norm += is_square ? v * v : fabs(v);
            }
            norm = is_square ? sqrt(norm) : norm;
            for (size_t n = 0; n < lines.count; n++) {
                element_load(&v, in, at + n * lines.inner, 1);
                v = norm == 0 ? 0 : v / norm;
                element_store(&call->outputs[0], at + n * lines.inner, &v, 1);
            }
        }
    return BSR_OK;
}

/* ---- MeanVarianceNormalization ---------------------------------------------------------------------- */

/* The shape of the means: 1 along the axes that go. */
static bsr_status find_means(struct bsr_tensor *means, const struct bsr_call *call, struct bsr_error *err)
{
    static const int64_t usual[] = {0, 2, 3};
    int                  count, axis;
    const int64_t       *axes = bsr_node_ints(call->node, "axes", &count);
    bsr_status           status = BSR_OK;

    *means = *call->inputs[0];
    if (!axes) {
        axes = usual;
        count = 3;
    }
    for (int i = 0; i < count && status == BSR_OK; i++) {
        status = call_axis(&axis, axes[i], means->dims, err);
        if (status == BSR_OK)
            means->shape[axis] = 1;
    }
    return status;
}

static bsr_status shape_mean_variance(const struct bsr_call *call, struct bsr_error *err)
{
    struct bsr_tensor means;
    bsr_status        status = element_shape_float(call, err);
    return status == BSR_OK ? find_means(&means, call, err) : status;
}

/* Three ways through the input: sums, sums of squares of what is left, the result. */
struct standardization {
    const struct bsr_tensor *in;
    struct bsr_tensor       *out;
    double                  *means, *deviations;
    enum { MEANS, DEVIATIONS, RESULT } stage;
};

static void standardize_run(void *context, size_t at, const size_t *from, const size_t *step, size_t count)
{
    const struct standardization *job = context;
    double                        block[BLOCK];

    for (size_t done = 0; done < count; done += BLOCK) {
        size_t length = count - done < BLOCK ? count - done : BLOCK;
        element_load(block, job->in, at + done, length);
        for (size_t i = 0; i < length; i++) {
            size_t n = from[0] + (done + i) * step[0];
            double rest = block[i] - job->means[n];
            if (job->stage == MEANS)
                job->deviations[n] += block[i];
            else if (job->stage == DEVIATIONS)
                job->deviations[n] += rest * rest;
            else
                block[i] = rest / job->deviations[n];
        }
        if (job->stage == RESULT)
            element_store(job->out, at + done, block, length);
    }
}

/* As the operator's definition has it, 1e-9 keeps the deviation from 0. */
static void standardize(struct standardization *job, const struct bsr_tensor *means, size_t count)
{
    struct broadcast plan;
    double           all = (double)tensor_count(job->in) / (double)count;

    broadcast_plan(&plan, job->in, &means, 1);
    job->stage = MEANS;
    broadcast_each(&plan, standardize_run, job);
    for (size_t i = 0; i < count; i++) {
        job->means[i] = job->deviations[i] / all;
        job->deviations[i] = 0;
    }
    job->stage = DEVIATIONS;
    broadcast_each(&plan, standardize_run, job);
    for (size_t i = 0; i < count; i++)
        job->deviations[i] = sqrt(job->deviations[i] / all) + 1e-9;
    job->stage = RESULT;
    broadcast_each(&plan, standardize_run, job);
}

static bsr_status run_mean_variance(const struct bsr_call *call, struct bsr_error *err)
{
    struct bsr_tensor means;
    bsr_status        status = find_means(&means, call, err);
    size_t            count = tensor_count(&means);
    if (status != BSR_OK || tensor_count(call->inputs[0]) == 0)
        return status;
    double *values = mem_alloc_zeroed(count, 2 * sizeof *values);
    if (!values)
        return bsr_fail_memory(err, NULL, count * 2 * sizeof *values);
    standardize(
        &(struct standardization){
            .in = call->inputs[0], .out = &call->outputs[0], .means = values, .deviations = values + count},
        &means, count);
    mem_free(values);
    return BSR_OK;
}

static const struct bsr_operator norms[] = {
    {"LRN", shape_lrn, run_lrn},
    {"LpNormalization", shape_lp, run_lp},
    {"MeanVarianceNormalization", shape_mean_variance, run_mean_variance},
};

const struct operator_group operators_norms = OPERATOR_GROUP(norms);
