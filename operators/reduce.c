/* ReduceSum, Mean, Max, Min, Prod, L1, L2, LogSum, LogSumExp, SumSquare: axes as an attribute, or as an input
 * (ReduceSum from opset 13 on, the others from 18 on). Floats are folded in double precision, whole numbers
 * in 64 bits; both are rounded once, at the end. */
#include "base/alloc.h"
#include "operators/broadcast.h"
#include "operators/elements.h"
#include "operators/fold.h"
#include "operators/registry.h"

#include <math.h>

/* ---- shape ------------------------------------------------------------------------------------------ */

/* Which axes go: all when none is named, unless the node says that this means none. */
static bsr_status find_axes(bool *reduced, const struct bsr_call *call, struct bsr_error *err)
{
    const struct bsr_tensor *input = call_input(call, 1);
    int64_t                  given[BSR_MAX_DIMS];
    int                      count = 0, axis, rank = call->inputs[0]->dims;
    const int64_t           *axes = bsr_node_ints(call->node, "axes", &count);

    if (input && tensor_count(input) > 0) {
        bsr_status status = call_ints(given, &count, BSR_MAX_DIMS, input, err);
        if (status != BSR_OK)
            return status;
        axes = given;
    }
    for (int i = 0; i < rank; i++)
        reduced[i] = count == 0 && !bsr_node_int(call->node, "noop_with_empty_axes", 0);
    for (int i = 0; i < count; i++) {
        bsr_status status = call_axis(&axis, axes[i], rank, err);
        if (status != BSR_OK)
            return status;
        reduced[axis] = true;
    }
    return BSR_OK;
}

static bsr_status shape_reduce(const struct bsr_call *call, struct bsr_error *err)
{
    bool       reduced[BSR_MAX_DIMS] = {false};
    bsr_status status = call_expect(call, 1, 2, err);
    if (status == BSR_OK)
        status = find_axes(reduced, call, err);
    if (status != BSR_OK)
        return status;

    const struct bsr_tensor *in = call->inputs[0];
    bool                     keep = bsr_node_int(call->node, "keepdims", 1) != 0;
    int                      dims = 0;
    int64_t                  shape[BSR_MAX_DIMS];
    for (int i = 0; i < in->dims; i++)
        if (!reduced[i] || keep)
            shape[dims++] = reduced[i] ? 1 : in->shape[i];
    return call_set(call, 0, in->type, dims, shape, err);
}

/* ---- the operators ---------------------------------------------------------------------------------- */

/* How a sum over `count` elements becomes the result. */
typedef double finish_sum(double sum, double shift, double count);

static double finish_mean(double sum, double shift, double count)
{
    (void)shift;
    return sum / count;
}

static double finish_root(double sum, double shift, double count)
{
    (void)shift, (void)count;
    return sqrt(sum);
}

static double finish_log(double sum, double shift, double count)
{
    (void)count;
    return shift + log(sum);
}

struct reduction {
    fold_real  *real;
    double      start;
    finish_sum *finish;            /* NULL: the sum is the result */
    fold_whole *whole, *whole_u64; /* NULL: whole numbers are folded as doubles, too */
    uint64_t    whole_start, u64_start;
    bool        is_shifted; /* by the greatest element, so that no exponential overflows */
};

/* The way through the input, and where its elements go. */
struct job {
    const struct bsr_tensor *in;
    fold_real               *real;
    fold_whole              *whole;
    double                  *sums, *shifts;
    uint64_t                *wholes;
};

enum { BLOCK = 256 };

static void run_real(void *context, size_t at, const size_t *from, const size_t *step, size_t count)
{
    const struct job *job = context;
    double            block[BLOCK];

    for (size_t done = 0; done < count; done += BLOCK) {
        size_t length = count - done < BLOCK ? count - done : BLOCK;
        size_t to = from[0] + done * step[0];
        element_load(block, job->in, at + done, length);
        job->real(job->sums + to, job->shifts + to, step[0], block, length);
    }
}

static void run_whole(void *context, size_t at, const size_t *from, const size_t *step, size_t count)
{
    const struct job *job = context;
    uint64_t          block[BLOCK];

    for (size_t done = 0; done < count; done += BLOCK) {
        size_t length = count - done < BLOCK ? count - done : BLOCK;
        element_load_wholes(block, job->in, at + done, length);
        job->whole(job->wholes + from[0] + done * step[0], step[0], block, length);
    }
}

static void fold(struct job *job, const struct bsr_tensor *kept, broadcast_run *run)
{
    struct broadcast plan;
    broadcast_plan(&plan, job->in, &kept, 1);
    broadcast_each(&plan, run, job);
}

/* The greatest of each set, or 0 where it is no number that exp() could be shifted by. */
static void find_shifts(struct job *job, const struct bsr_tensor *kept, size_t count)
{
    struct job most = *job;

    most.real = fold_most;
    most.sums = job->shifts;
    for (size_t i = 0; i < count; i++)
        job->shifts[i] = -INFINITY;
    fold(&most, kept, run_real);
    for (size_t i = 0; i < count; i++)
        if (!isfinite(job->shifts[i]))
            job->shifts[i] = 0;
}

static bsr_status reduce_reals(const struct bsr_call *call, const struct reduction *reduction,
                               const struct bsr_tensor *kept, struct bsr_error *err)
{
    struct bsr_tensor *out = &call->outputs[0];
    size_t             count = tensor_count(kept), all = tensor_count(call->inputs[0]);
    double            *sums = mem_alloc_zeroed(count ? count : 1, 2 * sizeof *sums);
    if (!sums)
        return bsr_fail_memory(err, NULL, count * 2 * sizeof *sums);

    struct job job = {.in = call->inputs[0], .real = reduction->real, .sums = sums, .shifts = sums + count};
    if (reduction->is_shifted)
        find_shifts(&job, kept, count);
    for (size_t i = 0; i < count; i++)
        sums[i] = reduction->start;
    fold(&job, kept, run_real);
    for (size_t i = 0; i < count; i++)
        if (reduction->finish)
            sums[i] = reduction->finish(sums[i], job.shifts[i], (double)all / (double)count);
    element_store(out, 0, sums, count);
    mem_free(sums);
    return BSR_OK;
}

/* Sums wrap round; extremes of nothing are the type's own. */
static void store_wholes(struct bsr_tensor *out, const uint64_t *sums, size_t count, bool is_extreme)
{
    if (!is_extreme || out->type == BSR_U64) {
        element_store_wholes(out, 0, sums, count);
        return;
    }
    for (size_t i = 0; i < count; i++)
        if (out->type == BSR_BOOL)
            ((uint8_t *)out->data)[i] = (int64_t)sums[i] > 0;
        else
            tensor_set_int(out, i, (int64_t)sums[i]);
}

static bsr_status reduce_wholes(const struct bsr_call *call, const struct reduction *reduction,
                                const struct bsr_tensor *kept, struct bsr_error *err)
{
    bool      is_u64 = call->inputs[0]->type == BSR_U64;
    size_t    count = tensor_count(kept);
    uint64_t *sums = mem_alloc_zeroed(count ? count : 1, sizeof *sums);
    if (!sums)
        return bsr_fail_memory(err, NULL, count * sizeof *sums);

    struct job job = {
        .in = call->inputs[0], .whole = is_u64 ? reduction->whole_u64 : reduction->whole, .wholes = sums};
    for (size_t i = 0; i < count; i++)
        sums[i] = is_u64 ? reduction->u64_start : reduction->whole_start;
    fold(&job, kept, run_whole);
    store_wholes(&call->outputs[0], sums, count,
                 reduction->whole == whole_most || reduction->whole == whole_least);
    mem_free(sums);
    return BSR_OK;
}

static bsr_status reduce(const struct bsr_call *call, const struct reduction *reduction,
                         struct bsr_error *err)
{
    bool              reduced[BSR_MAX_DIMS] = {false};
    struct bsr_tensor kept = *call->inputs[0];
    bsr_status        status = find_axes(reduced, call, err);
    if (status != BSR_OK)
        return status;

    for (int i = 0; i < kept.dims; i++)
        if (reduced[i])
            kept.shape[i] = 1;
    if (type_is_float(kept.type) || !reduction->whole)
        return reduce_reals(call, reduction, &kept, err);
    return reduce_wholes(call, reduction, &kept, err);
}

/* X(operator, name here, struct reduction's members) */
#define REDUCTION_LIST(X)                                                                                    \
    X("ReduceL1", l1, .real = fold_absolute, .whole = whole_absolute, .whole_u64 = whole_sum)                \
    X("ReduceL2", l2, .real = fold_square, .finish = finish_root)                                            \
    X("ReduceLogSum", log_sum, .real = fold_sum, .finish = finish_log)                                       \
    X("ReduceLogSumExp", log_sum_exp, .real = fold_exponential, .finish = finish_log, .is_shifted = true)    \
    X("ReduceMax", max, .real = fold_most, .start = -INFINITY, .whole = whole_most,                          \
      .whole_start = (uint64_t)INT64_MIN, .whole_u64 = whole_most_u64)                                       \
    X("ReduceMean", mean, .real = fold_sum, .finish = finish_mean)                                           \
    X("ReduceMin", min, .real = fold_least, .start = INFINITY, .whole = whole_least,                         \
      .whole_start = INT64_MAX, .whole_u64 = whole_least_u64, .u64_start = UINT64_MAX)                       \
    X("ReduceProd", prod, .real = fold_product, .start = 1, .whole = whole_product, .whole_start = 1,        \
      .whole_u64 = whole_product, .u64_start = 1)                                                            \
    X("ReduceSum", sum, .real = fold_sum, .whole = whole_sum, .whole_u64 = whole_sum)                        \
    X("ReduceSumSquare", sum_square, .real = fold_square, .whole = whole_square, .whole_u64 = whole_square)

#define REDUCTION_RUN(name, id, ...)                                                                         \
    static bsr_status run_##id(const struct bsr_call *call, struct bsr_error *err)                           \
    {                                                                                                        \
        static const struct reduction reduction = {__VA_ARGS__};                                             \
        return reduce(call, &reduction, err);                                                                \
    }
REDUCTION_LIST(REDUCTION_RUN)

static const struct bsr_operator reductions[] = {
#define REDUCTION_ROW(name, id, ...) {name, shape_reduce, run_##id},
    REDUCTION_LIST(REDUCTION_ROW)
#undef REDUCTION_ROW
};

const struct operator_group operators_reduce = OPERATOR_GROUP(reductions);
