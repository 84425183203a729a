#include "onnx/quantize_weights.h"

#include <float.h>
#include <math.h>
#include <string.h>

enum { WEIGHT_MOST = 127 };              /* symmetric: -128 would have no counterpart */
static const double bias_most = 1 << 30; /* leaves the sum of products as much room again in i32 */

/* The weights as [outer][channels][inner]. */
struct layout {
    size_t outer, channels, inner;
};

static struct layout layout_of(const struct bsr_tensor *weights, int axis)
{
    struct layout layout = {1, (size_t)weights->shape[axis], 1};
    for (int i = 0; i < weights->dims; i++) {
        layout.outer *= i < axis ? (size_t)weights->shape[i] : 1;
        layout.inner *= i > axis ? (size_t)weights->shape[i] : 1;
    }
    return layout;
}

static float finite_or_zero(float value)
{
    return isfinite(value) ? value : 0.0F;
}

static float largest_of(const float *weights, const struct layout *layout, size_t channel)
{
    float largest = 0;
    for (size_t o = 0; o < layout->outer; o++)
        for (size_t i = 0; i < layout->inner; i++)
            largest =
                fmaxf(largest,
                      fabsf(finite_or_zero(weights[(o * layout->channels + channel) * layout->inner + i])));
    return largest;
}

static float scale_of(float largest, float bias, float input_scale)
{
    double of_weights = (double)largest / WEIGHT_MOST;
    double of_bias = fabs((double)finite_or_zero(bias)) / ((double)input_scale * bias_most);
    double scale = fmin(fmax(fmax(of_weights, of_bias), (double)FLT_MIN), (double)FLT_MAX);

    if (largest == 0.0F && of_bias == 0)
        return 1.0F;
    /* input scale times this must not underflow, either */
    return (float)fmax(scale, (double)FLT_MIN / (double)fminf(input_scale, 1.0F));
}

static int8_t weight_step(float value, float scale)
{
    float step = nearbyintf(finite_or_zero(value) / scale);
    return (int8_t)fminf(fmaxf(step, -WEIGHT_MOST), WEIGHT_MOST);
}

static int32_t bias_step(float value, float scale)
{
    double step = nearbyint((double)finite_or_zero(value) / (double)scale);
    return (int32_t)fmin(fmax(step, -2 * bias_most), 2 * bias_most - 1);
}

static void fill(struct quantized_weights *out, const struct bsr_tensor *weights, int axis,
                 const struct bsr_tensor *bias, float input_scale)
{
    const struct layout layout = layout_of(weights, axis);
    const float        *from = weights->data, *biases = bias ? bias->data : NULL;
    int8_t             *to = out->values.data;
    float              *scales = out->scales.data;

    for (size_t c = 0; c < layout.channels; c++) {
        scales[c] = scale_of(largest_of(from, &layout, c), biases ? biases[c] : 0, input_scale);
        for (size_t o = 0; o < layout.outer; o++)
            for (size_t i = 0; i < layout.inner; i++) {
                size_t at = (o * layout.channels + c) * layout.inner + i;
                to[at] = weight_step(from[at], scales[c]);
            }
        if (!biases)
            continue;
        float scale = input_scale * scales[c]; /* as engines multiply them */
        ((float *)out->bias_scales.data)[c] = scale;
        ((int32_t *)out->bias.data)[c] = bias_step(biases[c], scale);
    }
}

static bsr_status make(struct bsr_tensor *tensor, int type, const struct bsr_tensor *like, int64_t channels,
                       struct bsr_error *err)
{
    if (like)
        *tensor = *like;
    tensor->type = type;
    if (!like) {
        tensor->dims = 1;
        tensor->shape[0] = channels;
    }
    tensor->data = NULL;
    bsr_status status = tensor_alloc(tensor, err);
    if (status == BSR_OK && tensor_bytes(tensor))
        memset(tensor->data, 0, tensor_bytes(tensor));
    return status;
}

bsr_status quantize_weights(struct quantized_weights *out, const struct bsr_tensor *weights, int axis,
                            const struct bsr_tensor *bias, float input_scale, struct bsr_error *err)
{
    struct quantized_weights made = {.values = {.data = NULL}};
    int64_t                  channels = weights->shape[axis];
    bsr_status               status = make(&made.values, BSR_I8, weights, 0, err);

    if (status == BSR_OK)
        status = make(&made.scales, BSR_F32, NULL, channels, err);
    if (status == BSR_OK)
        status = make(&made.zeros, BSR_I8, NULL, channels, err);
    if (status == BSR_OK && bias)
        status = make(&made.bias, BSR_I32, NULL, channels, err);
    if (status == BSR_OK && bias)
        status = make(&made.bias_scales, BSR_F32, NULL, channels, err);
    if (status == BSR_OK && bias)
        status = make(&made.bias_zeros, BSR_I32, NULL, channels, err);
    if (status != BSR_OK) {
        quantized_weights_free(&made);
        return status;
    }
    fill(&made, weights, axis, bias, input_scale);
    *out = made;
    return BSR_OK;
}

void quantized_weights_free(struct quantized_weights *quantized)
{
    tensor_free(&quantized->values);
    tensor_free(&quantized->scales);
    tensor_free(&quantized->zeros);
    tensor_free(&quantized->bias);
    tensor_free(&quantized->bias_scales);
    tensor_free(&quantized->bias_zeros);
}
