/* MaxPool, AveragePool and LpPool: the largest, the mean, the norm of what each window sees. */
#include "base/alloc.h"
#include "operators/elements.h"
#include "operators/registry.h"
#include "operators/window.h"

#include <math.h>
#include <string.h>

/* The taps first..last-1 of a window of an axis that lie inside; `padded` of them lie in input or padding. */
struct taps {
    int64_t first, last, padded;
};

struct pool {
    struct window window;
    struct taps  *taps[WINDOW_AXES]; /* of each window of the axis */
};

/* What one window sees: elements of a plane, by position. */
struct view {
    const struct bsr_tensor *x;
    size_t                   plane; /* its first element */
    const struct window     *window;
    const struct taps       *taps[WINDOW_AXES];
    int64_t                  at[WINDOW_AXES]; /* of tap 0, may be negative */
};

static void pool_free(struct pool *pool)
{
    for (int i = 0; i < WINDOW_AXES; i++)
        mem_free(pool->taps[i]);
}

static bsr_status pool_make(struct pool *out, const struct bsr_call *call, struct bsr_error *err)
{
    struct pool pool = {0};
    bsr_status  status = window_read(&pool.window, call->node, call->inputs[0], NULL, true, err);

    for (int i = 0; status == BSR_OK && i < WINDOW_AXES; i++) {
        const struct window *w = &pool.window;
        pool.taps[i] = mem_alloc_zeroed((size_t)w->out[i], sizeof *pool.taps[i]);
        if (!pool.taps[i])
            status = bsr_fail_memory(err, NULL, (size_t)w->out[i] * sizeof *pool.taps[i]);
        for (int64_t o = 0; status == BSR_OK && o < w->out[i]; o++) {
            struct taps *taps = &pool.taps[i][o];
            int64_t      room = w->before[i] + w->in[i] + w->after[i] - o * w->stride[i];
            int64_t      fit = room > 0 ? (room - 1) / w->dilation[i] + 1 : 0;
            window_taps(w, i, o, &taps->first, &taps->last);
            taps->padded = fit < w->kernel[i] ? fit : w->kernel[i];
        }
    }
    if (status == BSR_OK)
        *out = pool;
    else
        pool_free(&pool);
    return status;
}

static inline double element(const struct bsr_tensor *x, size_t at)
{
    return x->type == BSR_F32 ? (double)((const float *)x->data)[at] : tensor_get(x, at);
}

static inline void set_element(struct bsr_tensor *y, size_t at, double value)
{
    if (y->type == BSR_F32)
        ((float *)y->data)[at] = (float)value;
    else
        tensor_set(y, at, value);
}

/* The operator's arithmetic over one window. */
typedef void pool_reduce(const struct view *view, const struct bsr_call *call, size_t out);

static void pool_each(const struct pool *pool, const struct bsr_call *call, pool_reduce *reduce)
{
    const struct window *w = &pool->window;
    struct view          view = {.x = call->inputs[0], .window = w};
    size_t               planes = (size_t)(view.x->shape[0] * view.x->shape[1]), out = 0;
    int64_t              o[WINDOW_AXES];

    for (size_t plane = 0; plane < planes; plane++) {
        view.plane = plane * window_in_count(w);
        for (o[0] = 0; o[0] < w->out[0]; o[0]++)
            for (o[1] = 0; o[1] < w->out[1]; o[1]++)
                for (o[2] = 0; o[2] < w->out[2]; o[2]++) {
                    for (int i = 0; i < WINDOW_AXES; i++) {
                        view.taps[i] = &pool->taps[i][o[i]];
                        view.at[i] = o[i] * w->stride[i] - w->before[i];
                    }
                    reduce(&view, call, out++);
                }
    }
}

/* The element at the beginning of the input's row that taps (k0, k1, ...) read. */
static inline size_t row_of(const struct view *view, int64_t k0, int64_t k1)
{
    const struct window *w = view->window;
    int64_t              y0 = view->at[0] + k0 * w->dilation[0], y1 = view->at[1] + k1 * w->dilation[1];
    return view->plane + (size_t)((y0 * w->in[1] + y1) * w->in[2]);
}

static bsr_status pool_run(const struct bsr_call *call, pool_reduce *reduce, struct bsr_error *err)
{
    struct pool pool;
    bsr_status  status;

    if (!tensor_count(&call->outputs[0]))
        return BSR_OK;
    if ((status = pool_make(&pool, call, err)) != BSR_OK)
        return status;
    pool_each(&pool, call, reduce);
    pool_free(&pool);
    return BSR_OK;
}

static bsr_status pool_shape(const struct bsr_call *call, struct bsr_error *err)
{
    struct window            window;
    bsr_status               status = call_expect(call, 1, 1, err);
    const struct bsr_tensor *x = status == BSR_OK ? call->inputs[0] : NULL;

    if (!x || (status = window_read(&window, call->node, x, NULL, true, err)) != BSR_OK)
        return status;
    return window_set_output(call, &window, x->type, x->shape[0], x->shape[1], err);
}

static bsr_status pool_shape_float(const struct bsr_call *call, struct bsr_error *err)
{
    bsr_status status = pool_shape(call, err);
    if (status == BSR_OK && !type_is_float(call->inputs[0]->type))
        return element_refuse(call->inputs[0]->type, err);
    return status;
}

/* ---- MaxPool --------------------------------------------------------------------------------------- */

static bsr_status max_shape(const struct bsr_call *call, struct bsr_error *err)
{
    bsr_status status = pool_shape(call, err);

    int type = status == BSR_OK ? call->inputs[0]->type : BSR_F32;

    if (!type_is_float(type) && type != BSR_U8 && type != BSR_I8)
        return element_refuse(type, err);
    if (status == BSR_OK && call->output_count > 1)
        call_set_like(call, 1, BSR_I64, &call->outputs[0]);
    return status;
}

/* Where the largest lies, in the whole tensor; by columns when storage_order is 1. */
static int64_t place_of(const struct view *view, const int64_t *position, bool by_columns)
{
    const int64_t *in = view->window->in;

    if (by_columns)
        return (int64_t)view->plane + position[0] + in[0] * (position[1] + in[1] * position[2]);
    return (int64_t)view->plane + (position[0] * in[1] + position[1]) * in[2] + position[2];
}

/* NaN is larger than all, as in PyTorch; a window that sees padding only is the least number. */
static void max_reduce(const struct view *view, const struct bsr_call *call, size_t out)
{
    const struct window *w = view->window;
    double               most = -INFINITY;
    int64_t              best[WINDOW_AXES] = {0};
    bool                 found = false;

    for (int64_t k0 = view->taps[0]->first; k0 < view->taps[0]->last; k0++)
        for (int64_t k1 = view->taps[1]->first; k1 < view->taps[1]->last; k1++) {
            size_t row = row_of(view, k0, k1);
            for (int64_t k2 = view->taps[2]->first; k2 < view->taps[2]->last; k2++) {
                int64_t at = view->at[2] + k2 * w->dilation[2];
                double  value = element(view->x, row + (size_t)at);
                if (found && !(value > most) && (!isnan(value) || isnan(most)))
                    continue;
                found = true;
                most = value;
                best[0] = k0;
                best[1] = k1;
                best[2] = k2;
            }
        }
    set_element(&call->outputs[0], out, most);
    if (call->output_count < 2)
        return;
    for (int i = 0; i < WINDOW_AXES; i++)
        best[i] = found ? view->at[i] + best[i] * w->dilation[i] : 0;
    ((int64_t *)call->outputs[1].data)[out] =
        place_of(view, best, bsr_node_int(call->node, "storage_order", 0) != 0);
}

static bsr_status max_run(const struct bsr_call *call, struct bsr_error *err)
{
    return pool_run(call, max_reduce, err);
}

/* ---- AveragePool, LpPool --------------------------------------------------------------------------- */

static size_t taps_inside(const struct view *view)
{
    size_t count = 1;
    for (int i = 0; i < WINDOW_AXES; i++)
        count *= (size_t)(view->taps[i]->last - view->taps[i]->first);
    return count;
}

static double sum_of(const struct view *view, double power)
{
    const struct window *w = view->window;
    double               sum = 0;

    for (int64_t k0 = view->taps[0]->first; k0 < view->taps[0]->last; k0++)
        for (int64_t k1 = view->taps[1]->first; k1 < view->taps[1]->last; k1++) {
            size_t row = row_of(view, k0, k1);
            for (int64_t k2 = view->taps[2]->first; k2 < view->taps[2]->last; k2++) {
                double value = element(view->x, row + (size_t)(view->at[2] + k2 * w->dilation[2]));
                sum += power == 0 ? value : power == 2 ? value * value : pow(fabs(value), power);
            }
        }
    return sum;
}

static void mean_inside(const struct view *view, const struct bsr_call *call, size_t out)
{
    size_t count = taps_inside(view);
    set_element(&call->outputs[0], out, count ? sum_of(view, 0) / (double)count : 0);
}

static void mean_padded(const struct view *view, const struct bsr_call *call, size_t out)
{
    double count = 1;
    for (int i = 0; i < WINDOW_AXES; i++)
        count *= (double)view->taps[i]->padded;
    set_element(&call->outputs[0], out, sum_of(view, 0) / count);
}

static bsr_status average_run(const struct bsr_call *call, struct bsr_error *err)
{
    bool padded = bsr_node_int(call->node, "count_include_pad", 0) != 0;
    return pool_run(call, padded ? mean_padded : mean_inside, err);
}

static double norm_power(const struct bsr_node *node)
{
    return (double)bsr_node_int(node, "p", 2);
}

static bsr_status norm_shape(const struct bsr_call *call, struct bsr_error *err)
{
    if (bsr_node_int(call->node, "p", 2) < 1)
        return call_refuse(err, "p is %lld (from 1 on)", (long long)bsr_node_int(call->node, "p", 2));
    return pool_shape_float(call, err);
}

static void norm_reduce(const struct view *view, const struct bsr_call *call, size_t out)
{
    double power = norm_power(call->node), sum = sum_of(view, power);
    set_element(&call->outputs[0], out, power == 2 ? sqrt(sum) : pow(sum, 1 / power));
}

static bsr_status norm_run(const struct bsr_call *call, struct bsr_error *err)
{
    return pool_run(call, norm_reduce, err);
}

static const struct bsr_operator list[] = {
    {"MaxPool", max_shape, max_run},
    {"AveragePool", pool_shape_float, average_run},
    {"LpPool", norm_shape, norm_run},
};
const struct operator_group operators_pool = OPERATOR_GROUP(list);
