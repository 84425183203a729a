#include "operators/resize_plan.h"

#include <math.h>
#include <string.h>

static const double LONGEST_SIDE = INT32_MAX;

static bsr_status read_word(int *out, const struct bsr_node *node, const char *attribute,
                            const char *otherwise, const char *const *words, int count, struct bsr_error *err)
{
    const char *text = bsr_node_text(node, attribute, otherwise);

    for (int i = 0; i < count; i++)
        if (strcmp(text, words[i]) == 0) {
            *out = i;
            return BSR_OK;
        }
    return call_refuse(err, "%s is %s, which it does not know", attribute, text);
}

static bsr_status read_words(struct resize_plan *plan, const struct bsr_node *node, bool is_old,
                             struct bsr_error *err)
{
    static const char *const modes[] = {"nearest", "linear", "cubic", "bilinear"};
    static const char *const transforms[] = {
        "half_pixel", "half_pixel_symmetric", "pytorch_half_pixel",  "align_corners",
        "asymmetric", "tf_crop_and_resize",   "tf_half_pixel_for_nn"};
    static const char *const rounds[] = {"round_prefer_floor", "round_prefer_ceil", "floor", "ceil"};
    int                      mode = RESIZE_NEAREST, transform = RESIZE_ASYMMETRIC, round = RESIZE_LEGACY;
    bsr_status               status = read_word(&mode, node, "mode", "nearest", modes, 4, err);

    if (status == BSR_OK && !is_old)
        status =
            read_word(&transform, node, "coordinate_transformation_mode", "half_pixel", transforms, 7, err);
    if (status == BSR_OK && !is_old)
        status = read_word(&round, node, "nearest_mode", "round_prefer_floor", rounds, 4, err);
    if (status != BSR_OK)
        return status;
    plan->mode = mode == 3 ? RESIZE_LINEAR : (enum resize_mode)mode;
    plan->transform = (enum resize_transform)transform;
    plan->round = (enum resize_round)round;
    return BSR_OK;
}

/* The axes that the lists speak of: all, or those of the attribute axes. */
struct chosen {
    int count, axes[BSR_MAX_DIMS];
};

static bsr_status read_axes(struct chosen *out, const struct bsr_node *node, int rank, struct bsr_error *err)
{
    int            count;
    const int64_t *axes = bsr_node_ints(node, "axes", &count);
    struct chosen  chosen = {.count = axes ? count : rank};
    unsigned       seen = 0;

    if (chosen.count > rank)
        return call_refuse(err, "axes has %d numbers for %d dimensions", count, rank);
    for (int i = 0; i < chosen.count; i++) {
        chosen.axes[i] = i;
        bsr_status status = axes ? call_axis(&chosen.axes[i], axes[i], rank, err) : BSR_OK;
        if (status != BSR_OK)
            return status;
        if (seen >> chosen.axes[i] & 1)
            return call_refuse(err, "axis %d is in axes twice", chosen.axes[i]);
        seen |= 1U << chosen.axes[i];
    }
    *out = chosen;
    return BSR_OK;
}

static bsr_status read_floats(double *out, int count, const char *name, const struct bsr_tensor *tensor,
                              struct bsr_error *err)
{
    if (tensor->dims != 1 || tensor->shape[0] != count)
        return call_refuse(err, "%s has the shape %s, not %d", name, tensor_shape_text(tensor).text, count);
    if (!tensor->data)
        return call_needs_values(err);
    for (int i = 0; i < count; i++)
        out[i] = tensor_get(tensor, (size_t)i);
    return BSR_OK;
}

static bsr_status read_roi(struct resize_plan *plan, const struct chosen *chosen,
                           const struct bsr_tensor *roi, struct bsr_error *err)
{
    double values[2 * BSR_MAX_DIMS] = {0};

    for (int i = 0; i < plan->dims; i++)
        plan->sides[i].roi_end = 1;
    if (plan->transform != RESIZE_TF_CROP_AND_RESIZE)
        return BSR_OK;
    if (!roi)
        return call_refuse(err, "tf_crop_and_resize lacks its roi");
    bsr_status status = read_floats(values, 2 * chosen->count, "roi", roi, err);
    for (int i = 0; status == BSR_OK && i < chosen->count; i++) {
        plan->sides[chosen->axes[i]].roi_start = values[i];
        plan->sides[chosen->axes[i]].roi_end = values[chosen->count + i];
    }
    return status;
}

/* Products in floats, as runtimes form them: 10 * 0.7f is 7 there, 6.99999988 in doubles. */
static bsr_status apply_scales(struct resize_plan *plan, const struct chosen *chosen, const double *scales,
                               struct bsr_error *err)
{
    for (int i = 0; i < chosen->count; i++) {
        struct resize_side *side = &plan->sides[chosen->axes[i]];
        float               part = (float)(side->roi_end - side->roi_start);
        float               width = (float)side->in * part * (float)scales[i];
        if (!(scales[i] > 0) || !(width >= 0) || (double)width > LONGEST_SIDE)
            return call_refuse(err, "a side of %lld can't be scaled by %g", (long long)side->in, scales[i]);
        side->scale = scales[i];
        side->width = (double)width;
        side->out = (int64_t)floorf(width);
    }
    return BSR_OK;
}

static bsr_status apply_sizes(struct resize_plan *plan, const struct chosen *chosen, const int64_t *sizes,
                              const char *policy, struct bsr_error *err)
{
    bool   is_larger = strcmp(policy, "not_smaller") == 0, is_kept = strcmp(policy, "stretch") != 0;
    double scale = 0;

    if (is_kept && !is_larger && strcmp(policy, "not_larger") != 0)
        return call_refuse(err, "keep_aspect_ratio_policy is %s, which it does not know", policy);
    for (int i = 0; i < chosen->count; i++) {
        struct resize_side *side = &plan->sides[chosen->axes[i]];
        if (sizes[i] < 0 || (double)sizes[i] > LONGEST_SIDE || (side->in == 0) != (sizes[i] == 0))
            return call_refuse(err, "a side of %lld can't become %lld", (long long)side->in,
                               (long long)sizes[i]);
        side->out = sizes[i];
        side->width = (double)sizes[i];
        side->scale = side->in ? (double)sizes[i] / (double)side->in : 1;
        if (!i || (is_larger ? side->scale > scale : side->scale < scale))
            scale = side->scale;
    }
    for (int i = 0; is_kept && i < chosen->count; i++) {
        struct resize_side *side = &plan->sides[chosen->axes[i]];
        side->scale = scale;
        side->width = floor(scale * (double)side->in + 0.5);
        if (side->width > LONGEST_SIDE)
            return call_refuse(err, "a side of %lld can't be scaled by %g", (long long)side->in, scale);
        side->out = (int64_t)side->width;
    }
    return BSR_OK;
}

static bool is_given(const struct bsr_tensor *tensor)
{
    return tensor && !(tensor->dims == 1 && tensor->shape[0] == 0);
}

static bsr_status read_sides(struct resize_plan *plan, const struct bsr_call *call, bool is_old,
                             struct bsr_error *err)
{
    const struct bsr_tensor *scales = call_input(call, is_old ? 1 : 2);
    const struct bsr_tensor *sizes = is_old ? NULL : call_input(call, 3);
    struct chosen            chosen;
    double                   values[BSR_MAX_DIMS] = {0};
    int64_t                  lengths[BSR_MAX_DIMS] = {0};
    int                      count;
    const float             *attribute = bsr_node_floats(call->node, "scales", &count);
    bsr_status               status = read_axes(&chosen, call->node, plan->dims, err);

    if (status == BSR_OK)
        status = read_roi(plan, &chosen, is_old ? NULL : call_input(call, 1), err);
    if (status != BSR_OK)
        return status;
    if (is_given(scales) || !chosen.count) {
        if (chosen.count && (status = read_floats(values, chosen.count, "scales", scales, err)) != BSR_OK)
            return status;
        return apply_scales(plan, &chosen, values, err);
    }
    if (attribute && count == chosen.count) {
        for (int i = 0; i < count; i++)
            values[i] = (double)attribute[i];
        return apply_scales(plan, &chosen, values, err);
    }
    if (!is_given(sizes))
        return call_refuse(err, "it has neither scales nor sizes");
    if ((status = call_ints(lengths, &count, BSR_MAX_DIMS, sizes, err)) != BSR_OK)
        return status;
    if (count != chosen.count)
        return call_refuse(err, "sizes has %d numbers, not %d", count, chosen.count);
    return apply_sizes(plan, &chosen, lengths,
                       bsr_node_text(call->node, "keep_aspect_ratio_policy", "stretch"), err);
}

bsr_status resize_plan_read(struct resize_plan *out, const struct bsr_call *call, struct bsr_error *err)
{
    const struct bsr_tensor *x = call->inputs[0];
    const struct bsr_node   *node = call->node;
    bool                     is_old = strcmp(node->type, "Upsample") == 0 || node->opset < 11;
    struct resize_plan       plan = {
              .dims = x->dims,
              .cubic_a = (double)bsr_node_float(node, "cubic_coeff_a", -0.75F),
              .extrapolation = (double)bsr_node_float(node, "extrapolation_value", 0),
              .antialias = bsr_node_int(node, "antialias", 0) != 0,
              .exclude_outside = bsr_node_int(node, "exclude_outside", 0) != 0,
    };

    for (int i = 0; i < x->dims; i++)
        plan.sides[i] = (struct resize_side){
            .in = x->shape[i], .out = x->shape[i], .scale = 1, .width = (double)x->shape[i], .roi_end = 1};
    bsr_status status = read_words(&plan, node, is_old, err);
    if (status == BSR_OK)
        status = read_sides(&plan, call, is_old, err);
    if (status != BSR_OK)
        return status;
    if (plan.antialias && (plan.mode == RESIZE_NEAREST || plan.transform == RESIZE_TF_CROP_AND_RESIZE))
        return call_refuse(err, "antialias goes with linear and cubic only, without cropping");
    for (int i = 0; i < plan.dims; i++)
        if (!resize_side_stays(&plan, i) && (double)plan.sides[i].in > LONGEST_SIDE)
            return call_refuse(err, "a side of %lld is too long", (long long)plan.sides[i].in);
    *out = plan;
    return BSR_OK;
}

bool resize_side_stays(const struct resize_plan *plan, int axis)
{
    const struct resize_side *side = &plan->sides[axis];
    return side->in == side->out && side->scale == 1.0 && side->roi_start == 0.0 && side->roi_end == 1.0;
}
