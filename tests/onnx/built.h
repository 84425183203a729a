/* tests/onnx/built.h: small models for tests, made by the builder. */
#pragma once

#include "besra.h"
#include "onnx/model.h"

/* The finished model; closes the builder. Fails the test where it failed. */
struct onnx_model *built(struct bsr_build *build);

/* The sentence with which it failed; closes it. Fails the test where it did not fail. Valid until the next
 * call. */
const char *why_not_built(struct bsr_build *build);

/* A tensor of f32 with the values start, start + step, ...; release with tensor_free(). */
struct bsr_tensor ramp(int dims, const int64_t *shape, double start, double step);

/* A weight of such numbers in a model. */
const char *ramp_weight(struct bsr_build *build, const char *name, int dims, const int64_t *shape,
                        double start, double step);

/* x [1][2][4][4] -> Conv c1 (w1 [3][2][3][3], padded) -> Relu r1 -> Mul m1 by `half` [1] -> Conv c2 (w2
 * [2][3][1][1], b2 [2]) -> y. Values between are c1_out, r1_out, m1_out. */
struct onnx_model *small_net(void);
