/* onnx/quantize_weights.h: constants of a layer as whole numbers with a scale for each output channel. For
 * the files of onnx/quantize.h only. */
#pragma once

#include "base/tensor.h"

struct quantized_weights {
    struct bsr_tensor values;                        /* i8, -127..127, of the weights' shape */
    struct bsr_tensor scales;                        /* f32 [channels] */
    struct bsr_tensor zeros;                         /* i8 [channels], all 0 */
    struct bsr_tensor bias, bias_scales, bias_zeros; /* i32, f32, i32 [channels]; no data without a bias */
};

/* The channels of f32 `weights` lie along `axis`; `bias` (f32 [channels]) may be NULL. A channel's scale is
 * that of its largest weight, or larger where its bias, in steps of input_scale times it, would otherwise be
 * over half of what i32 holds: beside such a bias those weights are nothing. What is no number becomes 0.
 * BSR_ENOMEM. Release with quantized_weights_free(). */
bsr_status quantize_weights(struct quantized_weights *out, const struct bsr_tensor *weights, int axis,
                            const struct bsr_tensor *bias, float input_scale, struct bsr_error *err);
void       quantized_weights_free(struct quantized_weights *quantized);
