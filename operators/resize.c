/* Resize and Upsample: one axis after the other, along it whole rows at a time. */
#include "base/alloc.h"
#include "operators/elements.h"
#include "operators/registry.h"
#include "operators/resize_taps.h"

#include <math.h>
#include <string.h>

static bsr_status resize_shape(const struct bsr_call *call, struct bsr_error *err)
{
    struct resize_plan plan;
    int64_t            shape[BSR_MAX_DIMS];
    bsr_status         status = call_expect(call, 1, 4, err);

    if (status != BSR_OK || (status = resize_plan_read(&plan, call, err)) != BSR_OK)
        return status;
    if (call->inputs[0]->type == BSR_BOOL && plan.mode != RESIZE_NEAREST)
        return call_refuse(err, "truth values can't be mixed");
    for (int i = 0; i < plan.dims; i++)
        shape[i] = plan.sides[i].out;
    return call_set(call, 0, call->inputs[0]->type, plan.dims, shape, err);
}

/* One axis: src[outer][in][inner] to dst[outer][out][inner]. */
struct pass {
    struct resize_taps taps;
    size_t             outer, in, out, inner;
};

/* ---- nearest: elements are copied ---------------------------------------------------------------- */

/* NOLINTBEGIN(bugprone-macro-parentheses): types stand without them */
#define PICK(name, word)                                                                                     \
    static void name(void *dst, const void *src, const struct pass *pass)                                    \
    {                                                                                                        \
        for (size_t o = 0; o < pass->outer; o++)                                                             \
            for (size_t x = 0; x < pass->out; x++)                                                           \
                ((word *)dst)[o * pass->out + x] =                                                           \
                    ((const word *)src)[o * pass->in + (size_t)pass->taps.at[x]];                            \
    }
PICK(pick_8, uint8_t)
PICK(pick_16, uint16_t)
PICK(pick_32, uint32_t)
PICK(pick_64, uint64_t)
/* NOLINTEND(bugprone-macro-parentheses) */

static void pass_nearest(void *dst, const void *src, const struct pass *pass, size_t size)
{
    size_t row = pass->inner * size;

    if (row == 1)
        pick_8(dst, src, pass);
    else if (row == 2)
        pick_16(dst, src, pass);
    else if (row == 4)
        pick_32(dst, src, pass);
    else if (row == 8)
        pick_64(dst, src, pass);
    else
        for (size_t i = 0; i < pass->outer * pass->out; i++)
            memcpy((uint8_t *)dst + i * row,
                   (const uint8_t *)src +
                       (i / pass->out * pass->in + (size_t)pass->taps.at[i % pass->out]) * row,
                   row);
}

/* ---- linear and cubic: rows are mixed ------------------------------------------------------------ */

/* NOLINTBEGIN(bugprone-macro-parentheses): types stand without them */
/* across: the axis is the innermost one; along: it is not, whole rows are weighed. The commonest counts of
 * taps, 2 and 4, have loops of their own; all counts
 * are even. */
#define MIX(real, weights)                                                                                   \
    static inline void across_##real(real *restrict dst, const real *restrict src, const real *weight,       \
                                     const int32_t *at, size_t out, int count)                               \
    {                                                                                                        \
        for (size_t x = 0; x < out; x++, weight += count, at += count) {                                     \
            real sum = weight[0] * src[at[0]];                                                               \
            for (int k = 1; k < count; k++)                                                                  \
                sum += weight[k] * src[at[k]];                                                               \
            dst[x] = sum;                                                                                    \
        }                                                                                                    \
    }                                                                                                        \
    static void along_##real(real *restrict dst, const real *restrict src, const real *weight,               \
                             const int32_t *at, int count, size_t inner)                                     \
    {                                                                                                        \
        const real *r0 = src + (size_t)at[0] * inner, *r1 = src + (size_t)at[1] * inner;                     \
        const real  w0 = weight[0], w1 = weight[1];                                                          \
        int         k = 2;                                                                                   \
        if (count == 2) {                                                                                    \
            for (size_t i = 0; i < inner; i++)                                                               \
                dst[i] = w0 * r0[i] + w1 * r1[i];                                                            \
        } else {                                                                                             \
            const real *r2 = src + (size_t)at[2] * inner, *r3 = src + (size_t)at[3] * inner;                 \
            const real  w2 = weight[2], w3 = weight[3];                                                      \
            for (size_t i = 0; i < inner; i++)                                                               \
                dst[i] = w0 * r0[i] + w1 * r1[i] + w2 * r2[i] + w3 * r3[i];                                  \
            k = 4;                                                                                           \
        }                                                                                                    \
        for (; k < count; k++) {                                                                             \
            const real *row = src + (size_t)at[k] * inner;                                                   \
            const real  w = weight[k];                                                                       \
            for (size_t i = 0; i < inner; i++)                                                               \
                dst[i] += w * row[i];                                                                        \
        }                                                                                                    \
    }                                                                                                        \
    static void pass_##real(real *dst, const real *src, const struct pass *pass)                             \
    {                                                                                                        \
        const struct resize_taps *taps = &pass->taps;                                                        \
        for (size_t o = 0; o < pass->outer; o++) {                                                           \
            const real *from = src + o * pass->in * pass->inner;                                             \
            real       *to = dst + o * pass->out * pass->inner;                                              \
            if (pass->inner == 1 && taps->count == 4)                                                        \
                across_##real(to, from, taps->weights, taps->at, pass->out, 4);                              \
            else if (pass->inner == 1)                                                                       \
                across_##real(to, from, taps->weights, taps->at, pass->out, taps->count);                    \
            else                                                                                             \
                for (size_t x = 0; x < pass->out; x++)                                                       \
                    along_##real(to + x * pass->inner, from, taps->weights + x * (size_t)taps->count,        \
                                 taps->at + x * (size_t)taps->count, taps->count, pass->inner);              \
        }                                                                                                    \
    }
MIX(float, weight32)
MIX(double, weight)
/* NOLINTEND(bugprone-macro-parentheses) */

static void pass_run(void *dst, const void *src, const struct pass *pass, enum resize_mode mode, size_t size)
{
    if (mode == RESIZE_NEAREST)
        pass_nearest(dst, src, pass, size);
    else if (size == sizeof(float))
        pass_float(dst, src, pass);
    else
        pass_double(dst, src, pass);
}

/* ---- all axes ------------------------------------------------------------------------------------ */

struct chain {
    struct pass passes[BSR_MAX_DIMS];
    int         count;
    size_t      repeat;             /* parts of the tensor that are resized one by one */
    size_t      in, out, most;      /* elements of a part before, after, and at most between */
    int         axes[BSR_MAX_DIMS]; /* of the passes */
};

static double growth(const struct resize_plan *plan, int axis)
{
    return (double)plan->sides[axis].out / (double)plan->sides[axis].in;
}

/* Axes that shrink come first, then the innermost: fewest elements are touched, and nothing between is larger
 * than what comes in or goes out. */
static void order_axes(struct chain *chain, const struct resize_plan *plan)
{
    for (int axis = plan->dims - 1; axis >= 0; axis--) {
        if (resize_side_stays(plan, axis))
            continue;
        int at = chain->count++;
        for (; at > 0 && growth(plan, axis) < growth(plan, chain->axes[at - 1]); at--)
            chain->axes[at] = chain->axes[at - 1];
        chain->axes[at] = axis;
    }
}

static bsr_status chain_make(struct chain *chain, const struct resize_plan *plan, struct bsr_error *err)
{
    int    first = plan->dims;
    size_t sides[BSR_MAX_DIMS];

    order_axes(chain, plan);
    for (int n = 0; n < chain->count; n++)
        first = chain->axes[n] < first ? chain->axes[n] : first;
    chain->repeat = chain->in = 1;
    for (int i = 0; i < plan->dims; i++) {
        sides[i] = (size_t)plan->sides[i].in;
        *(i < first ? &chain->repeat : &chain->in) *= sides[i];
    }
    chain->out = chain->most = chain->in;
    for (int n = 0; n < chain->count; n++) {
        struct pass *pass = &chain->passes[n];
        int          axis = chain->axes[n];

        *pass =
            (struct pass){.outer = 1, .inner = 1, .in = sides[axis], .out = (size_t)plan->sides[axis].out};
        for (int i = first; i < plan->dims; i++)
            *(i < axis ? &pass->outer : &pass->inner) *= i == axis ? 1 : sides[i];
        sides[axis] = pass->out;
        chain->out = pass->outer * pass->out * pass->inner;
        chain->most = chain->out > chain->most ? chain->out : chain->most;
        bsr_status status = resize_taps_make(&pass->taps, plan, axis, err);
        if (status != BSR_OK)
            return status;
    }
    return BSR_OK;
}

static void chain_free(struct chain *chain)
{
    for (int n = 0; n < chain->count; n++)
        resize_taps_free(&chain->passes[n].taps);
}

static bsr_status chain_run(void *y, const void *x, const struct chain *chain, enum resize_mode mode,
                            size_t size, struct bsr_error *err)
{
    size_t   between = chain->count > 1 ? mem_product(chain->most, size) : 1;
    uint8_t *scratch = mem_alloc_aligned(mem_product(between, 2), 1);

    if (!scratch)
        return bsr_fail_memory(err, NULL, 2 * between);
    for (size_t part = 0; part < chain->repeat; part++) {
        const void *from = (const uint8_t *)x + part * chain->in * size;
        for (int n = 0; n < chain->count; n++) {
            bool  is_last = n == chain->count - 1;
            void *to =
                is_last ? (uint8_t *)y + part * chain->out * size : scratch + (size_t)(n % 2) * between;
            pass_run(to, from, &chain->passes[n], mode, size);
            from = to;
        }
    }
    mem_free(scratch);
    return BSR_OK;
}

/* tf_crop_and_resize: what was asked for beyond the input is a number of its own. */
static void extrapolate(struct bsr_tensor *y, const struct chain *chain, double value)
{
    size_t count = tensor_count(y);

    for (int n = 0; n < chain->count; n++) {
        const struct pass *pass = &chain->passes[n];
        size_t             inner = 1, out = pass->out;
        for (int i = chain->axes[n] + 1; i < y->dims; i++)
            inner *= (size_t)y->shape[i];
        for (size_t i = 0; i < count; i++)
            if (pass->taps.outside[i / inner % out])
                tensor_set(y, i, value);
    }
}

static bsr_status resize_values(struct bsr_tensor *y, const struct bsr_tensor *x,
                                const struct resize_plan *plan, struct bsr_error *err)
{
    struct chain chain = {0};
    bsr_status   status;

    if (!tensor_count(y))
        return BSR_OK;
    status = chain_make(&chain, plan, err);
    if (status == BSR_OK && !chain.count)
        memcpy(y->data, x->data, tensor_bytes(y));
    else if (status == BSR_OK)
        status = chain_run(y->data, x->data, &chain, plan->mode, tensor_type_size(x->type), err);
    if (status == BSR_OK && plan->transform == RESIZE_TF_CROP_AND_RESIZE)
        extrapolate(y, &chain, plan->extrapolation);
    chain_free(&chain);
    return status;
}

/* Types that are not mixed as they are go through f64; whole numbers are truncated, as the reference does. */
static bsr_status resize_through_f64(struct bsr_tensor *y, const struct bsr_tensor *x,
                                     const struct resize_plan *plan, struct bsr_error *err)
{
    struct bsr_tensor wide_x, wide_y = *y;
    bsr_status        status = tensor_convert(&wide_x, x, BSR_F64, err);

    if (status != BSR_OK)
        return status;
    wide_y.type = BSR_F64;
    wide_y.data = NULL;
    status = tensor_alloc(&wide_y, err);
    if (status == BSR_OK)
        status = resize_values(&wide_y, &wide_x, plan, err);
    size_t count = status == BSR_OK ? tensor_count(y) : 0;
    for (size_t i = 0; i < count; i++) {
        double value = ((const double *)wide_y.data)[i];
        tensor_set(y, i, type_is_float(y->type) ? value : trunc(value));
    }
    tensor_free(&wide_x);
    tensor_free(&wide_y);
    return status;
}

static bsr_status resize_run(const struct bsr_call *call, struct bsr_error *err)
{
    const struct bsr_tensor *x = call->inputs[0];
    struct bsr_tensor       *y = &call->outputs[0];
    struct resize_plan       plan;
    bsr_status               status = resize_plan_read(&plan, call, err);

    if (status != BSR_OK)
        return status;
    if (plan.mode == RESIZE_NEAREST || x->type == BSR_F32 || x->type == BSR_F64)
        return resize_values(y, x, &plan, err);
    return resize_through_f64(y, x, &plan, err);
}

static const struct bsr_operator list[] = {
    {"Resize", resize_shape, resize_run},
    {"Upsample", resize_shape, resize_run},
};
const struct operator_group operators_resize = OPERATOR_GROUP(list);
