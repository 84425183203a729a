/* ONNX's DeformConv, and torchvision's deform_conv2d under the names and attributes that exporters give it.
 */
#include "operators/deform.h"
#include "operators/elements.h"
#include "operators/registry.h"

#include <string.h>

static const int64_t STEP_MAX = INT32_MAX;

/* ---- DeformConv (ai.onnx 19 on) -------------------------------------------------------------------- */

static bsr_status onnx_read(struct deform *out, const struct bsr_call *call, struct bsr_error *err)
{
    const struct bsr_node *node = call->node;
    struct deform          deform = {.x = call->inputs[0],
                                     .w = call->inputs[1],
                                     .offset = call->inputs[2],
                                     .bias = call_input(call, 3),
                                     .mask = call_input(call, 4),
                                     .groups = bsr_node_int(node, "group", 1),
                                     .offset_groups = bsr_node_int(node, "offset_group", 1)};
    int64_t                pads[4], kernel[2];
    int                    count;
    bsr_status             status;

    if (deform.x->dims != 4)
        return call_refuse(err, "an input of shape %s: only pictures, [N][C][H][W], are deformed",
                           tensor_shape_text(deform.x).text);
    if ((status = window_read_list(deform.window.stride + 1, node, "strides", 2, 1, 1, err)) != BSR_OK ||
        (status = window_read_list(deform.window.dilation + 1, node, "dilations", 2, 1, 1, err)) != BSR_OK ||
        (status = window_read_list(pads, node, "pads", 4, 0, 0, err)) != BSR_OK ||
        (status = window_read_list(kernel, node, "kernel_shape", 2, 1, 1, err)) != BSR_OK)
        return status;
    for (int i = 0; i < 2; i++) {
        deform.window.before[1 + i] = pads[i];
        deform.window.after[1 + i] = pads[2 + i];
    }
    if ((status = deform_fit(&deform, err)) != BSR_OK)
        return status;
    if (bsr_node_ints(node, "kernel_shape", &count) &&
        memcmp(kernel, deform.window.kernel + 1, sizeof kernel) != 0)
        return call_refuse(err, "kernel_shape says %lldx%lld, the weights have the shape %s",
                           (long long)kernel[0], (long long)kernel[1], tensor_shape_text(deform.w).text);
    *out = deform;
    return BSR_OK;
}

/* ---- deform_conv2d ------------------------------------------------------------------------------------ */

/* The first of the attributes that is there: exporters write the parameters of torchvision's
 * deform_conv2d(input, weight, offset, mask, bias, stride_h, ...) under names of their own. */
static int64_t first_int(const struct bsr_node *node, const char *const *names, int64_t otherwise)
{
    for (; *names; names++)
        if (node_find_attribute(node, *names, ATTRIBUTE_INT))
            return bsr_node_int(node, *names, otherwise);
    return otherwise;
}

struct pair {
    const char *height[4], *width[4], *both[4]; /* both: a list of two, or one number for both */
    int64_t     least, otherwise;
};

static const struct pair strides = {{"stride_h"}, {"stride_w"}, {"stride", "strides"}, 1, 1};
static const struct pair pads = {
    {"pad_h", "padding_h"}, {"pad_w", "padding_w"}, {"padding", "pads", "pad"}, 0, 0};
static const struct pair dilations = {
    {"dil_h", "dilation_h"}, {"dil_w", "dilation_w"}, {"dilation", "dilations"}, 1, 1};
static const char *const group_names[] = {"n_weight_grps", "groups", "group", "weight_groups", NULL};
static const char *const offset_group_names[] = {"n_offset_grps", "offset_groups",     "offset_group",
                                                 "deform_groups", "deformable_groups", NULL};

/* values[0..1], and [2..3] behind the picture, where only a list of four pads says otherwise. */
static bsr_status read_pair(int64_t *values, const struct bsr_node *node, const struct pair *pair,
                            struct bsr_error *err)
{
    int64_t both = first_int(node, pair->both, pair->otherwise);
    values[0] = values[2] = first_int(node, pair->height, both);
    values[1] = values[3] = first_int(node, pair->width, both);

    for (int i = 0; i < 4 && pair->both[i]; i++) {
        int            count;
        const int64_t *list = bsr_node_ints(node, pair->both[i], &count);
        if (list && count != 1 && count != 2 && count != 4)
            return call_refuse(err, "%s has %d numbers, not 2", pair->both[i], count);
        for (int n = 0; list && n < 4; n++)
            values[n] = list[n % count];
    }
    for (int i = 0; i < 4; i++)
        if (values[i] < pair->least || values[i] > STEP_MAX)
            return call_refuse(err, "%s is %lld (from %lld on)", pair->height[0], (long long)values[i],
                               (long long)pair->least);
    return BSR_OK;
}

/* Which input is what: input, weight, offset, then in any order a mask (4-D) and a bias (1-D), as exporters
 * leave out those that are not used. Weights and bias may be attributes instead. */
static bsr_status sort_inputs(struct deform *d, const struct bsr_call *call, struct bsr_error *err)
{
    const struct bsr_node *node = call->node;
    int                    next = 0;
    bool                   masked = bsr_node_int(node, "use_mask", 1) != 0;

    d->x = call_input(call, next++);
    d->w = bsr_node_tensor(node, "weight");
    d->bias = bsr_node_tensor(node, "bias");
    d->w = d->w ? d->w : call_input(call, next++);
    d->offset = call_input(call, next++);
    if (!d->x || !d->w || !d->offset)
        return call_refuse(err,
                           "it has %d inputs: without weight and offset it can't be computed. Export all "
                           "of input, weight, offset, mask, bias, as torchvision::deform_conv2d has them",
                           call->input_count);
    for (; next < call->input_count; next++) {
        const struct bsr_tensor *input = call->inputs[next];
        if (input && input->dims == 1)
            d->bias = input;
        else if (input && masked && input->dims == 4)
            d->mask = input;
        else if (input && masked && tensor_count(input))
            return call_refuse(err, "its input %d has the shape %s: neither a mask nor a bias", next + 1,
                               tensor_shape_text(input).text);
    }
    return BSR_OK;
}

static bsr_status torch_read(struct deform *out, const struct bsr_call *call, struct bsr_error *err)
{
    const struct bsr_node *node = call->node;
    struct deform          deform = {.groups = first_int(node, group_names, 1),
                                     .offset_groups = first_int(node, offset_group_names, 1)};
    int64_t                stride[4], pad[4], dilation[4];
    bsr_status             status = sort_inputs(&deform, call, err);

    if (status != BSR_OK || (status = read_pair(stride, node, &strides, err)) != BSR_OK ||
        (status = read_pair(pad, node, &pads, err)) != BSR_OK ||
        (status = read_pair(dilation, node, &dilations, err)) != BSR_OK)
        return status;
    for (int i = 0; i < 2; i++) {
        deform.window.stride[1 + i] = stride[i];
        deform.window.dilation[1 + i] = dilation[i];
        deform.window.before[1 + i] = pad[i];
        deform.window.after[1 + i] = pad[2 + i];
    }
    if ((status = deform_fit(&deform, err)) == BSR_OK)
        *out = deform;
    return status;
}

/* ---- both ------------------------------------------------------------------------------------------ */

typedef bsr_status deform_reader(struct deform *out, const struct bsr_call *call, struct bsr_error *err);

static bsr_status shape_with(const struct bsr_call *call, deform_reader *read, struct bsr_error *err)
{
    struct deform deform;
    bsr_status    status = read(&deform, call, err);

    if (status != BSR_OK)
        return status;
    return window_set_output(call, &deform.window, deform.x->type, deform.x->shape[0], deform.w->shape[0],
                             err);
}

static bsr_status run_with(const struct bsr_call *call, deform_reader *read, struct bsr_error *err)
{
    struct deform deform;
    bsr_status    status = read(&deform, call, err);
    return status == BSR_OK ? deform_run(&call->outputs[0], &deform, err) : status;
}

static bsr_status onnx_shape(const struct bsr_call *call, struct bsr_error *err)
{
    bsr_status status = call_expect(call, 3, 5, err);
    return status == BSR_OK ? shape_with(call, onnx_read, err) : status;
}

static bsr_status onnx_run_wide(const struct bsr_call *call, struct bsr_error *err)
{
    return run_with(call, onnx_read, err);
}

static bsr_status onnx_run(const struct bsr_call *call, struct bsr_error *err)
{
    return element_run_in_f32(call, onnx_run_wide, err);
}

static bsr_status torch_shape(const struct bsr_call *call, struct bsr_error *err)
{
    bsr_status status = call_expect(call, 1, 5, err);
    return status == BSR_OK ? shape_with(call, torch_read, err) : status;
}

static bsr_status torch_run_wide(const struct bsr_call *call, struct bsr_error *err)
{
    return run_with(call, torch_read, err);
}

static bsr_status torch_run(const struct bsr_call *call, struct bsr_error *err)
{
    return element_run_in_f32(call, torch_run_wide, err);
}

static const struct bsr_operator list[] = {
    {"DeformConv", onnx_shape, onnx_run},
    {"*.deform_conv2d", torch_shape, torch_run},
};
const struct operator_group operators_deform_conv = OPERATOR_GROUP(list);
