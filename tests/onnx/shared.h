/* tests/onnx/shared.h: models and tensors of ../shared/models/tutorial, for tests that skip aloud without. */
#pragma once

#include "base/tensor.h"
#include "onnx/model.h"

/* The model tutorial/NAME.onnx; skips the test where it is not there. */
struct onnx_model *shared_read(const char *name);

/* The tensor tutorial/NAME.npy. */
struct bsr_tensor shared_tensor(const char *name);

/* The path of models/tutorial/NAME; skips where it is not there. Valid until the next call. */
const char *shared_path(const char *name);

/* Runs the model with besra's operators on tensors that the call releases; returns its first output. */
struct bsr_tensor run_model(const struct onnx_model *model, struct bsr_tensor *inputs, int count);

/* Fails the test where shapes, types, or numbers (by more than `tolerance`, absolute) differ. Releases both.
 */
void assert_tensors_near(struct bsr_tensor *found, struct bsr_tensor *expected, double tolerance);

/* What is written is read again: fails the test where it isn't, or where a fault is found in it. */
void assert_sound(const struct onnx_model *model);
