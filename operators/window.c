#include "operators/window.h"

#include <string.h>

static const int64_t SIDE_MAX = INT32_MAX;

bsr_status window_read_list(int64_t *values, const struct bsr_node *node, const char *name, int length,
                            int64_t least, int64_t otherwise, struct bsr_error *err)
{
    int            count;
    const int64_t *list = bsr_node_ints(node, name, &count);

    if (list && count != length)
        return call_refuse(err, "%s has %d numbers, not %d", name, count, length);
    for (int i = 0; i < length; i++) {
        values[i] = list ? list[i] : otherwise;
        if (values[i] < least || values[i] > SIDE_MAX)
            return call_refuse(err, "%s has %lld (from %lld on)", name, (long long)values[i],
                               (long long)least);
    }
    return BSR_OK;
}

const char *window_auto_pad(const struct bsr_node *node, struct bsr_error *err)
{
    static const char *const words[] = {"NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"};
    const char              *text = bsr_node_text(node, "auto_pad", "NOTSET");

    if (!*text)
        return words[0];
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(text, words[i]) == 0)
            return words[i];
    bsr_operator_fail(err, "auto_pad is %s (NOTSET, SAME_UPPER, SAME_LOWER, VALID)", text);
    return NULL;
}

static bsr_status read_kernel(int64_t *sides, int axes, const struct bsr_node *node, const int64_t *kernel,
                              struct bsr_error *err)
{
    int  count;
    bool is_given = bsr_node_ints(node, "kernel_shape", &count) != NULL;

    if (!is_given && !kernel)
        return call_refuse(err, "kernel_shape is missing");
    bsr_status status = window_read_list(sides, node, "kernel_shape", axes, 1, 1, err);
    if (status != BSR_OK || !kernel)
        return status;
    for (int i = 0; i < axes; i++) {
        if (kernel[i] < 1 || kernel[i] > SIDE_MAX)
            return call_refuse(err, "a side of the weights is %lld", (long long)kernel[i]);
        if (is_given && sides[i] != kernel[i])
            return call_refuse(err, "kernel_shape says %lld where the weights have %lld", (long long)sides[i],
                               (long long)kernel[i]);
        sides[i] = kernel[i];
    }
    return BSR_OK;
}

bsr_status window_read_sides(struct window *out, const struct bsr_node *node, const struct bsr_tensor *x,
                             const int64_t *kernel, struct bsr_error *err)
{
    struct window window = {.axes = x->dims - 2};
    int64_t       pads[2 * WINDOW_AXES] = {0};
    int           axes = window.axes, lead = WINDOW_AXES - axes;
    bsr_status    status;

    if (axes < 1 || axes > WINDOW_AXES)
        return call_refuse(err, "an input of shape %s is not [N][C] and 1 to 3 sides",
                           tensor_shape_text(x).text);
    for (int i = 0; i < lead; i++)
        window.in[i] = window.kernel[i] = window.stride[i] = window.dilation[i] = 1;
    for (int i = 0; i < axes; i++) {
        if (x->shape[2 + i] < 0 || x->shape[2 + i] > SIDE_MAX)
            return call_refuse(err, "a side of %lld is too long", (long long)x->shape[2 + i]);
        window.in[lead + i] = x->shape[2 + i];
    }
    if ((status = read_kernel(window.kernel + lead, axes, node, kernel, err)) != BSR_OK ||
        (status = window_read_list(window.stride + lead, node, "strides", axes, 1, 1, err)) != BSR_OK ||
        (status = window_read_list(window.dilation + lead, node, "dilations", axes, 1, 1, err)) != BSR_OK ||
        (status = window_read_list(pads, node, "pads", 2 * axes, 0, 0, err)) != BSR_OK)
        return status;
    for (int i = 0; i < axes; i++) {
        window.before[lead + i] = pads[i];
        window.after[lead + i] = pads[axes + i];
    }
    *out = window;
    return BSR_OK;
}

/* SAME: as many windows as strides fit the input, the pads shared out evenly, an odd one behind (UPPER) or
 * before (LOWER). */
static void fit_same(struct window *window, int axis, int64_t reach, bool is_lower)
{
    int64_t in = window->in[axis], stride = window->stride[axis];
    int64_t windows = in / stride + (in % stride != 0);
    int64_t pad = (windows - 1) * stride + reach - in;

    pad = pad > 0 ? pad : 0;
    window->before[axis] = is_lower ? pad - pad / 2 : pad / 2;
    window->after[axis] = pad - window->before[axis];
}

bsr_status window_fit(struct window *window, const char *auto_pad, bool ceil_mode, struct bsr_error *err)
{
    for (int i = 0; i < WINDOW_AXES; i++) {
        int64_t stride = window->stride[i], reach = (window->kernel[i] - 1) * window->dilation[i] + 1;

        if (strncmp(auto_pad, "SAME", 4) == 0)
            fit_same(window, i, reach, strcmp(auto_pad, "SAME_LOWER") == 0);
        else if (strcmp(auto_pad, "VALID") == 0)
            window->before[i] = window->after[i] = 0;
        int64_t room = window->in[i] + window->before[i] + window->after[i] - reach;
        if (room < 0)
            return call_refuse(err, "a window of %lld does not fit into %lld padded by %lld",
                               (long long)reach, (long long)window->in[i],
                               (long long)(window->before[i] + window->after[i]));
        window->out[i] = room / stride + 1;
        /* one more window for the rest, when it would begin in the input or the padding before it */
        if (ceil_mode && room % stride && window->out[i] * stride < window->in[i] + window->before[i])
            window->out[i]++;
    }
    return BSR_OK;
}

bsr_status window_read(struct window *out, const struct bsr_node *node, const struct bsr_tensor *x,
                       const int64_t *kernel, bool is_pool, struct bsr_error *err)
{
    struct window window;
    const char   *auto_pad = window_auto_pad(node, err);
    bsr_status    status = auto_pad ? window_read_sides(&window, node, x, kernel, err) : BSR_EMODEL;

    if (status == BSR_OK)
        status = window_fit(&window, auto_pad, is_pool && bsr_node_int(node, "ceil_mode", 0) != 0, err);
    if (status == BSR_OK)
        *out = window;
    return status;
}

static size_t product(const int64_t *sides)
{
    return (size_t)sides[0] * (size_t)sides[1] * (size_t)sides[2];
}

size_t window_in_count(const struct window *window)
{
    return product(window->in);
}

size_t window_out_count(const struct window *window)
{
    return product(window->out);
}

size_t window_kernel_count(const struct window *window)
{
    return product(window->kernel);
}

/* a / b rounded up, for b > 0. */
static int64_t divide_up(int64_t a, int64_t b)
{
    return a > 0 ? (a - 1) / b + 1 : 0;
}

void window_taps(const struct window *window, int axis, int64_t o, int64_t *first, int64_t *last)
{
    int64_t start = o * window->stride[axis] - window->before[axis], step = window->dilation[axis];
    int64_t end = divide_up(window->in[axis] - start, step);

    *first = divide_up(-start, step);
    *last = end < window->kernel[axis] ? end : window->kernel[axis];
    if (*last < *first)
        *last = *first;
}

bsr_status window_set_output(const struct bsr_call *call, const struct window *window, int type,
                             int64_t batch, int64_t channels, struct bsr_error *err)
{
    int64_t shape[2 + WINDOW_AXES] = {batch, channels};
    int     lead = WINDOW_AXES - window->axes;

    for (int i = 0; i < window->axes; i++)
        shape[2 + i] = window->out[lead + i];
    return call_set(call, 0, type, 2 + window->axes, shape, err);
}
