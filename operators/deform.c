#include "operators/deform.h"

#include "base/alloc.h"
#include "operators/elements.h"
#include "operators/gemm.h"

#include <math.h>
#include <string.h>

static bsr_status expect_shape(const struct bsr_tensor *tensor, const char *what, int64_t batch,
                               int64_t channels, const struct window *window, struct bsr_error *err)
{
    if (tensor->dims == 4 && tensor->shape[0] == batch && tensor->shape[1] == channels &&
        tensor->shape[2] == window->out[1] && tensor->shape[3] == window->out[2])
        return BSR_OK;
    return call_refuse(err, "its %s has the shape %s, not %lldx%lldx%lldx%lld", what,
                       tensor_shape_text(tensor).text, (long long)batch, (long long)channels,
                       (long long)window->out[1], (long long)window->out[2]);
}

static bsr_status check_types(const struct deform *d, struct bsr_error *err)
{
    enum { OTHERS = 4 };
    const struct bsr_tensor *others[OTHERS] = {d->w, d->offset, d->mask, d->bias};

    if (!type_is_float(d->x->type))
        return element_refuse(d->x->type, err);
    for (size_t i = 0; i < OTHERS; i++)
        if (others[i] && others[i]->type != d->x->type)
            return call_refuse(err, "its inputs are %s and %s (all of one type)",
                               tensor_type_name(d->x->type), tensor_type_name(others[i]->type));
    return BSR_OK;
}

bsr_status deform_fit(struct deform *d, struct bsr_error *err)
{
    const struct bsr_tensor *x = d->x, *w = d->w;
    struct window           *window = &d->window;
    bsr_status               status = check_types(d, err);

    if (status != BSR_OK)
        return status;
    if (x->dims != 4 || w->dims != 4)
        return call_refuse(err,
                           "an input of shape %s and weights of shape %s: only pictures, [N][C][H][W], "
                           "are deformed",
                           tensor_shape_text(x).text, tensor_shape_text(w).text);
    if (d->groups < 1 || d->offset_groups < 1 || w->shape[0] < 1 || w->shape[1] < 1 ||
        w->shape[0] % d->groups || x->shape[1] % d->groups || x->shape[1] / d->groups != w->shape[1] ||
        x->shape[1] % d->offset_groups)
        return call_refuse(err,
                           "weights of shape %s in %lld groups (%lld of offsets) do not fit an input of "
                           "shape %s",
                           tensor_shape_text(w).text, (long long)d->groups, (long long)d->offset_groups,
                           tensor_shape_text(x).text);
    for (int i = 0; i < 2; i++) {
        if (x->shape[2 + i] > INT32_MAX || w->shape[2 + i] < 1 || w->shape[2 + i] > 1 << 12)
            return call_refuse(err, "weights of shape %s do not fit an input of shape %s",
                               tensor_shape_text(w).text, tensor_shape_text(x).text);
        window->in[1 + i] = x->shape[2 + i];
        window->kernel[1 + i] = w->shape[2 + i];
    }
    window->axes = 2;
    window->in[0] = window->kernel[0] = window->stride[0] = window->dilation[0] = 1;
    window->before[0] = window->after[0] = 0;
    if ((status = window_fit(window, "NOTSET", false, err)) != BSR_OK)
        return status;
    int64_t taps = window->kernel[1] * window->kernel[2];
    if (d->offset_groups > INT32_MAX)
        return call_refuse(err, "%lld groups of offsets are too many", (long long)d->offset_groups);
    status = expect_shape(d->offset, "offset", x->shape[0], d->offset_groups * taps * 2, window, err);
    if (status == BSR_OK && d->mask)
        status = expect_shape(d->mask, "mask", x->shape[0], d->offset_groups * taps, window, err);
    if (status == BSR_OK && d->bias && (d->bias->dims != 1 || d->bias->shape[0] != w->shape[0]))
        return call_refuse(err, "a bias of shape %s for %lld filters", tensor_shape_text(d->bias).text,
                           (long long)w->shape[0]);
    return status;
}

/* ---- sampling ------------------------------------------------------------------------------------ */

/* Windows that are sampled at a time, at most. */
enum { RUN = 256 };

/* Where a tap of RUN windows reads: four elements of a plane, and how much of each. Elements outside have no
 * weight. */
struct corners {
    int64_t at[4][RUN];
    double  weight[4][RUN];
};

static void set_corners(struct corners *corners, size_t n, const struct window *w, double y, double x,
                        double mask)
{
    int64_t height = w->in[1], width = w->in[2];
    bool    seen = y > -1 && y < (double)height && x > -1 && x < (double)width;
    int64_t top = seen ? (int64_t)floor(y) : 0, left = seen ? (int64_t)floor(x) : 0;
    double  down = seen ? y - (double)top : 0, right = seen ? x - (double)left : 0;

    for (int i = 0; i < 4; i++) {
        int64_t row = top + i / 2, column = left + i % 2;
        bool    inside = seen && row >= 0 && row < height && column >= 0 && column < width;
        double  part = (i / 2 ? down : 1 - down) * (i % 2 ? right : 1 - right);
        corners->at[i][n] = inside ? row * width + column : 0;
        corners->weight[i][n] = inside ? part * mask : 0;
    }
}

/* The corners of tap `k` of group `group` for windows first..first+count-1 of picture n. */
static void find_corners(struct corners *corners, const struct deform *d, size_t n, size_t group, size_t k,
                         size_t first, size_t count)
{
    const struct window *w = &d->window;
    size_t               out = window_out_count(w), taps = window_kernel_count(w);
    size_t               tap = (n * (size_t)d->offset_groups + group) * taps + k;
    int64_t              ky = (int64_t)k / w->kernel[2], kx = (int64_t)k % w->kernel[2];

    for (size_t i = 0; i < count; i++) {
        size_t  o = first + i;
        int64_t y = (int64_t)o / w->out[2] * w->stride[1] + ky * w->dilation[1] - w->before[1];
        int64_t x = (int64_t)o % w->out[2] * w->stride[2] + kx * w->dilation[2] - w->before[2];
        set_corners(corners, i, w, (double)y + tensor_get(d->offset, 2 * tap * out + o),
                    (double)x + tensor_get(d->offset, (2 * tap + 1) * out + o),
                    d->mask ? tensor_get(d->mask, tap * out + o) : 1);
    }
}

/* What the corners see of one plane. Elements without weight are not multiplied: they may be infinite. */
static void sample(struct bsr_tensor *dst, size_t at, const struct bsr_tensor *x, size_t plane,
                   const struct corners *corners, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        double sum = 0;
        for (int c = 0; c < 4; c++) {
            size_t from = plane + (size_t)corners->at[c][i];
            double weight = corners->weight[c][i];
            if (weight != 0)
                sum += weight * (x->type == BSR_F32 ? (double)((const float *)x->data)[from]
                                                    : ((const double *)x->data)[from]);
        }
        if (dst->type == BSR_F32)
            ((float *)dst->data)[at + i] = (float)sum;
        else
            ((double *)dst->data)[at + i] = sum;
    }
}

/* The matrix [C * taps][count] of what the windows first..first+count-1 of picture n see. */
static void sample_windows(struct bsr_tensor *matrix, struct corners *corners, const struct deform *d,
                           size_t n, size_t first, size_t count)
{
    size_t taps = window_kernel_count(&d->window), plane = window_in_count(&d->window);
    size_t channels = (size_t)d->x->shape[1], share = channels / (size_t)d->offset_groups;

    for (size_t group = 0; group < (size_t)d->offset_groups; group++)
        for (size_t k = 0; k < taps; k++) {
            find_corners(corners, d, n, group, k, first, count);
            for (size_t c = group * share; c < (group + 1) * share; c++)
                sample(matrix, (c * taps + k) * count, d->x, (n * channels + c) * plane, corners, count);
        }
}

static void fill_bias(struct bsr_tensor *y, const struct deform *d)
{
    size_t windows = window_out_count(&d->window), filters = (size_t)d->w->shape[0], count = tensor_count(y);

    for (size_t i = 0; i < count; i++)
        tensor_set(y, i, d->bias ? tensor_get(d->bias, i / windows % filters) : 0);
}

/* ---- all pictures ---------------------------------------------------------------------------------- */

bsr_status deform_run(struct bsr_tensor *y, const struct deform *d, struct bsr_error *err)
{
    size_t            batch = (size_t)d->x->shape[0], channels = (size_t)d->x->shape[1];
    size_t            groups = (size_t)d->groups, filters = (size_t)d->w->shape[0] / groups;
    size_t            taps = window_kernel_count(&d->window), out = window_out_count(&d->window);
    size_t            size = tensor_type_size(y->type), depth = channels / groups * taps;
    size_t            step = window_columns(channels * taps, size, out < RUN ? out : RUN);
    gemm_function    *gemm = gemm_find(y->type);
    struct bsr_tensor matrix = {
        .type = y->type, .dims = 2, .shape = {(int64_t)(channels * taps), (int64_t)step}};

    if (!batch)
        return BSR_OK;
    struct corners *corners = mem_alloc(sizeof *corners);
    bsr_status status = corners ? tensor_alloc(&matrix, err) : bsr_fail_memory(err, NULL, sizeof *corners);
    if (status == BSR_OK)
        fill_bias(y, d);
    for (size_t n = 0; status == BSR_OK && n < batch; n++)
        for (size_t first = 0; first < out; first += step) {
            size_t count = out - first < step ? out - first : step;
            sample_windows(&matrix, corners, d, n, first, count);
            for (size_t group = 0; group < groups; group++)
                gemm((uint8_t *)y->data + ((n * groups + group) * filters * out + first) * size, out,
                     (const uint8_t *)d->w->data + group * filters * depth * size, depth,
                     (const uint8_t *)matrix.data + group * depth * count * size, count, filters, count,
                     depth);
        }
    tensor_free(&matrix);
    mem_free(corners);
    return status;
}
