#include "operators/convolve.h"

#include "base/alloc.h"
#include "operators/gemm.h"

bsr_status convolution_read(struct convolution *out, const struct bsr_node *node, const struct bsr_tensor *x,
                            const struct bsr_tensor *w, struct bsr_error *err)
{
    struct convolution convolution;
    int64_t            groups = bsr_node_int(node, "group", 1);

    if (w->dims < 3 || w->dims != x->dims)
        return call_refuse(err, "weights of shape %s do not fit an input of shape %s",
                           tensor_shape_text(w).text, tensor_shape_text(x).text);
    bsr_status status = window_read(&convolution.window, node, x, w->shape + 2, false, err);
    if (status != BSR_OK)
        return status;
    if (groups < 1 || w->shape[0] < 1 || w->shape[1] < 1 || w->shape[0] % groups ||
        x->shape[1] / groups != w->shape[1] || x->shape[1] % groups)
        return call_refuse(err, "weights of shape %s in %lld groups do not fit an input of shape %s",
                           tensor_shape_text(w).text, (long long)groups, tensor_shape_text(x).text);
    convolution.batch = (size_t)x->shape[0];
    convolution.channels = (size_t)x->shape[1];
    convolution.filters = (size_t)w->shape[0];
    convolution.groups = (size_t)groups;
    *out = convolution;
    return BSR_OK;
}

/* 1x1 windows that read each element once: the input is the matrix already. */
static bool is_plain(const struct window *window)
{
    for (int i = 0; i < WINDOW_AXES; i++)
        if (window->kernel[i] != 1 || window->stride[i] != 1 || window->before[i] || window->after[i])
            return false;
    return true;
}

bsr_status convolution_run(void *y, const void *x, const void *w, int type, const struct convolution *c,
                           struct bsr_error *err)
{
    gemm_function *gemm = gemm_find(type);
    size_t         size = tensor_type_size(type), channels = c->channels / c->groups;
    size_t         filters = c->filters / c->groups, depth = channels * window_kernel_count(&c->window);
    size_t         in = window_in_count(&c->window), out = window_out_count(&c->window);
    bool           plain = is_plain(&c->window);
    size_t         step = plain ? out : window_columns(depth, size, out);
    void          *scratch = NULL;

    if (!c->batch)
        return BSR_OK;
    if (!plain && !(scratch = mem_alloc_aligned(mem_product(depth, step), size)))
        return bsr_fail_memory(err, NULL, depth * step * size);
    for (size_t i = 0; i < c->batch * c->groups; i++) {
        const uint8_t *from = (const uint8_t *)x + i * channels * in * size;
        const uint8_t *weights = (const uint8_t *)w + i % c->groups * filters * depth * size;
        uint8_t       *to = (uint8_t *)y + i * filters * out * size;

        for (size_t first = 0; first < out; first += step) {
            size_t count = out - first < step ? out - first : step;
            if (!plain)
                window_unfold(scratch, &c->window, from, channels, size, first, count);
            gemm(to + first * size, out, weights, depth, plain ? from : scratch, count, filters, count,
                 depth);
        }
    }
    mem_free(scratch);
    return BSR_OK;
}
