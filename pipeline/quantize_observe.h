/* pipeline/quantize_observe.h: runs samples through a graph and looks at what is within. */
#pragma once

#include "onnx/quantize.h"
#include "pipeline/quantize_histogram.h"
#include "pipeline/quantize_samples.h"

/* Told what is being done, and how far; false ends it with BSR_ECANCELED. */
typedef bool quantize_progress(void *context, const char *what, int done, int all);

struct observer {
    const struct onnx_model *graph; /* of the samples */
    struct samples          *samples;
    const char              *name;     /* of the model, for messages */
    quantize_progress       *progress; /* may be NULL */
    void                    *context;
};

/* Tensors are looked at in as many turns over the samples as their sizes ask for. */
#define OBSERVE_BYTES ((size_t)256 << 20)

/* Counts the numbers of the tensors `names` over all samples: histograms[i] is of names[i], and adds to what
 * it has. Errors of samples_read(), engine_open(), engine_run_any(). */
bsr_status observe_histograms(struct histogram *histograms, const struct observer *observer,
                              const char *const *names, int count, struct bsr_error *err);

/* Squares summed over samples. */
struct observed_loss {
    double signal, noise; /* of what it is in f32, and of the difference */
};

/* What each layer's output loses when that layer alone is quantised (those whose group is known), over `most`
 * samples: losses[i] is of plan->layers[i], and adds to what it has. */
bsr_status observe_layers(struct observed_loss *losses, const struct observer *observer,
                          const struct onnx_quantize_plan *plan, int most, struct bsr_error *err);

/* What the outputs of `quantized` lose against those of the graph, which it has in the same order, over
 * `most` samples. */
bsr_status observe_outputs(struct observed_loss *losses, const struct observer *observer,
                           const struct onnx_model *quantized, int most, struct bsr_error *err);
