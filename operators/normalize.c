/* LayerNormalization, RMSNormalization, GroupNormalization, InstanceNormalization:
 *   y = (x - mean) / sqrt(variance + epsilon) * scale + bias
 * over lines of neighbouring elements, in double precision. RMSNormalization has neither mean nor bias. */
#include "base/alloc.h"
#include "operators/broadcast.h"
#include "operators/elements.h"
#include "operators/fold.h"
#include "operators/registry.h"

#include <math.h>

/* X as [outer][count]: what is normalized together. Element j of line l has scale and bias
 * [l * line_step % factors + j / element_step]. */
struct lines {
    size_t  outer, count;
    size_t  line_step, element_step, factors;
    double *scale, *bias; /* bias NULL: 0 */
    double  epsilon;
    bool    is_centred;
};

enum { BLOCK = 256 };

/* The mean of (v - shift), or of its square. */
static double mean_of(const struct bsr_tensor *in, size_t at, size_t count, double shift, fold_real *fold)
{
    double block[BLOCK], sum = 0;
    for (size_t done = 0; done < count; done += BLOCK) {
        size_t length = count - done < BLOCK ? count - done : BLOCK;
        element_load(block, in, at + done, length);
        for (size_t i = 0; i < length; i++)
            block[i] -= shift;
        fold(&sum, &shift, 0, block, length);
    }
    return sum / (double)count;
}

/* A line's mean and 1 / sqrt(variance + epsilon). */
struct statistics {
    double mean, factor;
};

/* Elements of a line from its element `at` on, each with a scale and bias of its own. */
static void scale_each(double *block, size_t at, size_t length, const struct lines *lines, size_t first,
                       const struct statistics *statistics)
{
    const double *scale = lines->scale + first + at;
    const double *bias = lines->bias ? lines->bias + first + at : NULL;
    for (size_t i = 0; i < length; i++)
        block[i] = (block[i] - statistics->mean) * statistics->factor * scale[i] + (bias ? bias[i] : 0);
}

/* The same where neighbours share them. */
static void scale_runs(double *block, size_t at, size_t length, const struct lines *lines, size_t first,
                       const struct statistics *statistics)
{
    for (size_t i = 0; i < length;) {
        size_t n = first + (at + i) / lines->element_step;
        size_t rest = lines->element_step - (at + i) % lines->element_step;
        size_t end = rest < length - i ? i + rest : length;
        double scale = lines->scale[n], bias = lines->bias ? lines->bias[n] : 0;
        for (; i < end; i++)
            block[i] = (block[i] - statistics->mean) * statistics->factor * scale + bias;
    }
}

static void write_line(struct bsr_tensor *out, const struct bsr_tensor *in, const struct lines *lines,
                       size_t line, const struct statistics *statistics)
{
    double block[BLOCK];
    size_t first = line * lines->line_step % lines->factors;

    for (size_t done = 0; done < lines->count; done += BLOCK) {
        size_t length = lines->count - done < BLOCK ? lines->count - done : BLOCK;
        element_load(block, in, line * lines->count + done, length);
        if (lines->element_step == 1)
            scale_each(block, done, length, lines, first, statistics);
        else
            scale_runs(block, done, length, lines, first, statistics);
        element_store(out, line * lines->count + done, block, length);
    }
}

/* Outputs 1 and 2, where they are asked for, are the lines' means and 1 / sqrt(variance + epsilon). */
static void normalize(const struct bsr_call *call, const struct lines *lines)
{
    const struct bsr_tensor *in = call->inputs[0];

    if (!lines->count)
        return;
    for (size_t line = 0; line < lines->outer; line++) {
        size_t            at = line * lines->count;
        struct statistics statistics = {0};
        if (lines->is_centred)
            statistics.mean = mean_of(in, at, lines->count, 0, fold_sum);
        double variance = mean_of(in, at, lines->count, statistics.mean, fold_square);
        statistics.factor = 1 / sqrt(variance + lines->epsilon);
        write_line(&call->outputs[0], in, lines, line, &statistics);
        if (call->output_count > 1)
            element_store(&call->outputs[1], line, &statistics.mean, 1);
        if (call->output_count > 2)
            element_store(&call->outputs[2], line, &statistics.factor, 1);
    }
}

/* ---- factors ---------------------------------------------------------------------------------------- */

struct expansion {
    const struct bsr_tensor *from;
    double                  *to;
};

static void expand_run(void *context, size_t at, const size_t *from, const size_t *step, size_t count)
{
    const struct expansion *expansion = context;

    element_load(expansion->to + at, expansion->from, from[0], step[0] ? count : 1);
    for (size_t i = 1; i < count && !step[0]; i++)
        expansion->to[at + i] = expansion->to[at];
}

/* The factors for each element of `target`, to whose shape they are broadcast. Release with mem_free(). */
static bsr_status expand(double **out, const struct bsr_tensor *factors, const struct bsr_tensor *target,
                         struct bsr_error *err)
{
    struct broadcast plan;
    size_t           count = tensor_count(target);
    double          *values = mem_alloc_aligned(count ? count : 1, sizeof *values);

    if (!values)
        return bsr_fail_memory(err, NULL, count * sizeof *values);
    broadcast_plan(&plan, target, &factors, 1);
    broadcast_each(&plan, expand_run, &(struct expansion){factors, values});
    *out = values;
    return BSR_OK;
}

static bsr_status run_lines(const struct bsr_call *call, struct lines *lines, const struct bsr_tensor *target,
                            struct bsr_error *err)
{
    const struct bsr_tensor *bias = call_input(call, 2);
    bsr_status               status = expand(&lines->scale, call->inputs[1], target, err);

    if (status == BSR_OK && bias)
        status = expand(&lines->bias, bias, target, err);
    if (status == BSR_OK)
        normalize(call, lines);
    mem_free(lines->scale);
    mem_free(lines->bias);
    return status;
}

/* ---- LayerNormalization, RMSNormalization ----------------------------------------------------------- */

static bsr_status check_factor(const struct bsr_tensor *in, const struct bsr_tensor *factor,
                               struct bsr_error *err)
{
    struct bsr_tensor both;
    bsr_status        status = call_broadcast(&both, in, factor, err);

    if (status == BSR_OK && (!tensor_same_shape(&both, in) || !type_is_float(factor->type)))
        return bsr_operator_fail(err, "factors of %s (%s) do not fit a tensor of %s",
                                 tensor_shape_text(factor).text, tensor_type_name(factor->type),
                                 tensor_shape_text(in).text);
    return status;
}

static bsr_status check_layer(int *axis, const struct bsr_call *call, int most_inputs, struct bsr_error *err)
{
    bsr_status status = call_expect(call, 2, most_inputs, err);
    if (status != BSR_OK)
        return status;
    const struct bsr_tensor *in = call->inputs[0];
    if (!type_is_float(in->type))
        return element_refuse(in->type, err);
    for (int n = 1; n < call->input_count && status == BSR_OK; n++)
        if (call->inputs[n])
            status = check_factor(in, call->inputs[n], err);
    return status == BSR_OK ? call_axis(axis, bsr_node_int(call->node, "axis", -1), in->dims, err) : status;
}

static bsr_status shape_layer(const struct bsr_call *call, struct bsr_error *err)
{
    int        axis;
    bsr_status status = check_layer(&axis, call, 3, err);
    if (status != BSR_OK)
        return status;
    const struct bsr_tensor *in = call->inputs[0];
    struct bsr_tensor        lines = *in;
    for (int i = axis; i < lines.dims; i++)
        lines.shape[i] = 1;
    call_set_like(call, 0, in->type, in);
    for (int n = 1; n < call->output_count; n++) /* "stash_type": f32 or bf16, the type of the statistics */
        call_set_like(call, n, bsr_node_int(call->node, "stash_type", 1) == BSR_BF16 ? BSR_BF16 : BSR_F32,
                      &lines);
    return BSR_OK;
}

/* The result has the type of the scale. */
static bsr_status shape_rms(const struct bsr_call *call, struct bsr_error *err)
{
    int        axis;
    bsr_status status = check_layer(&axis, call, 2, err);
    if (status == BSR_OK)
        call_set_like(call, 0, call->inputs[1]->type, call->inputs[0]);
    return status;
}

static bsr_status run_layer_like(const struct bsr_call *call, bool is_centred, struct bsr_error *err)
{
    const struct bsr_tensor *in = call->inputs[0];
    int                      axis;
    bsr_status               status = call_axis(&axis, bsr_node_int(call->node, "axis", -1), in->dims, err);
    if (status != BSR_OK)
        return status;

    /* Factors are usually of the axes normalized over, the same for all lines: they are kept once then. */
    struct bsr_tensor target = *in;
    bool              is_once = true;
    for (int n = 1; n < call->input_count; n++)
        is_once &= !call->inputs[n] || call->inputs[n]->dims <= in->dims - axis;
    if (is_once) {
        target.dims = in->dims - axis;
        for (int i = 0; i < target.dims; i++)
            target.shape[i] = in->shape[axis + i];
    }
    struct lines lines = {
        .outer = element_span(in, 0, axis),
        .count = element_span(in, axis, in->dims),
        .element_step = 1,
        .factors = tensor_count(&target),
        .epsilon = (double)bsr_node_float(call->node, "epsilon", 1e-5F),
        .is_centred = is_centred,
    };
    lines.line_step = lines.count;
    return run_lines(call, &lines, &target, err);
}

static bsr_status run_layer(const struct bsr_call *call, struct bsr_error *err)
{
    return run_layer_like(call, true, err);
}

static bsr_status run_rms(const struct bsr_call *call, struct bsr_error *err)
{
    return run_layer_like(call, false, err);
}

/* ---- GroupNormalization, InstanceNormalization ------------------------------------------------------ */

/* Channels that are normalized together; all are, one by one, for InstanceNormalization. */
static int64_t group_count(const struct bsr_call *call)
{
    return bsr_node_int(call->node, "num_groups", call->inputs[0]->shape[1]);
}

/* Factors are per channel, or, in the first version of GroupNormalization, per group. */
static bsr_status shape_group(const struct bsr_call *call, struct bsr_error *err)
{
    bsr_status status = call_expect(call, 3, 3, err);
    if (status != BSR_OK)
        return status;
    const struct bsr_tensor *in = call->inputs[0];
    if (!type_is_float(in->type) || in->dims < 2)
        return bsr_operator_fail(err, "it can't work on %s of %s", tensor_type_name(in->type),
                                 tensor_shape_text(in).text);
    int64_t groups = group_count(call);
    if (groups < 1 ? in->shape[1] != 0 : in->shape[1] % groups != 0)
        return bsr_operator_fail(err, "%lld channels can't be parted into %lld groups",
                                 (long long)in->shape[1], (long long)groups);
    for (int n = 1; n < 3; n++) {
        const struct bsr_tensor *factor = call->inputs[n];
        if (!type_is_float(factor->type) || factor->dims != 1 ||
            factor->shape[0] != call->inputs[1]->shape[0] ||
            (factor->shape[0] != in->shape[1] && factor->shape[0] != groups))
            return bsr_operator_fail(err, "factors of %s do not fit %lld channels in %lld groups",
                                     tensor_shape_text(factor).text, (long long)in->shape[1],
                                     (long long)groups);
    }
    call_set_like(call, 0, in->type, in);
    return BSR_OK;
}

static bsr_status run_group(const struct bsr_call *call, struct bsr_error *err)
{
    const struct bsr_tensor *in = call->inputs[0];
    if (tensor_count(in) == 0)
        return BSR_OK;
    size_t       groups = (size_t)group_count(call), factors = tensor_count(call->inputs[1]);
    size_t       spatial = element_span(in, 2, in->dims);
    struct lines lines = {
        .outer = (size_t)in->shape[0] * groups,
        .count = (size_t)in->shape[1] / groups * spatial,
        .line_step = factors / groups,
        .factors = factors,
        .epsilon = (double)bsr_node_float(call->node, "epsilon", 1e-5F),
        .is_centred = true,
    };
    lines.element_step = lines.count / lines.line_step;
    return run_lines(call, &lines, call->inputs[1], err);
}

static const struct bsr_operator normalizations[] = {
    {"LayerNormalization", shape_layer, run_layer},
    {"RMSNormalization", shape_rms, run_rms},
    {"GroupNormalization", shape_group, run_group},
    {"InstanceNormalization", shape_group, run_group},
};

const struct operator_group operators_normalize = OPERATOR_GROUP(normalizations);
