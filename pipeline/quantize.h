/* pipeline/quantize.h: a model quantised after its training: ranges from samples, the layers that lose most
 * left as they are. */
#pragma once

#include "pipeline/quantize_observe.h"
#include "pipeline/quantize_range.h"

struct quantize_options {
    enum quantize_method method;
    double               percentile; /* 50..100 */
    char *const         *keep;       /* names of layers, or of their outputs, that stay f32 */
    size_t               keep_count;
    double               keep_below; /* dB of signal to noise: layers that come to less stay f32, too */
};

struct quantize_layer {
    char                 *name, *op;
    char                 *why;   /* it stays f32: a sentence's end; NULL: quantised */
    struct quantize_range range; /* of its input; {0, 0} where that was not seen */
    double                scale;
    int                   zero_point;
    double                sqnr; /* dB, of its output when it alone is quantised; NaN: not measured */
};

struct quantize_output {
    char  *name;
    double sqnr; /* dB, when all is quantised; NaN: not comparable */
};

/* Release with quantize_report_free(). */
struct quantize_report {
    struct quantize_layer  *layers; /* in the order of the model */
    struct quantize_output *outputs;
    int                     layer_count, quantized_count, output_count, sample_count;
};

/* Quantises `model`, which `observer->samples` are for; observer->graph is not looked at. On failure it is
 * half-done: drop it. BSR_EMODEL for one that is quantised already, or has nothing that can be; BSR_EUSAGE
 * for a layer that it has not; BSR_ECANCELED; errors of the samples and of the engine. */
bsr_status quantize_model(struct quantize_report *out, struct onnx_model *model,
                          const struct observer *observer, const struct quantize_options *options,
                          struct bsr_error *err);
void       quantize_report_free(struct quantize_report *report);
