/* ConvTranspose: a convolution read backwards. Its window is that of the convolution which would make x of y:
 * `in` are the sides of y, `out` those of x. */
#include "base/alloc.h"
#include "operators/elements.h"
#include "operators/gemm.h"
#include "operators/registry.h"
#include "operators/window.h"

#include <string.h>

struct transposed {
    struct window window;
    size_t        batch, channels, filters, groups;
};

/* ONNX: "pads are auto generated": what is too much is cut off, the odd one in front unless SAME_UPPER. */
static bsr_status fit_side(struct window *w, int axis, int64_t in, int64_t extra, int64_t wanted,
                           const char *auto_pad, struct bsr_error *err)
{
    int64_t full = w->stride[axis] * (in - 1) + (w->kernel[axis] - 1) * w->dilation[axis] + 1 + extra;
    bool    is_same = strncmp(auto_pad, "SAME", 4) == 0;

    if (wanted < 0 && is_same)
        wanted = in * w->stride[axis];
    if (wanted >= 0) {
        int64_t cut = full > wanted ? full - wanted : 0;
        w->before[axis] = strcmp(auto_pad, "SAME_UPPER") == 0 ? cut / 2 : cut - cut / 2;
        w->after[axis] = cut - w->before[axis];
    } else {
        if (strcmp(auto_pad, "VALID") == 0)
            w->before[axis] = w->after[axis] = 0;
        wanted = full - w->before[axis] - w->after[axis];
    }
    if (in < 1 || wanted < 1 || wanted > INT32_MAX)
        return call_refuse(err, "a side of %lld would become %lld", (long long)in, (long long)wanted);
    w->out[axis] = in;
    w->in[axis] = wanted;
    return BSR_OK;
}

static bsr_status fit_sides(struct window *w, const struct bsr_node *node, struct bsr_error *err)
{
    int64_t     extra[WINDOW_AXES] = {0}, wanted[2 + WINDOW_AXES] = {0};
    int         axes = w->axes, lead = WINDOW_AXES - axes, count;
    const char *auto_pad = window_auto_pad(node, err);
    bool        is_given = bsr_node_ints(node, "output_shape", &count) != NULL;
    int         skip = is_given && count == axes + 2 ? 2 : 0; /* some exporters write N and C, too */
    bsr_status  status = auto_pad ? BSR_OK : BSR_EMODEL;

    if (status == BSR_OK)
        status = window_read_list(extra, node, "output_padding", axes, 0, 0, err);
    if (status == BSR_OK && is_given)
        status = window_read_list(wanted, node, "output_shape", axes + skip, 1, 0, err);
    for (int i = 0; status == BSR_OK && i < WINDOW_AXES; i++) {
        if (i < lead)
            w->out[i] = 1;
        else
            status = fit_side(w, i, w->in[i], extra[i - lead], is_given ? wanted[skip + i - lead] : -1,
                              auto_pad, err);
    }
    return status;
}

static bsr_status transposed_read(struct transposed *out, const struct bsr_call *call, struct bsr_error *err)
{
    const struct bsr_tensor *x = call->inputs[0], *w = call->inputs[1], *bias = call_input(call, 2);
    struct transposed        plan;
    int64_t                  groups = bsr_node_int(call->node, "group", 1);

    if (!type_is_float(x->type) || w->type != x->type || (bias && bias->type != x->type))
        return call_refuse(err, "it multiplies %s by %s (f32, f64, f16 or bf16, all of one type)",
                           tensor_type_name(x->type), tensor_type_name(w->type));
    if (w->dims < 3 || w->dims != x->dims || groups < 1 || w->shape[0] < 1 || w->shape[1] < 1 ||
        w->shape[0] != x->shape[1] || w->shape[0] % groups || w->shape[1] > INT32_MAX || groups > INT32_MAX)
        return call_refuse(err, "weights of shape %s in %lld groups do not fit an input of shape %s",
                           tensor_shape_text(w).text, (long long)groups, tensor_shape_text(x).text);
    if (bias && (bias->dims != 1 || bias->shape[0] != w->shape[1] * groups))
        return call_refuse(err, "a bias of shape %s for %lld filters", tensor_shape_text(bias).text,
                           (long long)(w->shape[1] * groups));
    bsr_status status = window_read_sides(&plan.window, call->node, x, w->shape + 2, err);
    if (status == BSR_OK)
        status = fit_sides(&plan.window, call->node, err);
    if (status != BSR_OK)
        return status;
    plan.batch = (size_t)x->shape[0];
    plan.channels = (size_t)x->shape[1];
    plan.filters = (size_t)(w->shape[1] * groups);
    plan.groups = (size_t)groups;
    *out = plan;
    return BSR_OK;
}

static bsr_status transposed_shape(const struct bsr_call *call, struct bsr_error *err)
{
    struct transposed plan;
    int64_t           shape[2 + WINDOW_AXES];
    bsr_status        status = call_expect(call, 2, 3, err);

    if (status != BSR_OK || (status = transposed_read(&plan, call, err)) != BSR_OK)
        return status;
    shape[0] = call->inputs[0]->shape[0];
    shape[1] = (int64_t)plan.filters;
    for (int i = 0; i < plan.window.axes; i++)
        shape[2 + i] = plan.window.in[WINDOW_AXES - plan.window.axes + i];
    return call_set(call, 0, call->inputs[0]->type, 2 + plan.window.axes, shape, err);
}

static void fill_bias(struct bsr_tensor *y, const struct bsr_tensor *bias, const struct transposed *plan)
{
    size_t plane = window_in_count(&plan->window);

    if (!bias)
        memset(y->data, 0, tensor_bytes(y));
    for (size_t i = 0; bias && i < plan->batch * plan->filters; i++)
        for (size_t at = 0; at < plane; at++)
            tensor_set(y, i * plane + at, tensor_get(bias, i % plan->filters));
}

static bsr_status transposed_run_wide(const struct bsr_call *call, struct bsr_error *err)
{
    const struct bsr_tensor *x = call->inputs[0], *w = call->inputs[1];
    struct bsr_tensor       *y = &call->outputs[0];
    struct transposed        plan;
    bsr_status               status = transposed_read(&plan, call, err);

    if (status != BSR_OK || !plan.batch)
        return status;
    fill_bias(y, call_input(call, 2), &plan);
    size_t size = tensor_type_size(x->type), channels = plan.channels / plan.groups;
    size_t filters = plan.filters / plan.groups, height = filters * window_kernel_count(&plan.window);
    size_t in = window_out_count(&plan.window), out = window_in_count(&plan.window);
    size_t step = window_columns(height, size, in);
    void  *turned = NULL, *products = mem_alloc_aligned(mem_product(height, step), size);
    if (!products)
        return bsr_fail_memory(err, NULL, height * step * size);

    for (size_t group = 0; status == BSR_OK && group < plan.groups; group++) {
        const uint8_t *weights = (const uint8_t *)w->data + group * channels * height * size;
        if ((status = gemm_transpose(&turned, weights, channels, height, size, err)) != BSR_OK)
            break;
        for (size_t n = 0; n < plan.batch; n++) {
            const uint8_t *from = (const uint8_t *)x->data + (n * plan.groups + group) * channels * in * size;
            uint8_t       *to = (uint8_t *)y->data + (n * plan.groups + group) * filters * out * size;
            for (size_t first = 0; first < in; first += step) {
                size_t count = in - first < step ? in - first : step;
                memset(products, 0, height * count * size);
                gemm_find(x->type)(products, count, turned, channels, from + first * size, in, height, count,
                                   channels);
                window_fold(to, &plan.window, products, filters, x->type, first, count);
            }
        }
        mem_free(turned);
    }
    mem_free(products);
    return status;
}

static bsr_status transposed_run(const struct bsr_call *call, struct bsr_error *err)
{
    return element_run_in_f32(call, transposed_run_wide, err);
}

static const struct bsr_operator list[] = {
    {"ConvTranspose", transposed_shape, transposed_run},
};
const struct operator_group operators_conv_transpose = OPERATOR_GROUP(list);
