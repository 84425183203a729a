/* pipeline/compare.h: two models, two ways to run one, or a model and a folder of .npy files, on the same
 * input, tensor by tensor. */
#pragma once

#include "pipeline/compare_pairs.h"
#include "pipeline/difference.h"

/* What was found of a pair. */
struct compare_result {
    struct difference difference;
    struct bsr_tensor shapes[2]; /* type and shape in A and in B; no data */
};

/* Compares all pairs: results[] is as long as pairs->items. The models' own outputs are compared in a run of
 * the models as they are, other tensors in runs in which they are outputs too, as many at once as fit
 * COMPARE_BYTES: engines join layers where nobody asks for what is between them. `feeds` has a value for
 * each input of the models. BSR_EUSAGE for an input that is not fed; errors of engine_open(),
 * engine_run_any(), compare_folder_read(). */
#define COMPARE_BYTES ((size_t)256 << 20)
bsr_status compare_run(struct compare_result *results, const struct compare_side sides[2],
                       const struct feeds *feeds, const struct compare_pairs *pairs,
                       const struct tolerance *allowed, struct bsr_error *err);

/* The tensors `names` of a model's run: each of out[] gets data of its own, to be released with
 * tensor_free(); none of them on failure. */
bsr_status compare_run_side(struct bsr_tensor *out, const struct compare_side *side,
                            const struct feeds *feeds, const char *const *names, int count,
                            struct bsr_error *err);

/* The two tensors of one pair, as compare_run() compared them. */
bsr_status compare_fetch(struct bsr_tensor out[2], const struct compare_side sides[2],
                         const struct feeds *feeds, const struct compare_pair *pair, struct bsr_error *err);

/* The position of the first pair that is apart, in the order of the model; -1: none is. */
int compare_first(const struct compare_result *results, int count);
