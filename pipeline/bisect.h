/* pipeline/bisect.h: the smallest part of a model in which two sides still part, as a reproducer. */
#pragma once

#include "pipeline/compare.h"

/* A part of the model that ends in one tensor, what it is fed with, and what the two sides make of it. Start
 * with {0}. */
struct bisection {
    struct onnx_model *models[2]; /* of A and of B; NULL for a folder */
    bool               shared;    /* B is the same model as A: models[1] is NULL */
    struct feeds       inputs;    /* as the part declares them */
    struct bsr_tensor  outputs[2];
    char              *names[2]; /* of that tensor in A and in B */
    struct difference  difference;
    int                nodes; /* of the part, constants not counted */
};

/* Starts from the tensor where the two part first, pairs->items[first], and cuts at tensors in which they
 * agree (results[]), with what A (of a folder: B) computes there as inputs: first the node that makes the
 * tensor alone, then what is two nodes away from it, four, and so on, until both sides, run on the part, part
 * again; then the fewest between that and the last that did not. Release with bisection_free().
 * BSR_EENGINE when they agree on every part: the difference is in how the whole is run. Errors of
 * compare_run(). */
bsr_status bisect(struct bisection *out, const struct compare_side sides[2], const struct feeds *feeds,
                  const struct compare_pairs *pairs, const struct compare_result *results, int first,
                  const struct tolerance *allowed, struct bsr_error *err);
void       bisection_free(struct bisection *bisection);

/* Writes into `folder`, which is made where it is missing: model.onnx (or model_a.onnx and model_b.onnx),
 * inputs/NAME.npy, a/NAME.npy and b/NAME.npy (what the two made), and reproduce.sh, which compares again,
 * with `arguments` as options of `besra model compare`. Files that exist are BSR_EEXIST unless `overwrite`.
 * Errors of file_write(). */
bsr_status bisection_write(const struct bisection *bisection, const char *const *arguments,
                           int argument_count, const char *folder, bool overwrite, struct bsr_error *err);
