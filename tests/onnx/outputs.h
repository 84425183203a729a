/* tests/onnx/outputs.h: what besra's evaluator makes of a model, to compare a graph before a pass and after.
 */
#pragma once

#include "base/tensor.h"
#include "onnx/model.h"

enum { MOST_OUTPUTS = 16, SYMBOLIC_SIDE = 64 };

struct outputs {
    struct bsr_tensor tensors[MOST_OUTPUTS];
    int               count;
};

/* A tensor of numbers in -1..1 (whole ones and bool: 0 or 1) that follow from the seed; symbolic sides are 1
 * first, SYMBOLIC_SIDE after. */
struct bsr_tensor random_tensor(int type, int dims, const int64_t *shape, uint64_t seed);

/* Runs the model on such inputs. Fails the test where it can't be run. Release with outputs_free(). */
struct outputs outputs_of(const struct onnx_model *model, uint64_t seed);

/* Runs it on these inputs. */
struct outputs outputs_for(const struct onnx_model *model, const struct bsr_tensor *inputs);
void           outputs_free(struct outputs *outputs);

/* The greatest |a - b| / max(1, |b|) of all numbers; fails the test where shapes differ. */
double outputs_difference(const struct outputs *a, const struct outputs *b);
